//! Configurations for tests, from JSON as a state holds them.

use serde_json::{Value as Json, json};
use tf_framework::model::{FromValue, Model};
use tf_framework::value::Value;
use tf_framework::wire::json::decode_state;

use crate::k3s::cluster::model::{ClusterModel, ClusterModelDraft};

/// Only what is required, and the defaults.
pub(super) fn minimal() -> Json {
    json!({
        "version": "v1.36.3+k3s1",
        "servers": { "a": { "host": "10.0.0.1" } },
        "https_listen_port": 6443,
        "cluster_domain": "cluster.local",
        "flannel_backend": "vxlan",
        "secrets_encryption": false,
        "embedded_registry": false,
        "docker": false,
        "selinux": false,
        "kubeconfig_mode": "0600",
        "deletion_protection": true,
    })
}

/// Other servers, for [`with`].
pub(super) fn servers(servers: Json) -> Json {
    json!({ "servers": servers })
}

/// The configuration with other values for some attributes.
pub(super) fn with(changes: Json) -> Json {
    let mut configuration = minimal();
    if let (Json::Object(configuration), Json::Object(changes)) = (&mut configuration, changes) {
        configuration.extend(changes);
    }
    configuration
}

pub(super) fn model(configuration: &Json) -> ClusterModel {
    ClusterModel::from_value(&value(configuration)).expect("the configuration is complete")
}

pub(super) fn draft(configuration: &Json) -> ClusterModelDraft {
    ClusterModelDraft::from_value(&value(configuration)).expect("the configuration fits the schema")
}

fn value(configuration: &Json) -> Value {
    let value_type = ClusterModel::schema().value_type();
    decode_state(configuration.to_string().as_bytes(), &value_type).expect("the configuration fits the schema")
}
