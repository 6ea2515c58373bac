//! Values of the Terraform language, as they travel between the core and a provider.
//!
//! A [`Value`] carries no type of its own: everything that reads or writes one walks it beside a [`Type`] or a
//! [`Schema`](crate::schema::Schema).
//! Authors of resources rarely meet it, they work with models ([`crate::model`]); the plan engine works with nothing
//! else.

use std::collections::BTreeMap;
use std::fmt;

use crate::path::{Path, Step};
use crate::types::Type;

mod number;
mod order;
#[cfg(any(test, feature = "testing"))]
pub mod strategies;

pub(crate) use order::{Canonical, contains};

pub use number::{Number, ParseNumberError};

/// A value, a null, or the promise of a value.
#[derive(Clone, PartialEq, Default)]
pub enum Value {
    /// No value.
    #[default]
    Null,
    /// A value that is not known yet, with what is known about it.
    Unknown(Refinements),
    /// `true` or `false`.
    Bool(bool),
    /// An exact decimal number.
    Number(Number),
    /// Text in Unicode normal form C.
    String(String),
    /// Elements in an order that matters; a tuple is held as a list too.
    List(Vec<Value>),
    /// Distinct elements in canonical order; made by [`Value::set`].
    Set(Vec<Value>),
    /// Elements by key.
    Map(BTreeMap<String, Value>),
    /// Attributes by name, one for each attribute of the object's type.
    Object(BTreeMap<String, Value>),
    /// A value of an attribute of type [`Type::Dynamic`], with the type that it turned out to have.
    Dynamic(Box<(Type, Value)>),
}

/// What is known about an unknown value.
///
/// The core strips refinements before it compares a plan with the configuration, so they never change an outcome;
/// they are kept so that a value goes back as it came.
#[derive(Clone, Debug, Default, PartialEq, PartialOrd)]
pub struct Refinements {
    /// The value will not be null.
    pub not_null: bool,
    /// The string will start with this text.
    pub string_prefix: Option<String>,
    /// The number will not be below this bound; the flag tells whether the bound itself is possible.
    pub number_lower_bound: Option<(Number, bool)>,
    /// The number will not be above this bound; the flag tells whether the bound itself is possible.
    pub number_upper_bound: Option<(Number, bool)>,
    /// The collection will have at least this many elements.
    pub length_lower_bound: Option<i64>,
    /// The collection will have at most this many elements.
    pub length_upper_bound: Option<i64>,
}

impl Value {
    /// An unknown value of which nothing is known.
    pub const UNKNOWN: Value = Value::Unknown(Refinements {
        not_null: false,
        string_prefix: None,
        number_lower_bound: None,
        number_upper_bound: None,
        length_lower_bound: None,
        length_upper_bound: None,
    });

    /// A set of the given elements: duplicates are dropped, the order is made canonical.
    pub fn set(elements: impl IntoIterator<Item = Value>) -> Value {
        let mut elements: Vec<Value> = elements.into_iter().collect();
        elements.sort_by(|a, b| Canonical(a).cmp(&Canonical(b)));
        // Two unknown elements may turn out to differ, so they are never taken for duplicates.
        elements.dedup_by(|a, b| a == b && a.is_wholly_known());
        Value::Set(elements)
    }

    /// An object of the given attributes.
    pub fn object<K: Into<String>>(attributes: impl IntoIterator<Item = (K, Value)>) -> Value {
        // One after the other: to collect them sorts them first, and each caller would have a sort of its own compiled.
        let mut object = BTreeMap::new();
        for (name, value) in attributes {
            object.insert(name.into(), value);
        }
        Value::Object(object)
    }

    /// Whether this is null, be it one of a type.
    pub fn is_null(&self) -> bool {
        match self {
            Value::Null => true,
            Value::Dynamic(typed) => typed.1.is_null(),
            _ => false,
        }
    }

    /// Whether this is unknown itself; its parts are not looked at.
    pub fn is_unknown(&self) -> bool {
        match self {
            Value::Unknown(_) => true,
            Value::Dynamic(typed) => typed.1.is_unknown(),
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::List(_)
            | Value::Set(_)
            | Value::Map(_)
            | Value::Object(_) => false,
        }
    }

    /// Whether nothing in this value is unknown.
    pub fn is_wholly_known(&self) -> bool {
        match self {
            Value::Unknown(_) => false,
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
            Value::List(elements) | Value::Set(elements) => elements.iter().all(Value::is_wholly_known),
            Value::Map(elements) | Value::Object(elements) => elements.values().all(Value::is_wholly_known),
            Value::Dynamic(typed) => typed.1.is_wholly_known(),
        }
    }

    /// Whether the value can stand where a value of that type is expected.
    pub fn conforms(&self, expected: &Type) -> bool {
        match (self, expected) {
            (Value::Null | Value::Unknown(_), _)
            | (Value::Bool(_), Type::Bool)
            | (Value::Number(_), Type::Number)
            | (Value::String(_), Type::String) => true,
            (Value::List(elements), Type::List(element)) | (Value::Set(elements), Type::Set(element)) => {
                elements.iter().all(|value| value.conforms(element))
            }
            (Value::Map(elements), Type::Map(element)) => elements.values().all(|value| value.conforms(element)),
            (Value::List(elements), Type::Tuple(types)) => {
                elements.len() == types.len() && elements.iter().zip(types).all(|(value, of)| value.conforms(of))
            }
            (Value::Object(attributes), Type::Object(types)) => {
                attributes.keys().eq(types.keys())
                    && attributes
                        .values()
                        .zip(types.values())
                        .all(|(value, of)| value.conforms(of))
            }
            (Value::Dynamic(typed), Type::Dynamic) => typed.1.conforms(&typed.0),
            _ => false,
        }
    }

    /// The elements of a list, set or map, with their paths from this one on.
    pub(crate) fn elements_at(&self, path: &Path) -> Vec<(Path, &Value)> {
        match self {
            Value::List(elements) => {
                let indexed = elements.iter().enumerate();
                indexed
                    .map(|(index, element)| (path.clone().index(index), element))
                    .collect()
            }
            Value::Set(elements) => elements
                .iter()
                .map(|element| (path.clone().step(Step::Element(element.clone())), element))
                .collect(),
            Value::Map(elements) => elements
                .iter()
                .map(|(key, element)| (path.clone().key(key), element))
                .collect(),
            _ => Vec::new(),
        }
    }

    /// The text, if this is a known string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// The attribute of that name, if this is a known object that has it.
    pub fn attribute(&self, name: &str) -> Option<&Value> {
        match self {
            Value::Object(attributes) => attributes.get(name),
            _ => None,
        }
    }

    /// The attribute of that name, or null where there is none: what an attribute of an absent object amounts to.
    pub fn attribute_or_null(&self, name: &str) -> &Value {
        const NULL: &Value = &Value::Null;
        self.attribute(name).unwrap_or(NULL)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Value::Bool(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Value::String(normalized(value))
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Value::String(normalized(&value))
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Value::Number(value.into())
    }
}

impl From<Number> for Value {
    fn from(value: Number) -> Self {
        Value::Number(value)
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Null => f.write_str("null"),
            Value::Unknown(_) => f.write_str("(unknown)"),
            Value::Bool(value) => write!(f, "{value}"),
            Value::Number(value) => write!(f, "{value}"),
            Value::String(value) => write!(f, "{value:?}"),
            Value::List(elements) => f.debug_list().entries(elements).finish(),
            Value::Set(elements) => {
                f.write_str("set")?;
                f.debug_list().entries(elements).finish()
            }
            Value::Map(elements) | Value::Object(elements) => f.debug_map().entries(elements).finish(),
            Value::Dynamic(typed) => write!(f, "dynamic({:?}, {:?})", typed.0, typed.1),
        }
    }
}

/// Text in Unicode normal form C: the core normalizes every string, so anything else would come back changed.
pub fn normalized(text: &str) -> String {
    use unicode_normalization::{UnicodeNormalization, is_nfc};
    if is_nfc(text) {
        text.to_owned()
    } else {
        text.nfc().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_is_independent_of_order_and_duplicates() {
        let one = Value::set(["b".into(), "a".into(), "b".into()]);
        let other = Value::set(["a".into(), "b".into()]);
        assert_eq!(one, other);
    }

    #[test]
    fn unknown_elements_of_a_set_are_not_coalesced() {
        let Value::Set(elements) = Value::set([Value::UNKNOWN, Value::UNKNOWN]) else {
            panic!("not a set")
        };
        assert_eq!(elements.len(), 2);
    }

    #[test]
    fn strings_are_normalized() {
        assert_eq!(Value::from("e\u{301}"), Value::from("\u{e9}"));
    }

    #[test]
    fn a_set_is_in_natural_order_with_unknown_elements_last() {
        let Value::Set(elements) = Value::set([Value::UNKNOWN, 10.into(), Value::Null, 9.into(), 2.into()]) else {
            panic!("not a set")
        };
        assert_eq!(elements, [2.into(), 9.into(), 10.into(), Value::Null, Value::UNKNOWN]);
    }

    #[test]
    fn equal_numbers_are_one_element_however_they_are_spelled() {
        let spellings = ["0.1".parse().unwrap(), Number::Float(0.1), "1e-1".parse().unwrap()];
        assert_eq!(
            Value::set(spellings.map(Value::Number)),
            Value::Set(vec![Number::Float(0.1).into()])
        );
    }

    #[test]
    fn a_value_conforms_to_its_type_with_every_attribute() {
        let expected = Type::Object([("a".to_owned(), Type::Bool), ("b".to_owned(), Type::Dynamic)].into());
        let typed = Value::Dynamic(Box::new((Type::String, "x".into())));
        assert!(Value::object([("a", true.into()), ("b", typed)]).conforms(&expected));
        assert!(!Value::object([("a", true.into()), ("b", "x".into())]).conforms(&expected));
        assert!(!Value::object([("a", true.into())]).conforms(&expected));
        assert!(!Value::object([("a", 1.into()), ("b", Value::Null)]).conforms(&expected));
    }
}
