//! From the attributes to what the servers are told.

use std::collections::BTreeMap;
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use tf_framework::path::Path;

use crate::k3s::attributes::{Binary, Proxy, Registries};
use crate::k3s::cluster::model::{self, ClusterModel, Server};
use crate::k3s::fleet::{Kept, OnDestroy, Remembered, Spec};
use crate::k3s::join::server_url;
use crate::k3s::nodes::Drain;
use crate::k3s::paths;
use crate::k3s::program::Image;
use crate::k3s::rollout::WantedDatastore;
use crate::k3s::token::{Token, TokenHashes};
use crate::k3s::version::K3sVersion;

mod settings;

/// How long moving pods away may take for each server where nothing else is said.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(5 * 60);

/// What of a cluster is not in its attributes.
pub(super) struct Beside<'a> {
    /// Its id.
    pub(super) id: &'a str,
    /// Whether it is still being made.
    pub(super) creating: bool,
    /// The token that it should have, if it is not to stay what it is.
    pub(super) token: Option<Token>,
    /// Whether agents get another token along with that.
    pub(super) renews_agent_token: bool,
    /// By what a token is known that was given. It is for those who change nothing on servers.
    pub(super) token_hashes: Option<TokenHashes>,
    /// Whether somebody else has set its servers up.
    pub(super) adopted: bool,
    /// The archives of images that its servers should have.
    pub(super) images: Vec<Image>,
    /// What it was before: its servers may be on their way out.
    pub(super) prior: Option<&'a ClusterModel>,
}

impl<'a> Beside<'a> {
    /// That of a finished cluster with an id.
    pub(super) fn of(id: &'a str) -> Self {
        Self {
            id,
            creating: false,
            token: None,
            renews_agent_token: false,
            token_hashes: None,
            adopted: false,
            images: Vec::new(),
            prior: None,
        }
    }
}

impl ClusterModel {
    /// What the servers should be.
    ///
    /// # Errors
    /// Fails if a version is none, which validation has refused before.
    pub(super) fn fleet_spec(&self, beside: Beside<'_>) -> Result<Spec, Diagnostics> {
        let mut addresses = beside.prior.map(Self::addresses).unwrap_or_default();
        addresses.extend(self.addresses());
        let mut outer_addresses = beside.prior.map(Self::outer_addresses).unwrap_or_default();
        outer_addresses.extend(self.outer_addresses());
        let remembered = self.remembered(&beside);
        let ca_hash = beside.prior.unwrap_or(self).ca_hash.known();
        Ok(Spec {
            cluster_id: beside.id.to_owned(),
            creating: beside.creating,
            version: self.wanted_version()?,
            steps: self.steps()?,
            settings: self.settings(),
            servers: self.nodes(),
            addresses,
            outer_addresses,
            registries: self.registries.as_ref().map(Registries::settings).unwrap_or_default(),
            proxy: self.proxy.as_ref().map(Proxy::settings).unwrap_or_default(),
            bootstrapped: ca_hash.is_some(),
            ca_sha256: ca_hash.cloned(),
            token: beside.token,
            renews_agent_token: beside.renews_agent_token,
            remembered,
            program: self.binary.as_ref().map(Binary::source).unwrap_or_default(),
            images: beside.images,
            drain: self.drain_before_upgrade(),
            snapshot: self
                .upgrade
                .as_ref()
                .and_then(|upgrade| upgrade.snapshot)
                .unwrap_or(true),
            adopt: beside.adopted,
            on_removal: self.on_removal(),
        })
    }

    /// The tokens in the state. One that was given is not there: it is given again, or known by its hashes.
    fn remembered(&self, beside: &Beside<'_>) -> Option<Remembered> {
        let found = |token: &SecretString| Token::parse_found(token.expose_secret()).ok();
        let server = self.server_token.known().and_then(found).map(Kept::Token);
        let given = || beside.token.clone().map(Kept::Token);
        let known = || beside.token_hashes.clone().map(Kept::Hashes);
        Some(Remembered {
            server: server.or_else(given).or_else(known)?,
            agent: found(&self.join.known()?.token)?,
        })
    }

    /// How a server leaves a cluster that goes on.
    fn on_removal(&self) -> OnDestroy {
        let given = self.on_destroy.clone().unwrap_or_default();
        OnDestroy {
            drain: given.drain.unwrap_or(true).then(|| self.drain()),
            keep_snapshots: given.keep_snapshots.unwrap_or_default(),
            force: given.force.unwrap_or_default(),
        }
    }

    /// How all servers go. Pods have nowhere to go then, so they are moved only if that is asked for.
    pub(super) fn on_destruction(&self) -> OnDestroy {
        let drain = self.on_destroy.as_ref().and_then(|given| given.drain);
        OnDestroy {
            drain: drain.unwrap_or_default().then(|| self.drain()),
            ..self.on_removal()
        }
    }

    /// Pods of the only server have nowhere to go, unless there are agents, of which only a user can tell.
    fn drain_before_upgrade(&self) -> Option<Drain> {
        let given = self.upgrade.as_ref().and_then(|upgrade| upgrade.drain);
        given.unwrap_or(self.servers.len() > 1).then(|| self.drain())
    }

    fn drain(&self) -> Drain {
        let given = self.upgrade.as_ref().and_then(|upgrade| upgrade.drain_timeout.as_ref());
        Drain {
            timeout: given.map_or(DRAIN_TIMEOUT, |timeout| **timeout),
        }
    }

    /// The version that is wanted.
    ///
    /// # Errors
    /// Fails if it is none, which validation has refused before.
    pub(super) fn wanted_version(&self) -> Result<K3sVersion, Diagnostics> {
        version(&self.version, Path::new(Self::VERSION))
    }

    /// The versions between, as they are given.
    ///
    /// # Errors
    /// Fails if one is none, which validation has refused before.
    pub(super) fn steps(&self) -> Result<Vec<K3sVersion>, Diagnostics> {
        let steps = self.upgrade_path.iter().flatten().enumerate();
        let path = |index| Path::new(Self::UPGRADE_PATH).index(index);
        steps.map(|(index, text)| version(text, path(index))).collect()
    }

    /// The addresses by which the servers reach each other, by name.
    pub(super) fn addresses(&self) -> BTreeMap<String, String> {
        let servers = self.servers.iter();
        let address = |server: &Server| server_url(&server.inner_address(), self.https_listen_port);
        servers.map(|(name, server)| (name.clone(), address(server))).collect()
    }

    /// The addresses by which this machine reaches the servers' APIs, by name.
    pub(super) fn outer_addresses(&self) -> BTreeMap<String, String> {
        let servers = self.servers.iter();
        let address = |server: &Server| server_url(&server.host, self.https_listen_port);
        servers.map(|(name, server)| (name.clone(), address(server))).collect()
    }

    /// The addresses by which agents reach the servers.
    pub(super) fn addresses_for_agents(&self) -> Vec<String> {
        match &self.endpoint {
            Some(endpoint) => vec![server_url(endpoint, self.https_listen_port)],
            None => self.addresses().into_values().collect(),
        }
    }

    /// The address by which clients reach the API: without `endpoint`, that of one server, which stays the one that it
    /// was for as long as there is that server.
    pub(super) fn address_for_clients(&self, before: Option<&str>) -> Option<String> {
        let url = |host: &String| server_url(host, self.https_listen_port);
        if let Some(endpoint) = &self.endpoint {
            return Some(url(endpoint));
        }
        let mut addresses = self.servers.values().map(|server| url(&server.host));
        let kept = addresses.clone().find(|address| Some(address.as_str()) == before);
        kept.or_else(|| addresses.next())
    }

    /// Whether a cloud provider outside of k3s manages nodes.
    pub(super) fn has_external_cloud_provider(&self) -> bool {
        self.cloud_provider.is_some()
    }

    /// Where k3s keeps its data.
    pub(super) fn data_directory(&self) -> &str {
        self.data_dir.as_deref().unwrap_or(paths::DATA_DIR)
    }

    /// Where the state of the cluster is to be.
    pub(super) fn wanted_datastore(&self) -> WantedDatastore {
        self.datastore
            .as_ref()
            .map_or(WantedDatastore::Etcd, model::Datastore::wanted)
    }
}

impl Server {
    /// The address by which other hosts reach it.
    fn inner_address(&self) -> String {
        let first = self.node_ip.iter().flatten().next();
        first.map_or_else(|| self.host.clone(), ToString::to_string)
    }
}

impl model::Datastore {
    fn wanted(&self) -> WantedDatastore {
        match self.kind.as_str() {
            "sqlite" => WantedDatastore::Sqlite,
            "external" => WantedDatastore::External,
            _ => WantedDatastore::Etcd,
        }
    }
}

fn version(text: &str, path: Path) -> Result<K3sVersion, Diagnostics> {
    text.parse().map_err(|error| {
        let detail = format!("{error}.");
        Diagnostic::error("Not a version of k3s", detail).at(path).into()
    })
}

#[cfg(test)]
mod tests;
