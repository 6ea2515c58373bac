//! A cluster of k3s as it behaves, for the planner to work on: what real servers were seen to do, and nothing more.
//!
//! Steps are carried out in small acts, and may be killed after any of them. After each act the cluster checks itself:
//! there is one cluster, it keeps its quorum, no server that stands for data is wiped, no version goes back or too far.

mod steps;

use std::collections::BTreeMap;

use crate::k3s::config::Role;
use crate::k3s::journal::Cause;
use crate::k3s::marker::Phase;
use crate::k3s::probe::{DatastoreKind, UnitPhase};
use crate::k3s::rollout::quorum::quorum;
use crate::k3s::rollout::{Member, Owner, Seen, Server};
use crate::k3s::version::K3sVersion;

/// The carrying out was killed.
#[derive(Debug)]
pub(super) struct Killed;

/// One machine.
#[derive(Clone, Debug)]
pub(super) struct Host {
    pub(super) reachable: bool,
    phase: Option<Phase>,
    /// The number of the cluster of which there is data.
    pub(super) data: Option<u32>,
    init: bool,
    through: Option<String>,
    pub(super) up: bool,
    pub(super) stopped: bool,
    installed: Option<K3sVersion>,
    pub(super) running: Option<K3sVersion>,
    /// The token and the settings that its files have, and those with which it was started.
    pub(super) files: (u32, u32),
    started: (u32, u32),
    cordoned: bool,
    address: u32,
    pub(super) wanted_address: u32,
    stale_credentials: bool,
    /// Whether the datastore has refused its token when it was last started.
    refused: bool,
}

/// All machines, and what etcd and the API know.
#[derive(Clone, Debug)]
pub(super) struct Cluster {
    pub(super) hosts: BTreeMap<String, Host>,
    pub(super) members: BTreeMap<String, Member>,
    nodes: BTreeMap<String, K3sVersion>,
    pub(super) clusters_begun: u32,
    pub(super) token: u32,
    pub(super) wanted: (u32, u32),
    snapshot: bool,
    leader: Option<String>,
    /// How many acts are left until the kill.
    pub(super) acts_left: usize,
    /// Whether a server that comes up is still coming up when it is looked at next.
    pub(super) slow: bool,
    /// Whether a machine that could not be reached is reached again while it is waited for; else it is stopped.
    pub(super) reconnects: bool,
    /// Whether another token is refused by the datastore, and leaves no credentials behind.
    pub(super) refuses: bool,
}

impl Host {
    pub(super) fn new() -> Self {
        Self {
            reachable: true,
            phase: None,
            data: None,
            init: false,
            through: None,
            up: false,
            stopped: true,
            installed: None,
            running: None,
            files: (0, 0),
            started: (0, 0),
            cordoned: false,
            address: 1,
            wanted_address: 1,
            stale_credentials: false,
            refused: false,
        }
    }
}

impl Cluster {
    pub(super) fn of(names: &[String]) -> Self {
        Self {
            hosts: names.iter().map(|name| (name.clone(), Host::new())).collect(),
            members: BTreeMap::new(),
            nodes: BTreeMap::new(),
            clusters_begun: 0,
            token: 1,
            wanted: (1, 1),
            snapshot: false,
            leader: None,
            acts_left: usize::MAX,
            slow: false,
            reconnects: false,
            refuses: false,
        }
    }

    /// What an observation would tell. Without a quorum, the API tells nothing of members and Nodes.
    pub(super) fn observe(&self) -> Seen {
        let answers = self.has_quorum() && self.hosts.values().any(|host| host.up && host.reachable);
        let servers = self
            .hosts
            .iter()
            .map(|(name, host)| (name.clone(), self.server(name, host, answers)));
        Seen {
            servers: servers.collect(),
            agents: BTreeMap::new(),
            old_token: self.clusters_begun > 0 && self.token != self.wanted.0,
            snapshot_taken: self.snapshot,
        }
    }

    fn server(&self, name: &str, host: &Host, answers: bool) -> Server {
        let member = self.members.get(name).copied().unwrap_or(Member::None);
        let node = self.nodes.get(name);
        let known = Server {
            member: if answers { member } else { Member::None },
            node: answers && node.is_some(),
            ready: answers && node.is_some() && host.up,
            running: if answers { node.copied() } else { None },
            cordoned: answers && host.cordoned,
            leader: self.leader.as_deref() == Some(name),
            ..Server::bare()
        };
        if !host.reachable {
            return Server {
                reachable: false,
                ..known
            };
        }
        let removed = host.data.is_some() && member == Member::None && !host.stopped;
        Server {
            data: host.data.map(|_| DatastoreKind::Etcd),
            ca_sha256: host.data.map(|cluster| cluster.to_string()),
            unit: match () {
                () if host.stopped => UnitPhase::Stopped,
                () if host.up => UnitPhase::Running,
                () => UnitPhase::Starting,
            },
            cause: match () {
                () if removed => Some(Cause::RemovedMember),
                () if host.stale_credentials && !host.stopped => Some(Cause::StaleCredentials),
                () if host.refused && !host.stopped => Some(Cause::OtherToken),
                () => None,
            },
            owner: host.phase.map_or(Owner::Nobody, |_| Owner::Us),
            phase: host.phase,
            role: host.phase.map(|_| Role::Server),
            healthy: answers && host.up && node.is_some(),
            restart_pending: answers && node.is_some() && host.started != self.wanted,
            files_differ: host.files.1 != self.wanted.1 || host.phase != Some(Phase::Joined),
            old_token_file: host.files.0 != self.wanted.0,
            init: host.init,
            joins_nobody: host
                .through
                .as_ref()
                .is_some_and(|through| through == name || !self.hosts.contains_key(through)),
            stale_node: answers && node.is_some() && host.address != host.wanted_address,
            ..known
        }
    }

    /// What goes on by itself after the provider was killed: systemd starts what is not stopped.
    pub(super) fn settle(&mut self) {
        if !self.slow {
            self.go_on();
        }
        for name in self.names() {
            self.promote(&name);
        }
        self.check();
    }

    /// What systemd does while somebody waits.
    fn go_on(&mut self) {
        for name in self.names() {
            if !self.hosts[&name].stopped && !self.hosts[&name].up && self.hosts[&name].reachable {
                self.come_up(&name);
            }
            self.promote(&name);
        }
    }

    fn names(&self) -> Vec<String> {
        self.hosts.keys().cloned().collect()
    }

    /// What k3s does when it starts.
    fn come_up(&mut self, name: &str) {
        let host = self.hosts[name].clone();
        if host.up || host.stopped {
            return;
        }
        let Some(version) = host.installed else { return };
        // What was started with an old token once may not start with the right one, either.
        let has_old_token = host.files.0 != self.token && self.clusters_begun > 0;
        self.host(name).refused = has_old_token && self.refuses;
        if host.stale_credentials || has_old_token {
            self.host(name).stale_credentials |= !self.refuses;
            return;
        }
        let member = self.members.get(name).copied();
        match (host.data, member) {
            (Some(_), Some(_)) => {}
            (Some(_), None) => return,
            (None, _) if host.init => {
                self.clusters_begun += 1;
                assert_eq!(self.clusters_begun, 1, "a second cluster began on {name}");
                let begun = self.clusters_begun;
                self.host(name).data = Some(begun);
                self.members.insert(name.to_owned(), Member::Voter);
                self.token = host.files.0;
            }
            // It is refused for its name.
            (None, Some(_)) => return,
            (None, None) => {
                let through = host.through.clone().expect("somebody to join through");
                let asked = self
                    .hosts
                    .get(&through)
                    .is_some_and(|other| other.up && other.reachable);
                let has_learner = self.members.values().any(|member| *member == Member::Learner);
                if !asked || !self.has_quorum() || has_learner {
                    return;
                }
                let cluster = self.hosts[&through].data;
                self.host(name).data = cluster;
                self.members.insert(name.to_owned(), Member::Learner);
            }
        }
        self.run(name, version);
    }

    fn run(&mut self, name: &str, version: K3sVersion) {
        if let Some(before) = self.nodes.insert(name.to_owned(), version) {
            assert!(before <= version, "{name} went from {before} back to {version}");
            assert!(
                version.minor - before.minor <= 1,
                "{name} went from {before} to {version}"
            );
        }
        let files = self.hosts[name].files;
        let host = self.host(name);
        host.up = true;
        host.running = Some(version);
        host.started = files;
    }

    fn promote(&mut self, name: &str) {
        if self.hosts.get(name).is_some_and(|host| host.up)
            && let Some(member) = self.members.get_mut(name)
        {
            *member = Member::Voter;
        }
    }

    pub(super) fn go_down(&mut self, name: &str) {
        self.host(name).up = false;
    }

    pub(super) fn stop(&mut self, name: &str) {
        self.go_down(name);
        let host = self.host(name);
        host.stopped = true;
        // What an earlier try said does not count once somebody starts it anew.
        host.refused = false;
    }

    /// What comes of waiting for a machine that could not be reached.
    fn clear_up(&mut self, name: &str) {
        match self.reconnects {
            true => self.host(name).reachable = true,
            false => self.stop(name),
        }
    }

    /// What becomes of a host whose disk is lost, by accident.
    pub(super) fn lose_disk(&mut self, name: &str) {
        self.stop(name);
        let host = self.host(name);
        host.data = None;
        host.phase = None;
        host.installed = None;
        host.init = false;
        host.files = (0, 0);
    }

    /// What becomes of a host whose database alone is lost: k3s tries to join, again and again.
    pub(super) fn lose_data(&mut self, name: &str) {
        self.go_down(name);
        self.host(name).data = None;
    }

    /// What a step wipes must not be what the cluster counts on.
    fn wipe(&mut self, name: &str) {
        assert!(
            !self.members.contains_key(name),
            "{name} was wiped while it was a member"
        );
        assert!(!self.hosts[name].up, "{name} was wiped while it ran");
        self.host(name).data = None;
    }

    /// Deleting a Node removes its member, if there is a quorum to decide so.
    pub(super) fn delete_node(&mut self, name: &str) {
        if !self.has_quorum() {
            return;
        }
        self.nodes.remove(name);
        self.members.remove(name);
        if let Some(host) = self.hosts.get_mut(name) {
            host.up = false;
            host.cordoned = false;
        }
    }

    pub(super) fn has_quorum(&self) -> bool {
        let voters = self.members.iter().filter(|(_, member)| **member == Member::Voter);
        let (mut all, mut up) = (0, 0);
        for (name, _) in voters {
            all += 1;
            up += usize::from(self.hosts.get(name).is_some_and(|host| host.up));
        }
        all > 0 && up >= quorum(all)
    }

    /// Whoever leads goes on as long as it is up.
    fn elect(&mut self) {
        let is_up = |name: &String| self.members.contains_key(name) && self.hosts.get(name).is_some_and(|host| host.up);
        if !self.leader.as_ref().is_some_and(is_up) {
            self.leader = self.members.keys().find(|name| is_up(name)).cloned();
        }
    }

    fn check(&self) {
        let voters = self.members.values().filter(|member| **member == Member::Voter).count();
        assert!(
            voters < 3 || self.has_quorum(),
            "the quorum of {voters} was lost: {self:#?}"
        );
    }

    pub(super) fn host(&mut self, name: &str) -> &mut Host {
        self.hosts
            .get_mut(name)
            .unwrap_or_else(|| panic!("there is no host {name}"))
    }
}
