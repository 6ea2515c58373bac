//! Classes that are not in the cluster: storage classes of a new instance, and the class of an ingress. They may be
//! made in the same apply, so a plan only warns of them; an apply that needs a storage class that is not there says so
//! at its volume claim.

use k8s_openapi::api::networking::v1::IngressClass;
use k8s_openapi::api::storage::v1::StorageClass;
use tf_framework::context::Context;
use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use tf_framework::path::Path;

use crate::cht::instance::InstanceResource;
use crate::cht::instance::model::{Alb, Couchdb, Ingress, IngressKind, InstanceModel, NodeStorage};
use crate::cht::instance::spec::{CouchDb, Volume};
use crate::kubernetes::{Access, Kind, LiveObject, Looked};

/// Who serves classes of EKS Auto Mode.
const AUTO_MODE: &str = "eks.amazonaws.com/alb";

/// Warns of storage classes that are to make volumes and are not there.
pub(super) async fn check_storage(
    cx: &Context<InstanceResource>,
    access: &Access,
    model: &InstanceModel,
) -> Result<(), Diagnostics> {
    let couchdb = model.couchdb.spec();
    if needed(&couchdb).next().is_none() {
        return Ok(());
    }
    let looked = access.cluster.look_at_all(Kind::cluster::<StorageClass>()).await;
    let looked = looked.map_err(access.explain("Unable to look at the cluster"))?;
    let Looked::Known(live) = looked else {
        return Ok(());
    };
    let mut names: Vec<&str> = live.iter().map(|live| live.key().name.as_str()).collect();
    names.sort_unstable();
    for warning in missing(model, &couchdb, &names) {
        cx.warn(warning);
    }
    Ok(())
}

/// Warns of a class that is not in the cluster. It is no error: its controller may be made in the same apply.
///
/// # Errors
/// Fails if the class is of EKS Auto Mode and the ingress names a group, or if the cluster does not answer.
pub(super) async fn check_ingress(
    cx: &Context<InstanceResource>,
    access: &Access,
    model: &InstanceModel,
    prior: Option<&InstanceModel>,
) -> Result<(), Diagnostics> {
    let Some(class) = needed_class(model) else {
        return Ok(());
    };
    let group = alb_group(model);
    let has = |prior: &InstanceModel| needed_class(prior) == Some(class) && alb_group(prior) == group;
    if prior.is_some_and(has) {
        return Ok(());
    }
    let looked = access.cluster.look_at_all(Kind::cluster::<IngressClass>()).await;
    let looked = looked.map_err(access.explain("Unable to read the ingress classes"))?;
    let Looked::Known(live) = looked else {
        return Ok(());
    };
    let mut names: Vec<&str> = live.iter().map(|live| live.key().name.as_str()).collect();
    names.sort_unstable();
    if let Some(found) = live.iter().find(|live| live.key().name == class) {
        return match (group, served_by(found)) {
            (Some(group), Some(AUTO_MODE)) => Err(group_of_auto_mode(class, group).into()),
            _ => Ok(()),
        };
    }
    if prior.and_then(needed_class) == Some(class) {
        return Ok(());
    }
    let there = if names.is_empty() {
        "The cluster has none.".to_owned()
    } else {
        format!("It has: {}.", names.join(", "))
    };
    let detail = format!(
        "There is no ingress class `{class}` in the cluster. {there} Unless its controller is installed in the same apply, \
         nobody will serve the ingress."
    );
    let path = Path::new(InstanceModel::INGRESS).attribute(Ingress::CLASS);
    cx.warn(Diagnostic::warning("Ingress class not found", detail).at(path));
    Ok(())
}

/// The classes that are to make volumes, each with the index of its node.
fn needed(couchdb: &CouchDb) -> impl Iterator<Item = (usize, &str)> {
    let storages = couchdb.nodes.iter().map(|node| &node.storage).enumerate();
    let made = storages.filter(|(_, storage)| storage.volume == Volume::New);
    made.filter_map(|(index, storage)| Some((index, storage.class.as_deref()?)))
}

/// What is said of classes that are not among these names: once for each attribute that names one.
fn missing(model: &InstanceModel, couchdb: &CouchDb, names: &[&str]) -> Vec<Diagnostic> {
    let there = if names.is_empty() {
        "It has none.".to_owned()
    } else {
        format!("It has: {}.", names.join(", "))
    };
    let mut warnings: Vec<Diagnostic> = Vec::new();
    for (index, class) in needed(couchdb).filter(|(_, class)| !names.contains(class)) {
        let path = class_path(model, index);
        if warnings.iter().any(|warning| warning.path.as_ref() == Some(&path)) {
            continue;
        }
        let detail = format!(
            "There is no storage class `{class}` in the cluster. {there} Unless it is made in the same apply, the volume is never \
             made and CouchDB does not start."
        );
        warnings.push(Diagnostic::warning("Storage class not found", detail).at(path));
    }
    warnings
}

/// The attribute that decides on the class of a node's volume.
fn class_path(model: &InstanceModel, index: usize) -> Path {
    let node = model.couchdb.nodes.as_deref().and_then(|nodes| nodes.get(index));
    let own = node.and_then(|node| node.storage.as_ref()?.class.as_ref());
    match own {
        Some(_) => NodeStorage::path(index).attribute(NodeStorage::CLASS),
        None => Path::new(InstanceModel::COUCHDB).attribute(Couchdb::STORAGE_CLASS),
    }
}

/// The group that an ingress names for its load balancer.
fn alb_group(model: &InstanceModel) -> Option<&str> {
    let alb = model.ingress.as_ref()?.alb.as_ref()?;
    alb.group_name.as_deref()
}

/// Who serves a class.
fn served_by(class: &LiveObject) -> Option<&str> {
    class.json().pointer("/spec/controller")?.as_str()
}

/// Refuses a group that nobody would heed: each ingress would have a load balancer of its own.
fn group_of_auto_mode(class: &str, group: &str) -> Diagnostic {
    let detail = format!(
        "The class `{class}` is of EKS Auto Mode, where groups belong to classes: leave `group_name` out, and give the class the group          `{group}`, as `cht_eks_load_balancer_controller` does with its own `group_name`."
    );
    let path = Path::new(InstanceModel::INGRESS)
        .attribute(Ingress::ALB)
        .attribute(Alb::GROUP_NAME);
    Diagnostic::error("Group in Auto Mode", detail).at(path)
}

/// The class that has to be an object of the cluster; GKE has none for its own.
fn needed_class(model: &InstanceModel) -> Option<&str> {
    let ingress = model.ingress.as_ref()?;
    let class = ingress.class.as_deref()?;
    (ingress.controller_kind() != IngressKind::Gce).then_some(class)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::cht::instance::fixtures::{couchdb, model, with};

    #[test]
    fn v05_a_class_that_is_not_there_is_told_at_the_attribute_that_names_it() {
        let warned = |changes: Value| {
            let model = model(&with(couchdb(changes)));
            let warnings = missing(&model, &model.couchdb.spec(), &["local-path"]);
            let paths = warnings
                .iter()
                .map(|warning| warning.path.as_ref().expect("a path").to_string());
            assert!(
                warnings
                    .iter()
                    .all(|warning| warning.detail.contains("It has: local-path."))
            );
            paths.collect::<Vec<_>>()
        };
        assert_eq!(warned(json!({})), [""; 0], "the cluster's default class");
        assert_eq!(warned(json!({"storage_class": "local-path"})), [""; 0]);
        let common = json!({"storage_class": "ebs-gp2", "nodes": [{}, {}, {"storage": {"class": "fast"}}]});
        assert_eq!(
            warned(common),
            ["couchdb.storage_class", "couchdb.nodes[2].storage.class"]
        );
        let existing = json!({"storage_class": "ebs-gp2", "nodes": [{"storage": {"gce_disk": "data"}}]});
        assert_eq!(warned(existing), [""; 0], "no class makes it");
    }
}
