//! The rules of the core, one by one.

use super::*;
use crate::lifecycle::fixtures::{attribute, nested, object, schema};
use crate::model::{Attr, WriteOnly};
use crate::schema::{Nesting, Presence};
use crate::value::Refinements;

/// The paths that diagnostics blame.
fn blamed(defects: &Diagnostics) -> Vec<String> {
    let place = |path: &Option<Path>| path.as_ref().map(Path::to_string).unwrap_or_default();
    defects.iter().map(|defect| place(&defect.path)).collect()
}

fn parts() -> Schema {
    schema(vec![
        attribute::<String>("name"),
        attribute::<Option<String>>("label"),
        attribute::<Option<String>>("zone").optional_computed(),
        attribute::<Attr<String>>("id"),
        attribute::<WriteOnly<String>>("password"),
    ])
}

#[test]
fn a_plan_decides_only_what_is_computed() {
    let schema = parts();
    let prior = object(&schema, [("name", "A".into()), ("label", "l".into())]);
    let config = object(&schema, [("name", "a".into()), ("password", "secret".into())]);
    let check = |name: &str, value: Value| {
        let mut planned = object(&schema, [("name", "a".into())]);
        assert!(Path::new(name).set(&mut planned, value));
        assert_plan_valid(&schema, &prior, &config, &planned, &[])
    };
    for (name, value) in [
        ("name", "a".into()),
        ("name", "A".into()),
        ("zone", "z".into()),
        ("zone", Value::UNKNOWN),
        ("id", "i".into()),
        ("id", Value::UNKNOWN),
    ] {
        assert_eq!(check(name, value.clone()), Diagnostics::new(), "{name} {value:?}");
    }
    for (name, value) in [
        ("name", Value::from("b")),
        ("name", Value::Null),
        ("name", Value::UNKNOWN),
        // The prior spelling may stay only where something is configured.
        ("label", "l".into()),
        ("label", Value::UNKNOWN),
        ("password", "secret".into()),
        ("password", Value::UNKNOWN),
    ] {
        assert_eq!(blamed(&check(name, value.clone())), [name], "{name} {value:?}");
    }
}

#[test]
fn an_object_is_planned_where_one_is_configured() {
    let schema = parts();
    let config = object(&schema, [("name", "a".into())]);
    assert_eq!(
        blamed(&assert_plan_valid(&schema, &config, &config, &Value::Null, &[])),
        [""]
    );
    assert_eq!(
        blamed(&assert_plan_valid(&schema, &config, &Value::Null, &config, &[])),
        [""]
    );
    assert!(assert_plan_valid(&schema, &config, &Value::Null, &Value::Null, &[]).is_empty());
    assert_eq!(
        blamed(&assert_plan_valid(&schema, &config, &config, &Value::UNKNOWN, &[])),
        [""]
    );
}

#[test]
fn refinements_make_no_difference() {
    let schema = parts();
    let refined = Value::Unknown(Refinements {
        not_null: true,
        ..Refinements::default()
    });
    let config = object(&schema, [("name", refined)]);
    let planned = object(&schema, [("name", Value::UNKNOWN)]);
    assert!(assert_plan_valid(&schema, &Value::Null, &config, &planned, &[]).is_empty());
}

#[test]
fn a_replacement_is_required_by_what_exists() {
    let schema = schema(vec![nested(
        "disks",
        Nesting::List,
        Presence::Optional,
        vec![attribute::<i64>("size")],
    )]);
    let disk = Value::object([("size", 1.into())]);
    let prior = object(&schema, [("disks", Value::List(vec![disk]))]);
    let config = object(&schema, []);
    let size = |index: usize| Path::new("disks").index(index).attribute("size");
    let check = |path: Path| assert_plan_valid(&schema, &prior, &config, &config, &[path]);
    assert!(check(size(0)).is_empty());
    assert_eq!(blamed(&check(size(1))), ["disks[1].size"]);
}

fn port(number: i64, id: Value) -> Value {
    Value::object([("number", number.into()), ("id", id)])
}

#[test]
fn nested_attributes_are_planned_as_configured() {
    let map = |elements: Vec<(&str, Value)>| {
        Value::Map(
            elements
                .into_iter()
                .map(|(key, value)| (key.to_owned(), value))
                .collect(),
        )
    };
    let free = || port(1, Value::Null);
    let set = Value::set;
    // Nesting, configuration, plan, and whom to blame.
    let cases = [
        (Nesting::Single, free(), port(1, "x".into()), None),
        (Nesting::Single, free(), port(2, Value::Null), Some("ports.number")),
        (Nesting::Single, free(), Value::Null, Some("ports")),
        (Nesting::Single, free(), Value::UNKNOWN, Some("ports")),
        (Nesting::Single, Value::UNKNOWN, Value::UNKNOWN, None),
        (Nesting::Single, Value::UNKNOWN, free(), Some("ports")),
        (Nesting::Single, Value::Null, free(), Some("ports")),
        (
            Nesting::List,
            Value::List(vec![free()]),
            Value::List(vec![port(1, Value::UNKNOWN)]),
            None,
        ),
        (
            Nesting::List,
            Value::List(vec![free()]),
            Value::List(vec![]),
            Some("ports"),
        ),
        (
            Nesting::List,
            Value::List(vec![free()]),
            Value::List(vec![port(2, Value::Null)]),
            Some("ports[0].number"),
        ),
        (
            Nesting::List,
            Value::List(vec![free()]),
            Value::List(vec![Value::UNKNOWN]),
            Some("ports[0]"),
        ),
        (Nesting::List, Value::List(vec![]), Value::Null, Some("ports")),
        (
            Nesting::Map,
            map(vec![("a", free())]),
            map(vec![("a", port(1, "x".into()))]),
            None,
        ),
        (
            Nesting::Map,
            map(vec![("a", free())]),
            map(vec![("b", free())]),
            Some("ports"),
        ),
        (
            Nesting::Map,
            map(vec![("a", free())]),
            map(vec![("a", port(2, Value::Null))]),
            Some(r#"ports["a"].number"#),
        ),
        (Nesting::Set, set(vec![free()]), set(vec![port(1, "x".into())]), None),
        (Nesting::Set, set(vec![free()]), set(vec![]), Some("ports")),
        // One or two, and none.
        (
            Nesting::Set,
            set(vec![
                free(),
                Value::object([("number", Value::UNKNOWN), ("id", Value::Null)]),
            ]),
            set(vec![]),
            Some("ports"),
        ),
        (
            Nesting::Set,
            set(vec![free()]),
            set(vec![port(1, Value::UNKNOWN), port(2, "x".into())]),
            None,
        ),
        (
            Nesting::Set,
            set(vec![free()]),
            set(vec![port(1, "x".into()), port(2, "x".into())]),
            Some("ports"),
        ),
    ];
    for (nesting, config, planned, blame) in cases {
        let inner = vec![attribute::<i64>("number"), attribute::<Attr<String>>("id")];
        let schema = schema(vec![nested("ports", nesting, Presence::Optional, inner)]);
        let (config, planned) = (
            object(&schema, [("ports", config)]),
            object(&schema, [("ports", planned)]),
        );
        let defects = assert_plan_valid(&schema, &Value::Null, &config, &planned, &[]);
        assert_eq!(blamed(&defects), Vec::from_iter(blame), "{config:?} {planned:?}");
    }
}

#[test]
fn a_result_keeps_what_the_plan_promised() {
    let schema = schema(vec![
        attribute::<Vec<String>>("list"),
        attribute::<std::collections::BTreeSet<String>>("set"),
    ]);
    let list = |elements: Vec<Value>| object(&schema, [("list", Value::List(elements))]);
    let set = |elements: Vec<Value>| object(&schema, [("set", Value::set(elements))]);
    let unknown = || Value::UNKNOWN;
    // Plan, result, and whom to blame.
    let cases = [
        (list(vec!["a".into()]), list(vec!["a".into()]), None),
        (list(vec!["a".into()]), list(vec!["A".into()]), Some("list[0]")),
        (list(vec!["a".into()]), list(vec![Value::Null]), Some("list[0]")),
        (list(vec!["a".into()]), list(vec![]), Some("list[0]")),
        (list(vec![]), list(vec!["a".into()]), Some("list[0]")),
        (list(vec![unknown()]), list(vec!["a".into()]), None),
        (list(vec![unknown()]), list(vec![Value::Null]), None),
        (list(vec![unknown()]), list(vec![unknown()]), Some("list[0]")),
        (object(&schema, []), list(vec![]), Some("list")),
        (object(&schema, [("list", unknown())]), list(vec!["a".into()]), None),
        (set(vec!["a".into()]), set(vec!["b".into()]), Some("set")),
        (set(vec!["a".into(), unknown()]), set(vec!["a".into()]), None),
        (
            set(vec!["a".into(), unknown()]),
            set(vec!["a".into(), "b".into()]),
            None,
        ),
        (set(vec!["a".into(), unknown()]), set(vec!["b".into()]), Some("set")),
        (set(vec!["a".into()]), set(vec!["a".into(), "b".into()]), Some("set")),
        (
            set(vec!["a".into(), unknown()]),
            set(vec!["a".into(), "b".into(), "c".into()]),
            Some("set"),
        ),
        (list(vec![]), Value::Null, Some("")),
        (Value::Null, list(vec![]), Some("")),
    ];
    for (planned, new, blame) in cases {
        let defects = assert_apply_valid(&schema, &planned, &new);
        assert_eq!(blamed(&defects), Vec::from_iter(blame), "{planned:?} {new:?}");
    }
}

#[test]
fn an_unknown_value_keeps_what_is_known_about_it() {
    let schema = schema(vec![attribute::<Attr<String>>("arn")]);
    let refined = Value::Unknown(Refinements {
        not_null: true,
        string_prefix: Some("arn:".to_owned()),
        ..Refinements::default()
    });
    let planned = object(&schema, [("arn", refined)]);
    for (arn, fine) in [(Value::from("arn:x"), true), ("x".into(), false), (Value::Null, false)] {
        let new = object(&schema, [("arn", arn)]);
        assert_eq!(assert_apply_valid(&schema, &planned, &new).is_empty(), fine, "{new:?}");
    }
}

#[test]
fn a_second_plan_may_know_more_but_not_less() {
    let schema = parts();
    let plan = |id: Value| object(&schema, [("name", "a".into()), ("id", id)]);
    let check = |first: Value, second: Value| assert_replan_compatible(&schema, &plan(first), &plan(second));
    assert!(check(Value::UNKNOWN, Value::UNKNOWN).is_empty());
    assert!(check(Value::UNKNOWN, "i".into()).is_empty());
    assert_eq!(blamed(&check("i".into(), Value::UNKNOWN)), ["id"]);
    assert_eq!(blamed(&check("i".into(), "j".into())), ["id"]);
}

#[test]
fn a_result_has_no_write_only_value() {
    let schema = parts();
    let planned = object(&schema, [("name", "a".into())]);
    let new = object(&schema, [("name", "a".into()), ("password", "secret".into())]);
    let defects = assert_apply_valid(&schema, &planned, &new);
    assert_eq!(blamed(&defects), ["password"]);
    assert!(!defects.to_string().contains("secret"), "{defects}");
}

#[test]
fn sensitive_values_are_not_shown() {
    let inner = vec![attribute::<Option<secrecy::SecretString>>("key")];
    let schema = schema(vec![
        nested("tls", Nesting::Single, Presence::Optional, inner),
        attribute::<String>("name"),
    ]);
    let state = |key: &str, name: &str| {
        let tls = Value::object([("key", key.into())]);
        object(&schema, [("tls", tls), ("name", name.into())])
    };
    let (config, planned) = (state("hunter1", "one"), state("hunter2", "two"));
    for defects in [
        assert_plan_valid(
            &schema,
            &config,
            &object(&schema, [("name", "x".into())]),
            &planned,
            &[],
        ),
        assert_plan_valid(&schema, &Value::Null, &config, &planned, &[]),
        assert_apply_valid(&schema, &config, &planned),
    ] {
        let text = defects.to_string();
        assert!(text.contains("(sensitive value)") && text.contains("two"), "{text}");
        assert!(!text.contains("hunter"), "{text}");
    }
}

#[test]
fn a_value_has_the_shape_of_its_schema() {
    let schema = schema(vec![attribute::<Vec<i64>>("ports")]);
    let ports = |ports: Value| object(&schema, [("ports", ports)]);
    for fine in [
        Value::Null,
        ports(Value::Null),
        ports(Value::UNKNOWN),
        ports(Value::List(vec![1.into(), Value::Null])),
    ] {
        assert!(assert_conforms(&schema, &fine).is_empty(), "{fine:?}");
    }
    let extra = Value::object([("ports", Value::Null), ("x", Value::Null)]);
    for (wrong, blame) in [
        (ports("x".into()), "ports"),
        (ports(Value::set([1.into()])), "ports"),
        (ports(Value::List(vec![1.into(), "x".into()])), "ports[1]"),
        (extra, ""),
        (Value::Object([].into()), ""),
        (Value::from("x"), ""),
        (Value::UNKNOWN, ""),
    ] {
        assert_eq!(blamed(&assert_conforms(&schema, &wrong)), [blame], "{wrong:?}");
    }
}
