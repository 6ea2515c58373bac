//! Durations in the notation of Go, such as `1h30m`. They are read by constant functions, as those in the options of
//! models are read by the compiler.

use std::time::Duration;

use crate::custom_types::Notation;

/// The longest limit of an operation: a year. No clock can tell when the longest duration is over.
const LONGEST: Duration = Duration::from_secs(8760 * 3600);

impl Notation for Duration {
    const EXPECTED: &'static str = "a duration such as `1h30m`";

    fn parse(text: &str) -> Result<Self, String> {
        parse(text).ok_or_else(|| {
            format!("`{text}` is not a duration: write numbers with units, such as `90s`, `15m` or `1h30m`.")
        })
    }
}

/// The limit of an operation; none if the text is no duration, or one of no time or of more than a year.
pub(crate) const fn parse_limit(text: &str) -> Option<Duration> {
    match parse(text) {
        Some(limit) if !limit.is_zero() && limit.as_nanos() <= LONGEST.as_nanos() => Some(limit),
        _ => None,
    }
}

/// A duration such as `1h30m`; none if the text is not one.
const fn parse(text: &str) -> Option<Duration> {
    let mut rest = text.as_bytes();
    if let [b'0'] = rest {
        return Some(Duration::ZERO);
    }
    let mut total = Duration::ZERO;
    loop {
        let (number, tail) = split(rest, true);
        let (unit, tail) = split(tail, false);
        let Some(unit) = nanoseconds_of(unit) else { return None };
        let Some(part) = nanoseconds(number, unit) else {
            return None;
        };
        let Some(sum) = total.checked_add(part) else {
            return None;
        };
        (total, rest) = (sum, tail);
        if rest.is_empty() {
            return Some(total);
        }
    }
}

/// What is of a number at the beginning, or what is not, and the rest.
const fn split(text: &[u8], of_number: bool) -> (&[u8], &[u8]) {
    let mut rest = text;
    while let [byte, tail @ ..] = rest {
        if (byte.is_ascii_digit() || *byte == b'.') != of_number {
            break;
        }
        rest = tail;
    }
    text.split_at(text.len() - rest.len())
}

const fn nanoseconds_of(unit: &[u8]) -> Option<u128> {
    Some(match unit {
        b"h" => 3_600_000_000_000,
        b"m" => 60_000_000_000,
        b"s" => 1_000_000_000,
        b"ms" => 1_000_000,
        // The sign for micro, and the letter.
        b"us" | b"\xc2\xb5s" | b"\xce\xbcs" => 1_000,
        b"ns" => 1,
        _ => return None,
    })
}

/// A decimal number of units, exactly; digits below a nanosecond are cut off.
const fn nanoseconds(number: &[u8], unit: u128) -> Option<Duration> {
    // No unit has more than 13 digits, so digits after the 18th make no difference.
    const FINEST: u128 = 1_000_000_000_000_000_000;
    let (mut whole, mut fraction, mut scale) = (0, 0, 1);
    let (mut has_digits, mut has_point) = (false, false);
    let mut rest = number;
    while let [byte, tail @ ..] = rest {
        rest = tail;
        let digit = match *byte {
            b'.' if has_point => return None,
            b'.' => {
                has_point = true;
                continue;
            }
            digit => (digit - b'0') as u128,
        };
        has_digits = true;
        if has_point && scale < FINEST {
            (fraction, scale) = (fraction * 10 + digit, scale * 10);
        } else if !has_point {
            whole = whole * 10 + digit;
            // Longer than anybody can wait, and the products below fit.
            if whole > u64::MAX as u128 {
                return None;
            }
        }
    }
    let total = whole * unit + fraction * unit / scale;
    let seconds = total / 1_000_000_000;
    if !has_digits || seconds > u64::MAX as u128 {
        return None;
    }
    Some(Duration::new(seconds as u64, (total % 1_000_000_000) as u32))
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
