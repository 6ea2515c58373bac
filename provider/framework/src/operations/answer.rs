//! What the answers of operations have in common: a state that can be stored, in the spelling that is known.

use crate::diagnostics::{Deferral, Diagnostics};
use crate::lifecycle::normalize::normalize;
use crate::panic::catch_panics;
use crate::schema::Schema;
use crate::value::Value;

/// A state, what belongs to it, and what the user should know.
#[derive(Debug, Default)]
pub(crate) struct StateAnswer {
    pub(crate) state: Value,
    pub(crate) private: Vec<u8>,
    pub(crate) identity: Option<Value>,
    pub(crate) diagnostics: Diagnostics,
    /// Why there is no other state yet; never of an apply.
    pub(crate) deferral: Option<Deferral>,
}

/// The new value in the spelling of a reference, see [`normalize`]; how to compare them may be the author's code.
///
/// # Errors
/// Fails if that code panics.
pub(super) async fn in_known_spelling(schema: &Schema, reference: &Value, new: Value) -> Result<Value, Diagnostics> {
    Ok(catch_panics(async { normalize(schema, reference, new) }).await?)
}

/// The value with null for everything unknown: a state has no place for it.
pub(super) fn settled(value: Value) -> Value {
    match value {
        Value::Unknown(_) => Value::Null,
        Value::List(elements) => Value::List(elements.into_iter().map(settled).collect()),
        Value::Set(elements) => Value::set(elements.into_iter().map(settled)),
        Value::Map(elements) => Value::Map(
            elements
                .into_iter()
                .map(|(key, element)| (key, settled(element)))
                .collect(),
        ),
        Value::Object(attributes) => Value::Object(
            attributes
                .into_iter()
                .map(|(name, value)| (name, settled(value)))
                .collect(),
        ),
        Value::Dynamic(typed) if typed.1.is_unknown() => Value::Null,
        Value::Dynamic(typed) => Value::Dynamic(Box::new((typed.0, settled(typed.1)))),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value,
    }
}
