//! Rules for numbers.

use std::ops::RangeInclusive;

use bigdecimal::BigDecimal;

use super::{Validator, list_of, require};
use crate::value::{Number, Value};

impl Validator {
    /// A rule for numbers.
    pub fn number(
        description: impl Into<String>,
        check: impl Fn(&Number) -> Result<(), String> + Send + Sync + 'static,
    ) -> Self {
        Validator::new(description, move |value| match value {
            Value::Number(number) => check(number),
            _ => Ok(()),
        })
    }

    /// The number is a whole one in this range.
    pub fn between(range: RangeInclusive<i64>) -> Self {
        let bounds = match (*range.start(), *range.end()) {
            (least, i64::MAX) => format!("at least {least}"),
            (i64::MIN, most) => format!("at most {most}"),
            (least, most) => format!("between {least} and {most}"),
        };
        Validator::number(bounds.clone(), move |number| {
            require(number.as_i64().is_some_and(|number| range.contains(&number)), || {
                format!("It must be a whole number {bounds}, not {number}.")
            })
        })
    }

    /// The number, whole or not, is not below this one.
    pub fn at_least(least: impl Into<Number>) -> Self {
        let least = least.into();
        Validator::number(format!("at least {least}"), move |number| {
            require(*number >= least, || {
                format!("It must be at least {least}, not {number}.")
            })
        })
    }

    /// The number, whole or not, is not above this one.
    pub fn at_most(most: impl Into<Number>) -> Self {
        let most = most.into();
        Validator::number(format!("at most {most}"), move |number| {
            require(*number <= most, || format!("It must be at most {most}, not {number}."))
        })
    }

    /// The number is a multiple of this one.
    pub fn multiple_of(step: i64) -> Self {
        Validator::number(format!("a multiple of {step}"), move |number| {
            // Nothing is a multiple of zero, and nothing can be divided by it.
            let decimal = number.to_decimal().filter(|_| step != 0);
            let remainder = decimal.map(|decimal| decimal % BigDecimal::from(step));
            require(remainder == Some(BigDecimal::from(0)), || {
                format!("It must be a multiple of {step}, not {number}.")
            })
        })
    }

    /// The number is one of these.
    pub fn one_of_numbers<N: Into<Number>>(allowed: impl IntoIterator<Item = N>) -> Self {
        let allowed: Vec<Number> = allowed.into_iter().map(N::into).collect();
        let list = list_of(&allowed);
        Validator::number(format!("one of {list}"), move |number| {
            require(allowed.contains(number), || {
                format!("It must be one of {list}, not `{number}`.")
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(rule: &Validator, accepted: &[&str], refused: &[&str]) {
        let number = |text: &str| Value::Number(text.parse().unwrap());
        for text in accepted {
            assert_eq!(rule.check(&number(text)), Ok(()), "{text}");
        }
        for text in refused {
            assert!(rule.check(&number(text)).is_err(), "{text}");
        }
    }

    #[test]
    fn between_refuses_fractions() {
        let rule = Validator::between(1..=10);
        check(&rule, &["1", "5", "10.0"], &["0", "11", "1.5", "1e30"]);
        assert_eq!(
            rule.check(&11.into()),
            Err("It must be a whole number between 1 and 10, not 11.".to_owned())
        );
    }

    #[test]
    fn bounds_hold_for_numbers_of_any_size() {
        check(
            &Validator::at_least(0.5),
            &["0.5", "1e30"],
            &["0.4999999999999999999", "-1e30"],
        );
        check(
            &Validator::at_most(3),
            &["3", "-1e30"],
            &["3.0000000000000000001", "1e30"],
        );
    }

    #[test]
    fn multiples_are_exact() {
        check(
            &Validator::multiple_of(512),
            &["0", "512", "1e30", "-1024"],
            &["1", "512.5"],
        );
    }

    #[test]
    fn one_of_compares_by_value() {
        let rule = Validator::one_of_numbers([1, 3, 5]);
        check(&rule, &["1", "3.0"], &["2", "1.5"]);
        assert_eq!(rule.description(), "one of `1`, `3`, `5`");
    }
}
