//! The Node object, as k3s's kubelet makes and keeps it: labels and taints at the first registration only, annotations
//! at each start, readiness by heartbeats.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::net::IpAddr;
use std::time::Duration;

use anyhow::{Context, Result};
use k8s_openapi::api::core::v1::Node;
use kube::api::{Patch, PatchParams, PostParams};
use kube::{Api, Client};
use serde_json::{Value, json};

use super::certificates::sha256;
use super::config::Config;
use super::{faults, host, log, release};

/// Between two heartbeats.
pub(super) const HEARTBEAT: Duration = Duration::from_secs(3);

/// Kept until the node's password is forgotten.
pub(super) const NODE_FINALIZER: &str = "wrangler.cattle.io/node";

/// Kept until the node's member of etcd is removed.
pub(super) const ETCD_FINALIZER: &str = "wrangler.cattle.io/managed-etcd-controller";

/// The label of a node that has a member of etcd.
pub(super) const ETCD_LABEL: &str = "node-role.kubernetes.io/etcd";

/// The label of a server.
pub(super) const CONTROL_PLANE_LABEL: &str = "node-role.kubernetes.io/control-plane";

/// The taint that a cloud provider takes away.
const UNINITIALIZED: &str = "node.cloudprovider.kubernetes.io/uninitialized";

/// A node to be.
#[derive(Clone, Debug)]
pub(super) struct Registration {
    pub(super) name: String,
    address: String,
    external_address: Option<String>,
    labels: BTreeMap<String, String>,
    taints: Vec<Value>,
    annotations: BTreeMap<String, String>,
    provider_id: Option<String>,
    finalizers: Vec<&'static str>,
    was_ready: Cell<Option<bool>>,
}

impl Registration {
    /// What the configuration says of the node. Whether the cluster has k3s's own cloud controller, its servers say.
    pub(super) fn new(config: &Config, own_cloud_controller: bool) -> Result<Self> {
        let (name, address) = (node_name(config)?, node_address(config)?);
        let mut taints: Vec<Value> = config
            .list("node-taint")
            .iter()
            .filter_map(|text| taint(text))
            .collect();
        let provider_id = config.kubelet_argument("provider-id");
        if !own_cloud_controller && config.kubelet_argument("cloud-provider").as_deref() == Some("external") {
            taints.push(json!({"key": UNINITIALIZED, "value": "true", "effect": "NoSchedule"}));
        }
        Ok(Self {
            labels: labels(config, &name),
            annotations: annotations(config, &name, &address)?,
            provider_id: provider_id.or_else(|| own_cloud_controller.then(|| format!("k3s://{name}"))),
            external_address: config.text("node-external-ip"),
            finalizers: vec![NODE_FINALIZER],
            was_ready: Cell::default(),
            taints,
            name,
            address,
        })
    }

    /// The same for a server; its member's name is known if it has one.
    pub(super) fn for_server(mut self, member: Option<&str>) -> Self {
        let role = |label: &str| (label.to_owned(), "true".to_owned());
        self.labels.extend([role(CONTROL_PLANE_LABEL)]);
        if let Some(member) = member {
            self.labels.extend([role(ETCD_LABEL)]);
            self.finalizers.push(ETCD_FINALIZER);
            let name = ("etcd.k3s.cattle.io/node-name".to_owned(), member.to_owned());
            let address = ("etcd.k3s.cattle.io/node-address".to_owned(), self.address.clone());
            self.annotations.extend([name, address]);
        }
        self
    }

    /// The address by which other nodes reach it.
    pub(super) fn address(&self) -> &str {
        &self.address
    }

    pub(super) fn annotate(&mut self, key: &str, value: String) {
        self.annotations.insert(key.to_owned(), value);
    }

    /// Makes the Node, or tells the one that is there what is new.
    pub(super) async fn register(&self, client: &Client) -> Result<()> {
        let nodes = Api::<Node>::all(client.clone());
        if nodes.get_opt(&self.name).await?.is_some() {
            let patch = json!({"metadata": {"annotations": self.annotations}});
            nodes
                .patch(&self.name, &PatchParams::default(), &Patch::Merge(patch))
                .await?;
            return Ok(());
        }
        let node = json!({
            "metadata": {
                "name": self.name,
                "labels": self.labels,
                "annotations": self.annotations,
                "finalizers": self.finalizers,
            },
            "spec": {"taints": self.taints, "providerID": self.provider_id},
        });
        nodes
            .create(&PostParams::default(), &serde_json::from_value(node)?)
            .await?;
        log::info(&format!("Successfully registered node {}", self.name));
        Ok(())
    }

    /// Freshens the Node's status. A Node that was deleted is not made again: that is left to a new start.
    pub(super) async fn beat(&self, client: &Client) -> Result<()> {
        let nodes = Api::<Node>::all(client.clone());
        let is_ready = !faults::has("never-ready");
        let patch = Patch::Strategic(self.status(is_ready));
        nodes.patch_status(&self.name, &PatchParams::default(), &patch).await?;
        self.was_ready.set(Some(is_ready));
        Ok(())
    }

    fn status(&self, is_ready: bool) -> Value {
        let now = log::now();
        let mut ready = match is_ready {
            true => {
                json!({"type": "Ready", "status": "True", "reason": "KubeletReady", "message": "kubelet is posting ready status", "lastHeartbeatTime": now})
            }
            false => json!({
                "type": "Ready", "status": "False", "reason": "KubeletNotReady", "lastHeartbeatTime": now,
                "message": "container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: cni plugin not initialized",
            }),
        };
        if self.was_ready.get() != Some(is_ready) {
            ready["lastTransitionTime"] = now.into();
        }
        let mut addresses = vec![
            json!({"type": "InternalIP", "address": self.address}),
            json!({"type": "Hostname", "address": self.name}),
        ];
        let external = self.external_address.iter();
        addresses.extend(external.map(|address| json!({"type": "ExternalIP", "address": address})));
        let resources = json!({"cpu": "2", "memory": "4Gi", "pods": "110", "ephemeral-storage": "50Gi"});
        json!({"status": {
            "conditions": [ready],
            "addresses": addresses,
            "capacity": resources,
            "allocatable": resources,
            "nodeInfo": node_info(),
        }})
    }
}

/// The node's name: given, or the host's.
pub(super) fn node_name(config: &Config) -> Result<String> {
    match config.text("node-name") {
        Some(name) => Ok(name.to_lowercase()),
        None => host::name(),
    }
}

/// The node's address: given, or the default route's.
pub(super) fn node_address(config: &Config) -> Result<String> {
    if let Some(address) = config.list("node-ip").first() {
        let address: IpAddr = address.parse().with_context(|| format!("invalid node-ip {address}"))?;
        return Ok(address.to_string());
    }
    Ok(host::default_address()?.to_string())
}

/// The hash by which one sees that a configuration was changed and the program not started again.
fn config_hash(arguments: &str, environment: &str) -> String {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let bytes = sha256(format!("{arguments}{environment}").as_bytes());
    let mut text = String::new();
    for five in bytes.chunks(5) {
        let block = (0..5).fold(0_u64, |block, i| {
            block << 8 | u64::from(five.get(i).copied().unwrap_or(0))
        });
        let used = (five.len() * 8).div_ceil(5);
        for i in 0..8 {
            let index = usize::try_from(block >> (35 - 5 * i) & 31).unwrap_or_default();
            let letter = ALPHABET.get(index).copied().unwrap_or(b'=');
            text.push(char::from(if i < used { letter } else { b'=' }));
        }
    }
    text
}

fn annotations(config: &Config, name: &str, address: &str) -> Result<BTreeMap<String, String>> {
    let arguments = serde_json::to_string(&config.shown())?;
    let mut environment: BTreeMap<String, String> = env::vars()
        .filter(|(name, _)| name.starts_with("K3S_") && name != "K3S_NODE_NAME")
        .map(
            |(name, value)| match name.ends_with("TOKEN") || name.ends_with("ENDPOINT") {
                true => (name, "********".to_owned()),
                false => (name, value),
            },
        )
        .collect();
    environment.insert("K3S_DATA_DIR".to_owned(), release::unpacked_directory()?);
    let environment = serde_json::to_string(&environment)?;
    let pairs = [
        ("k3s.io/hostname", name.to_owned()),
        ("k3s.io/internal-ip", address.to_owned()),
        ("k3s.io/node-config-hash", config_hash(&arguments, &environment)),
        ("k3s.io/node-args", arguments),
        ("k3s.io/node-env", environment),
    ];
    Ok(pairs.map(|(key, value)| (key.to_owned(), value)).into())
}

fn labels(config: &Config, name: &str) -> BTreeMap<String, String> {
    let architecture = match env::consts::ARCH {
        "aarch64" => "arm64",
        _ => "amd64",
    };
    let own = [
        ("kubernetes.io/hostname", name),
        ("kubernetes.io/os", "linux"),
        ("kubernetes.io/arch", architecture),
        ("beta.kubernetes.io/os", "linux"),
        ("beta.kubernetes.io/arch", architecture),
        ("node.kubernetes.io/instance-type", "k3s"),
        ("beta.kubernetes.io/instance-type", "k3s"),
    ];
    let mut labels: BTreeMap<String, String> = own.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
    for label in config.list("node-label") {
        let (key, value) = label.split_once('=').unwrap_or((&label, ""));
        labels.insert(key.to_owned(), value.to_owned());
    }
    labels
}

/// `key=value:Effect`, where the value may be missing.
fn taint(text: &str) -> Option<Value> {
    let (key, effect) = text.rsplit_once(':')?;
    let (key, value) = key.split_once('=').unwrap_or((key, ""));
    Some(json!({"key": key, "value": value, "effect": effect}))
}

fn node_info() -> Value {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default().trim().to_owned();
    let os = read("/etc/os-release");
    let os = os.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="));
    json!({
        "architecture": "amd64",
        "bootID": read("/proc/sys/kernel/random/boot_id"),
        "containerRuntimeVersion": "containerd://2.1.4-k3s1",
        "kernelVersion": read("/proc/sys/kernel/osrelease"),
        "kubeProxyVersion": "",
        "kubeletVersion": release::version(),
        "machineID": read("/etc/machine-id"),
        "operatingSystem": "linux",
        "osImage": os.unwrap_or("Linux").trim_matches('"'),
        "systemUUID": "",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn config_hash_is_base32_of_sha256() {
        // By `printf '%s' '["server"]{}' | sha256sum | xxd -r -p | base32`.
        let hash = config_hash(r#"["server"]"#, "{}");
        assert_eq!(hash, "MLFMUCBMRVINLJJKSG32TOUFWB4CN55GMSNY25AZPESQXZCYRN2A====");
    }

    #[test]
    fn taint_has_a_value_or_none() {
        let with = taint("dedicated=db:NoExecute").unwrap();
        assert_eq!(with, json!({"key": "dedicated", "value": "db", "effect": "NoExecute"}));
        let without = taint("node-role.kubernetes.io/control-plane=:NoSchedule").unwrap();
        assert_eq!(without["key"], "node-role.kubernetes.io/control-plane");
        assert_eq!(without["value"], "");
    }
}
