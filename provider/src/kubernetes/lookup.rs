//! Looks at what belongs to others: classes, nodes, volumes. Nothing of that is ours to change, so what may not be read
//! is only not known; except for objects that are to be taken over, which have to be read.

use k8s_openapi::api::core::v1::Pod;
use serde_json::json;

use super::client::{Cluster, in_parallel};
use super::error::Error;
use super::kind::{Kind, encode_segment};
use super::object::ObjectKey;
use super::read::{Found, LiveObject, all_of};

/// What a look brings.
#[derive(Clone, Debug, PartialEq)]
pub enum Looked<T> {
    /// The answer.
    Known(T),
    /// These credentials may not ask.
    Forbidden,
}

impl<T> Looked<T> {
    /// The answer, if there is one.
    pub fn known(self) -> Option<T> {
        match self {
            Self::Known(answer) => Some(answer),
            Self::Forbidden => None,
        }
    }
}

impl Cluster {
    /// Reads one object, whosever it is; none if it is not there.
    ///
    /// # Errors
    /// The cluster does not answer.
    pub async fn look_at(&self, key: &ObjectKey) -> Result<Looked<Option<LiveObject>>, Error> {
        match self.get(key).await {
            Ok(live) => Ok(Looked::Known(live.map(LiveObject::from_json).transpose()?)),
            Err(error) if error.is_forbidden() => Ok(Looked::Forbidden),
            Err(error) => Err(error),
        }
    }

    /// Reads all objects of a kind of the whole cluster, whosever they are.
    ///
    /// # Errors
    /// The cluster does not answer.
    pub async fn look_at_all(&self, kind: Kind) -> Result<Looked<Vec<LiveObject>>, Error> {
        match self.list(kind, None, "").await {
            Ok(items) => {
                let live: Result<_, _> = items.into_iter().map(LiveObject::from_json).collect();
                Ok(Looked::Known(live?))
            }
            Err(error) if error.is_forbidden() => Ok(Looked::Forbidden),
            Err(error) => Err(error),
        }
    }

    /// Reads objects by their names, whoever made them; those that are not there are left out.
    ///
    /// # Errors
    /// Reading one is forbidden, or the cluster does not answer.
    pub async fn read_by_name(&self, keys: &[ObjectKey]) -> Result<Found, Error> {
        let mut found = Vec::new();
        for live in in_parallel(keys.iter().map(|key| self.get(key)).collect()).await {
            found.extend(live?.map(LiveObject::from_json).transpose()?);
        }
        Ok(found.into_iter().collect())
    }

    /// Reads all objects of some kinds in a namespace, whoever made them.
    ///
    /// # Errors
    /// Listing a kind is forbidden, or the cluster does not answer.
    pub async fn read_all(&self, kinds: &[Kind], namespace: &str) -> Result<Found, Error> {
        let lists = kinds.iter().map(|kind| self.list(*kind, Some(namespace), ""));
        all_of(in_parallel(lists.collect()).await)
    }

    /// Deletes the Pods with these labels, so that their owners make new ones.
    ///
    /// # Errors
    /// Listing or deleting Pods is forbidden, or the cluster does not answer.
    pub async fn delete_pods(&self, namespace: &str, labels: &str) -> Result<(), Error> {
        let query = format!("labelSelector={}", encode_segment(labels));
        for json in self.list(Kind::namespaced::<Pod>(), Some(namespace), &query).await? {
            let pod = LiveObject::from_json(json)?;
            let options = json!({
                "apiVersion": "v1",
                "kind": "DeleteOptions",
                "preconditions": {"uid": pod.uid()},
            });
            match self.delete_object(pod.key(), &options).await {
                // Another pod has its name by now, or none: it is gone either way.
                Ok(_) | Err(Error::Conflict { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::core::v1::PersistentVolume;
    use k8s_openapi::api::storage::v1::StorageClass;

    use super::super::testing::{Exchange, cluster};
    use super::*;

    #[tokio::test]
    async fn what_may_not_be_read_is_not_known_and_what_is_not_there_is() {
        let forbidden = json!({"kind": "Status", "reason": "Forbidden", "message": "no"});
        let (cluster, server) = cluster(vec![
            Exchange::get("/storageclasses/fast").answer(403, forbidden.clone()),
            Exchange::get("/storageclasses/slow").answer(404, json!({"kind": "Status"})),
            Exchange::get("/api/v1/persistentvolumes?").answer(403, forbidden),
        ]);
        let class = |name| ObjectKey::cluster::<StorageClass>(name);
        assert_eq!(cluster.look_at(&class("fast")).await.unwrap(), Looked::Forbidden);
        assert_eq!(cluster.look_at(&class("slow")).await.unwrap(), Looked::Known(None));
        let volumes = cluster.look_at_all(Kind::cluster::<PersistentVolume>()).await.unwrap();
        assert_eq!(volumes.known(), None);
        server.finished().await;
    }

    #[tokio::test]
    async fn a_cluster_is_known_by_its_first_namespace_to_those_who_may_read_that() {
        let metadata = json!({"name": "kube-system", "uid": "u"});
        let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata});
        let forbidden = json!({"kind": "Status", "reason": "Forbidden", "message": "no"});
        let (cluster, server) = cluster(vec![
            Exchange::get("/api/v1/namespaces/kube-system").answer(200, namespace),
            Exchange::get("/api/v1/namespaces/kube-system").answer(403, forbidden),
            Exchange::get("/api/v1/namespaces/kube-system").answer(404, json!("404 page not found")),
        ]);
        assert_eq!(cluster.identity().await.unwrap().as_deref(), Some("u"));
        assert_eq!(cluster.identity().await.unwrap(), None);
        assert!(cluster.identity().await.unwrap_err().is_of_another_server());
        server.finished().await;
    }

    #[tokio::test]
    async fn pods_are_deleted_by_label_and_uid() {
        let pods = json!({"items": [{"metadata": {"name": "p", "namespace": "cht", "uid": "u"}}]});
        let (cluster, server) = cluster(vec![
            Exchange::get("/api/v1/namespaces/cht/pods?limit=500&labelSelector=a%3Db").answer(200, pods),
            Exchange::delete("/api/v1/namespaces/cht/pods/p").answer(200, json!({})),
        ]);
        cluster.delete_pods("cht", "a=b").await.unwrap();
        let bodies = server.finished().await;
        assert_eq!(bodies[1]["preconditions"], json!({"uid": "u"}));
    }
}
