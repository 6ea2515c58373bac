//! The ConfigMap that tells HAProxy where the CouchDB nodes are.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{ConfigMap, EnvVar};

use super::Manifest;
use super::metadata::Labels;
use super::workload::env_from_config_map;
use crate::cht::instance::spec::InstanceSpec;

const NAME: &str = "couchdb-servers-configmap";

pub(super) const SERVERS: &str = "COUCHDB_SERVERS";

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
    BTreeMap::from([(SERVERS, spec.service_host("couchdb"))])
}
