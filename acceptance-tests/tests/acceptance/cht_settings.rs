//! `cht_settings`: the six steps, and what the API does with settings that a user of it would not expect.

use acceptance_tests::cht::application::disturbance::Disturbance;
use hyper::Method;
use serde_json::{Value, json};

use crate::application::Application;
use crate::support::{blames, done, lab};

const ADDRESS: &str = "cht_settings.test";

fn settings(object: &str) -> String {
    format!(
        "resource \"cht_settings\" \"test\" {{
           instance = local.instance
           settings = jsonencode({object})
         }}"
    )
}

/// The live settings.
async fn live(application: &Application) -> Value {
    application.document("medic", "settings").await["settings"].clone()
}

async fn change(application: &Application, change: impl FnOnce(&mut Value)) {
    application
        .documents(|documents| documents.edit("medic", "settings", |document| change(&mut document["settings"])))
        .await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn settings_are_made_changed_repaired_imported_replaced_and_destroyed() {
    let application = Application::new("settings-steps").await;
    let scene = &application.scene;
    let fresh = live(&application).await;
    application
        .configure(&settings(
            "{ app_url = \"https://a.example\", sms = { outgoing_service = \"rapidpro\" } }",
        ))
        .await;
    scene.apply().await;
    let made = live(&application).await;
    assert_eq!(
        made["sms"],
        json!({ "outgoing_service": "rapidpro", "clear_failing_schedules": false })
    );
    scene.is_settled().await;

    let all = "{
        sms = { outgoing_service = \"rapidpro\" }
        token_login = { enabled = true }
        languages = [{ locale = \"en\", enabled = true }, { locale = \"sw\", enabled = true }]
        limit = 1.5
    }";
    application.configure(&settings(all)).await;
    assert_eq!(scene.plan().await.actions(ADDRESS), ["update"]);
    scene.apply().await;
    assert!(
        live(&application).await["app_url"].is_null(),
        "it left the configuration"
    );
    scene.is_settled().await;

    drift_is_shown_and_repaired(&application).await;
    is_imported_as_it_is(&application, all).await;

    let other = Application::new("settings-other").await;
    let elsewhere = "{ kubernetes = local.cluster, namespace = \"settings-other\" }";
    application
        .configure(&settings(all).replace("local.instance", elsewhere))
        .await;
    assert_eq!(scene.plan().await.actions(ADDRESS), ["delete", "create"]);
    scene.apply().await;
    assert_eq!(live(&other).await["limit"], 1.5);
    has_only_what_others_wrote(&application, &fresh).await;
    scene.is_settled().await;

    application.configure("").await;
    scene.apply().await;
    has_only_what_others_wrote(&other, &fresh).await;
    scene.destroy().await;
    other.scene.destroy().await;
}

async fn has_only_what_others_wrote(application: &Application, fresh: &Value) {
    let left = live(application).await;
    assert_eq!(
        left["sms"],
        json!({ "clear_failing_schedules": false }),
        "the rest stays"
    );
    let mut expected = fresh.clone();
    expected["sms"]
        .as_object_mut()
        .expect("an object")
        .remove("outgoing_service");
    assert_eq!(left, expected, "nothing of ours is left, and all of the others'");
}

async fn drift_is_shown_and_repaired(application: &Application) {
    let scene = &application.scene;
    change(application, |settings| {
        settings["languages"][1]["enabled"] = json!(false);
        settings["sms"]["outgoing_service"] = json!("medic-gateway");
        settings["token_login"]
            .as_object_mut()
            .expect("an object")
            .remove("enabled");
    })
    .await;
    let plan = scene.plan().await;
    let before = plan.change(ADDRESS).expect("a change").before["settings"].to_string();
    assert!(
        before.contains("medic-gateway") && !before.contains("token_login\\\":{\\\"enabled"),
        "{before}"
    );
    scene.apply().await;
    scene.is_settled().await;
    assert_eq!(live(application).await["languages"][1]["enabled"], true);
}

async fn is_imported_as_it_is(application: &Application, all: &str) {
    let short = settings(all).replace("local.instance", "{ namespace = \"settings-steps\" }");
    let other = application.without_state(&short).await;
    let id = "settings-steps/languages,limit,sms.outgoing_service,token_login.enabled";
    done("import", other.scene.workspace.import(ADDRESS, id).await);
    other.scene.is_settled().await;

    let by_identity = format!(
        "{}\nimport {{\n  to = {ADDRESS}\n  identity = {{ instance = \"settings-steps\" }}\n}}",
        short
    );
    let other = application.without_state(&by_identity).await;
    let plan = other.scene.plan().await;
    assert_eq!(plan.actions(ADDRESS), ["update"], "an identity names no keys");
    other.scene.apply().await;
    other.scene.is_settled().await;

    let other = application.without_state(&short).await;
    let refused = crate::support::failure(
        "import",
        other
            .scene
            .workspace
            .import(ADDRESS, "settings-steps/sms.nothing")
            .await,
    );
    assert_eq!(refused.summary, "No CHT setting to import");
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn permissions_that_the_server_fills_in_are_no_difference() {
    let application = Application::new("settings-permissions").await;
    let scene = &application.scene;
    application
        .configure(&settings("{ permissions = { can_configure = [\"chw\"] } }"))
        .await;
    scene.apply().await;
    let permissions = live(&application).await["permissions"].clone();
    assert_eq!(permissions["can_configure"], json!(["chw"]));
    assert!(permissions["can_edit"].is_array(), "the server's own are there");
    scene.is_settled().await;
    change(&application, |settings| {
        settings["permissions"]["can_new_thing"] = json!([])
    })
    .await;
    scene.is_settled().await;
    scene.destroy().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn what_others_write_at_the_same_time_is_not_lost() {
    let application = Application::new("settings-shared").await;
    let scene = &application.scene;
    application.configure(&settings("{ a = 1, b = { c = 2 } }")).await;
    scene.apply().await;
    change(&application, |settings| {
        settings["tasks"] = json!({ "rules": "compiled by cht-conf" });
        settings["b"]["theirs"] = json!(true);
    })
    .await;
    // Whoever wrote in between is seen by the second attempt.
    let cht = &lab().await.cht;
    cht.disturb(
        "settings-shared",
        Disturbance::conflict(&Method::PUT, "/medic/settings").times(2),
    );
    application.configure(&settings("{ a = 1 }")).await;
    scene.apply().await;
    let left = live(&application).await;
    assert_eq!(left["tasks"]["rules"], "compiled by cht-conf");
    assert_eq!(left["b"], json!({ "theirs": true }));
    scene.is_settled().await;
    scene.destroy().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_write_that_says_that_it_failed_is_a_failure_whatever_its_status() {
    let application = Application::new("settings-in-band").await;
    let scene = &application.scene;
    let cht = &lab().await.cht;
    let refusal = json!({ "success": false, "details": "Unexpected token" });
    cht.disturb(
        "settings-in-band",
        Disturbance::answer(&Method::PUT, "/api/v1/settings", 200, refusal),
    );
    application.configure(&settings("{ a = 1 }")).await;
    let refused = scene.apply_fails().await;
    blames(
        &refused,
        "Unable to write the CHT settings",
        "nothing was done",
        "settings =",
    );

    cht.disturb(
        "settings-in-band",
        Disturbance::throttled(&Method::PUT, "/api/v1/settings"),
    );
    cht.disturb(
        "settings-in-band",
        Disturbance::server_error(&Method::PUT, "/api/v1/settings"),
    );
    scene.apply().await;
    scene.is_settled().await;
    scene.destroy().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn an_object_that_the_api_loses_in_a_text_is_an_error_and_not_a_success() {
    let application = Application::new("settings-type").await;
    let scene = &application.scene;
    change(&application, |settings| settings["theirs"] = json!("a text")).await;
    application.configure(&settings("{ theirs = { ours = 1 } }")).await;
    let refused = scene.apply_fails().await;
    blames(&refused, "CHT did not take a setting", "`theirs`", "settings =");

    application.configure(&settings("{ mine = \"a text\" }")).await;
    scene.apply().await;
    application.configure(&settings("{ mine = { inner = [] } }")).await;
    scene.apply().await;
    assert_eq!(
        live(&application).await["mine"],
        json!({ "inner": [] }),
        "what is ours makes room"
    );
    scene.is_settled().await;
    scene.destroy().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn only_json_objects_are_settings() {
    let application = Application::planned("settings-invalid").await;
    for (text, words) in [("\"[]\"", "not an object"), ("\"{\"", "not JSON")] {
        application
            .configure(&settings("{}").replace("jsonencode({})", text))
            .await;
        let refused = application.scene.plan_fails().await;
        let flat = refused.detail.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flat.contains(words), "{refused:#?}");
    }
}
