//! The controller's account, and what it may do in the cluster.

use serde_json::{Value, json};

use super::{NAME, NAMESPACE, in_namespace};

const RBAC: &str = "rbac.authorization.k8s.io";

/// The role in the whole cluster, and the one by which one of several controllers becomes the leader.
const ROLE: &str = "aws-load-balancer-controller-role";
const LEADER_ROLE: &str = "aws-load-balancer-controller-leader-election-role";

/// What the leader is noted in.
const LEADER: &str = "aws-load-balancer-controller-leader";

const READ: &[&str] = &["get", "list", "watch"];
const CHANGE: &[&str] = &["get", "list", "watch", "patch", "update"];
const NOTE: &[&str] = &["patch", "update"];

pub(super) fn accounts_and_roles() -> Vec<Value> {
    let networking = &["networking.k8s.io", "extensions"];
    vec![
        json!({ "apiVersion": "v1", "kind": "ServiceAccount", "metadata": in_namespace(NAME) }),
        json!({
            "apiVersion": format!("{RBAC}/v1"), "kind": "ClusterRole", "metadata": { "name": ROLE }, "rules": [
                rule(&[""], &["configmaps"], &["create", "delete", "get", "update"]),
                rule(&[""], &["endpoints", "namespaces", "nodes", "pods"], READ),
                rule(&[""], &["events"], &["create", "patch"]),
                rule(&[""], &["services"], CHANGE),
                rule(&[""], &["pods/status", "services/status"], NOTE),
                rule(&["discovery.k8s.io"], &["endpointslices"], READ),
                rule(&["elbv2.k8s.aws"], &["ingressclassparams"], READ),
                rule(&["elbv2.k8s.aws"], &["targetgroupbindings"], &[CHANGE, &["create", "delete"]].concat()),
                rule(&["elbv2.k8s.aws"], &["targetgroupbindings/status"], NOTE),
                rule(networking, &["ingresses"], CHANGE),
                rule(networking, &["ingresses/status"], NOTE),
                rule(&["networking.k8s.io"], &["ingressclasses"], READ),
            ],
        }),
        json!({
            "apiVersion": format!("{RBAC}/v1"), "kind": "Role", "metadata": in_namespace(LEADER_ROLE), "rules": [
                rule(&["coordination.k8s.io"], &["leases"], &["create"]),
                named(rule(&["coordination.k8s.io"], &["leases"], &["get", "patch", "update"])),
                rule(&[""], &["configmaps"], &["create"]),
                named(rule(&[""], &["configmaps"], &["get", "patch", "update"])),
            ],
        }),
    ]
}

pub(super) fn bindings() -> Vec<Value> {
    let subjects = json!([{ "kind": "ServiceAccount", "name": NAME, "namespace": NAMESPACE }]);
    let binding = |kind: &str, metadata: Value, role: &str, name: &str| {
        json!({
            "apiVersion": format!("{RBAC}/v1"), "kind": kind, "metadata": metadata, "subjects": subjects,
            "roleRef": { "apiGroup": RBAC, "kind": role, "name": name },
        })
    };
    vec![
        binding(
            "ClusterRoleBinding",
            json!({ "name": "aws-load-balancer-controller-rolebinding" }),
            "ClusterRole",
            ROLE,
        ),
        binding(
            "RoleBinding",
            in_namespace("aws-load-balancer-controller-leader-election-rolebinding"),
            "Role",
            LEADER_ROLE,
        ),
    ]
}

fn rule(groups: &[&str], resources: &[&str], verbs: &[&str]) -> Value {
    json!({ "apiGroups": groups, "resources": resources, "verbs": verbs })
}

fn named(mut rule: Value) -> Value {
    rule["resourceNames"] = json!([LEADER]);
    rule
}
