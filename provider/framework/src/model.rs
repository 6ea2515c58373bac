//! Models: the Rust types that resources work with instead of [`Value`]s.
//!
//! The derive macro [`Model`](derive@crate::Model) turns a struct into a schema and conversions. The type of a field
//! decides what can happen to it:
//!
//! | field type | attribute | in `create`, `read`, `update`, `delete` |
//! | --- | --- | --- |
//! | `T` | required, or optional with a default | always there |
//! | `Option<T>` | optional | there or null |
//! | [`Attr<T>`] | computed | may be unknown in a plan |
//! | [`WriteOnly<T>`] | optional, or with `required` required; write-only | from the configuration, never stored |
//!
//! `T` can be `String`, `bool`, `i32`, `i64`, `u16`, `u32`, `u64`, `f32`, `f64`, [`Number`](crate::value::Number),
//! [`SecretString`](secrecy::SecretString) (which makes the attribute sensitive), a [`Text`](crate::custom_types::Text)
//! that means something, a [`Sensitive`] of any of them, another model (a nested attribute, or with the option `block`
//! blocks), and `Vec<T>`, `BTreeSet<T>` and `BTreeMap<String, T>` of them; or [`Dynamic`], whose type comes with each
//! value. Validation and plan hooks see the model's *draft* instead, in which every attribute is an [`Attr`]; its
//! method `known` gives the model as soon as nothing in it is unknown.

use std::collections::BTreeMap;

use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::path::{Path, Step};
use crate::schema::{Attribute, Kind, Presence, Schema, SemanticEquality, Validator};
use crate::value::Value;

mod collections;
mod dynamic;
mod presence;
mod scalars;
mod sensitive;
mod timeouts;

pub use collections::SetDraft;
pub use dynamic::Dynamic;
pub use presence::{Attr, WriteOnly};
pub use sensitive::Sensitive;
pub use timeouts::{Timeouts, format_duration, parse_duration};

/// A struct whose fields are attributes; implemented by the derive macro.
pub trait Model: FromValue + ToValue + Send + Sync + 'static {
    /// The same struct with every field an [`Attr`].
    type Draft: FromValue + Send + Sync + 'static;

    /// The attributes, in the order of the fields.
    fn attributes() -> Vec<Attribute>;

    /// The schema with this model at its root.
    fn schema() -> Schema;
}

/// A model without attributes, for providers without configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Empty {}

/// A Rust type that an attribute can have.
pub trait AttributeType: FromValue + ToValue + Send + Sync + 'static {
    /// What the type becomes where values may be unknown.
    type Draft: FromValue + Send + Sync + 'static;

    /// Who decides the value.
    const PRESENCE: Presence = Presence::Required;
    /// Whether the value is hidden in the output of the core.
    const SENSITIVE: bool = false;
    /// Whether the value exists in the configuration only.
    const WRITE_ONLY: bool = false;

    /// The value, if nothing in this part of a draft is missing or unknown.
    fn from_draft(draft: &Self::Draft) -> Option<Self>;

    /// The same for an attribute. What may be null overrides it.
    fn from_attribute_draft(draft: &Attr<Self::Draft>) -> Option<Self> {
        Self::from_draft(draft.known()?)
    }

    /// What the attribute holds.
    fn kind() -> Kind;

    /// What values the type accepts.
    fn validators() -> Vec<Validator> {
        Vec::new()
    }

    /// How the type tells whether two spellings mean the same.
    fn semantic_equality() -> Option<SemanticEquality> {
        None
    }
}

/// Conversion from a value.
pub trait FromValue: Sized {
    /// Converts a value.
    ///
    /// # Errors
    /// Fails if the value is not of the type, or null or unknown where the type has no place for that.
    fn from_value(value: &Value) -> Result<Self, ConversionError>;
}

/// Conversion to a value.
pub trait ToValue {
    /// Converts to a value.
    fn to_value(&self) -> Value;
}

/// A value does not fit the Rust type that its attribute has.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("expected {expected}, found {found}")]
pub struct ConversionError {
    /// Where, from the value that was to be converted.
    pub path: Path,
    /// What the Rust type can hold.
    pub expected: &'static str,
    /// What there was, without its content.
    pub found: &'static str,
}

impl ConversionError {
    /// An error for a value that is not what the type can hold.
    pub fn new(expected: &'static str, found: &Value) -> Self {
        ConversionError {
            path: Path::root(),
            expected,
            found: kind_name(found),
        }
    }

    /// This error, one step further from the root.
    #[must_use]
    pub fn inside(mut self, step: Step) -> Self {
        let tail = std::mem::take(&mut self.path);
        self.path = tail.steps().iter().cloned().fold(Path::root().step(step), Path::step);
        self
    }
}

impl From<ConversionError> for Diagnostics {
    fn from(error: ConversionError) -> Self {
        Diagnostic::bug(format!("A value does not fit the provider's model: {error}."))
            .at(error.path)
            .into()
    }
}

/// Converts the attribute of an object; an absent one counts as null.
///
/// # Errors
/// Fails with the attribute's path if its value does not fit.
pub fn from_attribute<T: FromValue>(object: &Value, name: &str) -> Result<T, ConversionError> {
    T::from_value(object.attribute_or_null(name)).map_err(|error| error.inside(Step::Attribute(name.to_owned())))
}

/// Checks that a value is an object, which is what models are made from.
///
/// # Errors
/// Fails if it is anything else.
pub fn expect_object(value: &Value) -> Result<(), ConversionError> {
    match value {
        Value::Object(_) => Ok(()),
        other => Err(ConversionError::new("an object", other)),
    }
}

impl FromValue for Value {
    fn from_value(value: &Value) -> Result<Self, ConversionError> {
        Ok(value.clone())
    }
}

impl FromValue for Empty {
    fn from_value(value: &Value) -> Result<Self, ConversionError> {
        expect_object(value).map(|()| Empty {})
    }
}

impl ToValue for Empty {
    fn to_value(&self) -> Value {
        Value::Object(BTreeMap::new())
    }
}

impl Model for Empty {
    type Draft = Empty;

    fn attributes() -> Vec<Attribute> {
        Vec::new()
    }

    fn schema() -> Schema {
        Schema {
            description: "There is nothing to configure.".to_owned(),
            ..Schema::default()
        }
    }
}

fn kind_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Unknown(_) => "an unknown value",
        Value::Bool(_) => "a bool",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::List(_) => "a list",
        Value::Set(_) => "a set",
        Value::Map(_) => "a map",
        Value::Object(_) => "an object",
        Value::Dynamic(_) => "a dynamic value",
    }
}
