//! What to do next with the servers of a cluster, from what is wanted and what was seen.
//!
//! One function decides on one step, from the observation alone: so an apply that was killed at any point is continued
//! by the next look. The list in a plan is what follows when each step has its expected effect ([`expect`]). Whoever
//! carries steps out looks again after each, and decides anew.
//!
//! What holds at every step ([`decide`] has the order, [`quorum`] the counting):
//!
//! - A cluster is begun once: only while no server has data, and nobody says that there was a cluster. `cluster-init`
//!   is taken out of the first server's file as soon as there is a second.
//! - One server at a time, and only if the others are healthy and enough of them to keep the quorum without it.
//! - No data is wiped but that of a member which etcd has removed, as it says itself or as a run has left it that took
//!   the server out.
//! - No server is taken for gone as long as its Node is ready, or its host is there: it would go on without being a
//!   part of the cluster, while its pods are made anew elsewhere.
//! - No step goes to an older version, or over a minor version.
//!
//! [`restore`] and [`encryption`] are what is done on demand only, with acts of their own.
//!
//! [`refusal`] has what is refused before anything is changed, [`observe`] makes the observation of what hosts
//! answered, and [`agents`] is for hosts that only run pods.

use std::collections::BTreeMap;

use super::config::Role;
use super::journal::Cause;
use super::marker::Phase;
use super::probe::{DatastoreKind, UnitPhase};
use super::version::K3sVersion;

pub mod agents;
mod decide;
pub mod encryption;
mod expect;
mod look;
pub mod observe;
pub mod quorum;
pub mod refusal;
pub mod restore;
pub mod step;
pub mod warning;

pub use self::refusal::Refusal;
pub use self::step::Step;
pub use self::warning::Warning;

/// What is wanted of the servers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Names of the servers.
    pub servers: Vec<String>,
    /// The version that they are to run.
    pub version: K3sVersion,
    /// Versions to go through, one for each minor version between.
    pub steps: Vec<K3sVersion>,
    /// Where the state of the cluster is to be.
    pub datastore: WantedDatastore,
    /// Whether there has been a cluster: then none is begun.
    pub bootstrapped: bool,
    /// Hash of the cluster's authority, once it is known.
    pub ca_sha256: Option<String>,
    /// Whether a snapshot of etcd is taken before what could harm it.
    pub snapshot: bool,
    /// Whether pods are moved away before a server gets another version.
    pub drain: bool,
    /// Whether what does not answer is gone, as somebody says.
    pub force: bool,
}

/// Where the state of a cluster is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WantedDatastore {
    /// In etcd on the servers.
    Etcd,
    /// In SQLite on the one server.
    Sqlite,
    /// Elsewhere.
    External,
}

/// What was seen: each server that is wanted, and each that there was.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// By name.
    pub servers: BTreeMap<String, Server>,
    /// The versions that agents run, by name.
    pub agents: BTreeMap<String, K3sVersion>,
    /// Whether the cluster still takes the token before the wanted one. As long as it does, whoever joins is given that
    /// one.
    pub old_token: bool,
    /// Whether the snapshot before this change was taken.
    pub snapshot_taken: bool,
}

/// What was seen of one server.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is one fact about a host, and any combination can be met"
)]
pub struct Server {
    /// Whether the host answered. Without an answer, only what other servers know of it is known.
    pub reachable: bool,
    /// Whether the host is there, and could not be looked at: it refuses the login, has another key, or is too slow.
    pub closed: bool,
    /// What is on its disk.
    pub data: Option<DatastoreKind>,
    /// Hash of the authority on its disk.
    pub ca_sha256: Option<String>,
    /// What its unit does.
    pub unit: UnitPhase,
    /// Why it does not come up, if that is known.
    pub cause: Option<Cause>,
    /// Whose it is.
    pub owner: Owner,
    /// The name under which it was set up, if that is another one.
    pub other_name: Option<String>,
    /// How far it is, as this provider noted.
    pub phase: Option<Phase>,
    /// Whether a snapshot is being restored, and it was not seen up since.
    pub restoring: bool,
    /// The role in which it runs k3s, if it does.
    pub role: Option<Role>,
    /// Its member of etcd, as the other servers know it.
    pub member: Member,
    /// Whether there is a Node of its name.
    pub node: bool,
    /// Whether that Node is ready, as the cluster has it, so that k3s runs somewhere under its name.
    pub ready: bool,
    /// Whether its API is ready, and its Node.
    pub healthy: bool,
    /// Whether its API is ready, and says that there is no Node of it. k3s registers a Node only when it starts.
    pub unregistered: bool,
    /// Whether its API is ready, and its Node does not tell yet whether its member of etcd votes.
    pub untold: bool,
    /// The version that runs.
    pub running: Option<K3sVersion>,
    /// Whether it runs with other values than its files should have, of those that all servers must have alike.
    pub other_values: bool,
    /// Whether k3s has to be restarted for what its files say, or for its program.
    pub restart_pending: bool,
    /// Whether its files, but those with tokens, are not what they should be, or are not noted to be.
    pub files_differ: bool,
    /// Whether its files have another token than the wanted one.
    pub old_token_file: bool,
    /// Whether its file says to begin a cluster.
    pub init: bool,
    /// Whether its file says to join through a server that is none.
    pub joins_nobody: bool,
    /// Whether its Node has to be made anew: another address, or another id at the cloud provider.
    pub stale_node: bool,
    /// Whether labels or taints of its Node differ.
    pub labels_differ: bool,
    /// Whether this provider has cordoned its Node.
    pub cordoned: bool,
    /// Whether it leads etcd.
    pub leader: bool,
}

/// Whose a host is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// Nothing of k3s is on it.
    Nobody,
    /// This cluster's.
    Us,
    /// Another cluster's of this provider, or somebody else's. So is a server of this cluster that nobody told us of.
    Other,
}

/// A member of etcd.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Member {
    /// There is none.
    None,
    /// It is still being brought up to date, and does not vote.
    Learner,
    /// It votes.
    Voter,
}

/// What is to be done, in this order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// The steps, as far as they can be told.
    pub steps: Vec<Step>,
    /// What stands in the way after these steps; or, if there are none, what is refused at once.
    pub refusals: Vec<Refusal>,
    /// What should be known.
    pub warnings: Vec<Warning>,
}

/// More steps than any cluster needs: a plan that does not end is a defect, and ends here.
const MOST_STEPS_PER_SERVER: usize = 64;

impl Server {
    /// A host on which there is nothing of k3s.
    #[must_use]
    pub fn bare() -> Self {
        Self {
            reachable: true,
            closed: false,
            data: None,
            ca_sha256: None,
            unit: UnitPhase::Absent,
            cause: None,
            owner: Owner::Nobody,
            other_name: None,
            phase: None,
            restoring: false,
            role: None,
            member: Member::None,
            node: false,
            ready: false,
            healthy: false,
            unregistered: false,
            untold: false,
            running: None,
            other_values: false,
            restart_pending: false,
            files_differ: false,
            old_token_file: false,
            init: false,
            joins_nobody: false,
            stale_node: false,
            labels_differ: false,
            cordoned: false,
            leader: false,
        }
    }
}

/// What to do, as far as it can be told now.
#[must_use]
pub fn plan(wanted: &Wanted, seen: &Seen) -> Plan {
    let mut plan = Plan {
        refusals: refusal::refusals(wanted, seen),
        warnings: warning::warnings(wanted, seen),
        steps: Vec::new(),
    };
    if !plan.refusals.is_empty() {
        return plan;
    }
    let mut expected = seen.clone();
    let most = (seen.servers.len() + wanted.servers.len() + 1) * MOST_STEPS_PER_SERVER;
    while plan.steps.len() < most {
        match decide::next(wanted, &expected) {
            Ok(Some(step)) => {
                expect::apply(&step, wanted, &mut expected);
                plan.steps.push(step);
            }
            Ok(None) => break,
            Err(refusal) => {
                plan.refusals.push(refusal);
                break;
            }
        }
    }
    plan
}

/// The one step that is to be done now; nothing when all is as it is wanted.
///
/// # Errors
/// Something stands in the way.
pub fn next(wanted: &Wanted, seen: &Seen) -> Result<Option<Step>, Refusal> {
    match refusal::refusals(wanted, seen).into_iter().next() {
        Some(refusal) => Err(refusal),
        None => decide::next(wanted, seen),
    }
}

/// What to do when the whole cluster goes: each host is cleaned up, and nobody has to leave a cluster that ends. What
/// stays behind is warned of.
#[must_use]
pub fn teardown(seen: &Seen) -> Plan {
    let mut plan = Plan::default();
    for (name, server) in &seen.servers {
        if !server.reachable {
            plan.warnings.push(Warning::LeftBehind(name.clone()));
        } else if server.owner == Owner::Us {
            plan.steps.push(Step::Cleanup { server: name.clone() });
        } else if server.owner == Owner::Other {
            plan.warnings.push(Warning::NotOurs(name.clone()));
        }
    }
    plan
}

/// Whether a server is to be taken for gone, and that is still in doubt: its Node is ready, or its host is there.
#[must_use]
pub fn is_in_doubt(wanted: &Wanted, seen: &Seen, name: &str) -> bool {
    let look = look::Look { wanted, seen };
    let server = seen.servers.get(name);
    server.is_some_and(|server| look.is_ghost(name, server) && look.is_in_doubt(server))
}

#[cfg(test)]
mod tests;
