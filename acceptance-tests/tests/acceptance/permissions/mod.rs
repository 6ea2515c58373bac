//! The roles of `examples/permissions`: they are enough, they are needed, and what is missing is named.
//!
//! What was asked of the API server is taken from its audit log. It does not tell of `create`, which server-side apply
//! needs beside `patch`; [`missing`] takes that away to see.

mod enough;
mod missing;
mod purposes;
mod roles;

use kube::api::{DynamicObject, PostParams};
use serde_json::json;

use crate::support::{NAMESPACE, Scene};

/// Makes the namespace of a scene, as its owner would.
async fn make_namespace(scene: &Scene) {
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": scene.namespace}});
    let namespace: DynamicObject = serde_json::from_value(namespace).expect("an object");
    scene
        .api(&NAMESPACE)
        .create(&PostParams::default(), &namespace)
        .await
        .expect("the namespace is made");
}
