//! The canonical order of values, in which sets keep their elements.
//!
//! It resembles that of the core, which sorts numbers and strings naturally and puts nulls and unknowns last, but
//! nothing depends on that: any order serves that follows from the values alone.

use std::cmp::Ordering;

use super::Value;

/// A value that can be sorted.
#[derive(Clone, Copy)]
pub(crate) struct Canonical<'v>(pub(crate) &'v Value);

/// Whether an element is in a set, whose elements are in their order.
pub(crate) fn contains(set: &[Value], element: &Value) -> bool {
    let found = set.binary_search_by(|candidate| Canonical(candidate).cmp(&Canonical(element)));
    found.is_ok()
}

impl Ord for Canonical<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.0, other.0) {
            (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
            // Only what is no number at all has no order, and that never leaves the provider.
            (Value::Number(a), Value::Number(b)) => a.partial_cmp(b).unwrap_or(Ordering::Equal),
            (Value::String(a), Value::String(b)) => a.cmp(b),
            (Value::List(a), Value::List(b)) | (Value::Set(a), Value::Set(b)) => {
                a.iter().map(Canonical).cmp(b.iter().map(Canonical))
            }
            (Value::Map(a), Value::Map(b)) | (Value::Object(a), Value::Object(b)) => {
                let keyed = |(key, value)| (key, Canonical(value));
                a.iter().map(keyed).cmp(b.iter().map(keyed))
            }
            (Value::Dynamic(a), Value::Dynamic(b)) => (&a.0, Canonical(&a.1)).cmp(&(&b.0, Canonical(&b.1))),
            (Value::Unknown(a), Value::Unknown(b)) => a.partial_cmp(b).unwrap_or(Ordering::Equal),
            (a, b) => rank(a).cmp(&rank(b)),
        }
    }
}

impl PartialOrd for Canonical<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Canonical<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Canonical<'_> {}

fn rank(value: &Value) -> u8 {
    match value {
        Value::Bool(_) => 0,
        Value::Number(_) => 1,
        Value::String(_) => 2,
        Value::List(_) => 3,
        Value::Set(_) => 4,
        Value::Map(_) => 5,
        Value::Object(_) => 6,
        Value::Dynamic(_) => 7,
        Value::Null => 8,
        Value::Unknown(_) => 9,
    }
}
