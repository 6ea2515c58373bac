//! Other command lines than the newest OpenTofu.

use acceptance_tests::skip::skipped;
use acceptance_tests::tofu::Cli;

use crate::support::{NAMESPACE, Scene, failure};

/// Makes an instance and changes it, and removes it again.
async fn live(scene: &Scene) {
    let instance = scene.instance().with("ingress = { class = \"lab\" }");
    scene.configure(&instance).await;
    scene.apply().await;
    scene.is_settled().await;
    scene.configure(&instance.with("api = { log_level = \"debug\" }")).await;
    scene.apply().await;
    scene.is_settled().await;
    scene.destroy().await;
    assert!(scene.object(&NAMESPACE, &scene.namespace).await.is_none());
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn terraform_can_do_it_too() {
    match Cli::terraform() {
        Some(terraform) => live(&Scene::with(terraform, "terraform").await).await,
        None => skipped("there is no terraform on PATH"),
    }
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn the_oldest_opentofu_can_do_it_too() {
    live(&Scene::with(Cli::old_tofu().expect("it is built"), "old-opentofu").await).await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn what_is_write_only_is_refused_where_it_would_be_stored() {
    let scene = Scene::with(Cli::old_tofu().expect("it is built"), "old-write-only").await;
    let couchdb = "admin_password_wo = \"Write0nly-Passw0rd\"\nadmin_password_wo_version = 1\n";
    scene.configure(&scene.instance().couchdb(couchdb)).await;
    let refused = failure("validate", scene.workspace.validate().await);
    assert_eq!(refused.summary, "Write-only attribute not supported");
    assert!(refused.detail.contains("OpenTofu 1.11"), "{refused:#?}");
    let snippet = refused.snippet.expect("it is shown where");
    assert!(snippet.code.contains("admin_password_wo"), "{snippet:#?}");
}
