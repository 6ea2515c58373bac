//! The claim of the volume with CouchDB's data, the search index, and what CouchDB remembers of its first start.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{PersistentVolumeClaim, PersistentVolumeClaimSpec, VolumeResourceRequirements};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;

use super::Manifest;
use super::metadata::Labels;

/// The claim's name, and the value of its label.
pub(in crate::cht::instance) const CLAIM: &str = "couchdb-claim0";

pub(super) fn objects(labels: &Labels<'_>) -> Vec<Manifest> {
    let couchdb = &labels.spec.couchdb;
    let size = BTreeMap::from([("storage".to_owned(), Quantity(couchdb.storage_size.clone()))]);
    vec![Manifest::from_typed(&PersistentVolumeClaim {
        metadata: labels.metadata(CLAIM, Some(CLAIM)),
        spec: Some(PersistentVolumeClaimSpec {
            access_modes: Some(vec!["ReadWriteOnce".to_owned()]),
            storage_class_name: couchdb.storage_class.clone(),
            resources: Some(VolumeResourceRequirements {
                requests: Some(size),
                limits: None,
            }),
            ..PersistentVolumeClaimSpec::default()
        }),
        ..PersistentVolumeClaim::default()
    })]
}
