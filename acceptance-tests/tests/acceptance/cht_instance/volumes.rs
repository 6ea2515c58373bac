//! Volumes that are there already: of data that is picked up, of none that is to be, and what is refused before.

use kube::Api;
use kube::api::{DynamicObject, Patch, PatchParams};
use serde_json::{Value, json};

use crate::support::{CLAIM, DEPLOYMENT, NAMESPACE, Scene, VOLUME, blames, eventually};

/// The credentials of an instance, as lines of another one's `couchdb`.
pub(super) async fn credentials(scene: &Scene) -> String {
    let made = scene.state().await["values"]["couchdb"].clone();
    ["admin_password", "secret", "uuid"]
        .map(|name| format!("{name} = {}\n", made[name]))
        .concat()
}

/// The volume to which the claim of an instance is bound.
async fn volume_of(scene: &Scene, claim: &str) -> String {
    let claim = scene.object(&CLAIM, claim).await.expect("it is there");
    claim.data["spec"]["volumeName"]
        .as_str()
        .expect("it is bound")
        .to_owned()
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn row_07_c11_the_data_of_an_existing_volume_is_picked_up_or_nothing_starts() {
    let scene = Scene::new("picked-up").await;
    scene
        .configure(&scene.instance().couchdb("storage_class = \"lab-retain\"\n"))
        .await;
    scene.apply().await;
    let known = credentials(&scene).await;
    let volume = volume_of(&scene, "couchdb-claim0").await;
    scene.destroy().await;
    assert!(scene.object(&NAMESPACE, "picked-up").await.is_none());

    let on_volume = |name: &str| {
        let storage = format!("storage = {{ volume_name = \"{name}\", class = \"lab-retain\" }}");
        scene
            .instance()
            .couchdb(&format!("existing_data = true\nnodes = [{{ {storage} }}]\n{known}"))
    };
    scene.configure(&on_volume(&volume)).await;
    blames(
        &scene.plan_fails().await,
        "Volume is not available",
        "kept for a claim that was deleted",
        "couchdb = {",
    );
    let volumes = scene.api(&VOLUME);
    free(&volumes, &volume).await;
    scene.apply().await;
    assert_eq!(volume_of(&scene, "couchdb-claim0").await, volume);
    scene.is_settled().await;
    scene.destroy().await;
    assert!(
        volumes.get_opt(&volume).await.expect("it answers").is_some(),
        "the volume stays"
    );

    let empty = empty_volume(&scene).await;
    scene.configure(&on_volume(&empty)).await;
    blames(
        &scene.apply_fails().await,
        "No data found in the volume",
        "so there is no empty CHT beside the real data",
        "couchdb = {",
    );
    assert!(
        scene.object(&DEPLOYMENT, "cht-api").await.is_none(),
        "nothing else was started"
    );
    scene.destroy().await;
    for name in [volume, empty] {
        volumes.delete(&name, &Default::default()).await.expect("it goes");
    }
}

/// Lets a released volume be bound again.
pub(super) async fn free(volumes: &Api<DynamicObject>, name: &str) {
    let release = Patch::Merge(json!({"spec": {"claimRef": null}}));
    volumes
        .patch(name, &PatchParams::default(), &release)
        .await
        .expect("the volume is released");
    eventually("the volume to be free", async || {
        let live = volumes.get(name).await.expect("it is there");
        let phase = live.data["status"]["phase"].clone();
        if phase == "Available" {
            Ok(())
        } else {
            Err(phase.to_string())
        }
    })
    .await;
}

async fn empty_volume(scene: &Scene) -> String {
    let name = format!("{}-empty", scene.namespace);
    let volume = json!({
        "apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": name},
        "spec": {
            "accessModes": ["ReadWriteOnce"], "capacity": {"storage": "1Gi"}, "storageClassName": "lab-retain",
            "persistentVolumeReclaimPolicy": "Retain", "hostPath": {"path": format!("/{name}")},
        },
    });
    let volume = serde_json::from_value(volume).expect("an object");
    let volumes = scene.api(&VOLUME);
    volumes
        .create(&Default::default(), &volume)
        .await
        .expect("the volume is made");
    name
}

/// A claim of the name that the instance's has, bound to an empty volume, as one that was restored from the wrong
/// place.
pub(super) async fn make_empty_claim(scene: &Scene, name: &str) {
    let owner = format!("instance.{}", scene.namespace);
    let claim = json!({
        "apiVersion": "v1", "kind": "PersistentVolumeClaim",
        "metadata": {
            "name": name, "namespace": scene.namespace,
            "labels": {"app.kubernetes.io/managed-by": "terraform-provider-cht", "cht.terraform.io/owner": owner},
        },
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    });
    let claim = serde_json::from_value(claim).expect("an object");
    scene
        .api(&CLAIM)
        .create(&Default::default(), &claim)
        .await
        .expect("the claim is made");
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn row_07_volumes_that_an_instance_left_have_to_bring_its_data() {
    let scene = Scene::new("left-behind").await;
    scene
        .configure(&scene.instance().protected().with("deletion_protection = false"))
        .await;
    scene.apply().await;
    let known = credentials(&scene).await;
    scene.destroy().await;

    scene.configure(&scene.instance().couchdb(&known)).await;
    let plan = scene.plan().await;
    let warned = |warning: &acceptance_tests::tofu::Diagnostic| {
        warning.summary == "Volumes of an earlier instance are used" && warning.detail.contains("couchdb-claim0")
    };
    assert!(plan.diagnostics().iter().any(warned), "{:?}", plan.diagnostics());
    scene.delete(&CLAIM, "couchdb-claim0").await;
    make_empty_claim(&scene, "couchdb-claim0").await;
    let error = scene.apply_fails().await;
    let left = "left its volumes here (PersistentVolumeClaim left-behind/couchdb-claim0)";
    blames(&error, "No data found in the volume", left, "couchdb = {");
    assert!(
        scene.object(&DEPLOYMENT, "cht-api").await.is_none(),
        "nothing else was started"
    );

    scene.destroy().await;
    if scene.object(&CLAIM, "couchdb-claim0").await.is_some() {
        scene.delete(&CLAIM, "couchdb-claim0").await;
    }
    scene.apply().await;
    scene.is_settled().await;
    scene.destroy().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn row_07_a_data_volume_that_is_gone_is_not_made_again() {
    let scene = Scene::new("lost-volume").await;
    scene.configure(&scene.instance()).await;
    scene.apply().await;
    // A claim stays for as long as a pod has it.
    scene.delete(&DEPLOYMENT, "cht-couchdb").await;
    scene.delete(&CLAIM, "couchdb-claim0").await;
    let plan = scene.plan().await;
    assert!(
        plan.diagnostics()
            .iter()
            .any(|warning| warning.summary == "Data volume is gone"),
        "{:?}",
        plan.diagnostics()
    );
    blames(
        &scene.apply_fails().await,
        "Data volume is gone",
        "on with an empty database",
        "couchdb = {",
    );
    assert!(scene.object(&CLAIM, "couchdb-claim0").await.is_none());
    scene.destroy().await;
    scene.apply().await;
    scene.is_settled().await;
    scene.destroy().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn disks_of_each_platform_are_bound_and_outlive_the_instance() {
    for (index, storage) in [
        "ebs_volume_id = \"vol-0a1b2c3d4e5f60722\", partition = 1",
        "gce_disk = \"kisumu\"",
        "vsphere_volume_handle = \"3a1e0b1c-5f0e\"",
    ]
    .into_iter()
    .enumerate()
    {
        let scene = Scene::new(&format!("disk-{index}")).await;
        let instance = scene
            .instance()
            .couchdb(&format!("nodes = [{{ storage = {{ {storage} }} }}]\n"));
        scene.configure(&instance).await;
        scene.apply().await;
        let name = format!("couchdb-pv-disk-{index}");
        assert_eq!(volume_of(&scene, "couchdb-claim0").await, name);
        let live = scene.object(&VOLUME, &name).await.expect("it is there");
        assert_eq!(live.data["spec"]["persistentVolumeReclaimPolicy"], "Retain");
        scene.is_settled().await;
        scene.destroy().await;
        let left = scene.object(&VOLUME, &name).await;
        assert!(left.is_none(), "what led to the disk is gone: {left:?}");
    }
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_directory_serves_one_instance_and_its_data_is_found_again() {
    let scene = Scene::new("directory").await;
    let node = "nodes = [{ node_name = \"lab-node-0\", storage = { host_path = \"/srv/cht\" } }]\n";
    scene.configure(&scene.instance().couchdb(node)).await;
    scene.apply().await;
    let known = credentials(&scene).await;

    let other = Scene::new("directory-2").await;
    other.configure(&other.instance().couchdb(node)).await;
    blames(
        &other.plan_fails().await,
        "Directory is in use",
        "The volume couchdb-pv-directory, of the instance in the namespace `directory`, leads to the directory /srv/cht",
        "couchdb = {",
    );
    scene.destroy().await;
    let again = format!("{node}existing_data = true\n{known}");
    scene.configure(&scene.instance().couchdb(&again)).await;
    scene.apply().await;
    scene.is_settled().await;
    scene.destroy().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn an_existing_claim_is_used_and_left_alone() {
    let scene = Scene::new("claimed").await;
    let make = |kind: &crate::support::Kind, object: Value| {
        let api = scene.api(kind);
        async move {
            let object = serde_json::from_value(object).expect("an object");
            api.create(&Default::default(), &object).await.expect("it is made");
        }
    };
    make(
        &NAMESPACE,
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "claimed"}}),
    )
    .await;
    make(
        &CLAIM,
        json!({
            "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data", "namespace": "claimed"},
            "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
        }),
    )
    .await;
    let instance = scene
        .instance()
        .couchdb("nodes = [{ storage = { claim_name = \"data\" } }]\n")
        .with("create_namespace = false");
    scene.configure(&instance).await;
    scene.apply().await;
    scene.is_settled().await;
    scene.destroy().await;
    assert!(scene.object(&CLAIM, "data").await.is_some(), "it is somebody else's");
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn v05_a_volume_does_not_grow_where_its_class_forbids_it() {
    let scene = Scene::new("fixed").await;
    let sized = |size: &str| {
        scene.instance().couchdb(&format!(
            "storage_class = \"lab-no-expand\"\nstorage_size = \"{size}\"\n"
        ))
    };
    scene.configure(&sized("1Gi")).await;
    scene.apply().await;
    scene.configure(&sized("2Gi")).await;
    blames(
        &scene.plan_fails().await,
        "Volume cannot grow",
        "The storage class lab-no-expand does not let volumes grow",
        "couchdb = {",
    );
    scene.configure(&sized("1Gi")).await;
    scene.destroy().await;
}
