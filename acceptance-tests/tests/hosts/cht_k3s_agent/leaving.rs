//! What an agent leaves behind, and what it does not: labels, data on its disk, a host that is gone.

use k8s_openapi::api::core::v1::{Node, PersistentVolume};
use kube::api::{DeleteParams, Patch, PatchParams, PostParams};
use kube::{Api, ResourceExt};
use serde_json::{Value, json};

use crate::support::{Configuration, Scene, condition, eventually};

/// The agent in the configurations here.
const AGENT: &str = "cht_k3s_agent.h2";

/// A label that others have set.
const THEIRS: &str = "health.example/theirs";

/// A volume as k3s' own class makes it, with its data on the disk of a node.
fn volume_on(node: &str) -> PersistentVolume {
    let expression = json!({"key": "kubernetes.io/hostname", "operator": "In", "values": [node]});
    let volume = json!({
        "apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": "pvc-1"},
        "spec": {
            "capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"], "storageClassName": "local-path",
            "persistentVolumeReclaimPolicy": "Retain",
            "local": {"path": "/var/lib/rancher/k3s/storage/pvc-1"},
            "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [expression]}]}},
        },
    });
    serde_json::from_value(volume).expect("it is a volume")
}

async fn change_node(scene: &Scene, change: Value) {
    let nodes = Api::<Node>::all(scene.client(1).await);
    let (params, change) = (PatchParams::default(), Patch::Merge(change));
    nodes.patch("h2", &params, &change).await.expect("the node is changed");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the lab: cargo xtask test"]
async fn an_agent_takes_its_labels_with_it_and_no_data_that_is_needed() {
    let Some(scene) = Scene::new(2).await else { return };
    let bare = Configuration::new([1])
        .agents([2])
        .with_agents("drain = { timeout = \"2s\" }");
    let labels = |text: &str| bare.clone().with_agents(text);
    scene.configure(&labels(
        "labels = { \"health.example/a\" = \"1\", \"node-role.kubernetes.io/worker\" = \"true\" }",
    ));
    scene.apply().await;
    scene.is_settled_after("created").await;
    change_node(&scene, json!({"metadata": {"labels": {THEIRS: "1"}}})).await;

    scene.configure(&labels("labels = { \"health.example/b\" = \"2\" }"));
    scene.apply().await;
    scene.is_settled_after("with other labels").await;
    let node = scene.node(1, "h2").await.expect("the node is there");
    let has = |name: &str| node.labels().contains_key(name);
    assert!(has("health.example/b") && has(THEIRS), "{:?}", node.labels());
    assert!(
        !has("health.example/a") && !has("node-role.kubernetes.io/worker"),
        "{:?}",
        node.labels()
    );

    let volumes = Api::<PersistentVolume>::all(scene.client(1).await);
    let (params, volume) = (PostParams::default(), volume_on("h2"));
    volumes.create(&params, &volume).await.expect("the volume is made");
    scene.configure(&Configuration::new([1]));
    let refused = scene.apply_fails().await;
    assert_eq!(refused.summary, "Data is on the disk of the agent");
    assert!(refused.detail.contains("pvc-1"), "{}", refused.detail);
    let node = scene.node(1, "h2").await.expect("the node is still there");
    assert_eq!(condition(&node, "Ready").as_deref(), Some("True"));

    // Who changes his mind finds all as it was.
    scene.configure(&bare);
    scene.apply().await;
    scene.is_settled_after("kept").await;

    scene.configure(&bare.clone().with_agents("on_destroy = { force = true }"));
    scene.apply().await;
    scene.configure(&Configuration::new([1]));
    scene.apply().await;
    scene.is_clean(2).await;
    assert!(scene.node(1, "h2").await.is_none(), "its node is gone");
    volumes
        .delete("pvc-1", &DeleteParams::default())
        .await
        .expect("the volume goes");
    scene.destroy().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_host_that_is_gone_is_left_and_one_that_only_does_not_answer_is_not() {
    let Some(scene) = Scene::new(2).await else { return };
    let both = Configuration::new([1]).agents([2]);
    scene.configure(&both);
    scene.apply().await;

    // Its node stays ready: nobody but this machine is kept out.
    scene
        .run(
            2,
            "systemctl stop ssh.socket ssh.service sshd.service 2>/dev/null; true",
        )
        .await;
    let plan = scene.plan().await;
    assert!(
        plan.actions(AGENT).is_empty() || plan.actions(AGENT) == ["no-op"],
        "{:?}",
        plan.actions(AGENT)
    );
    scene.configure(&Configuration::new([1]));
    let refused = scene.apply_fails().await;
    assert_eq!(refused.summary, "Host of the agent does not answer");
    assert!(refused.detail.contains("its node is ready"), "{}", refused.detail);

    scene.host(2).power_off().expect("it is off");
    eventually("the node to be missed", async || {
        let node = scene.node(1, "h2").await.expect("the node is there");
        match condition(&node, "Ready").as_deref() {
            Some("True") => Err("it is ready".to_owned()),
            _ => Ok(()),
        }
    })
    .await;
    let applied = scene.apply().await;
    assert!(applied.text().contains("Host was not cleaned up"), "{}", applied.text());
    assert!(scene.node(1, "h2").await.is_none(), "its node is gone");
    scene.destroy().await;
}
