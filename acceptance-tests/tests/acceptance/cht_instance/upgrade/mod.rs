//! Changes of `cht_version`: staged before the images come, told when they cannot be, never taken back silently.

mod failures;
pub(super) mod killed;
mod outside;
mod space;

use acceptance_tests::cht::Fault;
use acceptance_tests::cht::upgrade::Database;
use serde_json::json;

use crate::support::{ADDRESS, DEPLOYMENT, Instance, POD, Scene, blames, eventually, lab};

/// The instance in a version.
pub(super) fn running(scene: &Scene, version: &str) -> Instance {
    scene.instance().with(&format!("cht_version = {version:?}"))
}

/// What the database of an instance knows of versions.
pub(super) async fn database(scene: &Scene) -> Database {
    lab().await.cht.upgrades().of(&scene.namespace)
}

/// Waits until the newest upgrade of an instance is in a state.
async fn upgrade_is(scene: &Scene, state: &str) {
    eventually("the state of the upgrade", async || {
        let log = database(scene).await.log;
        let newest = log.last().map_or("none", |entry| entry.state);
        if newest == state {
            Ok(())
        } else {
            Err(newest.to_owned())
        }
    })
    .await;
}

/// The image of a Deployment's first container.
pub(super) async fn image(scene: &Scene, deployment: &str) -> String {
    let deployment = scene.object(&DEPLOYMENT, deployment).await.expect("it is there");
    let image = &deployment.data["spec"]["template"]["spec"]["containers"][0]["image"];
    image.as_str().expect("text").to_owned()
}

/// The images of all containers of an instance.
async fn images(scene: &Scene) -> Vec<String> {
    let mut images = Vec::new();
    for name in scene.owned(&DEPLOYMENT).await {
        let deployment = scene.object(&DEPLOYMENT, &name).await.expect("it is there");
        let containers = deployment.data["spec"]["template"]["spec"]["containers"].clone();
        let containers = containers.as_array().expect("there are containers").clone();
        images.extend(
            containers
                .iter()
                .filter_map(|container| container["image"].as_str().map(str::to_owned)),
        );
    }
    assert!(images.len() > 3, "{images:?}");
    images
}

/// Checks that an instance runs a version, for which its API never had to index while it started.
async fn is_upgraded(scene: &Scene, version: &str, when: &str) {
    assert_eq!(scene.state().await["values"]["live_version"], version, "{when}");
    let database = database(scene).await;
    assert_eq!(database.installed.as_deref(), Some(version), "{when}");
    assert_eq!(database.cold_starts, 0, "{when}: the images came before the indexes");
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn row_11_a_version_is_staged_and_indexed_before_its_images_come() {
    let scene = Scene::new("staged").await;
    scene.configure(&running(&scene, "5.2.0")).await;
    scene.apply().await;
    scene.configure(&running(&scene, "5.3.1")).await;
    let plan = scene.plan().await;
    assert_eq!(plan.actions(ADDRESS), ["update"]);
    let change = plan.change(ADDRESS).expect("it is planned");
    assert_eq!(
        (&change.before["live_version"], &change.after["live_version"]),
        (&"5.2.0".into(), &().into())
    );
    assert!(
        plan.diagnostics()
            .iter()
            .all(|diagnostic| !diagnostic.summary.contains("upgrade"))
    );
    scene.apply().await;
    is_upgraded(&scene, "5.3.1", "after the upgrade").await;
    let log = database(&scene).await.log;
    assert_eq!(log.len(), 1, "it was asked for once");
    assert_eq!(
        log[0].history,
        ["initiated", "staged", "indexing", "indexed", "finalized"]
    );
    assert_eq!(log[0].action, "stage", "nobody else exchanges the images");
    scene.is_settled().await;
    scene.destroy().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn row_17_a_pod_that_does_not_run_is_in_no_upgrades_way() {
    let scene = Scene::new("odd-pod").await;
    scene.configure(&running(&scene, "5.2.0")).await;
    scene.apply().await;
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "left-over"},
        "spec": {
            "schedulingGates": [{"name": "lab.example/never"}],
            "containers": [{"name": "job", "image": "job.example/job:1"}],
        },
    });
    let pod = serde_json::from_value(pod).expect("an object");
    scene
        .api(&POD)
        .create(&Default::default(), &pod)
        .await
        .expect("it is made");

    scene.configure(&running(&scene, "5.3.1")).await;
    scene.apply().await;
    is_upgraded(&scene, "5.3.1", "beside such a pod").await;
    let left = scene.object(&POD, "left-over").await.expect("it is somebody else's");
    assert_eq!(left.data["status"]["phase"], "Pending");
    scene.delete(&POD, "left-over").await;
    scene.destroy().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn row_04_cht_4_becomes_cht_5_in_one_apply() {
    let scene = Scene::new("four-to-five").await;
    scene.configure(&running(&scene, "4.22.0")).await;
    scene.apply().await;
    scene.configure(&running(&scene, "5.3.1")).await;
    let plan = scene.plan().await;
    let mut warnings = plan.diagnostics().iter();
    let warning = warnings.find(|warning| warning.summary == "CHT 5 changes more than the images");
    blames(
        warning.expect("it is warned"),
        "CHT 5 changes more than the images",
        "After the upgrade from CHT 4.22.0 to 5.3.1, phones do not synchronize",
        "cht_version = \"5.3.1\"",
    );
    lab().await.cht.inject("four-to-five", Fault::SearchIndexingStalls);
    let applied = scene.apply().await;
    let mut warnings = applied.diagnostics.iter();
    let warning = warnings.find(|warning| warning.summary == "Search index is still being built");
    blames(
        warning.expect("it is told"),
        "Search index is still being built",
        "building its search index: 49 % so far",
        "",
    );
    is_upgraded(&scene, "5.3.1", "after the upgrade").await;
    lab().await.cht.heal("four-to-five", Fault::SearchIndexingStalls);
    for image in images(&scene).await {
        assert!(image.ends_with(":5.3.1"), "{image}");
    }
    scene.is_settled().await;
    scene.destroy().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_direct_upgrade_needs_no_builds_server_and_indexes_when_it_starts() {
    let scene = Scene::new("direct").await;
    scene.configure(&running(&scene, "5.2.0")).await;
    scene.apply().await;
    let direct = running(&scene, "5.3.1").with("upgrade = { mode = \"direct\", timeout = \"1h\" }");
    scene.configure(&direct).await;
    scene.apply().await;
    let database = database(&scene).await;
    assert_eq!((database.log.len(), database.cold_starts), (0, 1));
    assert_eq!(scene.state().await["values"]["live_version"], "5.3.1");
    scene.is_settled().await;
    scene.destroy().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_way_back_is_taken_only_when_it_is_allowed() {
    let scene = Scene::new("back").await;
    scene.configure(&running(&scene, "5.3.1")).await;
    scene.apply().await;
    scene.configure(&running(&scene, "5.3.0")).await;
    let refused = scene.plan_fails().await;
    blames(
        &refused,
        "CHT cannot be downgraded",
        "allow_downgrade = true",
        "cht_version = \"5.3.0\"",
    );
    scene
        .configure(&running(&scene, "5.3.0").with("allow_downgrade = true"))
        .await;
    scene.apply().await;
    assert_eq!(scene.state().await["values"]["live_version"], "5.3.0");
    assert!(
        database(&scene).await.log.is_empty(),
        "an earlier version is not staged"
    );
    scene.is_settled().await;
    scene.destroy().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn another_version_that_was_staged_makes_room_and_the_plan_says_so() {
    let scene = Scene::new("restaged").await;
    scene.configure(&running(&scene, "5.2.0")).await;
    scene.apply().await;
    lab().await.cht.upgrades().ask_as("restaged", "medic", "stage", "5.3.0");
    scene.configure(&running(&scene, "5.3.1")).await;
    let plan = scene.plan().await;
    let told = |warning: &acceptance_tests::tofu::Diagnostic| {
        warning.summary == "Staged CHT release is given up" && warning.detail.contains("cht_version = \"5.3.0\"")
    };
    assert!(plan.diagnostics().iter().any(told), "{:?}", plan.diagnostics());
    scene.apply().await;
    is_upgraded(&scene, "5.3.1", "after the upgrade").await;
    let states: Vec<&str> = database(&scene).await.log.iter().map(|entry| entry.state).collect();
    assert_eq!(states, ["aborted", "finalized"]);
    scene.destroy().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn what_another_person_stages_is_not_given_up() {
    let scene = Scene::new("staged-by-another").await;
    scene.configure(&running(&scene, "5.2.0")).await;
    scene.apply().await;
    lab().await.cht.upgrades().ask("staged-by-another", "stage", "5.3.0");
    scene.configure(&running(&scene, "5.3.1")).await;
    blames(
        &scene.plan_fails().await,
        "CHT does not stage the upgrade",
        "somebody is upgrading it to CHT 5.3.0",
        "cht_version = \"5.3.1\"",
    );
    assert_eq!(database(&scene).await.log.len(), 1, "it goes on");
    scene.configure(&running(&scene, "5.3.0")).await;
    scene.apply().await;
    is_upgraded(&scene, "5.3.0", "by both").await;
    scene.destroy().await;
}
