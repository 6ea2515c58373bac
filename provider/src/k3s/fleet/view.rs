//! What the deciding functions take, made of what hosts answered: [`rollout`], [`preflight`](crate::k3s::preflight) and
//! [`drift`](crate::k3s::drift).

use std::collections::BTreeMap;
use std::sync::PoisonError;

use crate::k3s::config::{Datastore, Role};
use crate::k3s::drift::{self, Drift, Expected};
use crate::k3s::files::HostFiles;
use crate::k3s::fleet::{Fleet, Looked};
use crate::k3s::preflight::{self, Preflight, Subject, WantedHost};
use crate::k3s::rollout::observe::{Known, Observed, observe};
use crate::k3s::rollout::{Seen, Wanted, WantedDatastore};

/// Port of the API, unless another is given.
pub(super) const HTTPS_PORT: u16 = 6443;

impl Fleet {
    /// What is wanted of the servers.
    pub(super) fn wanted(&self) -> Wanted {
        let spec = &self.spec;
        Wanted {
            servers: spec.servers.keys().cloned().collect(),
            version: spec.version,
            steps: spec.steps.clone(),
            datastore: match spec.settings.datastore {
                Datastore::Etcd => WantedDatastore::Etcd,
                Datastore::Sqlite => WantedDatastore::Sqlite,
                Datastore::External { .. } => WantedDatastore::External,
            },
            bootstrapped: spec.bootstrapped,
            ca_sha256: spec.ca_sha256.clone(),
            snapshot: spec.snapshot,
            drain: spec.drain.is_some(),
            force: spec.on_removal.force,
        }
    }

    /// What was seen of them.
    pub(super) fn seen(&self, looked: &Looked) -> Seen {
        let spec = &self.spec;
        let files = self.all_files(looked);
        let binaries = self.binaries(looked);
        let is_server = |name: &&String| spec.servers.contains_key(*name) || self.is_part(looked, name);
        let servers = spec.addresses.iter().filter(|(name, _)| is_server(name));
        let addresses = servers.map(|(name, address)| (address.clone(), name.clone())).collect();
        let known = Known {
            cluster: &spec.cluster_id,
            adopt: spec.adopt,
            ca_sha256: spec.ca_sha256.as_deref(),
            old_token: self.has_old_token(looked),
            snapshot_taken: false,
            addresses: Some(&addresses),
        };
        let observed = |name: &String| Observed {
            state: looked.state(name),
            closed: looked.failure(name).is_some_and(|error| !error.is_unreachable()),
            files: files.get(name),
            node: spec.servers.get(name),
            binary_sha256: binaries.get(name).map(String::as_str),
        };
        let hosts = self.hosts.keys().map(|name| (name.clone(), observed(name))).collect();
        observe(&known, &hosts)
    }

    /// Whether the state of the cluster is in etcd on its servers.
    pub(super) fn has_etcd(&self) -> bool {
        matches!(self.spec.settings.datastore, Datastore::Etcd)
    }

    /// Hashes of the programs that servers should have which run the wanted version already.
    pub(super) fn binaries(&self, looked: &Looked) -> BTreeMap<String, String> {
        let runs_wanted = |name: &String| looked.node(name).and_then(|node| node.version) == Some(self.spec.version);
        let binary = |name: &String| Some((name.clone(), self.binary(looked, name)?));
        self.spec
            .servers
            .keys()
            .filter(|name| runs_wanted(name))
            .filter_map(binary)
            .collect()
    }

    /// Hash of the program of the wanted version for a host, as far as it is known without fetching it.
    fn binary(&self, looked: &Looked, name: &str) -> Option<String> {
        let arch = preflight::arch(looked.state(name)?.machine.arch.as_deref()?)?;
        let programs = self.programs.lock().unwrap_or_else(PoisonError::into_inner);
        let fetched = programs
            .iter()
            .find(|program| program.version == self.spec.version && program.arch == arch);
        fetched
            .map(|program| program.sha256.clone())
            .or_else(|| self.spec.program.sha256.clone())
    }

    fn all_files(&self, looked: &Looked) -> BTreeMap<String, HostFiles> {
        let files = |name: &String| Some((name.clone(), self.files(looked, name)?));
        self.spec.servers.keys().filter_map(files).collect()
    }

    fn wanted_host(&self) -> WantedHost {
        let (spec, settings) = (&self.spec, &self.spec.settings);
        let tells_kubelet = |argument: &str| settings.kubelet_args.iter().any(|is| is == argument);
        WantedHost {
            role: Role::Server,
            cluster: spec.cluster_id.clone(),
            version: spec.version,
            binary_arch: None,
            docker: settings.docker,
            selinux: settings.selinux,
            allows_cgroup_v1: tells_kubelet("fail-cgroupv1=false"),
            allows_swap: tells_kubelet("fail-swap-on=false"),
            https_port: settings.https_port.unwrap_or(HTTPS_PORT),
            ca_sha256: spec.ca_sha256.clone(),
            adopt: spec.adopt,
        }
    }
}

pub(super) fn preflight(fleet: &Fleet, looked: &Looked) -> Preflight {
    let wanted = fleet.wanted_host();
    let subject = |name: &String| {
        let probed = looked.hosts.get(name)?.as_ref().ok()?;
        let subject = Subject {
            wanted: &wanted,
            state: &probed.state,
            asked_at: probed.asked_at,
        };
        Some((name.clone(), subject))
    };
    preflight::preflight(&fleet.spec.servers.keys().filter_map(subject).collect())
}

pub(super) fn drift(fleet: &Fleet, looked: &Looked) -> BTreeMap<String, Vec<Drift>> {
    let (files, binaries) = (fleet.all_files(looked), fleet.binaries(looked));
    let of = |(name, node): (&String, _)| {
        let expected = Expected {
            role: Role::Server,
            version: &fleet.spec.version,
            binary_sha256: binaries.get(name).map(String::as_str),
            files: files.get(name)?,
            node,
            voter: fleet.has_etcd(),
        };
        let mut drift = drift::drift(&expected, looked.state(name), looked.nodes());
        if looked.trouble.is_some() {
            drift.retain(|drift| !drift::is_of_token(drift));
        }
        Some((name.clone(), drift))
    };
    fleet.spec.servers.iter().filter_map(of).collect()
}
