//! Rules for plans that need a look at the volumes and nodes of the cluster: whether a volume can grow, is still there,
//! or can be taken as it is, and whether a node is in its zone. Classes that are not there are for [`super::classes`].
//! What these credentials may not read is not checked, but for a volume that could be lost.

use k8s_openapi::api::core::v1::{Node, PersistentVolume};
use k8s_openapi::api::storage::v1::StorageClass;
use serde_json::Value as Json;
use tf_framework::context::Context;
use tf_framework::diagnostics::{Diagnostic, Diagnostics, Severity};
use tf_framework::path::Path;

use crate::cht::instance::InstanceResource;
use crate::cht::instance::live::{drift, volumes};
use crate::cht::instance::model::{CouchdbNode, InstanceModel, NodeStorage};
use crate::cht::instance::objects::{HOST_NAME_LABEL, ZONE_LABEL};
use crate::cht::instance::spec::{CouchDb, Member, Volume};
use crate::kubernetes::{Access, Error, Kind, LiveObject, Looked, OWNER_LABEL, ObjectKey, quantity};

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
        let growth = check_growth(access, model, &before, &mut diagnostics);
        growth.await.map_err(&explain)?;
        if drift::was_usable(prior) {
            warn_of_lost_claims(cx, access, prior).await.map_err(&explain)?;
        }
    } else {
        let volumes = check_volumes(access, model, &couchdb, &mut diagnostics);
        volumes.await.map_err(&explain)?;
    }
    check_zones(cx, access, &couchdb, &mut diagnostics)
        .await
        .map_err(&explain)?;
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

/// A volume grows only if its class allows it.
async fn check_growth(
    access: &Access,
    model: &InstanceModel,
    before: &CouchDb,
    diagnostics: &mut Diagnostics,
) -> Result<(), Error> {
    let after = model.couchdb.spec();
    for (index, (before, after)) in before.nodes.iter().zip(&after.nodes).enumerate() {
        let amount = |size: &str| quantity::billionths(size);
        let grows = amount(&after.storage.size) > amount(&before.storage.size);
        let (true, Some(class)) = (grows, &before.storage.class) else {
            continue;
        };
        let looked = access
            .cluster
            .look_at(&ObjectKey::cluster::<StorageClass>(class))
            .await?;
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
        match &member.node.storage.volume {
            Volume::Existing(name) => {
                let key = ObjectKey::cluster::<PersistentVolume>(name);
                let looked = access.cluster.look_at(&key).await?;
                diagnostics.append(check_existing(index, &member, &model.namespace, looked));
            }
            Volume::HostPath(path) => {
                let all = access.cluster.look_at_all(Kind::cluster::<PersistentVolume>()).await?;
                let others = of_others(all.known().unwrap_or_default(), &model.namespace);
                diagnostics.append(check_directory(index, &member, path, &others));
            }
            Volume::New | Volume::Ebs(_) | Volume::GceDisk(_) | Volume::VsphereCsi(_) | Volume::Claim(_) => {}
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

/// The volumes that are not those of the instance in a namespace.
fn of_others(mut volumes: Vec<LiveObject>, namespace: &str) -> Vec<LiveObject> {
    let owner = format!("instance.{namespace}");
    volumes.retain(|volume| volume.label(OWNER_LABEL) != Some(&owner));
    volumes
}

/// A directory of a node serves one instance only.
fn check_directory(index: usize, member: &Member<'_>, path: &str, others: &[LiveObject]) -> Diagnostics {
    let host = member.node.node_name.as_deref().unwrap_or_default();
    let trimmed = path.trim_end_matches('/');
    let taken = others.iter().find(|volume| {
        let text = |pointer: &str| volume.json().pointer(pointer).and_then(Json::as_str);
        let directory = text("/spec/hostPath/path").or(text("/spec/local/path"));
        let hosts = hosts(volume);
        directory.is_some_and(|directory| directory.trim_end_matches('/') == trimmed)
            && (hosts.is_empty() || hosts.contains(&host))
    });
    let mut diagnostics = Diagnostics::new();
    if let Some(taken) = taken {
        let detail = format!(
            "The directory {path} of the node {host} is that of the volume {}. Two databases in one directory destroy each \
             other: choose another one. If the instance of that volume is gone, delete the volume first; the directory stays.",
            taken.key().name
        );
        let path = NodeStorage::path(index).attribute(NodeStorage::HOST_PATH);
        diagnostics.push(Diagnostic::error("Directory is in use", detail).at(path));
    }
    diagnostics
}

/// The nodes to which a volume is bound.
fn hosts(volume: &LiveObject) -> Vec<&str> {
    let terms = volume.json().pointer("/spec/nodeAffinity/required/nodeSelectorTerms");
    let terms = terms.and_then(Json::as_array).into_iter().flatten();
    terms
        .filter_map(|term| term.get("matchExpressions")?.as_array())
        .flatten()
        .filter(|expression| expression.get("key").and_then(Json::as_str) == Some(HOST_NAME_LABEL))
        .filter_map(|expression| expression.get("values")?.as_array())
        .flatten()
        .filter_map(Json::as_str)
        .collect()
}

/// A disk can only be attached to nodes of its zone.
async fn check_zones(
    cx: &Context<InstanceResource>,
    access: &Access,
    couchdb: &CouchDb,
    diagnostics: &mut Diagnostics,
) -> Result<(), Error> {
    if couchdb.nodes.iter().all(|node| node.storage.zone.is_none()) {
        return Ok(());
    }
    let Looked::Known(nodes) = access.cluster.look_at_all(Kind::cluster::<Node>()).await? else {
        return Ok(());
    };
    for (index, member) in couchdb.members().enumerate() {
        let Some(zone) = &member.node.storage.zone else {
            continue;
        };
        let path = NodeStorage::path(index).attribute(NodeStorage::ZONE);
        match compare_zone(index, &member, zone, &nodes) {
            Zone::Fits => {}
            Zone::Elsewhere(problem) => diagnostics.push(problem),
            // Nodes may be added when a pod needs them.
            Zone::NoNode(zones) => cx.warn(no_node(zone, &zones, path)),
        }
    }
    Ok(())
}

/// How a disk's zone and the Kubernetes nodes go together.
enum Zone {
    Fits,
    Elsewhere(Diagnostic),
    NoNode(Vec<String>),
}

fn compare_zone(index: usize, member: &Member<'_>, zone: &str, nodes: &[LiveObject]) -> Zone {
    let zone_of = |node: &LiveObject| node.label(ZONE_LABEL).unwrap_or_default().to_owned();
    if let Some(name) = &member.node.node_name {
        let pinned = nodes
            .iter()
            .find(|node| node.label(HOST_NAME_LABEL) == Some(name.as_str()));
        return match pinned.map(zone_of) {
            Some(other) if other != zone => {
                let detail = format!(
                    "The disk is in the zone {zone}, and the node {name} in {other}, where it cannot be attached. Choose a \
                     node in {zone}, or copy the disk to {other} by a snapshot."
                );
                let path = CouchdbNode::path(index).attribute(CouchdbNode::NODE_NAME);
                Zone::Elsewhere(Diagnostic::error("Node is in another zone", detail).at(path))
            }
            _ => Zone::Fits,
        };
    }
    let mut zones: Vec<String> = nodes.iter().map(zone_of).collect();
    if zones.iter().any(|other| other == zone) {
        return Zone::Fits;
    }
    zones.sort();
    zones.dedup();
    Zone::NoNode(zones)
}

fn no_node(zone: &str, zones: &[String], path: Path) -> Diagnostic {
    let detail = format!(
        "The disk is in the zone {zone}, where the cluster has no node now; its nodes are in: {}. Unless a node is added there, \
         the pod stays pending.",
        zones.join(", ")
    );
    Diagnostic::warning("No node in the zone of the disk", detail).at(path)
}

#[cfg(test)]
mod tests;
