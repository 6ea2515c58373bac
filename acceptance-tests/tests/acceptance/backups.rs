//! The guide on backups: an instance comes back from a snapshot of its disk.

use std::path::Path;

use acceptance_tests::aws::Account;
use serde_json::{Value, json};

use crate::aws::Scene;
use crate::guides::configurations;
use crate::support::{kubernetes, lab};

const GUIDE: &str = "../docs/guides/backups.md";
const INSTANCE: &str = "cht_instance.siaya";
const RESTORED: &str = "cht_ebs_volume.siaya_restored";

/// What the guide shows: an instance with a disk, the same with a disk that is made of a snapshot, and such a snapshot.
fn shown() -> [String; 3] {
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join(GUIDE);
    let [first, restored] = configurations(&guide).try_into().expect("two configurations");
    let text = std::fs::read_to_string(guide).expect("the guide can be read");
    let snapshot = text.split("```hcl\n").nth(1).and_then(|rest| rest.split("```").next());
    [first, restored, snapshot.expect("a snapshot").to_owned()]
}

/// What the guide's instance needs to be destroyed, and to fit the lab's nodes.
fn in_the_lab(shown: &str) -> String {
    let zone = |line: &&str| !line.trim_start().starts_with("zone ");
    let lines: Vec<_> = shown.lines().filter(zone).collect();
    lines
        .join("\n")
        .replace(
            "couchdb = {",
            "deletion_protection = false\n  retain_volumes = false\n  couchdb = {",
        )
        .replace("cluster_name      = \"moh\"", "deletion_protection = false")
        + "\n"
}

async fn volumes(account: &Account) -> Vec<Value> {
    let answer = account.call("ec2", "DescribeVolumes", json!({})).await;
    let answer = answer.expect("EC2 answers");
    answer["Volumes"].as_array().cloned().unwrap_or_default()
}

/// Plays what EBS does: a disk that is made of a snapshot has what the disk had of which that is.
async fn copy(scene: &Scene, snapshot: &Value) {
    let original = snapshot["volume_id"].as_str().expect("a volume");
    for volume in volumes(&scene.account).await {
        if volume["SnapshotId"] == snapshot["id"] {
            let copy = volume["VolumeId"].as_str().expect("an id");
            lab().await.cht.copy_disk(original, copy);
        }
    }
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn row_15_an_instance_comes_back_from_a_snapshot_of_its_disk() {
    let Some(scene) = Scene::new().await else { return };
    let credentials = json!({"siaya": {
        "admin_password": "correct horse battery", "secret": "0123456789abcdef",
        "uuid": "7f9a3c1e54b24d8e9c610a2b3c4d5e6f",
    }});
    let variables = scene.workspace.write("test.auto.tfvars.json", &credentials.to_string());
    variables.expect("the file is written");
    let way = kubernetes().await;
    let provider = format!("provider \"cht\" {{\n  kubernetes = {way}\n}}\n");
    let [disk, restored, snapshot] = shown();
    let snapshot = snapshot.replace("tags      =", "deletion_protection = false\n  tags      =");
    let (with_disk, with_copy) = (in_the_lab(&disk), in_the_lab(&restored));
    let begin = with_disk.find("resource \"cht_instance\"").expect("an instance");
    let (disk_alone, _) = with_disk.split_at(begin);
    let begin = with_copy.find("resource \"cht_instance\"").expect("an instance");
    let (copy_alone, _) = with_copy.split_at(begin);

    scene.write(&format!("{provider}{with_disk}"));
    scene.apply().await;
    scene.write(&format!("{provider}{with_disk}{snapshot}"));
    scene.apply().await;
    scene.is_settled().await;
    let saved = scene.state("cht_ebs_snapshot.before_5_4").await;

    // The instance is destroyed, its disk is not.
    scene.write(&format!("{provider}{disk_alone}{snapshot}"));
    assert_eq!(scene.plan().await.actions(INSTANCE), ["delete"]);
    scene.apply().await;
    assert_eq!(volumes(&scene.account).await.len(), 1);

    // A disk that is as empty as a new one starts nothing.
    scene.write(&format!("{provider}{disk_alone}{snapshot}{with_copy}"));
    let refused = scene.apply_fails().await;
    assert_eq!(refused.summary, "No data found in the volume", "{refused:#?}");
    assert_eq!(scene.state(RESTORED).await["snapshot_id"], saved["id"]);
    scene.write(&format!("{provider}{disk_alone}{snapshot}{copy_alone}"));
    scene.apply().await;

    copy(&scene, &saved).await;
    scene.write(&format!("{provider}{disk_alone}{snapshot}{with_copy}"));
    scene.apply().await;
    scene.is_settled().await;
    scene.destroy().await;
    scene.is_empty().await;
}
