//! One request for each call that can be deferred, from a core with these capabilities.

use serde_json::json;
use tfplugin::tfplugin6 as proto;

use crate::client::{encoded, thing};

pub(super) fn existing() -> Option<proto::DynamicValue> {
    thing(&json!({ "name": "a", "size": 1, "id": "a-id", "revision": 1 }))
}

pub(super) fn reading(client_capabilities: Option<proto::ClientCapabilities>) -> proto::read_resource::Request {
    proto::read_resource::Request {
        type_name: "test_thing".to_owned(),
        current_state: existing(),
        private: br#"{"passphrase_length":3}"#.as_slice().into(),
        client_capabilities,
        ..Default::default()
    }
}

pub(super) fn planning(client_capabilities: Option<proto::ClientCapabilities>) -> proto::plan_resource_change::Request {
    let config = thing(&json!({ "name": "a", "size": 2 }));
    proto::plan_resource_change::Request {
        type_name: "test_thing".to_owned(),
        prior_state: existing(),
        proposed_new_state: config.clone(),
        config,
        prior_private: b"kept".as_slice().into(),
        client_capabilities,
        ..Default::default()
    }
}

pub(super) fn import(client_capabilities: Option<proto::ClientCapabilities>) -> proto::import_resource_state::Request {
    proto::import_resource_state::Request {
        type_name: "test_thing".to_owned(),
        id: "a-id".to_owned(),
        client_capabilities,
        ..Default::default()
    }
}

pub(super) fn look_up(client_capabilities: Option<proto::ClientCapabilities>) -> proto::read_data_source::Request {
    proto::read_data_source::Request {
        type_name: "test_thing".to_owned(),
        config: encoded(&json!({ "name": "a", "size": null })),
        client_capabilities,
        ..Default::default()
    }
}

pub(super) fn opening(
    client_capabilities: Option<proto::ClientCapabilities>,
) -> proto::open_ephemeral_resource::Request {
    proto::open_ephemeral_resource::Request {
        type_name: "test_pass".to_owned(),
        config: encoded(&json!({ "name": "a", "hours": null, "token": null })),
        client_capabilities,
    }
}
