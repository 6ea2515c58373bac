//! The attributes of `cht_settings`, in schema order.

use std::fmt;

use serde_json::{Map, Value as Json};
use tf_framework::custom_types::{self, Notation, Text};
use tf_framework::identity::IdentityOf;
use tf_framework::{Identity, Model, Timeouts};

use crate::cht::application::InstanceAddress;
use crate::cht::settings::tree::{self, Tree};

/// Manages some of the settings of a CHT instance: those that the configuration names, and no others.
///
/// Settings are written by many: cht-conf, the application's own pages, and the server itself, which fills in
/// permissions. What is named here is compared and repaired; all the rest stays as it is, beside it and around it.
/// Objects are taken apart down to their last level, so `sms = { outgoing_service = "..." }` means that one key; lists
/// are whole.
///
/// A key that leaves the configuration is removed from the settings, and so are all when the resource is destroyed: the
/// application then does what it does without them. What was there before the resource is not brought back. To stop
/// managing a key and keep its value, take the resource out of the state and import it with the other keys.
#[derive(Clone, Model)]
#[tf(timeouts(create = "5m", read = "2m", update = "5m", delete = "5m"))]
pub struct SettingsModel {
    /// The CHT instance. Two resources for the same instance may not have a key in common.
    pub instance: InstanceAddress,
    /// Settings as a JSON object, such as `jsonencode({ app_url = "https://kisumu.health.example" })`. It may hold no
    /// secrets: those are for `cht_credential`.
    pub settings: Text<SettingsObject>,
    /// How long operations may take.
    pub timeouts: Timeouts,
}

/// What names the settings: an instance has only one set of them.
#[derive(Clone, Debug, Identity)]
pub struct SettingsIdentity {
    /// Namespace of the instance, or its public address.
    pub instance: String,
}

impl IdentityOf<SettingsModel> for SettingsIdentity {
    fn of(settings: &SettingsModel) -> Option<Self> {
        let instance = settings.instance.name()?;
        Some(SettingsIdentity { instance })
    }
}

impl SettingsModel {
    /// What is configured.
    pub(super) fn tree(&self) -> Tree {
        Tree::new(self.settings.0.clone())
    }

    /// The same with other settings. Those that mean the same keep their spelling, by the rules of their type.
    pub(super) fn with(self, tree: &Tree) -> Self {
        SettingsModel {
            settings: Text::from(SettingsObject(tree.as_map().clone())),
            ..self
        }
    }

    /// The state of settings that were found.
    pub(super) fn imported(instance: InstanceAddress, tree: &Tree) -> Self {
        SettingsModel {
            instance,
            settings: Text::from(SettingsObject(tree.as_map().clone())),
            timeouts: Timeouts::default(),
        }
    }
}

/// A JSON object.
#[derive(Clone, Debug)]
pub struct SettingsObject(Map<String, Json>);

impl PartialEq for SettingsObject {
    fn eq(&self, other: &Self) -> bool {
        tree::same_objects(&self.0, &other.0)
    }
}

impl fmt::Display for SettingsObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Json::Object(self.0.clone()))
    }
}

impl Notation for SettingsObject {
    const EXPECTED: &'static str = "a JSON object such as `{\"app_url\": \"https://a.example\"}`";

    fn parse(text: &str) -> Result<Self, String> {
        // It says what is wrong with a text that is no JSON at all.
        custom_types::Json::parse(text)?;
        match serde_json::from_str(text) {
            Ok(Json::Object(object)) => Ok(SettingsObject(object)),
            _ => Err("It is JSON, but not an object: write it as `jsonencode({ key = value })`.".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_objects_are_settings_and_their_order_is_no_difference() {
        let parsed = |text: &str| SettingsObject::parse(text);
        assert_eq!(parsed(r#"{"a": 1, "b": 2}"#), parsed(r#"{"b":2,"a":1.0}"#));
        assert_ne!(parsed(r#"{"a": [1, 2]}"#), parsed(r#"{"a": [2, 1]}"#));
        for other in ["[]", "1", "\"text\"", "null"] {
            assert!(parsed(other).expect_err(other).contains("jsonencode"), "{other}");
        }
    }
}
