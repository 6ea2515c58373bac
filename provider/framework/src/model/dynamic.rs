//! [`Dynamic`]: values whose type comes with each of them.

use serde_json::Value as Json;

use crate::model::{AttributeType, ConversionError, FromValue, ToValue};
use crate::schema::Kind;
use crate::types::Type;
use crate::value::{Number, Value};

/// A value of any type: whatever a configuration has there.
///
/// In a draft, its parts may be unknown or null. A list or map of these has one type for all its elements; blocks may
/// differ, and sets cannot have any.
#[derive(Clone, Debug, PartialEq)]
pub struct Dynamic {
    of: Type,
    value: Value,
}

impl Dynamic {
    /// A value of a type.
    ///
    /// # Errors
    /// Fails if the value is null, unknown, or not of the type.
    pub fn new(of: Type, value: Value) -> Result<Self, ConversionError> {
        if value.is_null() || value.is_unknown() || !value.conforms(&of) {
            return Err(ConversionError::new("a known value of its type", &value));
        }
        Ok(Dynamic { of, value })
    }

    /// The value that an expression of the Terraform language has which looks like this JSON: arrays are tuples and
    /// objects are objects. There is none for null.
    pub fn from_json(json: &Json) -> Option<Self> {
        let (of, value) = typed(json);
        Dynamic::new(of, value).ok()
    }

    /// The type that the value turned out to have.
    pub fn value_type(&self) -> &Type {
        &self.of
    }

    /// The value.
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// The value as a Rust type.
    ///
    /// # Errors
    /// Fails if the value is not of that type.
    pub fn get<T: FromValue>(&self) -> Result<T, ConversionError> {
        T::from_value(&self.value)
    }
}

impl From<&str> for Dynamic {
    fn from(value: &str) -> Self {
        Dynamic {
            of: Type::String,
            value: value.into(),
        }
    }
}

impl From<bool> for Dynamic {
    fn from(value: bool) -> Self {
        Dynamic {
            of: Type::Bool,
            value: value.into(),
        }
    }
}

impl From<Number> for Dynamic {
    fn from(value: Number) -> Self {
        Dynamic {
            of: Type::Number,
            value: value.into(),
        }
    }
}

impl From<Dynamic> for Value {
    fn from(dynamic: Dynamic) -> Self {
        Value::Dynamic(Box::new((dynamic.of, dynamic.value)))
    }
}

impl FromValue for Dynamic {
    fn from_value(value: &Value) -> Result<Self, ConversionError> {
        match value {
            Value::Dynamic(typed) => Dynamic::new(typed.0.clone(), typed.1.clone()),
            other => Err(ConversionError::new("a dynamic value", other)),
        }
    }
}

impl ToValue for Dynamic {
    fn to_value(&self) -> Value {
        self.clone().into()
    }
}

impl AttributeType for Dynamic {
    type Draft = Dynamic;

    fn from_draft(draft: &Dynamic) -> Option<Dynamic> {
        Some(draft.clone())
    }

    fn kind() -> Kind {
        Kind::Type(Type::Dynamic)
    }
}

/// A JSON value with its type; a null has none.
fn typed(json: &Json) -> (Type, Value) {
    match json {
        Json::Null => (Type::Dynamic, Value::Null),
        Json::Bool(value) => (Type::Bool, Value::Bool(*value)),
        // The text of a JSON number is always that of a number.
        Json::Number(number) => (
            Type::Number,
            number.to_string().parse().map_or(Value::Null, Value::Number),
        ),
        Json::String(text) => (Type::String, text.as_str().into()),
        Json::Array(elements) => {
            let (types, values) = elements.iter().map(typed).unzip();
            (Type::Tuple(types), Value::List(values))
        }
        Json::Object(attributes) => {
            let parts = attributes.iter().map(|(name, json)| {
                let (of, value) = typed(json);
                ((name.clone(), of), (name.clone(), value))
            });
            let (types, values) = parts.unzip();
            (Type::Object(types), Value::Object(values))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::*;
    use crate::model::Attr;

    #[test]
    fn json_is_what_an_expression_of_the_language_is() {
        let dynamic = Dynamic::from_json(&json!({"a": [1, "x", null], "b": true})).unwrap();
        let of = r#"["object",{"a":["tuple",["number","string","dynamic"]],"b":"bool"}]"#;
        assert_eq!(dynamic.value_type().to_json(), of);
        assert!(dynamic.value().conforms(dynamic.value_type()));
        assert_eq!(Dynamic::from_json(&Json::Null), None);
        assert_eq!(
            Dynamic::from_json(&json!(["a", "b"])).unwrap().get(),
            Ok(vec!["a".to_owned(), "b".to_owned()])
        );
    }

    #[test]
    fn a_model_keeps_the_type_that_came_with_the_value() {
        let list = Type::List(Box::new(Type::String));
        for (of, value) in [
            (Type::String, Value::from("1")),
            (Type::Number, 1.into()),
            (list, Value::List(vec!["a".into()])),
        ] {
            let value = Value::Dynamic(Box::new((of, value)));
            assert_eq!(Dynamic::from_value(&value).unwrap().to_value(), value);
        }
        let map = Type::Map(Box::new(Type::Bool));
        let dynamic = Dynamic::new(map, Value::Map([("a".to_owned(), true.into())].into())).unwrap();
        assert_eq!(
            dynamic.get::<BTreeMap<String, bool>>().unwrap(),
            [("a".to_owned(), true)].into()
        );
        assert!(dynamic.get::<String>().is_err());
    }

    #[test]
    fn nulls_and_unknown_values_are_no_dynamic_values_whatever_their_type() {
        let typed = |value: Value| Value::Dynamic(Box::new((Type::String, value)));
        for null in [Value::Null, typed(Value::Null)] {
            assert_eq!(Option::<Dynamic>::from_value(&null), Ok(None));
            assert_eq!(Attr::<Dynamic>::from_value(&null), Ok(Attr::Null));
            assert!(Dynamic::from_value(&null).is_err());
        }
        for unknown in [Value::UNKNOWN, typed(Value::UNKNOWN)] {
            assert_eq!(Attr::<Dynamic>::from_value(&unknown), Ok(Attr::Unknown));
            assert!(Dynamic::from_value(&unknown).is_err());
        }
        assert!(Dynamic::new(Type::String, 1.into()).is_err());
    }
}
