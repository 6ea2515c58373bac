//! Nodes, and what is on them: the calls with which a node is emptied and changed.
//!
//! Nodes are nobody's objects: kubelets make them, and many write to them. So they are changed by patches that only fit
//! the version that was seen. Pods go by
//! [evictions](https://kubernetes.io/docs/concepts/scheduling-eviction/api-eviction/), which their PodDisruptionBudgets
//! can refuse.

use k8s_openapi::api::core::v1::{Node, PersistentVolume, Pod};
use k8s_openapi::api::storage::v1::VolumeAttachment;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::client::{Cluster, in_parallel};
use super::error::Error;
use super::kind::{Kind, encode_segment};
use super::object::ObjectKey;
use super::ownership::MANAGER;
use super::read::LiveObject;
use super::request::{Call, Patch};

/// How often an object that changed meanwhile is looked at anew. Kubelets and controllers write to Nodes all the time.
const TRIES: usize = 8;

/// What came of the request to evict a pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Eviction {
    /// It goes, or is gone already.
    Going,
    /// It has to stay for now, for this reason.
    Refused(String),
}

impl LiveObject {
    /// The object as a typed value.
    ///
    /// # Errors
    /// It has not the shape of that type.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, Error> {
        T::deserialize(self.json()).map_err(|source| Error::Decode {
            call: Call::on("get", self.key()),
            source,
        })
    }
}

impl Cluster {
    /// Reads all Nodes.
    ///
    /// # Errors
    /// Listing them is forbidden, or the cluster does not answer.
    pub async fn nodes(&self) -> Result<Vec<LiveObject>, Error> {
        let items = self.list(Kind::cluster::<Node>(), None, "").await?;
        items.into_iter().map(LiveObject::from_json).collect()
    }

    /// Reads the pods of a Node, of all namespaces.
    ///
    /// # Errors
    /// Listing pods is forbidden, or the cluster does not answer.
    pub async fn pods_on(&self, node: &str) -> Result<Vec<Pod>, Error> {
        let query = format!("fieldSelector={}", encode_segment(&format!("spec.nodeName={node}")));
        self.list_everywhere(Kind::namespaced::<Pod>(), &query).await
    }

    /// Reads which volumes are attached to Nodes.
    ///
    /// # Errors
    /// Listing them is forbidden, or the cluster does not answer.
    pub async fn volume_attachments(&self) -> Result<Vec<VolumeAttachment>, Error> {
        self.list_everywhere(Kind::cluster::<VolumeAttachment>(), "").await
    }

    /// Reads all volumes.
    ///
    /// # Errors
    /// Listing them is forbidden, or the cluster does not answer.
    pub async fn persistent_volumes(&self) -> Result<Vec<PersistentVolume>, Error> {
        self.list_everywhere(Kind::cluster::<PersistentVolume>(), "").await
    }

    /// Asks pods to go, as many as their budgets allow; the results are in the order of the pods.
    ///
    /// # Errors
    /// Evicting is forbidden, or the cluster does not answer.
    pub async fn evict_all(&self, pods: &[&Pod]) -> Result<Vec<Eviction>, Error> {
        let evictions = pods.iter().map(|pod| self.evict(pod)).collect();
        in_parallel(evictions).await.into_iter().collect()
    }

    /// Changes an object by the steps of a JSON patch that follow from what it is; no steps are no change. Answers
    /// whether the object is there.
    ///
    /// # Errors
    /// The server refuses the change, or somebody changes the object again and again.
    pub async fn edit(
        &self,
        key: &ObjectKey,
        change: impl Fn(&LiveObject) -> Vec<Value> + Send + Sync,
    ) -> Result<bool, Error> {
        let mut tries = 0;
        let mut refused: Option<(Option<Value>, Error)> = None;
        loop {
            tries += 1;
            let Some(live) = self.find_object(key).await? else {
                return Ok(false);
            };
            let steps = change(&live);
            if steps.is_empty() {
                return Ok(true);
            }
            let version = live.json().pointer("/metadata/resourceVersion");
            match refused.take() {
                // Nobody has changed it: it is the change itself that is refused.
                Some((seen, error)) if seen.as_ref() == version => return Err(error),
                Some(_) | None => {}
            }
            let mut patch = vec![json!({"op": "test", "path": "/metadata/resourceVersion", "value": version})];
            patch.extend(steps);
            let query = format!("fieldManager={MANAGER}");
            match self.patch(key, Patch::Json, &query, &Value::Array(patch)).await {
                Ok(_) => return Ok(true),
                Err(error) if error.is_not_found() => return Ok(false),
                // It is another version by now than the one that was seen.
                Err(error @ (Error::Rejected { .. } | Error::Conflict { .. })) if tries < TRIES => {
                    refused = Some((version.cloned(), error));
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Deletes an object of which only the name counts. Answers whether it is gone already: finalizers may hold it.
    ///
    /// # Errors
    /// The server refuses it, or the cluster does not answer.
    pub async fn delete_by_name(&self, key: &ObjectKey) -> Result<bool, Error> {
        let options = json!({"apiVersion": "v1", "kind": "DeleteOptions"});
        match self.delete_object(key, &options).await? {
            Some(_) => Ok(self.find_object(key).await?.is_none()),
            None => Ok(true),
        }
    }

    async fn evict(&self, pod: &Pod) -> Result<Eviction, Error> {
        let metadata = &pod.metadata;
        let name = |name: &Option<String>| name.clone().unwrap_or_default();
        let key = ObjectKey::namespaced::<Pod>(&name(&metadata.namespace), &name(&metadata.name));
        match self.post_eviction(&key, &name(&metadata.uid)).await {
            Ok(()) => Ok(Eviction::Going),
            // Another pod has its name by now.
            Err(Error::Conflict { .. }) => Ok(Eviction::Going),
            Err(error) if error.is_not_found() => Ok(Eviction::Going),
            Err(Error::DisruptionBudget { message, .. }) => Ok(Eviction::Refused(message)),
            // Whoever deletes the namespace deletes the pod, too.
            Err(Error::NamespaceTerminating { .. }) => {
                Ok(Eviction::Refused("its namespace is being deleted".to_owned()))
            }
            Err(error) => Err(error),
        }
    }

    /// Lists a kind of the whole cluster as typed values.
    async fn list_everywhere<T: DeserializeOwned>(&self, kind: Kind, query: &str) -> Result<Vec<T>, Error> {
        let items = self.list(kind, None, query).await?;
        let typed: Result<_, _> = items.into_iter().map(serde_json::from_value).collect();
        typed.map_err(|source| Error::Decode {
            call: Call {
                verb: "list",
                resource: kind.resource().into(),
                namespace: None,
                name: None,
            },
            source,
        })
    }
}

#[cfg(test)]
mod tests;
