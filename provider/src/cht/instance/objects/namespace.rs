//! The Namespace, where the instance has one of its own.

use k8s_openapi::api::core::v1::Namespace;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::Manifest;
use super::metadata::Labels;

pub(super) fn objects(labels: &Labels<'_>) -> Vec<Manifest> {
    if !labels.spec.create_namespace {
        return Vec::new();
    }
    let metadata = ObjectMeta {
        namespace: None,
        ..labels.metadata(&labels.spec.namespace, None)
    };
    vec![Manifest::from_typed(&Namespace {
        metadata,
        ..Namespace::default()
    })]
}
