//! The conversions of models and drafts.

use std::collections::{BTreeMap, BTreeSet};

use secrecy::ExposeSecret;
use tf_framework::model::{Attr, AttributeType, ConversionError, FromValue, Timeouts, ToValue};
use tf_framework::path::Path;
use tf_framework::schema::{Kind, Nesting};
use tf_framework::value::Value;

use crate::{
    CouchDb, CouchDbDraft, InstanceModel, InstanceModelDraft, Nothing, Toleration, Volume, medic_password, storage_size,
};

/// A configured instance in the words of the core.
fn instance() -> Value {
    let toleration = |key: &str, seconds: Value| Value::object([("key", key.into()), ("seconds", seconds)]);
    let volume = Value::object([("storage_size", "10Gi".into())]);
    let user = Value::object([("password", "hush".into())]);
    let taints = ["x", "y"].map(|key| Value::object([("key", key.into())]));
    let tolerations = vec![toleration("spot", 30.into()), toleration("arm", Value::Null)];
    Value::object([
        ("namespace", "a".into()),
        ("cht_version", "5.3.1".into()),
        ("type", Value::Null),
        ("couchdb", Value::object([("nodes", 3.into()), ("volume", volume)])),
        ("tolerations", Value::List(tolerations)),
        ("users", Value::Map(BTreeMap::from([("medic".to_owned(), user)]))),
        ("taints", Value::set(taints)),
        ("hostnames", Value::set(["cht.example".into()])),
        ("admin_password", Value::Null),
        ("secret", Value::UNKNOWN),
        ("url", "https://cht.example".into()),
        ("timeouts", Value::Null),
    ])
}

/// The instance with another value at a path.
fn instance_with(path: &Path, value: Value) -> Value {
    let mut instance = instance();
    assert!(path.set(&mut instance, value), "no {path}");
    instance
}

fn conversion_error(path: &Path, value: Value) -> ConversionError {
    match InstanceModel::from_value(&instance_with(path, value)) {
        Ok(_) => panic!("{path} was accepted"),
        Err(error) => error,
    }
}

#[test]
fn a_model_is_read_from_a_value() {
    let model = InstanceModel::from_value(&instance()).unwrap();
    let volume = Volume {
        storage_size: "10Gi".to_owned(),
    };
    let couchdb = CouchDb {
        nodes: 3,
        volume: Some(volume),
    };
    let tolerations = [("spot", Some(30)), ("arm", None)].map(|(key, seconds)| Toleration {
        key: key.to_owned(),
        seconds,
    });
    let taints: Vec<&str> = model.taints.iter().map(|taint| taint.key.as_str()).collect();
    assert_eq!(model.namespace, "a");
    assert_eq!(model.r#type, None);
    assert_eq!(model.couchdb, couchdb);
    assert_eq!(model.tolerations.as_deref(), Some(&tolerations[..]));
    assert_eq!(model.users["medic"].password.expose_secret(), "hush");
    assert_eq!(taints, ["x", "y"]);
    assert_eq!(model.hosts, Some(BTreeSet::from(["cht.example".to_owned()])));
    assert!(model.secret.is_unknown());
    assert_eq!(model.url, Attr::Known("https://cht.example".to_owned()));
    assert_eq!(model.timeouts, Timeouts::default());
}

#[test]
fn a_model_becomes_the_value_that_it_was_read_from() {
    let limits = Value::object([
        ("create", "5m".into()),
        ("read", Value::Null),
        ("update", Value::Null),
        ("delete", Value::Null),
    ]);
    for value in [
        instance(),
        instance_with(&Path::new("timeouts"), limits),
        instance_with(&Path::new("couchdb").attribute("volume"), Value::Null),
        instance_with(&Path::new("tolerations"), Value::Null),
        instance_with(&Path::new("secret"), "generated".into()),
    ] {
        assert_eq!(InstanceModel::from_value(&value).unwrap().to_value(), value);
    }
}

#[test]
fn a_write_only_attribute_is_read_and_never_written() {
    let value = instance_with(&Path::new("admin_password"), "hush".into());
    let model = InstanceModel::from_value(&value).unwrap();
    let password = model.admin_password.get().map(ExposeSecret::expose_secret);
    assert_eq!(password, Some("hush"));
    assert_eq!(model.to_value(), instance());
}

#[test]
fn a_misfit_is_reported_with_its_whole_path() {
    let key = Path::new("tolerations").index(1).attribute("key");
    let cases = [
        (Path::new("namespace"), Value::Null, "expected a string, found null"),
        (Path::new("couchdb"), Value::Null, "expected an object, found null"),
        (
            Path::new("couchdb"),
            Value::UNKNOWN,
            "expected an object, found an unknown value",
        ),
        (
            storage_size(),
            Value::UNKNOWN,
            "expected a string, found an unknown value",
        ),
        (key, 1.into(), "expected a string, found a number"),
        (medic_password(), Value::Null, "expected a string, found null"),
        (
            Path::new("hostnames"),
            Value::UNKNOWN,
            "expected a set, found an unknown value",
        ),
    ];
    for (path, value, message) in cases {
        let error = conversion_error(&path, value);
        assert_eq!((error.to_string().as_str(), error.path), (message, path));
    }
}

#[test]
fn a_misfit_in_a_set_is_reported_with_its_element() {
    let element = Value::object([("key", Value::UNKNOWN)]);
    let error = conversion_error(&Path::new("taints"), Value::set([element]));
    assert_eq!(error.path.to_string(), "taints[...].key");
}

#[test]
fn what_is_no_object_is_no_model() {
    for value in [Value::Null, Value::UNKNOWN, "x".into()] {
        assert!(CouchDb::from_value(&value).is_err());
        assert!(CouchDbDraft::from_value(&value).is_err());
        assert!(Nothing::from_value(&value).is_err());
    }
}

#[test]
fn an_absent_attribute_counts_as_null() {
    let toleration = Toleration::from_value(&Value::object([("key", "spot".into())])).unwrap();
    assert_eq!(toleration.seconds, None);
    let error = Toleration::from_value(&Value::Object(BTreeMap::new())).unwrap_err();
    assert_eq!(error.path, Path::new("key"));
}

#[test]
fn a_draft_takes_null_and_unknown_at_each_level() {
    let draft = |path: &Path, value: Value| InstanceModelDraft::from_value(&instance_with(path, value)).unwrap();
    assert!(draft(&Path::new("namespace"), Value::UNKNOWN).namespace.is_unknown());
    assert!(draft(&Path::new("namespace"), Value::Null).namespace.is_null());
    assert!(draft(&Path::new("couchdb"), Value::UNKNOWN).couchdb.is_unknown());

    let couchdb = draft(&storage_size(), Value::UNKNOWN).couchdb.into_known().unwrap();
    assert_eq!(couchdb.nodes, Attr::Known(3));
    assert!(couchdb.volume.into_known().unwrap().storage_size.is_unknown());

    let first = Path::new("tolerations").index(0);
    let tolerations = draft(&first, Value::UNKNOWN).tolerations.into_known().unwrap();
    assert!(tolerations[0].is_unknown());
    assert_eq!(tolerations[1].known().unwrap().key, Attr::Known("arm".to_owned()));

    let users = draft(&medic_password(), Value::UNKNOWN).users.into_known().unwrap();
    assert!(users["medic"].known().unwrap().password.is_unknown());

    let limits = Value::object([("create", Value::UNKNOWN)]);
    let timeouts = draft(&Path::new("timeouts"), limits).timeouts.into_known().unwrap();
    assert!(timeouts.attribute_or_null("create").is_unknown());
}

#[test]
fn the_draft_of_a_set_takes_unknown_elements_and_parts() {
    let taints = Value::set([Value::object([("key", Value::UNKNOWN)]), Value::UNKNOWN]);
    let draft = InstanceModelDraft::from_value(&instance_with(&Path::new("taints"), taints)).unwrap();
    let taints = draft.taints.into_known().unwrap().0;
    assert_eq!(taints.len(), 2);
    assert_eq!(taints.iter().filter(|taint| taint.is_unknown()).count(), 1);
    assert!(
        taints
            .iter()
            .filter_map(Attr::known)
            .all(|taint| taint.key.is_unknown())
    );
}

#[test]
fn a_draft_without_unknowns_is_the_model() {
    let path = Path::new("admin_password");
    for value in [instance(), instance_with(&path, "hush".into())] {
        let known = InstanceModelDraft::from_value(&value).unwrap().known().unwrap();
        let model = InstanceModel::from_value(&value).unwrap();
        assert_eq!(known.to_value(), model.to_value());
        assert_eq!(
            known.admin_password.get().is_some(),
            model.admin_password.get().is_some()
        );
    }
}

#[test]
fn a_draft_that_lacks_something_is_no_model() {
    let key = Path::new("tolerations").index(1).attribute("key");
    let limits = Value::object([("create", Value::UNKNOWN)]);
    for (path, value) in [
        (Path::new("namespace"), Value::UNKNOWN),
        (Path::new("namespace"), Value::Null),
        (Path::new("type"), Value::UNKNOWN),
        (Path::new("hostnames"), Value::set([Value::UNKNOWN])),
        (Path::new("admin_password"), Value::UNKNOWN),
        (Path::new("timeouts"), limits),
        (storage_size(), Value::UNKNOWN),
        (medic_password(), Value::UNKNOWN),
        (key, Value::UNKNOWN),
    ] {
        let draft = InstanceModelDraft::from_value(&instance_with(&path, value)).unwrap();
        assert!(draft.known().is_none(), "{path}");
    }
}

#[test]
fn a_misfit_in_a_draft_is_reported_with_its_whole_path() {
    let path = Path::new("tolerations").index(1).attribute("seconds");
    let error = InstanceModelDraft::from_value(&instance_with(&path, "soon".into())).unwrap_err();
    assert_eq!(error.path, path);
}

#[test]
fn a_draft_hides_secrets_from_debug_output() {
    let value = instance_with(&Path::new("secret"), "generated".into());
    let text = format!("{:?}", InstanceModelDraft::from_value(&value).unwrap());
    assert!(text.contains("cht.example"), "{text}");
    assert!(!text.contains("generated") && !text.contains("hush"), "{text}");
}

#[test]
fn a_model_without_attributes_is_an_empty_object() {
    let empty = Value::Object(BTreeMap::new());
    assert_eq!(Nothing::from_value(&empty).unwrap().to_value(), empty);
    assert!(matches!(Nothing::kind(), Kind::Nested(Nesting::Single, attributes) if attributes.is_empty()));
}
