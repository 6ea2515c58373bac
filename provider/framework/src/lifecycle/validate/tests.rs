//! What validation says of configurations, and what it keeps quiet about.

use super::*;
use crate::lifecycle::fixtures::{attribute, block, nested, object, schema};
use crate::model::{Attr, WriteOnly};
use crate::schema::{Block, Nesting};

/// Summary and path of each message.
fn messages(schema: &Schema, config: &Value, write_only_allowed: bool) -> Vec<(String, String)> {
    let diagnostics = validate_config(schema, config, write_only_allowed);
    let place = |diagnostic: &Diagnostic| diagnostic.path.as_ref().map(Path::to_string).unwrap_or_default();
    diagnostics
        .iter()
        .map(|diagnostic| (diagnostic.summary.clone(), place(diagnostic)))
        .collect()
}

fn message(summary: &str, path: &str) -> (String, String) {
    (summary.to_owned(), path.to_owned())
}

#[test]
fn validators_see_known_values_only() {
    let schema = schema(vec![
        attribute::<Option<Vec<String>>>("names").validator(Validator::length(2..=3)),
    ]);
    let config = |names: Value| object(&schema, [("names", names)]);
    let partly = Value::List(vec![Value::UNKNOWN]);
    for silent in [
        Value::Null,
        Value::UNKNOWN,
        partly,
        Value::List(vec!["a".into(), "b".into()]),
    ] {
        assert_eq!(messages(&schema, &config(silent), true), []);
    }
    let short = config(Value::List(vec!["a".into()]));
    assert_eq!(messages(&schema, &short, true), [message("Invalid value", "names")]);
    let detail = validate_config(&schema, &short, true)
        .iter()
        .next()
        .unwrap()
        .detail
        .clone();
    assert_eq!(detail, "Its length must be 2 to 3, but it is 1.");
}

#[test]
fn all_errors_are_reported_with_the_way_to_them() {
    for nesting in [Nesting::Single, Nesting::List, Nesting::Set, Nesting::Map] {
        let inner = vec![
            attribute::<String>("name"),
            attribute::<Option<i64>>("port").validator(Validator::between(1..=9)),
            attribute::<Attr<String>>("id"),
        ];
        let schema = schema(vec![nested("part", nesting, Presence::Optional, inner)]);
        let element = Value::object([("name", Value::Null), ("port", 10.into()), ("id", "x".into())]);
        let (part, at) = match nesting {
            Nesting::Single => (element, "part"),
            Nesting::List => (Value::List(vec![element]), "part[0]"),
            Nesting::Set => (Value::set([element]), "part[...]"),
            Nesting::Map => (Value::Map([("a".to_owned(), element)].into()), r#"part["a"]"#),
        };
        let expected = [
            message("Missing required attribute", &format!("{at}.name")),
            message("Invalid value", &format!("{at}.port")),
            message("Read-only attribute", &format!("{at}.id")),
        ];
        assert_eq!(messages(&schema, &object(&schema, [("part", part)]), true), expected);
    }
}

#[test]
fn a_sensitive_value_is_not_quoted() {
    let schema = schema(vec![
        attribute::<secrecy::SecretString>("mode").validator(Validator::one_of(["a", "b"])),
    ]);
    let config = object(&schema, [("mode", "hunter2".into())]);
    let text = validate_config(&schema, &config, true).to_string();
    assert!(text.contains("one of `a`, `b`") && !text.contains("hunter2"), "{text}");
}

#[test]
fn write_only_needs_a_core_that_knows_it() {
    let schema = schema(vec![attribute::<WriteOnly<String>>("password")]);
    let set = object(&schema, [("password", "secret".into())]);
    assert_eq!(messages(&schema, &set, true), []);
    let expected = [message("Write-only attribute not supported", "password")];
    assert_eq!(messages(&schema, &set, false), expected);
    assert_eq!(messages(&schema, &object(&schema, []), false), []);
}

#[test]
fn deprecations_are_warnings() {
    let mut schema = schema(vec![attribute::<Option<String>>("old").deprecated("Use `new`.")]);
    schema.deprecation = Some("Use another one.".to_owned());
    let diagnostics = validate_config(&schema, &object(&schema, [("old", "x".into())]), true);
    assert!(!diagnostics.has_errors());
    assert_eq!(diagnostics.iter().count(), 2);
    let silent = validate_config(&schema, &object(&schema, [("old", Value::UNKNOWN)]), true);
    assert_eq!(silent.iter().count(), 1);
}

#[test]
fn null_elements_are_refused_where_the_model_has_no_place_for_them() {
    use crate::Model;
    /// Hosts.
    #[derive(Model)]
    struct Hosts {
        /// All there are.
        names: Vec<String>,
        /// Those that may be missing.
        #[tf(default = "none")]
        kind: String,
        /// Its id.
        id: crate::Attr<String>,
        /// Weights, where there are any.
        weights: Option<Vec<Option<i64>>>,
    }
    let schema = Hosts::schema();
    let check = |names: Vec<Value>| {
        let weights = Value::List(vec![Value::Null]);
        let config = object(&schema, [("names", Value::List(names)), ("weights", weights)]);
        let mut diagnostics = Diagnostics::new();
        refuse_null_elements::<Hosts>(&schema, &config, &mut diagnostics);
        diagnostics
            .into_iter()
            .map(|one| (one.summary, one.path))
            .collect::<Vec<_>>()
    };
    assert_eq!(check(vec!["a".into()]), []);
    assert_eq!(check(vec![Value::UNKNOWN, Value::Null]), []);
    let path = Path::new("names").index(1);
    assert_eq!(
        check(vec!["a".into(), Value::Null]),
        [("Null element".to_owned(), Some(path))]
    );
}

#[test]
fn blocks_are_counted_when_they_are_known() {
    let limits = Block {
        min_items: 1,
        max_items: Some(2),
        group: false,
    };
    let inner = || vec![attribute::<i64>("size")];
    let required = Attribute {
        presence: Presence::Required,
        ..block("one", Nesting::Single, inner())
    };
    let schema = schema(vec![block("disk", Nesting::List, inner()).block(limits), required]);
    let disk = |size: Value| Value::object([("size", size)]);
    let config = |disks: Value, one: Value| object(&schema, [("disk", disks), ("one", one)]);
    let disks = |count: i64| Value::List((0..count).map(|size| disk(size.into())).collect());
    for (count, expected) in [
        (0, vec![message("Too few blocks", "disk")]),
        (1, vec![]),
        (2, vec![]),
        (3, vec![message("Too many blocks", "disk")]),
    ] {
        assert_eq!(messages(&schema, &config(disks(count), disk(1.into())), true), expected);
    }
    let unknown = config(Value::UNKNOWN, Value::UNKNOWN);
    assert_eq!(messages(&schema, &unknown, true), []);
    let missing = [message("Missing required block", "one")];
    assert_eq!(messages(&schema, &config(disks(1), Value::Null), true), missing);
    let within = config(Value::List(vec![disk(Value::Null)]), disk(1.into()));
    let missing = [message("Missing required attribute", "disk[0].size")];
    assert_eq!(messages(&schema, &within, true), missing);
}

#[test]
fn elements_of_a_set_that_defaults_make_equal_are_refused() {
    let inner = vec![
        attribute::<i64>("port"),
        attribute::<String>("protocol").default_value("tcp"),
        attribute::<Attr<String>>("id"),
    ];
    let schema = schema(vec![nested("rules", Nesting::Set, Presence::Optional, inner)]);
    let rule = |protocol: Value| Value::object([("port", 1.into()), ("protocol", protocol), ("id", Value::Null)]);
    let config = |rules: [Value; 2]| object(&schema, [("rules", Value::set(rules))]);
    let same = config([rule(Value::Null), rule("tcp".into())]);
    assert_eq!(
        messages(&schema, &same, true),
        [message("Duplicate elements in a set", "rules")]
    );
    assert_eq!(
        messages(&schema, &config([rule(Value::Null), rule("udp".into())]), true),
        []
    );
    assert_eq!(
        messages(&schema, &config([rule(Value::Null), rule(Value::UNKNOWN)]), true),
        []
    );
}
