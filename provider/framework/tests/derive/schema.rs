//! The schema and the constants.

use std::time::Duration;

use tf_framework::model::{Sensitive, ToValue, parse_duration};
use tf_framework::path::Path;
use tf_framework::schema::{
    Attribute, Kind, Nesting, PlanModifier, Presence, SemanticEquality, TimeoutDefaults, Validator,
};
use tf_framework::types::Type;
use tf_framework::value::Value;
use tf_framework::{Model, WriteOnly};

use crate::{InstanceModel, Toleration, Volume, medic_password, storage_size};

fn attribute(name: &str) -> Attribute {
    InstanceModel::schema().attribute(name).unwrap().clone()
}

fn attribute_at(path: &Path) -> Attribute {
    InstanceModel::schema().attribute_at(path).unwrap().clone()
}

fn modifiers(name: &str) -> String {
    format!("{:?}", attribute(name).modifiers)
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
fn a_write_only_attribute_can_be_required() {
    /// A vault.
    #[derive(Model)]
    struct Vault {
        /// Its key.
        #[tf(required)]
        key: WriteOnly<Sensitive<i64>>,
    }
    let key = Vault::schema().attribute("key").unwrap().clone();
    assert_eq!(
        (key.presence, key.write_only, key.sensitive),
        (Presence::Required, true, true)
    );
    assert_eq!(Vault::schema().lint(), Vec::<String>::new());
    let vault = Vault {
        key: WriteOnly::new(Some(Sensitive::new(1))),
    };
    assert_eq!(vault.to_value(), Value::object([("key", Value::Null)]));
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
    assert_eq!(descriptions, ["of length 1 to 63", "one of `a`, `b`"]);
    let Some(SemanticEquality::Values(equal)) = attribute("cht_version").semantic_equality else {
        panic!("no equality");
    };
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

/// A way to a server.
#[derive(Model)]
#[tf(exactly_one_of(host, servers))]
struct Way {
    /// Its host.
    #[tf(conflicts_with(servers[*].host), requires(region))]
    host: Option<String>,
    /// Its region.
    #[tf(modify = keep_case, replace_if_configured)]
    region: Option<String>,
    /// Several of them.
    servers: Option<Vec<Server>>,
    /// Its id.
    #[tf(keep_non_null)]
    id: tf_framework::Attr<String>,
}

/// A server.
#[derive(Model)]
struct Server {
    /// Its host.
    #[tf(at_least_one_of(super.region))]
    host: Option<String>,
}

fn keep_case(prior: &Value, _: &Value, planned: Value) -> Value {
    if prior.is_null() { planned } else { prior.clone() }
}

#[test]
fn relations_and_modifiers_are_declared_where_they_are_written() {
    let attributes = Way::attributes();
    let relations = |name: &str| {
        let attribute = attributes.iter().find(|attribute| attribute.name == name).unwrap();
        let described: Vec<String> = attribute
            .relations
            .iter()
            .map(|relation| {
                let paths: Vec<String> = relation.paths().iter().map(ToString::to_string).collect();
                let kind = format!("{relation:?}");
                format!("{} {}", kind.split('(').next().unwrap(), paths.join(", "))
            })
            .collect();
        described
    };
    let of_host = [
        "ConflictsWith servers[*].host",
        "Requires region",
        "ExactlyOneOf host, servers",
    ];
    assert_eq!(relations("host"), of_host);
    assert_eq!(
        Server::attributes()[0].relations[0].paths()[1].to_string(),
        "super.region"
    );
    let modifiers: Vec<String> = attributes.iter().map(|one| format!("{:?}", one.modifiers)).collect();
    assert_eq!(
        modifiers,
        ["[]", "[ReplaceIfConfigured, Custom]", "[]", "[KeepNonNull]"]
    );
    assert_eq!(Way::schema().lint(), Vec::<String>::new());
}
