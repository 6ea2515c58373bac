//! `cht_ebs_snapshot`, resource and data source: the six steps, snapshots that take long or fail, and which one is
//! found.

use acceptance_tests::aws::Fault;
use acceptance_tests::tofu::{done, failure};
use serde_json::{Value, json};

use crate::aws::Scene;
use crate::cht_acm_certificate::{ONCE, call};
use crate::cht_ebs_volume::tags;
use crate::support::blames;

const ADDRESS: &str = "cht_ebs_snapshot.test";

/// Makes a volume, as somebody else would.
async fn make_volume(scene: &Scene) -> String {
    let asked = json!({"AvailabilityZone": "eu-west-2a", "Size": 12});
    let made = call(scene, "ec2", "CreateVolume", asked).await;
    made["VolumeId"].as_str().expect("an id").to_owned()
}

async fn delete_volume(scene: &Scene, id: &str) {
    call(scene, "ec2", "DeleteVolume", json!({"VolumeId": id})).await;
}

/// A snapshot with these lines.
fn snapshot(volume: &str, lines: &str) -> String {
    format!(
        "resource \"cht_ebs_snapshot\" \"test\" {{\n  name = \"before-upgrade\"\n  volume_id = {volume:?}\n  {lines}\n}}\n"
    )
}

fn unprotected(volume: &str, lines: &str) -> String {
    snapshot(volume, &format!("deletion_protection = false\n  {lines}"))
}

async fn snapshots(scene: &Scene) -> Vec<Value> {
    let answer = call(scene, "ec2", "DescribeSnapshots", json!({"OwnerIds": ["self"]})).await;
    answer["Snapshots"].as_array().cloned().unwrap_or_default()
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_snapshot_is_made_changed_repaired_imported_replaced_and_destroyed() {
    let Some(mut scene) = Scene::new().await else { return };
    let volume = make_volume(&scene).await;
    scene.write(&unprotected(&volume, ""));
    scene.apply().await;
    scene.is_settled().await;
    let state = scene.state(ADDRESS).await;
    assert_eq!(
        (&state["state"], &state["volume_size"]),
        (&json!("completed"), &json!(12))
    );
    assert!(state["start_time"].is_string(), "{state:#}");

    scene.write(&unprotected(&volume, "tags = { Address = \"siaya.moh.example.org\" }").replace("before-", "after-"));
    assert_eq!(scene.plan().await.actions(ADDRESS), ["update"]);
    scene.apply().await;
    scene.is_settled().await;
    let live = snapshots(&scene).await.remove(0);
    assert_eq!(tags(&live).get("Name").map(String::as_str), Some("after-upgrade"));
    assert_eq!(live["SnapshotId"], state["id"]);

    let untag = json!({"Resources": [state["id"]], "Tags": [{"Key": "Address"}]});
    call(&scene, "ec2", "DeleteTags", untag).await;
    assert_eq!(scene.plan().await.actions(ADDRESS), ["update"]);
    scene.apply().await;
    scene.is_settled().await;

    let id = state["id"].as_str().expect("an id").to_owned();
    let all = "tags = { Address = \"siaya.moh.example.org\" }";
    scene.forget();
    scene.write(&snapshot(&volume, all).replace("before-", "after-"));
    done("import", scene.workspace.import(ADDRESS, &id).await);
    scene.is_settled().await;
    let other = scene.elsewhere();
    other.write("main.tf", &snapshot(&volume, "")).expect("it is written");
    let missing = failure("import", other.import(ADDRESS, "snap-0123456789abcdef0").await);
    assert_eq!(missing.summary, "No snapshot to import");

    let refused = scene.destroy_fails().await;
    assert_eq!(refused.summary, "Snapshot is protected", "{refused:#?}");
    scene.write(&unprotected(&volume, all).replace("before-", "after-"));
    scene.apply().await;
    scene.write(&unprotected(&volume, "description = \"before the upgrade\""));
    assert_eq!(scene.plan().await.actions(ADDRESS), ["delete", "create"]);
    scene.apply().await;
    scene.is_settled().await;
    scene.destroy().await;
    delete_volume(&scene, &volume).await;
    scene.is_empty().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_creation_that_is_killed_is_gone_on_with_and_nothing_is_made_twice() {
    let Some(mut scene) = Scene::new().await else { return };
    let volume = make_volume(&scene).await;
    for (action, fault) in [
        ("ec2:CreateSnapshot", Fault::lost_answer()),
        ("ec2:CreateTags", Fault::cut()),
    ] {
        scene.write(&format!("{ONCE}{}", unprotected(&volume, "")));
        // As if everything were killed at this point: nothing is found out, and nothing is saved.
        scene.account.fault(action, fault);
        if action == "ec2:CreateSnapshot" {
            scene
                .account
                .fault("ec2:DescribeSnapshots", Fault::access_denied().skip(1).always());
        }
        let _ = scene.workspace.apply().await;
        assert!(scene.account.clear_faults() > 0, "{action}");
        scene.forget();
        scene.write(&unprotected(&volume, ""));
        let outcome = scene.apply().await;
        let warning = outcome
            .warnings()
            .find(|warning| warning.summary == "Snapshot is there already");
        assert!(warning.is_some(), "{action}: {}", outcome.text());
        scene.is_settled().await;
        scene.destroy().await;
        assert!(snapshots(&scene).await.is_empty(), "{action}: it was made once");
    }
    // There is no token, so a call that may have been carried out is never made again.
    scene.account.fault("ec2:CreateSnapshot", Fault::throttled().times(2));
    scene.account.fault("ec2:CreateSnapshot", Fault::lost_answer());
    scene.apply().await;
    assert_eq!(scene.account.clear_faults(), 3);
    assert_eq!(snapshots(&scene).await.len(), 1);
    let other = scene.elsewhere();
    other
        .write("main.tf", &unprotected(&volume, ""))
        .expect("it is written");
    let refused = failure("apply", other.apply().await);
    blames(&refused, "Snapshot exists already", "import it", "name");
    scene.account.fault("ec2:DeleteSnapshot", Fault::access_denied());
    let denied = scene.destroy_fails().await;
    assert!(denied.detail.contains("Action: ec2:DeleteSnapshot"), "{denied:#?}");
    scene.account.clear_faults();
    scene.destroy().await;
    delete_volume(&scene, &volume).await;
    scene.is_empty().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn the_snapshot_that_is_meant_is_found_by_its_tags() {
    let Some(scene) = Scene::new().await else { return };
    let volume = make_volume(&scene).await;
    let mut made = Vec::new();
    for address in [
        "siaya.moh.example.org",
        "siaya.moh.example.org",
        "kisumu.moh.example.org",
    ] {
        let marks = json!([{"ResourceType": "snapshot", "Tags": [{"Key": "Address", "Value": address}]}]);
        let asked = json!({"VolumeId": volume, "TagSpecifications": marks});
        made.push(call(&scene, "ec2", "CreateSnapshot", asked).await["SnapshotId"].clone());
        tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    }
    let found = |lines: &str| format!("data \"cht_ebs_snapshot\" \"test\" {{\n  {lines}\n}}\n");
    for (lines, expected) in [
        (
            "filter_tags = { Address = \"siaya.moh.example.org\" }\n  most_recent = true",
            &made[1],
        ),
        ("filter_tags = { Address = \"kisumu.moh.example.org\" }", &made[2]),
    ] {
        scene.write(&found(lines));
        scene.apply().await;
        let state = scene.state("data.cht_ebs_snapshot.test").await;
        assert_eq!((&state["id"], &state["volume_size"]), (expected, &json!(12)), "{lines}");
    }
    for (lines, summary, text) in [
        (
            "filter_tags = { Address = \"siaya.moh.example.org\" }",
            "Several snapshots",
            "most_recent",
        ),
        (
            "filter_tags = { Address = \"none.example.org\" }",
            "No such snapshot",
            "owners",
        ),
        ("most_recent = true", "Snapshot is not described", "filter_tags"),
    ] {
        scene.write(&found(lines));
        let refused = scene.plan_fails().await;
        assert_eq!(refused.summary, summary, "{refused:#?}");
        assert!(refused.detail.contains(text), "{refused:#?}");
    }
    for snapshot in made {
        call(&scene, "ec2", "DeleteSnapshot", json!({"SnapshotId": snapshot})).await;
    }
    delete_volume(&scene, &volume).await;
    scene.is_empty().await;
}
