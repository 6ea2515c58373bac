//! What is warned of.

use std::fmt;

use super::{Seen, Wanted, WantedDatastore};

/// What should be known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Warning {
    /// An even number of servers bears no more failures than one fewer.
    EvenCount(usize),
    /// It does not answer, and keeps what is known of it.
    Unreachable(String),
    /// It was removed while it did not answer: what is on it stays there.
    LeftBehind(String),
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
    for (name, _) in seen.servers.iter().filter(|(_, server)| !server.reachable) {
        warnings.push(match wanted.servers.contains(name) {
            true => Warning::Unreachable(name.clone()),
            false => Warning::LeftBehind(name.clone()),
        });
    }
    warnings
}
