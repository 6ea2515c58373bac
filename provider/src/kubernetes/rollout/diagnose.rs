//! Decides from what was listed how far workloads are, without any I/O.
//!
//! [`super::workload`] reads a single workload; here its claims and Pods are asked for causes.

use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, ReplicaSet};
use k8s_openapi::api::core::v1::{ContainerStatus, Event, PersistentVolumeClaim, Pod};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::super::object::ObjectKey;
use super::RolloutStatus;
use super::reason::{Cause, ClaimProblem, Reason};
use super::workload::Workload;

/// What was listed in the namespaces of the workloads.
#[derive(Clone, Debug, Default)]
pub struct Observed {
    /// The Deployments.
    pub deployments: Vec<Deployment>,
    /// The DaemonSets.
    pub daemon_sets: Vec<DaemonSet>,
    /// The ReplicaSets.
    pub replica_sets: Vec<ReplicaSet>,
    /// The Pods.
    pub pods: Vec<Pod>,
    /// The volume claims.
    pub claims: Vec<PersistentVolumeClaim>,
    /// The Events about volume claims.
    pub claim_events: Vec<Event>,
}

/// Says how far `workloads` are together. `Failed` means here that something is in the way right now, with the most
/// fundamental reason; whether it persists is for [`super::Rollout`] to see.
pub fn diagnose(workloads: &[ObjectKey], observed: &Observed) -> RolloutStatus {
    if let Some(reason) = reasons(workloads, observed).into_iter().next() {
        return RolloutStatus::Failed(reason);
    }
    let awaited = |key: &ObjectKey| Some(format!("{key}: {}", Workload::find(key, observed)?.awaited?));
    let awaited: Vec<_> = workloads.iter().filter_map(awaited).collect();
    if awaited.is_empty() {
        RolloutStatus::Ready
    } else {
        RolloutStatus::Progressing(awaited.join("; "))
    }
}

/// Everything that is in the way, root causes first.
pub(super) fn reasons(workloads: &[ObjectKey], observed: &Observed) -> Vec<Reason> {
    let mut reasons = Vec::new();
    for key in workloads {
        let causes = match Workload::find(key, observed) {
            None => vec![Cause::Missing],
            Some(workload) if workload.awaited.is_none() => Vec::new(),
            Some(workload) => causes(&workload, observed),
        };
        reasons.extend(causes.into_iter().map(|cause| Reason {
            workload: key.clone(),
            cause,
        }));
    }
    reasons.sort_by_key(|reason| reason.cause.rank());
    reasons
}

fn causes(workload: &Workload<'_>, observed: &Observed) -> Vec<Cause> {
    let claims = claims_of(workload, &observed.claims).filter_map(|claim| claim_cause(claim, observed));
    let pods = workload.pods.iter().flat_map(|pod| pod_causes(pod));
    claims.chain(workload.condition.clone()).chain(pods).collect()
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
    workload: &Workload<'a>,
    claims: &'a [PersistentVolumeClaim],
) -> impl Iterator<Item = &'a PersistentVolumeClaim> {
    let namespace = workload.namespace;
    let volumes = workload
        .template
        .spec
        .as_ref()
        .and_then(|spec| spec.volumes.as_deref())
        .unwrap_or_default();
    let names = volumes
        .iter()
        .filter_map(|volume| Some(&volume.persistent_volume_claim.as_ref()?.claim_name));
    names.filter_map(move |name| {
        let is_it = |claim: &ObjectMeta| claim.name.as_ref() == Some(name) && claim.namespace.as_ref() == namespace;
        claims.iter().find(|claim| is_it(&claim.metadata))
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

fn name(metadata: &ObjectMeta) -> String {
    metadata.name.clone().unwrap_or_default()
}
