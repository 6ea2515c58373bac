//! Creations that are interrupted: the next apply goes on, and nothing is made twice.

use acceptance_tests::tofu::Running;

use serde_json::json;

use crate::support::{ADDRESS, CLAIM, CONFIG_MAP, DEPLOYMENT, NAMESPACE, SECRET, Scene, blames, done, eventually};

/// Has the new object made before the old one is destroyed.
const FIRST: &str = "lifecycle {\n  create_before_destroy = true\n}";

/// Starts to create an instance whose volume is not provided, and waits until its database has been asked for.
async fn begin(scene: &Scene) -> Running {
    begin_with(scene, "").await
}

async fn begin_with(scene: &Scene, lines: &str) -> Running {
    let instance = scene.instance().couchdb("storage_class = \"lab-stuck\"");
    scene.configure(&instance.with(lines)).await;
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

/// The creation that the record names.
async fn creation(scene: &Scene) -> String {
    let record = scene.object(&CONFIG_MAP, "terraform-provider-cht").await;
    let record = record.expect("it is there");
    record.data["data"]["creation"].as_str().expect("text").to_owned()
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

/// There is one instance in a namespace, so a second one cannot be made first.
#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_tainted_instance_is_not_replaced_by_one_that_is_made_first() {
    let scene = Scene::new("tainted-first").await;
    scene.configure(&scene.instance().with(FIRST)).await;
    scene.apply().await;
    let before = uuid(&scene).await;

    done("taint", scene.workspace.run(&["taint", ADDRESS]).await);
    let refused = scene.apply_fails().await;
    blames(&refused, "CHT instance exists already", "`untaint` it", "namespace");
    done("untaint", scene.workspace.run(&["untaint", ADDRESS]).await);
    scene.is_settled().await;

    // Nothing tells yet that a state has it: it is taken, and its own deletion leaves it.
    done("taint", scene.workspace.run(&["taint", ADDRESS]).await);
    scene
        .patch(
            &CONFIG_MAP,
            "terraform-provider-cht",
            json!({ "data": { "saved": null } }),
        )
        .await;
    let apply = ["apply", "-json", "-input=false", "-auto-approve", "-refresh=false"];
    let outcome = done("apply", scene.workspace.run(&apply).await);
    let warned = |summary: &str| outcome.warnings().any(|warning| warning.summary == summary);
    assert!(warned("CHT instance exists already"), "{}", outcome.text());
    assert!(warned("CHT object belongs to a later creation"), "{}", outcome.text());
    assert_eq!(scene.owned(&DEPLOYMENT).await.len(), 4);
    assert_eq!(uuid(&scene).await, before);
    scene.is_settled().await;
    scene.destroy().await;
    assert!(scene.object(&NAMESPACE, &scene.namespace).await.is_none());
}

/// The core makes the third object and destroys the first one at the same time.
#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn an_instance_whose_taker_was_killed_is_neither_destroyed_nor_forgotten() {
    let scene = Scene::new("taker-killed").await;
    let running = begin_with(&scene, FIRST).await;
    running.interrupt();
    drop(running.wait().await);
    assert_eq!(scene.state().await["tainted"], true);
    let (before, first) = (uuid(&scene).await, creation(&scene).await);

    let running = scene.workspace.start_apply().expect("apply starts");
    eventually("its successor to go on with it", async || {
        let creation = creation(&scene).await;
        if creation == first {
            Err("not yet".to_owned())
        } else {
            Ok(())
        }
    })
    .await;
    running.kill();
    drop(running.wait().await);
    std::fs::remove_file(scene.workspace.directory().join(".terraform.tfstate.lock.info")).ok();
    let refused = crate::support::failure("destroy", scene.workspace.destroy().await);
    assert_eq!(
        refused.summary, "CHT object may belong to a later creation",
        "{refused:#?}"
    );

    scene.provide_volume("couchdb-claim0").await;
    // Whether the first object is dropped by now depends on which of the two had its turn first.
    drop(scene.workspace.apply().await);
    scene.apply().await;
    assert_eq!(uuid(&scene).await, before);
    scene.is_settled().await;
    scene.destroy().await;
    assert!(scene.object(&NAMESPACE, &scene.namespace).await.is_none());
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn an_instance_that_was_taken_stays_that_of_its_taker_after_any_change() {
    let unsaved = Scene::new("taken").await;
    unsaved.configure(&unsaved.instance()).await;
    unsaved.apply().await;
    let taker = unsaved.elsewhere().await;
    taker.configure(&taker.instance()).await;
    let taken = done("apply", taker.workspace.apply().await);
    assert!(
        taken
            .warnings()
            .any(|warning| warning.summary == "CHT instance exists already"),
        "{}",
        taken.text()
    );

    // No state is known to have it from its taker, which may have been killed.
    let refused = crate::support::failure("destroy", unsaved.workspace.destroy().await);
    assert_eq!(
        refused.summary, "CHT object may belong to a later creation",
        "{refused:#?}"
    );
    assert_eq!(unsaved.owned(&DEPLOYMENT).await.len(), 4);
    assert_eq!(unsaved.state().await["address"], ADDRESS, "it is not forgotten");

    taker
        .configure(&taker.instance().with("api = { log_level = \"debug\" }"))
        .await;
    taker.apply().await;
    let left = done("destroy", unsaved.workspace.destroy().await);
    let warnings: Vec<_> = left.warnings().map(|warning| &warning.summary).collect();
    assert_eq!(warnings, ["CHT object belongs to a later creation"]);
    assert_eq!(unsaved.owned(&DEPLOYMENT).await.len(), 4);

    // What a refresh has found in a state is taken by nobody else.
    let third = unsaved.elsewhere().await;
    third
        .configure(&third.instance().with("api = { log_level = \"debug\" }"))
        .await;
    let refused = third.apply_fails().await;
    blames(&refused, "CHT instance exists already", "import it", "namespace");
    taker.is_settled().await;
    taker.destroy().await;
    assert!(taker.object(&NAMESPACE, &taker.namespace).await.is_none());
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn an_instance_that_a_refresh_has_found_in_a_state_is_taken_by_no_other() {
    let scene = Scene::new("fresh").await;
    scene.configure(&scene.instance()).await;
    scene.apply().await;
    scene.is_settled().await;
    let other = scene.elsewhere().await;
    other.configure(&other.instance()).await;
    let refused = other.apply_fails().await;
    blames(&refused, "CHT instance exists already", "import it", "namespace");
    scene.is_settled().await;
    scene.destroy().await;
}

/// The deletion was killed after it had taken the record away, when only the namespace and earlier volumes were left.
#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn volumes_without_a_record_are_not_taken_for_those_of_an_instance_that_goes() {
    let scene = Scene::new("unrecorded").await;
    scene.configure(&scene.instance()).await;
    scene.apply().await;
    scene.delete(&CONFIG_MAP, "terraform-provider-cht").await;
    let destroyed = done("destroy", scene.workspace.destroy().await);
    let warnings: Vec<_> = destroyed.warnings().map(|warning| &warning.summary).collect();
    assert_eq!(warnings, ["Data volumes were kept"]);
    assert!(scene.object(&CLAIM, "couchdb-claim0").await.is_some());
    assert_eq!(scene.owned(&DEPLOYMENT).await.len(), 0);
    scene.delete(&NAMESPACE, "unrecorded").await;
}
