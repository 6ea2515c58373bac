//! A Kubernetes object as it is sent to the API server.

use std::fmt;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use k8s_openapi::{Metadata, Resource};
use serde::Serialize;

/// An object with what identifies it beside it.
#[derive(Clone, PartialEq)]
pub struct Manifest {
    /// The group and version, as in the object itself.
    pub api_version: String,
    /// The kind, as in the object itself.
    pub kind: String,
    /// The namespace; none for an object of the whole cluster.
    pub namespace: Option<String>,
    /// The name.
    pub name: String,
    /// The whole object.
    pub json: serde_json::Value,
}

impl Manifest {
    /// The typed object as the API server takes it.
    #[must_use]
    pub fn from_typed<T>(object: &T) -> Self
    where
        T: Resource + Metadata<Ty = ObjectMeta> + Serialize,
    {
        #[expect(
            clippy::expect_used,
            reason = "typed objects are structs of maps with text keys, numbers and text"
        )]
        let json = serde_json::to_value(object).expect("a typed object is valid JSON");
        Self {
            api_version: T::API_VERSION.to_owned(),
            kind: T::KIND.to_owned(),
            namespace: object.metadata().namespace.clone(),
            name: object.metadata().name.clone().unwrap_or_default(),
            json,
        }
    }
}

impl fmt::Debug for Manifest {
    /// Names the object; a Secret's content is not shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Manifest");
        debug.field("api_version", &self.api_version).field("kind", &self.kind);
        debug.field("namespace", &self.namespace).field("name", &self.name);
        if self.kind == "Secret" {
            debug.field("json", &"[REDACTED]").finish()
        } else {
            debug.field("json", &self.json).finish()
        }
    }
}
