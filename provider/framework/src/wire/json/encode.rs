//! Writing values: for logs and tests, the core is answered in MessagePack only.

use std::fmt::Write as _;

use crate::path::Step;
use crate::types::{MAX_DEPTH, Type};
use crate::value::{Number, Value, normalized};
use crate::wire::{CodecError, Problem, deeper, element_step, required};

/// The value as JSON without spaces, attributes and keys in the order of their names.
///
/// # Errors
/// Fails with the path of the part that is no value of its type, and of unknown values and infinite numbers, which
/// JSON cannot represent.
pub fn to_json(value: &Value, expected: &Type) -> Result<String, CodecError> {
    let mut json = String::new();
    write(&mut json, value, expected, MAX_DEPTH)?;
    Ok(json)
}

fn write(json: &mut String, value: &Value, expected: &Type, depth: usize) -> Result<(), CodecError> {
    let depth = deeper(depth)?;
    match (value, expected) {
        (Value::Null, _) => json.push_str("null"),
        (Value::Unknown(_), _) => return Err(Problem::Unknown.into()),
        (Value::Bool(value), Type::Bool) => json.push_str(if *value { "true" } else { "false" }),
        (Value::Number(value), Type::Number) => number(json, value)?,
        (Value::String(value), Type::String) => text(json, value),
        (Value::List(elements), Type::List(element)) | (Value::Set(elements), Type::Set(element)) => {
            array(json, elements.iter().map(|value| (value, &**element)), expected, depth)?;
        }
        (Value::List(elements), Type::Tuple(types)) => {
            let (required, given) = (types.len(), elements.len());
            if required != given {
                return Err(Problem::TupleLength { required, given }.into());
            }
            array(json, elements.iter().zip(types), expected, depth)?;
        }
        (Value::Map(elements), Type::Map(element)) => {
            let entries = elements
                .iter()
                .map(|(key, value)| (Step::Key(key.clone()), key, value, &**element));
            entries_of(json, entries, depth)?;
        }
        (Value::Object(attributes), Type::Object(types)) => {
            let at = |problem: Problem, name: &str| CodecError::from(problem).inside(Step::Attribute(name.to_owned()));
            if let Some(name) = attributes.keys().find(|name| !types.contains_key(*name)) {
                return Err(at(Problem::UnsupportedAttribute, name));
            }
            if let Some(name) = types.keys().find(|name| !attributes.contains_key(*name)) {
                return Err(at(Problem::MissingAttribute, name));
            }
            // Both are in the order of the same names.
            let entries = attributes
                .iter()
                .zip(types.values())
                .map(|((name, value), of)| (Step::Attribute(name.clone()), name, value, of));
            entries_of(json, entries, depth)?;
        }
        (Value::Dynamic(typed), Type::Dynamic) if typed.0 == Type::Dynamic => write(json, &typed.1, expected, depth)?,
        (Value::Dynamic(typed), Type::Dynamic) => {
            json.push_str(r#"{"value":"#);
            write(json, &typed.1, &typed.0, depth)?;
            // Writing to a string cannot fail.
            let _ = write!(json, r#","type":{}}}"#, typed.0);
        }
        (_, of) => return Err(Problem::Required(required(of)).into()),
    }
    Ok(())
}

fn number(json: &mut String, value: &Number) -> Result<(), Problem> {
    if value.is_nan() {
        return Err(Problem::Required("a number"));
    }
    if value.is_infinite() {
        return Err(Problem::Infinite);
    }
    json.push_str(&value.to_string());
    Ok(())
}

fn text(json: &mut String, text: &str) {
    json.push_str(&serde_json::Value::String(normalized(text)).to_string());
}

fn array<'v>(
    json: &mut String,
    elements: impl Iterator<Item = (&'v Value, &'v Type)>,
    sequence: &Type,
    depth: usize,
) -> Result<(), CodecError> {
    json.push('[');
    for (index, (value, of)) in elements.enumerate() {
        if index > 0 {
            json.push(',');
        }
        write(json, value, of, depth).map_err(|error| error.inside(element_step(sequence, index)))?;
    }
    json.push(']');
    Ok(())
}

fn entries_of<'v>(
    json: &mut String,
    entries: impl Iterator<Item = (Step, &'v String, &'v Value, &'v Type)>,
    depth: usize,
) -> Result<(), CodecError> {
    json.push('{');
    for (index, (step, key, value, of)) in entries.enumerate() {
        if index > 0 {
            json.push(',');
        }
        text(json, key);
        json.push(':');
        write(json, value, of, depth).map_err(|error| error.inside(step))?;
    }
    json.push('}');
    Ok(())
}
