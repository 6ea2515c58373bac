//! What the programs of vSphere do in a cluster, played by a task of the lab, as no image runs there: the cloud
//! provider and the CSI driver.
//!
//! They work as long as their pods run and have a login that the vCenter takes. The cloud provider finds the machine of
//! each node by its BIOS UUID, lets nodes in whose machine runs, and removes those whose machine is gone, as the real
//! one does. The driver registers itself with the kubelets, and makes volumes.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use k8s_openapi::api::apps::v1::{DaemonSet, Deployment};
use k8s_openapi::api::core::v1::{Node, Pod, Secret};
use k8s_openapi::api::storage::v1::CSINode;
use kube::api::{DeleteParams, ListParams, Patch, PatchParams, PostParams};
use kube::{Api, Client, ResourceExt};
use serde_json::{Value, json};
use tokio::time;
use tokio_util::task::AbortOnDropHandle;

use crate::cluster::controllers::provisioner;
use crate::hosts::Hosts;
use crate::k3s::lab;
use crate::vcenter::VCenter;

/// Between two looks at a cluster.
const LOOK: Duration = Duration::from_secs(1);

/// Who makes volumes.
const DRIVER: &str = "csi.vsphere.vmware.com";

/// Where the driver is.
const DRIVER_NAMESPACE: &str = "vmware-system-csi";

/// The part of the driver that is on each node.
const DRIVER_ON_NODES: &str = "vsphere-csi-node";

/// What keeps pods from a node until the cloud provider knows it.
const UNINITIALIZED: &str = "node.cloudprovider.kubernetes.io/uninitialized";

/// A login that the vCenter takes.
pub(super) struct Login {
    user: String,
    password: String,
}

impl Login {
    pub(super) fn new(user: &str, password: &str) -> Self {
        Self {
            user: user.to_owned(),
            password: password.to_owned(),
        }
    }

    /// Whether a configuration has it.
    fn is_in(&self, text: &str) -> bool {
        text.contains(&self.user) && text.contains(&self.password)
    }
}

/// Works in whatever cluster is on the hosts, for ever.
pub(super) async fn play(vcenter: &VCenter, hosts: &Hosts, login: &Login) {
    loop {
        for host in hosts.iter() {
            if let Ok(client) = lab::client(host).await {
                let mut volumes = None;
                while work(vcenter, &client, login, &mut volumes).await.is_ok() {
                    time::sleep(LOOK).await;
                }
            }
        }
        time::sleep(LOOK).await;
    }
}

/// Does once what there is to do.
async fn work(
    vcenter: &VCenter,
    client: &Client,
    login: &Login,
    volumes: &mut Option<AbortOnDropHandle<()>>,
) -> Result<()> {
    let nodes = Api::<Node>::all(client.clone());
    let listed = nodes.list(&ListParams::default()).await?.items;
    if cloud_provider_works(client, login).await? {
        let machines = vcenter.machines().await?;
        for node in &listed {
            let uuid = provider_uuid(node);
            let machine = machines.iter().find(|machine| Some(&machine.uuid) == uuid.as_ref());
            match machine {
                Some(machine) if machine.guest.tools_running => let_in(&nodes, node).await?,
                None if uuid.is_some() && !is_ready(node) => {
                    nodes.delete(&node.name_any(), &DeleteParams::default()).await?;
                }
                _ => {}
            }
        }
    }
    let with_driver = nodes_with_driver(client, login).await?;
    for node in &listed {
        register(client, node, with_driver.contains(&node.name_any())).await?;
    }
    let controllers = Api::<Deployment>::namespaced(client.clone(), DRIVER_NAMESPACE);
    let controller = controllers.get_opt("vsphere-csi-controller").await?;
    let ready = controller.and_then(|controller| controller.status?.ready_replicas);
    if ready.unwrap_or_default() == 0 {
        *volumes = None;
    } else if volumes.is_none() {
        let serving = provisioner::run(client.clone(), DRIVER);
        *volumes = Some(AbortOnDropHandle::new(tokio::spawn(serving)));
    }
    Ok(())
}

async fn cloud_provider_works(client: &Client, login: &Login) -> Result<bool> {
    let sets = Api::<DaemonSet>::namespaced(client.clone(), "kube-system");
    let set = sets.get_opt("vsphere-cloud-controller-manager").await?;
    let ready = set.and_then(|set| set.status).map(|status| status.number_ready);
    let config = secret(client, "kube-system", "vsphere-cloud-secret").await?;
    Ok(ready.unwrap_or_default() > 0 && login.is_in(&config))
}

/// The nodes on which the driver runs.
async fn nodes_with_driver(client: &Client, login: &Login) -> Result<BTreeSet<String>> {
    let config = secret(client, DRIVER_NAMESPACE, "vsphere-config-secret").await?;
    if !login.is_in(&config) {
        return Ok(BTreeSet::new());
    }
    let pods = Api::<Pod>::namespaced(client.clone(), DRIVER_NAMESPACE);
    let pods = pods.list(&ListParams::default()).await?.items.into_iter();
    let runs = |pod: &Pod| {
        let phase = pod.status.as_ref().and_then(|status| status.phase.as_deref());
        let is_ours = pod.owner_references().iter().any(|owner| owner.name == DRIVER_ON_NODES);
        is_ours && phase == Some("Running") && pod.metadata.deletion_timestamp.is_none()
    };
    Ok(pods.filter(runs).filter_map(|pod| pod.spec?.node_name).collect())
}

/// All that is in a Secret, as a text; nothing if there is none.
async fn secret(client: &Client, namespace: &str, name: &str) -> Result<String> {
    let secret = Api::<Secret>::namespaced(client.clone(), namespace)
        .get_opt(name)
        .await?;
    let data = secret.and_then(|secret| secret.data).unwrap_or_default();
    let values = data
        .into_values()
        .map(|value| String::from_utf8_lossy(&value.0).into_owned());
    Ok(values.collect::<Vec<_>>().join("\n"))
}

/// The BIOS UUID by which the machine of a node is looked for.
fn provider_uuid(node: &Node) -> Option<String> {
    let provider_id = node.spec.as_ref()?.provider_id.as_ref()?;
    provider_id.strip_prefix("vsphere://").map(str::to_lowercase)
}

fn is_ready(node: &Node) -> bool {
    let conditions = node.status.as_ref().and_then(|status| status.conditions.as_ref());
    let mut conditions = conditions.into_iter().flatten();
    conditions.any(|condition| condition.type_ == "Ready" && condition.status == "True")
}

/// Takes the taint from a node.
async fn let_in(nodes: &Api<Node>, node: &Node) -> Result<()> {
    let taints = node.spec.as_ref().and_then(|spec| spec.taints.as_ref());
    let (waits, rest): (Vec<_>, Vec<_>) = taints
        .into_iter()
        .flatten()
        .partition(|taint| taint.key == UNINITIALIZED);
    if waits.is_empty() {
        return Ok(());
    }
    // The version makes sure that no taint is lost that another has added.
    let patch = json!({
        "metadata": {"resourceVersion": node.resource_version()},
        "spec": {"taints": rest},
    });
    apply(nodes, &node.name_any(), patch).await
}

/// Notes whether a node has the driver, where a kubelet notes it.
async fn register(client: &Client, node: &Node, has_driver: bool) -> Result<()> {
    let noted = Api::<CSINode>::all(client.clone());
    let name = node.name_any();
    let is = noted.get_opt(&name).await?;
    let driver = json!({"name": DRIVER, "nodeID": provider_uuid(node).unwrap_or_default()});
    let drivers: Vec<Value> = has_driver.then_some(driver).into_iter().collect();
    match is {
        Some(is) if is.spec.drivers.is_empty() != has_driver => Ok(()),
        Some(_) => apply(&noted, &name, json!({"spec": {"drivers": drivers}})).await,
        None => {
            let owner = json!({"apiVersion": "v1", "kind": "Node", "name": name, "uid": node.uid()});
            let made = json!({
                "metadata": {"name": name, "ownerReferences": [owner]},
                "spec": {"drivers": drivers},
            });
            let made = noted
                .create(&PostParams::default(), &serde_json::from_value(made)?)
                .await;
            made.map(drop).with_context(|| format!("create the CSINode {name}"))
        }
    }
}

/// Changes an object. One that is gone or was changed meanwhile is looked at again.
async fn apply<K>(objects: &Api<K>, name: &str, patch: Value) -> Result<()>
where
    K: Clone + std::fmt::Debug + serde::de::DeserializeOwned,
{
    match objects.patch(name, &PatchParams::default(), &Patch::Merge(patch)).await {
        Err(kube::Error::Api(status)) if status.is_not_found() || status.is_conflict() => Ok(()),
        Err(error) => bail!(error),
        Ok(_) => Ok(()),
    }
}
