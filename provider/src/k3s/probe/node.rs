//! Nodes, as a server's API lists them: no more of them than k3s is judged by.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::k3s::config::Taint;
use crate::k3s::version::K3sVersion;

/// The annotation that names who has cordoned a node: only our own cordon is ever taken back.
pub const CORDONED_BY: &str = "cht.terraform.io/cordoned-by";
/// The label of nodes with a member of etcd.
pub const ETCD_LABEL: &str = "node-role.kubernetes.io/etcd";
/// The label of nodes with the API.
pub const CONTROL_PLANE_LABEL: &str = "node-role.kubernetes.io/control-plane";
/// The annotation with what the running k3s was told. Secrets in it are masked.
pub const NODE_ARGS: &str = "k3s.io/node-args";

/// The annotation with the environment of the running k3s.
pub const NODE_ENV: &str = "k3s.io/node-env";

/// A Node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "Node")]
pub struct NodeState {
    /// Its name.
    pub name: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Its annotations of k3s and of ours.
    pub annotations: BTreeMap<String, String>,
    /// Its taints.
    pub taints: Vec<Taint>,
    /// Whether no pods are put on it.
    pub unschedulable: bool,
    /// What the cloud provider calls the machine.
    pub provider_id: Option<String>,
    /// The version that runs: that of the kubelet, which is k3s'.
    pub version: Option<K3sVersion>,
    /// What should make its machine different from all others.
    pub machine_id: Option<String>,
    /// Its own addresses.
    pub internal_ips: Vec<String>,
    /// Whether it can run pods.
    pub ready: bool,
    /// Whether its member of etcd votes: `false` for a learner, nothing without etcd.
    pub voter: Option<bool>,
}

impl NodeState {
    /// Whether it is a server.
    #[must_use]
    pub fn is_server(&self) -> bool {
        self.labels.contains_key(CONTROL_PLANE_LABEL) || self.has_etcd()
    }

    /// Whether it has a member of etcd.
    #[must_use]
    pub fn has_etcd(&self) -> bool {
        self.labels.contains_key(ETCD_LABEL)
    }

    /// Who has cordoned it, if that was this provider.
    #[must_use]
    pub fn cordoned_by(&self) -> Option<&str> {
        self.annotations.get(CORDONED_BY).map(String::as_str)
    }

    /// The folder in which the running k3s has its data, if it is known: that below which it has unpacked itself.
    #[must_use]
    pub fn data_dir(&self) -> Option<String> {
        let environment: BTreeMap<String, String> = serde_json::from_str(self.annotations.get(NODE_ENV)?).ok()?;
        let (folder, _) = environment.get("K3S_DATA_DIR")?.rsplit_once("/data/")?;
        Some(folder.to_owned())
    }

    /// What the running k3s was told, if it is known: the values of each key.
    #[must_use]
    pub fn running_config(&self) -> Option<BTreeMap<String, Vec<String>>> {
        let arguments: Vec<String> = serde_json::from_str(self.annotations.get(NODE_ARGS)?).ok()?;
        let mut config: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut arguments = arguments.iter().peekable();
        while let Some(argument) = arguments.next() {
            let Some(flag) = argument.strip_prefix("--") else {
                continue;
            };
            let (key, value) = match flag.split_once('=') {
                Some((key, value)) => (key, value.to_owned()),
                None => (
                    flag,
                    arguments
                        .next_if(|next| !next.starts_with("--"))
                        .map_or("true".to_owned(), String::clone),
                ),
            };
            config.entry(key.to_owned()).or_default().push(value);
        }
        Some(config)
    }
}

/// Reads the list that the API answers.
pub(super) fn parse(json: &str) -> Result<Vec<NodeState>, serde_json::Error> {
    let list: List = serde_json::from_str(json)?;
    Ok(list.items)
}

#[derive(Deserialize)]
struct List {
    #[serde(default)]
    items: Vec<NodeState>,
}

#[derive(Deserialize)]
struct Node {
    metadata: Metadata,
    #[serde(default)]
    spec: Spec,
    #[serde(default)]
    status: Status,
}

#[derive(Deserialize)]
struct Metadata {
    name: String,
    #[serde(default)]
    labels: BTreeMap<String, String>,
    #[serde(default)]
    annotations: BTreeMap<String, String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Spec {
    #[serde(default, rename = "providerID")]
    provider_id: Option<String>,
    #[serde(default)]
    unschedulable: bool,
    #[serde(default)]
    taints: Vec<NodeTaint>,
}

#[derive(Deserialize)]
struct NodeTaint {
    key: String,
    #[serde(default)]
    value: String,
    effect: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    #[serde(default)]
    conditions: Vec<Condition>,
    #[serde(default)]
    addresses: Vec<Address>,
    #[serde(default)]
    node_info: NodeInfo,
}

#[derive(Deserialize)]
struct Condition {
    #[serde(rename = "type")]
    kind: String,
    status: String,
}

#[derive(Deserialize)]
struct Address {
    #[serde(rename = "type")]
    kind: String,
    address: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct NodeInfo {
    #[serde(default)]
    kubelet_version: String,
    #[serde(default, rename = "machineID")]
    machine_id: String,
}

impl From<Node> for NodeState {
    fn from(node: Node) -> Self {
        let condition = |kind: &str| node.status.conditions.iter().find(|condition| condition.kind == kind);
        let is_true = |condition: &Condition| condition.status == "True";
        let ready = condition("Ready").is_some_and(is_true);
        let voter = condition("EtcdIsVoter").map(is_true);
        let is_ours = |name: &str| {
            let domain = name.split('/').next().unwrap_or_default();
            domain.ends_with("k3s.io") || domain.ends_with("k3s.cattle.io") || domain == "cht.terraform.io"
        };
        let annotations = node.metadata.annotations.into_iter();
        let internal = |address: Address| (address.kind == "InternalIP").then_some(address.address);
        let taint = |taint: NodeTaint| Taint {
            key: taint.key,
            value: taint.value,
            effect: taint.effect,
        };
        Self {
            name: node.metadata.name,
            labels: node.metadata.labels,
            annotations: annotations.filter(|(name, _)| is_ours(name)).collect(),
            taints: node.spec.taints.into_iter().map(taint).collect(),
            unschedulable: node.spec.unschedulable,
            provider_id: node.spec.provider_id.filter(|id| !id.is_empty()),
            version: node.status.node_info.kubelet_version.parse().ok(),
            machine_id: Some(node.status.node_info.machine_id).filter(|id| !id.is_empty()),
            internal_ips: node.status.addresses.into_iter().filter_map(internal).collect(),
            ready,
            voter,
        }
    }
}
