//! Models: the Rust types that resources work with instead of [`Value`]s.
//!
//! The derive macro [`Model`](macro@crate::Model) turns a struct into a schema and conversions. The type of a field decides what can
//! happen to it:
//!
//! | field type | attribute | in `create`, `read`, `update`, `delete` |
//! | --- | --- | --- |
//! | `T` | required, or optional with a default | always there |
//! | `Option<T>` | optional | there or null |
//! | [`Attr<T>`] | computed | may be unknown in a plan |
//! | [`WriteOnly<T>`] | optional, write-only | from the configuration, never stored |
//!
//! `T` can be `String`, `bool`, `i64`, `f64`, [`Number`], [`SecretString`] (which makes the attribute sensitive), another
//! model (a nested attribute), and `Vec<T>`, `BTreeSet<T>` and `BTreeMap<String, T>` of them.
//! Validation and plan hooks see the model's *draft* instead, in which every attribute is an [`Attr`].

use std::collections::{BTreeMap, BTreeSet};

use secrecy::{ExposeSecret, SecretString};

use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::path::{Path, Step};
use crate::schema::{Attribute, Kind, Nesting, Presence, Schema, SemanticEquality, Validator};
use crate::types::Type;
use crate::value::{Number, Value};

mod timeouts;

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

/// The state of an attribute where it may be unknown or null.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Attr<T> {
    /// Will be known when the plan has been applied.
    Unknown,
    /// No value.
    #[default]
    Null,
    /// A value.
    Known(T),
}

/// The value of a write-only attribute: present while a configuration is applied, absent at any other time.
#[derive(Clone, Debug)]
pub struct WriteOnly<T>(Option<T>);

impl<T> Attr<T> {
    /// The value, if there is one.
    pub fn known(&self) -> Option<&T> {
        match self {
            Attr::Known(value) => Some(value),
            Attr::Unknown | Attr::Null => None,
        }
    }

    /// The value, if there is one.
    pub fn into_known(self) -> Option<T> {
        match self {
            Attr::Known(value) => Some(value),
            Attr::Unknown | Attr::Null => None,
        }
    }

    /// Whether the value is not known yet.
    pub fn is_unknown(&self) -> bool {
        matches!(self, Attr::Unknown)
    }

    /// Whether it is known that there is no value.
    pub fn is_null(&self) -> bool {
        matches!(self, Attr::Null)
    }
}

impl<T> From<Option<T>> for Attr<T> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Attr::Null, Attr::Known)
    }
}

impl<T> WriteOnly<T> {
    /// A value for a write-only attribute.
    pub fn new(value: Option<T>) -> Self {
        WriteOnly(value)
    }

    /// The value, if the configuration has one and this is the time to use it.
    pub fn get(&self) -> Option<&T> {
        self.0.as_ref()
    }
}

impl<T> Default for WriteOnly<T> {
    fn default() -> Self {
        WriteOnly(None)
    }
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

impl<T: FromValue> FromValue for Attr<T> {
    fn from_value(value: &Value) -> Result<Self, ConversionError> {
        match value {
            Value::Null => Ok(Attr::Null),
            Value::Unknown(_) => Ok(Attr::Unknown),
            known => T::from_value(known).map(Attr::Known),
        }
    }
}

impl<T: ToValue> ToValue for Attr<T> {
    fn to_value(&self) -> Value {
        match self {
            Attr::Unknown => Value::UNKNOWN,
            Attr::Null => Value::Null,
            Attr::Known(value) => value.to_value(),
        }
    }
}

impl<T: AttributeType> AttributeType for Attr<T> {
    type Draft = T::Draft;
    const PRESENCE: Presence = Presence::Computed;
    const SENSITIVE: bool = T::SENSITIVE;

    fn kind() -> Kind {
        T::kind()
    }

    fn validators() -> Vec<Validator> {
        T::validators()
    }

    fn semantic_equality() -> Option<SemanticEquality> {
        T::semantic_equality()
    }
}

impl<T: FromValue> FromValue for Option<T> {
    fn from_value(value: &Value) -> Result<Self, ConversionError> {
        if value.is_null() {
            Ok(None)
        } else {
            T::from_value(value).map(Some)
        }
    }
}

impl<T: ToValue> ToValue for Option<T> {
    fn to_value(&self) -> Value {
        self.as_ref().map_or(Value::Null, ToValue::to_value)
    }
}

impl<T: AttributeType> AttributeType for Option<T> {
    type Draft = T::Draft;
    const PRESENCE: Presence = Presence::Optional;
    const SENSITIVE: bool = T::SENSITIVE;

    fn kind() -> Kind {
        T::kind()
    }

    fn validators() -> Vec<Validator> {
        T::validators()
    }

    fn semantic_equality() -> Option<SemanticEquality> {
        T::semantic_equality()
    }
}

impl<T: FromValue> FromValue for WriteOnly<T> {
    fn from_value(value: &Value) -> Result<Self, ConversionError> {
        Option::from_value(value).map(WriteOnly)
    }
}

impl<T> ToValue for WriteOnly<T> {
    /// Null, always: what is write-only must not get into a plan or a state.
    fn to_value(&self) -> Value {
        Value::Null
    }
}

impl<T: AttributeType> AttributeType for WriteOnly<T> {
    type Draft = T::Draft;
    const PRESENCE: Presence = Presence::Optional;
    const SENSITIVE: bool = T::SENSITIVE;
    const WRITE_ONLY: bool = true;

    fn kind() -> Kind {
        T::kind()
    }

    fn validators() -> Vec<Validator> {
        T::validators()
    }
}

/// Implements the conversions of a type without parts.
macro_rules! scalar {
    ($rust:ty, $kind:expr, $expected:literal, $value:ident => $from:expr, $this:ident => $to:expr) => {
        impl FromValue for $rust {
            fn from_value($value: &Value) -> Result<Self, ConversionError> {
                let converted: Option<$rust> = $from;
                converted.ok_or_else(|| ConversionError::new($expected, $value))
            }
        }

        impl ToValue for $rust {
            fn to_value(&self) -> Value {
                let $this = self;
                $to
            }
        }

        impl AttributeType for $rust {
            type Draft = $rust;

            fn kind() -> Kind {
                Kind::Type($kind)
            }
        }
    };
}

scalar!(String, Type::String, "a string", value => value.as_str().map(str::to_owned), this => this.as_str().into());
scalar!(bool, Type::Bool, "a bool", value => as_bool(value), this => Value::Bool(*this));
scalar!(i64, Type::Number, "a whole number of 64 bits", value => as_number(value).and_then(Number::as_i64), this => (*this).into());
scalar!(f64, Type::Number, "a number", value => as_number(value).map(Number::as_f64), this => Value::Number((*this).into()));
scalar!(Number, Type::Number, "a number", value => as_number(value).cloned(), this => Value::Number(this.clone()));

impl FromValue for SecretString {
    fn from_value(value: &Value) -> Result<Self, ConversionError> {
        String::from_value(value).map(SecretString::from)
    }
}

impl ToValue for SecretString {
    fn to_value(&self) -> Value {
        self.expose_secret().into()
    }
}

impl AttributeType for SecretString {
    type Draft = SecretString;
    const SENSITIVE: bool = true;

    fn kind() -> Kind {
        Kind::Type(Type::String)
    }
}

impl<T: FromValue> FromValue for Vec<T> {
    fn from_value(value: &Value) -> Result<Self, ConversionError> {
        match value {
            Value::List(elements) => elements
                .iter()
                .enumerate()
                .map(|(index, element)| T::from_value(element).map_err(|error| error.inside(Step::Index(index))))
                .collect(),
            other => Err(ConversionError::new("a list", other)),
        }
    }
}

impl<T: ToValue> ToValue for Vec<T> {
    fn to_value(&self) -> Value {
        Value::List(self.iter().map(ToValue::to_value).collect())
    }
}

impl<T: AttributeType> AttributeType for Vec<T> {
    type Draft = Vec<Attr<T::Draft>>;
    const SENSITIVE: bool = T::SENSITIVE;

    fn kind() -> Kind {
        collection(T::kind(), Nesting::List, Type::List)
    }
}

impl<T: FromValue + Ord> FromValue for BTreeSet<T> {
    fn from_value(value: &Value) -> Result<Self, ConversionError> {
        match value {
            Value::Set(elements) => elements
                .iter()
                .map(|element| T::from_value(element).map_err(|error| error.inside(Step::Element(element.clone()))))
                .collect(),
            other => Err(ConversionError::new("a set", other)),
        }
    }
}

impl<T: ToValue> ToValue for BTreeSet<T> {
    fn to_value(&self) -> Value {
        Value::set(self.iter().map(ToValue::to_value))
    }
}

impl<T: AttributeType + Ord> AttributeType for BTreeSet<T> {
    // Elements of a set that are not known yet cannot be told apart, so the draft of a set is a list.
    type Draft = SetDraft<T::Draft>;
    const SENSITIVE: bool = T::SENSITIVE;

    fn kind() -> Kind {
        collection(T::kind(), Nesting::Set, Type::Set)
    }
}

/// The elements of a set some of which may be unknown.
#[derive(Clone, Debug, PartialEq)]
pub struct SetDraft<T>(pub Vec<Attr<T>>);

impl<T: FromValue> FromValue for SetDraft<T> {
    fn from_value(value: &Value) -> Result<Self, ConversionError> {
        match value {
            Value::Set(elements) => elements
                .iter()
                .map(Attr::from_value)
                .collect::<Result<_, _>>()
                .map(SetDraft),
            other => Err(ConversionError::new("a set", other)),
        }
    }
}

impl<T: FromValue> FromValue for BTreeMap<String, T> {
    fn from_value(value: &Value) -> Result<Self, ConversionError> {
        match value {
            Value::Map(elements) => elements
                .iter()
                .map(|(key, element)| match T::from_value(element) {
                    Ok(converted) => Ok((key.clone(), converted)),
                    Err(error) => Err(error.inside(Step::Key(key.clone()))),
                })
                .collect(),
            other => Err(ConversionError::new("a map", other)),
        }
    }
}

impl<T: ToValue> ToValue for BTreeMap<String, T> {
    fn to_value(&self) -> Value {
        Value::Map(
            self.iter()
                .map(|(key, element)| (key.clone(), element.to_value()))
                .collect(),
        )
    }
}

impl<T: AttributeType> AttributeType for BTreeMap<String, T> {
    type Draft = BTreeMap<String, Attr<T::Draft>>;
    const SENSITIVE: bool = T::SENSITIVE;

    fn kind() -> Kind {
        collection(T::kind(), Nesting::Map, Type::Map)
    }
}

/// A collection of what `element` is: nested where the element is a model, else of a type.
fn collection(element: Kind, nesting: Nesting, of: fn(Box<Type>) -> Type) -> Kind {
    match element {
        Kind::Nested(Nesting::Single, attributes) => Kind::Nested(nesting, attributes),
        other => Kind::Type(of(Box::new(other.value_type()))),
    }
}

fn as_bool(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(value) => Some(*value),
        _ => None,
    }
}

fn as_number(value: &Value) -> Option<&Number> {
    match value {
        Value::Number(number) => Some(number),
        _ => None,
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
