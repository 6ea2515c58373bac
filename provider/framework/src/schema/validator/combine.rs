//! Rules made of other rules.

use super::{Validator, require};
use crate::value::Value;

impl Validator {
    /// The value is this one.
    pub fn equal_to(expected: impl Into<Value>) -> Self {
        let expected = expected.into();
        let name = match &expected {
            Value::String(text) => format!("`{text}`"),
            other => format!("`{other:?}`"),
        };
        Validator::new(name.clone(), move |value| {
            require(*value == expected, || format!("It must be {name}."))
        })
    }

    /// At least one of the rules accepts the value.
    pub fn any_of(rules: impl IntoIterator<Item = Validator>) -> Self {
        let rules: Vec<Validator> = rules.into_iter().collect();
        Validator::new(phrases(&rules, ", or "), move |value| {
            let mut problems = Vec::new();
            for rule in &rules {
                match rule.check(value) {
                    Ok(()) => return Ok(()),
                    Err(problem) => problems.push(problem),
                }
            }
            Err(format!("No way to accept it: {}", problems.join(" ")))
        })
    }

    /// Each of the rules accepts the value: for use in other rules; an attribute can have several.
    pub fn all_of(rules: impl IntoIterator<Item = Validator>) -> Self {
        let rules: Vec<Validator> = rules.into_iter().collect();
        Validator::new(phrases(&rules, ", and "), move |value| {
            let problems: Vec<String> = rules.iter().filter_map(|rule| rule.check(value).err()).collect();
            require(problems.is_empty(), || problems.join(" "))
        })
    }

    /// The rule does not accept the value.
    #[expect(
        clippy::should_implement_trait,
        reason = "it makes a rule of a rule, as its siblings do"
    )]
    pub fn not(rule: Validator) -> Self {
        let description = format!("anything but {}", rule.description);
        Validator::new(description.clone(), move |value| {
            require(rule.check(value).is_err(), || format!("It must be {description}."))
        })
    }
}

fn phrases(rules: &[Validator], separator: &str) -> String {
    let phrases: Vec<&str> = rules.iter().map(Validator::description).collect();
    phrases.join(separator)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_of_tells_all_ways_out() {
        let rule = Validator::any_of([Validator::one_of(["auto"]), Validator::ends_with("Gi")]);
        assert_eq!(rule.description(), "one of `auto`, or a text that ends with `Gi`");
        for fine in ["auto", "5Gi"] {
            assert_eq!(rule.check(&fine.into()), Ok(()));
        }
        let problem = rule.check(&"5".into()).unwrap_err();
        assert!(problem.contains("`auto`") && problem.contains("`Gi`"), "{problem}");
    }

    #[test]
    fn all_of_tells_all_problems() {
        let rule = Validator::all_of([Validator::length(2..=9), Validator::starts_with("x")]);
        assert_eq!(rule.check(&"xx".into()), Ok(()));
        let problem = rule.check(&"y".into()).unwrap_err();
        assert!(problem.contains("length") && problem.contains("`x`"), "{problem}");
    }

    #[test]
    fn not_and_equal_to_are_opposites() {
        let rule = Validator::equal_to(true);
        assert_eq!(rule.description(), "`true`");
        assert!(rule.check(&true.into()).is_ok() && rule.check(&false.into()).is_err());
        let rule = Validator::not(rule);
        assert_eq!(
            rule.check(&true.into()),
            Err("It must be anything but `true`.".to_owned())
        );
        assert_eq!(rule.check(&false.into()), Ok(()));
    }
}
