//! `cht_credential`: the six steps, and what can be known of a secret that nobody can read.

use acceptance_tests::cht::application::disturbance::Disturbance;
use hyper::Method;
use k8s_openapi::jiff::Timestamp;
use serde_json::{Value, json};

use crate::application::Application;
use crate::support::{Scene, blames, done, failure, lab};

const ADDRESS: &str = "cht_credential.test";
const KEY: &str = "oidc:client-secret";
const ID: &str = "credential:oidc:client-secret";

fn credential(lines: &str) -> String {
    format!(
        "resource \"cht_credential\" \"test\" {{
           instance = local.instance
           key = {KEY:?}
           {lines}
         }}"
    )
}

/// What the fake keeps, in clear.
async fn stored(application: &Application) -> Option<String> {
    let document = application.document("medic-vault", ID).await;
    let hidden = document["password"].as_str()?.to_owned();
    let bytes = (0..hidden.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&hidden[at..at + 2], 16).expect("hex"));
    Some(String::from_utf8(bytes.collect()).expect("a text"))
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_credential_is_stored_changed_repaired_imported_replaced_and_destroyed() {
    let application = Application::new("credential-steps").await;
    let scene = &application.scene;
    let with = |value: &str, version: u8| credential(&format!("value_wo = {value:?}\nvalue_wo_version = {version}"));
    application.configure(&with("first secret", 1)).await;
    scene.apply().await;
    assert_eq!(stored(&application).await.as_deref(), Some("first secret"));
    scene.is_settled().await;

    application.configure(&with("second secret", 2)).await;
    assert_eq!(scene.plan().await.actions(ADDRESS), ["update"]);
    scene.apply().await;
    assert_eq!(stored(&application).await.as_deref(), Some("second secret"));
    scene.is_settled().await;

    somebody_elses_write_is_shown_and_repaired(&application, "second secret").await;
    is_imported_as_it_is(&application).await;

    let state = std::fs::read_to_string(scene.workspace.directory().join("terraform.tfstate")).expect("a state");
    assert!(!state.contains(" secret\""), "the state holds a value");

    application
        .configure(&with("second secret", 2).replace(KEY, "rapidpro:incoming"))
        .await;
    assert_eq!(scene.plan().await.actions(ADDRESS), ["delete", "create"]);
    scene.apply().await;
    assert_eq!(ids(&application).await, ["credential:rapidpro:incoming"]);

    application.configure("").await;
    scene.apply().await;
    assert!(ids(&application).await.is_empty());
    let marks = application
        .documents(|documents| documents.ids("medic", "_local/"))
        .await;
    assert!(marks.is_empty(), "{marks:?}");
    scene.destroy().await;
}

async fn ids(application: &Application) -> Vec<String> {
    application
        .documents(|documents| documents.ids("medic-vault", ""))
        .await
}

async fn somebody_elses_write_is_shown_and_repaired(application: &Application, value: &str) {
    let scene: &Scene = &application.scene;
    application
        .documents(|documents| documents.write("medic-vault", ID, json!({ "password": "00" })))
        .await;
    let plan = scene.plan().await;
    assert_eq!(plan.actions(ADDRESS), ["update"]);
    assert_eq!(plan.change(ADDRESS).expect("a change").before["revision"], Value::Null);
    scene.apply().await;
    assert_eq!(stored(application).await.as_deref(), Some(value));
    scene.is_settled().await;

    application
        .documents(|documents| documents.remove("medic-vault", ID))
        .await;
    assert_eq!(scene.plan().await.actions(ADDRESS), ["create"]);
    scene.apply().await;
    scene.is_settled().await;
}

async fn is_imported_as_it_is(application: &Application) {
    let short =
        credential("value_wo = \"second secret\"").replace("local.instance", "{ namespace = \"credential-steps\" }");
    let by_id = application.without_state(&short).await;
    done(
        "import",
        by_id
            .scene
            .workspace
            .import(ADDRESS, &format!("credential-steps/{KEY}"))
            .await,
    );
    by_id.scene.is_settled().await;
    let by_identity = application
        .without_state(&format!(
            "{short}\nimport {{\n  to = {ADDRESS}\n  identity = {{ instance = \"credential-steps\", key = {KEY:?} }}\n}}"
        ))
        .await;
    assert_eq!(by_identity.scene.plan().await.actions(ADDRESS), ["no-op"]);
    let nothing = failure(
        "import",
        application
            .without_state(&short)
            .await
            .scene
            .workspace
            .import(ADDRESS, "credential-steps/nothing")
            .await,
    );
    assert_eq!(nothing.summary, "No CHT credential to import");
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_credential_that_somebody_else_stored_is_not_taken_over_and_a_killed_creation_is_continued() {
    let application = Application::new("credential-taken").await;
    let scene = &application.scene;
    application
        .documents(|documents| documents.write("medic-vault", ID, json!({ "password": "00" })))
        .await;
    application.configure(&credential("value_wo = \"secret\"")).await;
    let refused = scene.apply_fails().await;
    let import = format!("tofu import cht_credential.NAME 'credential-taken/{KEY}'");
    blames(&refused, "CHT credential exists already", &import, "key");

    application
        .documents(|documents| {
            let mark = format!("_local/terraform-provider-cht.credential.{KEY}");
            documents.write(
                "medic",
                &mark,
                json!({ "creation": "a", "begun": Timestamp::now().to_string() }),
            );
        })
        .await;
    scene.apply().await;
    assert_eq!(stored(&application).await.as_deref(), Some("secret"));
    scene.is_settled().await;
    scene.destroy().await;
}

/// The process, or the core, dies after the last call, and before the core saves the credential.
#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_credential_that_was_finished_and_never_saved_is_taken_unless_it_was_changed() {
    let application = Application::new("credential-unsaved").await;
    let configuration = credential("value_wo = \"secret\"");
    let unsaved = application.without_state(&configuration).await;
    unsaved.scene.apply().await;
    let taker = application.without_state(&configuration).await;
    let taken = done("apply", taker.scene.workspace.apply().await);
    let warnings: Vec<_> = taken.warnings().map(|warning| &warning.summary).collect();
    assert_eq!(warnings, ["CHT object exists already"]);

    application
        .documents(|documents| documents.write("medic-vault", ID, json!({ "password": "00" })))
        .await;
    let other = application.without_state(&configuration).await;
    let refused = other.scene.apply_fails().await;
    assert_eq!(refused.summary, "CHT credential exists already");
    let refused = failure("destroy", unsaved.scene.workspace.destroy().await);
    assert_eq!(refused.summary, "CHT object may belong to a later creation");

    // The taker stores it again, and is known to have it.
    taker.scene.apply().await;
    unsaved.scene.destroy().await;
    assert_eq!(
        stored(&application).await.as_deref(),
        Some("secret"),
        "it is the taker's"
    );
    let refused = other.scene.apply_fails().await;
    assert_eq!(refused.summary, "CHT credential exists already");
    taker.scene.destroy().await;
    application.scene.destroy().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_credential_that_the_instance_cannot_read_any_more_is_stored_again() {
    let application = Application::new("credential-unreadable").await;
    let scene = &application.scene;
    application.configure(&credential("value_wo = \"secret\"")).await;
    scene.apply().await;
    scene.is_settled().await;
    let before = application.values(ADDRESS).await["revision"].clone();
    application
        .documents(|documents| documents.change_secret("that of a restored instance"))
        .await;
    let plan = scene.plan().await;
    assert_eq!(plan.actions(ADDRESS), ["update"]);
    assert_eq!(plan.change(ADDRESS).expect("a change").before["revision"], Value::Null);
    scene.apply().await;
    assert_ne!(
        application.values(ADDRESS).await["revision"],
        before,
        "it was stored again"
    );
    scene.is_settled().await;
    scene.destroy().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_value_is_in_no_error_whatever_the_answer_repeats() {
    let application = Application::new("credential-echo").await;
    let scene = &application.scene;
    let cht = &lab().await.cht;
    let path = "/api/v1/credentials/";
    let echo = json!({ "code": 400, "error": "cannot take 'Very-S3cret-Value'" });
    cht.disturb("credential-echo", Disturbance::answer(&Method::PUT, path, 400, echo));
    application
        .configure(&credential("value = \"Very-S3cret-Value\""))
        .await;
    let refused = scene.apply_fails().await;
    blames(
        &refused,
        "Unable to store the CHT credential",
        "(sensitive value)",
        "resource",
    );
    assert!(!format!("{refused:?}").contains("Very-S3cret-Value"));

    cht.disturb("credential-echo", Disturbance::throttled(&Method::PUT, path));
    cht.disturb("credential-echo", Disturbance::lost(&Method::PUT, path));
    scene.apply().await;
    scene.is_settled().await;
    scene.destroy().await;
}
