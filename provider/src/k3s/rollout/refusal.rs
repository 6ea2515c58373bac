//! What is refused.

use std::collections::BTreeSet;

use super::quorum::Voters;
use super::{Member, Owner, Seen, Server, Wanted, WantedDatastore};
use crate::k3s::config::Role;
use crate::k3s::journal::Cause;
use crate::k3s::probe::DatastoreKind;
use crate::k3s::version::K3sVersion;
use crate::k3s::version::upgrade::{self, SkewError, UpgradeError};

/// What stands in the way. Each says what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No server is wanted.
    #[error("a cluster has at least one server")]
    NoServers,
    /// SQLite is for one server.
    #[error("SQLite is for a single server: with several, the datastore has to be etcd on them, or elsewhere")]
    SqliteNeedsOne,
    /// The data of a single server is on its disk alone.
    #[error(
        "{server} has the data of the cluster in SQLite, and another host cannot take it over: keep {server}, have the datastore \
         moved to etcd, and replace {server} in a later apply"
    )]
    SqliteStays {
        /// The server.
        server: String,
    },
    /// Data cannot be moved so.
    #[error("{server} has its data in {has}: k3s can move a datastore from SQLite to etcd, and no other way")]
    DatastoreChange {
        /// The server.
        server: String,
        /// Where its data is.
        has: &'static str,
    },
    /// A host has another role.
    #[error(
        "{server} is an agent, and a host cannot become a server while it is one: remove it as an agent first, so that its node \
         and data are cleaned up"
    )]
    RoleChange {
        /// The host.
        server: String,
    },
    /// A host belongs to somebody else.
    #[error("{server} runs k3s already, and not for this cluster: import it, or clean it up, or give another host")]
    Foreign {
        /// The host.
        server: String,
    },
    /// A host is a server of this cluster already.
    #[error(
        "the host of {server} is the server {node} of this cluster, and a server cannot be given another name: call it {node}, or \
         remove {node} first and add it again in a later apply"
    )]
    Renamed {
        /// The name that is wanted.
        server: String,
        /// The name that it has.
        node: String,
    },
    /// Servers have data of different clusters.
    #[error("{server} has the data of another cluster than {other}: only one of them can be kept")]
    TwoClusters {
        /// A server.
        server: String,
        /// Another, or the cluster that is known.
        other: String,
    },
    /// Too many would be removed at once.
    #[error(
        "{removed} of {voters} servers would be removed at once, and at most {most} may be, or the rest could lose its quorum: \
         remove them in several applies"
    )]
    BelowQuorum {
        /// How many would go.
        removed: usize,
        /// How many there are.
        voters: usize,
        /// How many may go.
        most: usize,
    },
    /// The version cannot be reached.
    #[error(transparent)]
    Upgrade(#[from] UpgradeError),
    /// Agents could not run beside it.
    #[error("{agent} cannot run beside the servers: {reason}")]
    AgentSkew {
        /// The agent.
        agent: String,
        /// Why not.
        reason: SkewError,
    },
    /// Whether there is a cluster cannot be known.
    #[error(
        "{server} does not answer, and a cluster is begun only when all of its servers do: one of them might have its data"
    )]
    UnreachableAtBootstrap {
        /// The host.
        server: String,
    },
    /// Nobody who has data answers.
    #[error(
        "no server that answers has the data of the cluster; {server} does not answer and may have it: bring it back"
    )]
    NoneReachable {
        /// The host.
        server: String,
    },
    /// Nobody has data.
    #[error(
        "there was a cluster, and no server has its data any more: restore a snapshot, or remove the cluster from the state to \
         begin another"
    )]
    DataLost,
    /// Most voters are down.
    #[error(
        "{} of {} servers are healthy, and etcd can decide nothing with so few: bring {} back, or restore a snapshot",
        voters.healthy,
        voters.all.max(down.len()),
        down.join(" or ")
    )]
    NoQuorum {
        /// How many there are.
        voters: Voters,
        /// Those that are down.
        down: Vec<String>,
    },
    /// It would be one more than the healthy ones can carry.
    #[error(
        "{server} cannot join while {} of {} servers are healthy: with one more, they would not be enough to decide",
        voters.healthy,
        voters.all
    )]
    CannotJoin {
        /// The host.
        server: String,
        /// How many there are.
        voters: Voters,
    },
    /// k3s on it cannot start.
    #[error("k3s on {server} does not start: {cause}. {}", cause.advice())]
    Failing {
        /// The server.
        server: String,
        /// Why not.
        cause: Cause,
    },
    /// Another one is down.
    #[error("{server} is not touched while {unwell} is not healthy: bring {unwell} back first, or remove it")]
    OthersUnwell {
        /// The server that would stop.
        server: String,
        /// The one that is down.
        unwell: String,
        /// Why, if that is known.
        cause: Option<Cause>,
    },
    /// There is nobody who could do it.
    #[error("no other server is healthy, through which {server} could join or leave")]
    NobodyToAsk {
        /// The server.
        server: String,
    },
    /// The only server cannot leave and come back.
    #[error(
        "the address and the id of {server} cannot change: it is the only server, so its node cannot leave the cluster and come \
         back. Add another server first"
    )]
    CannotRegisterAnew {
        /// The server.
        server: String,
    },
    /// Old data and new must not meet.
    #[error(
        "a snapshot was being restored when the last apply ended, and {server} may still have the data from before: apply again with \
         `restore_from` as it was, which begins anew"
    )]
    Restoring {
        /// A server.
        server: String,
    },
    /// This version cannot do it.
    #[error("the servers run {version}, which cannot change its token: upgrade first")]
    TokenRotation {
        /// What runs.
        version: K3sVersion,
    },
    /// A token is changed with all servers or not at all.
    #[error("the token cannot be changed while {server} is not healthy: with the old one, it could never start again")]
    TokenNeedsAll {
        /// The server.
        server: String,
    },
}

/// All that is refused before anything is changed.
pub(super) fn refusals(wanted: &Wanted, seen: &Seen) -> Vec<Refusal> {
    if wanted.servers.is_empty() {
        return vec![Refusal::NoServers];
    }
    let mut refusals = Vec::new();
    if wanted.datastore == WantedDatastore::Sqlite && wanted.servers.len() > 1 {
        refusals.push(Refusal::SqliteNeedsOne);
    }
    refusals.extend(hosts(wanted, seen));
    refusals.extend(sqlite_stays(wanted, seen));
    refusals.extend(two_clusters(wanted, seen));
    refusals.extend(below_quorum(wanted, seen));
    refusals.extend(versions(wanted, seen));
    refusals
}

fn hosts(wanted: &Wanted, seen: &Seen) -> Vec<Refusal> {
    let mut refusals = Vec::new();
    for name in &wanted.servers {
        let Some(server) = seen.servers.get(name) else { continue };
        let server_name = name.clone();
        if server.role == Some(Role::Agent) {
            refusals.push(Refusal::RoleChange { server: server_name });
        } else if server.owner == Owner::Other {
            refusals.push(Refusal::Foreign { server: server_name });
        } else if let Some(node) = server.other_name.clone() {
            let server = server_name;
            refusals.push(Refusal::Renamed { server, node });
        } else if server.restoring {
            refusals.push(Refusal::Restoring { server: server_name });
        } else if let (Some(DatastoreKind::Etcd), WantedDatastore::Sqlite) = (server.data, wanted.datastore) {
            refusals.push(Refusal::DatastoreChange {
                server: server_name,
                has: "etcd",
            });
        } else if let (Some(kind), WantedDatastore::External) = (server.data, wanted.datastore) {
            let has = if kind == DatastoreKind::Etcd { "etcd" } else { "SQLite" };
            refusals.push(Refusal::DatastoreChange {
                server: server_name,
                has,
            });
        }
    }
    refusals
}

/// A server that starts without the data would begin another cluster, and the old one would then be removed.
fn sqlite_stays(wanted: &Wanted, seen: &Seen) -> Option<Refusal> {
    let has_data = |name: &String| seen.servers.get(name).is_some_and(|server| server.data.is_some());
    if wanted.servers.iter().any(has_data) {
        return None;
    }
    let alone = |server: &Server| server.owner == Owner::Us && server.data == Some(DatastoreKind::Sqlite);
    let (name, _) = seen.servers.iter().find(|(_, server)| alone(server))?;
    Some(Refusal::SqliteStays { server: name.clone() })
}

/// Compares the authorities: each cluster has made its own.
fn two_clusters(wanted: &Wanted, seen: &Seen) -> Option<Refusal> {
    let mut known = wanted
        .ca_sha256
        .as_deref()
        .map(|hash| ("the cluster that is known", hash));
    let with_data = seen
        .servers
        .iter()
        .filter(|(_, server)| server.data.is_some() && server.owner == Owner::Us);
    for (name, server) in with_data {
        match (known, server.ca_sha256.as_deref()) {
            (Some((other, hash)), Some(own)) if hash != own => {
                return Some(Refusal::TwoClusters {
                    server: name.clone(),
                    other: other.to_owned(),
                });
            }
            (None, Some(own)) => known = Some((name, own)),
            _ => {}
        }
    }
    None
}

fn below_quorum(wanted: &Wanted, seen: &Seen) -> Option<Refusal> {
    if wanted.datastore != WantedDatastore::Etcd {
        return None;
    }
    let kept: BTreeSet<&String> = wanted.servers.iter().collect();
    let is_voter = |name: &&String| {
        seen.servers
            .get(*name)
            .is_some_and(|server| server.member == Member::Voter && server.owner != Owner::Other)
    };
    let removed = seen
        .servers
        .keys()
        .filter(is_voter)
        .filter(|name| !kept.contains(name))
        .count();
    let voters = Voters::of(seen);
    (removed > voters.removable()).then(|| Refusal::BelowQuorum {
        removed,
        voters: voters.all,
        most: voters.removable(),
    })
}

fn versions(wanted: &Wanted, seen: &Seen) -> Vec<Refusal> {
    let kept = wanted.servers.iter().filter_map(|name| seen.servers.get(name));
    let running: BTreeSet<K3sVersion> = kept.filter_map(|server| server.running).collect();
    // The newest tells a way back, the oldest a step that is missing.
    let ends = [running.last(), running.first()].into_iter().flatten();
    let error = ends
        .filter_map(|from| upgrade::path(from, &wanted.version, &wanted.steps).err())
        .next();
    let mut refusals: Vec<Refusal> = error.map(Refusal::Upgrade).into_iter().collect();
    if running.iter().all(|running| *running == wanted.version) {
        return refusals;
    }
    for (agent, version) in &seen.agents {
        // That an agent is newer is its own fault, and older servers do not become worse by an upgrade.
        if let Err(reason @ SkewError::KubeletTooOld { .. }) = upgrade::check_skew(version, &[wanted.version]) {
            refusals.push(Refusal::AgentSkew {
                agent: agent.clone(),
                reason,
            });
        }
    }
    refusals
}
