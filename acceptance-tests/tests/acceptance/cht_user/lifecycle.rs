//! The six steps, and drift of every attribute.

use serde_json::{Value, json};

use super::{ADDRESS, ID, minimal, user};
use crate::application::Application;
use crate::support::done;

const EVERYTHING: &str = r#"
password = "Str0ng-Passw0rd"
password_change_required = false
roles = ["chw"]
place = ["place-1"]
contact = "person-1"
fullname = "Jane Doe"
email = "jane@health.example"
phone = "+254712345678"
external_id = "HR-17"
timeouts = { create = "2m", update = "2m" }
"#;

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_user_is_made_changed_repaired_imported_replaced_and_destroyed() {
    let application = Application::new("user-steps").await;
    let scene = &application.scene;
    application.configure(&minimal()).await;
    scene.apply().await;
    let made = application.document("_users", ID).await;
    assert_eq!(made["password"], "Str0ng-Passw0rd");
    assert_eq!(
        made["roles"],
        json!(["data_entry", "mm-online"]),
        "the API adds the second"
    );
    scene.is_settled().await;

    application.configure(&user(EVERYTHING)).await;
    assert_eq!(scene.plan().await.actions(ADDRESS), ["update"]);
    scene.apply().await;
    let changed = application.document("_users", ID).await;
    assert_eq!(changed["facility_id"], json!(["place-1"]));
    assert_eq!(changed["password_change_required"], false);
    scene.is_settled().await;

    every_drift_is_shown_and_repaired(&application).await;
    is_imported_as_it_is(&application).await;

    application
        .configure(&user(EVERYTHING).replace("jane\"", "joan\""))
        .await;
    assert_eq!(scene.plan().await.actions(ADDRESS), ["delete", "create"]);
    scene.apply().await;
    assert_eq!(users(&application).await, ["org.couchdb.user:joan"]);

    application.configure("").await;
    scene.apply().await;
    assert_eq!(users(&application).await, Vec::<String>::new());
    let left = application
        .documents(|documents| documents.ids("medic", "_local/"))
        .await;
    assert_eq!(left, Vec::<String>::new(), "nothing of the provider's own is left");
    scene.destroy().await;
}

/// The documents of users in both databases.
async fn users(application: &Application) -> Vec<String> {
    let mut found = application
        .documents(|documents| [documents.ids("_users", ""), documents.ids("medic", "org.couchdb.user:")].concat())
        .await;
    found.dedup();
    found
}

async fn every_drift_is_shown_and_repaired(application: &Application) {
    let scene = &application.scene;
    let changes: [(&str, &str, &str, Value); 7] = [
        ("_users", "roles", "roles", json!(["chw", "data_entry", "mm-online"])),
        ("_users", "facility_id", "place", json!(["place-2"])),
        ("_users", "contact_id", "contact", Value::Null),
        ("medic", "fullname", "fullname", json!("Someone Else")),
        ("medic", "email", "email", json!("else@health.example")),
        ("medic", "phone", "phone", json!("+254700000000")),
        ("medic", "external_id", "external_id", Value::Null),
    ];
    let before = application.values(ADDRESS).await;
    for (database, key, _, value) in &changes {
        application
            .documents(|documents| documents.edit(database, ID, |document| document[*key] = value.clone()))
            .await;
    }
    let plan = scene.plan().await;
    let change = plan.change(ADDRESS).expect("there is a change");
    assert_eq!(plan.actions(ADDRESS), ["update"]);
    for (_, _, attribute, _) in &changes {
        assert_ne!(change.before[*attribute], before[*attribute], "{attribute} is shown");
        assert_eq!(change.after[*attribute], before[*attribute], "{attribute} is repaired");
    }
    scene.apply().await;
    scene.is_settled().await;
    assert_eq!(application.document("medic", ID).await["external_id"], "HR-17");
}

async fn is_imported_as_it_is(application: &Application) {
    // A password cannot be imported, so the configuration of what is imported has none.
    let configuration = user(EVERYTHING).replace("password = \"Str0ng-Passw0rd\"", "");
    let configuration = configuration.replace("password_change_required = false", "");
    let by_id = application.without_state(&configuration).await;
    let id = format!("{}/jane", application.scene.namespace);
    done("import", by_id.scene.workspace.import(ADDRESS, &id).await);
    let (imported, made) = (by_id.values(ADDRESS).await, application.values(ADDRESS).await);
    for attribute in [
        "username",
        "roles",
        "place",
        "contact",
        "fullname",
        "email",
        "phone",
        "external_id",
    ] {
        assert_eq!(imported[attribute], made[attribute], "{attribute}");
    }
    let plan = by_id.scene.plan().await;
    let change = plan.change(ADDRESS).expect("it is there");
    // Only what says how it is reached is not known to an import.
    let differing: Vec<&String> = change
        .after
        .as_object()
        .expect("an object")
        .iter()
        .filter(|(name, after)| change.before[name.as_str()] != **after)
        .map(|(name, _)| name)
        .collect();
    assert!(
        differing
            .iter()
            .all(|name| ["instance", "timeouts"].contains(&name.as_str())),
        "{differing:?}"
    );

    let short = configuration.replace("instance = local.instance", "instance = { namespace = \"user-steps\" }");
    let short = short.replace("timeouts = { create = \"2m\", update = \"2m\" }", "");
    let by_identity = application
        .without_state(&format!(
            "{short}\nimport {{\n  to = {ADDRESS}\n  identity = {{ instance = \"user-steps\", username = \"jane\" }}\n}}"
        ))
        .await;
    assert_eq!(by_identity.scene.plan().await.actions(ADDRESS), ["no-op"]);
    by_identity.scene.apply().await;
    by_identity.scene.is_settled().await;
    assert_eq!(
        by_identity.scene.stored()["identity"],
        json!({ "instance": "user-steps", "username": "jane" })
    );
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn an_instance_and_its_users_are_made_in_one_apply() {
    let application = Application::planned("user-at-once").await;
    application.configure(&minimal()).await;
    application.scene.apply().await;
    assert_eq!(application.document("medic", ID).await["type"], "user-settings");
    application.scene.is_settled().await;
    application.scene.destroy().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_password_is_set_when_its_version_changes_and_is_in_no_state() {
    let application = Application::new("user-password").await;
    let scene = &application.scene;
    let with = |password: &str, version: u8| {
        user(&format!(
            "roles = [\"data_entry\"]\npassword_wo = {password:?}\npassword_wo_version = {version}"
        ))
    };
    application.configure(&with("First-Passw0rd", 1)).await;
    scene.apply().await;
    application.configure(&with("Second-Passw0rd", 1)).await;
    assert!(scene.plan().await.is_empty(), "the version says that it is the same");
    application.configure(&with("Second-Passw0rd", 2)).await;
    assert_eq!(scene.plan().await.actions(ADDRESS), ["update"]);
    scene.apply().await;
    assert_eq!(application.document("_users", ID).await["password"], "Second-Passw0rd");
    let state = std::fs::read_to_string(scene.workspace.directory().join("terraform.tfstate")).expect("a state");
    assert!(!state.contains("-Passw0rd"), "the state holds a password");
    scene.is_settled().await;
    scene.destroy().await;
}
