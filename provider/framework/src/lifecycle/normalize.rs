//! Keeps what a state must keep: spellings that mean the same, and no value for what is write-only.
//!
//! A remote API may answer `4096Mi` to a configured `4Gi`, or a name in lower case. Where an attribute says that both
//! mean the same, the state keeps the spelling it has; anything else that differs is drift, and stays visible.

use std::collections::{BTreeMap, BTreeSet};

use crate::lifecycle::check::compatible::keeps_promise;
use crate::lifecycle::correlate::{Index, pair};
use crate::lifecycle::spelling::respelled;
use crate::lifecycle::{NULL, at_index, at_key, elements};
use crate::schema::{Attribute, Kind, Schema, TIMEOUTS};
use crate::value::Value;

/// The new state in the spelling of a reference (the prior state for a read, the plan for an apply), wherever it means
/// the same, and without write-only values.
#[must_use]
pub fn normalize(schema: &Schema, reference: &Value, new: Value) -> Value {
    with_timeouts_of(reference, normalize_object(&schema.attributes, reference, new))
}

/// The new value with the timeouts of a reference: a model does not tell timeouts without a limit from none.
pub(crate) fn with_timeouts_of(reference: &Value, mut new: Value) -> Value {
    if let (Some(timeouts), Value::Object(values)) = (reference.attribute(TIMEOUTS), &mut new)
        && let Some(value) = values.get_mut(TIMEOUTS)
    {
        value.clone_from(timeouts);
    }
    new
}

/// The value with null for every write-only attribute.
#[must_use]
pub fn without_write_only(schema: &Schema, value: Value) -> Value {
    normalize(schema, NULL, value)
}

/// The same for an object of these attributes.
pub(super) fn normalize_object(attributes: &[Attribute], reference: &Value, new: Value) -> Value {
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
        // A null of a dynamic type may have a type of its own, which a model does not keep.
        (Kind::Type(_), Value::Null) if reference.is_null() => reference.clone(),
        (Kind::Type(_), new) => match &attribute.semantic_equality {
            Some(equality) => respelled(equality, reference, new),
            None => new,
        },
        (Kind::Nested(_, attributes), new @ Value::Object(_)) => normalize_object(attributes, reference, new),
        (Kind::Nested(_, attributes), Value::List(new)) => Value::List(
            new.into_iter()
                .enumerate()
                .map(|(index, new)| normalize_object(attributes, at_index(reference, index), new))
                .collect(),
        ),
        (Kind::Nested(_, attributes), Value::Map(new)) => Value::Map(
            new.into_iter()
                .map(|(key, new)| {
                    let reference = at_key(reference, &key);
                    let new = normalize_object(attributes, reference, new);
                    (key, new)
                })
                .collect::<BTreeMap<_, _>>(),
        ),
        (Kind::Nested(_, attributes), Value::Set(new)) => set(attributes, elements(reference), new),
        (Kind::Nested(..), new) => new,
    }
}

/// Each element in the spelling of its counterpart in the reference: an element of the same words, or else of the same
/// meaning.
fn set(attributes: &[Attribute], reference: &[Value], new: Vec<Value>) -> Value {
    let index = Index::new(attributes, reference);
    let candidates = |verbatim: bool, taken: &BTreeSet<usize>| -> Vec<BTreeSet<usize>> {
        let fits = |position: usize, element: &Value| {
            let candidate = reference.get(position);
            candidate.is_some_and(|candidate| is_like(attributes, candidate, element, verbatim))
        };
        let fitting = |element: &Value| {
            let near = index.near(element).into_iter();
            near.filter(|position| !taken.contains(position) && fits(*position, element))
                .collect()
        };
        new.iter().map(fitting).collect()
    };
    let verbatim = pair(&candidates(true, &BTreeSet::new()));
    let taken = verbatim.iter().flatten().copied().collect();
    let similar = pair(&candidates(false, &taken));
    let elements = new.iter().zip(verbatim.into_iter().zip(similar));
    Value::set(elements.map(|(element, (verbatim, similar))| {
        // What has a counterpart of the same words has its spelling.
        let counterpart = similar.filter(|_| verbatim.is_none());
        let reference = counterpart.and_then(|index| reference.get(index)).unwrap_or(NULL);
        normalize_object(attributes, reference, element.clone())
    }))
}

/// Whether an element of a set says what the reference says, as far as that is known, in all that can be configured.
fn is_like(attributes: &[Attribute], reference: &Value, new: &Value, verbatim: bool) -> bool {
    attributes
        .iter()
        .filter(|attribute| attribute.is_configurable() && !attribute.write_only)
        .all(|attribute| {
            let reference = reference.attribute_or_null(&attribute.name);
            let new = new.attribute_or_null(&attribute.name);
            if verbatim {
                keeps_promise(reference, new)
            } else {
                keeps_promise(reference, &normalize_attribute(attribute, reference, new.clone()))
            }
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lifecycle::fixtures::{attribute, nested, object, schema};
    use crate::model::{Attr, WriteOnly};
    use crate::schema::{Nesting, Presence, SemanticEquality};

    fn lenient(name: &str) -> Attribute {
        Attribute {
            semantic_equality: Some(SemanticEquality::Values(|a, b| {
                a.as_str().map(str::to_lowercase) == b.as_str().map(str::to_lowercase)
            })),
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
        for nesting in [Nesting::List, Nesting::Set, Nesting::Map] {
            let collect = |elements: Vec<Value>| match nesting {
                Nesting::Single | Nesting::List => Value::List(elements),
                Nesting::Set => Value::set(elements),
                Nesting::Map => keyed(elements),
            };
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
    fn elements_of_the_same_words_are_counterparts_before_those_of_the_same_meaning() {
        let schema = schema(vec![nested(
            "nodes",
            Nesting::Set,
            Presence::Optional,
            vec![lenient("zone")],
        )]);
        let state = |zones: &[&str]| {
            let elements = zones.iter().map(|zone| Value::object([("zone", (*zone).into())]));
            object(&schema, [("nodes", Value::set(elements))])
        };
        assert_eq!(
            normalize(&schema, &state(&["A", "a"]), state(&["A", "a"])),
            state(&["A", "a"])
        );
        assert_eq!(
            normalize(&schema, &state(&["B", "a"]), state(&["a", "b"])),
            state(&["B", "a"])
        );
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
