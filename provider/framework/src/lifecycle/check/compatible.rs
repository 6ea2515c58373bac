//! A later value beside the promise that an earlier one made.

use std::collections::{BTreeMap, BTreeSet};

use crate::lifecycle::check::dynamic::keeps_type;
use crate::path::{Path, Step};
use crate::value::{Refinements, Value, contains};

/// A broken promise.
pub(super) struct Mismatch<'v> {
    pub(super) path: Path,
    pub(super) problem: Problem<'v>,
}

/// How a promise is broken.
pub(super) enum Problem<'v> {
    /// A known value is another one now, or unknown.
    Changed(&'v Value, &'v Value),
    /// An unknown value turned out to be what it was promised not to be.
    Refinement(&'v Value),
    /// An element of a list or map is not there any more.
    Vanished,
    /// An element of a list or map was not there before.
    Appeared,
    /// An element of a set is like none of the later set.
    ElementVanished,
    /// An element of a set is like none of the earlier set.
    ElementAppeared,
    /// A set has more elements than before: they can become fewer, when they turn out to be equal, but never more.
    Grown(usize, usize),
}

/// All places in which `actual` breaks what `planned` promised.
pub(super) fn mismatches<'v>(planned: &'v Value, actual: &'v Value) -> Vec<Mismatch<'v>> {
    let mut found = Vec::new();
    compare(planned, actual, &Path::root(), &mut found);
    found
}

/// Whether `actual` breaks nothing that `planned` promised.
pub(in crate::lifecycle) fn keeps_promise(planned: &Value, actual: &Value) -> bool {
    mismatches(planned, actual).is_empty()
}

fn compare<'v>(planned: &'v Value, actual: &'v Value, path: &Path, found: &mut Vec<Mismatch<'v>>) {
    match (planned, actual) {
        (Value::Unknown(refinements), actual) => {
            if excludes(refinements, actual) {
                report(path, Problem::Refinement(actual), found);
            }
        }
        // One that is unknown may turn out to be of any type, but a type that is known stays.
        (Value::Dynamic(planned), Value::Dynamic(actual)) if keeps_type(&planned.0, &actual.0) => {
            compare(&planned.1, &actual.1, path, found);
        }
        (Value::List(planned), Value::List(actual)) => {
            for index in 0..planned.len().max(actual.len()) {
                let path = path.clone().index(index);
                compare_part(planned.get(index), actual.get(index), &path, found);
            }
        }
        (Value::Map(planned), Value::Map(actual)) => compare_keyed(planned, actual, path, Step::Key, found),
        (Value::Object(planned), Value::Object(actual)) => compare_keyed(planned, actual, path, Step::Attribute, found),
        (Value::Set(planned), Value::Set(actual)) => compare_sets(planned, actual, path, found),
        (planned, actual) if planned == actual => {}
        (planned, actual) => report(path, Problem::Changed(planned, actual), found),
    }
}

fn compare_keyed<'v>(
    planned: &'v BTreeMap<String, Value>,
    actual: &'v BTreeMap<String, Value>,
    path: &Path,
    step: fn(String) -> Step,
    found: &mut Vec<Mismatch<'v>>,
) {
    let keys: BTreeSet<&String> = planned.keys().chain(actual.keys()).collect();
    for key in keys {
        let path = path.clone().step(step(key.clone()));
        compare_part(planned.get(key), actual.get(key), &path, found);
    }
}

fn compare_part<'v>(planned: Option<&'v Value>, actual: Option<&'v Value>, path: &Path, found: &mut Vec<Mismatch<'v>>) {
    match (planned, actual) {
        (Some(planned), Some(actual)) => compare(planned, actual, path, found),
        (Some(_), None) => report(path, Problem::Vanished, found),
        (None, Some(_)) => report(path, Problem::Appeared, found),
        (None, None) => {}
    }
}

/// Each element has to have a counterpart on the other side, though several may share one.
fn compare_sets<'v>(planned: &'v [Value], actual: &'v [Value], path: &Path, found: &mut Vec<Mismatch<'v>>) {
    if !planned
        .iter()
        .all(|planned| contains(actual, planned) || actual.iter().any(|actual| keeps_promise(planned, actual)))
    {
        report(path, Problem::ElementVanished, found);
    } else if !actual
        .iter()
        .all(|actual| contains(planned, actual) || planned.iter().any(|planned| keeps_promise(planned, actual)))
    {
        report(path, Problem::ElementAppeared, found);
    } else if actual.len() > planned.len() {
        report(path, Problem::Grown(planned.len(), actual.len()), found);
    }
}

/// Whether what is known about an unknown value rules out the value that it turned out to have.
///
/// Bounds of numbers are left to the core: plans have them only where a configuration had them.
fn excludes(refinements: &Refinements, actual: &Value) -> bool {
    let length = match actual {
        Value::Null => return refinements.not_null,
        Value::String(text) => {
            return refinements
                .string_prefix
                .as_ref()
                .is_some_and(|prefix| !text.starts_with(prefix));
        }
        Value::List(elements) | Value::Set(elements) => elements.len(),
        Value::Map(elements) => elements.len(),
        _ => return false,
    };
    let length = i64::try_from(length).unwrap_or(i64::MAX);
    // A set with unknown elements may yet become smaller.
    let too_short = refinements.length_lower_bound.is_some_and(|least| length < least);
    let too_long = refinements.length_upper_bound.is_some_and(|most| length > most);
    too_short || (too_long && actual.is_wholly_known())
}

fn report<'v>(path: &Path, problem: Problem<'v>, found: &mut Vec<Mismatch<'v>>) {
    found.push(Mismatch {
        path: path.clone(),
        problem,
    });
}
