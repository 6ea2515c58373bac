//! Quantities with units, as Kubernetes writes them:
//! [Quantity](https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/).

use std::fmt;

use crate::custom_types::Notation;

/// An amount such as `1Gi`, `500m` or `1e3`, in billionths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quantity(i128);

impl Quantity {
    /// The amount in billionths, the finest step that a quantity has.
    pub fn billionths(self) -> i128 {
        self.0
    }

    /// Whether the amount is above zero.
    pub fn is_positive(self) -> bool {
        self.0 > 0
    }
}

impl Notation for Quantity {
    const EXPECTED: &'static str = "a Kubernetes quantity such as `100Gi`";

    fn parse(text: &str) -> Result<Self, String> {
        billionths(text).map(Quantity).ok_or_else(|| {
            format!("`{text}` is not a quantity: write a number with a unit, such as `100Gi`, `512Mi` or `500m`.")
        })
    }
}

impl fmt::Display for Quantity {
    /// A whole number, in thousandths, millionths or billionths if it has to be: `1024`, `500m`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (divisor, suffix) = [(1_000_000_000, ""), (1_000_000, "m"), (1_000, "u")]
            .into_iter()
            .find(|(divisor, _)| self.0 % divisor == 0)
            .unwrap_or((1, "n"));
        write!(f, "{}{suffix}", self.0 / divisor)
    }
}

/// The amount in billionths; none if it is finer, too large, or no quantity.
fn billionths(text: &str) -> Option<i128> {
    let end = text
        .find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '+' | '-')))
        .unwrap_or(text.len());
    let (number, suffix) = text.split_at(end);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits: i128 = format!("{whole}{fraction}").parse().ok()?;
    let (factor, exponent) = scale(suffix)?;
    let amount = digits.checked_mul(factor)?;
    let exponent = exponent + 9 - i32::try_from(fraction.len()).ok()?;
    let power = 10_i128.checked_pow(exponent.unsigned_abs())?;
    if exponent >= 0 {
        amount.checked_mul(power)
    } else {
        (amount % power == 0).then_some(amount / power)
    }
}

/// What a suffix multiplies by: a binary factor and a decimal exponent.
fn scale(suffix: &str) -> Option<(i128, i32)> {
    Some(match suffix {
        "" => (1, 0),
        "n" => (1, -9),
        "u" => (1, -6),
        "m" => (1, -3),
        "k" => (1, 3),
        "M" => (1, 6),
        "G" => (1, 9),
        "T" => (1, 12),
        "P" => (1, 15),
        "E" => (1, 18),
        "Ki" => (1 << 10, 0),
        "Mi" => (1 << 20, 0),
        "Gi" => (1 << 30, 0),
        "Ti" => (1 << 40, 0),
        "Pi" => (1 << 50, 0),
        "Ei" => (1 << 60, 0),
        exponent => (
            1,
            exponent
                .strip_prefix(['e', 'E'])?
                .parse()
                .ok()
                .filter(|e: &i32| (-30..=30).contains(e))?,
        ),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::custom_types::check;

    #[test]
    fn quantities_are_compared_by_value() {
        check::<Quantity>(
            &[
                ("1Gi", "1024Mi", "1G"),
                ("500m", "0.5", "500"),
                ("1", "1000m", "-1"),
                ("1.5Gi", "1536Mi", "1.5"),
                ("1e3", "1k", "1e4"),
                ("1E3", "1000", "1E"),
                ("2E", "2000P", "2Ei"),
                ("0.1", "100m", "100u"),
            ],
            &[
                "",
                "garbage",
                "1 Gi",
                "1gi",
                "1..5",
                "1-2",
                "1.0000000001",
                "99999999999999999999999999999999Ei",
            ],
        );
    }

    proptest! {
        #[test]
        fn a_quantity_is_the_same_however_it_is_written(amount in -1_000_000_000_000_000_i128..1_000_000_000_000_000) {
            let quantity = Quantity(amount);
            prop_assert_eq!(Quantity::parse(&quantity.to_string()), Ok(quantity));
        }

        #[test]
        fn any_text_is_read_or_refused(text in "[-+0-9.eEKMGimnuk ]{0,12}") {
            let _ = Quantity::parse(&text);
        }
    }
}
