//! What is changed from outside shows in the next plan, and the next apply repairs it.

use serde_json::{Value, json};

use crate::support::{ADDRESS, CONFIG_MAP, DEPLOYMENT, NAMESPACE, SECRET, SERVICE, Scene};

/// The container of a deployment with something changed.
fn container(name: &str, change: Value) -> Value {
    let mut container = json!({"name": name});
    for (key, value) in change.as_object().expect("an object") {
        container[key] = value.clone();
    }
    json!({"spec": {"template": {"spec": {"containers": [container]}}}})
}

/// What the plan says is different.
async fn drift(scene: &Scene) -> Vec<String> {
    let plan = scene.plan().await;
    assert_eq!(plan.actions(ADDRESS), ["update"]);
    let change = plan.change(ADDRESS).expect("the plan has the instance");
    assert_eq!(
        change.after["drift"],
        json!([]),
        "the plan says that it will be repaired"
    );
    serde_json::from_value(change.before["drift"].clone()).expect("lines")
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn each_change_from_outside_is_planned_and_repaired() {
    let scene = Scene::new("drifting").await;
    scene.configure(&scene.instance()).await;
    scene.apply().await;
    let other_image = json!({"image": "public.ecr.aws/medic/cht-haproxy:5.2.0"});
    let other_env = json!({"env": [{"name": "LOG_LEVEL", "value": "debug"}, {"name": "EXTRA", "value": "1"}]});

    scene.delete(&SERVICE, "nouveau").await;
    scene
        .patch(&DEPLOYMENT, "cht-haproxy", container("cht-haproxy", other_image))
        .await;
    scene
        .patch(&DEPLOYMENT, "cht-sentinel", container("cht-sentinel", other_env))
        .await;
    scene
        .patch(&DEPLOYMENT, "cht-api", json!({"spec": {"replicas": 2}}))
        .await;
    scene
        .patch(
            &CONFIG_MAP,
            "couchdb-servers-configmap",
            json!({"data": {"COUCHDB_SERVERS": "elsewhere"}}),
        )
        .await;
    scene
        .patch(
            &SECRET,
            "cht-couchdb-credentials",
            json!({"stringData": {"COUCH_URL": "http://elsewhere"}}),
        )
        .await;

    let lines = drift(&scene).await;
    for expected in [
        "Service drifting/nouveau is not there",
        "containers[name=cht-haproxy].image: \"public.ecr.aws/medic/cht-haproxy:5.2.0\" instead of \
         \"public.ecr.aws/medic/cht-haproxy:5.3.1\" by \"somebody-else\"",
        "env[name=LOG_LEVEL].value: \"debug\" instead of \"info\"",
        "env[name=EXTRA]: was added by \"somebody-else\"",
        "Deployment drifting/cht-api spec.replicas: 2 instead of 1",
        "data.COUCHDB_SERVERS: \"elsewhere\"",
        "Secret drifting/cht-couchdb-credentials data.COUCH_URL: \"(sensitive value)\"",
    ] {
        assert!(
            lines.iter().any(|line| line.contains(expected)),
            "{expected}\n{lines:#?}"
        );
    }
    assert_eq!(lines.len(), 7, "{lines:#?}");

    scene.apply().await;
    scene.is_settled().await;
    let sentinel = scene.object(&DEPLOYMENT, "cht-sentinel").await.expect("it is there");
    let env = sentinel.data["spec"]["template"]["spec"]["containers"][0]["env"].to_string();
    assert!(!env.contains("EXTRA"), "what was added is gone: {env}");
    scene.destroy().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn an_instance_that_is_gone_is_made_again() {
    let scene = Scene::new("vanished").await;
    scene.configure(&scene.instance()).await;
    scene.apply().await;
    scene.delete(&NAMESPACE, "vanished").await;
    assert_eq!(scene.plan().await.actions(ADDRESS), ["create"]);
    scene.apply().await;
    scene.is_settled().await;
    scene.destroy().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn the_credentials_survive_the_loss_of_everything_but_the_data() {
    let scene = Scene::new("stripped").await;
    scene.configure(&scene.instance()).await;
    scene.apply().await;
    let before = scene.state().await["values"]["couchdb"].clone();
    for name in scene.owned(&DEPLOYMENT).await {
        scene.delete(&DEPLOYMENT, &name).await;
    }
    for (kind, name) in [
        (&SECRET, "cht-couchdb-credentials"),
        (&CONFIG_MAP, "terraform-provider-cht"),
    ] {
        scene.delete(kind, name).await;
    }
    scene.apply().await;
    assert_eq!(scene.state().await["values"]["couchdb"], before);
    scene.is_settled().await;
    scene.destroy().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_field_that_another_manager_holds_is_reported_with_its_name() {
    let scene = Scene::new("contested").await;
    scene.configure(&scene.instance()).await;
    scene.apply().await;
    let held = json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "cht-api"},
        "spec": {"template": {"spec": {"containers": [
            {"name": "cht-api", "env": [{"name": "LOG_LEVEL", "value": "info"}]}
        ]}}},
    });
    let params = kube::api::PatchParams::apply("gitops").force();
    let patch = kube::api::Patch::Apply(held);
    scene
        .api(&DEPLOYMENT)
        .patch("cht-api", &params, &patch)
        .await
        .expect("it is applied");
    assert!(scene.plan().await.is_empty(), "nothing differs yet");
    scene
        .configure(&scene.instance().with("api = { log_level = \"debug\" }"))
        .await;
    let error = scene.plan_fails().await;
    crate::support::blames(&error, "Cluster refuses the plan", "is owned by \"gitops\"", "");
    scene.configure(&scene.instance()).await;
    scene.destroy().await;
}
