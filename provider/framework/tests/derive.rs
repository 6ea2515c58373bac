//! `#[derive(Model)]`: the schema, the conversions and the constants that come out of a struct.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use tf_framework::Model;
use tf_framework::model::{
    Attr, AttributeType, ConversionError, FromValue, Timeouts, ToValue, WriteOnly, parse_duration,
};
use tf_framework::path::Path;
use tf_framework::schema::{Attribute, Kind, Nesting, PlanModifier, Presence, TimeoutDefaults, Validator};
use tf_framework::types::Type;
use tf_framework::value::Value;

/// One CHT instance.
///
/// It runs
/// anywhere.
#[derive(Model)]
#[tf(version = 2, deprecated = "Use the other one.")]
#[tf(timeouts(create = "1h30m", read = "1.5m", delete = "90s500ms"))]
pub struct InstanceModel {
    /// Namespace of the instance.
    #[tf(replace, validate(Validator::length(1..=63), Validator::one_of(["a", "b"])))]
    pub namespace: String,
    /// CHT release,
    /// without a `v`.
    #[tf(default = "5.3.1", equal = same_release)]
    pub cht_version: String,
    /// Kind of the instance.
    #[tf(replace_if = shrinks, deprecated = "It is ignored.")]
    pub r#type: Option<i64>,
    /// CouchDB.
    pub couchdb: CouchDb,
    /// Taints that are tolerated.
    pub tolerations: Option<Vec<Toleration>>,
    /// Users by name.
    pub users: BTreeMap<String, User>,
    /// Taints that are set.
    pub taints: BTreeSet<Taint>,
    /// Host names.
    #[tf(name = "hostnames")]
    pub hosts: Option<BTreeSet<String>>,
    /// Admin password.
    pub admin_password: WriteOnly<SecretString>,
    /// Generated secret.
    #[tf(optional, keep)]
    pub secret: Attr<SecretString>,
    /// Address.
    #[tf(depends_on(namespace, couchdb.volume.storage_size))]
    pub url: Attr<String>,
    /// Limits of operations.
    pub timeouts: Timeouts,
}

/// How CouchDB runs.
#[derive(Model, Debug, PartialEq)]
pub struct CouchDb {
    /// Number of nodes.
    #[tf(default = 1)]
    nodes: i64,
    /// Where data is stored.
    volume: Option<Volume>,
}

/// A volume.
#[derive(Model, Debug, PartialEq)]
pub struct Volume {
    /// Size of the volume.
    storage_size: String,
}

/// A toleration of a taint.
#[derive(Model, Debug, PartialEq)]
pub struct Toleration {
    /// Key of the taint.
    key: String,
    /// How long it is tolerated.
    seconds: Option<i64>,
}

/// A user.
#[derive(Model)]
pub struct User {
    /// Password of the user.
    password: SecretString,
}

/// A taint.
#[derive(Model, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Taint {
    /// Key of the taint.
    key: String,
}

/// Nothing to configure, and nobody else's business.
#[derive(Model, Debug)]
struct Nothing {}

fn same_release(prior: &Value, planned: &Value) -> bool {
    let number = |value: &Value| value.as_str().map(|text| text.trim_start_matches('v').to_owned());
    number(prior) == number(planned)
}

fn shrinks(prior: &Value, planned: &Value) -> bool {
    matches!((prior, planned), (Value::Number(prior), Value::Number(planned)) if planned.as_i64() < prior.as_i64())
}

fn attribute(name: &str) -> Attribute {
    InstanceModel::schema().attribute(name).unwrap().clone()
}

fn attribute_at(path: &Path) -> Attribute {
    InstanceModel::schema().attribute_at(path).unwrap().clone()
}

fn modifiers(name: &str) -> String {
    format!("{:?}", attribute(name).modifiers)
}

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

fn storage_size() -> Path {
    Path::new("couchdb").attribute("volume").attribute("storage_size")
}

fn medic_password() -> Path {
    Path::new("users").key("medic").attribute("password")
}

#[test]
fn doc_comments_become_descriptions() {
    let schema = InstanceModel::schema();
    assert_eq!(schema.description, "One CHT instance.\n\nIt runs anywhere.");
    assert_eq!(attribute("cht_version").description, "CHT release, without a `v`.");
    assert_eq!(attribute_at(&storage_size()).description, "Size of the volume.");
}

#[test]
fn options_of_the_struct_reach_the_schema() {
    let schema = InstanceModel::schema();
    assert_eq!(schema.version, 2);
    assert_eq!(schema.deprecation.as_deref(), Some("Use the other one."));
    let schema = Volume::schema();
    assert_eq!((schema.version, schema.deprecation), (0, None));
    assert_eq!(schema.timeouts, TimeoutDefaults::default());
}

#[test]
fn attributes_have_the_order_of_the_fields() {
    let attributes = Toleration::attributes();
    let names: Vec<&str> = attributes.iter().map(|attribute| attribute.name.as_str()).collect();
    assert_eq!(names, ["key", "seconds"]);
    assert_eq!(InstanceModel::attributes().len(), 12);
}

#[test]
fn types_and_options_decide_the_presence() {
    let cases = [
        ("namespace", Presence::Required),
        ("cht_version", Presence::OptionalComputed),
        ("type", Presence::Optional),
        ("couchdb", Presence::Required),
        ("tolerations", Presence::Optional),
        ("admin_password", Presence::Optional),
        ("secret", Presence::OptionalComputed),
        ("url", Presence::Computed),
        ("timeouts", Presence::Optional),
    ];
    for (name, presence) in cases {
        assert_eq!(attribute(name).presence, presence, "{name}");
    }
}

#[test]
fn secret_types_are_sensitive_and_write_only_types_write_only() {
    let flags = |attribute: Attribute| (attribute.sensitive, attribute.write_only);
    assert_eq!(flags(attribute("namespace")), (false, false));
    assert_eq!(flags(attribute("secret")), (true, false));
    assert_eq!(flags(attribute("admin_password")), (true, true));
    // Only the password in it is hidden, not the whole user.
    assert_eq!(flags(attribute("users")), (false, false));
    assert_eq!(flags(attribute_at(&medic_password())), (true, false));
}

#[test]
fn models_nest_as_single_list_map_and_set() {
    let nesting = |name: &str| match attribute(name).kind {
        Kind::Nested(nesting, attributes) => Some((nesting, attributes.len())),
        Kind::Type(_) => None,
    };
    assert_eq!(nesting("couchdb"), Some((Nesting::Single, 2)));
    assert_eq!(nesting("tolerations"), Some((Nesting::List, 2)));
    assert_eq!(nesting("users"), Some((Nesting::Map, 1)));
    assert_eq!(nesting("taints"), Some((Nesting::Set, 1)));
    assert_eq!(nesting("hostnames"), None);
    assert_eq!(attribute("hostnames").value_type(), Type::Set(Box::new(Type::String)));
}

#[test]
fn defaults_are_values() {
    assert_eq!(attribute("cht_version").default, Some("5.3.1".into()));
    assert_eq!(
        attribute_at(&Path::new("couchdb").attribute("nodes")).default,
        Some(1.into())
    );
    assert_eq!(attribute("namespace").default, None);
}

#[test]
fn options_become_plan_modifiers() {
    assert_eq!(modifiers("namespace"), "[Replace]");
    assert_eq!(modifiers("secret"), "[Keep]");
    assert_eq!(modifiers("cht_version"), "[]");
    let [PlanModifier::DependsOn(paths)] = &attribute("url").modifiers[..] else {
        panic!("{}", modifiers("url"));
    };
    assert_eq!(*paths, [Path::new("namespace"), storage_size()]);
    let [PlanModifier::ReplaceIf(function)] = attribute("type").modifiers[..] else {
        panic!("{}", modifiers("type"));
    };
    assert!(function(&2.into(), &1.into()) && !function(&1.into(), &2.into()));
}

#[test]
fn validators_equality_and_deprecation_are_attached() {
    let validators = attribute("namespace").validators;
    let descriptions: Vec<&str> = validators.iter().map(Validator::description).collect();
    assert_eq!(descriptions, ["length 1 to 63", "one of `a`, `b`"]);
    let equal = attribute("cht_version").semantic_equality.unwrap();
    assert!(equal(&"v5.3.1".into(), &"5.3.1".into()));
    assert!(attribute("namespace").semantic_equality.is_none());
    assert_eq!(attribute("type").deprecation.as_deref(), Some("It is ignored."));
}

#[test]
fn timeouts_have_the_defaults_of_the_struct() {
    let expected = TimeoutDefaults {
        create: parse_duration("1h30m").unwrap(),
        read: parse_duration("1.5m").unwrap(),
        update: Duration::from_secs(20 * 60),
        delete: parse_duration("90s500ms").unwrap(),
    };
    assert_eq!(InstanceModel::schema().timeouts, expected);
    let description = attribute_at(&Path::new("timeouts").attribute("create")).description;
    assert!(description.ends_with("Default: `1h30m`."), "{description}");
}

#[test]
fn constants_hold_the_names_of_attributes() {
    assert_eq!(InstanceModel::ADMIN_PASSWORD, "admin_password");
    assert_eq!(InstanceModel::TYPE, "type");
    assert_eq!(InstanceModel::HOSTS, "hostnames");
    assert_eq!(Volume::STORAGE_SIZE, "storage_size");
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
