//! Configurations of a schema.

use proptest::prelude::*;
use proptest::sample::select;

use crate::lifecycle::plan::properties::WORDS;
use crate::schema::{Attribute, Kind, Nesting, Presence, TIMEOUTS};
use crate::types::Type;
use crate::value::Value;

/// A configuration of an object; with unknown values only if it may have any.
pub(super) fn object(attributes: &[Attribute], unknown: bool) -> BoxedStrategy<Value> {
    let values: Vec<BoxedStrategy<(String, Value)>> = attributes
        .iter()
        .map(|attribute| {
            let name = attribute.name.clone();
            let value = configured(attribute, unknown);
            value.prop_map(move |value| (name.clone(), value)).boxed()
        })
        .collect();
    values.prop_map(Value::object).boxed()
}

fn configured(attribute: &Attribute, unknown: bool) -> BoxedStrategy<Value> {
    if !attribute.is_configurable() {
        return Just(Value::Null).boxed();
    }
    if attribute.name == TIMEOUTS {
        let limits = ["create", "read", "update", "delete"].map(|operation| (operation, Value::from("5m")));
        return prop_oneof![Just(Value::Null), Just(Value::object(limits))].boxed();
    }
    let null = u32::from(attribute.presence != Presence::Required) * 3;
    let known = known(&attribute.kind, unknown);
    prop_oneof![
        6 => known,
        null => without_value(&attribute.kind, Value::Null),
        u32::from(unknown) => without_value(&attribute.kind, Value::UNKNOWN),
    ]
    .boxed()
}

/// Null or unknown, of a type of its own where that is possible.
fn without_value(kind: &Kind, value: Value) -> BoxedStrategy<Value> {
    match kind {
        Kind::Type(Type::Dynamic) => {
            let typed = Value::Dynamic(Box::new((Type::String, value.clone())));
            prop_oneof![Just(value), Just(typed)].boxed()
        }
        Kind::Type(_) | Kind::Nested(..) => Just(value).boxed(),
    }
}

/// A value of a type of its own.
fn dynamic(unknown: bool) -> impl Strategy<Value = Value> {
    let list = Type::List(Type::String.into());
    let part = if unknown { Value::UNKNOWN } else { "a".into() };
    let typed = vec![
        (Type::String, "a".into()),
        (Type::Bool, true.into()),
        (list, Value::List(vec!["a".into(), part.clone()])),
        (
            Type::Tuple(vec![Type::Bool, Type::String]),
            Value::List(vec![true.into(), part]),
        ),
    ];
    select(typed).prop_map(|typed| Value::Dynamic(Box::new(typed)))
}

fn known(kind: &Kind, unknown: bool) -> BoxedStrategy<Value> {
    let word = || select(&WORDS[..]).prop_map(Value::from);
    let words = || proptest::collection::vec(word(), 0..3);
    match kind {
        Kind::Type(Type::List(_)) => words().prop_map(Value::List).boxed(),
        Kind::Type(Type::Set(_)) => words().prop_map(Value::set).boxed(),
        Kind::Type(Type::Map(_)) => proptest::collection::btree_map(select(&["k", "l", "m"][..]), word(), 0..3)
            .prop_map(|map| Value::Map(map.into_iter().map(|(key, word)| (key.to_owned(), word)).collect()))
            .boxed(),
        Kind::Type(Type::Number) => (1..3_i64).prop_map(Value::from).boxed(),
        Kind::Type(Type::Bool) => any::<bool>().prop_map(Value::Bool).boxed(),
        Kind::Type(Type::Dynamic) => dynamic(unknown).boxed(),
        Kind::Type(_) => word().boxed(),
        Kind::Nested(nesting, attributes) => {
            let element = object(attributes, unknown);
            let elements = proptest::collection::vec(element.clone(), 0..4);
            match nesting {
                Nesting::Single => element,
                Nesting::List => elements.prop_map(Value::List).boxed(),
                Nesting::Set => elements.prop_map(Value::set).boxed(),
                Nesting::Map => proptest::collection::btree_map(select(&["k", "l", "m"][..]), element, 0..3)
                    .prop_map(|map| Value::Map(map.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()))
                    .boxed(),
            }
        }
    }
}
