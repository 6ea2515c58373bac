//! Exact numbers with the equality of the core.

use std::fmt;
use std::str::FromStr;

use bigdecimal::BigDecimal;

/// A number of the Terraform language: of any size and precision.
///
/// Two numbers are equal if they are the same integer or have the same shortest decimal text, so a binary `0.1` equals
/// the decimal `0.1`, while nothing passes through a binary float that was not one before.
#[derive(Clone, Debug)]
pub enum Number {
    /// An integer that fits 64 bits.
    Integer(i64),
    /// A binary float: the way numbers with a fraction arrive that were computed by the core.
    Float(f64),
    /// Anything else.
    Decimal(BigDecimal),
}

/// A text is no decimal number.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a decimal number")]
pub struct ParseNumberError;

impl Number {
    /// The number as an integer, if it is one that fits.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Number::Integer(value) => Some(*value),
            Number::Float(_) | Number::Decimal(_) => {
                let decimal = self.to_decimal()?;
                if decimal.is_integer() {
                    decimal.to_string().parse().ok().or_else(|| to_i64(&decimal))
                } else {
                    None
                }
            }
        }
    }

    /// The number as a binary float, rounded where it has to be.
    pub fn as_f64(&self) -> f64 {
        match self {
            #[expect(clippy::cast_precision_loss, reason = "the caller asked for a rounded value")]
            Number::Integer(value) => *value as f64,
            Number::Float(value) => *value,
            Number::Decimal(value) => value.to_string().parse().unwrap_or(f64::NAN),
        }
    }

    /// The exact decimal with the shortest text; none for an infinity.
    pub fn to_decimal(&self) -> Option<BigDecimal> {
        match self {
            Number::Integer(value) => Some(BigDecimal::from(*value)),
            Number::Float(value) => BigDecimal::from_str(&value.to_string()).ok(),
            Number::Decimal(value) => Some(value.clone()),
        }
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Number::Integer(a), Number::Integer(b)) => a == b,
            (Number::Float(a), Number::Float(b)) => a == b,
            _ => matches!((self.to_decimal(), other.to_decimal()), (Some(a), Some(b)) if a == b),
        }
    }
}

impl From<i64> for Number {
    fn from(value: i64) -> Self {
        Number::Integer(value)
    }
}

impl From<f64> for Number {
    fn from(value: f64) -> Self {
        Number::Float(value)
    }
}

impl FromStr for Number {
    type Err = ParseNumberError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(integer) = text.parse::<i64>() {
            return Ok(Number::Integer(integer));
        }
        BigDecimal::from_str(text)
            .map(Number::Decimal)
            .map_err(|_| ParseNumberError)
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Number::Integer(value) => write!(f, "{value}"),
            Number::Float(value) => write!(f, "{value}"),
            Number::Decimal(value) => write!(f, "{}", value.normalized().to_plain_string()),
        }
    }
}

fn to_i64(decimal: &BigDecimal) -> Option<i64> {
    decimal.normalized().to_plain_string().parse().ok()
}
