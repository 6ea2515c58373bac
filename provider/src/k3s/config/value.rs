//! The values of `config.yaml`, and their text.
//!
//! Texts are always quoted: `0600` is a mode and no number, `no` a text and no flag. JSON's quotes are YAML's double
//! quotes.

use std::fmt::Write as _;

use serde_json::Value as Json;

use super::keys::Kind;

/// The value of one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConfigValue {
    /// A text.
    Text(String),
    /// A whole number.
    Number(i64),
    /// `true` or `false`.
    Flag(bool),
    /// Several texts.
    List(Vec<String>),
}

impl ConfigValue {
    /// A list of texts.
    pub fn list<T: Into<String>>(texts: impl IntoIterator<Item = T>) -> Self {
        Self::List(texts.into_iter().map(Into::into).collect())
    }

    /// The value that a JSON value stands for; nothing for those that no key can have.
    #[must_use]
    pub fn from_json(json: &Json) -> Option<Self> {
        match json {
            Json::String(text) => Some(Self::Text(text.clone())),
            Json::Bool(flag) => Some(Self::Flag(*flag)),
            Json::Number(number) => number.as_i64().map(Self::Number),
            Json::Array(items) => {
                let text = |item: &Json| match item {
                    Json::String(text) => Some(text.clone()),
                    Json::Number(number) => Some(number.to_string()),
                    Json::Null | Json::Bool(_) | Json::Array(_) | Json::Object(_) => None,
                };
                items.iter().map(text).collect::<Option<_>>().map(Self::List)
            }
            Json::Null | Json::Object(_) => None,
        }
    }

    /// Whether it can be the value of a key of this kind. A list of one may be written as a text, as k3s reads it so.
    #[must_use]
    pub fn fits(&self, kind: Kind) -> bool {
        match self {
            Self::Text(_) => matches!(kind, Kind::Text | Kind::List),
            Self::Number(_) => kind == Kind::Number,
            Self::Flag(_) => kind == Kind::Flag,
            Self::List(_) => kind == Kind::List,
        }
    }

    /// The texts that it has: one or more.
    #[must_use]
    pub fn texts(&self) -> Vec<String> {
        match self {
            Self::Text(text) => vec![text.clone()],
            Self::Number(number) => vec![number.to_string()],
            Self::Flag(flag) => vec![flag.to_string()],
            Self::List(texts) => texts.clone(),
        }
    }

    /// Writes the line, or lines, of a key with this value.
    pub(super) fn write(&self, key: &str, kind: Kind, yaml: &mut String) {
        // A `String` takes all that is written.
        let _ = match self {
            Self::Text(text) if kind != Kind::List => writeln!(yaml, "{key}: {}", quoted(text)),
            Self::Number(number) => writeln!(yaml, "{key}: {number}"),
            Self::Flag(flag) => writeln!(yaml, "{key}: {flag}"),
            Self::Text(_) | Self::List(_) => {
                let _ = writeln!(yaml, "{key}:");
                self.texts()
                    .iter()
                    .try_for_each(|text| writeln!(yaml, "  - {}", quoted(text)))
            }
        };
    }
}

/// A text in double quotes.
pub(super) fn quoted(text: &str) -> String {
    Json::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn written(value: &ConfigValue, kind: Kind) -> String {
        let mut yaml = String::new();
        value.write("key", kind, &mut yaml);
        yaml
    }

    #[test]
    fn each_value_is_read_back_as_what_it_is() {
        let hard = "0600: \"a\" \\ # no\n\ttab";
        for (value, kind, json) in [
            (ConfigValue::Text("0600".to_owned()), Kind::Text, json!("0600")),
            (ConfigValue::Text(hard.to_owned()), Kind::Text, json!(hard)),
            (ConfigValue::Text("no".to_owned()), Kind::List, json!(["no"])),
            (ConfigValue::Number(6443), Kind::Number, json!(6443)),
            (ConfigValue::Flag(true), Kind::Flag, json!(true)),
            (ConfigValue::list(["a", "1", "ä"]), Kind::List, json!(["a", "1", "ä"])),
        ] {
            let read: Json = serde_saphyr::from_str(&written(&value, kind)).expect("YAML");
            assert_eq!(read, json!({ "key": json }));
        }
    }

    #[test]
    fn json_becomes_a_value_where_a_key_can_have_it() {
        let value = |json: Json| ConfigValue::from_json(&json);
        assert_eq!(value(json!(["a", 1])), Some(ConfigValue::list(["a", "1"])));
        assert_eq!(value(json!(3)), Some(ConfigValue::Number(3)));
        assert_eq!(value(json!(1.5)), None);
        assert_eq!(value(json!(null)), None);
        assert_eq!(value(json!({ "a": 1 })), None);
        assert_eq!(value(json!([["a"]])), None);
    }
}
