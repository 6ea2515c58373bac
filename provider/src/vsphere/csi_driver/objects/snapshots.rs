//! What takes snapshots of volumes: the controller that heeds VolumeSnapshots, and a class for them. The sidecar that
//! tells the driver is among the [containers of the controller](super::controller).

use serde_json::{Value, json};

use super::super::super::in_cluster::pods;
use super::super::model::{CsiDriverModel, Snapshots};
use super::super::versions;
use super::access::{READ, account, of_cluster, role_of_cluster, rule};
use super::{DRIVER, NAMESPACE, image, selector, version};

/// The controller, its account and its roles.
const CONTROLLER: &str = "snapshot-controller";

/// The group of the kinds.
pub(super) const GROUP: &str = "snapshot.storage.k8s.io";

/// The accounts and roles of the snapshot controller, and what gives the one to the other.
pub(super) fn access() -> Vec<Value> {
    let rules = json!([
        rule("", &["persistentvolumes"], READ),
        rule("", &["persistentvolumeclaims"], &["get", "list", "watch", "update"]),
        rule("", &["events"], &["list", "watch", "create", "update", "patch"]),
        rule(GROUP, &["volumesnapshotclasses"], READ),
        rule(
            GROUP,
            &["volumesnapshotcontents"],
            &["create", "get", "list", "watch", "update", "delete", "patch"]
        ),
        rule(GROUP, &["volumesnapshotcontents/status"], &["patch"]),
        rule(
            GROUP,
            &["volumesnapshots"],
            &["get", "list", "watch", "update", "patch"]
        ),
        rule(GROUP, &["volumesnapshots/status"], &["update", "patch"]),
        rule(
            "coordination.k8s.io",
            &["leases"],
            &["get", "watch", "list", "delete", "update", "create"]
        ),
    ]);
    vec![
        account(CONTROLLER),
        role_of_cluster("vsphere-snapshot-controller-role", rules),
        of_cluster(
            "vsphere-snapshot-controller-binding",
            "vsphere-snapshot-controller-role",
            CONTROLLER,
        ),
    ]
}

/// What the sidecar of the driver's controller needs beside what that has.
pub(super) fn of_sidecar() -> Vec<Value> {
    vec![
        rule(GROUP, &["volumesnapshots"], &["get", "list"]),
        rule(GROUP, &["volumesnapshotclasses"], READ),
        rule(
            GROUP,
            &["volumesnapshotcontents"],
            &["create", "get", "list", "watch", "update", "delete", "patch"],
        ),
        rule(GROUP, &["volumesnapshotcontents/status"], &["update", "patch"]),
    ]
}

/// The class.
pub(super) fn class(snapshots: &Snapshots) -> Value {
    json!({
        "apiVersion": format!("{GROUP}/v1"), "kind": "VolumeSnapshotClass",
        "metadata": { "name": snapshots.class }, "driver": DRIVER, "deletionPolicy": snapshots.deletion_policy,
    })
}

/// The controller. There is one for all drivers of a cluster.
pub(super) fn controller(model: &CsiDriverModel) -> Value {
    let labels = selector(CONTROLLER);
    let tag = versions::sidecars(version(model)).snapshotter;
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": { "name": CONTROLLER, "namespace": NAMESPACE, "labels": labels },
        "spec": {
            "replicas": model.replicas.known(),
            "selector": { "matchLabels": labels },
            "template": {
                "metadata": { "labels": labels },
                "spec": {
                    "serviceAccountName": CONTROLLER,
                    "priorityClassName": "system-cluster-critical",
                    "affinity": pods::on_control_plane(),
                    "tolerations": pods::tolerations(),
                    "containers": [{
                        "name": CONTROLLER,
                        "image": image(model, "sig-storage/snapshot-controller", tag),
                        "args": ["--v=4", "--leader-election"],
                    }],
                },
            },
        },
    })
}
