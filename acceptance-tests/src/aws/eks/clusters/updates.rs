//! Changes of a cluster: its settings, one aspect at a time, its version, and its encryption.

use serde_json::{Map, Value, json};

use super::super::catalog::{self, minor};
use super::super::control::Work;
use super::super::refusals::{invalid, not_now};
use super::super::updates::{Wanted, begin, repeated};
use super::super::{Asked, Outcome, merge, surroundings};
use super::{find, find_mut, idle, logging, network as subnets_of, ready};
use crate::aws::refusal::Answered;

/// Members of the request that may come together, and what their change is called. Those of the network are told apart
/// by what is in them.
const ASPECTS: [(&[&str], &str); 10] = [
    (&["accessConfig"], "AccessConfigUpdate"),
    (&["logging"], "LoggingUpdate"),
    (&["resourcesVpcConfig"], "VpcConfigUpdate"),
    (
        &["computeConfig", "kubernetesNetworkConfig", "storageConfig"],
        "AutoModeUpdate",
    ),
    (&["upgradePolicy"], "UpgradePolicyUpdate"),
    (&["zonalShiftConfig"], "ZonalShiftConfigUpdate"),
    (&["deletionProtection"], "DeletionProtectionUpdate"),
    (&["remoteNetworkConfig"], "RemoteNetworkConfigUpdate"),
    (&["controlPlaneScalingConfig"], "ControlPlaneScalingConfigUpdate"),
    (
        &[
            "kubeApiServerConfig",
            "kubeControllerManagerConfig",
            "kubeSchedulerConfig",
        ],
        "ControlPlaneComponentConfigUpdate",
    ),
];

/// UpdateClusterConfig: one aspect at a time.
pub(in super::super) fn config(asked: Asked<'_>) -> Outcome {
    let name = asked.text("name").to_owned();
    let cluster = find(&asked, &name)?;
    if let Some(update) = repeated(cluster, asked.parameters) {
        return Ok(update);
    }
    idle(cluster, &name)?;
    ready(&asked, &name)?;
    let named = |member: &str| asked.parameters.contains_key(member);
    let aspects: Vec<_> = ASPECTS
        .iter()
        .filter(|(members, _)| members.iter().any(|member| named(member)))
        .collect();
    let &[(members, kind)] = aspects.as_slice() else {
        return Err(invalid("Only one type of update can be allowed."));
    };
    let given = members.iter().filter(|member| named(member));
    let mut change: Value = given
        .map(|&member| (member.to_owned(), asked.value(member)))
        .collect::<Map<_, _>>()
        .into();
    let document = &cluster.item.document;
    let mut kind = *kind;
    match *members {
        ["accessConfig"] => access_mode(document, &change)?,
        ["logging"] => change = json!({"logging": logging(&document["logging"], &change["logging"])}),
        ["resourcesVpcConfig"] => kind = network(&asked, document, &change["resourcesVpcConfig"])?,
        _ => {}
    }
    let mut after = document.clone();
    merge(&mut after, &change);
    if after == *document {
        return Err(invalid("No changes needed for the config provided"));
    }
    let told = vec![(parameter(members), change.clone())];
    let wanted = Wanted {
        cluster: name,
        of: None,
        kind,
        work: Work::UpdateCluster,
        change,
        told,
    };
    begin(asked, wanted)
}

/// UpdateClusterVersion: one minor version up, or back to the one before.
pub(in super::super) fn version(asked: Asked<'_>) -> Outcome {
    let name = asked.text("name").to_owned();
    let cluster = find(&asked, &name)?;
    if let Some(update) = repeated(cluster, asked.parameters) {
        return Ok(update);
    }
    idle(cluster, &name)?;
    ready(&asked, &name)?;
    let (from, to) = (
        cluster.item.document["version"].as_str().unwrap_or_default(),
        asked.text("version"),
    );
    let back = cluster.raised_from.as_deref() == Some(to);
    if !catalog::is_offered(to) || (minor(to) != minor(from) + 1 && !back) {
        let message = format!("Unsupported Kubernetes minor version update from {from} to {to}");
        return Err(invalid(&message));
    }
    let expected = if back { to } else { from };
    let other = cluster
        .node_groups
        .iter()
        .find(|(_, group)| group.document["version"] != expected);
    if let Some((group, _)) = other {
        let message =
            format!("Nodegroup {group} must be updated to version {expected} before the cluster's version is");
        return Err(not_now(&message));
    }
    let (kind, from, to) = match back {
        true => ("VersionRollback", None, to.to_owned()),
        false => ("VersionUpdate", Some(from.to_owned()), to.to_owned()),
    };
    let told = vec![("Version", json!(to)), ("PlatformVersion", json!("eks.1"))];
    find_mut(&mut *asked.world, &name)?.raised_from = from;
    let wanted = Wanted {
        cluster: name,
        of: None,
        kind,
        work: Work::UpdateCluster,
        change: json!({"version": to}),
        told,
    };
    begin(asked, wanted)
}

/// AssociateEncryptionConfig: once, and for ever.
pub(in super::super) fn encryption(asked: Asked<'_>) -> Outcome {
    let name = asked.text("clusterName").to_owned();
    let cluster = find(&asked, &name)?;
    if let Some(update) = repeated(cluster, asked.parameters) {
        return Ok(update);
    }
    idle(cluster, &name)?;
    if cluster.item.document["encryptionConfig"].is_array() {
        return Err(not_now("Cluster already has an encryption config"));
    }
    let given = asked.value("encryptionConfig");
    let wanted = Wanted {
        cluster: name,
        of: None,
        kind: "AssociateEncryptionConfig",
        work: Work::UpdateCluster,
        change: json!({"encryptionConfig": given}),
        told: vec![("EncryptionConfig", given)],
    };
    begin(asked, wanted)
}

/// Only towards the API, step by step or at once.
fn access_mode(document: &Value, change: &Value) -> Result<(), Answered> {
    let rank = |config: &Value| match config["authenticationMode"].as_str() {
        Some("API") => 2,
        Some("API_AND_CONFIG_MAP") => 1,
        _ => 0,
    };
    match rank(&change["accessConfig"]) < rank(&document["accessConfig"]) {
        true => Err(invalid("Unsupported authentication mode update")),
        false => Ok(()),
    }
}

/// Endpoints, subnets and security groups are changes of their own; so is the way out.
fn network(asked: &Asked<'_>, document: &Value, change: &Value) -> Result<&'static str, Answered> {
    let has = |names: &[&str]| names.iter().any(|&name| !change[name].is_null());
    let endpoint = has(&["endpointPublicAccess", "endpointPrivateAccess", "publicAccessCidrs"]);
    let subnets = has(&["subnetIds"]);
    let kinds = [
        endpoint,
        subnets,
        has(&["securityGroupIds"]),
        has(&["controlPlaneEgressMode"]),
    ];
    if kinds.iter().filter(|kind| **kind).count() != 1 {
        return Err(invalid("Only one type of update can be allowed."));
    }
    if subnets && subnets_of(asked)?["vpcId"] != document["resourcesVpcConfig"]["vpcId"] {
        return Err(invalid("Subnets provided must belong to the VPC of the cluster"));
    }
    if endpoint {
        let mut after = document["resourcesVpcConfig"].clone();
        merge(&mut after, change);
        if after["endpointPublicAccess"] == false && after["endpointPrivateAccess"] == false {
            return Err(invalid("Private and public endpoint access cannot both be disabled."));
        }
        if surroundings::list(after["publicAccessCidrs"].clone()).is_empty() && after["endpointPublicAccess"] == true {
            return Err(invalid("publicAccessCidrs must not be empty"));
        }
    }
    Ok(match kinds {
        [true, ..] => "EndpointAccessUpdate",
        [.., true] => "ControlPlaneEgressUpdate",
        _ => "VpcConfigUpdate",
    })
}

/// What a change is told as.
fn parameter(members: &[&str]) -> &'static str {
    match members {
        ["accessConfig"] => "AuthenticationMode",
        ["logging"] => "ClusterLogging",
        ["resourcesVpcConfig"] => "Subnets",
        ["upgradePolicy"] => "UpgradePolicy",
        ["zonalShiftConfig"] => "ZonalShiftConfig",
        ["deletionProtection"] => "DeletionProtection",
        ["remoteNetworkConfig"] => "RemoteNetworkConfig",
        ["controlPlaneScalingConfig"] => "UpdatedTier",
        ["kubeApiServerConfig", ..] => "KubeApiServerConfig",
        _ => "ComputeConfig",
    }
}
