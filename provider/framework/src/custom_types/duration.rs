//! Durations in the notation of Go, such as `1h30m`.

use std::time::Duration;

use crate::custom_types::Notation;

impl Notation for Duration {
    const EXPECTED: &'static str = "a duration such as `1h30m`";

    fn parse(text: &str) -> Result<Self, String> {
        parse(text).ok_or_else(|| {
            format!("`{text}` is not a duration: write numbers with units, such as `90s`, `15m` or `1h30m`.")
        })
    }
}

fn parse(text: &str) -> Option<Duration> {
    if text == "0" {
        return Some(Duration::ZERO);
    }
    let mut rest = text;
    let mut total = Duration::ZERO;
    while !rest.is_empty() || text.is_empty() {
        let is_number = |c: char| c.is_ascii_digit() || c == '.';
        let (number, tail) = rest.split_at(rest.find(|c| !is_number(c))?);
        let (unit, tail) = tail.split_at(tail.find(is_number).unwrap_or(tail.len()));
        let part = nanoseconds(number, nanoseconds_of(unit)?)?;
        total = total.checked_add(part)?;
        rest = tail;
    }
    Some(total)
}

fn nanoseconds_of(unit: &str) -> Option<u64> {
    Some(match unit {
        "h" => 3_600_000_000_000,
        "m" => 60_000_000_000,
        "s" => 1_000_000_000,
        "ms" => 1_000_000,
        "us" | "µs" | "μs" => 1_000,
        "ns" => 1,
        _ => return None,
    })
}

/// A decimal number of units, exactly; digits below a nanosecond are cut off.
fn nanoseconds(number: &str, unit: u64) -> Option<Duration> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && fraction.is_empty() || fraction.contains('.') {
        return None;
    }
    let whole: u128 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    // No unit has more than 13 digits, so digits after the 18th make no difference.
    let digits: String = fraction.chars().take(18).collect();
    let scale = 10_u128.pow(u32::try_from(digits.len()).ok()?);
    let part = if digits.is_empty() {
        0
    } else {
        digits.parse::<u128>().ok()?
    };
    let part = part * u128::from(unit) / scale;
    let total = whole.checked_mul(u128::from(unit))?.checked_add(part)?;
    let seconds = u64::try_from(total / 1_000_000_000).ok()?;
    let nanoseconds = u32::try_from(total % 1_000_000_000).ok()?;
    Some(Duration::new(seconds, nanoseconds))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::custom_types::check;
    use crate::model::format_duration;

    #[test]
    fn durations_are_read_as_go_writes_them() {
        check::<Duration>(
            &[
                ("1h30m", "90m", "90s"),
                ("1.5h", "5400s", "1.5m"),
                ("500ms", "0.5s", ".5ms"),
                ("1us", "1000ns", "1µs1ns"),
                ("0", "0s", "1ns"),
                ("1m1m", "2m", "1.s"),
                ("1.0000000000000000009s", "1s", "1.000000001s"),
            ],
            &[
                "",
                "10",
                "h",
                "5 m",
                "-5m",
                "1x",
                "1..5h",
                "1e3s",
                ".s",
                "1h30",
                "99999999999999999999h",
                "Inf",
            ],
        );
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(seconds in 0_u64..10_000_000_000) {
            let duration = Duration::from_secs(seconds);
            prop_assert_eq!(Duration::parse(&format_duration(duration)), Ok(duration));
        }

        #[test]
        fn any_text_is_read_or_refused(text in "[0-9.hmsnuµ ]{0,12}") {
            let _ = Duration::parse(&text);
        }
    }
}
