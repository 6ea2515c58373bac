//! Symptoms that sets of objects have in other frameworks, and what is planned here instead. The cores try the same:
//! `acceptance-tests/tests/judges/features/sets.rs`.

use super::*;
use crate::lifecycle::check::assert_replan_compatible;
use crate::lifecycle::fixtures::{attribute, block, nested, object, schema};
use crate::model::Attr;
use crate::schema::{Attribute, Nesting, Presence};

/// A set `parts` of such elements, as a nested attribute and as blocks.
fn both(attributes: &[Attribute]) -> [Schema; 2] {
    [
        schema(vec![nested(
            "parts",
            Nesting::Set,
            Presence::Required,
            attributes.to_vec(),
        )]),
        schema(vec![block("parts", Nesting::Set, attributes.to_vec())]),
    ]
}

fn state(schema: &Schema, parts: impl IntoIterator<Item = Value>) -> Value {
    object(schema, [("parts", Value::set(parts))])
}

/// hashicorp/terraform-plugin-framework#783: a default replaced what was configured, and elements became one.
#[test]
fn a_default_in_a_set_does_not_replace_configured_values_and_no_element_vanishes() {
    let attributes = [
        attribute::<String>("fruit").default_value("orange"),
        attribute::<String>("other").default_value("other"),
    ];
    let part = |fruit: Value, other: Value| Value::object([("fruit", fruit), ("other", other)]);
    for schema in both(&attributes) {
        let config = state(
            &schema,
            ["apple", "banana", "kumquat"].map(|fruit| part(fruit.into(), Value::Null)),
        );
        let expected = state(
            &schema,
            ["apple", "banana", "kumquat"].map(|fruit| part(fruit.into(), "other".into())),
        );
        assert_eq!(plan(&schema, &Value::Null, &config).value, expected);
        assert_eq!(plan(&schema, &expected, &config).value, expected);
        let fewer = state(
            &schema,
            [part("apple".into(), Value::Null), part(Value::Null, Value::Null)],
        );
        let expected_fewer = state(
            &schema,
            [
                part("apple".into(), "other".into()),
                part("orange".into(), "other".into()),
            ],
        );
        assert_eq!(plan(&schema, &expected, &fewer).value, expected_fewer);
    }
}

/// hashicorp/terraform-plugin-framework#867: with two defaults, each apply planned the other values again.
#[test]
fn two_defaults_in_the_elements_of_a_set_do_not_flip_flop() {
    let attributes = [
        attribute::<String>("name"),
        attribute::<bool>("one").default_value(false),
        attribute::<bool>("two").default_value(false),
    ];
    let part = |name: &str, one: Value, two: Value| Value::object([("name", name.into()), ("one", one), ("two", two)]);
    for schema in both(&attributes) {
        let config = state(
            &schema,
            [
                part("a", true.into(), Value::Null),
                part("b", Value::Null, true.into()),
                part("c", Value::Null, Value::Null),
            ],
        );
        let expected = state(
            &schema,
            [
                part("a", true.into(), false.into()),
                part("b", false.into(), true.into()),
                part("c", false.into(), false.into()),
            ],
        );
        let mut prior = Value::Null;
        for _ in 0..3 {
            prior = plan(&schema, &prior, &config).value;
            assert_eq!(prior, expected);
        }
    }
}

/// hashicorp/terraform-plugin-framework#1036: with a default beside it, a configured sensitive attribute was lost, and
/// the whole set was removed and made again.
#[test]
fn a_sensitive_attribute_beside_a_default_in_a_set_keeps_what_is_configured() {
    let secrets = Attribute {
        sensitive: true,
        ..nested(
            "secrets",
            Nesting::Set,
            Presence::Optional,
            vec![attribute::<String>("value")],
        )
    };
    let attributes = [
        attribute::<String>("name"),
        attribute::<bool>("default_row").default_value(false),
        secrets.default_value(Value::set([])),
    ];
    let part = |name: &str, row: Value, secrets: Value| {
        Value::object([("name", name.into()), ("default_row", row), ("secrets", secrets)])
    };
    let secret = |value: &str| Value::set([Value::object([("value", value.into())])]);
    for schema in both(&attributes) {
        let config = state(
            &schema,
            [
                part("a", Value::Null, secret("hunter1")),
                part("b", true.into(), secret("hunter2")),
                part("c", Value::Null, Value::Null),
            ],
        );
        let expected = state(
            &schema,
            [
                part("a", false.into(), secret("hunter1")),
                part("b", true.into(), secret("hunter2")),
                part("c", false.into(), Value::set([])),
            ],
        );
        let created = plan(&schema, &Value::Null, &config).value;
        assert_eq!(created, expected);
        assert_eq!(plan(&schema, &created, &config).value, created);
    }
}

/// hashicorp/terraform-plugin-framework#898: the computed attribute was unknown in every plan, as the core proposes to
/// remove what the provider put into the set or list beside it.
#[test]
fn a_computed_attribute_beside_a_set_that_the_provider_filled_is_not_unknown_in_every_plan() {
    for nesting in [Nesting::Set, Nesting::List] {
        let filled = nested(
            "parts",
            nesting,
            Presence::OptionalComputed,
            vec![attribute::<String>("name")],
        )
        .keep();
        let schema = schema(vec![attribute::<Attr<String>>("readonly"), filled]);
        let parts = vec![Value::object([("name", "example".into())])];
        let parts = match nesting {
            Nesting::Set => Value::set(parts),
            Nesting::List | Nesting::Single | Nesting::Map => Value::List(parts),
        };
        let prior = object(&schema, [("readonly", "example".into()), ("parts", parts)]);
        let config = object(&schema, []);
        let proposed = crate::lifecycle::proposed::proposed_new(&schema, &prior, &config);
        assert_eq!(proposed.attribute("parts"), Some(&Value::Null));
        let planning = Planning::new(&schema, &prior, &proposed, &config).unwrap();
        assert_eq!(planning.action(), Action::NoChange);
        assert_eq!(planning.finish().unwrap().value, prior);
    }
}

/// hashicorp/terraform-plugin-framework#302: elements in which one of several nested attributes is null were planned to
/// change each time.
#[test]
fn elements_with_null_nested_attributes_are_planned_as_they_are() {
    let source = |name: &str| {
        let attributes = vec![
            attribute::<String>("path"),
            attribute::<Option<bool>>("optional").optional_computed(),
        ];
        nested(name, Nesting::Single, Presence::Optional, attributes)
    };
    let attributes = [attribute::<String>("name"), source("a"), source("b")];
    let from = |path: &str, optional: Value| Value::object([("path", path.into()), ("optional", optional)]);
    let mount = |name: &str, a: Value, b: Value| Value::object([("name", name.into()), ("a", a), ("b", b)]);
    for schema in both(&attributes) {
        let mounts = |optional: [Value; 2]| {
            let [first, second] = optional;
            state(
                &schema,
                [
                    mount("one", from("/a", first), Value::Null),
                    mount("two", Value::Null, from("/b", second)),
                    mount("none", Value::Null, Value::Null),
                ],
            )
        };
        let config = mounts([Value::Null, Value::Null]);
        assert_eq!(
            plan(&schema, &Value::Null, &config).value,
            mounts([Value::UNKNOWN, Value::UNKNOWN])
        );
        for decided in [
            [Value::Null, Value::Null],
            [true.into(), Value::Null],
            [false.into(), true.into()],
        ] {
            let prior = mounts(decided);
            assert_eq!(plan(&schema, &prior, &config).value, prior);
        }
    }
}

/// Elements have neither a name nor a place: whatever is known of them decides what they are.
#[test]
fn trap_09_elements_of_a_set_keep_their_identity_in_any_order_and_while_others_change() {
    let attributes = [
        attribute::<String>("name"),
        attribute::<i64>("port").default_value(80),
        attribute::<Attr<String>>("id").keep(),
    ];
    let part = |name: Value, port: Value, id: Value| Value::object([("name", name), ("port", port), ("id", id)]);
    // The order of a set is that of its elements' values: each name is once the first, once the last.
    let orders = [["a", "b", "c"], ["c", "a", "b"], ["b", "c", "a"]];
    let cases = both(&attributes)
        .into_iter()
        .flat_map(|schema| orders.map(|names| (schema.clone(), names)));
    for (schema, [a, b, c]) in cases {
        let prior = state(
            &schema,
            [
                part(a.into(), 80.into(), "1".into()),
                part(b.into(), 443.into(), "2".into()),
                part(c.into(), 80.into(), "3".into()),
            ],
        );
        let configured = [
            part(c.into(), Value::Null, Value::Null),
            part(a.into(), Value::Null, Value::Null),
            part(b.into(), 8443.into(), Value::Null),
        ];
        let expected = state(
            &schema,
            [
                part(a.into(), 80.into(), "1".into()),
                part(b.into(), 8443.into(), Value::UNKNOWN),
                part(c.into(), 80.into(), "3".into()),
            ],
        );
        let planned = plan(&schema, &prior, &state(&schema, configured.clone()));
        assert_eq!(planned.value, expected);
        let [first, second, _] = configured;
        let partly = |name: Value| {
            state(
                &schema,
                [first.clone(), second.clone(), part(name, Value::Null, Value::Null)],
            )
        };
        let early = plan(&schema, &prior, &partly(Value::UNKNOWN)).value;
        let late = plan(&schema, &prior, &partly("d".into())).value;
        let defects = assert_replan_compatible(&schema, &early, &late);
        assert!(defects.is_empty(), "{defects}");
    }
}
