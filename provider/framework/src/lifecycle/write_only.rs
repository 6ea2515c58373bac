//! Puts the write-only values of a configuration into a plan, for the one moment in which they can be used.

use crate::lifecycle::{NULL, at_index, at_key};
use crate::schema::{Attribute, Kind, Schema};
use crate::value::Value;

/// The plan, with the values that only the configuration has.
pub(crate) fn overlay_write_only(schema: &Schema, planned: &Value, config: &Value) -> Value {
    object(&schema.attributes, planned, config)
}

fn object(attributes: &[Attribute], planned: &Value, config: &Value) -> Value {
    let Value::Object(values) = planned else {
        return planned.clone();
    };
    let mut values = values.clone();
    for attribute in attributes {
        let Some(value) = values.get_mut(&attribute.name) else {
            continue;
        };
        let configured = config.attribute_or_null(&attribute.name);
        if attribute.write_only {
            *value = configured.clone();
        } else if let Kind::Nested(_, nested) = &attribute.kind {
            *value = objects(nested, value, configured);
        }
    }
    Value::Object(values)
}

fn objects(attributes: &[Attribute], planned: &Value, config: &Value) -> Value {
    match planned {
        Value::List(elements) => Value::List(
            elements
                .iter()
                .enumerate()
                .map(|(index, element)| object(attributes, element, at_index(config, index)))
                .collect(),
        ),
        Value::Map(elements) => Value::Map(
            elements
                .iter()
                .map(|(key, element)| (key.clone(), object(attributes, element, at_key(config, key))))
                .collect(),
        ),
        // Nothing in a set can be write-only: its elements could not be told apart without it.
        Value::Set(_) => planned.clone(),
        other => object(attributes, other, if config.is_null() { NULL } else { config }),
    }
}
