//! Where the pods of the programs run, and what is to be done about those that do not.

use serde_json::{Value, json};
use tf_framework::diagnostics::{Diagnostic, Diagnostics};

use crate::kubernetes::rollout::{Cause, Reason};

/// The label of nodes that run the control plane. Its value differs: k3s says `true`, others say nothing.
pub(in crate::vsphere) const CONTROL_PLANE: &str = "node-role.kubernetes.io/control-plane";

/// The taint of nodes that the cloud provider has not seen yet.
pub(in crate::vsphere) const UNINITIALIZED: &str = "node.cloudprovider.kubernetes.io/uninitialized";

/// Nodes that run the control plane, whatever the label says.
pub(in crate::vsphere) fn on_control_plane() -> Value {
    json!({ "nodeAffinity": { "requiredDuringSchedulingIgnoredDuringExecution": { "nodeSelectorTerms": [
        { "matchExpressions": [{ "key": CONTROL_PLANE, "operator": "Exists" }] },
    ] } } })
}

/// What such nodes keep other pods away by.
pub(in crate::vsphere) fn tolerations() -> Value {
    json!([
        { "key": UNINITIALIZED, "operator": "Exists", "effect": "NoSchedule" },
        { "key": CONTROL_PLANE, "operator": "Exists", "effect": "NoSchedule" },
        { "key": "node-role.kubernetes.io/etcd", "operator": "Exists", "effect": "NoExecute" },
        { "key": "CriticalAddonsOnly", "operator": "Exists" },
        { "key": "node.kubernetes.io/not-ready", "operator": "Exists" },
    ])
}

/// The error about pods that waiting does not help.
pub(in crate::vsphere) fn failed(name: &str, reason: &Reason) -> Diagnostics {
    let (attribute, advice) = match &reason.cause {
        Cause::ImagePull { .. } => (
            "image_registry",
            "Check that the nodes can pull from the registry, and that it has the image in this version.",
        ),
        Cause::CrashLoop { log, .. } => ("vcenter", crashed(log)),
        Cause::Unschedulable { .. } => (
            "kubernetes",
            "The pods run on nodes with the label `node-role.kubernetes.io/control-plane`, each on another one.",
        ),
        Cause::UnboundClaim { .. }
        | Cause::Config { .. }
        | Cause::ReplicaFailure { .. }
        | Cause::Missing
        | Cause::ProgressDeadline { .. } => (
            "kubernetes",
            "Look at the events of the workload and its pods for the cause.",
        ),
    };
    let detail = format!("{reason}.\n\n{advice}");
    Diagnostic::error(format!("{name} does not start"), detail)
        .at(attribute)
        .into()
}

/// What the last lines of a log mean, by the words of the library that both programs log in with.
fn crashed(log: &[String]) -> &'static str {
    let says = |words: &[&str]| {
        let has = |line: &String| words.iter().any(|word| line.to_lowercase().contains(word));
        log.iter().any(has)
    };
    if says(&[
        "incorrect user name or password",
        "invalidlogin",
        "cannot complete login",
    ]) {
        "The vCenter does not let the user in: check `vcenter.user` and its password."
    } else if says(&["x509", "certificate"]) {
        "The vCenter's certificate is not trusted: give `vcenter.ca_certificate` or `vcenter.thumbprint`."
    } else if says(&["datacenter"]) {
        "A datacenter is not found: check `vcenter.datacenters`, and that the user has the role ReadOnly there."
    } else if says(&["uuid", "no vm found", "virtual machine"]) {
        "The machine of a node is not found: the provider ID of each node has to be `vsphere://` and its BIOS UUID."
    } else if says(&["i/o timeout", "no such host", "connection refused", "no route to host"]) {
        "The nodes cannot reach the vCenter: check `vcenter.server` and `vcenter.port`, and the firewalls between them."
    } else {
        "Read the container's log for the cause."
    }
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::apps::v1::DaemonSet;
    use tf_framework::path::Path;

    use super::*;
    use crate::kubernetes::ObjectKey;

    #[test]
    fn a_crash_is_told_with_its_log_and_with_what_that_means() {
        for (line, words) in [
            (
                "ServerFaultCode: Cannot complete login due to an incorrect user name or password.",
                "check `vcenter.user` and its password",
            ),
            (
                "failed to get datacenter: datacenter 'X' not found",
                "check `vcenter.datacenters`",
            ),
            (
                "tls: failed to verify certificate: x509: certificate signed by unknown authority",
                "give `vcenter.ca_certificate`",
            ),
            (
                "Unable to find VM by UUID. VM UUID: 42",
                "has to be `vsphere://` and its BIOS UUID",
            ),
            (
                "dial tcp 10.0.0.5:443: i/o timeout",
                "check `vcenter.server` and `vcenter.port`",
            ),
            ("panic", "Read the container's log"),
        ] {
            let reason = Reason {
                workload: ObjectKey::namespaced::<DaemonSet>("kube-system", "driver"),
                cause: Cause::CrashLoop {
                    pod: "driver-x".to_owned(),
                    container: "driver".to_owned(),
                    ended: "exit code 1".to_owned(),
                    restarts: 3,
                    log: vec!["I1122 starting".to_owned(), line.to_owned()],
                },
            };
            let told = failed("vSphere CSI driver", &reason);
            let told = told.iter().next().expect("an error");
            assert_eq!(told.summary, "vSphere CSI driver does not start");
            assert_eq!(told.path, Some(Path::new("vcenter")), "{line}");
            assert!(told.detail.contains(line), "{}", told.detail);
            assert!(told.detail.contains(words), "{line}: {}", told.detail);
        }
    }
}
