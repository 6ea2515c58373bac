//! Configurations for tests, from JSON as a state holds them.

use serde_json::{Value as Json, json};
use tf_framework::Attr;
use tf_framework::model::{FromValue, Model};
use tf_framework::value::Value;
use tf_framework::wire::json::decode_state;

use crate::cht::instance::credentials::Credentials;
use crate::cht::instance::desired::Desired;
use crate::cht::instance::model::{InstanceModel, InstanceModelDraft};
use crate::cht::instance::record::Stage;
use crate::cht::instance::spec::{CouchDb, Member};
use crate::kubernetes::{Found, LiveObject, Object};

mod certificates;

pub(super) use certificates::{Authority, Issued};

/// Only what is required, and the defaults.
pub(super) fn minimal() -> Json {
    json!({
        "namespace": "cht-kisumu",
        "create_namespace": true,
        "cht_version": "5.3.1",
        "host": "kisumu.health.example",
        "allow_downgrade": false,
        "builds_url": "https://builds.example",
        "cluster_domain": "cluster.local",
        "deletion_protection": true,
        "retain_volumes": true,
        "couchdb": {
            "storage_size": "10Gi", "data_path": "data", "admin_user": "medic", "log_level": "info",
            "existing_data": false, "default_ulimit": false, "sys_resource": false,
        },
    })
}

/// Other values for some attributes of CouchDB, for [`with`].
pub(super) fn couchdb(changes: Json) -> Json {
    let mut couchdb = minimal()["couchdb"].take();
    if let (Json::Object(couchdb), Json::Object(changes)) = (&mut couchdb, changes) {
        couchdb.extend(changes);
    }
    json!({ "couchdb": couchdb })
}

/// CouchDB with one node of its own.
pub(super) fn couchdb_of(node: Json) -> CouchDb {
    let configuration = with(couchdb(json!({ "nodes": [node] })));
    model(&configuration).couchdb.spec()
}

pub(super) fn first_member(couchdb: &CouchDb) -> Member<'_> {
    couchdb.members().next().expect("there is one")
}

/// The configuration with other values for some root attributes.
pub(super) fn with(changes: Json) -> Json {
    let mut configuration = minimal();
    if let (Json::Object(configuration), Json::Object(changes)) = (&mut configuration, changes) {
        configuration.extend(changes);
    }
    configuration
}

pub(super) fn model(configuration: &Json) -> InstanceModel {
    InstanceModel::from_value(&value(configuration)).expect("the configuration is complete")
}

/// The state of an instance that was made with generated credentials.
pub(super) fn state(configuration: &Json) -> InstanceModel {
    let mut state = model(configuration);
    state.couchdb.admin_password = Attr::Unknown;
    credentials().store(&mut state.couchdb);
    state
}

pub(super) fn draft(configuration: &Json) -> InstanceModelDraft {
    InstanceModelDraft::from_value(&value(configuration)).expect("the configuration fits the schema")
}

pub(super) fn credentials() -> Credentials {
    Credentials {
        admin_password: "correct horse battery".into(),
        secret: "0f0e0d0c0b0a09080706050403020100".into(),
        uuid: "00112233445566778899aabbccddeeff".into(),
    }
}

/// A cluster that holds exactly what a model makes, but for the objects that `forget` names.
pub(super) fn cluster(state: &InstanceModel, stage: Stage, forget: &[&str]) -> Found {
    let desired = Desired::new(state, &credentials(), stage).expect("the model is complete");
    let live = |object: &Object| LiveObject::from_json(object.json().clone()).expect("a known kind");
    desired
        .set
        .objects()
        .filter(|object| !forget.contains(&object.key().name.as_str()))
        .map(live)
        .collect()
}

fn value(configuration: &Json) -> Value {
    let value_type = InstanceModel::schema().value_type();
    decode_state(configuration.to_string().as_bytes(), &value_type).expect("the configuration fits the schema")
}
