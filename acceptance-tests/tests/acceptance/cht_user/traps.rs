//! What the CHT API does that a user of it would not expect, each with what the provider makes of it.

use acceptance_tests::cht::application::disturbance::Disturbance;
use hyper::Method;
use serde_json::json;

use super::{ADDRESS, ID, minimal, user};
use crate::application::Application;
use crate::support::{NAMESPACE, blames, lab};

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_user_who_was_destroyed_is_made_again_though_the_api_keeps_the_name() {
    let application = Application::new("user-again").await;
    let scene = &application.scene;
    for _ in 0..2 {
        application.configure(&minimal()).await;
        scene.apply().await;
        application.configure("").await;
        scene.apply().await;
        assert!(application.document("medic", ID).await.is_null());
    }

    application.configure(&minimal()).await;
    scene.apply().await;
    application
        .documents(|documents| documents.delete_user_in_the_pages("jane"))
        .await;
    assert_eq!(application.document("medic", ID).await["inactive"], true);
    assert_eq!(scene.plan().await.actions(ADDRESS), ["create"]);
    scene.apply().await;
    assert!(application.document("medic", ID).await["inactive"].is_null());
    scene.is_settled().await;
    scene.destroy().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn the_role_that_the_api_adds_is_no_difference_and_one_that_is_configured_is() {
    let application = Application::new("user-online").await;
    let scene = &application.scene;
    application.configure(&minimal()).await;
    scene.apply().await;
    scene.is_settled().await;

    let explicit = minimal().replace("[\"data_entry\"]", "[\"data_entry\", \"mm-online\"]");
    application.configure(&explicit).await;
    scene.apply().await;
    scene.is_settled().await;
    application
        .documents(|documents| documents.edit("_users", ID, |user| user["roles"] = json!(["data_entry"])))
        .await;
    assert_eq!(scene.plan().await.actions(ADDRESS), ["update"]);
    scene.destroy().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_user_whom_somebody_else_made_is_not_taken_over() {
    let application = Application::new("user-taken").await;
    application.configure(&minimal()).await;
    application.scene.apply().await;
    application.scene.is_settled().await;

    let other = application.without_state(&minimal()).await;
    let refused = other.scene.apply_fails().await;
    let import = "tofu import cht_user.NAME 'user-taken/jane'";
    blames(&refused, "CHT user exists already", import, "username");
    assert!(other.values(ADDRESS).await.is_null(), "it is not in the state");
    application.scene.destroy().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn an_error_inside_of_a_good_answer_is_an_error_that_names_the_attribute() {
    let application = Application::new("user-in-band").await;
    let weak = json!({ "error": {
        "message": "The password is too easy to guess.", "translationKey": "password.weak",
    } });
    lab().await.cht.disturb(
        "user-in-band",
        Disturbance::answer(&Method::POST, "/api/v3/users", 200, weak),
    );
    application
        .configure(&user("password = \"Str0ng-Passw0rd\"\nroles = [\"data_entry\"]"))
        .await;
    let refused = application.scene.apply_fails().await;
    blames(
        &refused,
        "Unable to create the CHT user",
        "too easy to guess",
        "password",
    );
    assert!(application.values(ADDRESS).await.is_null(), "nothing was made");
    let marks = application
        .documents(|documents| documents.ids("medic", "_local/"))
        .await;
    assert!(marks.is_empty(), "{marks:?}");
    application.scene.apply().await;
    application.scene.destroy().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn what_the_api_refuses_is_told_at_the_attribute_to_blame() {
    let application = Application::new("user-refused").await;
    let cases = [
        (
            "password = \"password\"\nroles = [\"data_entry\"]",
            "too easy to guess",
            "password",
        ),
        (
            "password_wo = \"Str0ng-Passw0rd\"\nroles = [\"chw\"]",
            "place, contact",
            "resource",
        ),
        (
            "password_wo = \"Str0ng-Passw0rd\"\nroles = [\"data_entry\"]\nplace = [\"place-2\"]\ncontact = \"person-1\"",
            "not within place",
            "contact",
        ),
        (
            "password_wo = \"Str0ng-Passw0rd\"\nroles = [\"program_officer\"]\nplace = [\"place-1\", \"place-2\"]",
            "multiple places",
            "place =",
        ),
        (
            "password_wo = \"Str0ng-Passw0rd\"\nroles = [\"data_entry\"]\nplace = [\"nowhere\"]",
            "Failed to find place",
            "place =",
        ),
    ];
    for (lines, words, code) in cases {
        application.configure(&user(lines)).await;
        let refused = application.scene.apply_fails().await;
        blames(&refused, "Unable to create the CHT user", words, code);
        assert!(application.document("_users", ID).await.is_null());
    }
    application.configure(&user("roles = [\"data_entry\"]")).await;
    let refused = application.scene.plan_fails().await;
    assert_eq!(refused.summary, "User has no way to log in");
    application.configure("").await;
    application.scene.destroy().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn half_a_user_is_made_whole() {
    let application = Application::new("user-half").await;
    let scene = &application.scene;
    application.configure(&minimal()).await;
    scene.apply().await;
    application.documents(|documents| documents.remove("medic", ID)).await;
    assert_eq!(scene.plan().await.actions(ADDRESS), ["create"]);
    scene.apply().await;
    scene.is_settled().await;
    scene.destroy().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_user_goes_with_the_namespace_and_is_destroyed_without_it() {
    let application = Application::new("user-vanished").await;
    let scene = &application.scene;
    let alone = application.without_state(&minimal()).await;
    alone.scene.apply().await;
    let other = application.without_state(&minimal().replace("jane", "joan")).await;
    other.scene.apply().await;

    scene.destroy().await;
    assert!(scene.object(&NAMESPACE, "user-vanished").await.is_none());
    let plan = alone.scene.plan().await;
    assert_eq!(plan.actions(ADDRESS), ["create"], "it is known to be gone");
    other.scene.destroy().await;
    let refused = alone.scene.apply_fails().await;
    blames(&refused, "No CHT instance", "no namespace `user-vanished`", "instance");
}
