//! How elements of sets are planned.

use super::*;
use crate::lifecycle::check::assert_replan_compatible;
use crate::lifecycle::fixtures::{attribute, nested, object, schema};
use crate::model::Attr;
use crate::path::Step;
use crate::schema::{Attribute, Nesting, Presence, SemanticEquality};

fn rules(attributes: Vec<Attribute>) -> Schema {
    schema(vec![nested("rules", Nesting::Set, Presence::Optional, attributes)])
}

fn rule<const N: usize>(attributes: [(&str, Value); N]) -> Value {
    Value::object(attributes)
}

#[test]
fn elements_of_a_set_keep_their_computed_values_when_others_come_and_go() {
    let schema = rules(vec![attribute::<i64>("port"), attribute::<Attr<String>>("id").keep()]);
    let element = |port: i64, id: Value| rule([("port", port.into()), ("id", id)]);
    let state = |elements: Vec<Value>| object(&schema, [("rules", Value::set(elements))]);
    let prior = state(vec![element(1, "x".into()), element(2, "y".into())]);
    let config = state(vec![element(2, Value::Null), element(3, Value::Null)]);
    let planned = plan(&schema, &prior, &config).value;
    assert_eq!(planned, state(vec![element(2, "y".into()), element(3, Value::UNKNOWN)]));
}

#[test]
fn defaults_are_applied_to_each_element_of_a_set() {
    let schema = rules(vec![
        attribute::<i64>("port"),
        attribute::<String>("protocol").default_value("tcp"),
    ]);
    let element = |port: i64, protocol: Value| rule([("port", port.into()), ("protocol", protocol)]);
    let state = |elements: Vec<Value>| object(&schema, [("rules", Value::set(elements))]);
    let config = state(vec![
        element(1, Value::Null),
        element(2, "udp".into()),
        element(3, Value::Null),
    ]);
    let planned = plan(&schema, &Value::Null, &config).value;
    assert_eq!(
        planned,
        state(vec![
            element(1, "tcp".into()),
            element(2, "udp".into()),
            element(3, "tcp".into())
        ])
    );
    assert_eq!(plan(&schema, &planned, &config).value, planned);
}

#[test]
fn no_element_of_a_set_takes_the_prior_element_of_another() {
    let schema = rules(vec![
        attribute::<i64>("port"),
        attribute::<Option<String>>("zone").optional_computed().keep(),
    ]);
    let element = |zone: Value| rule([("port", 1.into()), ("zone", zone)]);
    let state = |elements: Vec<Value>| object(&schema, [("rules", Value::set(elements))]);
    // The first element could be either prior one, the second only one of them.
    let config = state(vec![element(Value::Null), element("a".into())]);
    let prior = state(vec![element("a".into()), element("b".into())]);
    assert_eq!(plan(&schema, &prior, &config).value, prior);
}

#[test]
fn no_element_of_a_set_becomes_the_same_as_another() {
    let schema = rules(vec![attribute::<Option<bool>>("open").optional_computed().keep()]);
    let state = |elements: Vec<Value>| {
        let elements = elements.into_iter().map(|open| rule([("open", open)]));
        object(&schema, [("rules", Value::set(elements))])
    };
    // The first element could be the prior one too, but the second is it exactly.
    let (prior, config) = (state(vec![true.into()]), state(vec![Value::Null, true.into()]));
    assert_eq!(
        plan(&schema, &prior, &config).value,
        state(vec![Value::UNKNOWN, true.into()])
    );
}

#[test]
fn elements_of_a_set_are_planned_in_the_spelling_of_the_configuration() {
    let schema = rules(vec![Attribute {
        semantic_equality: Some(SemanticEquality::Values(|a, b| {
            a.as_str().map(str::to_lowercase) == b.as_str().map(str::to_lowercase)
        })),
        ..attribute::<String>("host")
    }]);
    let state = |hosts: &[&str]| {
        let elements = hosts.iter().map(|host| rule([("host", (*host).into())]));
        object(&schema, [("rules", Value::set(elements))])
    };
    assert_eq!(plan(&schema, &state(&["a"]), &state(&["A"])).value, state(&["A"]));
    assert_eq!(
        plan(&schema, &state(&["a"]), &state(&["A", "a"])).value,
        state(&["A", "a"])
    );
}

#[test]
fn an_element_of_a_set_in_another_spelling_keeps_its_computed_values() {
    let host = Attribute {
        semantic_equality: Some(SemanticEquality::Values(|a, b| {
            a.as_str().map(str::to_lowercase) == b.as_str().map(str::to_lowercase)
        })),
        ..attribute::<String>("host")
    };
    let schema = rules(vec![host, attribute::<Attr<String>>("id").keep()]);
    let element = |host: Value, id: Value| rule([("host", host), ("id", id)]);
    let state = |elements: Vec<Value>| object(&schema, [("rules", Value::set(elements))]);
    let both = state(vec![element("A".into(), "y".into()), element("a".into(), "x".into())]);
    let same = state(vec![element("A".into(), Value::Null), element("a".into(), Value::Null)]);
    assert_eq!(plan(&schema, &both, &same).value, both);
    let prior = state(vec![element("A".into(), "x".into())]);
    let config = |other: Value| state(vec![element("a".into(), Value::Null), element(other, Value::Null)]);
    let first = plan(&schema, &prior, &config(Value::UNKNOWN)).value;
    let second = plan(&schema, &prior, &config("b".into())).value;
    let expected = state(vec![
        element("a".into(), "x".into()),
        element("b".into(), Value::UNKNOWN),
    ]);
    assert_eq!(second, expected);
    let defects = assert_replan_compatible(&schema, &first, &second);
    assert!(defects.is_empty(), "{defects}");
}

#[test]
fn an_unknown_element_of_a_set_leaves_what_it_may_turn_out_to_be_unclaimed() {
    let schema = rules(vec![
        attribute::<String>("host"),
        attribute::<Option<String>>("zone").optional_computed().keep(),
    ]);
    let element = |host: Value, zone: Value| rule([("host", host), ("zone", zone)]);
    let state = |elements: Vec<Value>| object(&schema, [("rules", Value::set(elements))]);
    let prior = state(vec![element("h".into(), "a".into()), element("g".into(), "b".into())]);
    let config = |unknown: Value| {
        state(vec![
            element(unknown, "a".into()),
            element("h".into(), Value::Null),
            element("g".into(), Value::Null),
        ])
    };
    let first = plan(&schema, &prior, &config(Value::UNKNOWN)).value;
    let expected = state(vec![
        element(Value::UNKNOWN, "a".into()),
        element("h".into(), Value::UNKNOWN),
        element("g".into(), "b".into()),
    ]);
    assert_eq!(first, expected);
    let second = plan(&schema, &prior, &config("h".into())).value;
    let defects = assert_replan_compatible(&schema, &first, &second);
    assert!(defects.is_empty(), "{defects}");
}

#[test]
fn paths_into_sets_are_cut_before_the_set() {
    let schema = rules(vec![attribute::<i64>("port")]);
    let state = |port: i64| object(&schema, [("rules", Value::set([rule([("port", port.into())])]))]);
    let (prior, config) = (state(1), state(2));
    let mut planning = Planning::new(&schema, &prior, &config, &config).unwrap();
    let element = Step::Element(rule([("port", 2.into())]));
    planning.require_replace(Path::new("rules").step(element).attribute("port"));
    planning.require_replace("rules");
    assert_eq!(planning.finish().unwrap().requires_replace, ["rules".into()]);
}
