//! Tests of the planner: scenes with the steps that follow, and, on a model of a cluster, that it gets there from
//! anywhere.

use proptest::prelude::*;

use super::*;

mod healing;
mod model;
mod properties;
mod refusals;
pub(super) mod scenes;

pub(super) fn version(text: &str) -> K3sVersion {
    text.parse().unwrap()
}

pub(super) fn names(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

/// Servers with etcd, and nothing special.
pub(super) fn wanted(servers: &str) -> Wanted {
    Wanted {
        servers: names(servers),
        version: version("v1.36.3+k3s1"),
        steps: Vec::new(),
        datastore: WantedDatastore::Etcd,
        bootstrapped: false,
        ca_sha256: None,
        snapshot: false,
        drain: true,
        force: false,
    }
}
