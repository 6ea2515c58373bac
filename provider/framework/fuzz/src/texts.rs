//! The small texts that people write: durations, numbers, and text as such.

use tf_framework::model::parse_duration;
use tf_framework::value::{Number, normalized};

/// A number means the same when it is written and read again; a normal form is its own normal form; no duration is
/// zero.
pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let normal = normalized(text);
    assert_eq!(normalized(&normal), normal);
    assert!(parse_duration(text).is_none_or(|duration| !duration.is_zero()));
    if let Ok(number) = text.parse::<Number>() {
        let again: Number = number.to_string().parse().expect("what was written can be read");
        assert_eq!(again, number);
    }
}
