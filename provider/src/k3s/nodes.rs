//! Nodes through the API of their cluster: cordoned, drained, deleted, labeled and tainted.
//!
//! Kubelets make Nodes and others write to them, so of each only what this provider has set is ever taken back: a
//! cordon that carries its mark, and the labels and taints that are [noted] on the Node itself. Nothing is known but
//! what the cluster knows, so each call can be repeated by a process that knows nothing of the one before.
//!
//! [`drain`] empties a node. Where the API is asked, and how often, is decided in [`crate::kubernetes`].

use std::fmt;

use k8s_openapi::api::core::v1::Node;
use serde_json::json;

use super::config::NodeSettings;
use super::probe::NodeState;
use super::probe::node::CORDONED_BY;
use crate::kubernetes::{Cluster, Error, LiveObject, ObjectKey};

pub mod drain;
mod local;
pub mod noted;

pub use self::drain::{Drain, DrainError, Drained};
pub use self::noted::Noted;

/// The Nodes of a cluster.
#[derive(Clone, Debug)]
pub struct Nodes {
    cluster: Cluster,
    owner: String,
}

/// A volume that is attached to a Node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// The name of the PersistentVolume, or of the attachment where the volume is none.
    pub volume: String,
    /// The CSI driver that has attached it.
    pub attacher: String,
}

impl Nodes {
    /// The Nodes of a cluster. `owner` is the id of the cluster's resource, by which a cordon of ours is known.
    #[must_use]
    pub fn new(cluster: Cluster, owner: &str) -> Self {
        Self {
            cluster,
            owner: owner.to_owned(),
        }
    }

    /// All Nodes.
    ///
    /// # Errors
    /// The cluster does not answer, or does not allow it.
    pub async fn list(&self) -> Result<Vec<NodeState>, Error> {
        self.cluster.nodes().await?.iter().map(LiveObject::decode).collect()
    }

    /// One Node, if it is there.
    ///
    /// # Errors
    /// The cluster does not answer, or does not allow it.
    pub async fn find(&self, name: &str) -> Result<Option<NodeState>, Error> {
        let live = self.cluster.find_object(&key(name)).await?;
        live.as_ref().map(LiveObject::decode).transpose()
    }

    /// Keeps new pods from a Node. A cordon of somebody else stays theirs. A Node that is not there needs none.
    ///
    /// # Errors
    /// The cluster does not answer, or does not allow it.
    pub async fn cordon(&self, name: &str) -> Result<(), Error> {
        let change = |live: &LiveObject| {
            if is_cordoned(live) {
                return Vec::new();
            }
            let mut annotations = live
                .json()
                .pointer("/metadata/annotations")
                .cloned()
                .unwrap_or(json!({}));
            annotations[CORDONED_BY] = json!(self.owner);
            vec![
                json!({"op": "add", "path": "/metadata/annotations", "value": annotations}),
                json!({"op": "add", "path": "/spec/unschedulable", "value": true}),
            ]
        };
        self.cluster.edit(&key(name), change).await.map(|_| ())
    }

    /// Takes back our own cordon, and nobody else's.
    ///
    /// # Errors
    /// The cluster does not answer, or does not allow it.
    pub async fn uncordon(&self, name: &str) -> Result<(), Error> {
        let change = |live: &LiveObject| {
            let mark = live
                .json()
                .pointer("/metadata/annotations")
                .and_then(|all| all.get(CORDONED_BY));
            if mark.and_then(|mark| mark.as_str()) != Some(&self.owner) {
                return Vec::new();
            }
            let path = format!("/metadata/annotations/{}", escaped(CORDONED_BY));
            let mut steps = vec![json!({"op": "remove", "path": path})];
            if is_cordoned(live) {
                steps.push(json!({"op": "remove", "path": "/spec/unschedulable"}));
            }
            steps
        };
        self.cluster.edit(&key(name), change).await.map(|_| ())
    }

    /// Sets labels and taints, and removes those that were set before and are not wanted any more. Answers whether the
    /// Node is there.
    ///
    /// # Errors
    /// The cluster does not answer, or refuses a label or a taint.
    pub async fn set(&self, name: &str, settings: &NodeSettings) -> Result<bool, Error> {
        self.cluster
            .edit(&key(name), |live| noted::steps(settings, live.json()))
            .await
    }

    /// Deletes a Node, and answers whether it is gone already: k3s may have to clean up after it first.
    ///
    /// # Errors
    /// The cluster does not answer, or does not allow it.
    pub async fn delete(&self, name: &str) -> Result<bool, Error> {
        self.cluster.delete_by_name(&key(name)).await
    }

    /// The volumes that are attached to a Node.
    ///
    /// # Errors
    /// The cluster does not answer, or does not allow it.
    pub async fn attachments(&self, name: &str) -> Result<Vec<Attachment>, Error> {
        let all = self.cluster.volume_attachments().await?;
        let here = all.into_iter().filter(|attachment| attachment.spec.node_name == name);
        let attachment = |attachment: k8s_openapi::api::storage::v1::VolumeAttachment| Attachment {
            volume: attachment
                .spec
                .source
                .persistent_volume_name
                .or(attachment.metadata.name)
                .unwrap_or_default(),
            attacher: attachment.spec.attacher,
        };
        Ok(here.map(attachment).collect())
    }
}

impl fmt::Display for Attachment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.volume, self.attacher)
    }
}

fn key(name: &str) -> ObjectKey {
    ObjectKey::cluster::<Node>(name)
}

fn is_cordoned(live: &LiveObject) -> bool {
    live.json()
        .pointer("/spec/unschedulable")
        .is_some_and(|value| value == true)
}

/// A key as a part of a JSON pointer.
fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests;
