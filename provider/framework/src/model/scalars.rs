//! Types without parts: text, numbers, truth values, secrets.

use secrecy::{ExposeSecret, SecretString};

use crate::model::{AttributeType, ConversionError, FromValue, ToValue};
use crate::schema::Kind;
use crate::types::Type;
use crate::value::{Number, Value};

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
