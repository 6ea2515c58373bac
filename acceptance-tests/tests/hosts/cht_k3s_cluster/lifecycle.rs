//! The six steps: create; empty second plan; import and verify; update in place; destroy and make again with all
//! optional attributes; destroy, and nothing is left.

use serde_json::json;

use crate::support::{CLUSTER, Configuration, Scene, condition, done, workspace};

/// What can be said of a cluster beside what has to be.
const EVERYTHING: &str = r#"
cluster_cidr = ["10.52.0.0/16"]
service_cidr = ["10.53.0.0/16"]
cluster_dns = ["10.53.0.10"]
cluster_domain = "cht.local"
flannel_backend = "host-gw"
tls_san = ["k3s.health.example"]
disable = ["servicelb", "metrics-server"]
secrets_encryption = true
embedded_registry = true
system_default_registry = "registry.health.example"
kubelet_args = ["max-pods=200"]
kube_apiserver_args = ["default-watch-cache-size=200"]
kube_controller_manager_args = ["node-monitor-period=4s"]
kube_scheduler_args = ["v=1"]
kube_proxy_args = ["v=1"]
snapshots = { enabled = true, schedule = "0 */6 * * *", retention = 7, compress = true }
registries = {
  mirrors = { "docker.io" = { endpoints = ["https://mirror.health.example"] } }
}
proxy = { https = "http://proxy.health.example:3128", no_proxy = ["10.0.0.0/8", "198.18.0.0/15"] }
kubeconfig_mode = "0640"
extra_config = jsonencode({ "debug" = true })
"#;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the lab: cargo xtask test"]
async fn one_server_lives_through_the_six_steps() {
    let Some(scene) = Scene::new(1).await else { return };
    let minimal = Configuration::new([1]);
    scene.configure(&minimal);
    assert_eq!(scene.plan().await.actions(CLUSTER), ["create"]);
    scene.apply().await;
    scene.is_settled_after("created").await;
    let state = scene.state(CLUSTER).await;
    let status = &state["status"]["h1"];
    assert_eq!(
        (&status["ready"], &status["voter"]),
        (&json!(true), &json!(true)),
        "{status}"
    );
    assert_eq!(status["version"], scene.lab.first_version());
    let print = scene.run(1, "ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub").await;
    assert_eq!(print.split(' ').nth(1), status["host_key_print"].as_str(), "{status}");
    assert_eq!(state["drift"], json!([]));
    assert_eq!(state["join"]["cluster_id"], state["id"]);

    is_imported(&scene, &minimal).await;

    let labelled = minimal
        .clone()
        .with("kubelet_args = [\"max-pods=150\"]")
        .with_server(1, "labels = { \"health.example/zone\" = \"a\" }");
    scene.configure(&labelled);
    let plan = scene.plan().await;
    assert_eq!(plan.actions(CLUSTER), ["update"]);
    scene.apply().await;
    scene.is_settled_after("updated").await;
    let node = scene.node(1, "h1").await.expect("the node is there");
    let labels = node.metadata.labels.clone().unwrap_or_default();
    assert_eq!(labels.get("health.example/zone").map(String::as_str), Some("a"));
    let arguments = node.metadata.annotations.clone().unwrap_or_default()["k3s.io/node-args"].clone();
    assert!(arguments.contains("max-pods=150"), "it was started again: {arguments}");

    // What every pod and service depends on is not changed by taking the cluster away and making another.
    let everything = minimal.clone().with(EVERYTHING);
    scene.configure(&everything);
    assert_eq!(scene.plan_fails().await.summary, "Cannot be changed");
    scene.configure(&minimal);
    scene.destroy().await;
    scene.is_clean(1).await;
    scene.configure(&everything);
    scene.apply().await;
    scene.is_settled_after("made again with all that can be said").await;
    assert_ne!(scene.state(CLUSTER).await["id"], state["id"]);

    scene.destroy().await;
    scene.is_clean(1).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_protected_cluster_stays() {
    let Some(scene) = Scene::new(1).await else { return };
    let protected = Configuration::new([1])
        .protected()
        .with("datastore = { type = \"sqlite\" }");
    scene.configure(&protected);
    scene.apply().await;
    scene.is_settled_after("created").await;
    let refused = scene.workspace.destroy().await.expect_err("it is protected");
    let errors = refused.diagnostics();
    assert!(
        errors.iter().any(|error| error.detail.contains("deletion_protection")),
        "{errors:#?}"
    );
    let node = scene.node(1, "h1").await.expect("nothing was done to it");
    assert_eq!(condition(&node, "Ready").as_deref(), Some("True"));
    scene.configure(&Configuration::new([1]).with("datastore = { type = \"sqlite\" }"));
    scene.apply().await;
    scene.destroy().await;
    scene.is_clean(1).await;
}

/// Checks that the cluster can be imported by the address of its first server, and that nothing has to be done to it
/// then.
pub(super) async fn is_imported(scene: &Scene, configuration: &Configuration) {
    let importing = workspace();
    let text = configuration.hcl(&scene.lab);
    importing.write("main.tf", &text).expect("the configuration is written");
    let id = scene.host(1).ip().to_string();
    done("import", importing.import(CLUSTER, &id).await);
    let plan = done("plan", importing.plan().await);
    assert_ne!(
        plan.actions(CLUSTER),
        ["delete", "create"],
        "{:#?}",
        plan.change(CLUSTER)
    );
    let before = scene.node(1, "h1").await.expect("the node is there");
    done("apply", importing.apply().await);
    let after = scene.node(1, "h1").await.expect("the node is there");
    assert_eq!(
        before.metadata.annotations, after.metadata.annotations,
        "nothing was started again"
    );
    let plan = done("plan", importing.plan().await);
    assert!(plan.is_empty(), "{:#?}", plan.changes().collect::<Vec<_>>());
    let state = done("show", importing.show().await);
    let imported = &state["values"]["root_module"]["resources"][0]["values"];
    let made = scene.state(CLUSTER).await;
    for attribute in ["id", "kubeconfig", "server_token", "ca_hash", "join", "status"] {
        assert_eq!(imported[attribute], made[attribute], "{attribute}");
    }
}
