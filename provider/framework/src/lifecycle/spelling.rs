//! Which values mean the same, and one value in the spelling of another.
//!
//! An attribute as a whole is planned as it is configured or as it was, so a plan asks [`same`]. A state may keep the
//! spelling of each element by itself: [`respelled`].

use std::collections::BTreeSet;

use crate::lifecycle::correlate::pair;
use crate::lifecycle::{NULL, at_index, at_key, elements};
use crate::schema::SemanticEquality;
use crate::value::Value;

/// Whether two values mean the same, spelled differently or not. What is unknown is the same as nothing else.
pub(super) fn same(equality: &SemanticEquality, one: &Value, other: &Value) -> bool {
    let known = |value: &Value| !value.is_null() && value.is_wholly_known();
    one == other || (known(one) && known(other) && same_known(equality, one, other))
}

/// The new value, with each element of it in the spelling of its counterpart in the reference, if both mean the same.
pub(super) fn respelled(equality: &SemanticEquality, reference: &Value, new: Value) -> Value {
    if same(equality, reference, &new) {
        return reference.clone();
    }
    let SemanticEquality::Elements(equality) = equality else {
        return new;
    };
    match new {
        Value::List(new) => {
            let pairs = new.into_iter().enumerate();
            Value::List(
                pairs
                    .map(|(index, new)| respelled(equality, at_index(reference, index), new))
                    .collect(),
            )
        }
        Value::Map(new) => Value::Map(
            new.into_iter()
                .map(|(key, new)| {
                    let new = respelled(equality, at_key(reference, &key), new);
                    (key, new)
                })
                .collect(),
        ),
        Value::Set(new) => {
            let reference = elements(reference);
            let partners = partners(equality, reference, &new);
            Value::set(new.into_iter().zip(partners).map(|(new, partner)| {
                let partner = partner.and_then(|index| reference.get(index));
                respelled(equality, partner.unwrap_or(NULL), new)
            }))
        }
        new => new,
    }
}

fn same_known(equality: &SemanticEquality, one: &Value, other: &Value) -> bool {
    match (equality, one, other) {
        (SemanticEquality::Values(same), _, _) => same(one, other),
        (SemanticEquality::Elements(equality), Value::List(one), Value::List(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(equality, one, other))
        }
        (SemanticEquality::Elements(equality), Value::Map(one), Value::Map(other)) => {
            one.keys().eq(other.keys())
                && one
                    .values()
                    .zip(other.values())
                    .all(|(one, other)| same(equality, one, other))
        }
        (SemanticEquality::Elements(equality), Value::Set(one), Value::Set(other)) => {
            one.len() == other.len() && partners(equality, one, other).iter().all(Option::is_some)
        }
        (SemanticEquality::Elements(_), _, _) => false,
    }
}

/// The index of the counterpart in the reference of each element of a set: one of the same words before one of the same
/// meaning, none of them twice.
fn partners(equality: &SemanticEquality, reference: &[Value], new: &[Value]) -> Vec<Option<usize>> {
    let verbatim: Vec<Option<usize>> = new
        .iter()
        .map(|new| reference.iter().position(|candidate| candidate == new))
        .collect();
    let candidates: Vec<BTreeSet<usize>> = new
        .iter()
        .zip(&verbatim)
        .map(|(new, own)| match own {
            Some(own) => BTreeSet::from([*own]),
            None => reference
                .iter()
                .enumerate()
                .filter(|(index, candidate)| !verbatim.contains(&Some(*index)) && same(equality, candidate, new))
                .map(|(index, _)| index)
                .collect(),
        })
        .collect();
    pair(&candidates)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ignores case, at the given depth of collections.
    fn lenient(depth: usize) -> SemanticEquality {
        let leaf = SemanticEquality::Values(|one, other| {
            one.as_str().map(str::to_lowercase) == other.as_str().map(str::to_lowercase)
        });
        (0..depth).fold(leaf, |of, _| SemanticEquality::Elements(Box::new(of)))
    }

    fn list(words: &[&str]) -> Value {
        Value::List(words.iter().map(|word| (*word).into()).collect())
    }

    fn set(words: &[&str]) -> Value {
        Value::set(words.iter().map(|word| (*word).into()))
    }

    fn map(entries: &[(&str, Value)]) -> Value {
        Value::Map(
            entries
                .iter()
                .map(|(key, value)| ((*key).to_owned(), value.clone()))
                .collect(),
        )
    }

    #[test]
    fn collections_mean_the_same_if_their_elements_do() {
        for (depth, one, other, expected) in [
            (0, "A".into(), "a".into(), true),
            (1, list(&["A", "b"]), list(&["a", "B"]), true),
            (1, list(&["a", "b"]), list(&["b", "a"]), false),
            (1, list(&["a"]), list(&["a", "a"]), false),
            (1, set(&["A", "b"]), set(&["B", "a"]), true),
            (1, set(&["A", "a"]), set(&["a", "b"]), false),
            (1, set(&["A", "a"]), set(&["a"]), false),
            (1, map(&[("x", "A".into())]), map(&[("x", "a".into())]), true),
            (1, map(&[("x", "A".into())]), map(&[("X", "a".into())]), false),
            (2, map(&[("x", list(&["A"]))]), map(&[("x", list(&["a"]))]), true),
            (1, list(&["a"]), Value::Null, false),
            (1, Value::List(vec![Value::UNKNOWN]), list(&["a"]), false),
            (1, list(&["a"]), set(&["a"]), false),
        ] {
            assert_eq!(same(&lenient(depth), &one, &other), expected, "{one:?} {other:?}");
            assert_eq!(same(&lenient(depth), &other, &one), expected, "{other:?} {one:?}");
        }
    }

    #[test]
    fn each_element_keeps_its_spelling_whatever_becomes_of_the_others() {
        for (depth, reference, new, expected) in [
            (1, list(&["A", "b"]), list(&["a", "c"]), list(&["A", "c"])),
            (1, set(&["A", "b"]), set(&["a", "c"]), set(&["A", "c"])),
            (1, set(&["A", "a"]), set(&["a", "c"]), set(&["a", "c"])),
            (1, set(&["A"]), set(&["A", "a"]), set(&["A", "a"])),
            (
                2,
                map(&[("x", list(&["A", "b"]))]),
                map(&[("x", list(&["a"])), ("y", list(&["B"]))]),
                map(&[("x", list(&["A"])), ("y", list(&["B"]))]),
            ),
            (
                1,
                Value::List(vec![Value::UNKNOWN, "B".into()]),
                list(&["a", "b"]),
                list(&["a", "B"]),
            ),
            (1, Value::Null, list(&["a"]), list(&["a"])),
        ] {
            assert_eq!(respelled(&lenient(depth), &reference, new), expected);
        }
    }
}
