//! The guide on existing data: each of its configurations finds the data of an instance that was on that volume before.

use std::path::Path;

use serde_json::json;

use super::volumes::{credentials, free};
use crate::guides::{configurations, with_variables};
use crate::support::{CLAIM, DEPLOYMENT, NAMESPACE, Scene, VOLUME, blames, kubernetes};

const GUIDE: &str = "../docs/guides/existing-data.md";

/// What the guide's configurations need to be destroyed, to fit the lab's nodes, and to find the lab's cluster.
async fn in_the_lab(shown: &str) -> String {
    let way = kubernetes().await;
    let destroyable = "  deletion_protection = false\n  retain_volumes = false\n\n  couchdb = {";
    let fitting = shown
        .replace("  couchdb = {", destroyable)
        .replace("        zone          = \"eu-west-2a\"\n", "")
        .replace("worker-1", "lab-node-0");
    format!(
        "provider \"cht\" {{\n  kubernetes = {way}\n}}\n{}",
        with_variables(&fitting)
    )
}

/// The value of an argument in a configuration.
fn argument<'a>(shown: &'a str, name: &str) -> Option<&'a str> {
    let line = shown
        .lines()
        .find(|line| line.trim_start().starts_with(&format!("{name} ")));
    line?.split('"').nth(1)
}

/// Makes the volume or the claim that a configuration takes for granted.
async fn make(scene: &Scene, shown: &str) {
    let size = json!({"storage": "100Gi"});
    let modes = json!(["ReadWriteOnce"]);
    let mut objects = Vec::new();
    if shown.contains("volume_name") {
        objects.push((
            &VOLUME,
            json!({
                "apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": argument(shown, "volume_name")},
                "spec": {
                    "accessModes": modes, "capacity": size, "storageClassName": argument(shown, "class"),
                    "persistentVolumeReclaimPolicy": "Retain", "hostPath": {"path": "/san"},
                },
            }),
        ));
    }
    if shown.contains("claim_name") {
        objects.push((
            &NAMESPACE,
            json!({
                "apiVersion": "v1", "kind": "Namespace", "metadata": {"name": scene.namespace},
            }),
        ));
        objects.push((
            &CLAIM,
            json!({
                "apiVersion": "v1", "kind": "PersistentVolumeClaim",
                "metadata": {"name": "restored", "namespace": scene.namespace},
                "spec": {"accessModes": modes, "resources": {"requests": size}},
            }),
        ));
    }
    for (kind, object) in objects {
        let object = serde_json::from_value(object).expect("an object");
        scene
            .api(kind)
            .create(&Default::default(), &object)
            .await
            .expect("it is made");
    }
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn row_07_each_kind_of_volume_in_the_guide_brings_its_data() {
    let earlier = json!({"earlier": {
        "admin_password": "the earlier password", "secret": "0123456789abcdef",
        "uuid": "7f9a3c1e54b24d8e9c610a2b3c4d5e6f",
    }});
    let shown = configurations(&Path::new(env!("CARGO_MANIFEST_DIR")).join(GUIDE));
    assert_eq!(shown.len(), 6);
    for shown in shown {
        let namespace = argument(&shown, "namespace").expect("a namespace");
        let scene = Scene::new(namespace).await;
        let variables = scene.workspace.write("test.auto.tfvars.json", &earlier.to_string());
        variables.expect("the file is written");
        make(&scene, &shown).await;
        let existing = in_the_lab(&shown).await;
        scene.write(&existing);
        if !shown.contains("claim_name") {
            let error = scene.apply_fails().await;
            blames(
                &error,
                "No data found in the volume",
                "so there is no empty CHT",
                "couchdb = {",
            );
            assert!(
                scene.object(&DEPLOYMENT, "cht-api").await.is_none(),
                "nothing else was started"
            );
            scene.destroy().await;
            release(&scene, &shown).await;
        }
        scene.write(&existing.replace("existing_data  = true", ""));
        scene.apply().await;
        scene.destroy().await;
        release(&scene, &shown).await;

        scene.write(&existing);
        scene.apply().await;
        scene.is_settled().await;
        scene.destroy().await;
    }
}

/// Lets a volume that somebody else made be bound again.
async fn release(scene: &Scene, shown: &str) {
    if let Some(volume) = argument(shown, "volume_name") {
        free(&scene.api(&VOLUME), volume).await;
    }
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn data_that_are_given_another_password_are_left_until_the_right_one_comes() {
    let scene = Scene::new("other-password").await;
    let kept = scene.instance().protected().with("deletion_protection = false");
    scene.configure(&kept).await;
    scene.apply().await;
    let known = credentials(&scene).await;
    scene.destroy().await;
    let uid = async || {
        scene
            .object(&CLAIM, "couchdb-claim0")
            .await
            .and_then(|claim| claim.metadata.uid)
    };
    let before = uid().await;

    let (_, others) = known.split_once('\n').expect("the password comes first");
    let wrong = format!("admin_password = \"not the earlier one\"\n{others}");
    scene.configure(&scene.instance().couchdb(&wrong)).await;
    let error = scene.apply_fails().await;
    let text = "keeps the password with which its volume was first used";
    blames(&error, "CHT refuses the admin password", text, "couchdb = {");
    assert!(
        scene.object(&DEPLOYMENT, "cht-api").await.is_none(),
        "nothing else was started"
    );

    scene.configure(&scene.instance().couchdb(&known)).await;
    scene.apply().await;
    assert_eq!(uid().await, before, "the volume is the same");
    scene.is_settled().await;
    scene.destroy().await;
}
