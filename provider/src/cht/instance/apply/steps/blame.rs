//! Pods that do not come: which attribute decides it, and what to do.

use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use tf_framework::path::Path;

use crate::cht::instance::model::{Couchdb, InstanceModel};
use crate::kubernetes::rollout::{Cause, Reason};

/// The error about a rollout that waiting does not help.
pub(super) fn failed(reason: &Reason) -> Diagnostics {
    let (path, advice) = blamed(reason);
    Diagnostic::error("CHT does not start", format!("{reason}.\n\n{advice}"))
        .at(path)
        .into()
}

/// The attribute that decides what is in the way of a rollout.
pub(super) fn attribute(reason: &Reason) -> Path {
    blamed(reason).0
}

/// That attribute, and what to do about it.
fn blamed(reason: &Reason) -> (Path, &'static str) {
    let component = match reason.workload.name.as_str() {
        "cht-couchdb-nouveau" => InstanceModel::NOUVEAU,
        name if name.starts_with("cht-couchdb") => InstanceModel::COUCHDB,
        "cht-haproxy-healthcheck" => InstanceModel::HEALTHCHECK,
        "upgrade-service" => InstanceModel::UPGRADE_SERVICE,
        "cht-haproxy" => InstanceModel::HAPROXY,
        "cht-sentinel" => InstanceModel::SENTINEL,
        "cht-api" => InstanceModel::API,
        _ => InstanceModel::NAMESPACE,
    };
    match &reason.cause {
        Cause::UnboundClaim { .. } => (
            Path::new(InstanceModel::COUCHDB).attribute(Couchdb::STORAGE_CLASS),
            "Give a storage class that exists and can make volumes, or make the missing volume.",
        ),
        Cause::ImagePull { .. } => (
            Path::new(InstanceModel::CHT_VERSION),
            "Check that this release exists, that `image.registry` and `image.tag` are right, and that the nodes can pull \
             from the registry, with `image.pull_secrets` if it needs credentials.",
        ),
        Cause::Config { .. } => (
            Path::new(component),
            "Give what is missing, or take the reference to it away.",
        ),
        Cause::CrashLoop { .. } => (Path::new(component), "Read the container's log for the cause."),
        Cause::Unschedulable { .. } => (
            Path::new(component),
            "Add nodes, lower the requested `resources`, or change `node_selector` and `tolerations`.",
        ),
        Cause::ReplicaFailure { .. } => (
            Path::new(InstanceModel::NAMESPACE),
            "Raise the quota, or change what admission refuses.",
        ),
        Cause::Missing | Cause::ProgressDeadline { .. } => (
            Path::new(component),
            "Look at the events of the deployment and its pods for the cause.",
        ),
    }
}
