//! The wire formats, held against go-cty, with which every core reads and writes them.

use proptest::prelude::*;
use tf_framework::types::Type;
use tf_framework::value::strategies::{arbitrary_type, arbitrary_value};
use tf_framework::value::{Number, Refinements, Value};
use tf_framework::wire::{json, msgpack};

use crate::cty::{Question, ask};
use crate::support::samples;

const CASES: usize = 10_000;

/// Any type that a schema can have, with any value of it.
fn typed_values() -> impl Strategy<Value = (Type, Value)> {
    arbitrary_type()
        .prop_filter("schemas have no such type", |of| can_be_in_a_schema(of, false))
        .prop_flat_map(|of| (Just(of.clone()), arbitrary_value(&of)))
        .prop_map(|(of, value)| (of, sensible(value)))
}

/// Cores refuse dynamic types in sets, and go-cty wants one type for all elements of a list or map.
fn can_be_in_a_schema(of: &Type, in_collection: bool) -> bool {
    match of {
        Type::Bool | Type::Number | Type::String => true,
        Type::Dynamic => !in_collection,
        Type::List(of) | Type::Set(of) | Type::Map(of) => can_be_in_a_schema(of, true),
        Type::Object(attributes) => attributes.values().all(|of| can_be_in_a_schema(of, in_collection)),
        Type::Tuple(elements) => elements.iter().all(|of| can_be_in_a_schema(of, in_collection)),
    }
}

/// The value without what go-cty has other opinions on, none of which a provider meets:
///
/// - bounds that contradict each other or leave one possibility only: go-cty panics at the former, and takes the value for
///   known with the latter;
/// - numbers nearer to 0 than floats can be with all their digits: go-cty writes digits that the float never had.
fn sensible(value: Value) -> Value {
    match value {
        Value::Unknown(refinements) => Value::Unknown(sensible_refinements(refinements)),
        Value::List(elements) => Value::List(elements.into_iter().map(sensible).collect()),
        Value::Set(elements) => Value::set(elements.into_iter().map(sensible)),
        Value::Map(elements) => Value::Map(
            elements
                .into_iter()
                .map(|(key, value)| (key, sensible(value)))
                .collect(),
        ),
        Value::Object(attributes) => Value::object(attributes.into_iter().map(|(name, value)| (name, sensible(value)))),
        Value::Dynamic(typed) => Value::Dynamic(Box::new((typed.0, sensible(typed.1)))),
        Value::Number(number) if is_subnormal(&number) => Value::Number(0.into()),
        plain @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => plain,
    }
}

fn is_subnormal(number: &Number) -> bool {
    matches!(number, Number::Float(float) if float.is_subnormal())
}

fn sensible_refinements(mut refinements: Refinements) -> Refinements {
    if let (Some((lower, _)), Some((upper, _))) = (&refinements.number_lower_bound, &refinements.number_upper_bound)
        && lower >= upper
    {
        refinements.number_upper_bound = None;
    }
    if let (Some(lower), Some(upper)) = (refinements.length_lower_bound, refinements.length_upper_bound)
        && lower >= upper
    {
        refinements.length_upper_bound = None;
    }
    refinements
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
#[ignore = "needs the lab: cargo xtask test"]
fn encodings_are_read_and_written_alike() {
    let cases = samples(&typed_values(), CASES);
    let questions: Vec<Question> = cases
        .iter()
        .map(|(of, value)| Question {
            of: of.clone(),
            msgpack: Some(msgpack::encode(value, of).unwrap()),
            json: json::to_json(value, of).ok().map(String::into_bytes),
        })
        .collect();
    let mut known = 0;
    let mut wrong = Vec::new();
    for (((of, value), question), answer) in cases.iter().zip(&questions).zip(ask(&questions)) {
        let mut check = |what: &str, error: &str, read: Result<Value, String>| {
            if read.as_ref() != Ok(value) {
                let sent = hex(question.msgpack.as_deref().unwrap_or_default());
                wrong.push(format!("{what} of {of} {value:?}: {read:?} {error}; sent {sent}"));
            }
        };
        for (way, asked, reading) in [
            ("msgpack", &question.msgpack, &answer.msgpack),
            ("json", &question.json, &answer.json),
        ] {
            if asked.is_none() {
                continue;
            }
            let bytes = reading.msgpack.as_deref().unwrap_or_default();
            check(
                &format!("msgpack after {way}"),
                &reading.error,
                msgpack::decode(bytes, of).map_err(|error| error.to_string()),
            );
            if question.json.is_some() {
                known += 1;
                let bytes = reading.json.as_deref().unwrap_or_default();
                check(
                    &format!("json after {way}"),
                    &reading.error,
                    json::decode(bytes, of).map_err(|error| error.to_string()),
                );
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {CASES}:\n{}",
        wrong.len(),
        wrong[..wrong.len().min(20)].join("\n")
    );
    assert!(known > CASES / 2, "only {known} values were wholly known");
}
