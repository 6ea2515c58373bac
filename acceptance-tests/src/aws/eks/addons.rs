//! Add-ons.

use serde_json::{Value, json};

use super::catalog::Addon;
use super::clusters::{find, find_mut, ready};
use super::control::Work;
use super::pod_identity;
use super::refusals::{in_use, invalid, not_found};
use super::surroundings;
use super::updates::{Wanted, begin, repeated};
use super::world::{Cluster, Item, Part};
use super::{Asked, Outcome, merge, now};
use crate::aws::refusal::Answered;

/// CreateAddon.
pub(super) fn create(asked: Asked<'_>) -> Outcome {
    let (cluster_name, name) = (asked.text("clusterName").to_owned(), asked.text("addonName").to_owned());
    let cluster = ready(&asked, &cluster_name)?;
    let request = Value::Object(asked.parameters.clone());
    if let Some(addon) = cluster.addons.get(&name) {
        let same = request["clientRequestToken"].is_string() && addon.request == request;
        return match same {
            true => Ok(json!({"addon": addon.document})),
            false => Err(in_use("Addon already exists.")),
        };
    }
    let offered = offered(&name)?;
    let version = version(&asked, cluster, offered)?.unwrap_or_else(|| offered.versions(minor(cluster))[0].clone());
    configuration(&asked)?;
    let arn = asked.arn(&format!("addon/{cluster_name}/{name}/{}", uuid::Uuid::new_v4()));
    let mut document = json!({
        "addonName": name, "clusterName": cluster_name, "addonVersion": version, "addonArn": arn,
        "createdAt": now(), "modifiedAt": now(), "publisher": "eks", "owner": "aws",
        "namespaceConfig": {"namespace": offered.namespace}, "health": {"issues": []}, "tags": {},
    });
    for member in [
        "serviceAccountRoleArn",
        "configurationValues",
        "namespaceConfig",
        "tags",
    ] {
        if let Some(value) = asked.parameters.get(member) {
            merge(&mut document, &json!({member: value}));
        }
    }
    let associations = associations(&asked, cluster, offered, &arn)?;
    if !associations.is_empty() {
        merge(&mut document, &json!({"podIdentityAssociations": arns(&associations)}));
    }
    let mut item = Item::new(document, request);
    let becomes = match asked.world.failure(Work::CreateAddon) {
        Some(issue) => json!({"status": "CREATE_FAILED", "health": issue.health()}),
        None => json!({"status": "ACTIVE"}),
    };
    item.begin(Work::CreateAddon, "CREATING", Some(becomes));
    let answer = json!({"addon": item.document});
    let cluster = find_mut(&mut *asked.world, &cluster_name)?;
    cluster.addons.insert(name, item);
    cluster.associations.extend(associations);
    Ok(answer)
}

/// DescribeAddon.
pub(super) fn describe(asked: &Asked<'_>) -> Outcome {
    let addon = addon(find(asked, asked.text("clusterName"))?, asked.text("addonName"))?;
    Ok(json!({"addon": addon.document}))
}

/// ListAddons.
pub(super) fn list(asked: &Asked<'_>) -> Outcome {
    let cluster = find(asked, asked.text("clusterName"))?;
    asked.page("addons", cluster.addons.keys().cloned().map(Value::from).collect())
}

/// UpdateAddon: the associations that are named take the place of those that were.
pub(super) fn update(asked: Asked<'_>) -> Outcome {
    let (cluster_name, name) = (asked.text("clusterName").to_owned(), asked.text("addonName").to_owned());
    let cluster = ready(&asked, &cluster_name)?;
    if let Some(update) = repeated(cluster, asked.parameters) {
        return Ok(update);
    }
    let addon = addon(cluster, &name)?;
    if addon.change.is_some() {
        return Err(in_use(&format!("Addon {name} is {}", addon.status().to_lowercase())));
    }
    let offered = offered(&name)?;
    configuration(&asked)?;
    let mut change = json!({"modifiedAt": now()});
    let mut told = Vec::new();
    if let Some(version) = version(&asked, cluster, offered)? {
        merge(&mut change, &json!({"addonVersion": version}));
        told.push(("AddonVersion", json!(version)));
    }
    let members = [
        ("serviceAccountRoleArn", "ServiceAccountRoleArn"),
        ("configurationValues", "ConfigurationValues"),
    ];
    for (member, parameter) in members {
        if let Some(value) = asked.parameters.get(member) {
            merge(&mut change, &json!({member: value}));
            told.push((parameter, value.clone()));
        }
    }
    if let Some(conflicts) = asked.parameters.get("resolveConflicts") {
        told.push(("ResolveConflicts", conflicts.clone()));
    }
    let arn = addon.document["addonArn"].clone();
    let before: Vec<String> = owned(cluster, &arn);
    let associations = associations(&asked, cluster, offered, arn.as_str().unwrap_or_default())?;
    if asked.parameters.contains_key("podIdentityAssociations") {
        merge(&mut change, &json!({"podIdentityAssociations": arns(&associations)}));
        told.push(("PodIdentityAssociations", asked.value("podIdentityAssociations")));
        let cluster = find_mut(&mut *asked.world, &cluster_name)?;
        cluster.associations.retain(|id, _| !before.contains(id));
        cluster.associations.extend(associations);
    }
    let wanted = Wanted {
        cluster: cluster_name,
        of: Some(Part::Addon(name)),
        kind: "AddonUpdate",
        work: Work::UpdateAddon,
        change,
        told,
    };
    begin(asked, wanted)
}

/// DeleteAddon.
pub(super) fn delete(asked: Asked<'_>) -> Outcome {
    let name = asked.text("addonName");
    let failure = asked.world.failure(Work::DeleteAddon);
    let cluster = asked.text("clusterName");
    let cluster = find_mut(&mut *asked.world, cluster)?;
    let Some(addon) = cluster.addons.get_mut(name) else {
        return Err(missing(name));
    };
    let becomes = failure.map(|issue| json!({"status": "DELETE_FAILED", "health": issue.health()}));
    addon.begin(Work::DeleteAddon, "DELETING", becomes);
    Ok(json!({"addon": addon.document}))
}

fn addon<'a>(cluster: &'a Cluster, name: &str) -> Result<&'a Item, Answered> {
    cluster.addons.get(name).ok_or_else(|| missing(name))
}

fn missing(name: &str) -> Answered {
    not_found(&format!("No addon: {name} found in cluster"))
}

fn offered(name: &str) -> Result<&'static Addon, Answered> {
    Addon::named(name).ok_or_else(|| invalid(&format!("Addon {name} specified is not supported")))
}

fn minor(cluster: &Cluster) -> &str {
    cluster.item.document["version"].as_str().unwrap_or_default()
}

/// The version that is asked for, if one is.
fn version(asked: &Asked<'_>, cluster: &Cluster, offered: &Addon) -> Result<Option<String>, Answered> {
    let Some(version) = asked.parameters.get("addonVersion").and_then(Value::as_str) else {
        return Ok(None);
    };
    match offered.versions(minor(cluster)).iter().any(|known| known == version) {
        true => Ok(Some(version.to_owned())),
        false => Err(invalid("Addon version specified is not supported")),
    }
}

fn configuration(asked: &Asked<'_>) -> Result<(), Answered> {
    let Some(text) = asked.parameters.get("configurationValues").and_then(Value::as_str) else {
        return Ok(());
    };
    match serde_json::from_str::<Value>(text) {
        Ok(Value::Object(_)) => Ok(()),
        _ => Err(invalid("ConfigurationValue is not in valid JSON or YAML format")),
    }
}

/// The associations that are asked for, by their ids. A service account has one.
fn associations(
    asked: &Asked<'_>,
    cluster: &Cluster,
    offered: &Addon,
    owner: &str,
) -> Result<Vec<(String, Item)>, Answered> {
    let given = surroundings::list(asked.value("podIdentityAssociations"));
    if !given.is_empty() && offered.service_account.is_none() {
        let message = format!("Addon {} does not support pod identity associations", offered.name);
        return Err(invalid(&message));
    }
    let made = given.iter().map(|association| {
        let account = association["serviceAccount"].as_str().unwrap_or_default();
        let taken = cluster.associations.values().any(|other| {
            other.document["serviceAccount"] == account
                && other.document["namespace"] == offered.namespace
                && other.document["ownerArn"] != owner
        });
        if taken {
            return Err(in_use("Association already exists"));
        }
        let mut wanted = json!({"namespace": offered.namespace, "ownerArn": owner});
        merge(&mut wanted, association);
        Ok(pod_identity::made(asked, asked.text("clusterName"), &wanted))
    });
    made.collect()
}

fn owned(cluster: &Cluster, owner: &Value) -> Vec<String> {
    let owned = cluster
        .associations
        .iter()
        .filter(|(_, item)| item.document["ownerArn"] == *owner);
    owned.map(|(id, _)| id.clone()).collect()
}

fn arns(associations: &[(String, Item)]) -> Vec<Value> {
    associations
        .iter()
        .map(|(_, item)| item.document["associationArn"].clone())
        .collect()
}
