//! Reads where the data of a node is: in a volume that Kubernetes made, or one that was there before, or in a
//! directory.

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Node, PersistentVolume, PersistentVolumeSpec, Pod};
use tf_framework::diagnostics::{Diagnostic, Diagnostics};

use super::couchdb::pin;
use super::pods;
use super::site::Site;
use crate::cht::instance::model::NodeStorage;
use crate::cht::instance::objects::{COMPONENT_LABEL, HOST_NAME_LABEL};
use crate::cht::version::ChtVersion;
use crate::kubernetes::{Kind, Looked, ObjectKey};

/// What makes volumes notes this on them.
const PROVISIONED: &str = "pv.kubernetes.io/provisioned-by";

/// The data volume of a node.
#[derive(Default)]
pub(super) struct Held {
    /// What its claim asks for.
    pub(super) size: Option<String>,
    /// The class of its claim.
    pub(super) class: Option<String>,
    /// The volume, if it is not one that Kubernetes made.
    pub(super) storage: NodeStorage,
    /// The Kubernetes node that has the data.
    pub(super) node: Option<String>,
}

impl Held {
    /// Whether Kubernetes made the volume.
    pub(super) fn is_made(&self) -> bool {
        let storage = &self.storage;
        let sources = [
            &storage.ebs_volume_id,
            &storage.gce_disk,
            &storage.host_path,
            &storage.vsphere_volume_handle,
            &storage.volume_name,
            &storage.claim_name,
        ];
        sources.iter().all(|source| source.is_none())
    }

    /// Whether the chart was given the volume with data in it. The chart of CHT 4 has directories for new instances,
    /// too.
    pub(super) fn had_data(&self, version: &ChtVersion) -> bool {
        let storage = &self.storage;
        storage.ebs_volume_id.is_some()
            || storage.gce_disk.is_some()
            || (storage.host_path.is_some() && version.major > 4)
    }
}

/// Reads the volume that a node's pod has under this name.
pub(super) async fn read(site: &Site<'_>, deployment: &Deployment, volume: &str) -> Result<Held, Diagnostics> {
    let volumes = pods::pod(deployment).and_then(|pod| pod.volumes.as_ref());
    let volume = volumes.and_then(|volumes| volumes.iter().find(|one| one.name == volume));
    let claim = volume.and_then(|volume| volume.persistent_volume_claim.as_ref());
    let directory = volume.and_then(|volume| volume.host_path.as_ref());
    match (claim, directory) {
        (Some(claim), _) => of_claim(site, deployment, &claim.claim_name).await,
        (None, Some(directory)) => Ok(Held {
            node: Some(node_of(site, deployment).await?),
            storage: NodeStorage {
                host_path: Some(directory.path.clone()),
                ..NodeStorage::default()
            },
            ..Held::default()
        }),
        (None, None) => Err(unknown_volume(deployment)),
    }
}

async fn of_claim(site: &Site<'_>, deployment: &Deployment, name: &str) -> Result<Held, Diagnostics> {
    // Whether it is there was checked before.
    let claim = site.claim(name).unwrap_or_default();
    let spec = claim.spec.clone().unwrap_or_default();
    let requests = spec.resources.and_then(|resources| resources.requests);
    let mut held = Held {
        size: requests.and_then(|requests| Some(requests.get("storage")?.0.clone())),
        class: spec.storage_class_name,
        ..Held::default()
    };
    let component = component(deployment);
    if name != format!("{component}-claim0") {
        held.storage.claim_name = Some(name.to_owned());
    } else if let Some(volume) = spec.volume_name {
        of_volume(site, deployment, &volume, &mut held).await?;
    }
    if held.storage.host_path.is_some() && held.node.is_none() {
        held.node = Some(node_of(site, deployment).await?);
    }
    Ok(held)
}

/// Looks at the volume that a claim is bound to. One that nobody made for the claim is named in the configuration.
async fn of_volume(site: &Site<'_>, deployment: &Deployment, name: &str, held: &mut Held) -> Result<(), Diagnostics> {
    let is_official = name == official_volume(site.namespace, &component(deployment));
    let has_class = held.class.as_ref().is_some_and(|class| !class.is_empty());
    let looked = site
        .access
        .cluster
        .look_at(&ObjectKey::cluster::<PersistentVolume>(name))
        .await;
    let looked = looked.map_err(site.access.explain("Unable to read the CHT instance"))?;
    let live = match looked {
        Looked::Forbidden if is_official || !has_class => return Err(unreadable_volume(name)),
        Looked::Forbidden => return Ok(()),
        Looked::Known(live) => live,
    };
    let volume = live.and_then(|live| serde_json::from_value::<PersistentVolume>(live.json().clone()).ok());
    let Some(volume) = volume else {
        // The claim of an instance that never started: the chart's own values make one, for a volume that is not there.
        held.storage.volume_name = Some(name.to_owned());
        return Ok(());
    };
    let annotations = volume.metadata.annotations.unwrap_or_default();
    let spec = volume.spec.unwrap_or_default();
    if annotations.contains_key(PROVISIONED) {
        return Ok(());
    }
    held.node = host_of(&spec);
    held.storage = if is_official {
        source(&spec, deployment)
    } else {
        NodeStorage {
            volume_name: Some(name.to_owned()),
            class: held.class.clone().filter(|class| !class.is_empty()),
            ..NodeStorage::default()
        }
    };
    Ok(())
}

/// The disk to which a volume of the chart leads. For a kind that this provider does not make, the claim stands for it.
fn source(volume: &PersistentVolumeSpec, deployment: &Deployment) -> NodeStorage {
    let mut storage = NodeStorage::default();
    let partition = |number: i64| Some(number).filter(|number| *number > 0);
    if let Some(csi) = &volume.csi {
        let attributes = csi.volume_attributes.as_ref();
        let number = attributes.and_then(|attributes| attributes.get("partition")?.parse().ok());
        match csi.driver.as_str() {
            "ebs.csi.aws.com" => {
                storage.ebs_volume_id = Some(csi.volume_handle.clone());
                storage.partition = number.and_then(partition);
                return storage;
            }
            "csi.vsphere.vmware.com" => {
                storage.vsphere_volume_handle = Some(csi.volume_handle.clone());
                return storage;
            }
            _ => {}
        }
    } else if let Some(disk) = &volume.gce_persistent_disk {
        storage.gce_disk = Some(disk.pd_name.clone());
        storage.partition = disk.partition.map(i64::from).and_then(partition);
        return storage;
    }
    let host_path = volume.host_path.as_ref().map(|directory| directory.path.clone());
    storage.host_path = host_path.or_else(|| Some(volume.local.as_ref()?.path.clone()));
    if storage.host_path.is_none() {
        storage.claim_name = Some(format!("{}-claim0", component(deployment)));
    }
    storage
}

/// The node to which a volume is bound by its name.
fn host_of(volume: &PersistentVolumeSpec) -> Option<String> {
    let terms = &volume.node_affinity.as_ref()?.required.as_ref()?.node_selector_terms;
    let mut expressions = terms.iter().flat_map(|term| term.match_expressions.iter().flatten());
    let named = expressions.find(|expression| expression.key == HOST_NAME_LABEL)?;
    named.values.as_ref()?.first().cloned()
}

/// The Kubernetes node whose directory a pod uses: that to which it is bound, or that on which it happens to run.
async fn node_of(site: &Site<'_>, deployment: &Deployment) -> Result<String, Diagnostics> {
    if let Some(name) = pin(deployment) {
        return Ok(name);
    }
    let explain = site.access.explain("Unable to read the CHT instance");
    let pods = site
        .access
        .cluster
        .read_all(&[Kind::namespaced::<Pod>()], site.namespace)
        .await;
    let pods = pods.map_err(&explain)?;
    let component = component(deployment);
    let mut own = pods
        .objects()
        .filter(|live| live.label(COMPONENT_LABEL) == Some(component.as_str()));
    let Some(node) = own.find_map(|live| live.json().pointer("/spec/nodeName")?.as_str().map(str::to_owned)) else {
        return Err(no_node(deployment));
    };
    let looked = site
        .access
        .cluster
        .look_at(&ObjectKey::cluster::<Node>(&node))
        .await
        .map_err(&explain)?;
    let label = looked
        .known()
        .flatten()
        .and_then(|live| live.label(HOST_NAME_LABEL).map(str::to_owned));
    Ok(label.unwrap_or(node))
}

/// `couchdb`, or `couchdb-1`.
fn component(deployment: &Deployment) -> String {
    let name = deployment.metadata.name.as_deref().unwrap_or_default();
    name.strip_prefix("cht-").unwrap_or(name).to_owned()
}

/// The name that the chart gives to the volume of a node.
fn official_volume(namespace: &str, component: &str) -> String {
    let number = component.strip_prefix("couchdb").unwrap_or_default();
    format!("couchdb-pv-{namespace}{number}")
}

fn unknown_volume(deployment: &Deployment) -> Diagnostics {
    let name = deployment.metadata.name.as_deref().unwrap_or_default();
    Diagnostic::error(
        "Volume of CouchDB cannot be adopted",
        format!(
            "The Deployment {name} has the data in a volume that is neither a claim nor a directory of the node. Move the data \
             to a claim, let the Deployment mount that, and import again."
        ),
    )
    .into()
}

fn unreadable_volume(name: &str) -> Diagnostics {
    Diagnostic::error(
        "Volume of CouchDB cannot be read",
        format!(
            "The data is in the PersistentVolume {name}, which these credentials may not read, so it cannot be told to which \
             disk it leads. Allow them to get PersistentVolumes."
        ),
    )
    .into()
}

fn no_node(deployment: &Deployment) -> Diagnostics {
    let name = deployment.metadata.name.as_deref().unwrap_or_default();
    Diagnostic::error(
        "Node with the data cannot be told",
        format!(
            "The Deployment {name} has its data in a directory of whatever Kubernetes node it runs on, and it has no pod on any \
             node now. Let it run where it ran before, so that this node can be named, and import again."
        ),
    )
    .into()
}

#[cfg(test)]
mod tests;
