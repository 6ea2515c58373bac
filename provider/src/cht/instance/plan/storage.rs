//! Rules for plans that need a look at the volumes of the cluster: whether a volume can grow, is still there, or can be
//! taken as it is. Classes that are not there are for [`super::classes`], disks that another instance has for
//! [`super::disks`], and where disks are for [`super::zones`]. What these credentials may not read is not checked, but
//! for a volume that could be lost.

use k8s_openapi::api::core::v1::PersistentVolume;
use k8s_openapi::api::storage::v1::StorageClass;
use serde_json::Value as Json;
use tf_framework::context::Context;
use tf_framework::diagnostics::{Diagnostic, Diagnostics, Severity};

use crate::cht::instance::InstanceResource;
use crate::cht::instance::live::{drift, volumes};
use crate::cht::instance::model::{InstanceModel, NodeStorage};
use crate::cht::instance::plan::disks;
use crate::cht::instance::plan::zones::Zones;
use crate::cht::instance::spec::{CouchDb, Member, Volume};
use crate::kubernetes::{Access, Cluster, Error, LiveObject, Looked, ObjectKey, quantity};

/// Checks a plan against the cluster.
pub(in crate::cht::instance) async fn check(
    cx: &Context<InstanceResource>,
    access: &Access,
    model: &InstanceModel,
    prior: Option<&InstanceModel>,
) -> Result<(), Diagnostics> {
    let explain = access.explain("Unable to look at the cluster");
    let couchdb = model.couchdb.spec();
    let mut diagnostics = Diagnostics::new();
    if let Some(prior) = prior {
        let before = prior.couchdb.spec();
        let growth = check_growth(&access.cluster, model, &before, &mut diagnostics);
        growth.await.map_err(&explain)?;
        if drift::was_usable(prior) {
            warn_of_lost_claims(cx, access, prior).await.map_err(&explain)?;
        }
    } else {
        let volumes = check_volumes(access, model, &couchdb, &mut diagnostics);
        volumes.await.map_err(&explain)?;
        // One that is refused already needs no second error.
        if !diagnostics.has_errors() {
            disks::check(cx, access, model, &couchdb).await?;
        }
    }
    let zones = Zones {
        couchdb: &couchdb,
        is_new: prior.is_none(),
    };
    zones.check(cx, access, &mut diagnostics).await.map_err(&explain)?;
    diagnostics.into_result(())
}

/// A data volume that is gone is not made again: the update refuses it. A plan must not, as it comes before a
/// destruction, too.
async fn warn_of_lost_claims(
    cx: &Context<InstanceResource>,
    access: &Access,
    prior: &InstanceModel,
) -> Result<(), Error> {
    for claim in volumes::claims_of_new_volumes(prior) {
        if access.cluster.look_at(&claim).await? == Looked::Known(None) {
            cx.warn(Diagnostic {
                severity: Severity::Warning,
                ..volumes::claim_lost(&claim)
            });
        }
    }
    Ok(())
}

/// A volume grows only if its class allows it. The claim says which one that is: nodes without a class of their own may
/// have got theirs at times when the default was another one.
async fn check_growth(
    cluster: &Cluster,
    model: &InstanceModel,
    before: &CouchDb,
    diagnostics: &mut Diagnostics,
) -> Result<(), Error> {
    let after = model.couchdb.spec();
    for (index, (member, after)) in before.members().zip(&after.nodes).enumerate() {
        let before = member.node;
        let amount = |size: &str| quantity::billionths(size);
        if amount(&after.storage.size) <= amount(&before.storage.size) {
            continue;
        }
        let claim = volumes::claim_key(&model.namespace, &member.mounted_claim());
        let claim = cluster.look_at(&claim).await?.known().flatten();
        let live = claim
            .as_ref()
            .and_then(|claim| claim.json().pointer("/spec/storageClassName")?.as_str());
        let Some(class) = live
            .or(before.storage.class.as_deref())
            .filter(|class| !class.is_empty())
        else {
            continue;
        };
        let looked = cluster.look_at(&ObjectKey::cluster::<StorageClass>(class)).await?;
        // One that is gone cannot say; what the API server makes of it, the dry run will tell.
        let Looked::Known(Some(live)) = looked else { continue };
        if live.json().get("allowVolumeExpansion") != Some(&Json::Bool(true)) {
            let detail = format!(
                "The storage class {class} does not let volumes grow. Write `{}` again, or set `allowVolumeExpansion: true` in \
                 the class if what makes its volumes can do that.",
                before.storage.size
            );
            let node = model.couchdb.nodes.as_deref().and_then(|nodes| nodes.get(index));
            diagnostics.push(Diagnostic::error("Volume cannot grow", detail).at(NodeStorage::size_path(index, node)));
        }
    }
    Ok(())
}

/// A volume that is there already is free, and stays when the instance goes.
async fn check_volumes(
    access: &Access,
    model: &InstanceModel,
    couchdb: &CouchDb,
    diagnostics: &mut Diagnostics,
) -> Result<(), Error> {
    for (index, member) in couchdb.members().enumerate() {
        if let Volume::Existing(name) = &member.node.storage.volume {
            let key = ObjectKey::cluster::<PersistentVolume>(name);
            let looked = access.cluster.look_at(&key).await?;
            diagnostics.append(check_existing(index, &member, &model.namespace, looked));
        }
    }
    Ok(())
}

fn check_existing(
    index: usize,
    member: &Member<'_>,
    namespace: &str,
    looked: Looked<Option<LiveObject>>,
) -> Diagnostics {
    let mut diagnostics = Diagnostics::new();
    let mut refuse = |attribute: &str, summary: &str, detail: String| {
        diagnostics.push(Diagnostic::error(summary, detail).at(NodeStorage::path(index).attribute(attribute)));
    };
    let live = match looked {
        Looked::Known(Some(live)) => live,
        // It may be made in the same apply.
        Looked::Known(None) => return diagnostics,
        Looked::Forbidden => {
            let detail = "These credentials may not read PersistentVolumes, so it cannot be told whether this one would outlive \
                          its claim. Allow them to get PersistentVolumes.";
            refuse(NodeStorage::VOLUME_NAME, "Volume cannot be checked", detail.to_owned());
            return diagnostics;
        }
    };
    let name = &live.key().name;
    let text = |pointer: &str| live.json().pointer(pointer).and_then(Json::as_str).unwrap_or_default();
    if text("/spec/persistentVolumeReclaimPolicy") != "Retain" {
        let detail = format!(
            "The volume {name} would be deleted together with its claim. Set its `persistentVolumeReclaimPolicy` to `Retain` \
             first."
        );
        refuse(NodeStorage::VOLUME_NAME, "Volume would not be retained", detail);
    }
    let (claimed_in, claimed_by) = (text("/spec/claimRef/namespace"), text("/spec/claimRef/name"));
    let is_ours = claimed_in == namespace && claimed_by == member.claim();
    if !claimed_by.is_empty() && !is_ours {
        let detail =
            format!("The volume {name} belongs to the claim {claimed_in}/{claimed_by}. Delete that claim first.");
        refuse(NodeStorage::VOLUME_NAME, "Volume is in use", detail);
    } else if text("/status/phase") == "Released" {
        let detail = format!(
            "The volume {name} is kept for a claim that was deleted. Remove `spec.claimRef` from it, so that it can be bound \
             again."
        );
        refuse(NodeStorage::VOLUME_NAME, "Volume is not available", detail);
    }
    let class = text("/spec/storageClassName");
    if class != member.node.storage.class.as_deref().unwrap_or_default() {
        let detail = format!("The volume {name} has the storage class `{class}`: write `class = \"{class}\"`.");
        refuse(NodeStorage::CLASS, "Volume has another class", detail);
    }
    diagnostics
}

#[cfg(test)]
mod tests;
