//! The driver's part on every node: it formats, mounts and unmounts what the controller has attached. It has no
//! credentials.

use serde_json::{Value, json};

use super::super::model::CsiDriverModel;
use super::super::versions;
use super::{DRIVER_IMAGE, NAMESPACE, NODE, image, own_image, selector, variable, version};

const PLUGIN: &str = "/var/lib/kubelet/plugins/csi.vsphere.vmware.com";

/// The DaemonSet.
pub(super) fn daemon_set(model: &CsiDriverModel, checksum: &str) -> Value {
    let labels = selector(NODE);
    let host = |name: &str, path: &str, kind: &str| json!({ "name": name, "hostPath": { "path": path, "type": kind } });
    json!({
        "apiVersion": "apps/v1", "kind": "DaemonSet",
        "metadata": { "name": NODE, "namespace": NAMESPACE, "labels": labels },
        "spec": {
            "selector": { "matchLabels": labels },
            "updateStrategy": { "type": "RollingUpdate", "rollingUpdate": { "maxUnavailable": 1 } },
            "template": {
                "metadata": { "labels": labels, "annotations": { "checksum/config": checksum } },
                "spec": {
                    "serviceAccountName": NODE,
                    "priorityClassName": "system-node-critical",
                    "hostNetwork": true,
                    "dnsPolicy": "ClusterFirstWithHostNet",
                    "nodeSelector": { "kubernetes.io/os": "linux" },
                    "tolerations": [{ "effect": "NoExecute", "operator": "Exists" }, { "effect": "NoSchedule", "operator": "Exists" }],
                    "containers": [registrar(model), driver(model), liveness_probe(model)],
                    "volumes": [
                        host("registration-dir", "/var/lib/kubelet/plugins_registry", "Directory"),
                        host("plugin-dir", PLUGIN, "DirectoryOrCreate"),
                        host("pods-mount-dir", "/var/lib/kubelet", "Directory"),
                        host("device-dir", "/dev", ""),
                        host("blocks-dir", "/sys/block", "Directory"),
                        host("sys-devices-dir", "/sys/devices", "Directory"),
                    ],
                },
            },
        },
    })
}

fn registrar(model: &CsiDriverModel) -> Value {
    json!({
        "name": "node-driver-registrar",
        "image": image(model, "sig-storage/csi-node-driver-registrar", versions::sidecars(version(model)).registrar),
        "args": ["--v=5", "--csi-address=/csi/csi.sock", format!("--kubelet-registration-path={PLUGIN}/csi.sock")],
        "volumeMounts": [
            { "name": "plugin-dir", "mountPath": "/csi" },
            { "name": "registration-dir", "mountPath": "/registration" },
        ],
    })
}

fn driver(model: &CsiDriverModel) -> Value {
    let field = |name: &str, path: &str| json!({ "name": name, "valueFrom": { "fieldRef": { "fieldPath": path } } });
    let shared =
        |name: &str, path: &str| json!({ "name": name, "mountPath": path, "mountPropagation": "Bidirectional" });
    json!({
        "name": NODE,
        "image": own_image(model, DRIVER_IMAGE),
        "args": ["--fss-name=internal-feature-states.csi.vsphere.vmware.com", "--fss-namespace=$(CSI_NAMESPACE)"],
        "env": [
            field("NODE_NAME", "spec.nodeName"),
            variable("CSI_ENDPOINT", "unix:///csi/csi.sock"),
            // It is what the limit of a machine's controllers leaves.
            variable("MAX_VOLUMES_PER_NODE", "59"),
            variable("X_CSI_MODE", "node"),
            variable("X_CSI_SPEC_REQ_VALIDATION", "false"),
            variable("X_CSI_SPEC_DISABLE_LEN_CHECK", "true"),
            variable("LOGGER_LEVEL", "PRODUCTION"),
            field("CSI_NAMESPACE", "metadata.namespace"),
            variable("NODEGETINFO_WATCH_TIMEOUT_MINUTES", "1"),
        ],
        "securityContext": { "privileged": true, "allowPrivilegeEscalation": true, "capabilities": { "add": ["SYS_ADMIN"] } },
        "ports": [{ "name": "healthz", "containerPort": 9808, "protocol": "TCP" }],
        "livenessProbe": {
            "httpGet": { "path": "/healthz", "port": "healthz" },
            "initialDelaySeconds": 10, "timeoutSeconds": 5, "periodSeconds": 5, "failureThreshold": 3,
        },
        "volumeMounts": [
            { "name": "plugin-dir", "mountPath": "/csi" },
            shared("pods-mount-dir", "/var/lib/kubelet"),
            { "name": "device-dir", "mountPath": "/dev" },
            { "name": "blocks-dir", "mountPath": "/sys/block" },
            { "name": "sys-devices-dir", "mountPath": "/sys/devices" },
        ],
    })
}

fn liveness_probe(model: &CsiDriverModel) -> Value {
    json!({
        "name": "liveness-probe",
        "image": image(model, "sig-storage/livenessprobe", versions::sidecars(version(model)).liveness_probe),
        "args": ["--v=4", "--csi-address=/csi/csi.sock"],
        "volumeMounts": [{ "name": "plugin-dir", "mountPath": "/csi" }],
    })
}
