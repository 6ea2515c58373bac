//! Whose a cordon is, and what Nodes tell of themselves.

use http::Method;
use serde_json::{Value, json};

use super::*;
use crate::kubernetes::testing::{Exchange, Server, cluster};

fn nodes(script: Vec<Exchange>) -> (Nodes, Server) {
    let (cluster, server) = cluster(script);
    (Nodes::new(cluster, "c1"), server)
}

fn node(annotations: Value, unschedulable: bool) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Node",
        "metadata": {"name": "w", "resourceVersion": "7", "annotations": annotations},
        "spec": {"unschedulable": unschedulable},
        "status": {"nodeInfo": {"kubeletVersion": "v1.36.3+k3s1"}, "conditions": [{"type": "Ready", "status": "True"}]},
    })
}

fn read(node: Value) -> Exchange {
    Exchange::get("/api/v1/nodes/w").answer(200, node)
}

#[tokio::test]
async fn a_cordon_carries_our_mark_and_somebody_elses_stays_theirs() {
    let (nodes, server) = nodes(vec![
        read(node(json!({"a": "b"}), false)),
        Exchange::patch("/api/v1/nodes/w").answer(200, Value::Null),
        read(node(json!({}), true)),
    ]);
    nodes.cordon("w").await.unwrap();
    nodes.cordon("w").await.unwrap();
    let bodies = server.finished().await;
    assert_eq!(bodies[1][1]["value"], json!({"a": "b", CORDONED_BY: "c1"}));
    assert_eq!(bodies[1][2]["value"], json!(true));
}

#[tokio::test]
async fn only_our_own_cordon_is_taken_back() {
    let (nodes, server) = nodes(vec![
        read(node(json!({CORDONED_BY: "c1"}), true)),
        Exchange::patch("/api/v1/nodes/w").answer(200, Value::Null),
        // Somebody has uncordoned it meanwhile: the mark goes all the same.
        read(node(json!({CORDONED_BY: "c1"}), false)),
        Exchange::patch("/api/v1/nodes/w").answer(200, Value::Null),
        read(node(json!({CORDONED_BY: "another"}), true)),
        read(node(json!({}), true)),
    ]);
    for _ in 0..4 {
        nodes.uncordon("w").await.unwrap();
    }
    let bodies = server.finished().await;
    let paths = |body: &Value| {
        body.as_array()
            .unwrap()
            .iter()
            .map(|step| step["path"].clone())
            .collect::<Vec<_>>()
    };
    let mark = "/metadata/annotations/cht.terraform.io~1cordoned-by";
    assert_eq!(
        paths(&bodies[1]),
        ["/metadata/resourceVersion", mark, "/spec/unschedulable"]
    );
    assert_eq!(paths(&bodies[3]), ["/metadata/resourceVersion", mark]);
}

#[tokio::test]
async fn nodes_are_told_as_hosts_tell_them() {
    let gone = json!({"kind": "Status", "reason": "NotFound"});
    let (nodes, server) = nodes(vec![
        Exchange::get("/api/v1/nodes?limit=500").answer(200, json!({"items": [node(json!({}), true)]})),
        read(node(json!({}), false)),
        Exchange::get("/api/v1/nodes/w").answer(404, gone),
    ]);
    let all = nodes.list().await.unwrap();
    assert!(
        all[0].ready && all[0].unschedulable && all[0].version.is_some(),
        "{all:?}"
    );
    assert_eq!(
        nodes.find("w").await.unwrap().map(|node| node.name),
        Some("w".to_owned())
    );
    assert_eq!(nodes.find("w").await.unwrap(), None);
    server.finished().await;
}

#[tokio::test]
async fn attachments_are_those_of_the_node() {
    let attachment = |name: &str, node: &str, source: Value| {
        json!({"metadata": {"name": name},
               "spec": {"attacher": "csi.vsphere.vmware.com", "nodeName": node, "source": source}})
    };
    let items = json!([
        attachment("csi-1", "w", json!({"persistentVolumeName": "pvc-1"})),
        attachment("csi-2", "other", json!({"persistentVolumeName": "pvc-2"})),
        attachment("csi-3", "w", json!({})),
    ]);
    let path = "/apis/storage.k8s.io/v1/volumeattachments?";
    let (nodes, server) = nodes(vec![
        Exchange::new(Method::GET, path).answer(200, json!({"items": items})),
    ]);
    let found: Vec<String> = nodes
        .attachments("w")
        .await
        .unwrap()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        found,
        ["pvc-1 (csi.vsphere.vmware.com)", "csi-3 (csi.vsphere.vmware.com)"]
    );
    server.finished().await;
}
