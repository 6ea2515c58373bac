//! Options of k3s for which there is no attribute: a text of JSON, as `jsonencode` writes it.
//!
//! Which options a role and a version have is checked by [`check`](crate::k3s::config::keys::check), with a version at
//! hand.

use std::collections::BTreeMap;

use serde_json::Value as Json;
use tf_framework::custom_types::Notation;

use crate::k3s::config::keys::check::{Level, check_extra};
use crate::k3s::config::value::ConfigValue;
use crate::k3s::version::K3sVersion;

/// Options of k3s by name, as `config.yaml` has them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExtraConfig(BTreeMap<String, ConfigValue>);

impl ExtraConfig {
    /// The options.
    #[must_use]
    pub fn entries(&self) -> &BTreeMap<String, ConfigValue> {
        &self.0
    }

    /// What is wrong with them for these hosts and this version, one sentence for each.
    #[must_use]
    pub fn problems(&self, level: Level, version: &K3sVersion) -> Vec<String> {
        let problems = check_extra(level, version, &self.0);
        problems.iter().map(ToString::to_string).collect()
    }
}

impl Notation for ExtraConfig {
    const EXPECTED: &'static str = "an object of k3s' options such as `jsonencode({ debug = true })`";

    fn parse(text: &str) -> Result<Self, String> {
        // The reason tells the line and the column, and quotes nothing.
        let json: Json = serde_json::from_str(text).map_err(|error| {
            format!("It is not JSON: {error}. Write it with `jsonencode`, such as `jsonencode({{ debug = true }})`.")
        })?;
        let Json::Object(options) = json else {
            return Err(
                "It has to be an object with k3s' options as keys, such as `jsonencode({ debug = true })`.".to_owned(),
            );
        };
        let entries = options.into_iter().map(|(key, value)| {
            let value = ConfigValue::from_json(&value).ok_or_else(|| {
                format!(
                    "`{key}` is neither a text, a whole number, `true` or `false`, nor a list of texts, such as `jsonencode({{ \
                     debug = true }})`."
                )
            })?;
            Ok((key, value))
        });
        entries.collect::<Result<_, String>>().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use tf_framework::custom_types::same;

    use super::*;

    #[test]
    fn options_are_compared_by_value_and_refused_where_no_option_can_have_them() {
        let text = r#"{"debug": true, "node-internal-dns": ["a", "b"], "v": 3}"#;
        let other = r#"{"v":3,"node-internal-dns":["a","b"],"debug":true}"#;
        assert!(same::<ExtraConfig>(&text.into(), &other.into()));
        assert!(!same::<ExtraConfig>(&text.into(), &r#"{"v":3}"#.into()));
        for (text, part) in [
            ("{", "line 1"),
            ("[]", "object"),
            (r#"{"a": null}"#, "`a`"),
            (r#"{"b": {"c": 1}}"#, "`b`"),
        ] {
            let problem = ExtraConfig::parse(text).expect_err(text);
            assert!(problem.contains(part) && problem.contains("jsonencode"), "{problem}");
        }
    }

    #[test]
    fn unknown_options_are_named_with_similar_ones() {
        let extra = ExtraConfig::parse(r#"{"debgu": true}"#).unwrap();
        let version = "v1.36.3+k3s1".parse().unwrap();
        let problems = extra.problems(Level::Cluster, &version);
        assert_eq!(problems, ["`debgu` is not an option of k3s: did you mean `debug`?"]);
    }
}
