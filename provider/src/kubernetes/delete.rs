//! Removes objects, in the reverse of the order in which they are made, and tells what holds up those that stay.
//!
//! Each delete names the UID that was seen, so that an object of the same name which somebody made since is left alone.
//! Workloads are deleted in the
//! [foreground](https://kubernetes.io/docs/concepts/architecture/garbage-collection/#foreground-deletion): they stay
//! visible until their Pods are gone, so that their volumes are free when their turn comes.

use std::cmp::Reverse;
use std::fmt;

use serde_json::{Value, json};
use tracing::debug;

use super::client::{Cluster, in_parallel};
use super::error::Error;
use super::kind::Kind;
use super::object::ObjectKey;
use super::ownership::{Owner, OwnerId, Taken};
use super::read::{Found, LiveObject};
use super::request::Patch;

/// An object that was asked to go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deleting {
    /// The object.
    pub key: ObjectKey,
    /// Its UID.
    pub uid: String,
}

/// An object that is still there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remaining {
    /// The object.
    pub key: ObjectKey,
    /// What must be done before it can go.
    pub finalizers: Vec<String>,
    /// What the server says about it, if anything; a namespace says what is left in it.
    pub messages: Vec<String>,
}

impl Remaining {
    /// What a live object says about its going.
    pub(super) fn of(live: &LiveObject) -> Self {
        Remaining {
            key: live.key().clone(),
            finalizers: live.finalizers(),
            messages: messages(live),
        }
    }
}

impl fmt::Display for Remaining {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.key)?;
        if !self.finalizers.is_empty() {
            write!(f, " (waits for finalizers: {})", self.finalizers.join(", "))?;
        }
        for message in &self.messages {
            write!(f, "; {message}")?;
        }
        Ok(())
    }
}

impl Cluster {
    /// Deletes objects that were read, last made first, and returns what was asked to go. Objects that are gone already
    /// count as done. A caller that wants some to be gone before others go (all users of a volume before the volume)
    /// deletes in steps, with [`Cluster::probe_gone`] between them.
    ///
    /// # Errors
    /// An object does not carry `owner`'s mark (nothing was deleted then), or the server refuses a delete; the rest are
    /// still asked to go.
    pub async fn delete(&self, owner: &OwnerId, found: &Found) -> Result<Vec<Deleting>, Error> {
        let foreign: Vec<_> = found
            .objects()
            .filter(|live| !owner.owns(live))
            .map(|live| Taken {
                object: live.key().clone(),
                owner: Owner::of(live),
            })
            .collect();
        if !foreign.is_empty() {
            return Err(Error::Taken(foreign));
        }
        let mut objects: Vec<_> = found.objects().collect();
        objects.sort_by_key(|live| Reverse(live.key().kind.rank()));
        let mut deleting = Vec::new();
        let mut errors = Vec::new();
        for live in objects {
            match self.delete_one(live).await {
                Ok(deleted) => deleting.extend(deleted),
                Err(error) => errors.push(error),
            }
        }
        match Error::from_many(errors) {
            Some(error) => Err(error),
            None => Ok(deleting),
        }
    }

    /// Tells which of the objects that were asked to go are still there, and why. Empty means that all are gone; an
    /// object of the same name that came later is not ours and does not count.
    ///
    /// # Errors
    /// The cluster does not answer, which does not mean that anything is gone.
    pub async fn probe_gone(&self, deleting: &[Deleting]) -> Result<Vec<Remaining>, Error> {
        let answers = in_parallel(deleting.iter().map(|one| self.get(&one.key)).collect()).await;
        let mut remaining = Vec::new();
        for (one, answer) in deleting.iter().zip(answers) {
            if let Some(live) = answer?.map(LiveObject::from_json).transpose()?
                && live.uid() == one.uid
            {
                remaining.push(Remaining::of(&live));
            }
        }
        Ok(remaining)
    }

    /// Takes finalizers off an object whose keeper is gone for good. One that is gone already counts as done.
    ///
    /// # Errors
    /// The server refuses it, such as for an object that has changed meanwhile.
    pub async fn drop_finalizers(&self, live: &LiveObject, is_dropped: impl Fn(&str) -> bool) -> Result<(), Error> {
        let mut kept = live.finalizers();
        kept.retain(|one| !is_dropped(one));
        let version = live.json().pointer("/metadata/resourceVersion");
        let patch = json!([
            {"op": "test", "path": "/metadata/resourceVersion", "value": version},
            {"op": "replace", "path": "/metadata/finalizers", "value": kept},
        ]);
        match self.patch(live.key(), Patch::Json, "", &patch).await {
            Err(error) if !error.is_not_found() => Err(error),
            _ => Ok(()),
        }
    }

    async fn delete_one(&self, live: &LiveObject) -> Result<Option<Deleting>, Error> {
        let (key, uid) = (live.key(), live.uid());
        let options = json!({
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "propagationPolicy": propagation(key.kind),
            "preconditions": {"uid": uid},
        });
        match self.delete_object(key, &options).await {
            Ok(Some(_)) => {
                debug!(object = %key, "asked Kubernetes object to go");
                Ok(Some(Deleting {
                    key: key.clone(),
                    uid: uid.to_owned(),
                }))
            }
            Ok(None) => Ok(None),
            // The only precondition is the UID: somebody else's object has the name by now, and ours is gone.
            Err(Error::Conflict { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

fn propagation(kind: Kind) -> &'static str {
    match kind.kind {
        "Deployment" | "StatefulSet" | "DaemonSet" | "Job" => "Foreground",
        _ => "Background",
    }
}

/// A namespace on its way out has conditions that say what is left in it; they are `True` when something is.
fn messages(live: &LiveObject) -> Vec<String> {
    if live.key().kind.kind != "Namespace" || !live.is_being_deleted() {
        return Vec::new();
    }
    let conditions = live.json().pointer("/status/conditions").and_then(Value::as_array);
    conditions
        .into_iter()
        .flatten()
        .filter(|condition| condition.get("status").and_then(Value::as_str) == Some("True"))
        .filter_map(|condition| condition.get("message")?.as_str().map(str::to_owned))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::ownership::{MANAGED_BY_LABEL, MANAGER, OWNER_LABEL};
    use super::super::testing::{Exchange, cluster};
    use super::*;

    fn live(api_version: &str, kind: &str, owner: &str) -> LiveObject {
        let labels = json!({MANAGED_BY_LABEL: MANAGER, OWNER_LABEL: owner});
        let metadata = json!({"name": "x", "namespace": "cht", "uid": format!("uid-{kind}"), "labels": labels});
        LiveObject::from_json(json!({"apiVersion": api_version, "kind": kind, "metadata": metadata})).unwrap()
    }

    fn us() -> OwnerId {
        OwnerId::new("one").unwrap()
    }

    #[tokio::test]
    async fn objects_go_in_reverse_with_their_uid_and_gone_or_remade_ones_are_done() {
        let found = [
            live("v1", "Namespace", "one"),
            live("apps/v1", "Deployment", "one"),
            live("v1", "Service", "one"),
            live("v1", "PersistentVolumeClaim", "one"),
        ];
        let remade = json!({"kind": "Status", "reason": "Conflict", "message": "Precondition failed: UID"});
        let (cluster, server) = cluster(vec![
            Exchange::delete("/deployments/x").answer(200, json!({})),
            Exchange::delete("/services/x").answer(404, json!({"kind": "Status"})),
            Exchange::delete("/persistentvolumeclaims/x").answer(409, remade),
            Exchange::delete("/api/v1/namespaces/x").answer(200, json!({})),
        ]);
        let deleting = cluster.delete(&us(), &found.into_iter().collect()).await.unwrap();
        let names: Vec<_> = deleting.iter().map(|one| one.key.to_string()).collect();
        assert_eq!(names, ["Deployment cht/x", "Namespace x"]);
        let bodies = server.finished().await;
        assert_eq!(bodies[0]["propagationPolicy"], "Foreground");
        assert_eq!(bodies[0]["preconditions"], json!({"uid": "uid-Deployment"}));
        assert_eq!(bodies[3]["propagationPolicy"], "Background");
    }

    #[tokio::test]
    async fn nothing_is_deleted_if_one_object_is_not_ours() {
        let (cluster, server) = cluster(vec![]);
        let found = [live("v1", "Service", "one"), live("v1", "Secret", "two")]
            .into_iter()
            .collect();
        let error = cluster.delete(&us(), &found).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "not ours to change: Secret cht/x belongs to another resource of this provider (two)"
        );
        server.finished().await;
    }

    #[tokio::test]
    async fn what_remains_names_its_finalizers_and_what_holds_it_up() {
        let deleting: Vec<_> = [
            ("v1", "Namespace"),
            ("v1", "PersistentVolumeClaim"),
            ("v1", "Service"),
            ("v1", "Secret"),
        ]
        .map(|(api, kind)| live(api, kind, "one"))
        .map(|live| Deleting {
            key: live.key().clone(),
            uid: live.uid().to_owned(),
        })
        .into();
        let namespace = json!({"apiVersion": "v1", "kind": "Namespace",
            "metadata": {"name": "x", "uid": "uid-Namespace", "deletionTimestamp": "2026-01-01T00:00:00Z"},
            "status": {"conditions": [{"status": "False", "message": "fine"},
                                      {"status": "True", "message": "Some resources are remaining: pods. has 1"}]}});
        let claim = json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "x",
            "namespace": "cht", "uid": "uid-PersistentVolumeClaim", "finalizers": ["kubernetes.io/pvc-protection"]}});
        let remade = json!({"apiVersion": "v1", "kind": "Secret",
            "metadata": {"name": "x", "namespace": "cht", "uid": "another"}});
        let (cluster, server) = cluster(vec![
            Exchange::get("/api/v1/namespaces/x").answer(200, namespace),
            Exchange::get("/persistentvolumeclaims/x").answer(200, claim),
            Exchange::get("/services/x").answer(404, json!({"kind": "Status"})),
            Exchange::get("/secrets/x").answer(200, remade),
        ]);
        let texts: Vec<_> = cluster
            .probe_gone(&deleting)
            .await
            .unwrap()
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(
            texts,
            [
                "Namespace x; Some resources are remaining: pods. has 1",
                "PersistentVolumeClaim cht/x (waits for finalizers: kubernetes.io/pvc-protection)"
            ]
        );
        server.finished().await;
    }
}
