//! The ways in which a user logs in, from one to the other, and instances that do not know them.

use acceptance_tests::cht::application::disturbance::Disturbance;
use hyper::Method;
use k8s_openapi::jiff::Timestamp;
use serde_json::json;
use terraform_provider_cht::cht::client::{Client, Credentials};
use terraform_provider_cht::cht::port_forward::{Forwards, PortForwardTransport};
use terraform_provider_cht::kubernetes::Cluster;

use super::{ADDRESS, ID, user};
use crate::application::Application;
use crate::support::{Scene, blames, done, kubernetes, lab};

const BY_PASSWORD: &str = "password_wo = \"Str0ng-Passw0rd\"\nroles = [\"data_entry\"]";
const BY_PROVIDER: &str = "oidc_username = \"jane@health.example\"\nroles = [\"data_entry\"]";

/// Whether the instance lets the user in by the password.
async fn logs_in(scene: &Scene) -> bool {
    let cluster = Cluster::new(scene.client.clone(), "the lab");
    let transport = PortForwardTransport::new(&Forwards::default(), &cluster, &scene.namespace, "cluster.local");
    let login = Credentials {
        user: "jane".to_owned(),
        password: "Str0ng-Passw0rd".into(),
    };
    Client::new(transport, Some(login)).deploy_info().await.is_ok()
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_user_goes_from_a_password_to_the_openid_connect_provider_and_back() {
    let application = Application::new("user-oidc").await;
    let scene = &application.scene;
    application.configure(&user(BY_PASSWORD)).await;
    scene.apply().await;
    assert!(logs_in(scene).await);

    application.configure(&user(BY_PROVIDER)).await;
    let plan = scene.plan().await;
    assert_eq!(plan.actions(ADDRESS), ["update"]);
    assert_eq!(
        plan.change(ADDRESS).expect("a change").after["oidc_username"],
        "jane@health.example"
    );
    scene.apply().await;
    assert_eq!(
        application.document("_users", ID).await["oidc_username"],
        "jane@health.example"
    );
    assert!(!logs_in(scene).await, "the earlier way in is closed");
    scene.is_settled().await;

    application.configure(&user("roles = [\"data_entry\"]")).await;
    let refused = scene.plan_fails().await;
    assert_eq!(refused.summary, "User has no way to log in");

    application.configure(&user(BY_PASSWORD)).await;
    scene.apply().await;
    assert!(application.document("_users", ID).await["oidc_username"].is_null());
    assert!(logs_in(scene).await);
    scene.is_settled().await;
    scene.destroy().await;
}

/// The settings without which no link is sent, and a user who gets one.
fn by_link(lines: &str) -> String {
    let settings = "resource \"cht_settings\" \"test\" {
        instance = local.instance
        settings = jsonencode({ app_url = \"https://a.health.example\", token_login = { enabled = true } })
    }";
    let user = user(&format!(
        "{lines}\nphone = \"+254712345678\"\nroles = [\"data_entry\"]\ndepends_on = [cht_settings.test]"
    ));
    format!("{settings}\n{user}")
}

/// The text messages about links, with whether they are to be sent still.
async fn messages(application: &Application) -> Vec<(String, String)> {
    let of = |message: &serde_json::Value| {
        let tasks = message["tasks"].as_array().cloned().unwrap_or_default();
        tasks.into_iter().map(|task| {
            let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
            let sent = &task["messages"][0];
            assert_eq!(sent["to"], "+254712345678");
            (text(&task["state"]), text(&sent["message"]))
        })
    };
    application
        .documents(|documents| {
            let ids = documents.ids("medic", "token:login:");
            ids.iter()
                .filter_map(|id| documents.get("medic", id))
                .flat_map(of)
                .filter(|(_, message)| message.contains("/medic/login/token/"))
                .collect()
        })
        .await
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_user_gets_a_link_in_a_text_message_another_one_and_then_a_password() {
    let application = Application::new("user-link").await;
    let scene = &application.scene;
    let link = |number: usize, state: &str| {
        let address = format!("https://a.health.example/medic/login/token/link{number}");
        (state.to_owned(), address)
    };
    application.configure(&by_link("token_login = true")).await;
    scene.apply().await;
    assert_eq!(messages(&application).await, [link(0, "pending")]);
    scene.is_settled().await;
    scene.apply().await;
    assert_eq!(messages(&application).await.len(), 1, "nothing is sent twice");

    application
        .configure(&by_link("token_login = true\ntoken_login_version = 2"))
        .await;
    assert_eq!(scene.plan().await.actions(ADDRESS), ["update"]);
    // An answer that is lost is no reason to send another one, and neither is what comes after the change and fails.
    let change = Disturbance::lost(&Method::POST, "/api/v3/users/jane");
    let marks = Disturbance::server_error(&Method::GET, "/medic/_local/");
    for disturbance in [change, marks] {
        lab().await.cht.disturb("user-link", disturbance);
    }
    scene.apply().await;
    assert_eq!(messages(&application).await, [link(0, "cleared"), link(1, "pending")]);
    scene.is_settled().await;

    // Somebody gives the user a password in the pages.
    for database in ["_users", "medic"] {
        application
            .documents(|documents| {
                documents.edit(database, ID, |document| {
                    document.as_object_mut().expect("an object").remove("token_login");
                });
            })
            .await;
    }
    let plan = scene.plan().await;
    assert_eq!(plan.change(ADDRESS).expect("a change").before["token_login"], false);
    scene.apply().await;
    assert_eq!(messages(&application).await.len(), 3);

    let imported = application.without_state(&by_link("token_login = true")).await;
    let id = "user-link/jane";
    done("import", imported.scene.workspace.import(ADDRESS, id).await);
    assert_eq!(imported.values(ADDRESS).await["token_login"], true);

    application
        .configure(&by_link("password_wo = \"Str0ng-Passw0rd\""))
        .await;
    scene.apply().await;
    assert!(logs_in(scene).await);
    assert!(application.document("medic", ID).await["token_login"].is_null());
    scene.is_settled().await;
    scene.destroy().await;
}

/// The process dies after the call that makes the user and sends the link.
#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_link_of_a_killed_creation_is_not_sent_again_and_is_void_where_a_password_takes_its_place() {
    let application = Application::new("user-link-killed").await;
    let scene = &application.scene;
    application.configure(&by_link("token_login = true")).await;
    scene.apply().await;
    let is_killed = async || {
        scene
            .workspace
            .run(&["state", "rm", ADDRESS])
            .await
            .expect("the state forgets it");
        let mark = json!({ "creation": "killed", "begun": Timestamp::now().to_string() });
        application
            .documents(|documents| documents.write("medic", "_local/terraform-provider-cht.user.jane", mark))
            .await;
    };
    is_killed().await;
    scene.apply().await;
    assert_eq!(messages(&application).await.len(), 1, "it was sent before");
    scene.is_settled().await;

    is_killed().await;
    application
        .configure(&by_link("password_wo = \"Str0ng-Passw0rd\""))
        .await;
    scene.apply().await;
    assert!(application.document("medic", ID).await["token_login"].is_null());
    assert!(logs_in(scene).await);
    scene.is_settled().await;
    scene.destroy().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn an_instance_that_sends_no_links_is_told_before_anything_is_made() {
    let application = Application::new("user-no-link").await;
    let scene = &application.scene;
    let lines = "token_login = true\nphone = \"+254712345678\"\nroles = [\"data_entry\"]";
    application.configure(&user(lines)).await;
    let refused = scene.apply_fails().await;
    blames(
        &refused,
        "CHT does not send links",
        "`token_login.enabled`",
        "token_login",
    );
    assert!(application.document("_users", ID).await.is_null());

    application.configure(&user(BY_PASSWORD)).await;
    scene.apply().await;
    application.configure(&user(lines)).await;
    let refused = scene.apply_fails().await;
    assert_eq!(refused.summary, "CHT does not send links");
    assert!(logs_in(scene).await, "the user keeps the password");

    application
        .configure(&by_link("token_login = true").replace("+254712345678", "+254"))
        .await;
    let refused = scene.apply_fails().await;
    blames(&refused, "Unable to update the CHT user", "valid phone number", "phone");
    scene.destroy().await;
}

/// The instance is planned first, so its release is known before it is there.
#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn an_instance_that_is_too_old_for_users_is_told_by_the_plan() {
    let scene = Scene::new("user-old").await;
    let cluster = kubernetes().await;
    let instance = |version: &str| {
        let instance = scene.instance().with(&format!("cht_version = {version:?}"));
        format!(
            "locals {{\n  cluster = {cluster}\n}}\n{}",
            instance.hcl("local.cluster")
        )
    };
    let inside = user(BY_PASSWORD).replace(
        "instance = local.instance",
        "instance = {\n    kubernetes = local.cluster\n    namespace = cht_instance.test.namespace\n  }",
    );
    scene.write(&format!("{}\n{inside}", instance("4.8.1")));
    let refused = scene.plan_fails().await;
    let too_old = "CHT release is too old for users";
    blames(
        &refused,
        too_old,
        "runs CHT 4.8.1",
        "namespace = cht_instance.test.namespace",
    );

    scene.write(&instance("4.8.1"));
    scene.apply().await;
    // Whoever does not know what the instance is about to become asks it what it is.
    let alone = inside.replace("cht_instance.test.namespace", "\"user-old\"");
    let other = scene.elsewhere().await;
    other.write(&format!("locals {{\n  cluster = {cluster}\n}}\n{alone}"));
    blames(
        &other.plan_fails().await,
        too_old,
        "runs CHT 4.8.1",
        "namespace = \"user-old\"",
    );

    scene.write(&format!("{}\n{inside}", instance("4.22.0")));
    scene.apply().await;
    assert_eq!(scene.plan().await.actions(ADDRESS), ["no-op"], "it was upgraded before");
    scene.destroy().await;
}
