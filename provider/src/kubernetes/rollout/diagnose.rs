//! Decides from what was listed how far Deployments are, without any I/O.

use k8s_openapi::api::apps::v1::{Deployment, DeploymentStatus, ReplicaSet};
use k8s_openapi::api::core::v1::{ContainerStatus, Event, PersistentVolumeClaim, Pod};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::super::object::ObjectKey;
use super::RolloutStatus;
use super::reason::{Cause, ClaimProblem, Reason};

/// The annotation by which the controller numbers a Deployment's ReplicaSets.
const REVISION: &str = "deployment.kubernetes.io/revision";

/// What was listed in the namespaces of the Deployments.
#[derive(Clone, Debug, Default)]
pub struct Observed {
    /// The Deployments.
    pub deployments: Vec<Deployment>,
    /// The ReplicaSets.
    pub replica_sets: Vec<ReplicaSet>,
    /// The Pods.
    pub pods: Vec<Pod>,
    /// The volume claims.
    pub claims: Vec<PersistentVolumeClaim>,
    /// The Events about volume claims.
    pub claim_events: Vec<Event>,
}

/// Says how far `deployments` are together. `Failed` means here that something is in the way right now, with the most
/// fundamental reason; whether it persists is for [`super::Rollout`] to see.
pub fn diagnose(deployments: &[ObjectKey], observed: &Observed) -> RolloutStatus {
    if let Some(reason) = reasons(deployments, observed).into_iter().next() {
        return RolloutStatus::Failed(reason);
    }
    let awaited: Vec<_> = deployments
        .iter()
        .filter_map(|key| Some(format!("{key}: {}", awaited(find(key, &observed.deployments)?)?)))
        .collect();
    if awaited.is_empty() {
        RolloutStatus::Ready
    } else {
        RolloutStatus::Progressing(awaited.join("; "))
    }
}

/// Everything that is in the way, root causes first.
pub(super) fn reasons(deployments: &[ObjectKey], observed: &Observed) -> Vec<Reason> {
    let mut reasons = Vec::new();
    for key in deployments {
        let causes = match find(key, &observed.deployments) {
            None => vec![Cause::Missing],
            Some(deployment) if awaited(deployment).is_none() => Vec::new(),
            Some(deployment) => causes(deployment, observed),
        };
        reasons.extend(causes.into_iter().map(|cause| Reason {
            deployment: key.clone(),
            cause,
        }));
    }
    reasons.sort_by_key(|reason| reason.cause.rank());
    reasons
}

/// What a Deployment still waits for, by the rules of `kubectl rollout status`; `None` if it is rolled out.
fn awaited(deployment: &Deployment) -> Option<String> {
    let status = deployment.status.clone().unwrap_or_default();
    if deployment.metadata.generation.unwrap_or_default() > status.observed_generation.unwrap_or_default() {
        return Some("the controller has not seen the change yet".to_owned());
    }
    let wanted = deployment.spec.replicas.unwrap_or(1);
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

fn causes(deployment: &Deployment, observed: &Observed) -> Vec<Cause> {
    let status = deployment.status.clone().unwrap_or_default();
    // Conditions and Pods of a change that the controller has not seen yet belong to the revision before.
    if deployment.metadata.generation.unwrap_or_default() > status.observed_generation.unwrap_or_default() {
        return Vec::new();
    }
    let mut causes = Vec::new();
    causes.extend(claims_of(deployment, &observed.claims).filter_map(|claim| claim_cause(claim, observed)));
    causes.extend(condition_cause(&status));
    for pod in newest_pods(deployment, observed) {
        causes.extend(pod_causes(pod));
    }
    causes
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

/// The Pods of the newest revision. Those of older ones may crash as they like: they are on their way out.
fn newest_pods<'a>(deployment: &'a Deployment, observed: &'a Observed) -> impl Iterator<Item = &'a Pod> {
    let newest: Vec<_> = observed
        .replica_sets
        .iter()
        .filter(|set| is_owned_by(&set.metadata, &deployment.metadata))
        .filter(|set| annotation(&set.metadata, REVISION) == annotation(&deployment.metadata, REVISION))
        .collect();
    let is_newest = move |pod: &&Pod| newest.iter().any(|set| is_owned_by(&pod.metadata, &set.metadata));
    observed
        .pods
        .iter()
        .filter(is_newest)
        .filter(|pod| pod.metadata.deletion_timestamp.is_none())
}

fn pod_causes(pod: &Pod) -> Vec<Cause> {
    let Some(status) = &pod.status else { return Vec::new() };
    let name = name(&pod.metadata);
    let mut causes = Vec::new();
    let conditions = status.conditions.as_deref().unwrap_or_default();
    if let Some(condition) = conditions.iter().find(|c| c.reason.as_deref() == Some("Unschedulable")) {
        causes.push(Cause::Unschedulable {
            pod: name.clone(),
            message: condition.message.clone().unwrap_or_default(),
        });
    }
    let containers = [&status.init_container_statuses, &status.container_statuses]
        .into_iter()
        .flatten()
        .flatten();
    causes.extend(containers.filter_map(|container| container_cause(pod, &name, container)));
    causes
}

fn container_cause(pod: &Pod, pod_name: &str, status: &ContainerStatus) -> Option<Cause> {
    let waiting = status.state.as_ref()?.waiting.as_ref()?;
    let message = waiting.message.clone().unwrap_or_default();
    let (pod_name, container) = (pod_name.to_owned(), status.name.clone());
    match waiting.reason.as_deref()? {
        "ImagePullBackOff" | "ErrImagePull" | "InvalidImageName" | "ErrImageNeverPull" | "ImageInspectError" => {
            // The status may hold a digest, or nothing; people know the image by what the Pod asks for.
            let spec = pod.spec.as_ref();
            let containers = spec
                .into_iter()
                .flat_map(|spec| spec.containers.iter().chain(spec.init_containers.iter().flatten()));
            let image = containers
                .filter(|one| one.name == status.name)
                .find_map(|one| one.image.clone());
            let image = image.unwrap_or_else(|| status.image.clone());
            Some(Cause::ImagePull {
                pod: pod_name,
                container,
                image,
                message,
            })
        }
        "CreateContainerConfigError" | "CreateContainerError" | "RunContainerError" => Some(Cause::Config {
            pod: pod_name,
            container,
            message,
        }),
        "CrashLoopBackOff" => {
            let last = status.last_state.as_ref().and_then(|state| state.terminated.as_ref());
            let ended = last.map_or_else(
                || "it ended".to_owned(),
                |last| {
                    format!(
                        "exit code {} ({})",
                        last.exit_code,
                        last.reason.as_deref().unwrap_or("no reason given")
                    )
                },
            );
            Some(Cause::CrashLoop {
                pod: pod_name,
                container,
                ended,
                restarts: status.restart_count,
                log: Vec::new(),
            })
        }
        _ => None,
    }
}

fn claims_of<'a>(
    deployment: &'a Deployment,
    claims: &'a [PersistentVolumeClaim],
) -> impl Iterator<Item = &'a PersistentVolumeClaim> {
    let spec = deployment.spec.template.spec.as_ref();
    let volumes = spec.and_then(|spec| spec.volumes.as_deref()).unwrap_or_default();
    let names = volumes
        .iter()
        .filter_map(|volume| Some(&volume.persistent_volume_claim.as_ref()?.claim_name));
    names.filter_map(|name| {
        claims.iter().find(|claim| {
            claim.metadata.name.as_ref() == Some(name) && claim.metadata.namespace == deployment.metadata.namespace
        })
    })
}

fn claim_cause(claim: &PersistentVolumeClaim, observed: &Observed) -> Option<Cause> {
    let phase = claim
        .status
        .as_ref()
        .and_then(|status| status.phase.as_deref())
        .unwrap_or("Pending");
    let problem = match phase {
        "Bound" => None,
        "Lost" => Some(ClaimProblem::Lost),
        _ => claim_problem(claim, latest_event(claim, &observed.claim_events)),
    };
    problem.map(|problem| Cause::UnboundClaim {
        claim: name(&claim.metadata),
        problem,
    })
}

/// Why a claim is pending. One that waits for its first consumer is as it should be: then it is the Pod that tells.
fn claim_problem(claim: &PersistentVolumeClaim, event: Option<&Event>) -> Option<ClaimProblem> {
    let spec = claim.spec.clone().unwrap_or_default();
    let Some(event) = event else {
        // The controller waits silently for a volume that is asked for by name.
        let volume = spec.volume_name.filter(|volume| !volume.is_empty());
        return Some(volume.map_or(ClaimProblem::Unknown, ClaimProblem::VolumeNotAvailable));
    };
    let message = event.message.clone().unwrap_or_default();
    let class = spec.storage_class_name.unwrap_or_default();
    match event.reason.as_deref().unwrap_or_default() {
        "WaitForFirstConsumer" | "WaitForPodScheduled" => None,
        "FailedBinding" if message.contains("no storage class is set") => Some(ClaimProblem::NoClass),
        "FailedBinding" => Some(ClaimProblem::NoVolume(message)),
        "ProvisioningFailed" if message.contains("storageclass") && message.contains("not found") => {
            Some(ClaimProblem::ClassNotFound(class))
        }
        _ => Some(ClaimProblem::NotProvisioned(message)),
    }
}

fn latest_event<'a>(claim: &PersistentVolumeClaim, events: &'a [Event]) -> Option<&'a Event> {
    let about_it = |event: &&Event| {
        let object = &event.involved_object;
        object.kind.as_deref() == Some("PersistentVolumeClaim")
            && object.name == claim.metadata.name
            && object.namespace == claim.metadata.namespace
            && (object.uid.is_none() || object.uid == claim.metadata.uid)
    };
    events.iter().filter(about_it).max_by_key(|event| {
        let first = event.event_time.as_ref().map(|time| time.0);
        event.last_timestamp.as_ref().map(|time| time.0).or(first)
    })
}

fn find<'a>(key: &ObjectKey, deployments: &'a [Deployment]) -> Option<&'a Deployment> {
    deployments.iter().find(|deployment| {
        deployment.metadata.name.as_ref() == Some(&key.name) && deployment.metadata.namespace == key.namespace
    })
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

fn name(metadata: &ObjectMeta) -> String {
    metadata.name.clone().unwrap_or_default()
}
