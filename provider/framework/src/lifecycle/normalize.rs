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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lifecycle::fixtures::{attribute, nested, object, schema};
    use crate::model::{Attr, WriteOnly};
    use crate::schema::{Nesting, Presence};

    fn lenient(name: &str) -> Attribute {
        Attribute {
            semantic_equality: Some(|a, b| a.as_str().map(str::to_lowercase) == b.as_str().map(str::to_lowercase)),
            ..attribute::<String>(name)
        }
    }

    #[test]
    fn a_spelling_is_kept_and_a_drift_is_not_hidden() {
        let schema = schema(vec![lenient("zone"), attribute::<String>("name")]);
        let state = |zone: Value, name: Value| object(&schema, [("zone", zone), ("name", name)]);
        let reference = state("Africa".into(), "A".into());
        for (zone, name, zone_after, name_after) in [
            ("africa", "A", "Africa", "A"),
            ("asia", "A", "asia", "A"),
            ("africa", "a", "Africa", "a"),
        ] {
            let new = normalize(&schema, &reference, state(zone.into(), name.into()));
            assert_eq!(new, state(zone_after.into(), name_after.into()), "{zone} {name}");
        }
        let gone = state(Value::Null, "A".into());
        assert_eq!(normalize(&schema, &reference, gone.clone()), gone);
        assert_eq!(normalize(&schema, &reference, Value::Null), Value::Null);
        let unknown = state(Value::UNKNOWN, "A".into());
        let new = state("africa".into(), "A".into());
        assert_eq!(normalize(&schema, &unknown, new.clone()), new);
    }

    #[test]
    fn elements_keep_the_spelling_of_their_counterparts() {
        let element = |zone: &str, id: Value| Value::object([("zone", zone.into()), ("id", id)]);
        let keyed =
            |elements: Vec<Value>| Value::Map(["a", "b"].map(str::to_owned).into_iter().zip(elements).collect());
        let collections: [(Nesting, fn(Vec<Value>) -> Value); 3] = [
            (Nesting::List, Value::List),
            (Nesting::Set, |elements| Value::set(elements)),
            (Nesting::Map, keyed),
        ];
        for (nesting, collect) in collections {
            let inner = vec![lenient("zone"), attribute::<Attr<i64>>("id")];
            let schema = schema(vec![nested("nodes", nesting, Presence::Optional, inner)]);
            let state = |elements: Vec<Value>| object(&schema, [("nodes", collect(elements))]);
            let planned = state(vec![element("A", Value::UNKNOWN), element("b", Value::UNKNOWN)]);
            let answered = state(vec![element("a", 1.into()), element("B", 2.into())]);
            let expected = state(vec![element("A", 1.into()), element("b", 2.into())]);
            assert_eq!(normalize(&schema, &planned, answered), expected);
        }
    }

    #[test]
    fn write_only_attributes_lose_their_value_wherever_they_are() {
        for nesting in [Nesting::Single, Nesting::List, Nesting::Map] {
            let inner = vec![attribute::<String>("user"), attribute::<WriteOnly<String>>("password")];
            let schema = schema(vec![
                attribute::<WriteOnly<String>>("token"),
                nested("login", nesting, Presence::Optional, inner),
            ]);
            let state = |secret: &Value| {
                let login = Value::object([("user", "u".into()), ("password", secret.clone())]);
                let login = match nesting {
                    Nesting::Single => login,
                    Nesting::List | Nesting::Set => Value::List(vec![login]),
                    Nesting::Map => Value::Map([("a".to_owned(), login)].into()),
                };
                object(&schema, [("token", secret.clone()), ("login", login)])
            };
            assert_eq!(
                without_write_only(&schema, state(&"secret".into())),
                state(&Value::Null)
            );
        }
    }
}
