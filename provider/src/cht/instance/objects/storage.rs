//! The claims of the volumes with CouchDB's data, the search index, and what CouchDB remembers of its first start; and
//! the volumes that lead to disks which are there already.
//!
//! Such a volume and its claim name each other, so that neither is bound to anything else in between, and the disk
//! outlives both. A claim is one of the official charts', a volume's name holds that of the namespace.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{
    CSIPersistentVolumeSource, GCEPersistentDiskVolumeSource, HostPathVolumeSource, NodeSelector,
    NodeSelectorRequirement, NodeSelectorTerm, ObjectReference, PersistentVolume, PersistentVolumeClaim,
    PersistentVolumeClaimSpec, PersistentVolumeSpec, VolumeNodeAffinity, VolumeResourceRequirements,
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;

use super::Manifest;
use super::metadata::{HOST_NAME_LABEL, Labels, ZONE_LABEL};
use crate::cht::instance::spec::{Member, Storage, Volume};

/// The driver of EBS volumes.
pub(in crate::cht::instance) const EBS_DRIVER: &str = "ebs.csi.aws.com";

/// The driver of vSphere's volumes.
pub(in crate::cht::instance) const VSPHERE_DRIVER: &str = "csi.vsphere.vmware.com";

const FILE_SYSTEM: &str = "ext4";
const ACCESS_MODE: &str = "ReadWriteOnce";

pub(super) fn objects(labels: &Labels<'_>) -> Vec<Manifest> {
    let members = labels.spec.couchdb.members();
    members
        .flat_map(|member| [volume(labels, &member), claim(labels, &member)])
        .flatten()
        .collect()
}

fn claim(labels: &Labels<'_>, member: &Member<'_>) -> Option<Manifest> {
    let storage = &member.node.storage;
    let (volume_name, class) = match &storage.volume {
        Volume::Claim(_) => return None,
        Volume::New => (None, storage.class.clone()),
        Volume::Existing(name) => (Some(name.clone()), Some(storage.class.clone().unwrap_or_default())),
        Volume::Ebs(_) | Volume::GceDisk(_) | Volume::HostPath(_) | Volume::VsphereCsi(_) => (
            Some(member.volume(&labels.spec.namespace)),
            // No class, instead of the default one.
            Some(String::new()),
        ),
    };
    let name = member.claim();
    Some(Manifest::from_typed(&PersistentVolumeClaim {
        metadata: labels.metadata(&name, Some(&name)),
        spec: Some(PersistentVolumeClaimSpec {
            access_modes: Some(vec![ACCESS_MODE.to_owned()]),
            storage_class_name: class,
            volume_name,
            resources: Some(VolumeResourceRequirements {
                requests: Some(capacity(storage)),
                limits: None,
            }),
            ..PersistentVolumeClaimSpec::default()
        }),
        ..PersistentVolumeClaim::default()
    }))
}

/// The volume of a disk that is there already.
fn volume(labels: &Labels<'_>, member: &Member<'_>) -> Option<Manifest> {
    let storage = &member.node.storage;
    let disk = disk(storage, labels.spec.couchdb.existing_data)?;
    let mut metadata = labels.metadata(&member.volume(&labels.spec.namespace), None);
    metadata.namespace = None;
    Some(Manifest::from_typed(&PersistentVolume {
        metadata,
        spec: Some(PersistentVolumeSpec {
            access_modes: Some(vec![ACCESS_MODE.to_owned()]),
            capacity: Some(capacity(storage)),
            claim_ref: Some(ObjectReference {
                namespace: Some(labels.spec.namespace.clone()),
                name: Some(member.claim()),
                ..ObjectReference::default()
            }),
            node_affinity: node_affinity(member),
            persistent_volume_reclaim_policy: Some("Retain".to_owned()),
            ..disk
        }),
        ..PersistentVolume::default()
    }))
}

/// What leads to the disk.
fn disk(storage: &Storage, has_data: bool) -> Option<PersistentVolumeSpec> {
    let csi = |driver: &str, handle: &str, attributes: BTreeMap<String, String>| PersistentVolumeSpec {
        csi: Some(CSIPersistentVolumeSource {
            driver: driver.to_owned(),
            volume_handle: handle.to_owned(),
            fs_type: Some(FILE_SYSTEM.to_owned()),
            volume_attributes: (!attributes.is_empty()).then_some(attributes),
            ..CSIPersistentVolumeSource::default()
        }),
        ..PersistentVolumeSpec::default()
    };
    let partition = storage
        .partition
        .map(|partition| ("partition".to_owned(), partition.to_string()));
    Some(match &storage.volume {
        Volume::New | Volume::Existing(_) | Volume::Claim(_) => return None,
        Volume::Ebs(id) => csi(EBS_DRIVER, id, partition.into_iter().collect()),
        Volume::VsphereCsi(handle) => {
            let kind = ("type".to_owned(), "vSphere CNS Block Volume".to_owned());
            csi(VSPHERE_DRIVER, handle, BTreeMap::from([kind]))
        }
        Volume::GceDisk(name) => PersistentVolumeSpec {
            gce_persistent_disk: Some(GCEPersistentDiskVolumeSource {
                pd_name: name.clone(),
                fs_type: Some(FILE_SYSTEM.to_owned()),
                partition: storage.partition,
                read_only: None,
            }),
            ..PersistentVolumeSpec::default()
        },
        Volume::HostPath(path) => {
            // A directory with data is never made: that would be an empty one in the place of the real one.
            let kind = if has_data { "Directory" } else { "DirectoryOrCreate" };
            PersistentVolumeSpec {
                host_path: Some(HostPathVolumeSource {
                    path: path.clone(),
                    type_: Some(kind.to_owned()),
                }),
                ..PersistentVolumeSpec::default()
            }
        }
    })
}

/// Keeps the pod where the disk is: on the node that has the directory, in the zone that has the disk.
fn node_affinity(member: &Member<'_>) -> Option<VolumeNodeAffinity> {
    let storage = &member.node.storage;
    let (label, value) = match (&storage.volume, &member.node.node_name, &storage.zone) {
        (Volume::HostPath(_), Some(name), _) => (HOST_NAME_LABEL, name),
        (_, _, Some(zone)) => (ZONE_LABEL, zone),
        _ => return None,
    };
    let requirement = NodeSelectorRequirement {
        key: label.to_owned(),
        operator: "In".to_owned(),
        values: Some(vec![value.clone()]),
    };
    Some(VolumeNodeAffinity {
        required: Some(NodeSelector {
            node_selector_terms: vec![NodeSelectorTerm {
                match_expressions: Some(vec![requirement]),
                match_fields: None,
            }],
        }),
    })
}

fn capacity(storage: &Storage) -> BTreeMap<String, Quantity> {
    BTreeMap::from([("storage".to_owned(), Quantity(storage.size.clone()))])
}
