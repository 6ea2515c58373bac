//! Exact numbers with the equality of the core.
//!
//! What a number looks like on the wire is decided in [`wire`](crate::wire), from the questions answered here.

use std::cmp::Ordering;
use std::fmt;
use std::num::NonZeroU64;
use std::str::FromStr;

use bigdecimal::num_bigint::Sign;
use bigdecimal::{BigDecimal, RoundingMode, ToPrimitive};

#[cfg(test)]
mod tests;

/// How many digits a text may stand for on either side of the decimal point.
///
/// The core calculates with 154 digits. Without a limit, the ten characters `1e99999999` would become 100 MB when they
/// are printed.
const MAX_DIGITS: i64 = 10_000;

/// The longest text that can keep within [`MAX_DIGITS`], with room for a sign, a point and an exponent.
const MAX_TEXT: usize = 20_032;

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

/// A text is no decimal number, or one of absurd size.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a decimal number of reasonable size")]
pub struct ParseNumberError;

impl Number {
    /// The number as an integer, if it is one that fits.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Number::Integer(value) => Some(*value),
            Number::Float(value) if value.fract() != 0.0 => None,
            Number::Float(_) | Number::Decimal(_) => to_i64(&self.to_decimal()?),
        }
    }

    /// The number as a long integer, if it is one that fits.
    pub fn to_i128(&self) -> Option<i128> {
        let decimal = self.to_decimal()?;
        // A longer text would take room that no integer of this size needs.
        (magnitude(&decimal) <= 39 && decimal.is_integer()).then(|| decimal.to_i128())?
    }

    /// A long integer as a number.
    pub fn from_i128(value: i128) -> Self {
        BigDecimal::from(value).into()
    }

    /// The number as a binary float, rounded where it has to be.
    pub fn as_f64(&self) -> f64 {
        match self {
            #[expect(clippy::cast_precision_loss, reason = "the caller asked for a rounded value")]
            Number::Integer(value) => *value as f64,
            Number::Float(value) => *value,
            // Parsing rounds to the nearest float, which no shorter way does; the notation is short for any exponent.
            Number::Decimal(value) => value.to_scientific_notation().parse().unwrap_or(f64::NAN),
        }
    }

    /// The decimal with the shortest text that still means this number; none for an infinity.
    ///
    /// It is exact except for a float, where it is what a user would have written: `1e30` rather than the
    /// nearest binary integer.
    pub fn to_decimal(&self) -> Option<BigDecimal> {
        match self {
            Number::Integer(value) => Some(BigDecimal::from(*value).normalized()),
            Number::Float(value) => shortest(*value).map(|decimal| decimal.normalized()),
            Number::Decimal(value) => Some(value.normalized()),
        }
    }

    /// Whether this is a number at all: calculations with floats can have a result that is none.
    pub(crate) fn is_nan(&self) -> bool {
        matches!(self, Number::Float(value) if value.is_nan())
    }

    /// Whether this is positive or negative infinity.
    pub(crate) fn is_infinite(&self) -> bool {
        matches!(self, Number::Float(value) if value.is_infinite())
    }

    /// The binary float that is exactly this number, if it is none of the integers, and has no shorter text that means
    /// the same float: whoever reads it could take it for that.
    pub(crate) fn as_exact_fraction(&self) -> Option<f64> {
        let float = match self {
            Number::Integer(_) => return None,
            Number::Float(value) => *value,
            Number::Decimal(value) => {
                let float = self.as_f64();
                let is_it = |decimal: BigDecimal| compare(&decimal.normalized(), &value.normalized()).is_eq();
                let is_exact = BigDecimal::try_from(float).is_ok_and(is_it) && shortest(float).is_some_and(is_it);
                is_exact.then_some(float)?
            }
        };
        (float.fract() != 0.0 || float.is_infinite()).then_some(float)
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.partial_cmp(other) == Some(Ordering::Equal)
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Number::Integer(a), Number::Integer(b)) => Some(a.cmp(b)),
            (Number::Float(a), Number::Float(b)) => a.partial_cmp(b),
            _ => match (self.to_decimal(), other.to_decimal()) {
                (Some(a), Some(b)) => Some(compare(&a, &b)),
                // Only a float has no decimal: an infinity lies on its side of every other number.
                (None, _) => self.as_f64().partial_cmp(&0.0),
                (_, None) => 0.0.partial_cmp(&other.as_f64()),
            },
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

impl From<BigDecimal> for Number {
    fn from(value: BigDecimal) -> Self {
        let value = value.normalized();
        to_i64(&value).map_or(Number::Decimal(value), Number::Integer)
    }
}

impl FromStr for Number {
    type Err = ParseNumberError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "Inf" | "+Inf" | "inf" | "+inf" => return Ok(Number::Float(f64::INFINITY)),
            "-Inf" | "-inf" => return Ok(Number::Float(f64::NEG_INFINITY)),
            _ => {}
        }
        if let Ok(integer) = text.parse::<i64>() {
            return Ok(Number::Integer(integer));
        }
        if text.len() > MAX_TEXT || !is_decimal(text) {
            return Err(ParseNumberError);
        }
        let decimal = BigDecimal::from_str(text).map_err(|_| ParseNumberError)?.normalized();
        if is_reasonable(&decimal) {
            Ok(decimal.into())
        } else {
            Err(ParseNumberError)
        }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Number::Integer(value) => write!(f, "{value}"),
            Number::Float(value) if value.is_infinite() => write!(f, "{}Inf", if *value > 0.0 { '+' } else { '-' }),
            Number::Float(_) | Number::Decimal(_) => match self.to_decimal() {
                None => f.write_str("NaN"),
                Some(decimal) if is_reasonable(&decimal) => f.write_str(&decimal.to_plain_string()),
                Some(decimal) => f.write_str(&decimal.to_scientific_notation()),
            },
        }
    }
}

/// The decimal with the fewest digits that is nearest to this float and to no other.
fn shortest(float: f64) -> Option<BigDecimal> {
    let shortest = BigDecimal::from_str(&format!("{float:e}")).ok()?;
    // Of two that are equally near, the core takes the even one, and the standard library the greater one.
    let digits = NonZeroU64::new(shortest.normalized().digits())?;
    let even = BigDecimal::try_from(float)
        .ok()?
        .with_precision_round(digits, RoundingMode::HalfEven);
    let is_same = even.to_scientific_notation().parse() == Ok(float);
    Some(if is_same { even } else { shortest })
}

/// The order of two normalized decimals.
///
/// Magnitudes are compared first: bringing `1e1000000000` and `1` to a common scale would take a gigabyte.
fn compare(a: &BigDecimal, b: &BigDecimal) -> Ordering {
    let by_magnitude = match a.sign() {
        Sign::Minus => magnitude(b).cmp(&magnitude(a)),
        Sign::NoSign | Sign::Plus => magnitude(a).cmp(&magnitude(b)),
    };
    a.sign().cmp(&b.sign()).then(by_magnitude).then_with(|| a.cmp(b))
}

/// The number of digits before the decimal point; negative for zeros after it.
fn magnitude(decimal: &BigDecimal) -> i128 {
    let (_, scale) = decimal.as_bigint_and_scale();
    i128::from(decimal.digits()) - i128::from(scale)
}

/// Whether a normalized decimal has a plain text of reasonable length.
fn is_reasonable(decimal: &BigDecimal) -> bool {
    let (_, scale) = decimal.as_bigint_and_scale();
    scale <= MAX_DIGITS && magnitude(decimal) <= i128::from(MAX_DIGITS)
}

/// The integer that a normalized decimal is, if it fits.
fn to_i64(decimal: &BigDecimal) -> Option<i64> {
    let (_, scale) = decimal.as_bigint_and_scale();
    // A normalized integer has no digits after the point, and one of 64 bits at most 19 before it.
    if (-18..=0).contains(&scale) {
        decimal.to_i64()
    } else {
        None
    }
}

/// Whether a text is a decimal number, as the core reads one.
fn is_decimal(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    // Digits may be absent on one side of the point.
    let is_mantissa = mantissa.len() > usize::from(mantissa.contains('.')) && is_digits(whole) && is_digits(fraction);
    is_mantissa && !exponent.is_empty() && is_digits(exponent)
}
