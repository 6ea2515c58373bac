//! Node groups: machines of an Auto Scaling group, with a launch template that EKS makes. `document` has what is said
//! of a new one, and what is refused; `updates` has its changes.

mod document;
pub(super) mod updates;

use serde_json::{Value, json};

use super::access;
use super::clusters::{find, find_mut, ready};
use super::control::Work;
use super::refusals::{in_use, invalid, not_found};
use super::surroundings::{self, Errand, Nodes};
use super::world::{Cluster, Item};
use super::{Asked, Outcome};
use crate::aws::refusal::Answered;

/// What machines are if nobody says.
const INSTANCE_TYPE: &str = "t3.medium";

/// CreateNodegroup.
pub(super) fn create(asked: Asked<'_>) -> Outcome {
    let (cluster_name, name) = (
        asked.text("clusterName").to_owned(),
        asked.text("nodegroupName").to_owned(),
    );
    let cluster = ready(&asked, &cluster_name)?;
    let request = Value::Object(asked.parameters.clone());
    if let Some(group) = cluster.node_groups.get(&name) {
        let same = request["clientRequestToken"].is_string() && group.request == request;
        return match same {
            true => Ok(json!({"nodegroup": group.document})),
            false => Err(in_use(&format!(
                "NodeGroup already exists with name {name} and cluster name {cluster_name}"
            ))),
        };
    }
    network(&asked, cluster)?;
    role(&asked)?;
    let template = document::template(&asked)?;
    let document = document::of(&asked, cluster, template.as_ref())?;
    scaling(&document["scalingConfig"])?;
    document::images(&asked, &document)?;
    let mut item = Item::new(document, request);
    let becomes = match asked.world.failure(Work::CreateNodegroup) {
        Some(issue) => json!({"status": "CREATE_FAILED", "health": issue.health()}),
        None => json!({"status": "ACTIVE"}),
    };
    item.begin(Work::CreateNodegroup, "CREATING", Some(becomes));
    let answer = json!({"nodegroup": item.document});
    asked.world.errand(Errand::MakeNodes(Nodes {
        cluster: cluster_name.clone(),
        node_group: name.clone(),
        subnets: surroundings::list(asked.value("subnets")),
        template: template.unwrap_or(json!({})),
        instance_type: item.document["instanceTypes"]
            .get(0)
            .cloned()
            .unwrap_or(json!(INSTANCE_TYPE)),
        scaling: item.document["scalingConfig"].clone(),
    }));
    let role = asked.text("nodeRole").to_owned();
    let entry = access::entry_of_nodes(&asked, &cluster_name, &role);
    let cluster = find_mut(&mut *asked.world, &cluster_name)?;
    cluster.node_groups.insert(name, item);
    cluster.access_entries.entry(role).or_insert(entry);
    Ok(answer)
}

/// DescribeNodegroup.
pub(super) fn describe(asked: &Asked<'_>) -> Outcome {
    let group = group(find(asked, asked.text("clusterName"))?, asked.text("nodegroupName"))?;
    Ok(json!({"nodegroup": group.document}))
}

/// ListNodegroups.
pub(super) fn list(asked: &Asked<'_>) -> Outcome {
    let cluster = find(asked, asked.text("clusterName"))?;
    let names = cluster.node_groups.keys().cloned().map(Value::from);
    asked.page("nodegroups", names.collect())
}

/// DeleteNodegroup.
pub(super) fn delete(asked: Asked<'_>) -> Outcome {
    let (cluster, name) = (asked.text("clusterName"), asked.text("nodegroupName"));
    let failure = asked.world.failure(Work::DeleteNodegroup);
    let cluster = find_mut(&mut *asked.world, cluster)?;
    let Some(group) = cluster.node_groups.get_mut(name) else {
        return Err(missing(name));
    };
    if group.change.is_some() && group.status() != "CREATING" {
        return Err(in_use(&format!(
            "Nodegroup {name} is {}",
            group.status().to_lowercase()
        )));
    }
    let becomes = failure.map(|issue| json!({"status": "DELETE_FAILED", "health": issue.health()}));
    group.begin(Work::DeleteNodegroup, "DELETING", becomes);
    Ok(json!({"nodegroup": group.document}))
}

/// The node group of that name.
pub(super) fn group<'a>(cluster: &'a Cluster, name: &str) -> Result<&'a Item, Answered> {
    cluster.node_groups.get(name).ok_or_else(|| missing(name))
}

/// Sizes that contradict each other.
pub(super) fn scaling(scaling: &Value) -> Result<(), Answered> {
    let size = |name: &str| scaling[name].as_u64().unwrap_or_default();
    if size("maxSize") == 0 {
        return Err(invalid("maxSize must be at least 1"));
    }
    if size("minSize") > size("desiredSize") {
        return Err(invalid(
            "Minimum capacity minSize can't be greater than desired size desiredSize",
        ));
    }
    if size("desiredSize") > size("maxSize") {
        return Err(invalid(
            "desired capacity desiredSize can't be greater than max size maxSize",
        ));
    }
    Ok(())
}

fn missing(name: &str) -> Answered {
    not_found(&format!("No node group found for name: {name}."))
}

fn network(asked: &Asked<'_>, cluster: &Cluster) -> Result<(), Answered> {
    let subnets = match &asked.surroundings.subnets {
        None => return Err(invalid("Subnets specified must not be empty")),
        Some(Err(error)) => return Err(invalid(&format!("The subnets are invalid: {}", error.message))),
        Some(Ok(subnets)) => subnets,
    };
    let vpc = &cluster.item.document["resourcesVpcConfig"]["vpcId"];
    match subnets.iter().all(|subnet| subnet["VpcId"] == *vpc) {
        true => Ok(()),
        false => Err(invalid("Subnets are not in the VPC of the cluster")),
    }
}

fn role(asked: &Asked<'_>) -> Result<(), Answered> {
    match &asked.surroundings.role {
        Some(role) if role.trust.contains("ec2.amazonaws.com") => Ok(()),
        Some(_) => Err(invalid(
            "Following required service principals [ec2.amazonaws.com] were not found in the trust \
                                relationships of nodeRole",
        )),
        None => Err(invalid(&format!("nodeRole {} does not exist", asked.text("nodeRole")))),
    }
}
