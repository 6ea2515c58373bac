//! What is warned of.

use std::fmt;

use super::{Owner, Seen, Wanted, WantedDatastore};

/// What should be known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Warning {
    /// An even number of servers bears no more failures than one fewer.
    EvenCount(usize),
    /// It does not answer, and keeps what is known of it.
    Unreachable(String),
    /// It was removed while it did not answer: what is on it stays there.
    LeftBehind(String),
    /// It is a server of the cluster that nobody told us of.
    Unknown(String),
    /// It has k3s, and no note that this is ours.
    NotOurs(String),
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EvenCount(2) => write!(
                f,
                "Two servers are worse than one: if either is down, the cluster is. Have one or three."
            ),
            Self::EvenCount(count) => write!(
                f,
                "{count} servers bear no more failures than {}: have an odd number.",
                count - 1
            ),
            Self::Unreachable(server) => write!(f, "{server} does not answer, so what is known of it may be old."),
            Self::LeftBehind(server) => write!(
                f,
                "{server} does not answer, so k3s and its data are left on it. Do not start it in the cluster's network again \
                 before it is cleaned up."
            ),
            Self::Unknown(server) => write!(
                f,
                "{server} is a server of this cluster, and not one of `servers`, so it is left as it is. Add it there, or remove \
                 it: stop k3s on it, and delete its node."
            ),
            Self::NotOurs(server) => write!(
                f,
                "{server} has k3s, and no note that it is this cluster's, so it is left as it is: clean it up by hand."
            ),
        }
    }
}

/// What should be known.
pub(super) fn warnings(wanted: &Wanted, seen: &Seen) -> Vec<Warning> {
    let mut warnings = Vec::new();
    let count = wanted.servers.len();
    if wanted.datastore == WantedDatastore::Etcd && count > 0 && count.is_multiple_of(2) {
        warnings.push(Warning::EvenCount(count));
    }
    for (name, server) in seen.servers.iter().filter(|(_, server)| !server.reachable) {
        warnings.push(match (wanted.servers.contains(name), server.owner) {
            (true, _) => Warning::Unreachable(name.clone()),
            (false, Owner::Other) => Warning::Unknown(name.clone()),
            (false, Owner::Nobody | Owner::Us) => Warning::LeftBehind(name.clone()),
        });
    }
    warnings
}
