//! Validators: what values an attribute accepts.

use std::fmt;
use std::ops::RangeInclusive;
use std::sync::Arc;

use crate::value::Value;

type Check = Arc<dyn Fn(&Value) -> Result<(), String> + Send + Sync>;

/// A rule for the values of one attribute.
///
/// It is asked only about values that are wholly known and not null, so it needs no case for the others.
#[derive(Clone)]
pub struct Validator {
    description: String,
    check: Check,
}

impl Validator {
    /// A rule with the description that the documentation shows (a phrase such as "at least 1"), and its check, whose
    /// error says what is wrong and what is accepted, in a sentence without the value of a sensitive attribute.
    pub fn new(
        description: impl Into<String>,
        check: impl Fn(&Value) -> Result<(), String> + Send + Sync + 'static,
    ) -> Self {
        Validator {
            description: description.into(),
            check: Arc::new(check),
        }
    }

    /// A rule for strings.
    pub fn string(
        description: impl Into<String>,
        check: impl Fn(&str) -> Result<(), String> + Send + Sync + 'static,
    ) -> Self {
        Validator::new(description, move |value| value.as_str().map_or(Ok(()), &check))
    }

    /// The string is one of these.
    pub fn one_of<const N: usize>(allowed: [&'static str; N]) -> Self {
        let list = allowed.map(|word| format!("`{word}`")).join(", ");
        Validator::string(format!("one of {list}"), move |text| {
            if allowed.contains(&text) {
                Ok(())
            } else {
                Err(format!("It must be one of {list}, not `{text}`."))
            }
        })
    }

    /// The string, list, set or map has a length in this range; strings count characters.
    pub fn length(range: RangeInclusive<usize>) -> Self {
        let (least, most) = (*range.start(), *range.end());
        let bounds = if most == usize::MAX {
            format!("at least {least}")
        } else {
            format!("{least} to {most}")
        };
        Validator::new(format!("length {bounds}"), move |value| {
            let length = match value {
                Value::String(text) => text.chars().count(),
                Value::List(elements) | Value::Set(elements) => elements.len(),
                Value::Map(elements) => elements.len(),
                _ => return Ok(()),
            };
            if range.contains(&length) {
                Ok(())
            } else {
                Err(format!("Its length must be {bounds}, but it is {length}."))
            }
        })
    }

    /// The number is in this range.
    pub fn between(range: RangeInclusive<i64>) -> Self {
        let (least, most) = (*range.start(), *range.end());
        let bounds = match (least, most) {
            (least, i64::MAX) => format!("at least {least}"),
            (i64::MIN, most) => format!("at most {most}"),
            (least, most) => format!("between {least} and {most}"),
        };
        Validator::new(bounds.clone(), move |value| match value {
            Value::Number(number) if !number.as_i64().is_some_and(|number| range.contains(&number)) => {
                Err(format!("It must be a whole number {bounds}, not {number}."))
            }
            _ => Ok(()),
        })
    }

    /// Applies a rule to each element of a list, set or map.
    pub fn each(rule: Validator) -> Self {
        Validator::new(format!("each {}", rule.description), move |value| match value {
            Value::List(elements) | Value::Set(elements) => elements
                .iter()
                .filter(|element| !element.is_null())
                .try_for_each(|element| rule.check(element)),
            Value::Map(elements) => elements
                .values()
                .filter(|element| !element.is_null())
                .try_for_each(|element| rule.check(element)),
            _ => Ok(()),
        })
    }

    /// What is accepted, as a phrase.
    pub fn description(&self) -> &str {
        &self.description
    }

    /// Asks about a wholly known value that is not null.
    ///
    /// # Errors
    /// Returns a sentence that says what is wrong with the value and what is accepted.
    pub fn check(&self, value: &Value) -> Result<(), String> {
        (self.check)(value)
    }
}

impl fmt::Debug for Validator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Validator({})", self.description)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_names_what_is_allowed() {
        let rule = Validator::one_of(["staged", "direct"]);
        assert_eq!(rule.check(&"staged".into()), Ok(()));
        assert_eq!(
            rule.check(&"x".into()),
            Err("It must be one of `staged`, `direct`, not `x`.".to_owned())
        );
    }

    #[test]
    fn between_refuses_fractions() {
        let rule = Validator::between(1..=10);
        assert!(rule.check(&5.into()).is_ok());
        assert!(rule.check(&11.into()).is_err());
        assert!(rule.check(&Value::Number(1.5.into())).is_err());
    }
}
