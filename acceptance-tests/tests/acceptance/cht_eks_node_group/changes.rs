//! Changes that keep the group: by users, by an autoscaler, by an upgrade of the cluster.

use std::time::Duration;

use acceptance_tests::aws::{Fault, Work};

use super::*;
use crate::support::blames;

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn complaint_07_a_node_group_is_not_replaced_on_an_innocent_change() {
    let Some(nodes) = Nodes::new().await else { return };
    let scene = &nodes.scene;
    nodes.write("");
    scene.apply().await;
    let made = nodes.live().await;
    for (rest, version) in [
        ("instance_types = [\"r7g.large\"]", "2"),
        ("instance_types = [\"r7g.large\"]\ndisk_size = 100", "3"),
        // One that there has been already.
        ("", "1"),
    ] {
        nodes.write(rest);
        assert_eq!(scene.plan().await.actions(ADDRESS), ["update"], "{rest}");
        scene.apply().await;
        let live = nodes.live().await;
        assert_eq!(
            (&live["createdAt"], &live["nodegroupArn"]),
            (&made["createdAt"], &made["nodegroupArn"])
        );
        assert_eq!(live["launchTemplate"]["version"], version, "{rest}");
        scene.is_settled().await;
    }
    // Other processors need another image, which a group cannot be given.
    nodes.write("instance_types = [\"m7i.large\"]");
    let plan = scene.plan().await;
    assert_eq!(plan.actions(ADDRESS), ["delete", "create"]);
    let after = &plan.change(ADDRESS).expect("a change").after;
    assert_eq!(after["ami_type"], "AL2023_x86_64_STANDARD");
    scene.destroy().await;
    nodes.is_gone().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn complaint_08_sizes_do_not_fight_with_an_autoscaler() {
    let Some(nodes) = Nodes::new().await else { return };
    let scene = &nodes.scene;
    let sizes = async || nodes.live().await["scalingConfig"].clone();
    scene.write(&nodes.sized("min_size = 1\nmax_size = 5", ""));
    scene.apply().await;
    nodes
        .change(json!({"scalingConfig": {"minSize": 1, "maxSize": 5, "desiredSize": 4}}))
        .await;
    scene.is_settled().await;

    scene.write(&nodes.sized("min_size = 2\nmax_size = 5", ""));
    scene.apply().await;
    assert_eq!(
        sizes().await,
        json!({"minSize": 2, "maxSize": 5, "desiredSize": 4}),
        "it may decide"
    );
    scene.write(&nodes.sized("min_size = 1\nmax_size = 3", ""));
    scene.apply().await;
    assert_eq!(
        sizes().await,
        json!({"minSize": 1, "maxSize": 3, "desiredSize": 3}),
        "within the limits"
    );

    // Who says a number means it.
    scene.write(&nodes.sized("min_size = 1\nmax_size = 3\ndesired_size = 2", ""));
    scene.apply().await;
    assert_eq!(sizes().await["desiredSize"], 2);
    nodes
        .change(json!({"scalingConfig": {"minSize": 1, "maxSize": 3, "desiredSize": 3}}))
        .await;
    assert_eq!(scene.plan().await.actions(ADDRESS), ["update"]);
    // More at least than there should be.
    scene.write(&nodes.sized("min_size = 3\nmax_size = 3\ndesired_size = 2", ""));
    let refused = scene.plan_fails().await;
    blames(&refused, "Sizes contradict each other", "not between", "desired_size");
    nodes.write("");
    scene.destroy().await;
    nodes.is_gone().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn nodes_follow_the_version_of_their_cluster() {
    let Some(nodes) = Nodes::new().await else { return };
    let scene = &nodes.scene;
    scene.account.eks().changes_cluster("c", &json!({"version": "1.34"}));
    nodes.write("");
    scene.apply().await;
    assert_eq!(nodes.live().await["version"], "1.34");
    scene.account.eks().changes_cluster("c", &json!({"version": "1.35"}));
    let plan = scene.plan().await;
    assert_eq!(plan.actions(ADDRESS), ["update"]);
    assert_eq!(plan.change(ADDRESS).expect("a change").after["version"], "1.35");
    // Who says a version keeps it.
    nodes.write("version = \"1.34\"");
    assert!(scene.plan().await.is_empty());
    nodes.write("");
    scene.apply().await;
    assert_eq!(nodes.live().await["version"], "1.35");
    scene.is_settled().await;
    nodes.write("version = \"1.37\"");
    let refused = scene.plan_fails().await;
    blames(&refused, "Nodes would be newer than their cluster", "1.35", "version");
    nodes.write("");
    scene.destroy().await;
    nodes.is_gone().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn fault_06_a_change_that_was_cut_off_is_waited_for() {
    let Some(nodes) = Nodes::new().await else { return };
    let scene = &nodes.scene;
    nodes.write("");
    scene.apply().await;
    scene.account.fault("eks:DescribeUpdate", Fault::access_denied());
    nodes.write("disk_size = 60");
    let failed = scene.apply_fails().await;
    assert_eq!(failed.summary, "Unable to update the node group");
    scene.account.clear_faults();
    // Another change, while somebody's own is under way.
    scene.account.eks().takes(Work::UpdateNodegroup, Duration::from_secs(4));
    nodes.change(json!({"nodeRepairConfig": {"enabled": true}})).await;
    nodes.write("disk_size = 60\nlabels = { tier = \"a\" }");
    scene.apply().await;
    let live = nodes.live().await;
    assert_eq!(
        (&live["labels"], &live["nodeRepairConfig"]["enabled"]),
        (&json!({"tier": "a"}), &json!(false))
    );
    assert_eq!(
        nodes.template().await["BlockDeviceMappings"][0]["Ebs"]["VolumeSize"],
        60
    );
    scene.account.eks().takes(Work::UpdateNodegroup, Duration::ZERO);
    scene.is_settled().await;
    scene.destroy().await;
    nodes.is_gone().await;
}
