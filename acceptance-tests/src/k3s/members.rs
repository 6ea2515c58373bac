//! The controller that k3s runs over etcd and nodes: it promotes learners, removes the members of deleted nodes, and
//! says on the Node whether its member votes. The member that leads does the work for all.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use k8s_openapi::api::core::v1::Node;
use kube::api::{ListParams, Patch, PatchParams};
use kube::{Api, Client, ResourceExt as _};
use serde_json::json;
use tokio::time::{self, Instant};

use super::etcd::Etcd;
use super::node::{ETCD_FINALIZER, NODE_FINALIZER};
use super::{faults, log, password};

/// Between two looks.
const INTERVAL: Duration = Duration::from_secs(1);

/// Between two looks at learners. No server votes before it was seen twice.
const PROMOTION: Duration = Duration::from_secs(2);

/// A learner that was not promoted for so long is removed, so that others can join.
const STALLED: Duration = Duration::from_secs(300);

/// Asks for the removal of a node's member.
const REMOVE: &str = "etcd.k3s.cattle.io/remove";

/// Says which member was removed.
const REMOVED: &str = "etcd.k3s.cattle.io/removed-node-name";

/// The name of a node's member.
const MEMBER: &str = "etcd.k3s.cattle.io/node-name";

/// What the controller looks after: a cluster whose etcd is its own, or one whose datastore is somebody else's.
#[derive(Clone)]
pub(super) struct Members {
    pub(super) client: Client,
    pub(super) etcd: Option<Etcd>,
    pub(super) own_member: String,
    pub(super) own_node: String,
}

impl Members {
    /// Looks after them, for ever.
    pub(super) async fn look_after(&self) {
        loop {
            if let Err(error) = self.look().await {
                log::error(&format!("error syncing nodes: {error:#}"));
            }
            time::sleep(INTERVAL).await;
        }
    }

    async fn look(&self) -> Result<()> {
        let nodes = Api::<Node>::all(self.client.clone());
        if let Some(etcd) = &self.etcd {
            let status = etcd.status().await.context("failed to check local etcd status")?;
            self.report(&nodes, etcd).await?;
            if !status.is_leader {
                return Ok(());
            }
        }
        for node in nodes.list(&ListParams::default()).await? {
            let asked = node.annotations().get(REMOVE).is_some_and(|value| value == "true");
            if node.metadata.deletion_timestamp.is_some() {
                self.finalize(&nodes, &node).await?;
            } else if asked && !node.annotations().contains_key(REMOVED) {
                let Some(member) = node.annotations().get(MEMBER) else {
                    continue;
                };
                self.remove(member).await?;
                let patch = json!({"metadata": {"annotations": {REMOVED: member, MEMBER: null}}});
                patch_node(&nodes, &node, patch).await?;
            }
        }
        Ok(())
    }

    /// What has to happen before a deleted node is gone.
    async fn finalize(&self, nodes: &Api<Node>, node: &Node) -> Result<()> {
        let finalizers = node.finalizers();
        if finalizers.iter().any(|name| name == ETCD_FINALIZER)
            && let Some(member) = node.annotations().get(MEMBER)
        {
            self.remove(member).await?;
        }
        password::forget(self.client.clone(), &node.name_any()).await?;
        let kept: Vec<_> = finalizers
            .iter()
            .filter(|name| *name != ETCD_FINALIZER && *name != NODE_FINALIZER)
            .collect();
        if kept.len() == finalizers.len() {
            return Ok(());
        }
        let patch = json!({"metadata": {"finalizers": kept, "resourceVersion": node.resource_version()}});
        patch_node(nodes, node, patch).await
    }

    /// Removes a member, by its name. A member that leads hands over first; the next leader removes it.
    async fn remove(&self, name: &str) -> Result<()> {
        let Some(etcd) = &self.etcd else { return Ok(()) };
        let members = etcd.members().await?;
        let Some(member) = members.iter().find(|member| member.name == name) else {
            return Ok(());
        };
        let other = members.iter().find(|other| other.name != name && !other.is_learner);
        match other {
            None => {
                log::error("node has been deleted from the cluster");
                Ok(())
            }
            Some(other) if name == self.own_member => {
                etcd.move_leader(&other.id).await?;
                bail!("leadership was handed to {}, which removes {name}", other.name)
            }
            Some(_) => {
                log::info(&format!(
                    "Removing name={name} id={} address={} from etcd",
                    member.id, member.peer_url
                ));
                etcd.remove(&member.id).await
            }
        }
    }

    /// Says on the own Node whether the member votes.
    async fn report(&self, nodes: &Api<Node>, etcd: &Etcd) -> Result<()> {
        let members = etcd.members().await?;
        let own = members.iter().find(|member| member.name == self.own_member);
        let (status, reason, message) = match own {
            Some(member) if !member.is_learner => (
                "True",
                "MemberNotLearner",
                "Node is a voting member of the etcd cluster",
            ),
            Some(_) => (
                "False",
                "MemberIsLearner",
                "Node has not been promoted to voting member of the etcd cluster",
            ),
            None => ("False", "NotAMember", "Node is not a member of the etcd cluster"),
        };
        let condition = json!({
            "type": "EtcdIsVoter", "status": status, "reason": reason, "message": message,
            "lastHeartbeatTime": log::now(),
        });
        let patch = Patch::Strategic(json!({"status": {"conditions": [condition]}}));
        match nodes
            .patch_status(&self.own_node, &PatchParams::default(), &patch)
            .await
        {
            // It is not registered yet.
            Err(kube::Error::Api(status)) if status.code == 404 => Ok(()),
            other => Ok(other.map(drop)?),
        }
    }
}

/// Makes voters of learners, on the member that leads, for ever. Needs no API server: a server that joins may be
/// waiting.
pub(super) async fn promote(etcd: &Etcd) {
    let mut learners = BTreeMap::new();
    loop {
        if !faults::has("never-promoted") {
            match promote_known(etcd, &learners).await {
                Ok(found) => learners = found,
                Err(error) => log::warning(&format!(
                    "Failed to track learner progress towards promotion: {error:#}"
                )),
            }
        }
        time::sleep(PROMOTION).await;
    }
}

/// Promotes the learners that were seen before, removes those that lag behind for too long, and answers those that
/// there are, with when each was seen first.
async fn promote_known(etcd: &Etcd, known: &BTreeMap<String, Instant>) -> Result<BTreeMap<String, Instant>> {
    if !etcd.status().await?.is_leader {
        return Ok(BTreeMap::new());
    }
    let mut learners = BTreeMap::new();
    for member in etcd.members().await?.into_iter().filter(|member| member.is_learner) {
        let since = known.get(&member.id).copied();
        // One that has not started has no name, and one that lags behind is refused, and tried again.
        if since.is_some() && !member.name.is_empty() && etcd.promote(&member.id).await.is_ok() {
            log::info(&format!("Promoted learner {}", member.name));
            continue;
        }
        let since = since.unwrap_or_else(Instant::now);
        if since.elapsed() > STALLED {
            log::warning(&format!("Removing learner {}: it has stalled", member.name));
            etcd.remove(&member.id).await?;
            continue;
        }
        learners.insert(member.id, since);
    }
    Ok(learners)
}

async fn patch_node(nodes: &Api<Node>, node: &Node, patch: serde_json::Value) -> Result<()> {
    let patched = nodes
        .patch(&node.name_any(), &PatchParams::default(), &Patch::Merge(patch))
        .await;
    match patched {
        Err(kube::Error::Api(status)) if status.code == 404 => Ok(()),
        other => Ok(other.map(drop)?),
    }
}
