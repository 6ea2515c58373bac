//! The six steps, with one server and one agent.

use serde_json::json;

use crate::support::{Configuration, Scene, condition, done, workspace};

/// The agent in the configurations here.
const AGENT: &str = "cht_k3s_agent.h2";

/// What can be said of an agent beside what has to be.
const EVERYTHING: &str = r#"
labels = { "health.example/zone" = "b" }
taints = [{ key = "health.example/data", value = "couchdb", effect = "NoSchedule" }]
provider_id = "lab://h2"
kubelet_args = ["max-pods=60"]
kube_proxy_args = ["v=1"]
registries = {
  mirrors = { "docker.io" = { endpoints = ["https://mirror.health.example"] } }
}
proxy = { https = "http://proxy.health.example:3128", no_proxy = ["10.0.0.0/8", "198.18.0.0/15"] }
extra_config = jsonencode({ "debug" = true })
drain = { enabled = true, timeout = "30s" }
on_destroy = { drain = true, force = false }
"#;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the lab: cargo xtask test"]
async fn an_agent_lives_through_the_six_steps() {
    let Some(scene) = Scene::new(2).await else { return };
    let minimal = Configuration::new([1]).agents([2]);
    scene.configure(&minimal);
    assert_eq!(scene.plan().await.actions(AGENT), ["create"]);
    scene.apply().await;
    scene.is_settled_after("created").await;
    let made = scene.state(AGENT).await;
    assert_eq!(made["ready"], json!(true));
    assert_eq!(made["running_version"], scene.lab.first_version());
    let node = scene.node(1, "h2").await.expect("the node is there");
    assert_eq!(condition(&node, "Ready").as_deref(), Some("True"));

    let importing = workspace();
    let text = minimal.hcl(&scene.lab);
    importing.write("main.tf", &text).expect("the configuration is written");
    let (server, agent) = (scene.host(1).ip(), scene.host(2).ip());
    let cluster = importing.import("cht_k3s_cluster.test", &server.to_string()).await;
    done("import", cluster);
    done("import", importing.import(AGENT, &format!("h2@{agent}")).await);
    done("apply", importing.apply().await);
    let plan = done("plan", importing.plan().await);
    assert!(plan.is_empty(), "{:#?}", plan.changes().collect::<Vec<_>>());
    let after = scene.node(1, "h2").await.expect("the node is there");
    assert_eq!(node.metadata.uid, after.metadata.uid, "the node is the same");
    assert_eq!(scene.state(AGENT).await["id"], made["id"]);

    let updated = minimal.clone().with_agents("kubelet_args = [\"max-pods=50\"]");
    scene.configure(&updated);
    assert_eq!(scene.plan().await.actions(AGENT), ["update"]);
    scene.apply().await;
    scene.is_settled_after("updated").await;
    let node = scene.node(1, "h2").await.expect("the node is there");
    let arguments = node.metadata.annotations.clone().unwrap_or_default()["k3s.io/node-args"].clone();
    assert!(arguments.contains("max-pods=50"), "{arguments}");

    scene.configure(&minimal.clone().with_agents(EVERYTHING));
    scene.apply().await;
    scene.is_settled_after("changed in all").await;
    let other = scene.node(1, "h2").await.expect("the node is there");
    assert_eq!(
        other.spec.and_then(|spec| spec.provider_id).as_deref(),
        Some("lab://h2")
    );

    let replace = format!("-replace={AGENT}");
    let plan = done("plan", scene.workspace.plan_with(&[&replace]).await);
    assert_eq!(plan.actions(AGENT), ["delete", "create"]);
    let replacing = ["apply", "-input=false", "-auto-approve", &replace];
    done("apply", scene.workspace.run(&replacing).await);
    scene.is_settled_after("replaced").await;

    scene.configure(&Configuration::new([1]));
    assert_eq!(scene.plan().await.actions(AGENT), ["delete"]);
    scene.apply().await;
    scene.is_clean(2).await;
    assert!(scene.node(1, "h2").await.is_none(), "its node is gone");
    scene.destroy().await;
    scene.is_clean(1).await;
}
