//! Defaults where nothing is planned: in what is looked up or opened, and in arguments of functions.

use crate::lifecycle::NULL;
use crate::lifecycle::plan::attributes::{Undecided, plan_object};
use crate::schema::{Attribute, Kind, Nesting, Schema};
use crate::value::Value;

/// A configuration with the defaults of its schema; what is computed stays null.
pub(crate) fn config_with_defaults(schema: &Schema, config: &Value) -> Value {
    object_with_defaults(&schema.attributes, config)
}

/// A value with the defaults of the attributes nested in it.
pub(super) fn value_with_defaults(kind: &Kind, value: Value) -> Value {
    let Kind::Nested(nesting, attributes) = kind else {
        return value;
    };
    let object = |value: Value| object_with_defaults(attributes, &value);
    match (nesting, value) {
        (Nesting::List, Value::List(elements)) => Value::List(elements.into_iter().map(object).collect()),
        (Nesting::Set, Value::Set(elements)) => Value::set(elements.into_iter().map(object)),
        (Nesting::Map, Value::Map(elements)) => {
            let elements = elements.into_iter().map(|(key, element)| (key, object(element)));
            Value::Map(elements.collect())
        }
        (_, value) => object(value),
    }
}

fn object_with_defaults(attributes: &[Attribute], object: &Value) -> Value {
    plan_object(attributes, NULL, object, Undecided::Stays)
}
