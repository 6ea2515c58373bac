//! Drains of nodes with budgets, and pods that stay.

use http::Method;
use serde_json::{Value, json};
use tf_framework::testing::scope;

use super::*;
use crate::kubernetes::testing::{Exchange, Server, cluster};

const MINUTE: Duration = Duration::from_secs(60);

fn pod(name: &str, owner: Option<&str>, change: Value) -> Value {
    let owners: Vec<Value> = owner
        .into_iter()
        .map(|kind| json!({"apiVersion": "v1", "kind": kind, "name": "o", "uid": "u", "controller": true}))
        .collect();
    let mut pod = json!({
        "metadata": {"name": name, "namespace": "cht", "uid": name, "ownerReferences": owners},
        "status": {"phase": "Running"},
    });
    for (part, fields) in change.as_object().unwrap() {
        for (field, value) in fields.as_object().unwrap() {
            pod[part][field] = value.clone();
        }
    }
    pod
}

/// A node that is cordoned already, and then the rest.
fn draining(rest: Vec<Exchange>) -> (Nodes, Server) {
    let node = json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "w"}, "spec": {"unschedulable": true}});
    let mut script = vec![Exchange::get("/api/v1/nodes/w").answer(200, node)];
    script.extend(rest);
    let (cluster, server) = cluster(script);
    (Nodes::new(cluster, "c1"), server)
}

fn pods(pods: &[Value]) -> Exchange {
    Exchange::get("spec.nodeName%3Dw").answer(200, json!({ "items": pods }))
}

fn evicts(name: &str) -> Exchange {
    Exchange::new(Method::POST, &format!("/namespaces/cht/pods/{name}/eviction"))
}

fn refused() -> Value {
    let message = "The disruption budget couchdb needs 1 healthy pods and has 1 currently.";
    let causes = json!([{"reason": "DisruptionBudget", "message": message}]);
    json!({"kind": "Status", "code": 429, "details": {"causes": causes}})
}

#[tokio::test(start_paused = true)]
async fn a_budget_is_asked_until_it_allows_the_eviction_and_pods_are_waited_for() {
    let couchdb = || pod("couchdb", Some("ReplicaSet"), json!({}));
    let going = pod(
        "couchdb",
        Some("ReplicaSet"),
        json!({"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}}),
    );
    let (nodes, server) = draining(vec![
        pods(&[couchdb()]),
        evicts("couchdb").answer(429, refused()),
        pods(&[couchdb()]),
        evicts("couchdb").answer(201, json!({"kind": "Status"})),
        pods(&[going]),
        pods(&[]),
    ]);
    let drained = nodes
        .drain(&scope((), 10 * MINUTE), "w", &Drain { timeout: MINUTE })
        .await;
    assert_eq!(drained.unwrap(), Drained::default());
    server.finished().await;
}

#[tokio::test(start_paused = true)]
async fn a_drain_that_is_not_done_in_time_names_pods_and_budgets() {
    let stays = || pod("couchdb", Some("StatefulSet"), json!({}));
    let (nodes, server) = draining(vec![pods(&[stays()]), evicts("couchdb").answer(429, refused())]);
    let drain = Drain {
        timeout: Duration::ZERO,
    };
    let error = nodes.drain(&scope((), MINUTE), "w", &drain).await.unwrap_err();
    server.finished().await;
    let text = Diagnostics::from(error).to_string();
    assert!(
        text.contains("cht/couchdb: The disruption budget couchdb needs 1 healthy pods and has 1 currently\n"),
        "{text}"
    );
}

#[tokio::test(start_paused = true)]
async fn when_the_operation_is_over_the_pods_are_named_too() {
    let stays = || pod("couchdb", Some("StatefulSet"), json!({}));
    // Three looks fit into two seconds.
    let look = || [pods(&[stays()]), evicts("couchdb").answer(429, refused())];
    let (nodes, server) = draining((0..3).flat_map(|_| look()).collect());
    let drain = Drain { timeout: MINUTE };
    let error = nodes
        .drain(&scope((), Duration::from_secs(2)), "w", &drain)
        .await
        .unwrap_err();
    server.finished().await;
    let text = Diagnostics::from(error).to_string();
    assert!(text.contains("cht/couchdb") && text.contains("the node w"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn what_belongs_to_the_node_stays_and_what_nobody_makes_again_is_named() {
    let (nodes, server) = draining(vec![
        pods(&[
            pod("flannel", Some("DaemonSet"), json!({})),
            pod(
                "static",
                Some("Node"),
                json!({"metadata": {"annotations": {MIRROR: "x"}}}),
            ),
            pod("backup", Some("Job"), json!({"status": {"phase": "Succeeded"}})),
            pod("bare", None, json!({})),
            pod("api", Some("ReplicaSet"), json!({})),
        ]),
        evicts("api").answer(404, json!({"kind": "Status", "reason": "NotFound"})),
        pods(&[pod("bare", None, json!({}))]),
    ]);
    let drained = nodes
        .drain(&scope((), MINUTE), "w", &Drain { timeout: MINUTE })
        .await
        .unwrap();
    assert_eq!(drained.unmanaged, ["cht/bare"]);
    server.finished().await;
}

#[tokio::test]
async fn a_node_that_is_gone_is_empty_and_a_failing_cluster_is_an_error() {
    let gone = json!({"kind": "Status", "reason": "NotFound"});
    let (cluster, server) = cluster(vec![
        Exchange::get("/api/v1/nodes/w").answer(404, gone),
        Exchange::get("spec.nodeName%3Dw").answer(403, json!({"kind": "Status", "message": "no"})),
    ]);
    let nodes = Nodes::new(cluster, "c1");
    let error = nodes
        .drain(&scope((), MINUTE), "w", &Drain { timeout: MINUTE })
        .await
        .unwrap_err();
    assert!(
        matches!(&error, DrainError::Api { source, .. } if source.is_forbidden()),
        "{error:?}"
    );
    server.finished().await;
}
