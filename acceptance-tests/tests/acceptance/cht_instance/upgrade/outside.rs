//! A CHT that somebody else brought to another version, as from its admin page, shows as what it is.

use serde_json::{Value, json};

use super::{running, upgrade_is};
use crate::support::{ADDRESS, DEPLOYMENT, Scene, blames, done, eventually, lab};

/// The Deployments of an instance of CHT 5, with their containers.
const CONTAINERS: [(&str, &[&str]); 4] = [
    ("cht-couchdb", &["cht-couchdb", "cht-couchdb-nouveau"]),
    ("cht-haproxy", &["cht-haproxy"]),
    ("cht-api", &["cht-api"]),
    ("cht-sentinel", &["cht-sentinel"]),
];

/// Exchanges all images as an upgrade service does.
async fn exchange_images(scene: &Scene, version: &str) {
    for (deployment, containers) in CONTAINERS {
        let containers: Vec<Value> = containers
            .iter()
            .map(|name| json!({"name": name, "image": format!("public.ecr.aws/medic/{name}:{version}")}))
            .collect();
        let patch = json!({"spec": {"template": {"spec": {"containers": containers}}}});
        scene.patch(&DEPLOYMENT, deployment, patch).await;
    }
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn row_01_an_old_tag_never_downgrades_a_live_instance() {
    let scene = Scene::new("outside").await;
    let before = running(&scene, "5.2.0");
    scene.configure(&before).await;
    scene.apply().await;
    lab().await.cht.upgrades().ask("outside", "stage", "5.3.1");
    // Time passes for the application when it is asked something.
    eventually("the version to be staged", async || {
        drop(scene.workspace.plan_refresh_only().await);
        let log = super::database(&scene).await.log;
        log.last()
            .filter(|entry| entry.state == "indexed")
            .map(|_| ())
            .ok_or("not yet".to_owned())
    })
    .await;
    exchange_images(&scene, "5.3.1").await;
    upgrade_is(&scene, "finalized").await;

    let refresh = eventually("the new version to be seen", async || {
        let refresh = done("plan -refresh-only", scene.workspace.plan_refresh_only().await);
        let seen = refresh
            .drift()
            .get(ADDRESS)
            .map(|change| change.after.clone())
            .unwrap_or_default();
        if seen["live_version"] == "5.3.1" {
            Ok(seen)
        } else {
            Err(seen.to_string())
        }
    })
    .await;
    assert_eq!(refresh["cht_version"], "5.3.1", "it is what there is");
    assert_eq!(refresh["drift"], json!([]), "{refresh}");
    let refused = scene.plan_fails().await;
    blames(
        &refused,
        "CHT cannot be downgraded",
        "as from its admin page",
        "cht_version = \"5.2.0\"",
    );
    assert!(
        refused.detail.contains("Write `cht_version = \"5.3.1\"`"),
        "{refused:#?}"
    );

    // Nobody who leaves the version to others takes it back with some other change.
    let ignoring = before
        .clone()
        .with("api = { log_level = \"debug\" }\nlifecycle { ignore_changes = [cht_version] }");
    scene.configure(&ignoring).await;
    scene.apply().await;
    assert_eq!(scene.state().await["values"]["live_version"], "5.3.1");

    scene
        .configure(&running(&scene, "5.3.1").with("api = { log_level = \"debug\" }"))
        .await;
    assert!(scene.plan().await.is_empty(), "Terraform only had to be told");
    scene.destroy().await;
}
