//! What is to be done about pods of the controller that do not run.

use tf_framework::diagnostics::{Diagnostic, Diagnostics};

use super::model::LoadBalancerControllerModel;
use crate::kubernetes::rollout::{Cause, Reason};

/// The error about pods that waiting does not help.
pub(super) fn failed(reason: &Reason) -> Diagnostics {
    let (attribute, advice) = match &reason.cause {
        Cause::ImagePull { .. } => (
            LoadBalancerControllerModel::IMAGE_REGISTRY,
            "Check that the nodes can pull from the registry, through a NAT gateway for example, and that it has the image in this \
             version for their architecture.",
        ),
        Cause::CrashLoop { log, .. } => (LoadBalancerControllerModel::CLUSTER_NAME, crashed(log)),
        Cause::Unschedulable { .. } => (
            LoadBalancerControllerModel::KUBERNETES,
            "The cluster needs nodes that take pods without tolerations. Where they are made in the same configuration, let this \
             resource depend on them.",
        ),
        Cause::UnboundClaim { .. }
        | Cause::Config { .. }
        | Cause::ReplicaFailure { .. }
        | Cause::Missing
        | Cause::ProgressDeadline { .. } => (
            LoadBalancerControllerModel::KUBERNETES,
            "Look at the events of the Deployment and its pods for the cause.",
        ),
    };
    let detail = format!("{reason}.\n\n{advice}");
    Diagnostic::error("Load balancer controller does not start", detail)
        .at(attribute)
        .into()
}

/// What the last lines of a log mean.
fn crashed(log: &[String]) -> &'static str {
    let says = |words: &[&str]| {
        let has = |line: &String| words.iter().any(|word| line.to_lowercase().contains(word));
        log.iter().any(has)
    };
    if says(&[
        "no ec2 imds role",
        "failed to refresh cached credentials",
        "nocredentialproviders",
        "get credentials",
    ]) {
        "The pods have no credentials: the cluster needs the add-on `eks-pod-identity-agent`, which gives them those of their role."
    } else if says(&["accessdenied", "unauthorizedoperation", "not authorized to perform"]) {
        "AWS refuses the controller's role. A boundary of permissions or a policy of the organization may forbid what it needs."
    } else if says(&["i/o timeout", "no such host", "connection refused", "no route to host"]) {
        "The pods cannot reach AWS: check that their subnets have a route to the internet, such as through a NAT gateway."
    } else {
        "Read the container's log for the cause."
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_tells_credentials_from_permissions_and_networks() {
        for (line, words) in [
            (
                "no EC2 IMDS role found, operation error ec2imds",
                "eks-pod-identity-agent",
            ),
            (
                "api error AccessDenied: User is not authorized to perform",
                "organization",
            ),
            (
                "dial tcp: lookup sts.eu-west-2.amazonaws.com: i/o timeout",
                "NAT gateway",
            ),
            ("panic", "log"),
        ] {
            assert!(crashed(&[line.to_owned()]).contains(words), "{line}");
        }
    }
}
