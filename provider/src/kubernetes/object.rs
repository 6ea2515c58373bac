//! Kubernetes objects as JSON.
//!
//! Typed `k8s-openapi` values become an [`Object`]: a key, the manifest, and how to treat an object of that name which
//! is there already. [`super::apply`] sends objects, [`super::read`] finds them, [`super::kind`] has the kinds.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use k8s_openapi::{ClusterResourceScope, NamespaceResourceScope, Resource};
use serde::Serialize;
use serde_json::{Map, Value};

use super::error::Error;
use super::kind::{KINDS, Kind, encode_segment};

/// What names one object in a cluster.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectKey {
    /// The kind.
    pub kind: Kind,
    /// The namespace; none for kinds of the whole cluster.
    pub namespace: Option<String>,
    /// The name.
    pub name: String,
}

impl ObjectKey {
    /// Names an object that lives in a namespace.
    pub fn namespaced<K: Resource<Scope = NamespaceResourceScope>>(namespace: &str, name: &str) -> Self {
        Self {
            kind: Kind::namespaced::<K>(),
            namespace: Some(namespace.to_owned()),
            name: name.to_owned(),
        }
    }

    /// Names an object of the whole cluster.
    pub fn cluster<K: Resource<Scope = ClusterResourceScope>>(name: &str) -> Self {
        Self {
            kind: Kind::cluster::<K>(),
            namespace: None,
            name: name.to_owned(),
        }
    }

    pub(super) fn path(&self) -> String {
        format!(
            "{}/{}",
            self.kind.path(self.namespace.as_deref()),
            encode_segment(&self.name)
        )
    }

    /// The key that a manifest has.
    ///
    /// # Errors
    /// The kind is not in [`KINDS`], or the name, or a namespace that the kind needs, is missing.
    pub(super) fn of(json: &Value) -> Result<Self, Error> {
        let text = |pointer: &str| {
            json.pointer(pointer)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        let (api_version, kind) = (text("/apiVersion"), text("/kind"));
        let kind = KINDS
            .iter()
            .find(|known| known.kind == kind && known.api_version() == api_version)
            .ok_or(Error::UnknownKind { api_version, kind })?;
        let name = text("/metadata/name");
        let namespace = text("/metadata/namespace");
        if name.is_empty() || (kind.namespaced && namespace.is_empty()) {
            return Err(Error::UnnamedObject { kind: kind.kind, name });
        }
        Ok(Self {
            kind: *kind,
            namespace: kind.namespaced.then_some(namespace),
            name,
        })
    }
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.namespace {
            Some(namespace) => write!(f, "{} {namespace}/{}", self.kind.kind, self.name),
            None => write!(f, "{} {}", self.kind.kind, self.name),
        }
    }
}

impl fmt::Debug for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What may be done with an object of the same name that exists before the first apply.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Adopt {
    /// Only what carries this set's own mark is ours; the rest is an error.
    #[default]
    Never,
    /// Also what another set of this provider made, for a data volume that outlived its instance.
    IfOwnedBefore,
    /// Whatever is there, for an explicit import of what another tool made.
    Always,
}

/// One desired object: exactly the fields that we own.
#[derive(Clone, PartialEq)]
pub struct Object {
    key: ObjectKey,
    json: Value,
    adopt: Adopt,
}

impl Object {
    /// Makes an object from a typed value.
    ///
    /// # Errors
    /// The kind is not in [`KINDS`], or the value has no name, or no namespace although its kind needs one.
    pub fn from_typed<K: Resource + Serialize>(typed: &K) -> Result<Self, Error> {
        let json = serde_json::to_value(typed).map_err(|source| Error::Encode { kind: K::KIND, source })?;
        Self::from_json(json)
    }

    /// Makes an object from a manifest. `status` is left out, as are nulls: neither is ours to set. A Secret's
    /// `stringData` becomes `data`, because the server forgets who owned a key of `stringData`, so that a removed key
    /// would stay for ever.
    ///
    /// # Errors
    /// As [`Object::from_typed`].
    pub fn from_json(mut json: Value) -> Result<Self, Error> {
        let key = ObjectKey::of(&json)?;
        remove_nulls(&mut json);
        if let Some(fields) = json.as_object_mut() {
            fields.remove("status");
            encode_string_data(fields);
        }
        Ok(Self {
            key,
            json,
            adopt: Adopt::Never,
        })
    }

    /// Allows an existing object to be taken over.
    #[must_use]
    pub fn adopting(mut self, adopt: Adopt) -> Self {
        self.adopt = adopt;
        self
    }

    /// The object with another `spec`.
    #[must_use]
    pub(super) fn with_spec(mut self, change: impl FnOnce(&mut Map<String, Value>)) -> Self {
        if let Some(spec) = self.json.get_mut("spec").and_then(Value::as_object_mut) {
            change(spec);
        }
        self
    }

    /// What names the object.
    pub fn key(&self) -> &ObjectKey {
        &self.key
    }

    /// The manifest. It may hold a Secret's data: never log it.
    pub fn json(&self) -> &Value {
        &self.json
    }

    /// What may be done with an object of the same name that is there already.
    pub fn adopt(&self) -> Adopt {
        self.adopt
    }

    pub(super) fn set_label(&mut self, label: &str, value: &str) {
        // `ObjectKey::of` found metadata.name, so metadata is a map; labels may be absent.
        if let Some(metadata) = self.json.get_mut("metadata").and_then(Value::as_object_mut) {
            let labels = metadata.entry("labels").or_insert_with(|| Value::Object(Map::new()));
            if let Some(labels) = labels.as_object_mut() {
                labels.insert(label.to_owned(), Value::from(value));
            }
        }
    }
}

impl fmt::Debug for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Object")
            .field("key", &self.key)
            .field("adopt", &self.adopt)
            .finish_non_exhaustive()
    }
}

fn remove_nulls(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, field| !field.is_null());
            fields.values_mut().for_each(remove_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(remove_nulls),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn encode_string_data(fields: &mut Map<String, Value>) {
    let Some(Value::Object(plain)) = fields.remove("stringData") else {
        return;
    };
    let data = fields.entry("data").or_insert_with(|| Value::Object(Map::new()));
    if let Some(data) = data.as_object_mut() {
        for (name, text) in plain {
            data.insert(name, Value::from(STANDARD.encode(text.as_str().unwrap_or_default())));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use k8s_openapi::api::apps::v1::Deployment;
    use k8s_openapi::api::core::v1::Namespace;
    use k8s_openapi::api::rbac::v1::ClusterRole;
    use serde_json::json;

    #[test]
    fn kinds_know_their_paths() {
        let api = ObjectKey::namespaced::<Deployment>("cht-1", "cht-api");
        assert_eq!(api.path(), "/apis/apps/v1/namespaces/cht-1/deployments/cht-api");
        assert_eq!(
            ObjectKey::cluster::<Namespace>("cht-1").path(),
            "/api/v1/namespaces/cht-1"
        );
        assert_eq!(
            ObjectKey::cluster::<ClusterRole>("cht:x/y").path().rsplit('/').next(),
            Some("cht:x%2Fy")
        );
        assert_eq!(api.to_string(), "Deployment cht-1/cht-api");
        assert_eq!(api.kind.resource(), "deployments.apps");
    }

    #[test]
    fn string_data_of_a_secret_becomes_data_and_debug_hides_it() {
        let secret = Object::from_json(json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "namespace": "n", "labels": null},
            "stringData": {"COUCHDB_PASSWORD": "hunter2"}, "data": {"a": "Yg=="}, "status": {},
        }))
        .unwrap();
        assert_eq!(
            secret.json()["data"],
            json!({"a": "Yg==", "COUCHDB_PASSWORD": "aHVudGVyMg=="})
        );
        assert!(secret.json().get("stringData").is_none() && secret.json().get("status").is_none());
        let shown = format!("{secret:?}");
        assert!(shown.contains("Secret n/s") && !shown.contains("aHVudGVyMg"), "{shown}");
    }

    #[test]
    fn objects_that_cannot_be_addressed_are_refused() {
        let unknown = Object::from_json(json!({"apiVersion": "x/v1", "kind": "Y", "metadata": {"name": "a"}}));
        assert!(matches!(unknown, Err(Error::UnknownKind { .. })));
        let homeless = Object::from_json(json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"}}));
        assert!(matches!(homeless, Err(Error::UnnamedObject { kind: "Service", .. })));
    }
}
