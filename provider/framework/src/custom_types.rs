//! Custom types: strings that mean something, such as durations, quantities, addresses and JSON.
//!
//! A field of type [`Text<T>`](Text) is a string attribute of which the framework knows what it means. A configuration
//! that is none is refused with what is accepted; the code of a resource gets the parsed value; and another spelling of
//! the same value is no change: in a plan, after an apply and at a refresh, the spelling that is there stays. That
//! holds for elements of lists, sets and maps too.
//!
//! ```
//! use tf_framework::Model;
//! use tf_framework::custom_types::{Quantity, Text};
//!
//! /// A volume.
//! #[derive(Model)]
//! struct Volume {
//!     /// Its size.
//!     size: Text<Quantity>,
//! }
//!
//! let volume = Volume { size: "1Gi".parse().unwrap() };
//! assert_eq!(volume.size.as_str(), "1Gi");
//! assert_eq!(*volume.size, *"1024Mi".parse::<Text<Quantity>>().unwrap());
//! ```
//!
//! A type of an author's own is one more implementation of [`Notation`].

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::str::FromStr;

use crate::model::{AttributeType, ConversionError, FromValue, ToValue};
use crate::schema::{Kind, SemanticEquality, Validator};
use crate::types::Type;
use crate::value::{Value, normalized};

mod arn;
mod case;
mod cidr;
pub(crate) mod duration;
mod ip_address;
mod json;
mod quantity;
mod timestamp;

pub use arn::Arn;
pub use case::IgnoringCase;
pub use cidr::Cidr;
pub use json::Json;
pub use quantity::Quantity;
pub use timestamp::Timestamp;

/// A value that is written as text. Two texts mean the same if their values are equal.
pub trait Notation: Clone + fmt::Debug + PartialEq + Send + Sync + 'static {
    /// What is accepted, as a phrase with an example: "a duration such as `1h30m`".
    const EXPECTED: &'static str;

    /// Reads a text.
    ///
    /// # Errors
    /// Fails with a sentence that says what is wrong with the text, and what to write instead.
    fn parse(text: &str) -> Result<Self, String>;
}

/// A value with the spelling that it was written in.
///
/// It dereferences to the value. Two of them are equal if they are spelled the same; compare the values to learn
/// whether they mean the same.
#[derive(Clone)]
pub struct Text<T> {
    spelling: String,
    value: T,
}

/// A text is not of the type that it should be: a sentence that says what is accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ParseTextError(String);

impl<T> Text<T> {
    /// The text as it was written.
    pub fn as_str(&self) -> &str {
        &self.spelling
    }

    /// What it means.
    pub fn value(&self) -> &T {
        &self.value
    }

    /// What it means.
    pub fn into_value(self) -> T {
        self.value
    }
}

impl<T> Deref for Text<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: Notation> FromStr for Text<T> {
    type Err = ParseTextError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let spelling = normalized(text);
        let value = T::parse(&spelling).map_err(ParseTextError)?;
        Ok(Text { spelling, value })
    }
}

impl<T: Notation + fmt::Display> From<T> for Text<T> {
    /// The value in its usual spelling.
    fn from(value: T) -> Self {
        Text {
            spelling: normalized(&value.to_string()),
            value,
        }
    }
}

impl<T> fmt::Display for Text<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.spelling)
    }
}

impl<T> fmt::Debug for Text<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.spelling, f)
    }
}

impl<T> PartialEq for Text<T> {
    fn eq(&self, other: &Self) -> bool {
        self.spelling == other.spelling
    }
}

impl<T> Eq for Text<T> {}

impl<T> PartialOrd for Text<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Text<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.spelling.cmp(&other.spelling)
    }
}

impl<T> Hash for Text<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.spelling.hash(state);
    }
}

impl<T: Notation> FromValue for Text<T> {
    fn from_value(value: &Value) -> Result<Self, ConversionError> {
        let parsed = value.as_str().and_then(|text| text.parse().ok());
        parsed.ok_or_else(|| ConversionError::new(T::EXPECTED, value))
    }
}

impl<T> ToValue for Text<T> {
    fn to_value(&self) -> Value {
        self.spelling.as_str().into()
    }
}

impl<T: Notation> AttributeType for Text<T> {
    type Draft = Text<T>;

    fn from_draft(draft: &Text<T>) -> Option<Text<T>> {
        Some(draft.clone())
    }

    fn kind() -> Kind {
        Kind::Type(Type::String)
    }

    fn validators() -> Vec<Validator> {
        vec![Validator::notation::<T>()]
    }

    fn semantic_equality() -> Option<SemanticEquality> {
        Some(SemanticEquality::Values(same::<T>))
    }
}

/// Whether two values are texts that mean the same. What is no text of the type only means the same as itself.
pub fn same<T: Notation>(one: &Value, other: &Value) -> bool {
    let parsed = |value: &Value| value.as_str().and_then(|text| T::parse(text).ok());
    match (parsed(one), parsed(other)) {
        (Some(one), Some(other)) => one == other,
        _ => one == other,
    }
}

/// Each accepted text with another that means the same and one that does not, and texts that are refused.
#[cfg(test)]
#[track_caller]
fn check<T: Notation>(accepted: &[(&str, &str, &str)], refused: &[&str]) {
    for (text, same_meaning, other) in accepted {
        assert!(
            same::<T>(&(*text).into(), &(*same_meaning).into()),
            "{text} = {same_meaning}"
        );
        assert!(!same::<T>(&(*text).into(), &(*other).into()), "{text} != {other}");
        for text in [text, same_meaning, other] {
            assert!(T::parse(text).is_ok(), "{text}");
            assert_eq!(text.parse::<Text<T>>().unwrap().as_str(), normalized(text));
        }
    }
    for text in refused {
        let problem = T::parse(text).expect_err(text);
        assert!(problem.ends_with('.') && problem.contains("such as"), "{problem}");
    }
}

#[cfg(test)]
mod tests {
    mod lifecycle;

    use std::collections::{BTreeMap, BTreeSet};
    use std::time::Duration;

    use super::*;
    use crate::Attr;
    use crate::schema::Attribute;

    #[test]
    fn a_text_keeps_its_spelling_and_knows_its_value() {
        let text: Text<Duration> = "90m".parse().unwrap();
        assert_eq!((text.as_str(), text.as_secs()), ("90m", 5400));
        assert_eq!(text.to_value(), "90m".into());
        assert_eq!(Text::<Duration>::from_value(&"90m".into()), Ok(text.clone()));
        let other: Text<Duration> = "1h30m".parse().unwrap();
        assert!(text != other && *text == *other);
        let error = Text::<Duration>::from_value(&"soon".into()).unwrap_err();
        assert_eq!(error.to_string(), "expected a duration such as `1h30m`, found a string");
    }

    #[test]
    fn collections_have_the_rules_of_their_elements() {
        fn problems<T: AttributeType>(value: &Value) -> usize {
            let attribute = Attribute::new::<T>("x", "X.");
            assert!(attribute.semantic_equality.is_some());
            let rules = attribute.validators.iter();
            rules.filter(|rule| rule.check(value).is_err()).count()
        }
        type Size = Text<Quantity>;
        let (fine, wrong): (Value, Value) = ("1Gi".into(), "big".into());
        let map = |value: &Value| Value::Map([("a".to_owned(), value.clone())].into());
        for (value, expected) in [(fine, 0), (wrong, 1)] {
            assert_eq!(problems::<Attr<Size>>(&value), expected);
            assert_eq!(problems::<Vec<Size>>(&Value::List(vec![value.clone()])), expected);
            assert_eq!(
                problems::<Option<BTreeSet<Size>>>(&Value::set([value.clone()])),
                expected
            );
            assert_eq!(problems::<BTreeMap<String, Option<Size>>>(&map(&value)), expected);
            assert_eq!(
                problems::<BTreeMap<String, Vec<Size>>>(&map(&Value::List(vec![value.clone()]))),
                expected
            );
        }
    }
}
