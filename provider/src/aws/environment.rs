//! What the environment says of the keys in it, and the SDK does not read: when they end.

use std::time::SystemTime;

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;

/// As `aws configure export-credentials` and its like set it.
pub(super) const EXPIRATION: &str = "AWS_CREDENTIAL_EXPIRATION";

/// When the keys in the environment end, if it says so.
pub(super) fn keys_end() -> Option<SystemTime> {
    parse(&std::env::var(EXPIRATION).ok()?)
}

fn parse(text: &str) -> Option<SystemTime> {
    let end = DateTime::from_str(text.trim(), Format::DateTimeWithOffset).ok()?;
    end.try_into().ok()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn an_end_is_a_time_in_any_zone() {
        let end = SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_323_045);
        for text in [
            "2026-01-02T03:04:05Z",
            "2026-01-02T06:04:05+03:00",
            " 2026-01-02T03:04:05+00:00",
        ] {
            assert_eq!(parse(text), Some(end), "{text}");
        }
        for text in ["", "tomorrow", "1767323045"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
