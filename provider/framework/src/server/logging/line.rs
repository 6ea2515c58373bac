//! One log line in hclog's JSON form: fields in, bytes out.
//!
//! The client is strict: `@message`, `@level` and `@timestamp` must be strings, or it panics; the time has exactly six
//! digits after the second, or the line is shown raw; and it reads at most 64 KiB of a line.

use std::error::Error;
use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value};
use tracing::Level;
use tracing::field::{Field, Visit};

/// The longest line, with its line feed.
const MAX_LINE: usize = 60 << 10;

/// The longest string in a line, at first; it is halved until the line fits.
const MAX_STRING: usize = 16 << 10;

/// Strings are not cut below this length. If the line is then still too long, its fields are left out.
const MIN_STRING: usize = 64;

/// The fields of an event or a span as JSON.
#[derive(Debug, Clone, Default)]
pub(super) struct Fields(Map<String, Value>);

impl Fields {
    /// Adds `others`, which win over fields of the same name.
    pub(super) fn extend(&mut self, others: &Self) {
        self.0
            .extend(others.0.iter().map(|(name, value)| (name.clone(), value.clone())));
    }

    /// The whole line, with its line feed.
    pub(super) fn into_line(mut self, level: Level, target: &str, time: SystemTime) -> Vec<u8> {
        let message = match self.0.remove("message") {
            Some(Value::String(message)) => message,
            Some(other) => other.to_string(),
            None => String::new(),
        };
        let header = [
            ("@level", level.as_str().to_lowercase()),
            ("@message", message),
            ("@module", target.replace("::", ".")),
            ("@timestamp", timestamp(time)),
        ];
        let header = header.map(|(name, value)| (name.to_owned(), Value::String(value)));
        self.0.extend(header.clone());

        let mut limit = MAX_STRING;
        loop {
            cut_strings(&mut self.0, limit);
            let line = format!("{}\n", Value::Object(self.0.clone())).into_bytes();
            if line.len() <= MAX_LINE {
                return line;
            }
            if limit > MIN_STRING {
                limit /= 2;
            } else {
                // So many fields do not occur, but a line that is too long must not either.
                self.0.retain(|name, _| header.iter().any(|(kept, _)| kept == name));
            }
        }
    }

    fn insert(&mut self, field: &Field, value: impl Into<Value>) {
        self.0.insert(field.name().to_owned(), value.into());
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.insert(field, format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.insert(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.insert(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.insert(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.insert(field, value);
    }

    /// JSON has no infinity and no NaN, so those become text.
    fn record_f64(&mut self, field: &Field, value: f64) {
        match serde_json::Number::from_f64(value) {
            Some(number) => self.insert(field, number),
            None => self.insert(field, value.to_string()),
        }
    }

    /// The error and its sources, outermost first.
    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        let mut text = value.to_string();
        let mut source = value.source();
        while let Some(error) = source {
            text.push_str(": ");
            text.push_str(&error.to_string());
            source = error.source();
        }
        self.insert(field, text);
    }
}

/// Cuts every string that is longer than `limit` bytes, and says so at its end.
fn cut_strings(fields: &mut Map<String, Value>, limit: usize) {
    for value in fields.values_mut() {
        if let Value::String(text) = value
            && text.len() > limit
        {
            text.truncate(text.floor_char_boundary(limit - CUT.len()));
            text.push_str(CUT);
        }
    }
}

/// The end of a string that was cut.
const CUT: &str = "... (cut)";

/// RFC 3339 in UTC, with microseconds.
fn timestamp(time: SystemTime) -> String {
    // A clock before 1970 is broken anyway; the line is what matters.
    let since_epoch = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    let seconds = since_epoch.as_secs();
    let (year, month, day) = date(seconds / 86_400);
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    let microsecond = since_epoch.subsec_micros();
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{microsecond:06}Z")
}

/// Year, month and day of the Gregorian calendar.
///
/// Years are counted from March, so that a leap day is the last day of its year, in cycles of 400 years. See
/// <https://howardhinnant.github.io/date_algorithms.html#civil_from_days>.
fn date(days_since_1970: u64) -> (u64, u64, u64) {
    const DAYS_TO_1970: u64 = 719_468;
    const DAYS_PER_CYCLE: u64 = 146_097;
    let days = days_since_1970 + DAYS_TO_1970;
    let (cycle, day_of_cycle) = (days / DAYS_PER_CYCLE, days % DAYS_PER_CYCLE);
    let year_of_cycle = (day_of_cycle - day_of_cycle / 1460 + day_of_cycle / 36_524 - day_of_cycle / 146_096) / 365;
    let day_of_year = day_of_cycle - (365 * year_of_cycle + year_of_cycle / 4 - year_of_cycle / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    let year = 400 * cycle + year_of_cycle + u64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn fields(fields: &[(&str, Value)]) -> Fields {
        Fields(
            fields
                .iter()
                .map(|(name, value)| ((*name).to_owned(), value.clone()))
                .collect(),
        )
    }

    fn line(fields: Fields) -> (usize, Value) {
        let line = fields.into_line(Level::INFO, "cht::vsphere", UNIX_EPOCH);
        assert_eq!(line.iter().filter(|byte| **byte == b'\n').count(), 1, "one line");
        assert_eq!(line.last(), Some(&b'\n'));
        (line.len(), serde_json::from_slice(&line).unwrap())
    }

    #[test]
    fn timestamp_has_exactly_six_digits_and_a_zone() {
        let at = |seconds, nanos| timestamp(UNIX_EPOCH + Duration::new(seconds, nanos));
        assert_eq!(at(0, 0), "1970-01-01T00:00:00.000000Z");
        assert_eq!(at(951_782_399, 999_999_999), "2000-02-28T23:59:59.999999Z");
        assert_eq!(at(951_782_400, 1_000), "2000-02-29T00:00:00.000001Z");
        assert_eq!(at(951_868_800, 0), "2000-03-01T00:00:00.000000Z");
        assert_eq!(at(1_735_689_599, 0), "2024-12-31T23:59:59.000000Z");
        assert_eq!(at(4_107_542_400, 0), "2100-03-01T00:00:00.000000Z");
    }

    #[test]
    fn header_is_strings_whatever_the_fields_say() {
        let (_, line) = line(fields(&[
            ("message", Value::from(7)),
            ("@timestamp", Value::from(1)),
            ("@level", Value::Null),
        ]));
        assert_eq!(line["@message"], "7");
        assert_eq!(line["@level"], "info");
        assert_eq!(line["@timestamp"], "1970-01-01T00:00:00.000000Z");
        assert_eq!(line["@module"], "cht.vsphere");
    }

    #[test]
    fn message_may_be_missing() {
        assert_eq!(line(fields(&[])).1["@message"], "");
    }

    #[test]
    fn control_characters_stay_within_the_line() {
        let text = "a\nb\r\u{0}\u{1b}[31m\u{85}\u{2028}";
        assert_eq!(line(fields(&[("text", Value::from(text))])).1["text"], text);
    }

    #[test]
    fn long_values_are_cut_on_a_character_and_short_ones_kept() {
        let (length, line) = line(fields(&[
            ("body", Value::from("ä".repeat(100_000))),
            ("id", Value::from("vm-1")),
        ]));
        assert!(length <= MAX_LINE);
        let body = line["body"].as_str().unwrap();
        assert!(body.ends_with(CUT));
        assert!(body.len() > MAX_STRING - 2 * CUT.len(), "cut no more than needed");
        assert_eq!(line["id"], "vm-1");
    }

    #[test]
    fn values_that_grow_by_escaping_are_cut_further() {
        let many = [("a", "\u{0}"), ("b", "\""), ("c", "\u{1}")].map(|(n, text)| (n, Value::from(text.repeat(20_000))));
        assert!(line(fields(&many)).0 <= MAX_LINE);
    }

    #[test]
    fn line_with_too_many_fields_keeps_its_header() {
        let mut many = Fields::default();
        many.0
            .extend((0..10_000).map(|n| (format!("field_{n}"), Value::from("x"))));
        many.0.insert("message".to_owned(), Value::from("kept"));
        let (length, line) = line(many);
        assert!(length <= MAX_LINE);
        assert_eq!(line["@message"], "kept");
    }
}
