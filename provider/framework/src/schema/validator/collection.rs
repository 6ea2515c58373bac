//! Rules for lists, sets and maps.

use std::ops::RangeInclusive;

use super::{Check, Validator, require};
use crate::path::Path;
use crate::value::Value;

impl Validator {
    /// The string, list, set or map has a length in this range; strings count characters.
    pub fn length(range: RangeInclusive<usize>) -> Self {
        let (least, most) = (*range.start(), *range.end());
        let bounds = match (least, most) {
            (least, usize::MAX) => format!("at least {least}"),
            (least, most) if least == most => format!("{least}"),
            (least, most) => format!("{least} to {most}"),
        };
        Validator::new(format!("of length {bounds}"), move |value| {
            let length = match value {
                Value::String(text) => text.chars().count(),
                Value::List(elements) | Value::Set(elements) => elements.len(),
                Value::Map(elements) => elements.len(),
                _ => return Ok(()),
            };
            require(range.contains(&length), || {
                format!("Its length must be {bounds}, but it is {length}.")
            })
        })
    }

    /// The string, list, set or map has something in it.
    pub fn not_empty() -> Self {
        Validator::new("not empty", |value| {
            let empty = match value {
                Value::String(text) => text.is_empty(),
                Value::List(elements) | Value::Set(elements) => elements.is_empty(),
                Value::Map(elements) => elements.is_empty(),
                _ => false,
            };
            require(!empty, || {
                "It must not be empty. Leave the attribute out if there is nothing to say.".to_owned()
            })
        })
    }

    /// The elements of the list differ.
    pub fn unique() -> Self {
        Validator::new("a list of distinct elements", |value| {
            let Value::List(elements) = value else { return Ok(()) };
            let repeated = elements.iter().enumerate().find_map(|(index, element)| {
                let first = elements.iter().take(index).position(|earlier| earlier == element)?;
                Some((first, index))
            });
            match repeated {
                Some((first, second)) => Err(format!(
                    "The elements {first} and {second} are the same. Remove one of them."
                )),
                None => Ok(()),
            }
        })
    }

    /// No element of the list, set or map is null.
    pub fn no_nulls() -> Self {
        Validator::new("a collection without nulls", |value| {
            let elements = value.elements_at(&Path::root());
            require(!elements.iter().any(|(_, element)| element.is_null()), || {
                "It must not have null elements. Give them values or leave them out, for example with a `for` expression."
                    .to_owned()
            })
        })
    }

    /// Each element of the list, set or map is accepted by a rule.
    pub fn each(rule: Validator) -> Self {
        let severity = rule.severity;
        Validator {
            severity,
            ..Validator::of(
                format!("of elements that are each {}", rule.description),
                Check::Elements(Box::new(rule)),
            )
        }
    }

    /// Each key of the map is accepted by a rule for strings.
    pub fn keys(rule: Validator) -> Self {
        let severity = rule.severity;
        Validator {
            severity,
            ..Validator::of(
                format!("of keys that are each {}", rule.description),
                Check::Keys(Box::new(rule)),
            )
        }
    }
}

/// The keys of a map as strings, with the paths of their elements.
pub(super) fn keys(path: &Path, value: &Value) -> Vec<(Path, Value)> {
    match value {
        Value::Map(elements) => elements
            .keys()
            .map(|key| (path.clone().key(key), key.as_str().into()))
            .collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(elements: &[i64]) -> Value {
        Value::List(elements.iter().map(|element| (*element).into()).collect())
    }

    #[test]
    fn lengths_are_counted_in_characters_and_elements() {
        let rule = Validator::length(1..=2);
        for fine in [
            "é€".into(),
            list(&[1]),
            Value::Map([("a".to_owned(), Value::Null)].into()),
        ] {
            assert_eq!(rule.check(&fine), Ok(()), "{fine:?}");
        }
        for wrong in ["abc".into(), list(&[]), Value::set([1.into(), 2.into(), 3.into()])] {
            assert!(rule.check(&wrong).is_err(), "{wrong:?}");
        }
        for (range, phrase) in [(3..=3, "of length 3"), (1..=usize::MAX, "of length at least 1")] {
            assert_eq!(Validator::length(range).description(), phrase);
        }
    }

    #[test]
    fn elements_are_distinct_there_and_not_null() {
        assert_eq!(Validator::unique().check(&list(&[1, 2])), Ok(()));
        assert_eq!(
            Validator::unique().check(&list(&[1, 2, 1])),
            Err("The elements 0 and 2 are the same. Remove one of them.".to_owned())
        );
        assert!(Validator::no_nulls().check(&Value::List(vec![Value::Null])).is_err());
        assert_eq!(Validator::no_nulls().check(&list(&[1])), Ok(()));
        for empty in ["".into(), list(&[]), Value::set([]), Value::Map([].into())] {
            assert!(Validator::not_empty().check(&empty).is_err(), "{empty:?}");
        }
        assert_eq!(Validator::not_empty().check(&" ".into()), Ok(()));
    }

    #[test]
    fn what_is_wrong_with_elements_and_keys_is_told_with_their_paths() {
        let at = |rule: &Validator, value: &Value| -> Vec<String> {
            let problems = rule.problems(&Path::new("x"), value);
            problems.into_iter().map(|(path, _)| path.to_string()).collect()
        };
        let even = Validator::each(Validator::multiple_of(2));
        // What is known counts, even beside what is not.
        let partly = Value::List(vec![1.into(), Value::UNKNOWN, Value::Null, 2.into(), 3.into()]);
        assert_eq!(at(&even, &partly), ["x[0]", "x[4]"]);
        let map = Value::Map([("a".to_owned(), list(&[1])), ("B".to_owned(), Value::UNKNOWN)].into());
        assert_eq!(at(&Validator::each(even), &map), [r#"x["a"][0]"#]);
        assert_eq!(at(&Validator::keys(Validator::dns_label()), &map), [r#"x["B"]"#]);
    }
}
