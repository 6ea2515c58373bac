//! Values as JSON: how the core stores them in states, and hands over the states of older versions.
//!
//! Numbers are read from their text, so they stay exact. What one version of a schema wrote must be readable for the
//! next one, hence the conversions between numbers, booleans and their texts, which are those of the core.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::path::Step;
use crate::types::{MAX_DEPTH, Type};
use crate::value::{Value, normalized};

use super::{CodecError, Problem, deeper, element_step};

mod encode;
#[cfg(test)]
mod tests;

pub use encode::to_json;

/// Reads a value of that type from a request; attributes that are absent are null.
///
/// # Errors
/// Fails with the path of the part that is no value of its type.
pub fn decode(json: &[u8], expected: &Type) -> Result<Value, CodecError> {
    let decoder = Decoder {
        undefined: Undefined::Refuse,
    };
    decoder.value(parse(json)?, expected, MAX_DEPTH)
}

/// Reads a state, which an older version may have written: attributes that the type does not have are ignored.
///
/// # Errors
/// Fails with the path of the part that is no value of its type.
pub fn decode_state(json: &[u8], expected: &Type) -> Result<Value, CodecError> {
    let decoder = Decoder {
        undefined: Undefined::Ignore,
    };
    decoder.value(parse(json)?, expected, MAX_DEPTH)
}

/// What happens to attributes that the type does not have.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Undefined {
    Ignore,
    Refuse,
}

struct Decoder {
    undefined: Undefined,
}

/// A dynamic value.
#[derive(Deserialize)]
struct Typed<'j> {
    #[serde(borrow, rename = "type")]
    own: &'j RawValue,
    #[serde(borrow)]
    value: &'j RawValue,
}

impl Decoder {
    fn value(&self, json: &RawValue, expected: &Type, depth: usize) -> Result<Value, CodecError> {
        let depth = deeper(depth)?;
        if json.get() == "null" {
            return Ok(Value::Null);
        }
        match expected {
            Type::Bool => Ok(boolean(json)?),
            Type::Number => Ok(number(json)?),
            Type::String => Ok(string(json)?),
            Type::Dynamic => self.dynamic(json, depth),
            Type::List(element) => self.elements(json, "a list", expected, element, depth).map(Value::List),
            Type::Set(element) => self.elements(json, "a set", expected, element, depth).map(Value::set),
            Type::Map(element) => self.map(json, element, depth),
            Type::Object(attributes) => self.object(json, attributes, depth),
            Type::Tuple(elements) => self.tuple(json, elements, depth),
        }
    }

    fn dynamic(&self, json: &RawValue, depth: usize) -> Result<Value, CodecError> {
        const REQUIRED: Problem = Problem::Required("a dynamic value with its type");
        if !json.get().starts_with('{') {
            return Err(REQUIRED.into());
        }
        // A syntax error is impossible by now, so an entry is missing or comes twice.
        let typed: Typed = serde_json::from_str(json.get()).map_err(|_| REQUIRED)?;
        let own = Type::from_json(typed.own.get().as_bytes()).map_err(Problem::Type)?;
        let value = self.value(typed.value, &own, depth)?;
        Ok(match own {
            // The value has said its type already.
            Type::Dynamic => value,
            own => Value::Dynamic(Box::new((own, value))),
        })
    }

    fn elements(
        &self,
        json: &RawValue,
        required: &'static str,
        collection: &Type,
        element: &Type,
        depth: usize,
    ) -> Result<Vec<Value>, CodecError> {
        array(json, required)?
            .into_iter()
            .enumerate()
            .map(|(index, json)| self.element(json, element, element_step(collection, index), depth))
            .collect()
    }

    fn tuple(&self, json: &RawValue, types: &[Type], depth: usize) -> Result<Value, CodecError> {
        let elements = array(json, "a tuple")?;
        let (required, given) = (types.len(), elements.len());
        if required != given {
            return Err(Problem::TupleLength { required, given }.into());
        }
        elements
            .into_iter()
            .zip(types)
            .enumerate()
            .map(|(index, (json, of))| self.element(json, of, Step::Index(index), depth))
            .collect::<Result<_, _>>()
            .map(Value::List)
    }

    fn element(&self, json: &RawValue, of: &Type, step: Step, depth: usize) -> Result<Value, CodecError> {
        self.value(json, of, depth).map_err(|error| error.inside(step))
    }

    fn map(&self, json: &RawValue, element: &Type, depth: usize) -> Result<Value, CodecError> {
        entries(json, "a map")?
            .into_iter()
            .map(|(key, json)| match self.value(json, element, depth) {
                Ok(value) => Ok((key, value)),
                Err(error) => Err(error.inside(Step::Key(key))),
            })
            .collect::<Result<_, _>>()
            .map(Value::Map)
    }

    fn object(&self, json: &RawValue, types: &BTreeMap<String, Type>, depth: usize) -> Result<Value, CodecError> {
        let entries = entries(json, "an object")?;
        if self.undefined == Undefined::Refuse
            && let Some(name) = entries.keys().find(|name| !types.contains_key(*name))
        {
            return Err(CodecError::from(Problem::UnsupportedAttribute).inside(Step::Attribute(name.clone())));
        }
        types
            .iter()
            .map(|(name, of)| {
                let value = entries.get(name).map_or(Ok(Value::Null), |json| {
                    self.value(json, of, depth)
                        .map_err(|error| error.inside(Step::Attribute(name.clone())))
                });
                Ok((name.clone(), value?))
            })
            .collect::<Result<_, _>>()
            .map(Value::Object)
    }
}

/// Checks the syntax of the whole text, which takes no stack however deep it is.
fn parse(json: &[u8]) -> Result<&RawValue, Problem> {
    serde_json::from_slice(json).map_err(Problem::Json)
}

fn boolean(json: &RawValue) -> Result<Value, Problem> {
    match json.get() {
        "true" | r#""true""# | r#""1""# => Ok(Value::Bool(true)),
        "false" | r#""false""# | r#""0""# => Ok(Value::Bool(false)),
        _ => Err(Problem::Required("a bool")),
    }
}

fn number(json: &RawValue) -> Result<Value, Problem> {
    const REQUIRED: Problem = Problem::Required("a number");
    let number = if json.get().starts_with('"') {
        text(json)?.parse()
    } else {
        json.get().parse()
    };
    number.map(Value::Number).map_err(|_| REQUIRED)
}

fn string(json: &RawValue) -> Result<Value, Problem> {
    match json.get().bytes().next() {
        Some(b'"') => Ok(Value::from(text(json)?)),
        Some(b'[' | b'{') | None => Err(Problem::Required("a string")),
        // A number or boolean becomes the text that it was written as.
        Some(_) => Ok(Value::from(json.get())),
    }
}

fn text(json: &RawValue) -> Result<String, Problem> {
    serde_json::from_str(json.get()).map_err(Problem::Json)
}

fn array<'j>(json: &'j RawValue, required: &'static str) -> Result<Vec<&'j RawValue>, Problem> {
    // Asked first, because the parser's own error would quote the value, which may be secret.
    if !json.get().starts_with('[') {
        return Err(Problem::Required(required));
    }
    serde_json::from_str(json.get()).map_err(Problem::Json)
}

/// The entries of a JSON object; of several with one key, the last counts.
fn entries<'j>(json: &'j RawValue, required: &'static str) -> Result<BTreeMap<String, &'j RawValue>, Problem> {
    if !json.get().starts_with('{') {
        return Err(Problem::Required(required));
    }
    let entries: BTreeMap<String, &RawValue> = serde_json::from_str(json.get()).map_err(Problem::Json)?;
    Ok(entries
        .into_iter()
        .map(|(key, value)| (normalized(&key), value))
        .collect())
}
