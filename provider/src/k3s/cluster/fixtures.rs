//! Configurations for tests, from JSON as a state holds them.

use serde_json::{Value as Json, json};
use tf_framework::Attr;
use tf_framework::model::{FromValue, Model};
use tf_framework::value::Value;
use tf_framework::wire::json::decode_state;

use crate::k3s::cluster::model::{ClusterModel, ClusterModelDraft};
use crate::k3s::config::Role;
use crate::k3s::fleet::Looked;
use crate::k3s::host::Probed;
use crate::k3s::marker::{Marker, Phase};
use crate::k3s::probe::{HostState, UnitState};

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

/// A cluster of the servers `a` and `b`, which was begun.
pub(super) fn cluster() -> ClusterModel {
    let mut cluster = model(&with(servers(
        json!({"a": {"host": "10.0.0.1"}, "b": {"host": "10.0.0.2"}}),
    )));
    cluster.id = Attr::Known("c1".to_owned());
    cluster.ca_hash = Attr::Known("ca".to_owned());
    cluster
}

/// A host as a server of the cluster has it.
pub(super) fn server(name: &str) -> HostState {
    HostState {
        marker: Some(Marker::new("c1", name, Role::Server, Phase::Joined)),
        server_unit: Some(UnitState::default()),
        ca_sha256: Some("ca".to_owned()),
        readyz: Some(Ok(())),
        ..HostState::default()
    }
}

/// What `a` and `b` answered.
pub(super) fn looked(states: [HostState; 2]) -> Looked {
    let mut looked = Looked::default();
    for (name, state) in ["a", "b"].into_iter().zip(states) {
        looked.hosts.insert(name.to_owned(), Ok(Probed { state, asked_at: 0 }));
    }
    looked
}

fn value(configuration: &Json) -> Value {
    let value_type = ClusterModel::schema().value_type();
    decode_state(configuration.to_string().as_bytes(), &value_type).expect("the configuration fits the schema")
}
