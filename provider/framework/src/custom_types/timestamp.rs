//! Points in time: [RFC 3339](https://www.rfc-editor.org/rfc/rfc3339), as the functions of the language write them.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::custom_types::Notation;

/// Seconds of a day.
const DAY: i64 = 86_400;

/// A point in time, to the nanosecond. Two of them are the same whatever their time zones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp {
    seconds: i64,
    nanoseconds: u32,
}

impl Timestamp {
    /// Seconds since 1970 began in UTC; negative before.
    pub fn unix_seconds(self) -> i64 {
        self.seconds
    }

    /// Nanoseconds since the second began.
    pub fn nanoseconds(self) -> u32 {
        self.nanoseconds
    }

    /// The same point in time for the standard library.
    pub fn to_system_time(self) -> Option<SystemTime> {
        let since = Duration::from_secs(self.seconds.unsigned_abs());
        let second = if self.seconds < 0 {
            UNIX_EPOCH.checked_sub(since)
        } else {
            UNIX_EPOCH.checked_add(since)
        };
        second?.checked_add(Duration::from_nanos(self.nanoseconds.into()))
    }
}

impl Notation for Timestamp {
    const EXPECTED: &'static str = "a timestamp of RFC 3339 such as `2026-01-31T12:00:00Z`";

    fn parse(text: &str) -> Result<Self, String> {
        parse(text).ok_or_else(|| {
            format!(
                "`{text}` is not a timestamp of RFC 3339: write date, time and time zone, such as `2026-01-31T12:00:00Z` or \
                 `2026-01-31T13:00:00+01:00`."
            )
        })
    }
}

impl fmt::Display for Timestamp {
    /// In UTC, with as many digits after the second as it has.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = date_of(self.seconds.div_euclid(DAY));
        let time = self.seconds.rem_euclid(DAY);
        let (hour, minute, second) = (time / 3600, time % 3600 / 60, time % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")?;
        if self.nanoseconds > 0 {
            write!(f, ".{}", format!("{:09}", self.nanoseconds).trim_end_matches('0'))?;
        }
        f.write_str("Z")
    }
}

fn parse(text: &str) -> Option<Timestamp> {
    let (date, time) = text.split_once('T')?;
    let (time, offset) = match time.strip_suffix('Z') {
        Some(time) => (time, 0),
        None => {
            let (time, offset) = time.split_at_checked(time.len().checked_sub(6)?)?;
            (time, parse_offset(offset)?)
        }
    };
    let (time, nanoseconds) = match time.split_once('.') {
        Some((time, fraction)) => (time, parse_fraction(fraction)?),
        None => (time, 0),
    };
    let [hour, minute, second] = numbers(time, ':', [2, 2, 2])?;
    let of_day = (hour < 24 && minute < 60 && second < 60).then_some(hour * 3600 + minute * 60 + second)?;
    Some(Timestamp {
        seconds: parse_date(date)? * DAY + of_day - offset,
        nanoseconds,
    })
}

/// Days since 1970 began.
fn parse_date(text: &str) -> Option<i64> {
    let [year, month, day] = numbers(text, '-', [4, 2, 2])?;
    let days = days_until(year, month, day);
    // A day that does not exist would be one of another month.
    ((1..=12).contains(&month) && (1..=31).contains(&day) && date_of(days) == (year, month, day)).then_some(days)
}

/// Seconds that a time zone is ahead of UTC.
fn parse_offset(text: &str) -> Option<i64> {
    let sign = match text.get(..1)? {
        "+" => 1,
        "-" => -1,
        _ => return None,
    };
    let [hours, minutes] = numbers(text.get(1..)?, ':', [2, 2])?;
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}

/// Nanoseconds; later digits are cut off.
fn parse_fraction(digits: &str) -> Option<u32> {
    if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let nine: String = digits.chars().chain("00000000".chars()).take(9).collect();
    nine.parse().ok()
}

/// Numbers of so many digits each, and nothing else than a separator between them.
fn numbers<const N: usize>(text: &str, separator: char, digits: [usize; N]) -> Option<[i64; N]> {
    let parts: Vec<&str> = text.split(separator).collect();
    let parts: [&str; N] = parts.try_into().ok()?;
    let mut numbers = [0; N];
    for ((number, part), digits) in numbers.iter_mut().zip(parts).zip(digits) {
        let fine = part.len() == digits && part.bytes().all(|digit| digit.is_ascii_digit());
        *number = part.parse().ok().filter(|_| fine)?;
    }
    Some(numbers)
}

/// Days from 1970-01-01 to a date. Years begin in March here, so that the day of a leap year is the last one.
fn days_until(year: i64, month: i64, day: i64) -> i64 {
    let year = if month > 2 { year } else { year - 1 };
    let month = (month + 9) % 12;
    365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + (153 * month + 2) / 5 + day
        - 719_469
}

/// Year, month and day of so many days after 1970-01-01.
fn date_of(days: i64) -> (i64, i64, i64) {
    // A guess that is never too small, since no year is shorter or longer than that, corrected by the exact inverse.
    let mut year = 1971 + days.div_euclid(365).max(days.div_euclid(366));
    while days_until(year, 1, 1) > days {
        year -= 1;
    }
    let month = (1..=12)
        .rev()
        .find(|month| days_until(year, *month, 1) <= days)
        .unwrap_or(1);
    (year, month, days - days_until(year, month, 1) + 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::custom_types::check;

    #[test]
    fn timestamps_are_compared_as_points_in_time() {
        check::<Timestamp>(
            &[
                (
                    "2026-01-31T12:00:00Z",
                    "2026-01-31T13:00:00+01:00",
                    "2026-01-31T12:00:00+01:00",
                ),
                (
                    "2024-02-29T00:00:00.5Z",
                    "2024-02-28T23:30:00.500-00:30",
                    "2024-02-29T00:00:00Z",
                ),
                (
                    "1969-12-31T23:59:59Z",
                    "1970-01-01T00:59:59+01:00",
                    "0000-01-01T00:00:00Z",
                ),
                (
                    "2026-01-01T00:00:00.1234567891Z",
                    "2026-01-01T00:00:00.123456789Z",
                    "2026-01-01T00:00:00.12Z",
                ),
            ],
            &[
                "",
                "2026-01-31",
                "2026-01-31T12:00:00",
                "2026-01-31 12:00:00Z",
                "2026-02-29T12:00:00Z",
                "2026-13-01T12:00:00Z",
                "2026-00-01T12:00:00Z",
                "2026-01-00T12:00:00Z",
                "2026-01-01T24:00:00Z",
                "2026-01-01T12:60:00Z",
                "2026-01-01T12:00:60Z",
                "2026-01-01T12:00:00.Z",
                "2026-01-01T12:00:00+1:00",
                "2026-01-01T12:00:00+01:00Z",
                "26-01-01T12:00:00Z",
                "2026-1-1T12:00:00Z",
                "2026-01-01T12:00:00é:é",
            ],
        );
    }

    #[test]
    fn a_timestamp_is_counted_from_1970() {
        for (text, seconds) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2000-03-01T00:00:00Z", 951_868_800),
            ("2038-01-19T03:14:08Z", 2_147_483_648),
            ("1969-12-31T23:59:59Z", -1),
        ] {
            assert_eq!(Timestamp::parse(text).unwrap().unix_seconds(), seconds, "{text}");
        }
        let time = Timestamp::parse("1969-12-31T23:59:59.25Z").unwrap().to_system_time();
        assert_eq!(time, UNIX_EPOCH.checked_sub(Duration::from_millis(750)));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(seconds in -62_167_219_200_i64..253_402_300_800, nanoseconds in 0_u32..1_000_000_000) {
            let timestamp = Timestamp { seconds, nanoseconds };
            prop_assert_eq!(Timestamp::parse(&timestamp.to_string()), Ok(timestamp));
        }

        #[test]
        fn any_text_is_read_or_refused(text in "[-+0-9:.TZé]{0,30}") {
            let _ = Timestamp::parse(&text);
        }
    }
}
