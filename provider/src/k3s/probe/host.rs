//! The parts of what is known of a host.

use std::collections::BTreeMap;

use super::node::NodeState;
use crate::k3s::config::Role;
use crate::k3s::journal::{self, Cause, Finding};
use crate::k3s::marker::Marker;
use crate::k3s::version::K3sVersion;

/// All that is known of a host at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HostState {
    /// The machine and its system.
    pub machine: Machine,
    /// Hash of the program of k3s.
    pub binary_sha256: Option<String>,
    /// What the program says that it is.
    pub binary_version: Option<K3sVersion>,
    /// The unit of servers, if there is one.
    pub server_unit: Option<UnitState>,
    /// The unit of agents, if there is one.
    pub agent_unit: Option<UnitState>,
    /// The part of the program that was unpacked last.
    pub payload: Option<String>,
    /// The part of the program that runs.
    pub payload_running: Option<String>,
    /// The files that k3s is told by, by path.
    pub files: BTreeMap<String, FileState>,
    /// Files that override the configuration, and are not ours.
    pub overrides: Vec<String>,
    /// Whether the configuration says to begin a cluster.
    pub cluster_init: bool,
    /// The server that the configuration says to join through.
    pub joins_through: Option<String>,
    /// Archives of images, by name, with size and time.
    pub images: BTreeMap<String, String>,
    /// Where k3s has its data: where it was looked for, or was found.
    pub data_dir: Option<String>,
    /// What this provider noted.
    pub marker: Option<Marker>,
    /// Whether there is a marker that cannot be read.
    pub has_foreign_marker: bool,
    /// The datastore on the disk.
    pub datastore: Option<DatastoreKind>,
    /// Name of etcd's member.
    pub etcd_name: Option<String>,
    /// Whether its member of etcd leads.
    pub leads: bool,
    /// Whether etcd was told to forget its peers, and must not be told so again.
    pub reset_flag: bool,
    /// Whether etcd found that its member was removed.
    pub tombstone: bool,
    /// Whether etcd has refused the member on the disk since k3s was started last, as one that was removed.
    pub removed: bool,
    /// Whether it has been a node before.
    pub agent_data: bool,
    /// Hash of the cluster's authority.
    pub ca_sha256: Option<String>,
    /// Hash of the file in which k3s itself has written the token down.
    pub cluster_token_sha256: Option<String>,
    /// What failed lately. Tokens are masked.
    pub journal: Vec<String>,
    /// Whether k3s was refused for the password of its Node since it was started last.
    pub refused: bool,
    /// What the API on this server says of itself: nothing where it was not asked.
    pub readyz: Option<Result<(), String>>,
    /// The Nodes, as this server knows them.
    pub nodes: Option<Vec<NodeState>>,
}

/// A machine and its system.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Machine {
    /// The user that the script ran as; 0 for root.
    pub uid: Option<u32>,
    /// What its clock says, in seconds since 1970.
    pub time: Option<i64>,
    /// How many seconds it took to tell all of this.
    pub taken: Option<i64>,
    /// What `uname -m` says, such as `x86_64`.
    pub arch: Option<String>,
    /// The release of the kernel.
    pub kernel: Option<String>,
    /// Its own name.
    pub hostname: Option<String>,
    /// What should differ between all machines.
    pub machine_id: Option<String>,
    /// What differs after each start.
    pub boot_id: Option<String>,
    /// The first process.
    pub init: Option<String>,
    /// The distribution, such as `ubuntu`.
    pub os_id: Option<String>,
    /// The distribution for people, with its version.
    pub os_name: Option<String>,
    /// How many processors there are.
    pub cpus: Option<u64>,
    /// All of its memory.
    pub memory_kib: Option<u64>,
    /// All of its swap.
    pub swap_kib: Option<u64>,
    /// What is free where k3s has its data.
    pub disk_free_kib: Option<u64>,
    /// How processes are grouped.
    pub cgroup: Option<Cgroup>,
    /// Whether memory can be limited.
    pub cgroup_memory: bool,
    /// Parts of the kernel that are there or can be loaded, of those that are needed.
    pub modules: Vec<String>,
    /// Whether packets have a way to elsewhere.
    pub default_route: bool,
    /// Ports of TCP on which something listens.
    pub listens: Vec<u16>,
    /// Whether SELinux forbids what no policy allows.
    pub selinux_enforcing: bool,
    /// Whether the policy for k3s is installed.
    pub selinux_policy: bool,
    /// Firewalls that are on.
    pub firewalls: Vec<Firewall>,
    /// Whether the service is on that changes routes by itself, and so cuts pods off.
    pub nm_cloud_setup: bool,
    /// Whether Docker runs.
    pub docker: bool,
    /// Whether Docker is confined to a snap, where k3s cannot use it.
    pub docker_snap: bool,
    /// The version of iptables.
    pub iptables: Option<String>,
}

/// How processes are grouped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cgroup {
    /// Several hierarchies.
    V1,
    /// One hierarchy.
    V2,
}

/// A firewall on the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Firewall {
    /// Ubuntu's.
    Ufw,
    /// That of Red Hat and SUSE.
    Firewalld,
}

/// What is on the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DatastoreKind {
    /// A member of etcd.
    Etcd,
    /// SQLite.
    Sqlite,
}

/// A file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileState {
    /// Who may read it.
    pub mode: u32,
    /// Whose it is.
    pub owner: String,
    /// The hash of what it says.
    pub sha256: String,
}

/// What systemd says of a unit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnitState {
    /// `active`, `activating`, `failed`, `inactive` and others.
    pub active: String,
    /// Part of `active`: `running`, `start`, `auto-restart` and others.
    pub sub: String,
    /// `enabled` and others.
    pub file: String,
    /// How it ended last.
    pub result: String,
    /// How often systemd has started it anew since it was started.
    pub restarts: u32,
    /// Whether systemd has not read its file since it changed.
    pub needs_reload: bool,
    /// Files that change the unit, and are not ours.
    pub drop_ins: Vec<String>,
}

/// What a unit does, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnitPhase {
    /// There is none.
    Absent,
    /// It does not run, and nobody tries.
    Stopped,
    /// It is being started, perhaps not for the first time.
    Starting,
    /// It runs, which says nothing about health.
    Running,
}

impl HostState {
    /// The unit of a role, if there is one.
    #[must_use]
    pub fn unit(&self, role: Role) -> Option<&UnitState> {
        match role {
            Role::Server => self.server_unit.as_ref(),
            Role::Agent => self.agent_unit.as_ref(),
        }
    }

    /// What the unit of a role does.
    #[must_use]
    pub fn phase(&self, role: Role) -> UnitPhase {
        self.unit(role).map_or(UnitPhase::Absent, UnitState::phase)
    }

    /// Whether the program that runs is not the one that was unpacked last.
    #[must_use]
    pub fn runs_other_payload(&self) -> bool {
        match (&self.payload, &self.payload_running) {
            (Some(current), Some(running)) => current != running,
            _ => false,
        }
    }

    /// Whether k3s waits in vain for the member on the disk, as etcd has removed it, and left no mark of that: only
    /// then would k3s begin anew by itself. What is between two starts may yet do so.
    #[must_use]
    pub fn waits_in_vain(&self) -> bool {
        let starts = self.server_unit.as_ref().is_some_and(|unit| unit.sub == "start");
        self.removed && starts && self.datastore == Some(DatastoreKind::Etcd)
    }

    /// What the journal tells of why k3s does not start. That its member was removed is old once the mark of it is
    /// gone and k3s does not wait for it: it has begun anew by itself, and joins.
    #[must_use]
    pub fn finding(&self) -> Option<Finding> {
        let is_removed = self.tombstone || self.waits_in_vain();
        let is_old = |line: &&String| !is_removed && journal::tells(line, Cause::RemovedMember);
        let lines: Vec<String> = self.journal.iter().filter(|line| !is_old(line)).cloned().collect();
        journal::find(&lines)
    }

    /// Whether k3s is set up there, or has been. The program alone, or images for it, are no more than preparations.
    #[must_use]
    pub fn has_k3s(&self) -> bool {
        self.server_unit.is_some() || self.agent_unit.is_some() || self.datastore.is_some() || self.agent_data
    }
}

impl UnitState {
    /// What it does, in one word.
    #[must_use]
    pub fn phase(&self) -> UnitPhase {
        match self.active.as_str() {
            "active" | "reloading" => UnitPhase::Running,
            "activating" => UnitPhase::Starting,
            _ => UnitPhase::Stopped,
        }
    }

    /// Whether it is started with the host.
    #[must_use]
    pub fn is_enabled(&self) -> bool {
        self.file == "enabled"
    }
}
