//! Access entries: which user or role of IAM is who in a cluster, and the policies that each has there.

use serde_json::{Value, json};

use super::clusters::{find, find_mut};
use super::refusals::{in_use, invalid, not_found, not_now};
use super::surroundings::{self, texts};
use super::world::{AccessEntry, Cluster, Item};
use super::{Asked, Identity, Outcome, merge, now};
use crate::aws::gateway::Caller;
use crate::aws::refusal::Answered;

/// The policy of who may do everything.
pub(super) const ADMINISTRATOR: &str = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy";

/// The policies that there are, without the beginning of their ARNs.
const POLICIES: [&str; 6] = [
    "AmazonEKSAdminPolicy",
    "AmazonEKSAdminViewPolicy",
    "AmazonEKSClusterAdminPolicy",
    "AmazonEKSEditPolicy",
    "AmazonEKSSecretReaderPolicy",
    "AmazonEKSViewPolicy",
];

/// CreateAccessEntry.
pub(super) fn create(asked: Asked<'_>) -> Outcome {
    let (name, principal) = (
        asked.text("clusterName").to_owned(),
        asked.text("principalArn").to_owned(),
    );
    let cluster = open(&asked, &name)?;
    let request = Value::Object(asked.parameters.clone());
    if let Some(entry) = cluster.access_entries.get(&principal) {
        let same = request["clientRequestToken"].is_string() && entry.item.request == request;
        return match same {
            true => Ok(json!({"accessEntry": entry.item.document})),
            false => Err(in_use(
                "The specified access entry resource is already in use on this cluster.",
            )),
        };
    }
    let kind = asked
        .parameters
        .get("type")
        .and_then(Value::as_str)
        .unwrap_or("STANDARD");
    let groups = texts(&surroundings::list(asked.value("kubernetesGroups")));
    if kind != "STANDARD" && (!groups.is_empty() || asked.parameters.contains_key("username")) {
        return Err(invalid(&format!(
            "Access entries of type {kind} have neither groups nor a username"
        )));
    }
    reserved(&groups)?;
    let mut document = entry(&asked, &name, &principal, kind);
    for member in ["kubernetesGroups", "tags", "username"] {
        if let Some(value) = asked.parameters.get(member) {
            merge(&mut document, &json!({member: value}));
        }
    }
    let answer = json!({"accessEntry": document});
    let made = AccessEntry {
        item: Item::new(document, request),
        ..AccessEntry::default()
    };
    find_mut(&mut *asked.world, &name)?
        .access_entries
        .insert(principal, made);
    Ok(answer)
}

/// DescribeAccessEntry.
pub(super) fn describe(asked: &Asked<'_>) -> Outcome {
    let found = find_entry(open(asked, asked.text("clusterName"))?, asked.text("principalArn"))?;
    Ok(json!({"accessEntry": found.item.document}))
}

/// ListAccessEntries.
pub(super) fn list(asked: &Asked<'_>) -> Outcome {
    let cluster = open(asked, asked.text("clusterName"))?;
    let policy = asked.text("associatedPolicyArn");
    let entries = cluster.access_entries.iter();
    let entries = entries.filter(|(_, entry)| policy.is_empty() || entry.policies.contains_key(policy));
    asked.page(
        "accessEntries",
        entries.map(|(principal, _)| json!(principal)).collect(),
    )
}

/// UpdateAccessEntry.
pub(super) fn update(asked: Asked<'_>) -> Outcome {
    open(&asked, asked.text("clusterName"))?;
    reserved(&texts(&surroundings::list(asked.value("kubernetesGroups"))))?;
    let mut change = json!({"modifiedAt": now()});
    for member in ["kubernetesGroups", "username"] {
        if let Some(value) = asked.parameters.get(member) {
            merge(&mut change, &json!({member: value}));
        }
    }
    let entry = entry_mut(asked)?;
    if entry.item.document["type"] != "STANDARD" {
        return Err(not_now("Only access entries of type STANDARD can be updated"));
    }
    merge(&mut entry.item.document, &change);
    Ok(json!({"accessEntry": entry.item.document}))
}

/// DeleteAccessEntry.
pub(super) fn delete(asked: Asked<'_>) -> Outcome {
    let (name, principal) = (
        asked.text("clusterName").to_owned(),
        asked.text("principalArn").to_owned(),
    );
    find_entry(open(&asked, &name)?, &principal)?;
    find_mut(&mut *asked.world, &name)?.access_entries.remove(&principal);
    Ok(json!({}))
}

/// AssociateAccessPolicy: one that is there already gets another scope.
pub(super) fn associate(asked: Asked<'_>) -> Outcome {
    let (name, principal) = (
        asked.text("clusterName").to_owned(),
        asked.text("principalArn").to_owned(),
    );
    open(&asked, &name)?;
    let (policy, scope) = (asked.text("policyArn").to_owned(), asked.value("accessScope"));
    if !POLICIES.iter().any(|known| arn(known) == policy) {
        return Err(invalid("The policyArn parameter format is not valid"));
    }
    let namespaces = surroundings::list(scope["namespaces"].clone());
    if (scope["type"] == "namespace") == namespaces.is_empty() {
        return Err(invalid("Namespaces go with the scope namespace, and only with it"));
    }
    let entry = entry_mut(asked)?;
    if entry.item.document["type"] != "STANDARD" {
        return Err(not_now("The access entry's type does not support access policies"));
    }
    let since = match entry.policies.get(&policy) {
        Some(known) => known["associatedAt"].clone(),
        None => json!(now()),
    };
    let associated = json!({
        "policyArn": policy, "accessScope": scope, "associatedAt": since, "modifiedAt": now(),
    });
    entry.policies.insert(policy, associated.clone());
    Ok(json!({"clusterName": name, "principalArn": principal, "associatedAccessPolicy": associated}))
}

/// DisassociateAccessPolicy.
pub(super) fn disassociate(asked: Asked<'_>) -> Outcome {
    open(&asked, asked.text("clusterName"))?;
    let policy = asked.text("policyArn").to_owned();
    match entry_mut(asked)?.policies.remove(&policy) {
        Some(_) => Ok(json!({})),
        None => Err(not_found(
            "The specified policy is not associated with this access entry.",
        )),
    }
}

/// ListAssociatedAccessPolicies.
pub(super) fn associated(asked: &Asked<'_>) -> Outcome {
    let (name, principal) = (asked.text("clusterName"), asked.text("principalArn"));
    let found = find_entry(open(asked, name)?, principal)?;
    let mut page = asked.page("associatedAccessPolicies", found.policies.values().cloned().collect())?;
    merge(&mut page, &json!({"clusterName": name, "principalArn": principal}));
    Ok(page)
}

/// ListAccessPolicies.
pub(super) fn policies(asked: &Asked<'_>) -> Outcome {
    let policies = POLICIES.iter().map(|name| json!({"name": name, "arn": arn(name)}));
    asked.page("accessPolicies", policies.collect())
}

/// Who creates a cluster administers it, unless that is declined.
pub(super) fn bootstrap(cluster: &mut Cluster, asked: &Asked<'_>, name: &str) {
    let principal = asked.caller.principal.clone();
    let associated = json!({
        "policyArn": ADMINISTRATOR, "accessScope": {"type": "cluster", "namespaces": []},
        "associatedAt": now(), "modifiedAt": now(),
    });
    let document = entry(asked, name, &principal, "STANDARD");
    let made = AccessEntry {
        item: Item::new(document, Value::Null),
        policies: [(ADMINISTRATOR.to_owned(), associated)].into(),
    };
    cluster.access_entries.insert(principal, made);
}

/// The entry that lets the nodes of a group join.
pub(super) fn entry_of_nodes(asked: &Asked<'_>, cluster: &str, role: &str) -> AccessEntry {
    let mut document = entry(asked, cluster, role, "EC2_LINUX");
    merge(
        &mut document,
        &json!({"kubernetesGroups": ["system:nodes"], "username": "system:node:{{EC2PrivateDNSName}}"}),
    );
    AccessEntry {
        item: Item::new(document, Value::Null),
        ..AccessEntry::default()
    }
}

/// Who a caller is in the cluster, by their access entry. A policy with the scope of the cluster is a group here: the
/// administrator's is the one that may do everything, the others are named as the policy and bound by whoever likes to.
pub(super) fn identify(cluster: &Cluster, caller: &Caller) -> Result<Identity, String> {
    let Some(entry) = cluster.access_entries.get(&caller.principal) else {
        return Err(format!("{} has no access entry", caller.principal));
    };
    let session = caller.session.as_deref().unwrap_or_default();
    let username = entry.item.document["username"].as_str().unwrap_or_default();
    let mut groups = texts(&surroundings::list(entry.item.document["kubernetesGroups"].clone()));
    for (policy, associated) in &entry.policies {
        match policy.rsplit('/').next() {
            _ if associated["accessScope"]["type"] != "cluster" => {}
            Some(_) if policy == ADMINISTRATOR => groups.push("system:masters".to_owned()),
            Some(name) => groups.push(format!("lab:{name}")),
            None => {}
        }
    }
    Ok(Identity {
        // What a user name may not have in it is put in its place by EKS as well.
        username: username.replace("{{SessionName}}", &session.replace('@', "-")),
        uid: format!("aws-iam-authenticator:{}:{}", caller.account, caller.user_id),
        groups,
    })
}

fn arn(policy: &str) -> String {
    format!("arn:aws:eks::aws:cluster-access-policy/{policy}")
}

/// An entry as it is without further words.
fn entry(asked: &Asked<'_>, cluster: &str, principal: &str, kind: &str) -> Value {
    let number = uuid::Uuid::new_v4();
    let resource = principal.rsplit(':').next().unwrap_or_default();
    let account = principal.split(':').nth(4).unwrap_or_default();
    let owned = resource.replacen('/', &format!("/{account}/"), 1);
    let username = match resource.rsplit('/').next() {
        Some(role) if resource.starts_with("role/") => {
            format!("arn:aws:sts::{account}:assumed-role/{role}/{{{{SessionName}}}}")
        }
        _ => principal.to_owned(),
    };
    json!({
        "clusterName": cluster, "principalArn": principal, "kubernetesGroups": [], "type": kind, "tags": {},
        "accessEntryArn": asked.arn(&format!("access-entry/{cluster}/{owned}/{number}")),
        "username": username, "createdAt": now(), "modifiedAt": now(),
    })
}

/// The cluster, if it knows entries at all.
fn open<'a>(asked: &'a Asked<'_>, name: &str) -> Result<&'a Cluster, Answered> {
    let cluster = find(asked, name)?;
    match cluster.item.document["accessConfig"]["authenticationMode"] == "CONFIG_MAP" {
        true => Err(not_now(
            "The cluster's authentication mode must be set to one of [API, API_AND_CONFIG_MAP] to perform this \
             operation.",
        )),
        false => Ok(cluster),
    }
}

fn find_entry<'a>(cluster: &'a Cluster, principal: &str) -> Result<&'a AccessEntry, Answered> {
    cluster.access_entries.get(principal).ok_or_else(|| missing(principal))
}

fn entry_mut<'a>(asked: Asked<'a>) -> Result<&'a mut AccessEntry, Answered> {
    let principal = asked.text("principalArn");
    let name = asked.text("clusterName");
    let cluster = find_mut(asked.world, name)?;
    cluster
        .access_entries
        .get_mut(principal)
        .ok_or_else(|| missing(principal))
}

fn missing(principal: &str) -> Answered {
    not_found(&format!("The specified principalArn could not be found. ({principal})"))
}

/// Groups that Kubernetes keeps for itself.
fn reserved(groups: &[String]) -> Result<(), Answered> {
    match groups
        .iter()
        .find(|group| group.starts_with("system:") || group.starts_with("eks:"))
    {
        Some(group) => Err(invalid(&format!(
            "The kubernetes group name {group} is invalid, it cannot start with system:"
        ))),
        None => Ok(()),
    }
}
