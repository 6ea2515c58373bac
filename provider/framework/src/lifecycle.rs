//! What happens to values between a request of the core and its answer: pure functions over schemas and values.
//!
//! In the order of a resource's life: [`validate`] looks at a configuration, [`plan`] makes a plan of it, [`check`]
//! holds plans and results against the rules that the core enforces, [`normalize`] keeps spellings that mean the same,
//! [`identity`] keeps what names an object, [`generate`] writes a configuration for what was imported. `arguments`
//! looks at those of a function. [`proposed`] is the core's part of planning, for simulations of it.
//!
//! Nothing here knows the wire, a clock or a remote system: the core plans the same change several times, in several
//! processes, and refuses plans that differ.
//!
//! Blocks are nested attributes here; where they differ, an attribute's [`block`](crate::schema::Attribute::block) is
//! asked.

use crate::path::Path;
use crate::schema::Attribute;
use crate::value::Value;

pub(crate) mod arguments;
pub mod check;
mod correlate;
pub(crate) mod defaults;
pub mod generate;
pub mod identity;
pub mod normalize;
pub mod plan;
pub mod proposed;
mod relations;
mod spelling;
pub mod validate;
pub(crate) mod write_only;

#[cfg(test)]
pub(crate) mod fixtures;

/// Null, for places where a value has no counterpart.
const NULL: &Value = &Value::Null;

/// Whether two values of an attribute mean the same, spelled differently or not.
fn same_meaning(attribute: &Attribute, one: &Value, other: &Value) -> bool {
    one == other
        || attribute
            .semantic_equality
            .as_ref()
            .is_some_and(|equality| spelling::same(equality, one, other))
}

/// What the configuration wants an attribute to be, defaults included; null where it leaves that to the provider.
fn wanted<'v>(attribute: &'v Attribute, config: &'v Value) -> &'v Value {
    match &attribute.default {
        Some(default) if config.is_null() => default,
        _ => config,
    }
}

/// The elements of a list or set; none of anything else.
fn elements(value: &Value) -> &[Value] {
    match value {
        Value::List(elements) | Value::Set(elements) => elements,
        _ => &[],
    }
}

/// The objects in the value of a nested attribute, whatever its nesting, each with its path.
fn objects<'v>(path: &Path, value: &'v Value) -> Vec<(Path, &'v Value)> {
    match value {
        Value::Object(_) => vec![(path.clone(), value)],
        _ => value.elements_at(path),
    }
}

/// The element of a list at an index, or null.
fn at_index(list: &Value, index: usize) -> &Value {
    elements(list).get(index).unwrap_or(NULL)
}

/// The element of a map with a key, or null.
fn at_key<'v>(map: &'v Value, key: &str) -> &'v Value {
    match map {
        Value::Map(elements) => elements.get(key).unwrap_or(NULL),
        _ => NULL,
    }
}
