//! Creations that are interrupted: the next apply goes on, and nothing is made twice.

use acceptance_tests::tofu::Running;

use crate::support::{ADDRESS, CONFIG_MAP, DEPLOYMENT, NAMESPACE, SECRET, Scene, done, eventually};

/// Starts to create an instance whose volume is not provided, and waits until its database has been asked for.
async fn begin(scene: &Scene) -> Running {
    scene
        .configure(&scene.instance().couchdb("storage_class = \"lab-stuck\""))
        .await;
    let running = scene.workspace.start_apply().expect("apply starts");
    eventually("the database to be asked for", async || {
        scene
            .object(&DEPLOYMENT, "cht-couchdb")
            .await
            .map(|_| ())
            .ok_or("not yet".to_owned())
    })
    .await;
    running
}

async fn uuid(scene: &Scene) -> String {
    let secret = scene
        .object(&SECRET, "cht-couchdb-credentials")
        .await
        .expect("it is there");
    secret.data["data"]["COUCHDB_UUID"].as_str().expect("text").to_owned()
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_killed_creation_is_continued_with_the_same_credentials() {
    let scene = Scene::new("killed").await;
    let running = begin(&scene).await;
    running.kill();
    drop(running.wait().await);
    assert!(scene.state().await.is_null(), "a killed program saves nothing");
    let before = uuid(&scene).await;
    let record = scene
        .object(&CONFIG_MAP, "terraform-provider-cht")
        .await
        .expect("it is there");
    assert_eq!(record.data["data"]["stage"], "creating");

    // The volume's class is decided; what provides it comes late.
    scene
        .configure(
            &scene
                .instance()
                .couchdb("storage_class = \"lab-stuck\"")
                .with("timeouts = { create = \"5s\" }"),
        )
        .await;
    let error = {
        std::fs::remove_file(scene.workspace.directory().join(".terraform.tfstate.lock.info")).ok();
        scene.apply_fails().await
    };
    assert_eq!(
        error.summary, "Timed out",
        "it found what was there and went on waiting: {error:#?}"
    );
    assert_eq!(uuid(&scene).await, before, "nothing was generated again");
    scene.destroy().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn an_interrupted_creation_is_saved_and_can_be_finished_in_place() {
    let scene = Scene::new("interrupted").await;
    let running = begin(&scene).await;
    running.interrupt();
    let outcome = running.wait().await.expect("it ends");
    assert!(
        outcome.errors().any(|error| error.summary == "Operation cancelled"),
        "{}",
        outcome.text()
    );
    assert_eq!(scene.state().await["tainted"], true);
    let before = uuid(&scene).await;

    done("untaint", scene.workspace.run(&["untaint", ADDRESS]).await);
    scene.provide_volume("couchdb-claim0").await;
    let plan = scene.plan().await;
    assert_eq!(plan.actions(ADDRESS), ["update"]);
    let drift = plan.change(ADDRESS).expect("it is planned").before["drift"].to_string();
    assert!(drift.contains("not finished"), "{drift}");
    scene.apply().await;
    assert_eq!(uuid(&scene).await, before);
    scene.is_settled().await;
    scene.destroy().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_tainted_instance_whose_successor_is_made_first_is_taken_and_not_destroyed() {
    let scene = Scene::new("tainted-first").await;
    let instance = scene.instance().with("lifecycle {\n  create_before_destroy = true\n}");
    scene.configure(&instance).await;
    scene.apply().await;
    let before = uuid(&scene).await;

    done("taint", scene.workspace.run(&["taint", ADDRESS]).await);
    let outcome = done("apply", scene.workspace.apply().await);
    let warned = |summary: &str| outcome.warnings().any(|warning| warning.summary == summary);
    assert!(warned("CHT instance exists already"), "{}", outcome.text());
    assert!(warned("CHT object belongs to a later creation"), "{}", outcome.text());
    assert_eq!(scene.owned(&DEPLOYMENT).await.len(), 4);
    assert_eq!(uuid(&scene).await, before);
    scene.is_settled().await;
    scene.destroy().await;
    assert!(scene.object(&NAMESPACE, &scene.namespace).await.is_none());
}
