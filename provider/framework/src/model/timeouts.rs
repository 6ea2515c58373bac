//! The attribute `timeouts` and the durations in it, such as `1h30m` or `90s`.

use std::time::Duration;

use crate::custom_types::Notation;
use crate::custom_types::duration::parse_limit;
use crate::model::{Attr, AttributeType, ConversionError, FromValue, ToValue, expect_object, from_attribute};
use crate::schema::{Attribute, Kind, Nesting, Presence, TimeoutDefaults, Validator};
use crate::value::Value;

/// How long each operation may take, as far as the configuration says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Timeouts {
    /// Limit of a creation.
    pub create: Option<String>,
    /// Limit of a refresh.
    pub read: Option<String>,
    /// Limit of an update.
    pub update: Option<String>,
    /// Limit of a deletion.
    pub delete: Option<String>,
}

impl FromValue for Timeouts {
    fn from_value(value: &Value) -> Result<Self, ConversionError> {
        if value.is_null() {
            return Ok(Timeouts::default());
        }
        expect_object(value)?;
        Ok(Timeouts {
            create: from_attribute(value, "create")?,
            read: from_attribute(value, "read")?,
            update: from_attribute(value, "update")?,
            delete: from_attribute(value, "delete")?,
        })
    }
}

impl ToValue for Timeouts {
    fn to_value(&self) -> Value {
        if *self == Timeouts::default() {
            return Value::Null;
        }
        Value::object([
            ("create", self.create.to_value()),
            ("read", self.read.to_value()),
            ("update", self.update.to_value()),
            ("delete", self.delete.to_value()),
        ])
    }
}

impl AttributeType for Timeouts {
    // A limit may be unknown at plan time; nothing but the framework reads it, and only when it is known.
    type Draft = Value;
    const PRESENCE: Presence = Presence::Optional;

    fn from_draft(draft: &Value) -> Option<Timeouts> {
        Timeouts::from_value(draft).ok()
    }

    fn from_attribute_draft(draft: &Attr<Value>) -> Option<Timeouts> {
        match draft.decided()? {
            Some(limits) => Timeouts::from_draft(limits),
            None => Some(Timeouts::default()),
        }
    }

    fn kind() -> Kind {
        Timeouts::kind_with(&TimeoutDefaults::default())
    }
}

impl Timeouts {
    /// The nested attribute whose descriptions name these defaults.
    pub fn kind_with(defaults: &TimeoutDefaults) -> Kind {
        let limit = |name: &str, what: &str, default: Duration| {
            Attribute::new::<Option<String>>(
                name,
                format!(
                    "How long {what} may take, such as `90s` or `1h30m`. Default: `{}`.",
                    format_duration(default)
                ),
            )
            .validator(Validator::string(<Duration as Notation>::EXPECTED, |text| {
                Duration::parse(text)?;
                match parse_duration(text) {
                    Some(_) => Ok(()),
                    None => Err(format!(
                        "`{text}` is no limit: it must be longer than 0 and not longer than `8760h`."
                    )),
                }
            }))
        };
        Kind::Nested(
            Nesting::Single,
            vec![
                limit("create", "a creation", defaults.create),
                limit("read", "a refresh", defaults.read),
                limit("update", "an update", defaults.update),
                limit("delete", "a deletion", defaults.delete),
            ],
        )
    }
}

/// The limit of an operation in the notation of Go, such as `1h30m`; none if the text is no duration, or one of no time
/// or of more than a year.
pub const fn parse_duration(text: &str) -> Option<Duration> {
    parse_limit(text)
}

/// The duration in the notation of [`parse_duration`], to the second.
pub fn format_duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let parts = [(seconds / 3600, "h"), (seconds % 3600 / 60, "m"), (seconds % 60, "s")];
    let text: String = parts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, unit)| format!("{count}{unit}"))
        .collect();
    if text.is_empty() { "0s".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_go_writes_them() {
        assert_eq!(parse_duration("1h30m"), Some(Duration::from_secs(5400)));
        assert_eq!(parse_duration("1.5h"), Some(Duration::from_secs(5400)));
        assert_eq!(parse_duration("90s"), Some(Duration::from_secs(90)));
        assert_eq!(parse_duration("500ms"), Some(Duration::from_millis(500)));
        assert_eq!(parse_duration("8760h"), Some(Duration::from_secs(365 * 86400)));
        for wrong in ["", "10", "h", "5 m", "-5m", "0s", "1x", "8760h1ns", "5000000000000000h"] {
            assert_eq!(parse_duration(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_limit_that_is_none_is_refused_with_the_reason() {
        let Kind::Nested(_, limits) = Timeouts::kind() else {
            panic!("timeouts are nested");
        };
        let check = |limit: &str| {
            let checks = limits[0].validators.iter().map(|rule| rule.check(&limit.into()));
            checks.collect::<Result<Vec<_>, _>>().map(|_| ())
        };
        assert_eq!(check("1h30m"), Ok(()));
        for (limit, reason) in [
            ("5000000000000000h", "longer than `8760h`"),
            ("0s", "longer than 0"),
            ("10", "units"),
        ] {
            let refusal = check(limit).unwrap_err();
            assert!(refusal.contains(reason), "{refusal}");
        }
    }

    #[test]
    fn durations_are_written_in_the_same_notation() {
        assert_eq!(format_duration(Duration::from_secs(5400)), "1h30m");
        assert_eq!(format_duration(Duration::from_secs(600)), "10m");
    }
}
