//! Validators: what values an attribute accepts.
//!
//! [`Validator::new`] and [`Validator::string`] make a rule of a function; the common rules are in `text.rs`,
//! `number.rs` and `collection.rs`, and what makes rules of rules in `combine.rs`. Rules about several attributes are
//! [`Relation`](crate::schema::Relation)s.

use std::fmt;
use std::sync::Arc;

use crate::diagnostics::Severity;
use crate::path::Path;
use crate::value::Value;

mod collection;
mod combine;
mod number;
#[cfg(test)]
mod tests;
mod text;

type Function = dyn Fn(&Value) -> Result<(), String> + Send + Sync;

/// A rule for the values of one attribute.
///
/// It is asked only about values that are known and not null, so it needs no case for the others: what is unknown is
/// validated again when it is known, and whether null is fine is a matter of the attribute's presence.
#[derive(Clone)]
pub struct Validator {
    description: String,
    severity: Severity,
    check: Check,
}

/// What a rule is about.
#[derive(Clone)]
enum Check {
    /// The value as a whole, if all of it is known.
    Value(Arc<Function>),
    /// Each element of a list, set or map that is known and not null.
    Elements(Box<Validator>),
    /// Each key of a map.
    Keys(Box<Validator>),
}

impl Validator {
    /// A rule with the description that the documentation shows (a phrase that goes with "must be", such as "at least
    /// 1"), and its check, whose error says what is wrong and what is accepted, in a sentence.
    pub fn new(
        description: impl Into<String>,
        check: impl Fn(&Value) -> Result<(), String> + Send + Sync + 'static,
    ) -> Self {
        Validator::of(description, Check::Value(Arc::new(check)))
    }

    /// A rule for strings.
    pub fn string(
        description: impl Into<String>,
        check: impl Fn(&str) -> Result<(), String> + Send + Sync + 'static,
    ) -> Self {
        Validator::new(description, move |value| value.as_str().map_or(Ok(()), &check))
    }

    /// The same rule, whose violation is a warning instead of an error.
    #[must_use]
    pub fn as_warning(mut self) -> Self {
        self.severity = Severity::Warning;
        self
    }

    /// What is accepted, as a phrase.
    pub fn description(&self) -> &str {
        &self.description
    }

    /// How bad it is to violate the rule.
    pub fn severity(&self) -> Severity {
        self.severity
    }

    /// Asks about a value; there is nothing to say about null, and about what is unknown.
    ///
    /// # Errors
    /// Returns a sentence that says what is wrong with the value, or with the first of its elements of which anything
    /// is, and what is accepted.
    pub fn check(&self, value: &Value) -> Result<(), String> {
        match self.problems(&Path::root(), value).into_iter().next() {
            Some((_, problem)) => Err(problem),
            None => Ok(()),
        }
    }

    /// All that is wrong with the value at a path, each with its own path.
    pub(crate) fn problems(&self, path: &Path, value: &Value) -> Vec<(Path, String)> {
        match &self.check {
            Check::Value(check) if !value.is_null() && value.is_wholly_known() => {
                let problem = check(value).err();
                problem.map(|problem| (path.clone(), problem)).into_iter().collect()
            }
            Check::Value(_) => Vec::new(),
            Check::Elements(rule) => value
                .elements_at(path)
                .into_iter()
                .flat_map(|(path, element)| rule.problems(&path, element))
                .collect(),
            Check::Keys(rule) => collection::keys(path, value)
                .into_iter()
                .flat_map(|(path, key)| rule.problems(&path, &key))
                .collect(),
        }
    }

    fn of(description: impl Into<String>, check: Check) -> Self {
        Validator {
            description: description.into(),
            severity: Severity::Error,
            check,
        }
    }
}

impl fmt::Debug for Validator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Validator({})", self.description)
    }
}

/// `Ok` if it is fine, else the problem.
fn require(fine: bool, problem: impl FnOnce() -> String) -> Result<(), String> {
    if fine { Ok(()) } else { Err(problem()) }
}

/// Words as code, separated by commas.
fn list_of<T: fmt::Display>(words: &[T]) -> String {
    let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    words.join(", ")
}
