//! Times as texts.

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;

/// A time in RFC 3339; none if it is so far away that there is no such text.
pub(super) fn rfc3339(time: &DateTime) -> Option<String> {
    time.fmt(Format::DateTime).ok()
}

/// The date of a time, such as `2026-12-02`.
pub(super) fn date(time: &DateTime) -> Option<String> {
    let text = rfc3339(time)?;
    text.split('T').next().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_texts() {
        let time = DateTime::from_secs(1_767_323_045);
        assert_eq!(rfc3339(&time).as_deref(), Some("2026-01-02T03:04:05Z"));
        assert_eq!(date(&time).as_deref(), Some("2026-01-02"));
    }
}
