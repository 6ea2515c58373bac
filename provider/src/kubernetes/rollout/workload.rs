//! One look at a Deployment or a DaemonSet: what it still waits for, and which Pods are of its newest revision.

use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, DeploymentStatus};
use k8s_openapi::api::core::v1::{Pod, PodTemplateSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::super::object::ObjectKey;
use super::diagnose::Observed;
use super::reason::Cause;

/// The annotation by which the controller numbers a Deployment's ReplicaSets.
const REVISION: &str = "deployment.kubernetes.io/revision";
/// The annotation by which the controller numbers a DaemonSet's templates, and the label that carries it to the Pods.
const TEMPLATE_GENERATION: &str = "deprecated.daemonset.template.generation";
const POD_TEMPLATE_GENERATION: &str = "pod-template-generation";

/// What a diagnosis needs to know of a workload.
pub(super) struct Workload<'a> {
    pub(super) namespace: Option<&'a String>,
    pub(super) template: &'a PodTemplateSpec,
    /// What it still waits for, by the rules of `kubectl rollout status`; `None` if it is rolled out.
    pub(super) awaited: Option<String>,
    /// What its own conditions say is in its way.
    pub(super) condition: Option<Cause>,
    /// Those of the newest revision. Older ones may crash as they like: they are on their way out. There are none while
    /// the controller has not seen the newest change.
    pub(super) pods: Vec<&'a Pod>,
}

impl<'a> Workload<'a> {
    pub(super) fn find(key: &ObjectKey, observed: &'a Observed) -> Option<Self> {
        let is_it =
            |metadata: &ObjectMeta| metadata.name.as_ref() == Some(&key.name) && metadata.namespace == key.namespace;
        if key.kind.kind == "DaemonSet" {
            let set = observed.daemon_sets.iter().find(|set| is_it(&set.metadata))?;
            Some(Self::of_daemon_set(set, observed))
        } else {
            let deployment = observed.deployments.iter().find(|one| is_it(&one.metadata))?;
            Some(Self::of_deployment(deployment, observed))
        }
    }

    fn of_deployment(deployment: &'a Deployment, observed: &'a Observed) -> Self {
        let metadata = &deployment.metadata;
        let status = deployment.status.clone().unwrap_or_default();
        let awaited = unseen(metadata, status.observed_generation);
        let is_seen = awaited.is_none();
        Self {
            namespace: metadata.namespace.as_ref(),
            template: &deployment.spec.template,
            awaited: awaited.or_else(|| awaited_replicas(deployment.spec.replicas.unwrap_or(1), &status)),
            condition: if is_seen { condition_cause(&status) } else { None },
            pods: if is_seen {
                deployment_pods(metadata, observed)
            } else {
                Vec::new()
            },
        }
    }

    fn of_daemon_set(set: &'a DaemonSet, observed: &'a Observed) -> Self {
        let metadata = &set.metadata;
        let status = set.status.clone().unwrap_or_default();
        let awaited = unseen(metadata, status.observed_generation);
        let is_seen = awaited.is_none();
        let wanted = status.desired_number_scheduled;
        let updated = status.updated_number_scheduled.unwrap_or_default();
        let available = status.number_available.unwrap_or_default();
        let awaited_nodes = || {
            if updated < wanted {
                Some(format!("{updated} of {wanted} nodes have the new revision"))
            } else if available < wanted {
                Some(format!("it is available on {available} of {wanted} nodes"))
            } else {
                None
            }
        };
        Self {
            namespace: metadata.namespace.as_ref(),
            template: &set.spec.template,
            awaited: awaited.or_else(awaited_nodes),
            condition: None,
            pods: if is_seen {
                daemon_set_pods(metadata, observed)
            } else {
                Vec::new()
            },
        }
    }
}

fn unseen(metadata: &ObjectMeta, observed_generation: Option<i64>) -> Option<String> {
    let is_unseen = metadata.generation.unwrap_or_default() > observed_generation.unwrap_or_default();
    is_unseen.then(|| "the controller has not seen the change yet".to_owned())
}

fn awaited_replicas(wanted: i32, status: &DeploymentStatus) -> Option<String> {
    let updated = status.updated_replicas.unwrap_or_default();
    let available = status.available_replicas.unwrap_or_default();
    let old = status.replicas.unwrap_or_default() - updated;
    if updated < wanted {
        Some(format!("{updated} of {wanted} replicas are of the new revision"))
    } else if old > 0 {
        Some(format!("{old} replicas of the old revision are still there"))
    } else if available < wanted {
        Some(format!("{available} of {wanted} replicas are available"))
    } else {
        None
    }
}

fn condition_cause(status: &DeploymentStatus) -> Option<Cause> {
    let conditions = status.conditions.as_deref().unwrap_or_default();
    let find = |kind: &str| {
        conditions
            .iter()
            .find(|condition| condition.type_.as_deref() == Some(kind))
    };
    if let Some(failure) = find("ReplicaFailure").filter(|condition| condition.status.as_deref() == Some("True")) {
        return Some(Cause::ReplicaFailure {
            message: failure.message.clone().unwrap_or_default(),
        });
    }
    let stuck = find("Progressing").filter(|c| c.reason.as_deref() == Some("ProgressDeadlineExceeded"))?;
    Some(Cause::ProgressDeadline {
        message: stuck.message.clone().unwrap_or_default(),
    })
}

fn deployment_pods<'a>(deployment: &ObjectMeta, observed: &'a Observed) -> Vec<&'a Pod> {
    let newest: Vec<_> = observed
        .replica_sets
        .iter()
        .filter(|set| is_owned_by(&set.metadata, deployment))
        .filter(|set| annotation(&set.metadata, REVISION) == annotation(deployment, REVISION))
        .collect();
    live_pods(observed)
        .filter(|pod| newest.iter().any(|set| is_owned_by(&pod.metadata, &set.metadata)))
        .collect()
}

fn daemon_set_pods<'a>(set: &ObjectMeta, observed: &'a Observed) -> Vec<&'a Pod> {
    let newest = annotation(set, TEMPLATE_GENERATION);
    let generation = |pod: &'a Pod| {
        pod.metadata
            .labels
            .as_ref()
            .and_then(|labels| labels.get(POD_TEMPLATE_GENERATION))
    };
    live_pods(observed)
        .filter(|pod| is_owned_by(&pod.metadata, set))
        .filter(|pod| newest.is_none() || generation(pod) == newest)
        .collect()
}

fn live_pods(observed: &Observed) -> impl Iterator<Item = &Pod> {
    observed
        .pods
        .iter()
        .filter(|pod| pod.metadata.deletion_timestamp.is_none())
}

fn is_owned_by(owned: &ObjectMeta, owner: &ObjectMeta) -> bool {
    let references = owned.owner_references.as_deref().unwrap_or_default();
    owner
        .uid
        .as_ref()
        .is_some_and(|uid| references.iter().any(|reference| reference.uid == *uid))
}

fn annotation<'a>(metadata: &'a ObjectMeta, name: &str) -> Option<&'a String> {
    metadata.annotations.as_ref()?.get(name)
}
