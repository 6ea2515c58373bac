//! One test for each rule of planning, and for each trap that has a rule against it.

use super::*;
use crate::lifecycle::fixtures::{attribute, nested, object, schema};
use crate::model::{Attr, Timeouts, WriteOnly};
use crate::schema::{Attribute, Nesting, PlanModifier, Presence, SemanticEquality};

mod block;
mod dynamic;
mod hook;
mod replace;
mod set;
mod set_issue;
mod trap;

/// A schema with one attribute of each kind that planning treats in its own way.
pub(super) fn server() -> Schema {
    schema(vec![
        attribute::<String>("name").requires_replace(),
        attribute::<Option<String>>("label"),
        attribute::<String>("size").default_value("small"),
        attribute::<Attr<String>>("id").keep(),
        attribute::<Attr<String>>("url").modifier(PlanModifier::DependsOn(vec!["name".into()])),
        attribute::<Attr<String>>("status"),
        attribute::<WriteOnly<String>>("password"),
        attribute::<Timeouts>("timeouts"),
    ])
}

pub(super) fn deployed(schema: &Schema) -> Value {
    object(
        schema,
        [
            ("name", "a".into()),
            ("size", "small".into()),
            ("id", "1".into()),
            ("url", "http://a".into()),
            ("status", "up".into()),
        ],
    )
}

pub(super) fn plan(schema: &Schema, prior: &Value, config: &Value) -> Planned {
    Planning::new(schema, prior, config, config)
        .and_then(Planning::finish)
        .unwrap_or_else(|diagnostics| panic!("{diagnostics}"))
}

fn limits(create: &str) -> Value {
    Value::object([
        ("create", create.into()),
        ("read", Value::Null),
        ("update", Value::Null),
        ("delete", Value::Null),
    ])
}

#[test]
fn a_creation_plans_defaults_and_leaves_computed_attributes_unknown() {
    let schema = server();
    let config = object(&schema, [("name", "a".into()), ("password", "secret".into())]);
    let planned = plan(&schema, &Value::Null, &config);
    let expected = object(
        &schema,
        [
            ("name", "a".into()),
            ("size", "small".into()),
            ("id", Value::UNKNOWN),
            ("url", Value::UNKNOWN),
            ("status", Value::UNKNOWN),
        ],
    );
    assert_eq!(planned.value, expected);
    assert_eq!(planned.requires_replace, []);
}

#[test]
fn an_unchanged_configuration_plans_the_prior_state() {
    let schema = server();
    let prior = deployed(&schema);
    let config = object(&schema, [("name", "a".into()), ("password", "new secret".into())]);
    let planning = Planning::new(&schema, &prior, &config, &config).unwrap();
    assert_eq!(planning.action(), Action::NoChange);
    assert_eq!(planning.finish().unwrap().value, prior);
}

#[test]
fn a_change_makes_only_those_computed_attributes_unknown_that_may_change() {
    let schema = server();
    let prior = deployed(&schema);
    let config = object(&schema, [("name", "a".into()), ("label", "x".into())]);
    let planned = plan(&schema, &prior, &config).value;
    assert_eq!(planned.attribute("id"), Some(&"1".into()));
    assert_eq!(planned.attribute("url"), Some(&"http://a".into()));
    assert_eq!(planned.attribute("status"), Some(&Value::UNKNOWN));

    let renamed = object(&schema, [("name", "b".into())]);
    let planned = plan(&schema, &prior, &renamed).value;
    assert_eq!(planned.attribute("url"), Some(&Value::UNKNOWN));
}

#[test]
fn a_value_that_depends_on_a_dependent_one_follows_it() {
    let depends_on =
        |name: &str, on: &str| attribute::<Attr<String>>(name).modifier(PlanModifier::DependsOn(vec![on.into()]));
    let schema = schema(vec![
        depends_on("link", "url"),
        depends_on("url", "name"),
        attribute::<String>("name"),
        attribute::<Option<String>>("label"),
    ]);
    let prior = object(
        &schema,
        [("name", "a".into()), ("url", "u".into()), ("link", "l".into())],
    );
    let labeled = object(&schema, [("name", "a".into()), ("label", "x".into())]);
    assert_eq!(
        plan(&schema, &prior, &labeled).value.attribute("link"),
        Some(&"l".into())
    );
    let renamed = object(&schema, [("name", "b".into())]);
    assert_eq!(
        plan(&schema, &prior, &renamed).value.attribute("link"),
        Some(&Value::UNKNOWN)
    );
}

#[test]
fn timeouts_change_nothing_but_themselves() {
    let schema = server();
    let prior = deployed(&schema);
    let config = object(&schema, [("name", "a".into()), ("timeouts", limits("1h"))]);
    let planning = Planning::new(&schema, &prior, &config, &config).unwrap();
    assert!(!planning.changed(&Path::root()));
    assert!(planning.changed(&"timeouts".into()));
    assert_eq!(planning.action(), Action::Update);
    let planned = planning.finish().unwrap().value;
    assert_eq!(planned.attribute("timeouts"), Some(&limits("1h")));
    assert_eq!(planned.attribute("status"), Some(&"up".into()));
}

#[test]
fn a_spelling_that_means_the_same_is_no_change() {
    let schema = schema(vec![
        Attribute {
            semantic_equality: Some(SemanticEquality::Values(|a, b| {
                a.as_str().map(str::to_lowercase) == b.as_str().map(str::to_lowercase)
            })),
            ..attribute::<String>("zone").requires_replace()
        },
        attribute::<Attr<String>>("status"),
    ]);
    let prior = object(&schema, [("zone", "AFRICA".into()), ("status", "up".into())]);
    let config = object(&schema, [("zone", "africa".into())]);
    assert_eq!(plan(&schema, &prior, &config).value, prior);
    let unknown = object(&schema, [("zone", Value::UNKNOWN)]);
    assert_eq!(
        plan(&schema, &prior, &unknown).value.attribute("zone"),
        Some(&Value::UNKNOWN)
    );
}

#[test]
fn a_deletion_plans_nothing_at_all() {
    let schema = server();
    let prior = deployed(&schema);
    let planning = Planning::new(&schema, &prior, &Value::Null, &Value::Null).unwrap();
    assert_eq!(planning.action(), Action::Delete);
    let planned = planning.finish().unwrap();
    assert_eq!((planned.value, planned.requires_replace), (Value::Null, Vec::new()));
}

#[test]
fn elements_keep_their_computed_values_by_index_and_key() {
    let port = || vec![attribute::<i64>("number"), attribute::<Attr<String>>("id").keep()];
    for (nesting, collect) in [
        (Nesting::List, Value::List as fn(Vec<Value>) -> Value),
        (Nesting::Map, |elements| {
            Value::Map(["a", "b"].iter().map(|key| (*key).to_owned()).zip(elements).collect())
        }),
    ] {
        let schema = schema(vec![nested("ports", nesting, Presence::Required, port())]);
        let port = |number: i64, id: Value| Value::object([("number", number.into()), ("id", id)]);
        let prior = object(&schema, [("ports", collect(vec![port(1, "x".into())]))]);
        let config = object(
            &schema,
            [("ports", collect(vec![port(9, Value::Null), port(2, Value::Null)]))],
        );
        let expected = collect(vec![port(9, "x".into()), port(2, Value::UNKNOWN)]);
        assert_eq!(plan(&schema, &prior, &config).value.attribute("ports"), Some(&expected));
    }
}

#[test]
fn an_unknown_collection_is_planned_unknown_and_an_empty_one_is_not_null() {
    for nesting in [Nesting::Single, Nesting::List, Nesting::Set, Nesting::Map] {
        let schema = schema(vec![nested(
            "rules",
            nesting,
            Presence::Optional,
            vec![attribute::<String>("port").default_value("1")],
        )]);
        for rules in [Value::UNKNOWN, Value::Null] {
            let config = object(&schema, [("rules", rules)]);
            assert_eq!(plan(&schema, &Value::Null, &config).value, config);
        }
    }
    let schema = schema(vec![nested(
        "rules",
        Nesting::Set,
        Presence::Optional,
        vec![attribute::<i64>("port")],
    )]);
    let prior = object(&schema, []);
    let config = object(&schema, [("rules", Value::set([]))]);
    assert_eq!(plan(&schema, &prior, &config).value, config);
}

#[test]
fn removing_an_optional_computed_nested_attribute_is_a_change() {
    let inner = || {
        vec![
            attribute::<Option<String>>("class"),
            attribute::<Attr<String>>("address"),
        ]
    };
    let ingress = |class: Value, address: Value| Value::object([("class", class), ("address", address)]);
    let removed = |attribute: Attribute| {
        let schema = schema(vec![attribute]);
        let prior = object(&schema, [("ingress", ingress("nginx".into(), "10".into()))]);
        let config = object(&schema, []);
        plan(&schema, &prior, &config)
            .value
            .attribute_or_null("ingress")
            .clone()
    };
    let attribute = nested("ingress", Nesting::Single, Presence::OptionalComputed, inner());
    assert_eq!(removed(attribute.clone()), Value::UNKNOWN);
    assert_eq!(removed(attribute.keep()), ingress("nginx".into(), "10".into()));
}

#[test]
fn a_default_of_a_nested_attribute_is_planned_like_a_configuration() {
    let inner = vec![
        attribute::<String>("class").default_value("nginx"),
        attribute::<Attr<String>>("address"),
    ];
    let ingress = |class: Value, address: Value| Value::object([("class", class), ("address", address)]);
    let schema = schema(vec![
        nested("ingress", Nesting::Single, Presence::Optional, inner).default_value(ingress(Value::Null, Value::Null)),
    ]);
    let config = object(&schema, []);
    let planned = plan(&schema, &Value::Null, &config).value;
    assert_eq!(
        planned.attribute("ingress"),
        Some(&ingress("nginx".into(), Value::UNKNOWN))
    );
}

#[test]
fn write_only_attributes_are_planned_null_wherever_they_are() {
    let inner = vec![attribute::<String>("user"), attribute::<WriteOnly<String>>("password")];
    let schema = schema(vec![nested("logins", Nesting::List, Presence::Optional, inner)]);
    let login = |password: Value| {
        let login = Value::object([("user", "u".into()), ("password", password)]);
        object(&schema, [("logins", Value::List(vec![login]))])
    };
    let planned = plan(&schema, &Value::Null, &login("secret".into())).value;
    assert_eq!(planned, login(Value::Null));
    let unknown = plan(&schema, &planned, &login(Value::UNKNOWN)).value;
    assert_eq!(unknown, planned);
}

#[test]
fn modifiers_keep_replace_and_change_what_is_planned() {
    let shout: fn(&Value, &Value, Value) -> Value = |prior, config, planned| {
        let same = prior.as_str().map(str::to_lowercase) == config.as_str().map(str::to_lowercase);
        if same { prior.clone() } else { planned }
    };
    let schema = schema(vec![
        attribute::<String>("name"),
        attribute::<Attr<String>>("kept").keep(),
        attribute::<Attr<String>>("decided").modifier(PlanModifier::KeepNonNull),
        attribute::<Option<String>>("zone").modifier(PlanModifier::Custom(shout)),
        attribute::<Attr<String>>("class")
            .optional_computed()
            .modifier(PlanModifier::ReplaceIfConfigured),
    ]);
    let prior = object(
        &schema,
        [("name", "a".into()), ("zone", "EU".into()), ("class", "old".into())],
    );
    let plan = |zone: &str, class: Value| {
        let config = object(&schema, [("name", "b".into()), ("zone", zone.into()), ("class", class)]);
        let planning = Planning::new(&schema, &prior, &config, &config).unwrap();
        planning.finish().unwrap()
    };
    let planned = plan("eu", Value::Null);
    for (name, expected) in [
        ("kept", Value::Null),
        ("decided", Value::UNKNOWN),
        ("zone", "EU".into()),
        ("class", Value::UNKNOWN),
    ] {
        assert_eq!(*planned.value.attribute_or_null(name), expected, "{name}");
    }
    assert_eq!(planned.requires_replace, []);
    let planned = plan("us", "new".into());
    assert_eq!(*planned.value.attribute_or_null("zone"), "us".into());
    assert_eq!(planned.requires_replace, ["class".into()]);
}
