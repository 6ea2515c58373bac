//! What is wanted beside what was seen, and what that means: the questions that [`decide`](super::decide) asks.

use super::{Member, Owner, Refusal, Seen, Server, Step, Wanted, WantedDatastore};
use crate::k3s::journal::Cause;
use crate::k3s::marker::Phase;
use crate::k3s::probe::{DatastoreKind, UnitPhase};
use crate::k3s::version::{K3sVersion, upgrade};

/// What is wanted beside what was seen.
pub(super) struct Look<'a> {
    pub(super) wanted: &'a Wanted,
    pub(super) seen: &'a Seen,
}

impl<'a> Look<'a> {
    /// Whether there is a cluster, or has been one.
    pub(super) fn has_cluster(&self) -> bool {
        let is_part = |server: &Server| {
            let begun = server.data.is_some() && server.owner == Owner::Us;
            begun || server.member != Member::None || server.node || server.healthy
        };
        self.wanted.bootstrapped || self.seen.servers.values().any(is_part)
    }

    pub(super) fn snapshot(&self) -> Option<Step> {
        let due = self.wanted.snapshot && !self.seen.snapshot_taken;
        let keeps = |server: &Server| server.healthy && server.data == Some(DatastoreKind::Etcd);
        let mut keepers = self.seen.servers.iter().filter(|(_, server)| keeps(server));
        // On a server that goes, it would go, too.
        let staying = keepers.clone().find(|(name, _)| self.is_wanted(name));
        let (on, _) = staying.or_else(|| keepers.next())?;
        due.then(|| Step::Snapshot { on: on.clone() })
    }

    /// All others have to be well before one stops. Two servers have no quorum without either, so one of them may.
    pub(super) fn require_others(&self, name: &str) -> Result<(), Refusal> {
        self.require(name, |other, server| {
            self.is_wanted(other) || server.member == Member::Voter
        })
    }

    /// The same of those that are in the cluster already.
    pub(super) fn require_members(&self, name: &str) -> Result<(), Refusal> {
        self.require(name, |_, server| self.is_in(server) || server.member == Member::Voter)
    }

    fn require(&self, name: &str, counts: impl Fn(&str, &Server) -> bool) -> Result<(), Refusal> {
        let mut others = self.seen.servers.iter();
        let unwell = others.find(|(other, server)| *other != name && counts(other, server) && !server.healthy);
        match unwell {
            None => Ok(()),
            Some((other, server)) => Err(Refusal::OthersUnwell {
                server: name.to_owned(),
                unwell: other.clone(),
                cause: server.cause,
            }),
        }
    }

    /// The version to which the oldest server goes next; nothing if all have the wanted one.
    pub(super) fn hop(&self) -> Result<Option<K3sVersion>, Refusal> {
        let running = self.wanted().filter_map(|(_, server)| server.running);
        let Some(oldest) = running.min() else { return Ok(None) };
        let path = upgrade::path(&oldest, &self.wanted.version, &self.wanted.steps)?;
        Ok(path.first().copied())
    }

    /// A healthy server other than this one.
    pub(super) fn through(&self, name: &str) -> Result<String, Refusal> {
        let other = self.healthy_other(name);
        other.ok_or_else(|| Refusal::NobodyToAsk {
            server: name.to_owned(),
        })
    }

    pub(super) fn healthy_other(&self, name: &str) -> Option<String> {
        let healthy =
            |(other, server): &(&String, &Server)| other.as_str() != name && server.reachable && server.healthy;
        let servers = || self.seen.servers.iter().filter(healthy);
        // One that stays is better.
        let staying = servers().find(|(other, server)| self.is_wanted(other) && !server.stale_node);
        staying.or_else(|| servers().next()).map(|(other, _)| other.clone())
    }

    pub(super) fn wanted(&self) -> impl Iterator<Item = (&'a String, &'a Server)> {
        let seen = self.seen;
        let mut names: Vec<&'a String> = self.wanted.servers.iter().collect();
        names.sort();
        names
            .into_iter()
            .filter_map(move |name| Some((name, seen.servers.get(name)?)))
    }

    pub(super) fn is_wanted(&self, name: &str) -> bool {
        self.wanted.servers.iter().any(|wanted| wanted == name)
    }

    /// Whether the server is the only one with data.
    pub(super) fn is_alone(&self, name: &str) -> bool {
        let mut others = self.seen.servers.iter().filter(|(other, _)| other.as_str() != name);
        !others.any(|(_, server)| server.data.is_some() || server.member != Member::None)
    }

    /// Whether the server is part of the cluster, or would be if it were up.
    pub(super) fn is_in(&self, server: &Server) -> bool {
        match self.wanted.datastore {
            WantedDatastore::Etcd | WantedDatastore::Sqlite => server.data.is_some() && server.owner == Owner::Us,
            WantedDatastore::External => server.healthy || server.phase == Some(Phase::Joined),
        }
    }

    /// Whether the server should be up, and is not. One that etcd has removed cannot be.
    pub(super) fn is_down(&self, server: &Server) -> bool {
        server.reachable && self.is_in(server) && !server.healthy && !self.was_removed(server)
    }

    /// Whether etcd has removed the member of which there is data, as it says itself, or as a run that was taking the
    /// server out has left it: stopped, and unknown to those that answer.
    pub(super) fn was_removed(&self, server: &Server) -> bool {
        let is_known = server.member != Member::None || server.node;
        let answers = self.seen.servers.values().any(|other| other.healthy);
        let is_left = server.phase == Some(Phase::Leaving)
            && matches!(server.unit, UnitPhase::Absent | UnitPhase::Stopped)
            && self.keeps_members()
            && answers
            && !is_known;
        is_left || server.cause == Some(Cause::RemovedMember)
    }

    /// Whether there is no host behind a server that the cluster counts: it is not wanted and does not answer, or has
    /// nothing of k3s, or etcd has removed its member.
    pub(super) fn is_ghost(&self, name: &str, server: &Server) -> bool {
        let registered = server.member != Member::None || server.node;
        let is_empty = match self.wanted.datastore {
            WantedDatastore::Etcd => server.data.is_none(),
            WantedDatastore::Sqlite => false,
            WantedDatastore::External => server.role.is_none(),
        };
        let lost = server.reachable && is_empty && server.phase != Some(Phase::Joining);
        let gone = !server.reachable && !self.is_wanted(name) && server.owner != Owner::Other;
        let removed = self.keeps_members() && server.cause == Some(Cause::RemovedMember);
        registered && !server.healthy && (gone || lost || removed)
    }

    /// Whether a server that seems to be gone may be there all the same.
    pub(super) fn is_in_doubt(&self, server: &Server) -> bool {
        let removed = server.cause == Some(Cause::RemovedMember);
        !self.wanted.force && !removed && (server.ready || server.closed)
    }

    /// Whether the servers have the data of the cluster.
    pub(super) fn keeps_data(&self) -> bool {
        self.wanted.datastore != WantedDatastore::External
    }

    pub(super) fn keeps_members(&self) -> bool {
        self.wanted.datastore == WantedDatastore::Etcd
    }

    pub(super) fn has_other_datastore(&self, server: &Server) -> bool {
        self.keeps_members() && server.data == Some(DatastoreKind::Sqlite)
    }
}
