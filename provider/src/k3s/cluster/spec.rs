//! From the attributes to what the servers are told.

use std::collections::BTreeMap;
use std::time::Duration;

use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use tf_framework::path::Path;

use crate::k3s::attributes::{Binary, ExtraConfig, Proxy, Registries, taints};
use crate::k3s::cluster::model::{self, ClusterModel, Server};
use crate::k3s::config::{ClusterSettings, Datastore, NodeSettings, S3, Snapshots, Value};
use crate::k3s::fleet::{OnDestroy, Spec};
use crate::k3s::join::server_url;
use crate::k3s::nodes::Drain;
use crate::k3s::paths;
use crate::k3s::program::Image;
use crate::k3s::rollout::WantedDatastore;
use crate::k3s::token::Token;
use crate::k3s::version::K3sVersion;

/// What these attributes are where k3s is told nothing.
const CLUSTER_DOMAIN: &str = "cluster.local";
const FLANNEL_BACKEND: &str = "vxlan";
const KUBECONFIG_MODE: &str = "0600";
const API_PORT: u16 = 6443;

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

    /// What is the same on all servers.
    pub(super) fn settings(&self) -> ClusterSettings {
        let unless = |value: &String, usual: &str| (value != usual).then(|| value.clone());
        ClusterSettings {
            data_dir: self.data_dir.clone(),
            tls_san: self.tls_san.iter().flatten().chain(&self.endpoint).cloned().collect(),
            https_port: (self.https_listen_port != API_PORT).then_some(self.https_listen_port),
            kubeconfig_mode: unless(&self.kubeconfig_mode, KUBECONFIG_MODE),
            cluster_cidr: texts(self.cluster_cidr.as_ref()),
            service_cidr: texts(self.service_cidr.as_ref()),
            cluster_dns: texts(self.cluster_dns.as_ref()),
            cluster_domain: unless(&self.cluster_domain, CLUSTER_DOMAIN),
            flannel_backend: unless(&self.flannel_backend, FLANNEL_BACKEND),
            disable: self.disable.iter().flatten().cloned().collect(),
            external_cloud_provider: self.has_external_cloud_provider(),
            datastore: self.datastore.as_ref().map_or(Datastore::Etcd, datastore),
            snapshots: self.snapshots.as_ref().map(snapshots),
            secrets_encryption: self.secrets_encryption,
            embedded_registry: self.embedded_registry,
            system_default_registry: self.system_default_registry.clone(),
            has_agent_token: true,
            docker: self.docker,
            selinux: self.selinux,
            kube_apiserver_args: list(self.kube_apiserver_args.as_ref()),
            kube_controller_manager_args: list(self.kube_controller_manager_args.as_ref()),
            kube_scheduler_args: list(self.kube_scheduler_args.as_ref()),
            kubelet_args: list(self.kubelet_args.as_ref()),
            kube_proxy_args: list(self.kube_proxy_args.as_ref()),
            extra: extra(self.extra_config.as_deref()),
        }
    }

    /// What each server has of its own, by name.
    pub(super) fn nodes(&self) -> BTreeMap<String, NodeSettings> {
        let servers = self.servers.iter();
        servers
            .map(|(name, server)| (name.clone(), node(name, server)))
            .collect()
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

    /// The address by which clients reach the API: without `endpoint`, that of one server, which stays the one that it was for as long
    /// as there is that server.
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

fn node(name: &str, server: &Server) -> NodeSettings {
    let mut extra = extra(server.extra_config.as_deref());
    // Its certificate is for its own addresses. Were those of all servers in the file of each, a new server would restart all.
    extra.insert("tls-san".to_owned(), Value::List(own_names(server)));
    NodeSettings {
        name: name.to_owned(),
        node_ip: texts(server.node_ip.as_ref()),
        node_external_ip: texts(server.node_external_ip.as_ref()),
        labels: server.labels.clone().unwrap_or_default(),
        taints: taints(server.taints.as_ref()),
        provider_id: server.provider_id.clone(),
        extra,
    }
}

/// All names and addresses of a server, each once.
fn own_names(server: &Server) -> Vec<String> {
    let mut names = vec![server.host.clone()];
    let addresses = [&server.node_ip, &server.node_external_ip];
    for address in addresses.into_iter().flatten().flatten().map(ToString::to_string) {
        if !names.contains(&address) {
            names.push(address);
        }
    }
    names
}

fn datastore(datastore: &model::Datastore) -> Datastore {
    match (datastore.wanted(), &datastore.endpoint) {
        (WantedDatastore::Sqlite, _) => Datastore::Sqlite,
        (WantedDatastore::External, Some(endpoint)) => Datastore::External {
            endpoint: endpoint.clone(),
            ca_file: datastore.ca_file.clone(),
            cert_file: datastore.cert_file.clone(),
            key_file: datastore.key_file.clone(),
        },
        // Validation has refused an external one without an address.
        (WantedDatastore::Etcd | WantedDatastore::External, _) => Datastore::Etcd,
    }
}

fn snapshots(snapshots: &model::Snapshots) -> Snapshots {
    Snapshots {
        enabled: snapshots.enabled,
        schedule: snapshots.schedule.clone(),
        retention: snapshots.retention,
        directory: snapshots.directory.clone(),
        compress: snapshots.compress,
        s3: snapshots.s3.as_ref().map(s3),
    }
}

fn s3(s3: &model::S3) -> S3 {
    S3 {
        endpoint: s3.endpoint.clone(),
        endpoint_ca: s3.endpoint_ca.clone(),
        skip_ssl_verify: s3.skip_ssl_verify,
        insecure: s3.insecure,
        bucket: s3.bucket.clone(),
        region: s3.region.clone(),
        folder: s3.folder.clone(),
        access_key: s3.access_key.clone(),
        secret_key: s3.secret_key.clone(),
    }
}

fn extra(extra: Option<&ExtraConfig>) -> BTreeMap<String, Value> {
    extra.map(|extra| extra.entries().clone()).unwrap_or_default()
}

fn list(given: Option<&Vec<String>>) -> Vec<String> {
    given.cloned().unwrap_or_default()
}

fn texts<T: ToString>(given: Option<&Vec<T>>) -> Vec<String> {
    given.into_iter().flatten().map(ToString::to_string).collect()
}

#[cfg(test)]
mod tests;
