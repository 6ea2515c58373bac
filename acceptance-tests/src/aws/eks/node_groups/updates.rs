//! Changes of node groups: their settings, and the version of their nodes.

use serde_json::{Value, json};

use super::super::catalog::minor;
use super::super::clusters::ready;
use super::super::control::Work;
use super::super::refusals::{in_use, invalid};
use super::super::surroundings::{self, Errand, texts};
use super::super::updates::{Wanted, begin, repeated};
use super::super::world::{Item, Part};
use super::super::{Asked, Outcome, merge, now};
use super::document::{release, template};
use super::{group, scaling};
use crate::aws::refusal::Answered;

/// UpdateNodegroupConfig.
pub(in super::super) fn config(asked: Asked<'_>) -> Outcome {
    let (cluster_name, name) = (
        asked.text("clusterName").to_owned(),
        asked.text("nodegroupName").to_owned(),
    );
    let cluster = ready(&asked, &cluster_name)?;
    if let Some(update) = repeated(cluster, asked.parameters) {
        return Ok(update);
    }
    let group = group(cluster, &name)?;
    idle(group, &name)?;
    let document = &group.document;
    let mut change = json!({"modifiedAt": now()});
    let mut told = Vec::new();
    for (member, parameter) in [
        ("scalingConfig", "MaxSize"),
        ("updateConfig", "MaxUnavailable"),
        ("nodeRepairConfig", "NodeRepairConfig"),
        ("warmPoolConfig", "WarmPoolEnabled"),
    ] {
        if let Some(value) = asked.parameters.get(member) {
            merge(&mut change, &json!({member: value}));
            told.push((parameter, value.clone()));
        }
    }
    // The one takes the place of the other.
    let percentage = asked.value("updateConfig")["maxUnavailablePercentage"].is_u64();
    if asked.parameters.contains_key("updateConfig") {
        let other = if percentage {
            "maxUnavailable"
        } else {
            "maxUnavailablePercentage"
        };
        change["updateConfig"][other] = Value::Null;
    }
    labels(&asked, &mut change, &mut told);
    taints(&asked, document, &mut change, &mut told);
    if told.is_empty() {
        return Err(invalid("No changes were requested"));
    }
    let mut after = document.clone();
    merge(&mut after, &change);
    scaling(&after["scalingConfig"])?;
    if let Some(nodes) = group
        .made("nodes")
        .filter(|_| asked.parameters.contains_key("scalingConfig"))
    {
        let errand = Errand::ScaleNodes {
            group: nodes.to_owned(),
            scaling: after["scalingConfig"].clone(),
        };
        asked.world.errand(errand);
    }
    let wanted = Wanted {
        cluster: cluster_name,
        of: Some(Part::NodeGroup(name)),
        kind: "ConfigUpdate",
        work: Work::UpdateNodegroup,
        change,
        told,
    };
    begin(asked, wanted)
}

/// UpdateNodegroupVersion: of Kubernetes, of the image, or of the launch template.
pub(in super::super) fn version(asked: Asked<'_>) -> Outcome {
    let (cluster_name, name) = (
        asked.text("clusterName").to_owned(),
        asked.text("nodegroupName").to_owned(),
    );
    let cluster = ready(&asked, &cluster_name)?;
    if let Some(update) = repeated(cluster, asked.parameters) {
        return Ok(update);
    }
    let group = group(cluster, &name)?;
    idle(group, &name)?;
    let known = cluster.item.document["version"].as_str().unwrap_or_default();
    let before = group.document["version"].as_str().unwrap_or_default();
    let version = asked.parameters.get("version").and_then(Value::as_str).unwrap_or(known);
    if minor(version) > minor(known) || minor(version) < minor(before) {
        let message = format!("Nodegroup cannot go from version {before} to {version}: the cluster has {known}");
        return Err(invalid(&message));
    }
    let release = match asked.parameters.get("releaseVersion") {
        Some(release) => release.clone(),
        None => json!(release(version)),
    };
    let mut change = json!({"version": version, "releaseVersion": release, "modifiedAt": now()});
    let mut told = vec![("Version", json!(version)), ("ReleaseVersion", release)];
    template(&asked)?;
    if let Some(Ok(found)) = &asked.surroundings.template {
        if found["LaunchTemplateId"] != group.document["launchTemplate"]["id"] {
            return Err(invalid("You cannot specify a different launch template"));
        }
        let number = found["VersionNumber"].to_string();
        merge(&mut change, &json!({"launchTemplate": {"version": number}}));
        told.push(("LaunchTemplateVersion", json!(number)));
    }
    let wanted = Wanted {
        cluster: cluster_name,
        of: Some(Part::NodeGroup(name)),
        kind: "VersionUpdate",
        work: Work::UpdateNodegroup,
        change,
        told,
    };
    begin(asked, wanted)
}

fn idle(group: &Item, name: &str) -> Result<(), Answered> {
    match group.change.is_some() || group.status() == "CREATE_FAILED" {
        true => Err(in_use(&format!(
            "Nodegroup {name} is {}",
            group.status().to_lowercase()
        ))),
        false => Ok(()),
    }
}

fn labels(asked: &Asked<'_>, change: &mut Value, told: &mut Vec<(&'static str, Value)>) {
    let labels = asked.value("labels");
    if labels["addOrUpdateLabels"].is_object() {
        merge(change, &json!({"labels": labels["addOrUpdateLabels"]}));
        told.push(("LabelsToAdd", labels["addOrUpdateLabels"].clone()));
    }
    for key in texts(&surroundings::list(labels["removeLabels"].clone())) {
        // As a member that is null, it is taken away when the change comes about.
        change["labels"][key.as_str()] = Value::Null;
        told.push(("LabelsToRemove", json!(key)));
    }
}

/// A taint is known by its key and its effect.
fn taints(asked: &Asked<'_>, document: &Value, change: &mut Value, told: &mut Vec<(&'static str, Value)>) {
    let given = asked.value("taints");
    if !given.is_object() {
        return;
    }
    let added = surroundings::list(given["addOrUpdateTaints"].clone());
    let removed = surroundings::list(given["removeTaints"].clone());
    let same = |one: &Value, other: &Value| one["key"] == other["key"] && one["effect"] == other["effect"];
    let mut taints = surroundings::list(document["taints"].clone());
    taints.retain(|taint| !added.iter().chain(&removed).any(|other| same(taint, other)));
    taints.extend(added.iter().cloned());
    merge(change, &json!({"taints": taints}));
    if !added.is_empty() {
        told.push(("TaintsToAdd", json!(added)));
    }
    if !removed.is_empty() {
        told.push(("TaintsToRemove", json!(removed)));
    }
}
