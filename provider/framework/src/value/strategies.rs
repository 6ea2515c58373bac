//! Arbitrary types and values for property tests.

use std::ops::Range;

use bigdecimal::BigDecimal;
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;

use super::{Number, Refinements, Value};
use crate::types::Type;

const LENGTHS: Range<usize> = 0..4;

/// Any type, a few levels deep.
pub fn arbitrary_type() -> BoxedStrategy<Type> {
    nested(
        prop_oneof![
            Just(Type::Bool),
            Just(Type::Number),
            Just(Type::String),
            Just(Type::Dynamic)
        ]
        .boxed(),
    )
}

/// Any type that leaves nothing open; values would be endless if the type of a dynamic value were dynamic again.
fn definite_type() -> BoxedStrategy<Type> {
    nested(prop_oneof![Just(Type::Bool), Just(Type::Number), Just(Type::String)].boxed())
}

fn nested(primitive: BoxedStrategy<Type>) -> BoxedStrategy<Type> {
    primitive
        .prop_recursive(3, 12, 3, |inner| {
            prop_oneof![
                inner.clone().prop_map(|element| Type::List(Box::new(element))),
                inner.clone().prop_map(|element| Type::Set(Box::new(element))),
                inner.clone().prop_map(|element| Type::Map(Box::new(element))),
                btree_map(text(), inner.clone(), LENGTHS).prop_map(Type::Object),
                vec(inner, LENGTHS).prop_map(Type::Tuple),
            ]
        })
        .boxed()
}

/// Any value of that type: known, null or unknown, as a whole and in its parts.
pub fn arbitrary_value(of: &Type) -> BoxedStrategy<Value> {
    value(of, Knowledge::Partial)
}

/// Any value of that type without unknown parts.
pub fn arbitrary_known_value(of: &Type) -> BoxedStrategy<Value> {
    value(of, Knowledge::Whole)
}

/// Any type with any value of it.
pub fn arbitrary_typed_value() -> BoxedStrategy<(Type, Value)> {
    arbitrary_type()
        .prop_flat_map(|of| (Just(of.clone()), arbitrary_value(&of)))
        .boxed()
}

/// Any type with any value of it without unknown parts.
pub fn arbitrary_typed_known_value() -> BoxedStrategy<(Type, Value)> {
    arbitrary_type()
        .prop_flat_map(|of| (Just(of.clone()), arbitrary_known_value(&of)))
        .boxed()
}

/// Any finite number.
pub fn arbitrary_number() -> BoxedStrategy<Number> {
    prop_oneof![
        any::<i64>().prop_map(Number::from),
        (-40_000_i64..70_000).prop_map(Number::from),
        any::<u64>().prop_map(|value| BigDecimal::from(value).into()),
        any::<f64>()
            .prop_filter("finite", |value| value.is_finite())
            .prop_map(Number::from),
        "-?[0-9]{1,40}(\\.[0-9]{1,40})?(e-?[0-9]{1,3})?".prop_filter_map("number", |text| text.parse().ok()),
    ]
    .boxed()
}

#[derive(Clone, Copy, PartialEq)]
enum Knowledge {
    Whole,
    Partial,
}

fn value(of: &Type, knowledge: Knowledge) -> BoxedStrategy<Value> {
    let unknowns = if knowledge == Knowledge::Partial { 1 } else { 0 };
    prop_oneof![
        8 => known(of, knowledge),
        1 => Just(Value::Null),
        unknowns => refinements(of).prop_map(Value::Unknown),
    ]
    .boxed()
}

fn known(of: &Type, knowledge: Knowledge) -> BoxedStrategy<Value> {
    match of {
        Type::Bool => any::<bool>().prop_map(Value::Bool).boxed(),
        Type::Number => arbitrary_number().prop_map(Value::Number).boxed(),
        Type::String => text().prop_map(Value::String).boxed(),
        Type::Dynamic => definite_type()
            .prop_flat_map(move |own| {
                value(&own, knowledge).prop_map(move |inner| Value::Dynamic(Box::new((own.clone(), inner))))
            })
            .boxed(),
        Type::List(element) => vec(value(element, knowledge), LENGTHS).prop_map(Value::List).boxed(),
        Type::Set(element) => vec(value(element, knowledge), LENGTHS).prop_map(Value::set).boxed(),
        Type::Map(element) => btree_map(text(), value(element, knowledge), LENGTHS)
            .prop_map(Value::Map)
            .boxed(),
        Type::Object(attributes) => attributes
            .iter()
            .map(|(name, attribute)| (Just(name.clone()), value(attribute, knowledge)))
            .collect::<Vec<_>>()
            .prop_map(Value::object)
            .boxed(),
        Type::Tuple(elements) => elements
            .iter()
            .map(|element| value(element, knowledge))
            .collect::<Vec<_>>()
            .prop_map(Value::List)
            .boxed(),
    }
}

/// What can be known about an unknown value of that type.
fn refinements(of: &Type) -> BoxedStrategy<Refinements> {
    let none = Refinements::default();
    match of {
        Type::Dynamic => Just(none).boxed(),
        Type::String => (any::<bool>(), option::of("[a-z-]{1,20}"))
            .prop_map(|(not_null, string_prefix)| Refinements {
                not_null,
                string_prefix,
                ..Refinements::default()
            })
            .boxed(),
        Type::Number => {
            // Of bounds that are too long to be sent, nothing would be left.
            let short = || arbitrary_number().prop_filter("short", |number| number.to_string().len() < 400);
            let bound = || option::of((short(), any::<bool>()));
            (any::<bool>(), bound(), bound())
                .prop_map(|(not_null, number_lower_bound, number_upper_bound)| Refinements {
                    not_null,
                    number_lower_bound,
                    number_upper_bound,
                    ..Refinements::default()
                })
                .boxed()
        }
        Type::List(_) | Type::Set(_) | Type::Map(_) => {
            let bound = || option::of(0..i64::MAX);
            (any::<bool>(), bound(), bound())
                .prop_map(|(not_null, length_lower_bound, length_upper_bound)| Refinements {
                    not_null,
                    length_lower_bound,
                    length_upper_bound,
                    ..Refinements::default()
                })
                .boxed()
        }
        Type::Bool | Type::Object(_) | Type::Tuple(_) => any::<bool>()
            .prop_map(|not_null| Refinements {
                not_null,
                ..Refinements::default()
            })
            .boxed(),
    }
}

/// Text in normal form, short and long enough for every length prefix of the wire format.
fn text() -> BoxedStrategy<String> {
    prop_oneof![
        8 => "[a-z_\"]{0,8}",
        4 => "\\PC{0,8}",
        1 => "[a-z]{30,300}",
    ]
    .prop_map(|text| super::normalized(&text))
    .boxed()
}
