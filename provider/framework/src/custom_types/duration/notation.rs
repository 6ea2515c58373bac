//! The notation of durations. The derive macros include this file to read those in options by the same rules, so it
//! needs nothing but the standard library.

use std::time::Duration;

/// The longest limit of an operation: a year. No clock can tell when the longest duration is over.
const LONGEST: Duration = Duration::from_secs(8760 * 3600);

/// The limit of an operation; none if the text is no duration, or one of no time or of more than a year.
pub(crate) fn parse_limit(text: &str) -> Option<Duration> {
    parse(text).filter(|duration| !duration.is_zero() && *duration <= LONGEST)
}

/// A duration such as `1h30m`; none if the text is not one.
pub(crate) fn parse(text: &str) -> Option<Duration> {
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
