//! Traps of planning and validation that no single rule guards against.

use super::*;
use crate::lifecycle::fixtures::{attribute, block, nested, object, schema};
use crate::lifecycle::validate::validate_config;
use crate::model::{Attr, AttributeType, Dynamic};
use crate::schema::{Attribute, Nesting, Presence, SemanticEquality, Validator};
use crate::types::Type;

fn same_word(one: &Value, other: &Value) -> bool {
    one.as_str().map(str::to_lowercase) == other.as_str().map(str::to_lowercase)
}

fn same_address(one: &Value, other: &Value) -> bool {
    let bare = |value: &Value| value.as_str().map(|text| text.trim_end_matches('/').to_owned());
    bare(one) == bare(other)
}

fn same_json(one: &Value, other: &Value) -> bool {
    let parsed = |value: &Value| serde_json::from_str::<serde_json::Value>(value.as_str()?).ok();
    parsed(one) == parsed(other)
}

/// A configured value is planned as it is configured, or as it was, and in no third way.
#[test]
fn trap_03_a_configured_value_is_planned_as_it_is_or_as_it_was() {
    let cases: [(SemanticEquality, &str, &str, &str); 3] = [
        (SemanticEquality::Values(same_word), "AFRICA", "africa", "asia"),
        (
            SemanticEquality::Values(same_address),
            "http://a/",
            "http://a",
            "http://b",
        ),
        (
            SemanticEquality::Values(same_json),
            "{\"a\": 1}",
            "{\"a\":1}",
            "{\"a\":2}",
        ),
    ];
    for (equality, prior, same, other) in cases {
        let lenient = Attribute {
            semantic_equality: Some(equality),
            ..attribute::<String>("text")
        };
        let parts = || vec![lenient.clone()];
        let schemas = [
            nested("parts", Nesting::Single, Presence::Required, parts()),
            nested("parts", Nesting::List, Presence::Required, parts()),
            block("parts", Nesting::Single, parts()),
            block("parts", Nesting::List, parts()),
        ]
        .map(|parts| schema(vec![parts, lenient.clone(), attribute::<Attr<String>>("id")]));
        for schema in schemas {
            let state = |text: &str, id: Value| {
                let part = Value::object([("text", text.into())]);
                let parts = match schema.attribute("parts").map(Attribute::value_type) {
                    Some(Type::List(_)) => Value::List(vec![part]),
                    _ => part,
                };
                object(&schema, [("parts", parts), ("text", text.into()), ("id", id)])
            };
            let before = state(prior, "1".into());
            assert_eq!(plan(&schema, &before, &state(same, Value::Null)).value, before);
            for (before, config) in [(&before, other), (&Value::Null, same), (&Value::Null, other)] {
                let planned = plan(&schema, before, &state(config, Value::Null)).value;
                assert_eq!(planned, state(config, Value::UNKNOWN));
            }
        }
    }
    let schema = schema(vec![attribute::<Vec<String>>("names")]);
    let names = |names: [&str; 3]| object(&schema, [("names", Value::List(names.map(Value::from).to_vec()))]);
    let sorted = names(["a", "b", "c"]);
    assert_eq!(
        plan(&schema, &sorted, &names(["c", "a", "b"])).value,
        names(["c", "a", "b"])
    );
}

/// No validator complains about what is null or not known yet, as a whole or in part.
#[test]
fn trap_05_what_is_unknown_is_neither_empty_nor_wrong() {
    fn case<T: AttributeType>(rule: Validator, partly: Value, wrong: Value) -> (Attribute, Value, Value) {
        (attribute::<Option<T>>("part").validator(rule), partly, wrong)
    }
    let unknown = || Value::UNKNOWN;
    let keyed = |value: Value| Value::Map([("k".to_owned(), value)].into());
    let typed = |value: Value| Value::Dynamic(Box::new((Type::Tuple(vec![Type::String]), Value::List(vec![value]))));
    let never = || Validator::new("nothing", |_| Err("It is wrong.".to_owned()));
    let a = || Validator::one_of(["a"]);
    for (part, partly, wrong) in [
        case::<String>(
            Validator::string("nothing", |_| Err("It is wrong.".to_owned())),
            unknown(),
            "b".into(),
        ),
        case::<String>(a(), unknown(), "b".into()),
        case::<String>(Validator::length(2..=3), unknown(), "b".into()),
        case::<i64>(Validator::between(1..=3), unknown(), 9.into()),
        case::<Vec<String>>(
            Validator::length(2..=3),
            Value::List(vec![unknown()]),
            Value::List(vec!["a".into()]),
        ),
        case::<Vec<String>>(
            Validator::each(a()),
            Value::List(vec![unknown()]),
            Value::List(vec!["b".into()]),
        ),
        case::<std::collections::BTreeSet<String>>(
            Validator::each(a()),
            Value::set([unknown()]),
            Value::set(["b".into()]),
        ),
        case::<std::collections::BTreeMap<String, String>>(Validator::each(a()), keyed(unknown()), keyed("b".into())),
        case::<Dynamic>(never(), typed(unknown()), typed("b".into())),
    ] {
        for around in [None, Some(Nesting::Single), Some(Nesting::List), Some(Nesting::Map)] {
            let schema = schema(vec![match around {
                None => part.clone(),
                Some(nesting) => block("block", nesting, vec![part.clone()]),
            }]);
            let errors = |value: Value| {
                let within = Value::object([("part", value.clone())]);
                let config = match around {
                    None => object(&schema, [("part", value)]),
                    Some(Nesting::List) => object(&schema, [("block", Value::List(vec![within]))]),
                    Some(Nesting::Map) => object(&schema, [("block", keyed(within))]),
                    Some(Nesting::Single | Nesting::Set) => object(&schema, [("block", within)]),
                };
                validate_config(&schema, &config, true).iter().count()
            };
            for silent in [Value::Null, Value::UNKNOWN, partly.clone()] {
                assert_eq!(errors(silent), 0, "{part:?}");
            }
            assert_eq!(errors(wrong.clone()), 1, "{part:?}");
        }
    }
}
