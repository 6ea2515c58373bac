//! What is in a vCenter from the start. Names are the simulator's: `/DC0`, its cluster `DC0_C0`, the datastores
//! `LocalDS_0` and so on, the networks `VM Network` and `DC0_DVPG0`.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};

/// How a vCenter starts.
#[derive(Clone, Debug)]
pub struct Options {
    /// The version of the API that it says it has.
    pub api_version: String,
    /// After how long without a call a session ends; half an hour if none is said.
    pub session_timeout: Option<Duration>,
    /// How many datacenters there are.
    pub datacenters: u32,
    /// How many clusters there are in each.
    pub clusters: u32,
    /// How many hosts there are in each cluster.
    pub hosts: u32,
    /// How many resource pools there are in each cluster, beside its root.
    pub pools: u32,
    /// How many datastores there are in each datacenter.
    pub datastores: u32,
    /// How many distributed port groups there are in each datacenter.
    pub portgroups: u32,
    /// How many machines there are in each pool that nobody of the test made. They are on.
    pub machines: u32,
    /// What can be cloned.
    pub templates: Vec<Template>,
    /// Whether requests are read by the order of the schema, as a real vCenter does.
    pub checks_schema: bool,
    /// Whether changes are refused that a machine's state does not allow.
    pub checks_state: bool,
}

impl Default for Options {
    /// A vCenter 8.0.3 with a cluster of three hosts, two datastores, and the template `ubuntu`.
    fn default() -> Self {
        Self {
            api_version: "8.0.3.0".to_owned(),
            session_timeout: None,
            datacenters: 1,
            clusters: 1,
            hosts: 3,
            pools: 0,
            datastores: 2,
            portgroups: 1,
            machines: 0,
            templates: vec![Template::new("ubuntu")],
            checks_schema: true,
            checks_state: true,
        }
    }
}

/// A machine to clone, in `/DC0/vm`, with a disk on a PVSCSI controller and a vmxnet3 card in `VM Network`.
#[derive(Clone, Debug, Serialize)]
pub struct Template {
    /// Its name.
    pub name: String,
    /// Such as `vmx-15`.
    pub hardware_version: String,
    /// How many CPUs it has.
    pub cpus: u32,
    /// Its memory.
    pub memory_mib: u32,
    /// The size of its disk.
    pub disk_gib: u32,
    /// Its extra configuration.
    pub extra_config: BTreeMap<String, String>,
    /// Whether it is not a template but a machine, which is off.
    pub machine: bool,
}

impl Template {
    /// A template with 2 CPUs, 2 GiB of memory and a disk of 10 GiB.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            hardware_version: "vmx-15".to_owned(),
            cpus: 2,
            memory_mib: 2048,
            disk_gib: 10,
            extra_config: BTreeMap::new(),
            machine: false,
        }
    }
}

impl Options {
    /// What the program reads.
    pub(super) fn to_json(&self, certificate: &Path, key: &Path, user: &str, password: &str) -> Value {
        let timeout = self.session_timeout.map(|timeout| format!("{}ms", timeout.as_millis()));
        json!({
            "certificate": certificate,
            "key": key,
            "administrator": user,
            "users": {user: password},
            "api_version": self.api_version,
            "session_timeout": timeout.unwrap_or_default(),
            "datacenters": self.datacenters,
            "clusters": self.clusters,
            "hosts": self.hosts,
            "pools": self.pools,
            "datastores": self.datastores,
            "portgroups": self.portgroups,
            "machines": self.machines,
            "templates": self.templates,
            "checks_schema": self.checks_schema,
            "checks_state": self.checks_state,
        })
    }
}
