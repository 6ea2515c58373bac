//! Durations in options, in the notation of the attribute `timeouts`: `1h30m`, `90s`.

use std::time::Duration;

/// Parses a duration like `parse_duration` of the framework, which the generated code cannot call at compile time.
pub(crate) fn parse(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut total = Duration::ZERO;
    while !rest.is_empty() {
        let (number, tail) = rest.split_at(rest.find(|c: char| c.is_ascii_alphabetic())?);
        let (unit, tail) = tail.split_at(tail.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(tail.len()));
        let seconds = match unit {
            "h" => 3600.0,
            "m" => 60.0,
            "s" => 1.0,
            "ms" => 0.001,
            _ => return None,
        };
        if !number.chars().all(|c| c.is_ascii_digit() || c == '.') {
            return None;
        }
        let part = Duration::try_from_secs_f64(number.parse::<f64>().ok()? * seconds).ok()?;
        total = total.checked_add(part)?;
        rest = tail;
    }
    (total > Duration::ZERO).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_numbers_with_units() {
        assert_eq!(parse("1h30m"), Some(Duration::from_secs(5400)));
        assert_eq!(parse("1.5h"), Some(Duration::from_secs(5400)));
        assert_eq!(parse("2s500ms"), Some(Duration::from_millis(2500)));
        for wrong in ["", "10", "h", "5 m", "-5m", "1e3s", "0s", "1x", "1..5h"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
