//! A snapshot of etcd brought back: which acts that takes, and when it is refused.
//!
//! All servers stop; one makes new data of the snapshot and starts alone; the others empty theirs and join it. As long
//! as one of them could start with the old data, there would be two clusters. So all have to answer, all are marked
//! before the first stops ([`Marker::restoring`](crate::k3s::marker::Marker::restoring)), and nothing else is done to a
//! cluster whose hosts are so marked. Whoever was killed begins anew: each act can be repeated.

use std::fmt;

use super::{Owner, Seen, Wanted, WantedDatastore};

/// One act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RestoreStep {
    /// Stops a server, and does not start it with its host any more.
    Stop {
        /// The server.
        server: String,
    },
    /// Makes new data of the snapshot, with one member, and starts it.
    Reset {
        /// The server.
        on: String,
    },
    /// Deletes the Nodes of servers that the snapshot knows and that are gone: they would count as voters.
    Forget {
        /// Where the snapshot was brought back.
        through: String,
    },
    /// Empties the database of a server, and has it join.
    Rejoin {
        /// The server.
        server: String,
        /// Where it joins.
        through: String,
    },
}

/// Why a snapshot cannot be brought back now.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RestoreRefusal {
    /// There is no etcd.
    #[error("only a cluster with its datastore in etcd on its servers has snapshots that can be restored")]
    NoEtcd,
    /// The host is none of the servers.
    #[error("{on} is not one of `servers`, so no snapshot can be restored on it")]
    NoServer {
        /// The host.
        on: String,
    },
    /// A server could go on with the old data.
    #[error(
        "{server} does not answer, and would go on with the data from before the restore: bring it back, or remove it from \
         `servers`, before a snapshot is restored"
    )]
    Unreachable {
        /// The server.
        server: String,
    },
    /// A server is there that nobody told us of, or that is to go.
    #[error(
        "{server} has data of the cluster and is not one of `servers`: remove it first, or add it, before a snapshot is restored"
    )]
    Unwanted {
        /// The server.
        server: String,
    },
    /// A host belongs to somebody else.
    #[error("{server} runs k3s already, and not for this cluster: clean it up, or give another host")]
    Foreign {
        /// The host.
        server: String,
    },
}

/// The acts that restore a snapshot on one of the servers.
///
/// # Errors
/// It could lead to two clusters.
pub fn steps(wanted: &Wanted, seen: &Seen, on: &str) -> Result<Vec<RestoreStep>, RestoreRefusal> {
    if wanted.datastore != WantedDatastore::Etcd {
        return Err(RestoreRefusal::NoEtcd);
    }
    if !wanted.servers.iter().any(|server| server == on) {
        return Err(RestoreRefusal::NoServer { on: on.to_owned() });
    }
    let mut servers: Vec<&String> = wanted.servers.iter().collect();
    servers.sort();
    for name in &servers {
        let server = (*name).clone();
        match seen.servers.get(*name) {
            Some(seen) if !seen.reachable => return Err(RestoreRefusal::Unreachable { server }),
            Some(seen) if seen.owner == Owner::Other => return Err(RestoreRefusal::Foreign { server }),
            Some(_) => {}
            None => return Err(RestoreRefusal::Unreachable { server }),
        }
    }
    let is_left = |(name, server): &(&String, &super::Server)| {
        let has_data = server.data.is_some() && server.owner == Owner::Us;
        !servers.contains(name) && (has_data || server.healthy)
    };
    if let Some((name, _)) = seen.servers.iter().find(is_left) {
        return Err(RestoreRefusal::Unwanted { server: name.clone() });
    }
    // Who stops last was up last: it is the one that goes on.
    let others = || servers.iter().filter(|name| name.as_str() != on);
    let stopped = others().map(|name| (*name).clone()).chain([on.to_owned()]);
    let mut steps: Vec<RestoreStep> = stopped.map(|server| RestoreStep::Stop { server }).collect();
    steps.push(RestoreStep::Reset { on: on.to_owned() });
    steps.push(RestoreStep::Forget { through: on.to_owned() });
    steps.extend(others().map(|name| RestoreStep::Rejoin {
        server: (*name).clone(),
        through: on.to_owned(),
    }));
    Ok(steps)
}

impl fmt::Display for RestoreStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stop { server } => write!(f, "stop {server}, to restore a snapshot"),
            Self::Reset { on } => write!(f, "restore the snapshot on {on}"),
            Self::Forget { through } => write!(f, "delete the nodes of servers that are gone through {through}"),
            Self::Rejoin { server, through } => {
                write!(f, "empty the database of {server}, and join it through {through}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{scenes, wanted};
    use super::*;

    fn told(wanted: &Wanted, seen: &Seen, on: &str) -> Vec<String> {
        match steps(wanted, seen, on) {
            Ok(steps) => steps.iter().map(ToString::to_string).collect(),
            Err(refusal) => vec![format!("refused: {refusal}")],
        }
    }

    #[test]
    fn all_stop_before_one_goes_back_and_the_others_join_it() {
        assert_eq!(
            told(&wanted("a b c"), &scenes::three(), "b"),
            [
                "stop a, to restore a snapshot",
                "stop c, to restore a snapshot",
                "stop b, to restore a snapshot",
                "restore the snapshot on b",
                "delete the nodes of servers that are gone through b",
                "empty the database of a, and join it through b",
                "empty the database of c, and join it through b",
            ]
        );
    }

    #[test]
    fn a_cluster_without_any_data_is_restored_on_bare_hosts() {
        let bare = scenes::seen(["a", "b"].map(|name| (name, super::super::Server::bare())));
        assert_eq!(told(&wanted("a b"), &bare, "a").len(), 5);
    }

    #[test]
    fn nobody_may_be_left_who_could_go_on_with_the_old_data() {
        let three = scenes::three;
        let dead = scenes::with(three(), "c", |server| *server = scenes::dead(scenes::NOW));
        let foreign = scenes::with(three(), "c", |server| server.owner = Owner::Other);
        let external = Wanted {
            datastore: WantedDatastore::External,
            ..wanted("a b c")
        };
        for (wanted, seen, on, reason) in [
            (wanted("a b c"), dead.clone(), "a", "c does not answer"),
            (wanted("a b c"), foreign, "a", "c runs k3s already"),
            (wanted("a b"), three(), "a", "c has data of the cluster"),
            (wanted("a b c d"), three(), "a", "d does not answer"),
            (wanted("a b c"), three(), "x", "x is not one of `servers`"),
            (external, three(), "a", "only a cluster with its datastore in etcd"),
        ] {
            let told = told(&wanted, &seen, on);
            assert!(
                told.len() == 1 && told[0].starts_with(&format!("refused: {reason}")),
                "{told:?}"
            );
        }
        assert_eq!(
            told(&wanted("a b"), &dead, "a").len(),
            5,
            "who is gone for good does no harm"
        );
    }
}
