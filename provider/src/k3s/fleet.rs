//! All servers of a cluster: looks at them, has [`rollout`] decide on one step, carries it out, and looks again.
//!
//! Nothing is remembered between looks but what cannot be seen ([`run`]), so a run that was killed at any point is
//! continued by the next. [`look`] asks all hosts at once, [`tokens`] knows or reads the tokens, [`view`] makes of
//! their answers what the deciding functions take, [`files`] says what each server's files should be, [`carry_out`] and
//! [`leave`] do what each step says, partly at the cluster's [`api`], and [`stop`] is what ends it early.
//! [`mod@restore`] and [`encryption`] are done on demand only.

use std::collections::BTreeMap;
use std::sync::Mutex;

use tf_framework::context::Scope;

use super::ca::CustomCa;
use super::config::registries::Registries;
use super::config::{ClusterSettings, NodeSettings};
use super::drift::Drift;
use super::host::Host;
use super::nodes::Drain;
use super::preflight::Preflight;
use super::program::{Image, Program, Source};
use super::rollout::{self, Plan, Step, Warning};
use super::token::Token;
use super::unit::Proxy;
use super::version::K3sVersion;
use crate::provider::Clients;

mod acts;
mod api;
mod carry_out;
mod encryption;
mod files;
mod leave;
mod look;
mod restore;
mod run;
pub mod stop;
mod tokens;
mod view;

pub use self::look::Looked;
pub use self::restore::Restore;
pub use self::stop::{StepError, Stopped};
pub use self::tokens::{Kept, Remembered};

/// What a cluster should be. What is Terraform's stays with the resource.
#[derive(Clone, Debug)]
pub struct Spec {
    /// The id of the cluster, which stands in markers.
    pub cluster_id: String,
    /// Whether the cluster is still being made, which markers say as long as it is so.
    pub creating: bool,
    /// The version that the servers are to run.
    pub version: K3sVersion,
    /// Versions to go through, one for each minor version between.
    pub steps: Vec<K3sVersion>,
    /// What is the same on all servers, with the names and addresses of all of them among those of the API's
    /// certificate.
    pub settings: ClusterSettings,
    /// What each server has of its own, by name.
    pub servers: BTreeMap<String, NodeSettings>,
    /// The address of each server's API, such as `https://10.20.0.10:6443`, by which it is joined and asked.
    pub addresses: BTreeMap<String, String>,
    /// The address by which this machine reaches each server's API, where that is another.
    pub outer_addresses: BTreeMap<String, String>,
    /// Registries of images.
    pub registries: Registries,
    /// How servers reach what is outside.
    pub proxy: Proxy,
    /// Whether there has been a cluster: then none is begun.
    pub bootstrapped: bool,
    /// Hash of the cluster's authority, once it is known.
    pub ca_sha256: Option<String>,
    /// The token that servers should have; what the cluster has, or a new one, if nothing is said.
    pub token: Option<Token>,
    /// Whether agents get another token when the cluster gets another one.
    pub renews_agent_token: bool,
    /// The tokens that it had when it was last applied, by which those on hosts are known without being read.
    pub remembered: Option<Remembered>,
    /// Where the program comes from.
    pub program: Source,
    /// Archives of images for hosts that cannot load any.
    pub images: Vec<Image>,
    /// How pods are moved away before a server gets another version, if they are.
    pub drain: Option<Drain>,
    /// Whether a snapshot of etcd is taken before what could harm it.
    pub snapshot: bool,
    /// Whether hosts with data and without a marker are this cluster's: they were set up by others, and imported.
    pub adopt: bool,
    /// How a server leaves that is not wanted any more.
    pub on_removal: OnDestroy,
}

/// How servers go.
#[derive(Clone, Debug, Default)]
pub struct OnDestroy {
    /// How pods are moved away before, if they are.
    pub drain: Option<Drain>,
    /// Whether etcd's snapshots on the hosts stay.
    pub keep_snapshots: bool,
    /// Whether a host is cleaned up although volumes are attached to it, or have their data on its disk alone.
    pub force: bool,
}

/// The servers of a cluster, and what they should be.
#[derive(Debug)]
pub struct Fleet {
    spec: Spec,
    hosts: BTreeMap<String, Host>,
    /// What a cluster gets that has no token yet.
    fresh: Fresh,
    /// The programs that were fetched so far.
    programs: Mutex<Vec<Program>>,
    /// What a cluster begins with, in place of what k3s would make.
    authorities: Option<CustomCa>,
}

/// Tokens that nobody knows yet.
#[derive(Debug)]
struct Fresh {
    server: Token,
    /// For a cluster that has none, or that is to have another.
    agent: Token,
}

/// How far a run is.
#[derive(Debug)]
pub struct Progress<'a> {
    /// What was done last.
    pub step: &'a Step,
    /// What was seen after it.
    pub looked: &'a Looked,
}

/// Who is told how far a run is, to keep state in time.
pub type Report<'a> = &'a mut (dyn FnMut(&Progress<'_>) + Send);

impl Fleet {
    /// The servers behind some hosts, by name: those that are wanted, and those that there were.
    #[must_use]
    pub fn new(spec: Spec, hosts: BTreeMap<String, Host>) -> Self {
        Self {
            spec,
            hosts,
            fresh: Fresh {
                server: Token::generate(),
                agent: Token::generate(),
            },
            programs: Mutex::default(),
            authorities: None,
        }
    }

    /// The same with authorities of one's own, which a cluster takes when it is begun, and never again.
    #[must_use]
    pub fn with_authorities(mut self, authorities: Option<CustomCa>) -> Self {
        self.authorities = authorities;
        self
    }

    /// What a cluster should be.
    #[must_use]
    pub fn spec(&self) -> &Spec {
        &self.spec
    }

    /// A host, by name.
    #[must_use]
    pub fn host(&self, name: &str) -> Option<&Host> {
        self.hosts.get(name)
    }

    /// Looks at all hosts at once. Nothing is changed.
    pub async fn look(&self) -> Looked {
        look::look(self).await
    }

    /// What is wrong with the hosts, before anything is changed.
    #[must_use]
    pub fn preflight(&self, looked: &Looked) -> Preflight {
        view::preflight(self, looked)
    }

    /// What is to be done, as far as it can be told.
    #[must_use]
    pub fn plan(&self, looked: &Looked) -> Plan {
        rollout::plan(&self.wanted(), &self.seen(looked))
    }

    /// What differs on each wanted server.
    #[must_use]
    pub fn drift(&self, looked: &Looked) -> BTreeMap<String, Vec<Drift>> {
        view::drift(self, looked)
    }

    /// Does one step after another until nothing is left to do, and reports after each. The hosts that answered
    /// `before` are locked, and then looked at once more, as what was seen before the locks may have changed since.
    ///
    /// # Errors
    /// The first thing that stands in the way, or does not work. What was done so far stays, and the next call goes on.
    pub async fn converge(
        &self,
        scope: &Scope<Clients>,
        before: &Looked,
        report: Report<'_>,
    ) -> Result<Looked, Stopped> {
        run::converge(self, scope, before, report).await
    }

    /// Notes on all servers that the cluster is made, which is the last of its creation.
    ///
    /// # Errors
    /// A host cannot be written to.
    pub async fn finish_creation(&self, looked: &Looked) -> Result<(), Stopped> {
        for (name, host) in &self.hosts {
            let marker = looked.state(name).and_then(|state| state.marker.clone());
            if let Some(mut marker) = marker.filter(|marker| self.is_ours(marker) && marker.creating) {
                marker.creating = false;
                host.mark(&marker).await.map_err(Stopped::Host)?;
            }
        }
        Ok(())
    }

    /// Takes the whole cluster off its hosts, as far as they answer. Those that answered `before` are locked.
    ///
    /// # Errors
    /// A host cannot be cleaned up.
    pub async fn tear_down(
        &self,
        scope: &Scope<Clients>,
        before: &Looked,
        how: &OnDestroy,
    ) -> Result<Vec<Warning>, Stopped> {
        leave::tear_down(self, scope, before, how).await
    }
}

#[cfg(test)]
mod tests;
