//! Types without parts: text, numbers, truth values, secrets.

use secrecy::{ExposeSecret, SecretString};

use crate::model::{AttributeType, ConversionError, FromValue, ToValue};
use crate::schema::{Kind, SemanticEquality, Validator};
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

            fn from_draft(draft: &$rust) -> Option<$rust> {
                Some(draft.clone())
            }

            fn kind() -> Kind {
                Kind::Type($kind)
            }
        }
    };
}

/// Implements the conversions of a whole number that has bounds of its own.
macro_rules! whole_number {
    ($rust:ty, $expected:literal) => {
        impl FromValue for $rust {
            fn from_value(value: &Value) -> Result<Self, ConversionError> {
                let whole = as_number(value).and_then(Number::to_i128);
                let converted = whole.and_then(|whole| <$rust>::try_from(whole).ok());
                converted.ok_or_else(|| ConversionError::new($expected, value))
            }
        }

        impl ToValue for $rust {
            fn to_value(&self) -> Value {
                Value::Number(Number::from_i128(i128::from(*self)))
            }
        }

        impl AttributeType for $rust {
            type Draft = $rust;

            fn from_draft(draft: &$rust) -> Option<$rust> {
                Some(*draft)
            }

            fn kind() -> Kind {
                Kind::Type(Type::Number)
            }

            fn validators() -> Vec<Validator> {
                vec![Validator::number($expected, |number| {
                    let whole = number.to_i128();
                    if whole.is_some_and(|whole| <$rust>::try_from(whole).is_ok()) {
                        Ok(())
                    } else {
                        Err(format!(
                            "It must be a whole number between {} and {}, not {number}.",
                            <$rust>::MIN,
                            <$rust>::MAX
                        ))
                    }
                })]
            }
        }
    };
}

/// Implements what a binary float is as an attribute: it has bounds, and holds so many digits and no more.
macro_rules! binary_number {
    ($rust:ty, $expected:literal) => {
        impl AttributeType for $rust {
            type Draft = $rust;

            fn from_draft(draft: &$rust) -> Option<$rust> {
                Some(*draft)
            }

            fn kind() -> Kind {
                Kind::Type(Type::Number)
            }

            fn validators() -> Vec<Validator> {
                vec![Validator::number($expected, |number| {
                    let rounded = <$rust>::from_value(&Value::Number(number.clone()));
                    if rounded.is_ok_and(<$rust>::is_finite) {
                        Ok(())
                    } else {
                        Err(format!("It must be between -{0:e} and {0:e}, not {number}.", <$rust>::MAX))
                    }
                })]
            }

            fn semantic_equality() -> Option<SemanticEquality> {
                // Digits that the type cannot hold make no difference.
                Some(SemanticEquality::Values(|one, other| {
                    let rounded = (<$rust>::from_value(one), <$rust>::from_value(other));
                    matches!(rounded, (Ok(one), Ok(other)) if one.to_bits() == other.to_bits())
                }))
            }
        }
    };
}

scalar!(String, Type::String, "a string", value => value.as_str().map(str::to_owned), this => this.as_str().into());
scalar!(bool, Type::Bool, "a bool", value => as_bool(value), this => Value::Bool(*this));
scalar!(i64, Type::Number, "a whole number of 64 bits", value => as_number(value).and_then(Number::as_i64), this => (*this).into());
scalar!(Number, Type::Number, "a number", value => as_number(value).cloned(), this => Value::Number(this.clone()));

whole_number!(i32, "a whole number of 32 bits");
whole_number!(u16, "a whole number from 0 to 65535");
whole_number!(u32, "a whole number from 0 to 4294967295");
whole_number!(u64, "a whole number from 0 to 18446744073709551615");

impl FromValue for f32 {
    fn from_value(value: &Value) -> Result<Self, ConversionError> {
        f64::from_value(value).map(rounded)
    }
}

impl ToValue for f32 {
    /// The number as it is written, `0.1` rather than what is added to it by a longer binary form.
    fn to_value(&self) -> Value {
        let number = self.to_string().parse().unwrap_or(Number::Float(f64::from(*self)));
        Value::Number(number)
    }
}

impl FromValue for f64 {
    fn from_value(value: &Value) -> Result<Self, ConversionError> {
        let converted = as_number(value).map(Number::as_f64);
        converted.ok_or_else(|| ConversionError::new("a number", value))
    }
}

impl ToValue for f64 {
    fn to_value(&self) -> Value {
        Value::Number((*self).into())
    }
}

binary_number!(f32, "a number of 32 bits");
binary_number!(f64, "a number of 64 bits");

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

    fn from_draft(draft: &SecretString) -> Option<SecretString> {
        Some(draft.clone())
    }

    fn kind() -> Kind {
        Kind::Type(Type::String)
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the nearest number of 32 bits is what is asked for"
)]
fn rounded(number: f64) -> f32 {
    number as f32
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Attribute;

    #[track_caller]
    fn check<T: AttributeType + std::fmt::Debug>(accepted: &[&str], refused: &[&str]) {
        let attribute = Attribute::new::<T>("x", "X.");
        let number = |text: &str| Value::Number(text.parse().unwrap());
        for text in accepted {
            let value = number(text);
            assert_eq!(T::from_value(&value).unwrap().to_value(), value);
            assert!(
                attribute.validators.iter().all(|rule| rule.check(&value).is_ok()),
                "{text}"
            );
        }
        for text in refused {
            let value = number(text);
            assert!(
                attribute.validators.iter().any(|rule| rule.check(&value).is_err()),
                "{text}"
            );
        }
    }

    #[test]
    fn numbers_have_the_range_of_their_type() {
        check::<i32>(
            &["-2147483648", "2147483647", "1.0"],
            &["-2147483649", "2147483648", "0.5", "1e30"],
        );
        check::<u16>(&["0", "65535"], &["-1", "65536"]);
        check::<u32>(&["0", "4294967295"], &["-1", "4294967296"]);
        check::<u64>(&["0", "18446744073709551615"], &["-1", "18446744073709551616", "1e40"]);
        check::<f32>(&["0.1", "-3", "3.4028235e38"], &["1e39", "-1e39", "Inf"]);
        check::<f64>(&["0.1", "-3", "1.7976931348623157e308"], &["1e400", "-1e400", "Inf"]);
    }

    #[test]
    fn digits_that_a_type_cannot_hold_make_no_difference() {
        let same = |equality, one: &str, other: &str| {
            let Some(SemanticEquality::Values(same)) = equality else {
                panic!("no equality");
            };
            let number = |text: &str| Value::Number(text.parse().unwrap());
            same(&number(one), &number(other))
        };
        assert!(same(f32::semantic_equality(), "0.1", "0.10000000149"));
        assert!(!same(f32::semantic_equality(), "0.1", "0.1001"));
        let third = format!("0.{}", "3".repeat(150));
        let held = f64::from_value(&Value::Number(third.parse().unwrap()))
            .unwrap()
            .to_string();
        assert!(same(f64::semantic_equality(), &third, &held));
        assert!(!same(f64::semantic_equality(), &third, "0.3333333333"));
    }
}
