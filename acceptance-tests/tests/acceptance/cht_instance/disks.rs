//! A disk belongs to one instance, as a directory of a node does, and is looked at where its data is.

use serde_json::json;

use super::volumes::{credentials, make_empty_claim};
use crate::support::{CLAIM, DEPLOYMENT, NODE, Scene, blames, kubernetes, turn_with_nodes};

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn v08_a_disk_serves_one_instance() {
    let nodes = |storage: &str| format!("nodes = [{{ storage = {{ {storage} }} }}]\n");
    let disk = nodes("ebs_volume_id = \"vol-0a1b2c3d4e5f60731\"");
    let scene = Scene::new("disk-a").await;
    scene.configure(&scene.instance().couchdb(&disk)).await;
    scene.apply().await;

    let other = Scene::new("disk-b").await;
    other.configure(&other.instance().couchdb(&disk)).await;
    let text = "The volume couchdb-pv-disk-a, of the instance in the namespace `disk-a`, leads to the disk \
                vol-0a1b2c3d4e5f60731 already";
    blames(&other.plan_fails().await, "Disk is in use", text, "couchdb = {");
    scene.destroy().await;
    other.apply().await;
    other.destroy().await;

    // Of two new instances none is in the cluster yet.
    for (storage, text) in [
        (
            "vsphere_volume_handle = \"5f0e-twins\"",
            "takes the disk 5f0e-twins already",
        ),
        (
            "host_path = \"/srv/twins\"",
            "takes the directory /srv/twins of the node lab-node-0 already",
        ),
    ] {
        let couchdb = nodes(storage).replace("{ storage", "{ node_name = \"lab-node-0\", storage");
        let twins = scene.instance().couchdb(&couchdb).hcl(&kubernetes().await);
        let twins = twins.replace("\"test\" {", "\"test\" {\n  for_each = toset([\"a\", \"b\"])");
        scene.write(&twins.replace("disk-a", "disk-${each.key}"));
        let error = scene.plan_fails().await;
        let summary = if storage.starts_with("host_path") {
            "Directory is in use"
        } else {
            "Disk is in use"
        };
        blames(&error, summary, text, "couchdb = {");
    }
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn v13_a_disk_and_its_node_are_in_one_zone() {
    let _turn = turn_with_nodes().await;
    let scene = Scene::new("zones").await;
    for zone in ["a", "b"] {
        let labels = json!({"kubernetes.io/hostname": format!("zones-{zone}"), "topology.kubernetes.io/zone": format!("zone-{zone}")});
        // No pod of another test may get there.
        let node = json!({
            "apiVersion": "v1", "kind": "Node", "metadata": {"name": format!("zones-{zone}"), "labels": labels},
            "spec": {"unschedulable": true},
        });
        let node = serde_json::from_value(node).expect("an object");
        scene
            .api(&NODE)
            .create(&Default::default(), &node)
            .await
            .expect("it is made");
    }
    let configure = async |place: &str, storage: &str| {
        let disk = format!("storage = {{ ebs_volume_id = \"vol-0a1b2c3d4e5f60741\"{storage} }}");
        scene
            .configure(&scene.instance().couchdb(&format!("nodes = [{{ {place}{disk} }}]\n")))
            .await;
    };
    configure("node_name = \"zones-b\", ", ", zone = \"zone-a\"").await;
    blames(
        &scene.plan_fails().await,
        "Node is in another zone",
        "The disk is in the zone zone-a, and the node zones-b in zone-b, where it cannot be attached",
        "couchdb = {",
    );
    for (storage, summary, text) in [
        ("", "Zone of the disk is missing", "nodes in several: zone-a, zone-b"),
        (
            ", zone = \"zone-c\"",
            "No node in the zone of the disk",
            "The disk is in the zone zone-c",
        ),
    ] {
        configure("", storage).await;
        let plan = scene.plan().await;
        let warning = plan.diagnostics().iter().find(|one| one.summary == summary);
        blames(warning.expect("it is warned"), summary, text, "couchdb = {");
    }
    configure("", ", zone = \"zone-a\"").await;
    let warned = scene.plan().await.diagnostics().len();
    assert_eq!(warned, 0, "a node is there");
    for zone in ["a", "b"] {
        scene.delete(&NODE, &format!("zones-{zone}")).await;
    }
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn row_07_c11_a_wrong_directory_of_the_disk_is_refused_and_put_right() {
    let scene = Scene::new("data-path").await;
    let on_disk = |couchdb: &str| {
        let disk = "nodes = [{ storage = { vsphere_volume_handle = \"data-path-1\" } }]\n";
        scene.instance().couchdb(disk).couchdb(couchdb)
    };
    let path = "data_path = \"storage/medic-core/couchdb/data\"\n";
    scene.configure(&on_disk(path)).await;
    scene.apply().await;
    let known = credentials(&scene).await;
    scene.destroy().await;

    let existing = |path: &str| on_disk(&format!("existing_data = true\n{path}{known}"));
    scene.configure(&existing("")).await;
    let error = scene.apply_fails().await;
    blames(
        &error,
        "No data found in the volume",
        "so there is no empty CHT beside the real data",
        "couchdb = {",
    );
    assert!(error.detail.contains("data_path"), "{error:#?}");
    assert!(
        scene.object(&DEPLOYMENT, "cht-api").await.is_none(),
        "nothing else was started"
    );
    scene.configure(&existing(path)).await;
    scene.apply().await;
    scene.is_settled().await;
    scene.destroy().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn row_07_a_lost_volume_of_the_second_node_of_a_cluster_is_not_made_again() {
    let scene = Scene::new("lost-second").await;
    let clustered = scene
        .instance()
        .protected()
        .with("deletion_protection = false")
        .couchdb("nodes = [{}, {}, {}]\n");
    scene.configure(&clustered).await;
    scene.apply().await;
    let known = credentials(&scene).await;
    // A claim stays for as long as a pod has it.
    scene.delete(&DEPLOYMENT, "cht-couchdb-2").await;
    scene.delete(&CLAIM, "couchdb-2-claim0").await;
    let plan = scene.plan().await;
    let warning = plan
        .diagnostics()
        .iter()
        .find(|one| one.summary == "Data volume is gone");
    let text = "PersistentVolumeClaim lost-second/couchdb-2-claim0, by which CouchDB had its data, is not there";
    blames(
        warning.expect("it is warned"),
        "Data volume is gone",
        text,
        "couchdb = {",
    );
    blames(&scene.apply_fails().await, "Data volume is gone", text, "couchdb = {");
    assert!(scene.object(&CLAIM, "couchdb-2-claim0").await.is_none());

    // The other nodes have no copy of what was there.
    scene.destroy().await;
    make_empty_claim(&scene, "couchdb-2-claim0").await;
    scene.configure(&clustered.couchdb(&known)).await;
    blames(
        &scene.apply_fails().await,
        "CouchDB cannot open its data",
        "In a cluster each node has a part of the data",
        "couchdb = {",
    );
    assert!(
        scene.object(&DEPLOYMENT, "cht-api").await.is_none(),
        "nothing else was started"
    );
    scene.destroy().await;
    for claim in scene.owned(&CLAIM).await {
        scene.delete(&CLAIM, &claim).await;
    }
}
