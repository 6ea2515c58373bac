//! Plans and validation, by the rules of a core. What needs hosts is tested with the real command line.

use serde_json::{Value, json};
use tf_framework::Model as _;
use tf_framework::model::FromValue as _;
use tf_framework::testing::{Action, Core, UNKNOWN};
use tf_framework::wire::json::decode_state;

use super::*;
use crate::provider::ChtProvider;

pub(super) fn cluster() -> Value {
    json!({
        "cluster_id": "0123456789abcdef",
        "servers": ["https://10.0.0.1:6443"],
        "ca_hash": "a".repeat(64),
        "token": format!("K10{}::node:agents", "a".repeat(64)),
        "version": "v1.36.3+k3s1",
        "external_cloud_provider": false,
        "kubernetes": { "host": "https://10.0.0.1:6443", "token": "t" },
        "max_unavailable": 1,
    })
}

fn agent(changes: Value) -> Value {
    let mut agent = json!({ "cluster": cluster(), "name": "worker-1", "host": "10.0.0.21" });
    agent
        .as_object_mut()
        .unwrap()
        .extend(changes.as_object().unwrap().clone());
    agent
}

/// An agent as operations get it.
pub(super) fn model() -> AgentModel {
    let json = agent(json!({ "docker": false, "selinux": false }));
    let value = decode_state(json.to_string().as_bytes(), &AgentModel::schema().value_type()).unwrap();
    AgentModel::from_value(&value).unwrap()
}

fn core() -> Core<ChtProvider> {
    Core::new(ChtProvider, "cht_k3s_agent")
}
