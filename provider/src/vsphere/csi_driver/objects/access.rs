//! The accounts of the driver's two workloads, and what each may do.

use serde_json::{Value, json};

use super::super::model::CsiDriverModel;
use super::{CONTROLLER, NAMESPACE, NODE, in_namespace, snapshots};

const RBAC: &str = "rbac.authorization.k8s.io";
const API_VERSION: &str = "rbac.authorization.k8s.io/v1";
const CONTROLLER_ROLE: &str = "vsphere-csi-controller-role";
const NODE_CLUSTER_ROLE: &str = "vsphere-csi-node-cluster-role";
const NODE_ROLE: &str = "vsphere-csi-node-role";

pub(super) const READ: &[&str] = &["get", "list", "watch"];

/// The accounts, and the roles.
pub(super) fn accounts_and_roles(model: &CsiDriverModel) -> Vec<Value> {
    let mut controller = of_controller();
    if model.snapshots.is_some() {
        controller.extend(snapshots::of_sidecar());
    }
    vec![
        account(CONTROLLER),
        account(NODE),
        role_of_cluster(CONTROLLER_ROLE, json!(controller)),
        role_of_cluster(
            NODE_CLUSTER_ROLE,
            json!([
                rule(
                    "cns.vmware.com",
                    &["csinodetopologies"],
                    &["create", "watch", "get", "patch"]
                ),
                rule("", &["nodes"], &["get"]),
            ]),
        ),
        json!({
            "apiVersion": API_VERSION, "kind": "Role", "metadata": in_namespace(NODE_ROLE),
            "rules": [rule("", &["configmaps"], READ)],
        }),
    ]
}

/// What gives the accounts their roles.
pub(super) fn bindings() -> Vec<Value> {
    vec![
        of_cluster("vsphere-csi-controller-binding", CONTROLLER_ROLE, CONTROLLER),
        of_cluster("vsphere-csi-node-cluster-role-binding", NODE_CLUSTER_ROLE, NODE),
        json!({
            "apiVersion": API_VERSION, "kind": "RoleBinding", "metadata": in_namespace("vsphere-csi-node-binding"),
            "roleRef": { "apiGroup": RBAC, "kind": "Role", "name": NODE_ROLE },
            "subjects": [subject(NODE)],
        }),
    ]
}

/// An account.
pub(super) fn account(name: &str) -> Value {
    json!({ "apiVersion": "v1", "kind": "ServiceAccount", "metadata": in_namespace(name) })
}

/// A role in the whole cluster.
pub(super) fn role_of_cluster(name: &str, rules: Value) -> Value {
    json!({ "apiVersion": API_VERSION, "kind": "ClusterRole", "metadata": { "name": name }, "rules": rules })
}

/// What gives an account a role in the whole cluster.
pub(super) fn of_cluster(name: &str, role: &str, account: &str) -> Value {
    json!({
        "apiVersion": API_VERSION, "kind": "ClusterRoleBinding", "metadata": { "name": name },
        "roleRef": { "apiGroup": RBAC, "kind": "ClusterRole", "name": role },
        "subjects": [subject(account)],
    })
}

/// What may be done to which resources of a group.
pub(super) fn rule(group: &str, resources: &[&str], verbs: &[&str]) -> Value {
    json!({ "apiGroups": [group], "resources": resources, "verbs": verbs })
}

/// What the controller, its syncer and its sidecars need together.
fn of_controller() -> Vec<Value> {
    let all = &["create", "get", "list", "watch", "update", "delete", "patch"];
    vec![
        rule("", &["nodes", "pods"], READ),
        rule("", &["configmaps"], &["get", "list", "watch", "create"]),
        rule(
            "",
            &["persistentvolumeclaims"],
            &["get", "list", "watch", "update", "patch"],
        ),
        rule("", &["persistentvolumeclaims/status"], &["update", "patch"]),
        rule("", &["persistentvolumes"], all),
        rule("", &["events"], &["get", "list", "watch", "create", "update", "patch"]),
        rule(
            "coordination.k8s.io",
            &["leases"],
            &["get", "watch", "list", "delete", "update", "create"],
        ),
        rule(
            "storage.k8s.io",
            &["storageclasses", "csinodes", "volumeattributesclasses"],
            READ,
        ),
        rule(
            "storage.k8s.io",
            &["volumeattachments"],
            &["get", "list", "watch", "patch"],
        ),
        rule("storage.k8s.io", &["volumeattachments/status"], &["patch"]),
        rule(
            "apiextensions.k8s.io",
            &["customresourcedefinitions"],
            &["get", "create", "update"],
        ),
        rule(
            "cns.vmware.com",
            &["triggercsifullsyncs"],
            &["create", "get", "update", "watch", "list"],
        ),
        rule(
            "cns.vmware.com",
            &["cnsvspherevolumemigrations"],
            &["create", "get", "list", "watch", "update", "delete"],
        ),
        rule(
            "cns.vmware.com",
            &["cnsvolumeinfoes", "cnsvolumeoperationrequests"],
            all,
        ),
        rule(
            "cns.vmware.com",
            &["csinodetopologies"],
            &["get", "update", "watch", "list"],
        ),
    ]
}

fn subject(account: &str) -> Value {
    json!({ "kind": "ServiceAccount", "name": account, "namespace": NAMESPACE })
}
