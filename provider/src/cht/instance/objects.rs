//! The Kubernetes objects of an instance, with exactly the names, labels, ports and variables of the official chart.
//!
//! [`objects`] is a pure function of the [`InstanceSpec`]: the same instance always gives the same objects, for any
//! conformant cluster. They come in [`Phase`]s, in the order in which they have to be applied; whoever applies them
//! waits between two phases where that is needed. One file makes the objects of one component; `workload` and
//! `metadata` hold what they share. The official names matter: Services find pods by them, Deployments' selectors
//! never change, and an instance that was made by the chart is recognized by them.
//!
//! What differs between versions is in [`super::spec::layout`]: no file here compares versions.

mod api;
mod checksum;
mod config;
mod couchdb;
mod haproxy;
mod healthcheck;
mod ingress;
mod manifest;
mod metadata;
mod namespace;
mod nouveau;
mod probes;
pub(super) mod secret;
mod sentinel;
mod storage;
mod upgrade_service;
mod workload;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

pub(super) use self::ingress::{NAME as INGRESS, TLS_SECRET, live_key};
pub use self::manifest::Manifest;
use self::metadata::Labels;
pub(super) use self::metadata::{COMPONENT_LABEL, HOST_NAME_LABEL, ZONE_LABEL};
pub(super) use self::storage::{EBS_DRIVER, VSPHERE_DRIVER};
use super::spec::InstanceSpec;

/// The phase after which CouchDB runs, and nothing yet that would use it.
pub(super) const COUCHDB_PHASE: &str = "couchdb";

/// The phase whose pods users talk to.
pub(super) const API_PHASE: &str = "api";

/// Objects that can be applied together, once those of the phases before are there.
#[derive(Debug, Clone)]
pub struct Phase {
    /// What the phase makes, for progress and errors.
    pub name: &'static str,
    /// The objects, in order.
    pub objects: Vec<Manifest>,
}

/// The objects of the instance in the order of applying them; deleting goes the other way.
///
/// `labels` say whose objects these are. They stand on every object, and in no selector and on no pod: changing them
/// restarts nothing.
#[must_use]
pub fn objects(spec: &InstanceSpec, labels: &BTreeMap<String, String>) -> Vec<Phase> {
    let labels = Labels { spec, labels };
    let phases = [
        Phase {
            name: "namespace",
            objects: namespace::objects(&labels),
        },
        Phase {
            name: "configuration",
            objects: all([
                secret::objects(&labels),
                config::objects(&labels),
                upgrade_service::access(&labels),
            ]),
        },
        Phase {
            name: "storage",
            objects: storage::objects(&labels),
        },
        // HAProxy resolves the names of its peers only when it starts, so all Services come before all pods.
        Phase {
            name: "services",
            objects: services(&labels),
        },
        Phase {
            name: COUCHDB_PHASE,
            objects: all([couchdb::deployments(&labels), nouveau::deployments(&labels)]),
        },
        Phase {
            name: "haproxy",
            objects: all([haproxy::deployments(&labels), healthcheck::deployments(&labels)]),
        },
        Phase {
            name: "upgrade service",
            objects: all([upgrade_service::binding(&labels), upgrade_service::deployments(&labels)]),
        },
        Phase {
            name: API_PHASE,
            objects: api::deployments(&labels),
        },
        Phase {
            name: "sentinel",
            objects: sentinel::deployments(&labels),
        },
        Phase {
            name: "ingress",
            objects: ingress::objects(&labels),
        },
    ];
    phases.into_iter().filter(|phase| !phase.objects.is_empty()).collect()
}

fn services(labels: &Labels<'_>) -> Vec<Manifest> {
    all([
        couchdb::services(labels),
        nouveau::services(labels),
        haproxy::services(labels),
        healthcheck::services(labels),
        api::services(labels),
        upgrade_service::services(labels),
    ])
}

/// All of these in one list. They are moved: manifests are the largest things that an operation holds.
fn all<const N: usize>(lists: [Vec<Manifest>; N]) -> Vec<Manifest> {
    lists.into_iter().flatten().collect()
}
