//! Another spelling is no change: in a plan, after an apply and at a refresh, wherever in a resource it stands.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::Model;
use crate::lifecycle::normalize::normalize;
use crate::lifecycle::plan::{Action, Planning};
use crate::model::Attr;

/// A volume.
#[derive(Model)]
struct Volume {
    /// Its size.
    size: Text<Quantity>,
    /// Its policy.
    policy: Option<Text<Json>>,
    /// Sizes of its parts.
    parts: Option<Vec<Text<Quantity>>>,
    /// Who may use it.
    networks: Option<BTreeSet<Text<std::net::IpAddr>>>,
    /// Limits by name.
    limits: Option<BTreeMap<String, Text<Quantity>>>,
    /// Copies of it.
    copies: Option<Vec<Copied>>,
    /// Its id.
    id: Attr<String>,
}

/// A copy.
#[derive(Model)]
struct Copied {
    /// When it was made.
    made: Text<Timestamp>,
}

fn volume(spelling: usize) -> Value {
    let one = |spellings: [&str; 2]| Value::from(spellings[spelling]);
    Value::object([
        ("size", one(["1Gi", "1024Mi"])),
        ("policy", one([r#"{"a": 1, "b": 2}"#, r#"{"b":2,"a":1.0}"#])),
        ("parts", Value::List(vec![one(["500m", "0.5"]), "1".into()])),
        ("networks", Value::set([one(["::1", "0::1"]), "10.0.0.1".into()])),
        ("limits", Value::Map([("cpu".to_owned(), one(["1", "1000m"]))].into())),
        (
            "copies",
            Value::List(vec![Value::object([(
                "made",
                one(["2026-01-31T12:00:00Z", "2026-01-31T13:00:00+01:00"]),
            )])]),
        ),
        ("id", "x".into()),
    ])
}

#[test]
fn trap_03_another_spelling_of_a_configuration_is_planned_as_no_change() {
    let schema = Volume::schema();
    let prior = volume(0);
    let mut config = volume(1);
    assert!(crate::path::Path::new("id").set(&mut config, Value::Null));
    let planning = Planning::new(&schema, &prior, &config, &config).unwrap();
    assert_eq!(planning.action(), Action::NoChange);
    assert_eq!(planning.finish().unwrap().value, prior);
}

#[test]
fn trap_04_another_spelling_of_an_answer_is_no_drift_and_another_value_is() {
    let schema = Volume::schema();
    let (prior, mut live) = (volume(0), volume(1));
    assert_eq!(normalize(&schema, &prior, live.clone()), prior);
    // One part has changed, the other has not.
    let second = crate::path::Path::new("parts").index(1);
    assert!(second.set(&mut live, "2".into()));
    let state = normalize(&schema, &prior, live);
    let parts = Value::List(vec!["500m".into(), "2".into()]);
    assert_eq!(*state.attribute_or_null("parts"), parts);
    assert_eq!(state.attribute_or_null("size"), prior.attribute_or_null("size"));
}

#[test]
fn trap_33_text_in_another_normal_form_is_the_same_text() {
    let composed = "\u{e9}";
    let decomposed = "e\u{301}";
    let text: Text<IgnoringCase> = decomposed.parse().unwrap();
    assert_eq!(text.as_str(), composed);
    assert_eq!(text.to_value(), composed.into());
    assert_eq!(String::from_value(&decomposed.into()), Ok(composed.to_owned()));
    assert_eq!(decomposed.to_owned().to_value(), composed.into());
    let json: Text<Json> = format!("[\"{decomposed}\"]").parse().unwrap();
    assert_eq!(*json.document(), Value::List(vec![composed.into()]));
}
