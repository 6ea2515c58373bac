//! Whether another instance has a disk, or a directory of a node, that an instance names.
//!
//! Two databases on one disk destroy each other. The API server lets two PersistentVolumes lead to one disk, so all of
//! the cluster are looked at, whoever made them. What nobody can use at present, as its claim was deleted, is in
//! nobody's way; but a directory is that of its volume for as long as there is one, as nothing else guards it.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use k8s_openapi::api::core::v1::PersistentVolume;
use serde_json::Value as Json;
use tf_framework::context::Context;
use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use tf_framework::path::Path;

use crate::cht::instance::InstanceResource;
use crate::cht::instance::model::{InstanceModel, NodeStorage};
use crate::cht::instance::objects::{EBS_DRIVER, HOST_NAME_LABEL, VSPHERE_DRIVER, ZONE_LABEL};
use crate::cht::instance::spec::{CouchDb, Member, Volume};
use crate::kubernetes::{Access, Kind, LiveObject, OWNER_LABEL};

/// The driver of EBS volumes in EKS Auto Mode.
const AUTO_MODE_DRIVER: &str = "ebs.csi.eks.amazonaws.com";

/// The driver of Google's disks.
const GCE_DRIVER: &str = "pd.csi.storage.gke.io";

/// The disks that instances of this run are about to take. No volume leads to them before all of them have been
/// planned.
#[derive(Debug, Default)]
pub(crate) struct Disks(Mutex<Vec<Taken>>);

#[derive(Debug)]
struct Taken {
    cluster: String,
    namespace: String,
    disk: Disk,
}

impl Disks {
    /// Takes a disk in a cluster for the instance in a namespace; if another one took it before, its namespace.
    fn claim(&self, cluster: &str, namespace: &str, disk: &Disk) -> Option<String> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut same = all
            .iter()
            .filter(|taken| taken.cluster == cluster && taken.disk.is_same(disk));
        if let Some(taken) = same.next() {
            return (taken.namespace != namespace).then(|| taken.namespace.clone());
        }
        all.push(Taken {
            cluster: cluster.to_owned(),
            namespace: namespace.to_owned(),
            disk: disk.clone(),
        });
        None
    }
}

/// Something that holds the data of one node of CouchDB.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Disk {
    source: Source,
    name: String,
    /// Where it is, if that belongs to its name: the nodes of a directory, the zone of a disk. Anywhere, if nothing
    /// says it.
    places: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Source {
    Ebs,
    Gce,
    Csi(String),
    Directory,
    Volume,
}

impl Disk {
    /// What the configuration of a node names, if it names any by itself: a claim is one of the namespace.
    fn of_member(member: &Member<'_>) -> Option<Disk> {
        let storage = &member.node.storage;
        let (source, name, place) = match &storage.volume {
            Volume::New | Volume::Claim(_) => return None,
            Volume::Ebs(id) => (Source::Ebs, id.as_str(), None),
            Volume::VsphereCsi(handle) => (Source::Csi(VSPHERE_DRIVER.to_owned()), handle.as_str(), None),
            Volume::GceDisk(name) => (Source::Gce, name.as_str(), storage.zone.as_ref()),
            Volume::HostPath(path) => (Source::Directory, directory(path), member.node.node_name.as_ref()),
            Volume::Existing(name) => (Source::Volume, name.as_str(), None),
        };
        Some(Disk {
            source,
            name: name.to_owned(),
            places: place.into_iter().cloned().collect(),
        })
    }

    /// What a PersistentVolume leads to, if it is something that others could lead to as well.
    fn of_volume(volume: &LiveObject) -> Option<Disk> {
        let text = |pointer: &str| volume.json().pointer(pointer).and_then(Json::as_str);
        let last = |handle: &str| handle.rsplit('/').next().unwrap_or_default().to_owned();
        let path = text("/spec/hostPath/path").or(text("/spec/local/path"));
        let (source, name, label) = if let Some(path) = path {
            (Source::Directory, directory(path).to_owned(), Some(HOST_NAME_LABEL))
        } else if let Some(name) = text("/spec/gcePersistentDisk/pdName") {
            (Source::Gce, name.to_owned(), Some(ZONE_LABEL))
        } else if let Some(id) = text("/spec/awsElasticBlockStore/volumeID") {
            // Old ones are written `aws://zone/vol-...`.
            (Source::Ebs, last(id), None)
        } else {
            let handle = text("/spec/csi/volumeHandle")?;
            match text("/spec/csi/driver")? {
                EBS_DRIVER | AUTO_MODE_DRIVER => (Source::Ebs, handle.to_owned(), None),
                GCE_DRIVER => (Source::Gce, last(handle), Some(ZONE_LABEL)),
                driver => (Source::Csi(driver.to_owned()), handle.to_owned(), None),
            }
        };
        let places = label.map(|label| places(volume, label)).unwrap_or_default();
        Some(Disk { source, name, places })
    }

    fn is_same(&self, other: &Disk) -> bool {
        let meets = self.places.is_empty()
            || other.places.is_empty()
            || self.places.iter().any(|place| other.places.contains(place));
        self.source == other.source && self.name == other.name && meets
    }
}

impl fmt::Display for Disk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Disk { source, name, places } = self;
        match (source, places.first()) {
            (Source::Directory, Some(node)) => write!(f, "the directory {name} of the node {node}"),
            (Source::Directory, None) => write!(f, "the directory {name}"),
            (Source::Gce, Some(zone)) => write!(f, "the disk {name} in {zone}"),
            (Source::Ebs | Source::Gce | Source::Csi(_), _) => write!(f, "the disk {name}"),
            (Source::Volume, _) => write!(f, "the volume {name}"),
        }
    }
}

/// Refuses disks that other instances have, or are about to have.
pub(super) async fn check(
    cx: &Context<InstanceResource>,
    access: &Access,
    model: &InstanceModel,
    couchdb: &CouchDb,
) -> Result<(), Diagnostics> {
    if couchdb
        .members()
        .all(|member| member.node.storage.volume == Volume::New)
    {
        return Ok(());
    }
    let looked = access.cluster.look_at_all(Kind::cluster::<PersistentVolume>()).await;
    let looked = looked.map_err(access.explain("Unable to compare the disks with those of others"))?;
    let volumes = looked.known().unwrap_or_default();
    let replaces = cx.private()?.replaces;
    let namespaces: Vec<&str> = [Some(model.namespace.as_str()), replaces.as_deref()]
        .into_iter()
        .flatten()
        .collect();
    let mut diagnostics = Diagnostics::new();
    for (index, member) in couchdb.members().enumerate() {
        let own = own_volume(&volumes, &member, &model.namespace);
        // Whoever made a volume for a directory of a node has to guard that.
        let leads_to = own.and_then(Disk::of_volume);
        let leads_to = leads_to.filter(|disk| disk.source != Source::Directory);
        for disk in Disk::of_member(&member).into_iter().chain(leads_to) {
            let others = volumes
                .iter()
                .filter(|volume| own.is_none_or(|own| own.key() != volume.key()));
            let holder = match holder(others, &disk, &namespaces) {
                Some(volume) => Some(described(volume)),
                None => {
                    let claimed = cx
                        .clients()
                        .disks()
                        .claim(access.cluster.host(), &model.namespace, &disk);
                    claimed.map(|other| format!("Another instance of the same run, in the namespace `{other}`, takes"))
                }
            };
            if let Some(holder) = holder {
                diagnostics.push(taken(&disk, &holder).at(path(index, &member)));
                break;
            }
        }
    }
    diagnostics.into_result(())
}

/// The PersistentVolume that is there already, and that the configuration names, itself or by its claim.
fn own_volume<'a>(volumes: &'a [LiveObject], member: &Member<'_>, namespace: &str) -> Option<&'a LiveObject> {
    volumes.iter().find(|live| match &member.node.storage.volume {
        Volume::Existing(name) => live.key().name == *name,
        Volume::Claim(name) => claimed_by(live) == Some((namespace, name)),
        _ => false,
    })
}

/// The volume that leads others to a disk.
fn holder<'a>(mut volumes: impl Iterator<Item = &'a LiveObject>, disk: &Disk, own: &[&str]) -> Option<&'a LiveObject> {
    volumes
        .find(|volume| is_of_another(volume, disk, own) && Disk::of_volume(volume).is_some_and(|led| led.is_same(disk)))
}

/// Whether a volume is in the way of an instance in one of these namespaces.
fn is_of_another(volume: &LiveObject, disk: &Disk, own: &[&str]) -> bool {
    if owner(volume).is_some_and(|namespace| own.contains(&namespace)) {
        return false;
    }
    if disk.source == Source::Directory {
        return true;
    }
    let is_left = volume.json().pointer("/status/phase").and_then(Json::as_str) == Some("Released");
    !is_left && claimed_by(volume).is_some_and(|(namespace, _)| !own.contains(&namespace))
}

/// The namespace of the instance that made a volume.
fn owner(volume: &LiveObject) -> Option<&str> {
    volume.label(OWNER_LABEL)?.strip_prefix("instance.")
}

/// The namespace and the name of the claim that has a volume.
fn claimed_by(volume: &LiveObject) -> Option<(&str, &str)> {
    let text = |pointer: &str| volume.json().pointer(pointer).and_then(Json::as_str);
    Some((text("/spec/claimRef/namespace")?, text("/spec/claimRef/name")?))
}

/// The values of a label that bind a volume to nodes.
fn places(volume: &LiveObject, label: &str) -> Vec<String> {
    let terms = volume.json().pointer("/spec/nodeAffinity/required/nodeSelectorTerms");
    let terms = terms.and_then(Json::as_array).into_iter().flatten();
    terms
        .filter_map(|term| term.get("matchExpressions")?.as_array())
        .flatten()
        .filter(|expression| expression.get("key").and_then(Json::as_str) == Some(label))
        .filter_map(|expression| expression.get("values")?.as_array())
        .flatten()
        .filter_map(|value| value.as_str().map(str::to_owned))
        .collect()
}

fn directory(path: &str) -> &str {
    path.trim_end_matches('/')
}

fn described(volume: &LiveObject) -> String {
    let name = &volume.key().name;
    let whose = match (owner(volume), claimed_by(volume)) {
        (Some(namespace), _) => format!("of the instance in the namespace `{namespace}`"),
        (None, Some((namespace, claim))) => format!("which the claim {namespace}/{claim} has"),
        (None, None) => "which no claim has".to_owned(),
    };
    format!("The volume {name}, {whose}, leads to")
}

fn taken(disk: &Disk, holder: &str) -> Diagnostic {
    let (summary, advice) = match disk.source {
        Source::Directory => (
            "Directory is in use",
            "choose another one. If the instance of that volume is gone, delete the volume first; the directory stays.",
        ),
        Source::Ebs | Source::Gce | Source::Csi(_) | Source::Volume => (
            "Disk is in use",
            "name another one, such as one that was made from its snapshot. To move the data here, destroy the instance that has it \
             first, in an apply of its own: its volume has to have the reclaim policy `Retain`, or the disk goes with it.",
        ),
    };
    let detail = format!("{holder} {disk} already. Two databases on one disk destroy each other: {advice}");
    Diagnostic::error(summary, detail)
}

/// The attribute that names the disk of a node.
fn path(index: usize, member: &Member<'_>) -> Path {
    let storage = NodeStorage::path(index);
    match member.node.storage.volume {
        Volume::New => storage,
        Volume::Ebs(_) => storage.attribute(NodeStorage::EBS_VOLUME_ID),
        Volume::GceDisk(_) => storage.attribute(NodeStorage::GCE_DISK),
        Volume::HostPath(_) => storage.attribute(NodeStorage::HOST_PATH),
        Volume::VsphereCsi(_) => storage.attribute(NodeStorage::VSPHERE_VOLUME_HANDLE),
        Volume::Existing(_) => storage.attribute(NodeStorage::VOLUME_NAME),
        Volume::Claim(_) => storage.attribute(NodeStorage::CLAIM_NAME),
    }
}

#[cfg(test)]
mod tests;
