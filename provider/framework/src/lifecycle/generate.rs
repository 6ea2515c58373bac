//! A configuration for what there is, for users who import an object and have none yet.
//!
//! It says as little as it can: what the provider decides, what a default says and what the core cannot store is left
//! out. Planned with the same state, it changes nothing.

use std::collections::BTreeMap;

use crate::lifecycle::plan::attributes::holds_configured;
use crate::lifecycle::same_meaning;
use crate::schema::{Attribute, Kind, Presence, Schema, TIMEOUTS};
use crate::value::Value;

/// How much of what could be configured is.
#[derive(Clone, Copy)]
enum Extent {
    /// What has to be.
    Needed,
    /// All of it: elements of a set could become one if anything were left out that tells them apart.
    All,
}

/// The configuration of an object in this state, of the same type; what is not configured is null.
#[must_use]
pub fn generate_config(schema: &Schema, state: &Value) -> Value {
    let mut config = object(&schema.attributes, state, Extent::Needed);
    if let Value::Object(attributes) = &mut config {
        // They belong to the operations, not to the object.
        attributes
            .entry(TIMEOUTS.to_owned())
            .and_modify(|limits| *limits = Value::Null);
    }
    config
}

fn object(attributes: &[Attribute], state: &Value, extent: Extent) -> Value {
    if !matches!(state, Value::Object(_)) {
        return state.clone();
    }
    let configured = attributes.iter().map(|attribute| {
        let state = state.attribute_or_null(&attribute.name);
        (attribute.name.clone(), configured(attribute, state, extent))
    });
    Value::Object(configured.collect::<BTreeMap<_, _>>())
}

fn configured(attribute: &Attribute, state: &Value, extent: Extent) -> Value {
    if !attribute.is_configurable() || attribute.write_only {
        return Value::Null;
    }
    match (&attribute.kind, extent) {
        (_, Extent::Needed) if goes_without_saying(attribute, state) => Value::Null,
        (Kind::Type(_), _) => state.clone(),
        (Kind::Nested(_, attributes), extent) => nested(attributes, state, extent),
    }
}

/// Whether the provider decides the same when the configuration says nothing.
fn goes_without_saying(attribute: &Attribute, state: &Value) -> bool {
    let is_default = |default| same_meaning(attribute, default, state);
    let is_nested = matches!(attribute.kind, Kind::Nested(..));
    attribute.default.as_ref().is_some_and(is_default)
        || (attribute.deprecation.is_some() && attribute.presence != Presence::Required)
        || (is_nested && attribute.is_computed() && !holds_configured(attribute, state))
}

fn nested(attributes: &[Attribute], state: &Value, extent: Extent) -> Value {
    let object = |element: &Value| object(attributes, element, extent);
    match state {
        Value::List(elements) => Value::List(elements.iter().map(object).collect()),
        Value::Set(elements) => Value::set(
            elements
                .iter()
                .map(|element| self::object(attributes, element, Extent::All)),
        ),
        Value::Map(elements) => {
            let elements = elements.iter().map(|(key, element)| (key.clone(), object(element)));
            Value::Map(elements.collect())
        }
        other => object(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lifecycle::fixtures::{attribute, nested as nesting, object as whole, schema};
    use crate::model::{Attr, Timeouts, WriteOnly};
    use crate::schema::Nesting;

    #[test]
    fn what_the_configuration_need_not_say_is_left_out() {
        let schema = schema(vec![
            attribute::<String>("name"),
            attribute::<i64>("size").default_value(1),
            attribute::<i64>("count").default_value(1),
            attribute::<Attr<String>>("id"),
            attribute::<Attr<String>>("zone").optional_computed(),
            attribute::<WriteOnly<String>>("password"),
            attribute::<Option<String>>("old").deprecated("Use `zone`."),
            attribute::<Timeouts>("timeouts"),
        ]);
        let limits = ["create", "read", "update", "delete"].map(|operation| (operation, Value::from("5m")));
        let state = whole(
            &schema,
            [
                ("name", "a".into()),
                ("size", 1.into()),
                ("count", 2.into()),
                ("id", "i".into()),
                ("zone", "z".into()),
                ("old", "o".into()),
                ("timeouts", Value::object(limits)),
            ],
        );
        let expected = whole(
            &schema,
            [("name", "a".into()), ("count", 2.into()), ("zone", "z".into())],
        );
        assert_eq!(generate_config(&schema, &state), expected);
    }

    #[test]
    fn elements_of_a_set_stay_apart() {
        let inner = vec![
            attribute::<String>("port"),
            attribute::<String>("protocol").default_value("tcp"),
        ];
        let schema = schema(vec![nesting("rules", Nesting::Set, Presence::Optional, inner)]);
        let rule = |protocol: &str| Value::object([("port", "1".into()), ("protocol", protocol.into())]);
        let state = whole(&schema, [("rules", Value::set([rule("tcp"), rule("udp")]))]);
        assert_eq!(generate_config(&schema, &state), state);
    }

    #[test]
    fn objects_are_configured_wherever_they_are_and_computed_ones_are_not() {
        let inner = || vec![attribute::<Option<String>>("name"), attribute::<Attr<String>>("id")];
        let schema = schema(vec![
            nesting("parts", Nesting::List, Presence::Optional, inner()),
            nesting("status", Nesting::Single, Presence::OptionalComputed, inner()),
        ]);
        let part = |name: Value, id: Value| Value::object([("name", name), ("id", id)]);
        let state = whole(
            &schema,
            [
                ("parts", Value::List(vec![part("a".into(), "1".into())])),
                ("status", part(Value::Null, "2".into())),
            ],
        );
        let expected = whole(&schema, [("parts", Value::List(vec![part("a".into(), Value::Null)]))]);
        assert_eq!(generate_config(&schema, &state), expected);
    }
}
