//! Paths to fields, and the keys by which Kubernetes merges lists of maps.
//!
//! The keys are the `x-kubernetes-list-map-keys` of the API's OpenAPI description. A list that is not named here is
//! compared as a whole, as the server replaces it as a whole.

use std::fmt;

use serde_json::Value;

/// The way from an object's root to one of its fields.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FieldPath(Vec<Segment>);

/// One step of a [`FieldPath`].
#[derive(Clone, Debug, PartialEq)]
pub enum Segment {
    /// A field, or a key of a map.
    Field(String),
    /// The item of a list that has these key fields.
    Item(Vec<(&'static str, Value)>),
    /// The item of a list at this position.
    Index(usize),
}

impl FieldPath {
    /// The steps, from the root.
    pub fn segments(&self) -> &[Segment] {
        &self.0
    }

    pub(super) fn then(&self, segment: Segment) -> Self {
        let mut path = self.clone();
        path.0.push(segment);
        path
    }

    pub(super) fn field(&self, name: &str) -> Self {
        self.then(Segment::Field(name.to_owned()))
    }

    pub(super) fn starts_with_field(&self, name: &str) -> bool {
        matches!(self.0.first(), Some(Segment::Field(first)) if first == name)
    }

    /// The name of the field that this path ends in, if it ends in one.
    pub(super) fn last_field(&self) -> Option<&str> {
        match self.0.last() {
            Some(Segment::Field(name)) => Some(name),
            Some(Segment::Item(_) | Segment::Index(_)) | None => None,
        }
    }

    /// The name of the field around the last one.
    pub(super) fn parent_field(&self) -> Option<&str> {
        match self.0.len().checked_sub(2).and_then(|at| self.0.get(at)) {
            Some(Segment::Field(name)) => Some(name),
            Some(Segment::Item(_) | Segment::Index(_)) | None => None,
        }
    }

    /// The fields that name an item of the list at this path; none if the list is one value.
    pub(super) fn merge_keys(&self) -> &'static [&'static str] {
        match self.last_field() {
            Some(
                "containers" | "initContainers" | "env" | "volumes" | "imagePullSecrets" | "secrets" | "resourceClaims",
            ) => &["name"],
            Some("volumeMounts") => &["mountPath"],
            Some("volumeDevices") => &["devicePath"],
            Some("hostAliases") => &["ip"],
            Some("tolerations") => &["key", "effect"],
            Some("topologySpreadConstraints") => &["topologyKey", "whenUnsatisfiable"],
            // `spec.ports` is a Service's list; deeper ones are a container's.
            Some("ports") if self.0.len() == 2 => &["port", "protocol"],
            Some("ports") => &["containerPort", "protocol"],
            Some(_) | None => &[],
        }
    }
}

/// The key of a list's item, with the API's default for a protocol that is not given.
pub(super) fn item_key(keys: &'static [&'static str], item: &Value) -> Vec<(&'static str, Value)> {
    keys.iter()
        .map(|&key| {
            let default = if key == "protocol" {
                Value::from("TCP")
            } else {
                Value::Null
            };
            (key, item.get(key).cloned().unwrap_or(default))
        })
        .collect()
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, segment) in self.0.iter().enumerate() {
            match segment {
                Segment::Field(name) if name.contains(['.', '/', '[']) => write!(f, "[\"{name}\"]")?,
                Segment::Field(name) if index == 0 => f.write_str(name)?,
                Segment::Field(name) => write!(f, ".{name}")?,
                Segment::Index(at) => write!(f, "[{at}]")?,
                Segment::Item(keys) => {
                    let texts: Vec<_> = keys
                        .iter()
                        .filter(|(_, value)| !value.is_null())
                        .map(|(key, value)| match value {
                            Value::String(text) => format!("{key}={text}"),
                            other => format!("{key}={other}"),
                        })
                        .collect();
                    write!(f, "[{}]", texts.join(","))?;
                }
            }
        }
        Ok(())
    }
}
