//! Exact numbers with the equality of the core.
//!
//! What a number looks like on the wire is decided in [`wire`](crate::wire), from the questions answered here.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use bigdecimal::num_bigint::Sign;
use bigdecimal::{BigDecimal, ToPrimitive};

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
            Number::Float(_) | Number::Decimal(_) => to_i64(&self.to_decimal()?),
        }
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

    /// The exact decimal with the shortest text; none for an infinity.
    pub fn to_decimal(&self) -> Option<BigDecimal> {
        match self {
            Number::Integer(value) => Some(BigDecimal::from(*value).normalized()),
            Number::Float(value) => BigDecimal::from_str(&format!("{value:e}"))
                .ok()
                .map(|decimal| decimal.normalized()),
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

    /// The binary float that is exactly this number, if it is none of the integers.
    pub(crate) fn as_exact_fraction(&self) -> Option<f64> {
        let float = match self {
            Number::Integer(_) => return None,
            Number::Float(value) => *value,
            Number::Decimal(value) => {
                let float = self.as_f64();
                let exact = BigDecimal::try_from(float).ok()?;
                (exact.normalized().as_bigint_and_scale() == value.normalized().as_bigint_and_scale())
                    .then_some(float)?
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
            // There is one zero only; adding it turns the negative one into it.
            Number::Float(value) => write!(f, "{}", value + 0.0),
            Number::Decimal(value) => {
                let value = value.normalized();
                if is_reasonable(&value) {
                    f.write_str(&value.to_plain_string())
                } else {
                    f.write_str(&value.to_scientific_notation())
                }
            }
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Number {
        text.parse().unwrap()
    }

    #[test]
    fn equality_is_that_of_the_core() {
        assert_eq!(number("0.1"), Number::Float(0.1));
        assert_eq!(number("1.0"), Number::Integer(1));
        assert_eq!(number("1e3"), Number::Float(1000.0));
        assert_eq!(number("-0"), Number::Float(-0.0));
        assert_eq!(number("Inf"), Number::Float(f64::INFINITY));
        assert_ne!(Number::Float(0.1 + 0.2), number("0.3"));
        assert_ne!(number("9007199254740993"), Number::Float(9_007_199_254_740_992.0));
        assert_ne!(number("1e400"), Number::Float(f64::INFINITY));
    }

    #[test]
    fn numbers_are_ordered_by_size() {
        let mut sorted = [
            "-Inf", "-1e400", "-10", "-9", "-0.5", "0", "1e-400", "0.1", "2", "10", "1e400", "Inf",
        ];
        let expected = sorted;
        sorted.reverse();
        sorted.sort_by(|a, b| number(a).partial_cmp(&number(b)).unwrap());
        assert_eq!(sorted, expected);
    }

    #[test]
    fn texts_are_plain_and_shortest() {
        for (text, plain) in [
            ("1e3", "1000"),
            ("1.50", "1.5"),
            (".5", "0.5"),
            ("5.", "5"),
            ("+7", "7"),
            ("-0.0", "0"),
            ("1e30", "1000000000000000000000000000000"),
            ("-1.5E-7", "-0.00000015"),
            ("9223372036854775808", "9223372036854775808"),
            ("inf", "+Inf"),
            ("-Inf", "-Inf"),
        ] {
            assert_eq!(number(text).to_string(), plain, "{text}");
        }
        assert_eq!(Number::Float(-0.0).to_string(), "0");
        assert_eq!(Number::Float(1e21).to_string(), "1000000000000000000000");
    }

    #[test]
    fn what_is_no_decimal_number_is_refused() {
        for text in [
            "", " 1", "1 ", "-", ".", "e5", "1e", "1e+", "--1", "+-1", "1.-5", ".-5", "1.2.3", "1_000", "0x10", "NaN",
            "Infinity", "١",
        ] {
            assert_eq!(text.parse::<Number>(), Err(ParseNumberError), "{text:?}");
        }
    }

    #[test]
    fn absurd_sizes_are_refused_and_harmless() {
        let long = "9".repeat(1_000_000);
        for text in ["1e1000000000", "1e-1000000000", "1e99999999999999999999", long.as_str()] {
            assert_eq!(text.parse::<Number>(), Err(ParseNumberError));
        }
        let absurd = |exponent| Number::Decimal(BigDecimal::new(15.into(), exponent));
        assert_eq!(absurd(-1_000_000_000).to_string(), "1.5e1000000001");
        assert!(absurd(-1_000_000_000) > Number::Integer(i64::MAX));
        assert!(absurd(1_000_000_000) < Number::Float(f64::MIN_POSITIVE));
        assert_eq!(absurd(1_000_000_000).as_exact_fraction(), None);
        assert_eq!(absurd(-1_000_000_000).as_i64(), None);
        assert!(absurd(-1_000_000_000).as_f64().is_infinite());
    }

    #[test]
    fn integers_are_recognized_in_any_form() {
        assert_eq!(number("9223372036854775807").as_i64(), Some(i64::MAX));
        assert_eq!(Number::Float(-3.0).as_i64(), Some(-3));
        assert_eq!(number("1e18").as_i64(), Some(1_000_000_000_000_000_000));
        assert_eq!(number("9223372036854775808").as_i64(), None);
        assert_eq!(number("1.5").as_i64(), None);
        assert_eq!(Number::Float(f64::NAN).as_i64(), None);
    }

    #[test]
    fn only_exact_floats_count_as_such() {
        assert_eq!(number("0.5").as_exact_fraction(), Some(0.5));
        assert_eq!(number("0.1").as_exact_fraction(), None);
        assert_eq!(Number::Float(0.1).as_exact_fraction(), Some(0.1));
        assert_eq!(Number::Float(1e30).as_exact_fraction(), None);
        assert_eq!(number("-Inf").as_exact_fraction(), Some(f64::NEG_INFINITY));
    }
}
