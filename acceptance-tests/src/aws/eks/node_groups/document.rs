//! What is said of a new node group, and what is refused of it: templates, versions, images.

use serde_json::{Value, json};

use super::super::catalog::minor;
use super::super::refusals::invalid;
use super::super::surroundings::{self, texts};
use super::super::world::Cluster;
use super::super::{Asked, merge, now};
use super::INSTANCE_TYPE;
use crate::aws::refusal::Answered;

/// The first minor version without Amazon Linux 2.
const WITHOUT_AL2: u32 = 33;

/// What is said of a new node group, with the data of its launch template if it has one.
pub(super) fn of(asked: &Asked<'_>, cluster: &Cluster, template: Option<&Value>) -> Result<Value, Answered> {
    let (cluster_name, name) = (asked.text("clusterName"), asked.text("nodegroupName"));
    let mut document = json!({
        "nodegroupName": name,
        "nodegroupArn": asked.arn(&format!("nodegroup/{cluster_name}/{name}/{}", uuid::Uuid::new_v4())),
        "clusterName": cluster_name,
        "version": cluster.item.document["version"],
        "createdAt": now(),
        "modifiedAt": now(),
        "capacityType": "ON_DEMAND",
        "scalingConfig": {"minSize": 1, "maxSize": 2, "desiredSize": 2},
        "subnets": asked.value("subnets"),
        "nodeRole": asked.value("nodeRole"),
        "amiType": "AL2023_x86_64_STANDARD",
        "updateConfig": {"maxUnavailable": 1},
        "labels": {},
        "health": {"issues": []},
        "tags": {},
    });
    match template {
        None => merge(
            &mut document,
            &json!({"diskSize": 20, "instanceTypes": [INSTANCE_TYPE]}),
        ),
        Some(data) => merge(&mut document, &templated(asked, data)?),
    }
    let given = asked.parameters.iter();
    let given = given.filter(|(member, _)| !["clientRequestToken", "launchTemplate"].contains(&member.as_str()));
    for (member, value) in given {
        merge(&mut document, &json!({member: value}));
    }
    if asked.value("updateConfig")["maxUnavailablePercentage"].is_u64() {
        merge(&mut document, &json!({"updateConfig": {"maxUnavailable": null}}));
    }
    let version = document["version"].as_str().unwrap_or_default().to_owned();
    let known = cluster.item.document["version"].as_str().unwrap_or_default();
    if minor(&version) > minor(known) {
        return Err(invalid(&format!(
            "Requested Nodegroup version {version} is above that of the cluster"
        )));
    }
    if document["releaseVersion"].is_null() {
        merge(&mut document, &json!({"releaseVersion": release(&version)}));
    }
    Ok(document)
}

/// The release of the image of nodes that is newest.
pub(super) fn release(version: &str) -> String {
    format!("{version}.0-20261101")
}

/// Images that do not go with the version or with the machines.
pub(super) fn images(asked: &Asked<'_>, document: &Value) -> Result<(), Answered> {
    let kind = document["amiType"].as_str().unwrap_or_default();
    let version = document["version"].as_str().unwrap_or_default();
    if kind.starts_with("AL2_") && minor(version) >= WITHOUT_AL2 {
        return Err(invalid(&format!(
            "AMI Type {kind} is not supported for kubernetes versions {version}"
        )));
    }
    let needed = match kind {
        "CUSTOM" => return Ok(()),
        kind if kind.contains("ARM_64") => "arm64",
        _ => "x86_64",
    };
    for instance_type in texts(&surroundings::list(asked.value("instanceTypes"))) {
        match asked.surroundings.architectures.get(&instance_type) {
            Some(supported) if supported.iter().any(|architecture| architecture == needed) => {}
            Some(_) => {
                let message = format!("[{instance_type}] is not a valid instance type for requested amiType {kind}");
                return Err(invalid(&message));
            }
            None => {
                return Err(invalid(&format!(
                    "The following supplied instance types do not exist: [{instance_type}]"
                )));
            }
        }
    }
    Ok(())
}

/// The data of the launch template that is named.
pub(super) fn template(asked: &Asked<'_>) -> Result<Option<Value>, Answered> {
    let named = asked.value("launchTemplate");
    if named["id"].is_string() && named["name"].is_string() {
        return Err(invalid(
            "Either provide launch template ID or launch template name in the request.",
        ));
    }
    match &asked.surroundings.template {
        None => Ok(None),
        Some(Ok(version)) => Ok(Some(version["LaunchTemplateData"].clone())),
        Some(Err(error)) => Err(invalid(&format!("Launch template is invalid: {}", error.message))),
    }
}

/// What a launch template brings along. What it says must not be said again.
fn templated(asked: &Asked<'_>, data: &Value) -> Result<Value, Answered> {
    for member in ["diskSize", "remoteAccess"] {
        if asked.parameters.contains_key(member) {
            let message = format!("{member} cannot be specified together with a launch template");
            return Err(invalid(&message));
        }
    }
    if data["InstanceType"].is_string() && asked.parameters.contains_key("instanceTypes") {
        return Err(invalid("Instance types are in the request and in the launch template"));
    }
    let mut brought = json!({});
    if data["ImageId"].is_string() {
        merge(&mut brought, &json!({"amiType": "CUSTOM"}));
    }
    if let Some(Ok(version)) = &asked.surroundings.template {
        let told = json!({
            "id": version["LaunchTemplateId"], "name": version["LaunchTemplateName"],
            "version": version["VersionNumber"].to_string(),
        });
        merge(&mut brought, &json!({"launchTemplate": told}));
    }
    Ok(brought)
}
