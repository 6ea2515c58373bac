//! Defaults where nothing is planned: in what is looked up or opened, in arguments of functions, and in states that
//! were stored before an attribute was there.

use crate::lifecycle::NULL;
use crate::lifecycle::plan::attributes::{Undecided, plan_object};
use crate::schema::{Attribute, Kind, Schema};
use crate::value::Value;

/// A configuration with the defaults of its schema; what is computed stays null.
pub(crate) fn config_with_defaults(schema: &Schema, config: &Value) -> Value {
    object_with_defaults(&schema.attributes, config)
}

/// A stored state with the default of each attribute that has one and no value: the attribute is newer than the state.
/// What the default is not true of, the next refresh finds out.
pub(crate) fn state_with_defaults(schema: &Schema, state: Value) -> Value {
    stored_object(&schema.attributes, state)
}

/// A value with the defaults of the attributes nested in it.
pub(super) fn value_with_defaults(kind: &Kind, value: Value) -> Value {
    match kind {
        Kind::Nested(_, attributes) => in_objects(value, |object| object_with_defaults(attributes, &object)),
        Kind::Type(_) => value,
    }
}

fn object_with_defaults(attributes: &[Attribute], object: &Value) -> Value {
    plan_object(attributes, NULL, object, Undecided::Stays)
}

fn stored_object(attributes: &[Attribute], object: Value) -> Value {
    let Value::Object(mut values) = object else {
        return object;
    };
    for attribute in attributes {
        let Some(value) = values.get_mut(&attribute.name) else {
            continue;
        };
        if let (true, Some(default)) = (value.is_null(), &attribute.default) {
            value.clone_from(default);
        }
        if let Kind::Nested(_, attributes) = &attribute.kind {
            *value = in_objects(std::mem::take(value), |object| stored_object(attributes, object));
        }
    }
    Value::Object(values)
}

/// The value of a nested attribute, with what becomes of each object in it.
fn in_objects(value: Value, become_of: impl Fn(Value) -> Value) -> Value {
    match value {
        Value::List(elements) => Value::List(elements.into_iter().map(become_of).collect()),
        Value::Set(elements) => Value::set(elements.into_iter().map(become_of)),
        Value::Map(elements) => {
            let elements = elements.into_iter().map(|(key, element)| (key, become_of(element)));
            Value::Map(elements.collect())
        }
        value => become_of(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lifecycle::fixtures::{attribute, nested, object, schema};
    use crate::schema::{Nesting, Presence};

    #[test]
    fn a_stored_state_gets_the_defaults_of_newer_attributes_however_deep() {
        for nesting in [Nesting::Single, Nesting::List, Nesting::Set, Nesting::Map] {
            let size = || attribute::<i64>("size").default_value(1);
            let schema = schema(vec![
                size(),
                nested(
                    "disks",
                    nesting,
                    Presence::Optional,
                    vec![attribute::<String>("name"), size()],
                ),
            ]);
            let state = |size: Value| {
                let disk = Value::object([("name", "a".into()), ("size", size.clone())]);
                let disks = match nesting {
                    Nesting::Single => disk,
                    Nesting::List => Value::List(vec![disk]),
                    Nesting::Set => Value::set([disk]),
                    Nesting::Map => Value::Map([("a".to_owned(), disk)].into()),
                };
                object(&schema, [("size", size), ("disks", disks)])
            };
            assert_eq!(state_with_defaults(&schema, state(Value::Null)), state(1.into()));
            assert_eq!(state_with_defaults(&schema, state(2.into())), state(2.into()));
            let without = object(&schema, [("size", 2.into())]);
            assert_eq!(state_with_defaults(&schema, without.clone()), without);
        }
    }

    #[test]
    fn a_default_with_attributes_in_it_is_as_complete_as_in_a_plan() {
        let size = attribute::<i64>("size").default_value(1);
        let disk = nested("disk", Nesting::Single, Presence::OptionalComputed, vec![size]);
        let schema = schema(vec![disk.default_value(Value::object([("size", Value::Null)]))]);
        let state = state_with_defaults(&schema, object(&schema, []));
        let disk = Value::object([("size", 1.into())]);
        assert_eq!(state.attribute("disk"), Some(&disk));
        assert_eq!(config_with_defaults(&schema, &object(&schema, [])), state);
    }
}
