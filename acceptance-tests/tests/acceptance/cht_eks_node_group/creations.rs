//! Creations that were killed, that fail in the middle, and that find a group of somebody else; deletions that were
//! killed.

use acceptance_tests::aws::Fault;

use super::*;
use crate::support::blames;

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn what_a_creation_has_left_is_gone_on_with() {
    let Some(nodes) = Nodes::new().await else { return };
    let scene = &nodes.scene;
    scene.account.fault("eks:CreateNodegroup", Fault::lost_answer());
    scene.account.fault("ec2:CreateLaunchTemplate", Fault::lost_answer());
    nodes.write("");
    scene.apply().await;
    assert_eq!(scene.account.clear_faults(), 2, "both were met");
    scene.is_settled().await;
    assert_eq!(
        scene.listed("DescribeLaunchTemplates", "LaunchTemplates").await.len(),
        2,
        "ours, and that of EKS"
    );

    // Nothing was saved at all.
    let other = scene.elsewhere();
    write(&other, &nodes.group("tags = { county = \"siaya\" }"));
    let outcome = done("apply", other.apply().await);
    let warning = outcome
        .warnings()
        .find(|warning| warning.summary == "Node group is there already");
    assert!(warning.is_some(), "{}", outcome.text());
    assert!(done("plan", other.plan().await).is_empty());
    done("destroy", other.destroy().await);
    nodes.is_gone().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_creation_that_fails_in_the_middle_leaves_nothing_behind() {
    let Some(nodes) = Nodes::new().await else { return };
    let scene = &nodes.scene;
    nodes.write("");
    for action in [
        "iam:AttachRolePolicy",
        "ec2:CreateLaunchTemplate",
        "eks:CreateNodegroup",
    ] {
        scene.account.fault(action, Fault::access_denied());
        let failed = scene.apply_fails().await;
        assert_eq!(failed.summary, "Unable to create the node group");
        assert!(failed.detail.contains(action), "{}", failed.detail);
        assert_eq!(scene.account.clear_faults(), 1);
    }
    scene.account.fault("eks:CreateNodegroup", Fault::throttled().times(2));
    scene.apply().await;
    assert_eq!(scene.account.clear_faults(), 2);
    scene.is_settled().await;
    scene.destroy().await;
    nodes.is_gone().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_group_of_somebody_else_is_refused_and_can_be_imported() {
    let Some(nodes) = Nodes::new().await else { return };
    let scene = &nodes.scene;
    let role = scene.make_role("theirs", "ec2").await;
    let theirs = json!({
        "clusterName": "c", "nodegroupName": "n", "subnets": nodes.subnets, "nodeRole": role,
        "instanceTypes": ["m7g.large"], "amiType": "AL2023_ARM_64_STANDARD", "diskSize": 30,
        "scalingConfig": {"minSize": 1, "maxSize": 2, "desiredSize": 1},
    });
    scene
        .account
        .call("eks", "CreateNodegroup", theirs)
        .await
        .expect("it is made");
    let own = "instance_types = [\"m7g.large\"]\ndisk_size = 30";
    nodes.write(own);
    let refused = scene.apply_fails().await;
    blames(&refused, "Node group exists already", "import it", "node_group_name");
    done("import", scene.workspace.import(ADDRESS, "c:n").await);
    scene.is_settled().await;
    // It has no launch template in which these could be changed.
    nodes.write("instance_types = [\"m7g.large\"]\ndisk_size = 50");
    assert_eq!(scene.plan().await.actions(ADDRESS), ["delete", "create"]);
    nodes.write(own);
    scene.destroy().await;
    scene
        .account
        .call("iam", "GetRole", json!({"RoleName": "theirs"}))
        .await
        .expect("the role stays");
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn complaint_13_what_a_killed_deletion_has_left_is_removed() {
    let Some(nodes) = Nodes::new().await else { return };
    let scene = &nodes.scene;
    nodes.write("");
    scene.apply().await;
    nodes.delete_behind().await;
    let plan = scene.plan().await;
    assert_eq!(plan.actions(ADDRESS), ["delete", "create"]);
    let mut warnings = plan.outcome.warnings();
    assert!(warnings.any(|warning| warning.summary == "Node group is gone"));
    scene.apply().await;
    scene.is_settled().await;

    nodes.delete_behind().await;
    scene.destroy().await;
    nodes.is_gone().await;
}
