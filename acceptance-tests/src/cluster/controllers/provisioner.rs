//! A dynamic provisioner of volumes. The control plane's binder asks for it by an annotation on the claim, once a node
//! is chosen where the class waits for that; it makes the volume and the binder does the rest. It also grows volumes
//! and deletes released ones.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use k8s_openapi::api::core::v1::{PersistentVolume, PersistentVolumeClaim};
use k8s_openapi::api::storage::v1::StorageClass;
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use kube::api::{DeleteParams, Patch, PatchParams, PostParams};
use kube::runtime::controller::Action;
use kube::runtime::{Controller, watcher};
use kube::{Api, Client, ResourceExt};
use serde_json::json;

use super::retry;

/// The provisioner that the lab's storage classes name.
pub(in crate::cluster) const NAME: &str = "lab.medic.org/volumes";

const REQUESTED_PROVISIONER: &str = "volume.kubernetes.io/storage-provisioner";
const PROVISIONED_BY: &str = "pv.kubernetes.io/provisioned-by";

/// Who provides, and where.
struct Provisioner {
    client: Client,
    name: &'static str,
}

/// Serves the classes of one provisioner until its runtime ends.
pub(crate) async fn run(client: Client, name: &'static str) {
    let claims = Api::<PersistentVolumeClaim>::all(client.clone());
    let volumes = Api::<PersistentVolume>::all(client.clone());
    let provisioner = Arc::new(Provisioner { client, name });
    let claims = Controller::new(claims, watcher::Config::default())
        .run(reconcile_claim, retry, provisioner.clone())
        .for_each(|_| async {});
    let volumes = Controller::new(volumes, watcher::Config::default())
        .run(reconcile_volume, retry, provisioner)
        .for_each(|_| async {});
    futures::join!(claims, volumes);
}

async fn reconcile_claim(claim: Arc<PersistentVolumeClaim>, provisioner: Arc<Provisioner>) -> kube::Result<Action> {
    let Provisioner { client, name } = &*provisioner;
    let ours = claim
        .annotations()
        .get(REQUESTED_PROVISIONER)
        .is_some_and(|requested| requested == name);
    if !ours || claim.metadata.deletion_timestamp.is_some() {
        return Ok(Action::await_change());
    }
    match claim.status.as_ref().and_then(|status| status.phase.as_deref()) {
        Some("Pending") => provision(&claim, client, name).await?,
        Some("Bound") => grow(&claim, client).await?,
        _ => {}
    }
    Ok(Action::await_change())
}

/// Makes the volume, named by the claim's UID, so that a second attempt finds it made.
async fn provision(claim: &PersistentVolumeClaim, client: &Client, provisioner: &str) -> kube::Result<()> {
    let class_name = claim
        .spec
        .as_ref()
        .and_then(|spec| spec.storage_class_name.clone())
        .unwrap_or_default();
    let class = Api::<StorageClass>::all(client.clone()).get(&class_name).await?;
    let name = format!("pvc-{}", claim.uid().unwrap_or_default());
    let volume = json!({
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": name, "annotations": {PROVISIONED_BY: provisioner}},
        "spec": {
            "storageClassName": class_name,
            "capacity": requested(claim),
            "accessModes": claim.spec.as_ref().and_then(|spec| spec.access_modes.as_ref()),
            "persistentVolumeReclaimPolicy": class.reclaim_policy.as_deref().unwrap_or("Delete"),
            "claimRef": {
                "apiVersion": "v1",
                "kind": "PersistentVolumeClaim",
                "namespace": claim.namespace(),
                "name": claim.name_any(),
                "uid": claim.uid(),
            },
            "hostPath": {"path": format!("/lab/{name}")},
        },
    });
    let volume: PersistentVolume = serde_json::from_value(volume).map_err(kube::Error::SerdeError)?;
    match Api::all(client.clone()).create(&PostParams::default(), &volume).await {
        Err(kube::Error::Api(status)) if status.is_already_exists() => Ok(()),
        other => other.map(drop),
    }
}

/// Gives a bound claim what it asks for. The API server has refused requests that the class does not allow.
async fn grow(claim: &PersistentVolumeClaim, client: &Client) -> kube::Result<()> {
    let capacity = claim.status.as_ref().and_then(|status| status.capacity.clone());
    let wanted = requested(claim);
    let volume = claim.spec.as_ref().and_then(|spec| spec.volume_name.clone());
    let (Some(volume), false) = (volume, capacity == wanted) else {
        return Ok(());
    };
    let parameters = PatchParams::default();
    let patch = json!({"spec": {"capacity": wanted}});
    Api::<PersistentVolume>::all(client.clone())
        .patch(&volume, &parameters, &Patch::Merge(&patch))
        .await?;
    let claims = Api::<PersistentVolumeClaim>::namespaced(client.clone(), &claim.namespace().unwrap_or_default());
    let patch = json!({"status": {"capacity": wanted}});
    claims
        .patch_status(&claim.name_any(), &parameters, &Patch::Merge(&patch))
        .await?;
    Ok(())
}

async fn reconcile_volume(volume: Arc<PersistentVolume>, provisioner: Arc<Provisioner>) -> kube::Result<Action> {
    let Provisioner { client, name } = &*provisioner;
    let released = volume.status.as_ref().and_then(|status| status.phase.as_deref()) == Some("Released");
    let delete = volume
        .spec
        .as_ref()
        .and_then(|spec| spec.persistent_volume_reclaim_policy.as_deref())
        == Some("Delete");
    let ours = volume.annotations().get(PROVISIONED_BY).is_some_and(|by| by == name);
    if !(released && delete && ours) || volume.metadata.deletion_timestamp.is_some() {
        return Ok(Action::await_change());
    }
    match Api::<PersistentVolume>::all(client.clone())
        .delete(&volume.name_any(), &DeleteParams::default())
        .await
    {
        Err(kube::Error::Api(status)) if !status.is_not_found() => Ok(Action::requeue(Duration::from_secs(1))),
        other => other.map(|_| Action::await_change()),
    }
}

/// The storage that the claim asks for, in the form of a capacity.
fn requested(claim: &PersistentVolumeClaim) -> Option<BTreeMap<String, Quantity>> {
    claim.spec.as_ref()?.resources.as_ref()?.requests.clone()
}
