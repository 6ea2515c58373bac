//! Tells whether Deployments and DaemonSets are rolled out, and if not, why.
//!
//! A [`Rollout`] is probed by the framework's wait. A probe costs one list for each kind and namespace while all is
//! well; what it takes to find a cause (ReplicaSets, Pods, claims and their Events) is listed only while something is
//! not ready. [`diagnose`] decides on what was listed, without any I/O; `reason` has the causes.

mod diagnose;
mod grace;
mod reason;
mod workload;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use futures::try_join;
use k8s_openapi::api::apps::v1::{DaemonSet, ReplicaSet};
use k8s_openapi::api::core::v1::{Event, PersistentVolumeClaim, Pod};
use k8s_openapi::{NamespaceResourceScope, Resource};
use serde::de::DeserializeOwned;
use tf_framework::diagnostics::error_chain;
use tracing::debug;

use self::grace::Grace;
use super::client::Cluster;
use super::error::Error;
use super::kind::Kind;
use super::object::ObjectKey;

pub use self::diagnose::{Observed, diagnose};
pub use self::reason::{Cause, ClaimProblem, Reason};

/// How far workloads are.
#[derive(Clone, Debug, PartialEq)]
pub enum RolloutStatus {
    /// Not yet there; says what is awaited.
    Progressing(String),
    /// All Pods are of the newest revision and available.
    Ready,
    /// Something is in the way that may still go away.
    Blocked(Reason),
    /// Something is in the way that waiting does not remove.
    Failed(Reason),
}

/// The rollout of some workloads, seen over time.
#[derive(Debug)]
pub struct Rollout {
    cluster: Cluster,
    workloads: Vec<ObjectKey>,
    grace: Grace,
}

impl Rollout {
    /// Follows Deployments and DaemonSets. What is in the way counts as a failure only after it persisted for `grace`:
    /// a registry may come back, and a container may crash until its database is up. What the cluster usually mends
    /// itself ([`Cause::may_pass`]) may persist for `patience`.
    pub fn new(cluster: Cluster, workloads: Vec<ObjectKey>, grace: Duration, patience: Duration) -> Self {
        Self {
            cluster,
            workloads,
            grace: Grace::new(grace, patience),
        }
    }

    /// Looks once.
    ///
    /// # Errors
    /// The workloads cannot be listed. What else cannot be listed for want of permission only makes the diagnosis
    /// poorer.
    pub async fn probe(&mut self) -> Result<RolloutStatus, Error> {
        let mut observed = self.observe_workloads().await?;
        if diagnose(&self.workloads, &observed) == RolloutStatus::Ready {
            return Ok(RolloutStatus::Ready);
        }
        self.observe_causes(&mut observed).await?;
        let reasons = diagnose::reasons(&self.workloads, &observed);
        match self.grace.judge(Instant::now(), reasons) {
            Some(reason) => Ok(RolloutStatus::Failed(self.with_log(reason).await)),
            None => Ok(match diagnose(&self.workloads, &observed) {
                RolloutStatus::Failed(reason) => RolloutStatus::Blocked(reason),
                status => status,
            }),
        }
    }

    async fn observe_workloads(&self) -> Result<Observed, Error> {
        let mut observed = Observed::default();
        let places: BTreeSet<_> = self
            .workloads
            .iter()
            .map(|key| (key.kind, key.namespace.as_deref()))
            .collect();
        for (kind, namespace) in places {
            let (cluster, namespace) = (&self.cluster, namespace.unwrap_or_default());
            if kind == Kind::namespaced::<DaemonSet>() {
                observed.daemon_sets.extend(cluster.list_typed(namespace, "").await?);
            } else {
                observed.deployments.extend(cluster.list_typed(namespace, "").await?);
            }
        }
        Ok(observed)
    }

    async fn observe_causes(&self, observed: &mut Observed) -> Result<(), Error> {
        for namespace in self.namespaces() {
            let (replica_sets, pods, claims, events) = try_join!(
                self.list_if_allowed::<ReplicaSet>(namespace, ""),
                self.list_if_allowed::<Pod>(namespace, ""),
                self.list_if_allowed::<PersistentVolumeClaim>(namespace, ""),
                self.list_if_allowed::<Event>(namespace, "fieldSelector=involvedObject.kind%3DPersistentVolumeClaim"),
            )?;
            observed.replica_sets.extend(replica_sets);
            observed.pods.extend(pods);
            observed.claims.extend(claims);
            observed.claim_events.extend(events);
        }
        Ok(())
    }

    async fn list_if_allowed<K>(&self, namespace: &str, query: &str) -> Result<Vec<K>, Error>
    where
        K: Resource<Scope = NamespaceResourceScope> + DeserializeOwned,
    {
        match self.cluster.list_typed(namespace, query).await {
            Err(error) if error.is_forbidden() => {
                debug!(kind = K::KIND, "not allowed to list, so the diagnosis will be poorer");
                Ok(Vec::new())
            }
            result => result,
        }
    }

    /// Adds the last lines of a container that crashes. They are a help, so failing to read them is no failure.
    async fn with_log(&self, mut reason: Reason) -> Reason {
        let namespace = reason.workload.namespace.clone().unwrap_or_default();
        if let Cause::CrashLoop {
            pod, container, log, ..
        } = &mut reason.cause
        {
            let key = ObjectKey::namespaced::<Pod>(&namespace, pod);
            match self.cluster.log_tail(&key, container, true).await {
                Ok(text) => *log = text.lines().map(str::to_owned).collect(),
                Err(error) => debug!(error = %error_chain(&error), "unable to read the log of a crashing container"),
            }
        }
        reason
    }

    fn namespaces(&self) -> BTreeSet<&str> {
        self.workloads
            .iter()
            .filter_map(|key| key.namespace.as_deref())
            .collect()
    }
}

#[cfg(test)]
mod tests;
