//! What is not imported, and why.

use serde_json::{Value, json};

use super::chart::{Chart, Data, Ingress};
use super::import_block;
use crate::support::{DEPLOYMENT, SECRET, Scene, blames, kubernetes};

/// Plans to import what is in the scene's namespace, which has to be refused.
async fn refused(scene: &Scene, summary: &str, text: &str) {
    let provider = format!("provider \"cht\" {{\n  kubernetes = {}\n}}\n", kubernetes().await);
    scene.write(&(provider + &scene.instance().hcl("")));
    import_block(scene);
    blames(&scene.plan_fails().await, summary, text, "");
}

fn chart(namespace: &str) -> Chart<'_> {
    Chart {
        namespace,
        version: "5.3.0",
        nodes: 1,
        data: Data::Class("lab"),
        ingress: Ingress::Bare,
    }
}

/// A Deployment that runs something else.
fn other(namespace: &str, name: &str, image: &str) -> Value {
    let labels = json!({"app": name});
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "main", "image": image}]}},
        },
    })
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_namespace_without_cht_is_not_imported() {
    let scene = Scene::new("default").await;
    refused(&scene, "No CHT instance to import", "nor one of the official").await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn what_is_left_of_a_release_is_told_apart_from_nothing() {
    let scene = Scene::new("half-deleted").await;
    chart("half-deleted").install(&scene).await;
    scene.delete(&SECRET, "cht-couchdb-credentials").await;
    scene.delete(&DEPLOYMENT, "cht-api").await;
    refused(
        &scene,
        "CHT instance is incomplete",
        "but not: Secret half-deleted/cht-couchdb-credentials, Deployment half-deleted/cht-api",
    )
    .await;
    scene.delete(&DEPLOYMENT, "cht-couchdb").await;
    refused(
        &scene,
        "CHT instance is incomplete",
        "Deployment half-deleted/cht-couchdb.",
    )
    .await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn two_candidates_and_versions_before_4_are_refused() {
    let scene = Scene::new("ambiguous").await;
    chart("ambiguous").install(&scene).await;
    super::chart::make(
        &scene,
        &DEPLOYMENT,
        other("ambiguous", "cht-couchdb-1", "couchdb:3"),
        "kubectl",
    )
    .await;
    refused(&scene, "Two CHT instances in one namespace", "`cht-couchdb-1`").await;

    let old = Scene::new("cht-3").await;
    let three = Chart {
        version: "3.17.0",
        ..chart("cht-3")
    };
    three.install(&old).await;
    refused(&old, "CHT version is not supported", "runs CHT 3.17.0").await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_new_instance_does_not_get_the_directory_that_every_instance_had() {
    let scene = Scene::new("shared-directory").await;
    let node = "nodes = [{ node_name = \"lab-node-0\", storage = { host_path = \"/var/lib/couchdb1\" } }]\n";
    scene.configure(&scene.instance().couchdb(node)).await;
    blames(
        &scene.plan_fails().await,
        "Directory is not the instance's own",
        "can be imported as it is",
        "couchdb = {",
    );
}
