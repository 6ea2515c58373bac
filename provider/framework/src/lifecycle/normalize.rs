//! Keeps what a state must keep: spellings that mean the same, and no value for what is write-only.
//!
//! A remote API may answer `4096Mi` to a configured `4Gi`, or a name in lower case. Where an attribute says that both mean
//! the same, the state keeps the spelling it has; anything else that differs is drift, and stays visible.

use std::collections::BTreeMap;

use crate::lifecycle::{NULL, at_index, at_key, elements, same_meaning};
use crate::schema::{Attribute, Kind, Schema};
use crate::value::Value;

/// The new state in the spelling of a reference (the prior state for a read, the plan for an apply), wherever it means the
/// same, and without write-only values.
#[must_use]
pub fn normalize(schema: &Schema, reference: &Value, new: Value) -> Value {
    object(&schema.attributes, reference, new)
}

/// The value with null for every write-only attribute.
#[must_use]
pub fn without_write_only(schema: &Schema, value: Value) -> Value {
    normalize(schema, NULL, value)
}

fn object(attributes: &[Attribute], reference: &Value, new: Value) -> Value {
    let Value::Object(mut values) = new else {
        return new;
    };
    for attribute in attributes {
        if let Some(value) = values.get_mut(&attribute.name) {
            let reference = reference.attribute_or_null(&attribute.name);
            *value = normalize_attribute(attribute, reference, std::mem::take(value));
        }
    }
    Value::Object(values)
}

fn normalize_attribute(attribute: &Attribute, reference: &Value, new: Value) -> Value {
    if attribute.write_only {
        return Value::Null;
    }
    match (&attribute.kind, new) {
        (Kind::Type(_), new) if same_meaning(attribute, reference, &new) => reference.clone(),
        (Kind::Type(_), new) => new,
        (Kind::Nested(_, attributes), new @ Value::Object(_)) => object(attributes, reference, new),
        (Kind::Nested(_, attributes), Value::List(new)) => Value::List(
            new.into_iter()
                .enumerate()
                .map(|(index, new)| object(attributes, at_index(reference, index), new))
                .collect(),
        ),
        (Kind::Nested(_, attributes), Value::Map(new)) => Value::Map(
            new.into_iter()
                .map(|(key, new)| {
                    let reference = at_key(reference, &key);
                    let new = object(attributes, reference, new);
                    (key, new)
                })
                .collect::<BTreeMap<_, _>>(),
        ),
        (Kind::Nested(_, attributes), Value::Set(new)) => set(attributes, elements(reference), new),
        (Kind::Nested(..), new) => new,
    }
}

/// Each element in the spelling of the first element of the reference that it is like and that no other element has taken.
fn set(attributes: &[Attribute], reference: &[Value], new: Vec<Value>) -> Value {
    let mut free: Vec<&Value> = reference.iter().collect();
    Value::set(new.into_iter().map(|element| {
        let counterpart = free
            .iter()
            .position(|candidate| is_like(attributes, candidate, &element))
            .map_or(NULL, |position| free.remove(position));
        object(attributes, counterpart, element)
    }))
}

/// Whether two elements of a set mean the same in all that can be configured, as far as the reference is known.
fn is_like(attributes: &[Attribute], reference: &Value, new: &Value) -> bool {
    attributes
        .iter()
        .filter(|attribute| attribute.is_configurable() && !attribute.write_only)
        .all(|attribute| {
            let reference = reference.attribute_or_null(&attribute.name);
            let new = new.attribute_or_null(&attribute.name);
            reference.is_unknown() || normalize_attribute(attribute, reference, new.clone()) == *reference
        })
}
