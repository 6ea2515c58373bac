//! Objects as they are in the cluster, one or many.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::kubernetes::error::Error;
use crate::kubernetes::object::ObjectKey;

/// An object as it is in the cluster.
#[derive(Clone, PartialEq)]
pub struct LiveObject {
    key: ObjectKey,
    json: Value,
}

impl LiveObject {
    /// Takes what the server answered.
    ///
    /// # Errors
    /// It is not an object of a known kind.
    pub fn from_json(json: Value) -> Result<Self, Error> {
        Ok(Self {
            key: ObjectKey::of(&json)?,
            json,
        })
    }

    /// What names the object.
    pub fn key(&self) -> &ObjectKey {
        &self.key
    }

    /// The whole object. It may hold a Secret's data: never log it.
    pub fn json(&self) -> &Value {
        &self.json
    }

    /// What tells this object from a later one of the same name.
    pub fn uid(&self) -> &str {
        self.json
            .pointer("/metadata/uid")
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    /// The value of a label.
    pub fn label(&self, name: &str) -> Option<&str> {
        self.json.pointer("/metadata/labels")?.get(name)?.as_str()
    }

    /// One value of a Secret, if it is a text.
    pub fn data_text(&self, name: &str) -> Option<String> {
        let encoded = self.json.get("data")?.get(name)?.as_str()?;
        String::from_utf8(STANDARD.decode(encoded).ok()?).ok()
    }

    /// What must happen before the object is really gone.
    pub fn finalizers(&self) -> Vec<String> {
        let finalizers = self.json.pointer("/metadata/finalizers").and_then(Value::as_array);
        finalizers
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect()
    }

    /// Whether the object is on its way out.
    pub fn is_being_deleted(&self) -> bool {
        self.json
            .pointer("/metadata/deletionTimestamp")
            .is_some_and(|time| !time.is_null())
    }
}

impl fmt::Debug for LiveObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LiveObject")
            .field("key", &self.key)
            .field("uid", &self.uid())
            .finish_non_exhaustive()
    }
}

/// The live objects of a set.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found(BTreeMap<ObjectKey, LiveObject>);

impl Found {
    /// One object, if it is there.
    pub fn get(&self, key: &ObjectKey) -> Option<&LiveObject> {
        self.0.get(key)
    }

    /// All objects, by key.
    pub fn objects(&self) -> impl Iterator<Item = &LiveObject> {
        self.0.values()
    }

    /// Whether nothing was found.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A copy of some objects, such as those that no longer belong to the set.
    #[must_use]
    pub fn select(&self, wanted: impl Fn(&LiveObject) -> bool) -> Self {
        self.objects().filter(|object| wanted(object)).cloned().collect()
    }

    /// Keeps only some objects, such as all but the data volumes.
    #[must_use]
    pub fn filter(mut self, keep: impl Fn(&LiveObject) -> bool) -> Self {
        self.0.retain(|_, object| keep(object));
        self
    }
}

impl FromIterator<LiveObject> for Found {
    fn from_iter<I: IntoIterator<Item = LiveObject>>(objects: I) -> Self {
        Self(objects.into_iter().map(|object| (object.key.clone(), object)).collect())
    }
}
