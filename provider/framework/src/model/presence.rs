//! Types that say whether a value has to be there: [`Attr`], `Option` and [`WriteOnly`].

use crate::model::{AttributeType, ConversionError, FromValue, ToValue};
use crate::schema::{Kind, Presence, SemanticEquality, Validator};
use crate::value::Value;

/// The state of an attribute where it may be unknown or null.
///
/// It has an order so that objects with such attributes can be elements of a set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
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

    /// Whether there is a value, and which, as far as that is decided: none if it is unknown, none in some if it is
    /// null.
    pub fn decided(&self) -> Option<Option<&T>> {
        match self {
            Attr::Unknown => None,
            Attr::Null => Some(None),
            Attr::Known(value) => Some(Some(value)),
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

impl<T: FromValue> FromValue for Attr<T> {
    fn from_value(value: &Value) -> Result<Self, ConversionError> {
        match value {
            value if value.is_null() => Ok(Attr::Null),
            value if value.is_unknown() => Ok(Attr::Unknown),
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

    fn from_draft(draft: &T::Draft) -> Option<Self> {
        T::from_draft(draft).map(Attr::Known)
    }

    fn from_attribute_draft(draft: &Attr<T::Draft>) -> Option<Self> {
        match draft {
            Attr::Unknown => Some(Attr::Unknown),
            Attr::Null => Some(Attr::Null),
            Attr::Known(draft) => Self::from_draft(draft),
        }
    }

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

    fn from_draft(draft: &T::Draft) -> Option<Self> {
        T::from_draft(draft).map(Some)
    }

    fn from_attribute_draft(draft: &Attr<T::Draft>) -> Option<Self> {
        match draft.decided()? {
            Some(draft) => Self::from_draft(draft),
            None => Some(None),
        }
    }

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

    fn from_draft(draft: &T::Draft) -> Option<Self> {
        Option::from_draft(draft).map(WriteOnly)
    }

    fn from_attribute_draft(draft: &Attr<T::Draft>) -> Option<Self> {
        Option::from_attribute_draft(draft).map(WriteOnly)
    }

    fn kind() -> Kind {
        T::kind()
    }

    fn validators() -> Vec<Validator> {
        T::validators()
    }
}
