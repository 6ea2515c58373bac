//! `cht_ebs_volume`: the six steps, tags without which the CSI driver may not attach it, snapshots, what would lose
//! data, changes that AWS does not take yet, volumes in use, and creations that are killed.

use std::collections::BTreeMap;

use acceptance_tests::aws::Fault;
use acceptance_tests::tofu::{done, failure};
use serde_json::{Value, json};

use crate::aws::Scene;
use crate::cht_acm_certificate::{ONCE, call};
use crate::support::blames;

const ADDRESS: &str = "cht_ebs_volume.test";

/// A volume of 10 GiB with these lines, which can be destroyed.
pub(crate) fn volume(lines: &str) -> String {
    of("size = 10", &format!("deletion_protection = false\n  {lines}"))
}

fn of(size: &str, lines: &str) -> String {
    format!(
        "resource \"cht_ebs_volume\" \"test\" {{\n  name = \"couchdb\"\n  availability_zone = \"eu-west-2a\"\n  {size}\n  {lines}\n}}\n"
    )
}

/// The tags of something that EC2 has listed.
pub(crate) fn tags(of: &Value) -> BTreeMap<String, String> {
    let tags = of["Tags"].as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    tags.iter()
        .map(|tag| (text(&tag["Key"]), text(&tag["Value"])))
        .collect()
}

async fn volumes(scene: &Scene) -> Vec<Value> {
    scene.listed("DescribeVolumes", "Volumes").await
}

async fn id(scene: &Scene) -> String {
    scene.state(ADDRESS).await["id"].as_str().expect("an id").to_owned()
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_volume_is_made_grown_repaired_imported_replaced_and_destroyed() {
    let Some(mut scene) = Scene::new().await else { return };
    scene.write(&volume(""));
    scene.apply().await;
    scene.is_settled().await;
    let made = volumes(&scene).await.remove(0);
    assert_eq!(
        (&made["VolumeType"], &made["Encrypted"], &made["Size"]),
        (&json!("gp3"), &json!(true), &json!(10))
    );
    assert!(!tags(&made).contains_key("cht:new"), "a state has it: {made:#}");
    let state = scene.state(ADDRESS).await;
    assert_eq!(state["volume_handle"], state["id"]);

    let all = "iops = 4000\n  throughput = 250\n  cluster_name = \"moh\"\n  tags = { owner = \"moh\" }";
    scene.write(&volume(all).replace("size = 10", "size = 20"));
    assert_eq!(scene.plan().await.actions(ADDRESS), ["update"]);
    scene.apply().await;
    scene.is_settled().await;
    let grown = volumes(&scene).await.remove(0);
    assert_eq!(grown["VolumeId"], made["VolumeId"], "it is the same one");
    assert_eq!(
        (&grown["Size"], &grown["Iops"], &grown["Throughput"]),
        (&json!(20), &json!(4000), &json!(250))
    );

    let missing =
        json!({"Resources": [made["VolumeId"]], "Tags": [{"Key": "ebs.csi.aws.com/cluster"}, {"Key": "owner"}]});
    call(&scene, "ec2", "DeleteTags", missing).await;
    let plan = scene.plan().await;
    assert_eq!(plan.actions(ADDRESS), ["update"]);
    let drift = plan.change(ADDRESS).expect("a change").before["drift"].to_string();
    assert!(drift.contains("ebs.csi.aws.com/cluster"), "{drift}");
    scene.apply().await;
    scene.is_settled().await;
    assert_eq!(
        tags(&volumes(&scene).await[0]).get("owner").map(String::as_str),
        Some("moh")
    );

    let id = id(&scene).await;
    scene.forget();
    scene.write(
        &volume(all)
            .replace("size = 10", "size = 20")
            .replace("deletion_protection = false", ""),
    );
    done("import", scene.workspace.import(ADDRESS, &id).await);
    scene.is_settled().await;
    let other = scene.elsewhere();
    other.write("main.tf", &volume("")).expect("it is written");
    let missing = failure("import", other.import(ADDRESS, "vol-0123456789abcdef0").await);
    assert_eq!(missing.summary, "No volume to import");

    scene.write(&volume("").replace("eu-west-2a", "eu-west-2b"));
    let refused = scene.plan_fails().await;
    assert_eq!(refused.summary, "Volume is protected", "{refused:#?}");
    scene.write(&volume(all).replace("size = 10", "size = 20"));
    scene.apply().await;
    scene.write(&volume("").replace("eu-west-2a", "eu-west-2b"));
    assert_eq!(scene.plan().await.actions(ADDRESS), ["delete", "create"]);
    scene.apply().await;
    scene.is_settled().await;
    scene.destroy().await;
    scene.is_empty().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_volume_has_the_tags_that_the_policies_of_the_csi_driver_ask_for() {
    let Some(scene) = Scene::new().await else { return };
    scene.write(&volume("cluster_name = \"moh\""));
    scene.apply().await;
    let tags = tags(&volumes(&scene).await[0]);
    for (key, value) in [
        // AmazonEBSCSIDriverPolicyV2
        ("ebs.csi.aws.com/cluster", "true"),
        // AmazonEBSCSIDriverEKSClusterScopedPolicy
        ("ebs.csi.aws.com/cluster-name", "moh"),
        ("kubernetes.io/cluster/moh", "owned"),
        ("KubernetesCluster", "moh"),
        ("Name", "couchdb"),
        ("cht:managed-by", "terraform-provider-cht"),
    ] {
        assert_eq!(tags.get(key).map(String::as_str), Some(value), "{key}: {tags:?}");
    }
    scene.destroy().await;
    scene.is_empty().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn what_would_lose_data_is_refused_in_the_plan() {
    let Some(scene) = Scene::new().await else { return };
    scene.write(&of("size = 10", ""));
    scene.apply().await;
    let refused = scene.destroy_fails().await;
    blames(&refused, "Volume is protected", "deletion_protection = false", "");
    scene.write(&of("size = 8", ""));
    let refused = scene.plan_fails().await;
    blames(&refused, "Volume cannot shrink", "10 GiB", "size");
    scene.write(&of("size = 10", "encrypted = false"));
    let refused = scene.plan_fails().await;
    assert_eq!(refused.summary, "Volume is protected");
    assert!(refused.detail.contains("`encrypted`"), "{refused:#?}");

    // A newer snapshot takes nothing away.
    let snapshot = json!({"VolumeId": volumes(&scene).await[0]["VolumeId"]});
    let snapshot = call(&scene, "ec2", "CreateSnapshot", snapshot).await["SnapshotId"].clone();
    scene.write(&of("size = 10", &format!("snapshot_id = {snapshot}")));
    let before = id(&scene).await;
    let outcome = scene.apply().await;
    let _ = outcome;
    assert_eq!(id(&scene).await, before);
    scene.write(&volume(""));
    scene.apply().await;
    scene.destroy().await;
    call(&scene, "ec2", "DeleteSnapshot", json!({"SnapshotId": snapshot})).await;
    scene.is_empty().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_volume_of_a_snapshot_has_its_size_and_keeps_its_data() {
    let Some(scene) = Scene::new().await else { return };
    let source = json!({"AvailabilityZone": "eu-west-2a", "Size": 12, "Encrypted": true});
    let source = call(&scene, "ec2", "CreateVolume", source).await["VolumeId"].clone();
    let make = async || {
        let address =
            json!([{"ResourceType": "snapshot", "Tags": [{"Key": "Address", "Value": "siaya.moh.example.org"}]}]);
        let asked = json!({"VolumeId": source, "TagSpecifications": address});
        call(&scene, "ec2", "CreateSnapshot", asked).await["SnapshotId"].clone()
    };
    let first = make().await;
    let newest = "data \"cht_ebs_snapshot\" \"newest\" {\n  filter_tags = { Address = \"siaya.moh.example.org\" }\n  most_recent = true\n}\n";
    let restored = of(
        "snapshot_id = data.cht_ebs_snapshot.newest.id",
        "deletion_protection = false",
    );
    scene.write(&format!("{newest}{restored}"));
    scene.apply().await;
    let state = scene.state(ADDRESS).await;
    assert_eq!((&state["size"], &state["snapshot_id"]), (&json!(12), &first));
    scene.is_settled().await;

    // A later one changes nothing, and that is said.
    let second = make().await;
    let plan = scene.workspace.run(&["plan", "-json"]).await.expect("it plans");
    let warning = plan
        .warnings()
        .find(|warning| warning.summary == "Volume keeps its data");
    assert!(warning.is_some(), "{}", plan.text());
    assert!(scene.plan().await.is_empty());

    for (lines, summary, attribute) in [
        (
            format!("size = 5\n  snapshot_id = {second}"),
            "Volume is smaller than its snapshot",
            "size",
        ),
        (
            format!("encrypted = false\n  snapshot_id = {second}"),
            "Snapshot is encrypted",
            "encrypted",
        ),
        (
            "snapshot_id = \"snap-0123456789abcdef0\"".to_owned(),
            "No such snapshot",
            "snapshot_id",
        ),
    ] {
        let other = scene.elsewhere();
        other.write("main.tf", &of(&lines, "")).expect("it is written");
        let refused = failure("plan", other.plan().await);
        blames(&refused, summary, "", attribute);
    }
    scene.destroy().await;
    for snapshot in [first, second] {
        call(&scene, "ec2", "DeleteSnapshot", json!({"SnapshotId": snapshot})).await;
    }
    call(&scene, "ec2", "DeleteVolume", json!({"VolumeId": source})).await;
    scene.is_empty().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_change_that_aws_does_not_take_yet_says_when_it_does() {
    let Some(scene) = Scene::new().await else { return };
    scene.write(&volume(""));
    scene.apply().await;
    scene.write(&volume("").replace("size = 10", "size = 20"));
    let early = Fault::error(
        400,
        "VolumeModificationRateExceeded",
        "You've reached the maximum modification rate per volume limit. Wait at least 6 hours between modifications per EBS volume.",
    );
    scene.account.fault("ec2:ModifyVolume", early);
    let refused = scene.apply_fails().await;
    assert_eq!(refused.summary, "Volume was changed too recently", "{refused:#?}");
    assert!(refused.detail.contains("some hours"), "{refused:#?}");
    assert_eq!(
        scene.plan().await.actions(ADDRESS),
        ["update"],
        "it is still to be done"
    );
    scene.apply().await;
    scene.is_settled().await;
    scene.destroy().await;
    scene.is_empty().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_volume_in_use_is_waited_for_and_its_user_is_named() {
    let Some(scene) = Scene::new().await else { return };
    scene.write(&volume("timeouts = { delete = \"5s\" }"));
    scene.apply().await;
    let used = Fault::error(400, "VolumeInUse", "Volume is currently attached to i-0a1b2c3d");
    scene.account.fault("ec2:DeleteVolume", used.clone().always());
    let refused = scene.destroy_fails().await;
    assert_eq!(refused.summary, "Timed out", "{refused:#?}");
    assert!(refused.detail.contains("attached to"), "{refused:#?}");
    scene.account.clear_faults();
    scene.account.fault("ec2:DeleteVolume", used.times(2));
    scene.destroy().await;
    assert_eq!(scene.account.clear_faults(), 2);
    scene.is_empty().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_creation_that_is_killed_is_gone_on_with_and_nothing_is_made_twice() {
    let Some(mut scene) = Scene::new().await else { return };
    for (action, fault) in [
        ("ec2:CreateVolume", Fault::lost_answer()),
        ("ec2:CreateTags", Fault::cut()),
    ] {
        scene.write(&format!("{ONCE}{}", volume("")));
        // As if everything were killed at this point: nothing is found out, and nothing is saved.
        scene.account.fault(action, fault);
        if action == "ec2:CreateVolume" {
            scene
                .account
                .fault("ec2:DescribeVolumes", Fault::access_denied().skip(1).always());
        }
        let _ = scene.workspace.apply().await;
        assert!(scene.account.clear_faults() > 0, "{action}");
        assert_eq!(volumes(&scene).await.len(), 1, "{action}");
        scene.forget();
        scene.write(&volume(""));
        let outcome = scene.apply().await;
        let warning = outcome
            .warnings()
            .find(|warning| warning.summary == "Volume is there already");
        assert!(warning.is_some(), "{action}: {}", outcome.text());
        scene.is_settled().await;
        assert_eq!(volumes(&scene).await.len(), 1, "{action}");
        scene.destroy().await;
    }
    scene.account.fault("ec2:CreateVolume", Fault::lost_answer());
    scene.account.fault("ec2:DescribeVolumes", Fault::throttled().times(2));
    let outcome = scene.apply().await;
    assert_eq!(outcome.warnings().count(), 0, "{}", outcome.text());
    assert_eq!(scene.account.clear_faults(), 3);
    assert_eq!(volumes(&scene).await.len(), 1);

    // What is finished may be in use by somebody: it is named, and not taken.
    let id = id(&scene).await;
    let other = scene.elsewhere();
    other.write("main.tf", &volume("")).expect("it is written");
    let refused = failure("apply", other.apply().await);
    blames(&refused, "Volume exists already", &id, "name");
    // As soon as a state is known to have it, it is none of another's business.
    scene.is_settled().await;
    done("apply", other.apply().await);
    assert_eq!(volumes(&scene).await.len(), 2);
    done("destroy", other.destroy().await);

    scene.account.fault("ec2:DeleteVolume", Fault::access_denied());
    let denied = scene.destroy_fails().await;
    assert!(denied.detail.contains("Action: ec2:DeleteVolume"), "{denied:#?}");
    scene.account.clear_faults();
    scene.destroy().await;
    scene.is_empty().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn what_a_volume_cannot_be_is_refused_at_its_attribute() {
    let Some(scene) = Scene::new().await else { return };
    for (text, summary, attribute) in [
        (of("", ""), "Size is needed", "cht_ebs_volume"),
        (
            of("size = 10", "type = \"gp2\"\n  iops = 3000"),
            "IOPS cannot be chosen",
            "iops",
        ),
        (of("size = 10", "type = \"io2\""), "IOPS are needed", "cht_ebs_volume"),
        (
            of("size = 10", "type = \"io2\"\n  iops = 500\n  throughput = 250"),
            "Throughput cannot be chosen",
            "throughput",
        ),
        (
            of(
                "size = 10",
                "encrypted = false\n  kms_key_id = \"arn:aws:kms:eu-west-2:123456789012:key/0a1b\"",
            ),
            "Key without encryption",
            "kms_key_id",
        ),
        (of("size = 10", "tags = { Name = \"x\" }"), "", "tags"),
        (
            of("size = 10", "").replace("eu-west-2a", "eu-west-2"),
            "",
            "availability_zone",
        ),
    ] {
        scene.write(&text);
        let refused = scene.plan_fails().await;
        let summary = if summary.is_empty() {
            refused.summary.clone()
        } else {
            summary.to_owned()
        };
        blames(&refused, &summary, "", attribute);
    }
    scene.is_empty().await;
}
