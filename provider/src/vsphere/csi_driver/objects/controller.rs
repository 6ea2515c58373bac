//! The controller: the driver that talks to the vCenter, the syncer, and the sidecars that watch claims and
//! attachments.

use serde_json::{Value, json};

use super::super::super::in_cluster::pods;
use super::super::model::CsiDriverModel;
use super::super::versions;
use super::{CONTROLLER, DRIVER_IMAGE, NAMESPACE, SECRET, image, own_image, selector, variable, version};

const SOCKET: &str = "unix:///csi/csi.sock";

/// The Deployment.
pub(super) fn deployment(model: &CsiDriverModel, checksum: &str) -> Value {
    let labels = selector(CONTROLLER);
    let others = json!({ "requiredDuringSchedulingIgnoredDuringExecution": [
        { "labelSelector": { "matchLabels": labels }, "topologyKey": "kubernetes.io/hostname" },
    ] });
    let mut affinity = pods::on_control_plane();
    if let Some(affinity) = affinity.as_object_mut() {
        affinity.insert("podAntiAffinity".to_owned(), others);
    }
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": { "name": CONTROLLER, "namespace": NAMESPACE, "labels": labels },
        "spec": {
            "replicas": model.replicas.known(),
            "selector": { "matchLabels": labels },
            // Each has a node for itself, so one has to go before another can come.
            "strategy": { "type": "RollingUpdate", "rollingUpdate": { "maxUnavailable": 1, "maxSurge": 0 } },
            "template": {
                "metadata": { "labels": labels, "annotations": { "checksum/config": checksum } },
                "spec": {
                    "serviceAccountName": CONTROLLER,
                    "priorityClassName": "system-cluster-critical",
                    "dnsPolicy": "Default",
                    "affinity": affinity,
                    "tolerations": pods::tolerations(),
                    "containers": containers(model),
                    "volumes": [
                        { "name": "vsphere-config-volume", "secret": { "secretName": SECRET } },
                        { "name": "socket-dir", "emptyDir": {} },
                    ],
                },
            },
        },
    })
}

fn containers(model: &CsiDriverModel) -> Vec<Value> {
    let sidecars = versions::sidecars(version(model));
    let sidecar = |name: &str, tag: &str, arguments: &[&str]| {
        let common = [
            "--v=4",
            "--timeout=300s",
            "--csi-address=$(ADDRESS)",
            "--leader-election",
        ];
        let patience = [
            "--leader-election-lease-duration=120s",
            "--leader-election-renew-deadline=60s",
            "--leader-election-retry-period=30s",
            "--kube-api-qps=100",
            "--kube-api-burst=100",
        ];
        json!({
            "name": name,
            "image": image(model, &format!("sig-storage/{name}"), tag),
            "args": common.iter().chain(&patience).chain(arguments).collect::<Vec<_>>(),
            "env": [variable("ADDRESS", "/csi/csi.sock")],
            "volumeMounts": [socket()],
        })
    };
    let topology: &[&str] = match model.topology_categories {
        Some(_) => &[
            "--default-fstype=ext4",
            "--feature-gates=Topology=true",
            "--strict-topology",
        ],
        None => &["--default-fstype=ext4"],
    };
    let retries = ["--handle-volume-inuse-error=false", "--retry-interval-start=1s"];
    let resizer: &[&str] = if sidecars.resizer.starts_with("v2") {
        &[
            retries[0],
            retries[1],
            "--feature-gates=RecoverVolumeExpansionFailure=false",
        ]
    } else {
        &retries
    };
    let snapshotter = model
        .snapshots
        .is_some()
        .then(|| sidecar("csi-snapshotter", sidecars.snapshotter, &[]));
    let mut containers = vec![
        sidecar("csi-attacher", sidecars.attacher, &["--worker-threads=100"]),
        sidecar("csi-resizer", sidecars.resizer, resizer),
        driver(model),
        json!({
            "name": "liveness-probe",
            "image": image(model, "sig-storage/livenessprobe", sidecars.liveness_probe),
            "args": ["--v=4", "--csi-address=/csi/csi.sock"],
            "volumeMounts": [socket()],
        }),
        syncer(model),
        sidecar("csi-provisioner", sidecars.provisioner, topology),
    ];
    containers.extend(snapshotter);
    containers
}

fn driver(model: &CsiDriverModel) -> Value {
    json!({
        "name": CONTROLLER,
        "image": own_image(model, DRIVER_IMAGE),
        "args": features(),
        "env": variables(&[("CSI_ENDPOINT", SOCKET), ("X_CSI_MODE", "controller"), ("INCLUSTER_CLIENT_QPS", "100"), ("INCLUSTER_CLIENT_BURST", "100")]),
        "ports": [
            { "name": "healthz", "containerPort": 9808, "protocol": "TCP" },
            { "name": "prometheus", "containerPort": 2112, "protocol": "TCP" },
        ],
        "livenessProbe": {
            "httpGet": { "path": "/healthz", "port": "healthz" },
            "initialDelaySeconds": 30, "timeoutSeconds": 10, "periodSeconds": 180, "failureThreshold": 3,
        },
        "securityContext": { "runAsNonRoot": true, "runAsUser": 65532, "runAsGroup": 65532 },
        "volumeMounts": [config(), socket()],
    })
}

fn syncer(model: &CsiDriverModel) -> Value {
    let mut arguments = vec!["--leader-election", "--leader-election-lease-duration=30s"];
    arguments.extend([
        "--leader-election-renew-deadline=20s",
        "--leader-election-retry-period=10s",
    ]);
    arguments.extend(features());
    json!({
        "name": "vsphere-syncer",
        "image": own_image(model, "csi-vsphere/syncer"),
        "args": arguments,
        "env": variables(&[("FULL_SYNC_INTERVAL_MINUTES", "30"), ("X_CSI_MODE", "controller"), ("INCLUSTER_CLIENT_QPS", "100"), ("INCLUSTER_CLIENT_BURST", "100")]),
        "ports": [{ "name": "prometheus", "containerPort": 2113, "protocol": "TCP" }],
        "securityContext": { "runAsNonRoot": true, "runAsUser": 65532, "runAsGroup": 65532 },
        "volumeMounts": [config()],
    })
}

/// Where the driver finds which features are on.
fn features() -> [&'static str; 2] {
    [
        "--fss-name=internal-feature-states.csi.vsphere.vmware.com",
        "--fss-namespace=$(CSI_NAMESPACE)",
    ]
}

fn variables(own: &[(&str, &str)]) -> Vec<Value> {
    let mut variables: Vec<Value> = own.iter().map(|(name, value)| variable(name, value)).collect();
    variables.extend([
        variable("X_CSI_SPEC_DISABLE_LEN_CHECK", "true"),
        variable("X_CSI_SERIAL_VOL_ACCESS_TIMEOUT", "3m"),
        variable("VSPHERE_CSI_CONFIG", "/etc/cloud/csi-vsphere.conf"),
        variable("LOGGER_LEVEL", "PRODUCTION"),
        json!({ "name": "CSI_NAMESPACE", "valueFrom": { "fieldRef": { "fieldPath": "metadata.namespace" } } }),
    ]);
    variables
}

fn config() -> Value {
    json!({ "name": "vsphere-config-volume", "mountPath": "/etc/cloud", "readOnly": true })
}

fn socket() -> Value {
    json!({ "name": "socket-dir", "mountPath": "/csi" })
}
