//! Durations in the notation of Go, such as `1h30m`.

use std::time::Duration;

use crate::custom_types::Notation;

mod notation;

pub(crate) use notation::parse_limit;

impl Notation for Duration {
    const EXPECTED: &'static str = "a duration such as `1h30m`";

    fn parse(text: &str) -> Result<Self, String> {
        notation::parse(text).ok_or_else(|| {
            format!("`{text}` is not a duration: write numbers with units, such as `90s`, `15m` or `1h30m`.")
        })
    }
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
