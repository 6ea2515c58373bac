//! The ways in which a user logs in, from one to the other, and instances that do not know them.

use terraform_provider_cht::cht::client::{Client, Credentials};
use terraform_provider_cht::cht::port_forward::{Forwards, PortForwardTransport};
use terraform_provider_cht::kubernetes::Cluster;

use super::{ADDRESS, ID, user};
use crate::application::Application;
use crate::support::{Scene, blames, kubernetes};

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
