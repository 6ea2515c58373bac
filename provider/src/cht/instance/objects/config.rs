//! The ConfigMap that tells HAProxy, and the nodes of a cluster, where the CouchDB nodes are.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{ConfigMap, EnvVar};

use super::Manifest;
use super::metadata::Labels;
use super::workload::env_from_config_map;
use crate::cht::instance::spec::InstanceSpec;

const NAME: &str = "couchdb-servers-configmap";

/// All nodes, for HAProxy and the health check.
pub(super) const SERVERS: &str = "COUCHDB_SERVERS";
/// The nodes that the first one brings into the cluster.
pub(super) const PEERS: &str = "CLUSTER_PEER_IPS";
/// The node from which the others take the administrator.
pub(super) const ADMINS_NODE: &str = "COUCHDB_SYNC_ADMINS_NODE";

pub(super) fn objects(labels: &Labels<'_>) -> Vec<Manifest> {
    let data = content(labels.spec)
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value));
    vec![Manifest::from_typed(&ConfigMap {
        metadata: labels.metadata(NAME, None),
        data: Some(data.collect()),
        ..ConfigMap::default()
    })]
}

/// The variable that takes its value from this ConfigMap.
pub(super) fn env(key: &str) -> EnvVar {
    env_from_config_map(NAME, key)
}

/// The ConfigMap's content.
pub(super) fn content(spec: &InstanceSpec) -> BTreeMap<&'static str, String> {
    let hosts = |first: bool, others: bool| -> String {
        let wanted = spec
            .couchdb
            .members()
            .filter(|member| if member.is_first() { first } else { others });
        wanted
            .map(|member| spec.service_host(&member.component()))
            .collect::<Vec<_>>()
            .join(",")
    };
    let mut content = BTreeMap::from([(SERVERS, hosts(true, true))]);
    if spec.couchdb.is_clustered() {
        content.insert(PEERS, hosts(false, true));
        content.insert(ADMINS_NODE, hosts(true, false));
    }
    content
}
