//! Calls that fail: those that pass are repeated, and what was begun is continued.

use acceptance_tests::cht::Fault;
use acceptance_tests::cht::application::disturbance::Disturbance;
use hyper::Method;
use k8s_openapi::jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::{ADDRESS, ID, minimal};
use crate::application::Application;
use crate::support::{blames, done, failure, lab};

/// What the mark of the user is in the application's databases.
const MARK: &str = "_local/terraform-provider-cht.user.jane";

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn throttling_server_errors_and_conflicts_are_waited_out() {
    let application = Application::new("user-busy").await;
    let cht = &lab().await.cht;
    let namespace = "user-busy";
    cht.disturb(
        namespace,
        Disturbance::throttled(&Method::GET, "/api/v2/users/").times(2),
    );
    cht.disturb(namespace, Disturbance::server_error(&Method::POST, "/api/v3/users"));
    cht.disturb(namespace, Disturbance::conflict(&Method::PUT, "/medic/_local/"));
    application.configure(&minimal()).await;
    application.scene.apply().await;

    cht.disturb(
        namespace,
        Disturbance::conflict(&Method::POST, "/api/v3/users/jane").times(2),
    );
    application
        .configure(&minimal().replace("roles", "fullname = \"Jane\"\nroles"))
        .await;
    application.scene.apply().await;
    assert_eq!(application.document("medic", ID).await["fullname"], "Jane");

    cht.disturb(
        namespace,
        Disturbance::server_error(&Method::DELETE, "/api/v1/users/jane"),
    );
    application.configure("").await;
    application.scene.apply().await;
    assert!(application.document("_users", ID).await.is_null());
    application.scene.destroy().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_user_who_was_made_without_an_answer_is_made_once() {
    let application = Application::new("user-lost").await;
    let cht = &lab().await.cht;
    cht.disturb("user-lost", Disturbance::lost(&Method::POST, "/api/v3/users"));
    application.configure(&minimal()).await;
    application.scene.apply().await;
    application.scene.is_settled().await;
    application.scene.destroy().await;
}

/// The process dies right after the call that makes the user, so no state tells of it.
#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_creation_that_was_killed_is_continued_by_the_next_apply() {
    let application = Application::new("user-killed").await;
    application.configure(&minimal()).await;
    application.scene.apply().await;
    // What a killed process leaves: the user, the mark, and no state.
    leave_unfinished(&application, Timestamp::now()).await;
    let other = application.without_state(&minimal()).await;
    other.scene.apply().await;
    other.scene.is_settled().await;
    assert_eq!(application.document("medic", MARK).await["saved"], true);
    other.scene.destroy().await;
    assert!(application.document("medic", MARK).await.is_null());
    application.scene.destroy().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_creation_that_was_killed_long_ago_is_not_continued() {
    let application = Application::new("user-abandoned").await;
    application.configure(&minimal()).await;
    application.scene.apply().await;
    let begun = Timestamp::now() - SignedDuration::from_hours(25);
    leave_unfinished(&application, begun).await;
    let other = application.without_state(&minimal()).await;
    let refused = other.scene.workspace.apply().await.expect_err("somebody has the user");
    let outcome = refused.outcome().expect("it ran");
    let warnings: Vec<_> = outcome.warnings().map(|warning| &warning.summary).collect();
    assert_eq!(warnings, ["Unfinished creation is too old"]);
    let errors: Vec<_> = outcome.errors().map(|error| &error.summary).collect();
    assert_eq!(errors, ["CHT user exists already"]);
    // It was its own state that has the user, and goes with it.
    application.scene.destroy().await;
}

/// There is one user of a name, so a second one cannot be made first.
#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_tainted_user_is_not_replaced_by_one_that_is_made_first() {
    let application = Application::new("user-tainted").await;
    let scene = &application.scene;
    let lifecycle = "lifecycle {\n  create_before_destroy = true\n}\nroles";
    application.configure(&minimal().replace("roles", lifecycle)).await;
    scene.apply().await;
    done("taint", scene.workspace.run(&["taint", ADDRESS]).await);
    let refused = scene.apply_fails().await;
    blames(
        &refused,
        "CHT user exists already",
        "`untaint` it, or do without",
        "username",
    );

    application.configure(&minimal()).await;
    scene.apply().await;
    scene.is_settled().await;
    scene.destroy().await;
}

/// Marks the user as one whose creation has begun, and was killed.
async fn leave_unfinished(application: &Application, begun: Timestamp) {
    let mark = json!({ "creation": "killed", "begun": begun.to_string() });
    application
        .documents(|documents| documents.write("medic", MARK, mark))
        .await;
}

/// The process, or the core, dies after the last call, and before the core saves the user.
#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_user_who_was_finished_and_never_saved_is_taken_and_only_by_the_same_configuration() {
    let application = Application::new("user-unsaved").await;
    let unsaved = application.without_state(&minimal()).await;
    unsaved.scene.apply().await;
    let different = minimal().replace("roles", "fullname = \"Jane\"\nroles");
    let refused = application.without_state(&different).await.scene.apply_fails().await;
    let import = "tofu import cht_user.NAME 'user-unsaved/jane'";
    blames(&refused, "CHT user exists already", import, "username");

    let taker = application.without_state(&minimal()).await;
    let taken = done("apply", taker.scene.workspace.apply().await);
    let warnings: Vec<_> = taken.warnings().map(|warning| &warning.summary).collect();
    assert_eq!(warnings, ["CHT object exists already"]);
    // Nothing tells yet whether the taker was killed as well: the user is neither deleted nor forgotten.
    let refused = failure("destroy", unsaved.scene.workspace.destroy().await);
    assert_eq!(refused.summary, "CHT object may belong to a later creation");
    assert!(!unsaved.values(ADDRESS).await.is_null());

    // Whoever has saved it nevertheless does not take it away from the other, also after that one's changes.
    taker.configure_alone(&different);
    taker.scene.apply().await;
    let left = done("destroy", unsaved.scene.workspace.destroy().await);
    let warnings: Vec<_> = left.warnings().map(|warning| &warning.summary).collect();
    assert_eq!(warnings, ["CHT object belongs to a later creation"]);
    assert!(!application.document("_users", ID).await.is_null());

    taker.scene.is_settled().await;
    taker.scene.destroy().await;
    assert!(application.document("_users", ID).await.is_null());
    application.scene.destroy().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn an_application_that_refuses_the_login_is_no_reason_to_forget_its_users() {
    let application = Application::new("user-locked-out").await;
    let alone = application.without_state(&minimal()).await;
    alone.scene.apply().await;
    let cht = &lab().await.cht;
    cht.inject("user-locked-out", Fault::Unauthorized);
    let refused = alone.scene.plan_fails().await;
    blames(
        &refused,
        "Unable to read the CHT user",
        "does not accept the user name and password",
        "instance",
    );
    cht.heal("user-locked-out", Fault::Unauthorized);
    assert!(!alone.values(ADDRESS).await.is_null());

    cht.inject("user-locked-out", Fault::Html200);
    let refused = alone.scene.plan_fails().await;
    blames(&refused, "Unable to read the CHT user", "is not JSON", "instance");
    cht.heal("user-locked-out", Fault::Html200);
    alone.scene.is_settled().await;
    alone.scene.destroy().await;
    application.scene.destroy().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn passwords_are_in_no_log_at_any_level() {
    let application = Application::new("user-secretive").await;
    let mut alone = application
        .without_state(&minimal().replace("password_wo", "password"))
        .await;
    alone.scene.workspace.enable_trace();
    alone.scene.apply().await;
    alone.scene.is_settled().await;
    let made = application.values("cht_instance.test").await;
    let administrator = made["couchdb"]["admin_password"]
        .as_str()
        .expect("a password")
        .to_owned();
    let trace = alone.scene.workspace.trace().expect("a trace");
    assert!(trace.contains("ApplyResourceChange"), "the provider was traced");
    for secret in ["Str0ng-Passw0rd", &administrator] {
        let leak = trace
            .lines()
            .find(|line| line.contains(secret) && line.contains("provider.terraform-provider-cht"));
        assert_eq!(leak, None);
    }
    assert!(
        !trace.contains(&administrator),
        "the administrator's password is in the cluster alone"
    );
    alone.scene.destroy().await;
    application.scene.destroy().await;
}
