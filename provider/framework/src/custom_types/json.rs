//! JSON text, by value: white space, the order of keys and how a number is written make no difference.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use crate::custom_types::Notation;
use crate::types::MAX_DEPTH;
use crate::value::{Number, Value};

/// A JSON document. Numbers in it are exact, which is why it is none of `serde_json`.
#[derive(Clone, Debug, PartialEq)]
pub struct Json(Value);

impl Json {
    /// The document: arrays are lists, and objects are maps, whose values may differ in type.
    pub fn document(&self) -> &Value {
        &self.0
    }
}

impl Notation for Json {
    const EXPECTED: &'static str = "JSON text such as `{\"a\": 1}`";

    fn parse(text: &str) -> Result<Self, String> {
        // The reason tells the line and the column, and quotes nothing.
        let json: &RawValue = serde_json::from_str(text).map_err(|error| {
            format!("It is not JSON: {error}. Write it with `jsonencode`, such as `jsonencode({{ a = 1 }})`.")
        })?;
        value(json, MAX_DEPTH).map(Json).ok_or_else(|| {
            "It is JSON, but nested too deeply or with numbers of absurd size. Accepted is something such as \
             `jsonencode({ a = 1 })`."
                .to_owned()
        })
    }
}

fn value(json: &RawValue, depth: usize) -> Option<Value> {
    let depth = depth.checked_sub(1)?;
    let text = json.get();
    Some(match text.as_bytes().first()? {
        b'n' => Value::Null,
        b't' => true.into(),
        b'f' => false.into(),
        b'"' => serde_json::from_str::<String>(text).ok()?.into(),
        b'[' => {
            let elements: Vec<&RawValue> = serde_json::from_str(text).ok()?;
            Value::List(
                elements
                    .into_iter()
                    .map(|one| value(one, depth))
                    .collect::<Option<_>>()?,
            )
        }
        b'{' => {
            let entries: BTreeMap<String, &RawValue> = serde_json::from_str(text).ok()?;
            let entries = entries.into_iter().map(|(key, one)| Some((key, value(one, depth)?)));
            Value::Map(entries.collect::<Option<_>>()?)
        }
        _ => text.parse::<Number>().ok()?.into(),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::custom_types::check;

    #[test]
    fn documents_are_compared_by_value() {
        check::<Json>(
            &[
                (
                    r#"{"a": 1, "b": [true, null]}"#,
                    r#"{"b":[true,null],"a":1.0}"#,
                    r#"{"a":1,"b":[null,true]}"#,
                ),
                ("9007199254740993", "9007199254740993.0", "9007199254740992"),
                ("1e2", "100", "\"100\""),
                ("\"\\u00e9\"", "\"é\"", "\"e\""),
                ("\"e\u{301}\"", "\"é\"", "\"e\""),
                (" null ", "null", "false"),
                ("{}", "{ }", "[]"),
                // The last one counts, as everywhere.
                (r#"{"a": 1, "a": 2}"#, r#"{"a": 2}"#, r#"{"a": 1}"#),
            ],
            &[
                "",
                "{",
                "{a: 1}",
                "[1,]",
                "01",
                "nul",
                "1e99999999",
                "true false",
                &"[".repeat(1000),
            ],
        );
        let deep = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(Json::parse(&deep(MAX_DEPTH)).is_ok());
        assert!(Json::parse(&deep(MAX_DEPTH + 1)).is_err());
    }

    proptest! {
        #[test]
        fn white_space_and_order_make_no_difference(entries: BTreeMap<String, i64>) {
            let compact = serde_json::to_string(&entries).unwrap();
            let pretty = serde_json::to_string_pretty(&entries).unwrap();
            prop_assert_eq!(Json::parse(&compact), Json::parse(&pretty));
            let reversed: Vec<String> = entries.iter().rev().map(|(key, value)| {
                format!("{}: {value}", serde_json::to_string(key).unwrap())
            }).collect();
            prop_assert_eq!(Json::parse(&compact), Json::parse(&format!("{{{}}}", reversed.join(","))));
        }

        #[test]
        fn any_text_is_read_or_refused(text in r#"[\[\]{}",:0-9eE.\-tfn ]{0,20}"#) {
            let known: Result<serde_json::Value, _> = serde_json::from_str(&text);
            prop_assert!(Json::parse(&text).is_err() || known.is_ok() || text.contains(['e', 'E']));
        }
    }
}
