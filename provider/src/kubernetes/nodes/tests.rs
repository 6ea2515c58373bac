//! Cordons and evictions, with a server that answers by a script.

use super::super::testing::{Exchange, cluster};
use super::*;

fn pod(name: &str) -> Pod {
    serde_json::from_value(json!({"metadata": {"name": name, "namespace": "cht", "uid": name}})).unwrap()
}

fn refusal(code: u16, reason: &str, cause: &str) -> Value {
    let causes =
        json!([{"reason": cause, "message": "The disruption budget couchdb needs 1 healthy pods and has 1 currently"}]);
    json!({"kind": "Status", "code": code, "reason": reason, "message": "no", "details": {"causes": causes}})
}

#[tokio::test]
async fn each_answer_to_an_eviction_says_whether_the_pod_goes() {
    let script = [
        ("a", 201, json!({"kind": "Status", "status": "Success"})),
        ("b", 404, json!({"kind": "Status", "reason": "NotFound"})),
        (
            "c",
            409,
            json!({"kind": "Status", "reason": "Conflict", "message": "uid"}),
        ),
        ("d", 429, refusal(429, "TooManyRequests", "DisruptionBudget")),
        ("e", 403, refusal(403, "Forbidden", "NamespaceTerminating")),
    ];
    for (name, code, body) in script {
        let path = format!("/api/v1/namespaces/cht/pods/{name}/eviction");
        let (cluster, server) = cluster(vec![Exchange::new(http::Method::POST, &path).answer(code, body)]);
        let answers = cluster.evict_all(&[&pod(name)]).await.unwrap();
        let expected = match name {
            "d" => {
                Eviction::Refused("The disruption budget couchdb needs 1 healthy pods and has 1 currently".to_owned())
            }
            "e" => Eviction::Refused("its namespace is being deleted".to_owned()),
            _ => Eviction::Going,
        };
        assert_eq!(answers, [expected], "{name}");
        let bodies = server.finished().await;
        assert_eq!(bodies[0]["deleteOptions"]["preconditions"], json!({"uid": name}));
    }
}

#[tokio::test]
async fn pods_are_those_of_the_node_in_all_namespaces() {
    let pods = json!({"items": [{"metadata": {"name": "p", "namespace": "cht"}}]});
    let (cluster, server) = cluster(vec![
        Exchange::get("/api/v1/pods?limit=500&fieldSelector=spec.nodeName%3Dworker-1").answer(200, pods),
    ]);
    assert_eq!(cluster.pods_on("worker-1").await.unwrap().len(), 1);
    server.finished().await;
}

fn node(version: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "w", "resourceVersion": version}})
}

#[tokio::test]
async fn a_node_that_changed_meanwhile_is_looked_at_again() {
    let (cluster, server) = cluster(vec![
        Exchange::get("/api/v1/nodes/w").answer(200, node("7")),
        Exchange::patch("/api/v1/nodes/w?fieldManager=terraform-provider-cht").answer(
            422,
            json!({"kind": "Status", "reason": "Invalid", "message": "test failed"}),
        ),
        Exchange::get("/api/v1/nodes/w").answer(200, node("8")),
        Exchange::patch("/api/v1/nodes/w").answer(200, node("9")),
    ]);
    let step = json!({"op": "add", "path": "/spec/unschedulable", "value": true});
    let key = ObjectKey::cluster::<Node>("w");
    assert!(cluster.edit(&key, |_| vec![step.clone()]).await.unwrap());
    let bodies = server.finished().await;
    assert_eq!(
        (&bodies[1][0]["value"], &bodies[3][0]["value"]),
        (&json!("7"), &json!("8"))
    );
    assert_eq!(bodies[3][1], step);
}

#[tokio::test]
async fn what_needs_no_change_is_not_written_and_what_is_not_there_is_told() {
    let gone = json!({"kind": "Status", "reason": "NotFound"});
    let (cluster, server) = cluster(vec![
        Exchange::get("/api/v1/nodes/w").answer(200, node("7")),
        Exchange::get("/api/v1/nodes/w").answer(404, gone),
    ]);
    let key = ObjectKey::cluster::<Node>("w");
    assert!(cluster.edit(&key, |_| Vec::new()).await.unwrap());
    assert!(!cluster.edit(&key, |_| vec![Value::Null]).await.unwrap());
    server.finished().await;
}

#[tokio::test]
async fn a_deleted_node_is_gone_only_when_its_finalizers_are_done() {
    let gone = || json!({"kind": "Status", "reason": "NotFound"});
    let (cluster, server) = cluster(vec![
        Exchange::delete("/api/v1/nodes/w").answer(200, node("7")),
        Exchange::get("/api/v1/nodes/w").answer(200, node("8")),
        Exchange::delete("/api/v1/nodes/w").answer(200, node("8")),
        Exchange::get("/api/v1/nodes/w").answer(404, gone()),
        Exchange::delete("/api/v1/nodes/w").answer(404, gone()),
    ]);
    let key = ObjectKey::cluster::<Node>("w");
    for expected in [false, true, true] {
        assert_eq!(cluster.delete_by_name(&key).await.unwrap(), expected);
    }
    server.finished().await;
}
