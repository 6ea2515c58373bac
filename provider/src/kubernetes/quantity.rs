//! [Quantities](https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/), by value.

/// Whether two quantities are the same amount. Text that is no quantity is only the same as itself.
pub fn is_same(one: &str, other: &str) -> bool {
    match (billionths(one), billionths(other)) {
        (Some(one), Some(other)) => one == other,
        _ => one == other,
    }
}

/// The amount in billionths, the finest step that a quantity has; `None` if it is finer, too large, or no quantity.
pub fn billionths(text: &str) -> Option<i128> {
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
    use super::*;

    #[test]
    fn quantities_are_compared_by_value() {
        for (one, other, same) in [
            ("1Gi", "1024Mi", true),
            ("500m", "0.5", true),
            ("1", "1000m", true),
            ("1.5Gi", "1536Mi", true),
            ("1e3", "1k", true),
            ("1E3", "1000", true),
            ("2E", "2000P", true),
            ("100Gi", "100G", false),
            ("0.1", "100m", true),
            ("1.0000000001", "1", false),
            ("-1", "1", false),
            ("garbage", "garbage", true),
            ("garbage", "1", false),
            ("", "0", false),
            ("99999999999999999999999999999999Ei", "1", false),
        ] {
            assert_eq!(is_same(one, other), same, "{one} {other}");
        }
    }
}
