//! Clusters. `updates` has their changes.

pub(super) mod updates;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::access;
use super::catalog;
use super::control::Work;
use super::refusals::{in_use, invalid, no_cluster, not_now};
use super::surroundings::{self, Errand, texts};
use super::world::{Cluster, Item};
use super::{Asked, Outcome, merge, now};
use crate::aws::refusal::Answered;

/// The policy without which a cluster's role is refused.
const POLICY: &str = "arn:aws:iam::aws:policy/AmazonEKSClusterPolicy";

/// What the control plane can log.
const LOGS: [&str; 5] = ["api", "audit", "authenticator", "controllerManager", "scheduler"];

/// CreateCluster.
pub(super) fn create(asked: Asked<'_>) -> Outcome {
    let name = asked.text("name").to_owned();
    let request = Value::Object(asked.parameters.clone());
    if let Some(cluster) = asked.world.clusters.get(&name) {
        let same = request["clientRequestToken"].is_string() && cluster.item.request == request;
        return match same {
            true => Ok(json!({"cluster": cluster.item.document})),
            false => Err(in_use(&format!("Cluster already exists with name: {name}"))),
        };
    }
    let network = network(&asked)?;
    role(&asked)?;
    let version = match asked.parameters.get("version").and_then(Value::as_str) {
        Some(version) if catalog::is_offered(version) => version,
        Some(version) => return Err(invalid(&format!("unsupported Kubernetes version {version}"))),
        None => catalog::DEFAULT,
    };
    let mut item = Item::new(document(&asked, &name, version, &network), request);
    let becomes = match asked.world.failure(Work::CreateCluster) {
        Some(issue) => json!({"status": "FAILED", "health": issue.health()}),
        None => active(&asked),
    };
    item.begin(Work::CreateCluster, "CREATING", Some(becomes));
    let answer = json!({"cluster": item.document});
    let mut cluster = Cluster {
        item,
        ..Cluster::default()
    };
    if asked.value("accessConfig")["bootstrapClusterCreatorAdminPermissions"] != false {
        access::bootstrap(&mut cluster, &asked, &name);
    }
    asked.world.clusters.insert(name.clone(), cluster);
    asked.world.errand(Errand::MakeNetwork {
        cluster: name,
        vpc: network["vpcId"].clone(),
        subnets: surroundings::list(network["subnetIds"].clone()),
    });
    Ok(answer)
}

/// DescribeCluster.
pub(super) fn describe(asked: &Asked<'_>) -> Outcome {
    let cluster = find(asked, asked.text("name"))?;
    let mut document = cluster.item.document.clone();
    if document["endpoint"].is_string() {
        merge(&mut document, &served(asked));
    }
    Ok(json!({"cluster": document}))
}

/// ListClusters.
pub(super) fn list(asked: &Asked<'_>) -> Outcome {
    asked.page(
        "clusters",
        asked.world.clusters.keys().cloned().map(Value::from).collect(),
    )
}

/// DeleteCluster.
pub(super) fn delete(asked: Asked<'_>) -> Outcome {
    let name = asked.text("name").to_owned();
    let cluster = find_mut(&mut *asked.world, &name)?;
    if cluster.item.document["deletionProtection"] == true {
        let message =
            format!("Cluster {name} has deletion protection enabled. Disable it before you delete the cluster.");
        return Err(not_now(&message));
    }
    if !cluster.node_groups.is_empty() {
        return Err(in_use("Cluster has nodegroups attached"));
    }
    idle(cluster, &name)?;
    cluster.item.begin(Work::DeleteCluster, "DELETING", None);
    let answer = json!({"cluster": cluster.item.document});
    if let Some(issue) = asked.world.failure(Work::DeleteCluster)
        && let Some(change) = &mut find_mut(&mut *asked.world, &name)?.item.change
    {
        change.becomes = Some(json!({"status": "FAILED", "health": issue.health()}));
    }
    Ok(answer)
}

/// The cluster of that name.
pub(super) fn find<'a>(asked: &'a Asked<'_>, name: &str) -> Result<&'a Cluster, Answered> {
    asked.world.clusters.get(name).ok_or_else(|| no_cluster(name))
}

/// The cluster of that name, to be changed.
pub(super) fn find_mut<'a>(world: &'a mut super::World, name: &str) -> Result<&'a mut Cluster, Answered> {
    world.clusters.get_mut(name).ok_or_else(|| no_cluster(name))
}

/// Refuses while something happens to a cluster: one thing at a time.
pub(super) fn idle(cluster: &Cluster, name: &str) -> Result<(), Answered> {
    match &cluster.item.change {
        None => Ok(()),
        Some(_) => {
            let status = cluster.item.status().to_lowercase();
            Err(in_use(&format!(
                "Cluster {name} currently has an operation in progress: {status}"
            )))
        }
    }
}

/// Refuses unless a cluster is there to be worked with.
pub(super) fn ready<'a>(asked: &'a Asked<'_>, name: &str) -> Result<&'a Cluster, Answered> {
    let cluster = find(asked, name)?;
    match cluster.item.status() {
        "ACTIVE" | "UPDATING" => Ok(cluster),
        status => Err(not_now(&format!(
            "Cluster '{name}' is not in ACTIVE status: it is {status}"
        ))),
    }
}

/// What is logged, all kinds of it: those that are on and those that are off.
pub(super) fn logging(before: &Value, change: &Value) -> Value {
    let mut on: Vec<String> = surroundings::list(before["clusterLogging"].clone())
        .iter()
        .filter(|setup| setup["enabled"] == true)
        .flat_map(|setup| texts(&surroundings::list(setup["types"].clone())))
        .collect();
    for setup in surroundings::list(change["clusterLogging"].clone()) {
        let types = texts(&surroundings::list(setup["types"].clone()));
        on.retain(|kind| !types.contains(kind));
        if setup["enabled"] == true {
            on.extend(types);
        }
    }
    let (on, off): (Vec<&str>, Vec<&str>) = LOGS.iter().partition(|kind| on.iter().any(|other| other == *kind));
    let setups = [(on, true), (off, false)];
    let setups = setups.into_iter().filter(|(types, _)| !types.is_empty());
    let setups: Vec<Value> = setups
        .map(|(types, enabled)| json!({"types": types, "enabled": enabled}))
        .collect();
    json!({"clusterLogging": setups})
}

/// The subnets that are asked for, if they are such as a cluster can have, with their VPC.
pub(super) fn network(asked: &Asked<'_>) -> Result<Value, Answered> {
    let mut network = asked.value("resourcesVpcConfig");
    let subnets = match &asked.surroundings.subnets {
        None => return Err(invalid("Subnets specified must not be empty")),
        Some(Err(error)) => return Err(invalid(&format!("Error in subnets: {}", error.message))),
        Some(Ok(subnets)) => subnets,
    };
    let mut zones: Vec<&str> = subnets
        .iter()
        .filter_map(|subnet| subnet["AvailabilityZone"].as_str())
        .collect();
    zones.sort_unstable();
    zones.dedup();
    if zones.len() < 2 {
        return Err(invalid("Subnets specified must be in at least two different AZs"));
    }
    let vpc = subnets
        .first()
        .map(|subnet| subnet["VpcId"].clone())
        .unwrap_or_default();
    if subnets.iter().any(|subnet| subnet["VpcId"] != vpc) {
        return Err(invalid("Subnets provided must belong to the same VPC"));
    }
    network["vpcId"] = vpc;
    Ok(network)
}

fn role(asked: &Asked<'_>) -> Result<(), Answered> {
    let arn = asked.text("roleArn");
    let refused = |reason: &str| Err(invalid(&format!("{reason} (Role ARN: {arn})")));
    match &asked.surroundings.role {
        None => refused("The role does not exist"),
        Some(role) if !role.trust.contains("eks.amazonaws.com") => {
            refused("Role could not be assumed because the trusted entity is not correct")
        }
        Some(role) if !role.policies.iter().any(|policy| policy == POLICY) => {
            refused("The provided role doesn't have the Amazon EKS Managed Policies associated with it")
        }
        Some(_) => Ok(()),
    }
}

fn document(asked: &Asked<'_>, name: &str, version: &str, network: &Value) -> Value {
    let mut document = json!({
        "name": name,
        "arn": asked.arn(&format!("cluster/{name}")),
        "createdAt": now(),
        "version": version,
        "platformVersion": "eks.1",
        "roleArn": asked.value("roleArn"),
        "resourcesVpcConfig": {
            "securityGroupIds": [], "endpointPublicAccess": true, "endpointPrivateAccess": false,
            "publicAccessCidrs": ["0.0.0.0/0"],
        },
        "kubernetesNetworkConfig": {
            "ipFamily": "ipv4", "serviceIpv4Cidr": "10.100.0.0/16", "elasticLoadBalancing": {"enabled": false},
        },
        "logging": logging(&Value::Null, &asked.value("logging")),
        "accessConfig": {"authenticationMode": "CONFIG_MAP"},
        "upgradePolicy": {"supportType": "EXTENDED"},
        "zonalShiftConfig": {"enabled": false},
        "deletionProtection": false,
        "tags": {},
        "health": {"issues": []},
    });
    merge(&mut document["resourcesVpcConfig"], network);
    let answered = [
        "accessConfig",
        "clientRequestToken",
        "computeConfig",
        "controlPlaneScalingConfig",
        "deletionProtection",
        "encryptionConfig",
        "kubeApiServerConfig",
        "kubeControllerManagerConfig",
        "kubeSchedulerConfig",
        "kubernetesNetworkConfig",
        "remoteNetworkConfig",
        "storageConfig",
        "tags",
        "upgradePolicy",
        "zonalShiftConfig",
    ];
    for member in answered {
        if let Some(value) = asked.parameters.get(member) {
            merge(&mut document, &json!({member: value}));
        }
    }
    // Said once, and never told again.
    merge(
        &mut document,
        &json!({"accessConfig": {"bootstrapClusterCreatorAdminPermissions": null}}),
    );
    document
}

/// What a cluster has as soon as it is active.
fn active(asked: &Asked<'_>) -> Value {
    let id = uuid::Uuid::new_v4().simple().to_string().to_uppercase();
    let region = asked.region;
    let mut active = json!({
        "status": "ACTIVE",
        "endpoint": format!("https://{id}.gr7.{region}.eks.amazonaws.com"),
        "identity": {"oidc": {"issuer": format!("https://oidc.eks.{region}.amazonaws.com/id/{id}")}},
    });
    merge(&mut active, &served(asked));
    active
}

/// The API server of the moment.
fn served(asked: &Asked<'_>) -> Value {
    let mut served = json!({"certificateAuthority": {"data": STANDARD.encode(&asked.api_server.ca_pem)}});
    if let Some(endpoint) = &asked.api_server.endpoint {
        merge(&mut served, &json!({"endpoint": endpoint}));
    }
    served
}
