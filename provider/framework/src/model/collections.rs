//! Lists, sets and maps of other types; of models, they are nested attributes.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Attr, AttributeType, ConversionError, FromValue, ToValue};
use crate::path::Step;
use crate::schema::{Kind, Nesting, SemanticEquality, Validator};
use crate::types::Type;
use crate::value::Value;

/// The elements of a set some of which may be unknown.
#[derive(Clone, Debug, PartialEq)]
pub struct SetDraft<T>(pub Vec<Attr<T>>);

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

    fn from_draft(draft: &Self::Draft) -> Option<Self> {
        draft.iter().map(T::from_attribute_draft).collect()
    }

    fn kind() -> Kind {
        collection(T::kind(), Nesting::List, Type::List)
    }

    fn validators() -> Vec<Validator> {
        of_each(T::validators())
    }

    fn semantic_equality() -> Option<SemanticEquality> {
        of_elements(T::semantic_equality())
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

    fn from_draft(draft: &Self::Draft) -> Option<Self> {
        draft.0.iter().map(T::from_attribute_draft).collect()
    }

    fn kind() -> Kind {
        collection(T::kind(), Nesting::Set, Type::Set)
    }

    fn validators() -> Vec<Validator> {
        of_each(T::validators())
    }

    fn semantic_equality() -> Option<SemanticEquality> {
        of_elements(T::semantic_equality())
    }
}

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
            Value::Map(elements) => {
                let mut map = BTreeMap::new();
                for (key, element) in elements {
                    let converted = T::from_value(element).map_err(|error| error.inside(Step::Key(key.clone())))?;
                    map.insert(key.clone(), converted);
                }
                Ok(map)
            }
            other => Err(ConversionError::new("a map", other)),
        }
    }
}

impl<T: ToValue> ToValue for BTreeMap<String, T> {
    fn to_value(&self) -> Value {
        let mut elements = BTreeMap::new();
        for (key, element) in self {
            elements.insert(key.clone(), element.to_value());
        }
        Value::Map(elements)
    }
}

impl<T: AttributeType> AttributeType for BTreeMap<String, T> {
    type Draft = BTreeMap<String, Attr<T::Draft>>;
    const SENSITIVE: bool = T::SENSITIVE;

    fn from_draft(draft: &Self::Draft) -> Option<Self> {
        let mut map = BTreeMap::new();
        for (key, element) in draft {
            map.insert(key.clone(), T::from_attribute_draft(element)?);
        }
        Some(map)
    }

    fn kind() -> Kind {
        collection(T::kind(), Nesting::Map, Type::Map)
    }

    fn validators() -> Vec<Validator> {
        of_each(T::validators())
    }

    fn semantic_equality() -> Option<SemanticEquality> {
        of_elements(T::semantic_equality())
    }
}

/// A collection of what `element` is: nested where the element is a model, else of a type.
fn collection(element: Kind, nesting: Nesting, of: fn(Box<Type>) -> Type) -> Kind {
    match element {
        Kind::Nested(Nesting::Single, attributes) => Kind::Nested(nesting, attributes),
        other => Kind::Type(of(Box::new(other.value_type()))),
    }
}

fn of_each(rules: Vec<Validator>) -> Vec<Validator> {
    rules.into_iter().map(Validator::each).collect()
}

fn of_elements(equality: Option<SemanticEquality>) -> Option<SemanticEquality> {
    equality.map(|equality| SemanticEquality::Elements(Box::new(equality)))
}
