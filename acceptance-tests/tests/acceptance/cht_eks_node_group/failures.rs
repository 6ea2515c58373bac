//! What EKS gives up, and what users are told of it.

use acceptance_tests::aws::{Issue, Work};

use super::*;

const NOT_JOINED: &str = "Instances failed to join the kubernetes cluster";

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn complaint_12_node_creation_failure_is_told_with_its_cause() {
    let Some(nodes) = Nodes::new().await else { return };
    let scene = &nodes.scene;
    let issue = Issue::new("NodeCreationFailure", NOT_JOINED).about(&["i-0a1b2c3d4e5f60718"]);
    scene.account.eks().fails(Work::CreateNodegroup, issue);
    nodes.write("");
    let failed = scene.apply_fails().await;
    assert_eq!(failed.summary, "Nodes did not join the cluster");
    let flat = failed.detail.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        flat.contains(NOT_JOINED) && flat.contains("i-0a1b2c3d4e5f60718"),
        "{flat}"
    );
    // The subnets of the test have no way out, and no names.
    assert!(flat.contains("has no route to the internet"), "{flat}");
    assert_eq!(scene.state(ADDRESS).await["status"], "CREATE_FAILED");

    // The next apply makes it anew.
    assert_eq!(scene.plan().await.actions(ADDRESS), ["delete", "create"]);
    scene.apply().await;
    assert_eq!(nodes.live().await["status"], "ACTIVE");
    scene.is_settled().await;
    scene.destroy().await;
    nodes.is_gone().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn fault_07_complaint_12_launches_that_fail_are_told_in_the_words_of_auto_scaling() {
    let Some(nodes) = Nodes::new().await else { return };
    let scene = &nodes.scene;
    let quota = "You have requested more vCPU capacity than your current vCPU limit of 5 allows. VcpuLimitExceeded";
    scene.account.launches_fail(quota);
    scene.account.eks().fails(
        Work::CreateNodegroup,
        Issue::new("AsgInstanceLaunchFailures", "Could not launch On-Demand Instances."),
    );
    nodes.write("");
    let failed = scene.apply_fails().await;
    let flat = failed.detail.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        flat.contains("VcpuLimitExceeded") && flat.contains("Service Quotas"),
        "{flat}\n{:?}",
        scene.account.actions()
    );
    scene.destroy().await;
    nodes.is_gone().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn complaint_09_pods_that_cannot_be_moved_away_are_told_and_can_be_forced() {
    let Some(nodes) = Nodes::new().await else { return };
    let scene = &nodes.scene;
    nodes.write("");
    scene.apply().await;
    let issue = Issue::new(
        "PodEvictionFailure",
        "Reached max retries while trying to evict pods from nodes in node group n",
    );
    scene.account.eks().fails(
        Work::UpdateNodegroup,
        issue.about(&["ip-10-0-0-9.eu-west-2.compute.internal"]),
    );
    nodes.write("disk_size = 60");
    let failed = scene.apply_fails().await;
    assert_eq!(failed.summary, "Unable to update the node group");
    let flat = failed.detail.split_whitespace().collect::<Vec<_>>().join(" ");
    for said in ["PodDisruptionBudget", "ip-10-0-0-9", "force_update_version"] {
        assert!(flat.contains(said), "{said}: {flat}");
    }
    // It is still to be done.
    assert_eq!(scene.plan().await.actions(ADDRESS), ["update"]);
    nodes.write("disk_size = 60\nforce_update_version = true");
    scene.account.forget_calls();
    scene.apply().await;
    let calls = scene.account.calls();
    let rolls: Vec<&Value> = calls
        .iter()
        .filter(|call| call.action == "eks:UpdateNodegroupVersion")
        .map(|call| &call.parameters["force"])
        .collect();
    assert_eq!(rolls, [&json!(true)]);
    scene.is_settled().await;
    scene.destroy().await;
    nodes.is_gone().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_group_that_falls_sick_is_told_at_every_plan() {
    let Some(nodes) = Nodes::new().await else { return };
    let scene = &nodes.scene;
    nodes.write("");
    scene.apply().await;
    let issue = Issue::new("AutoScalingGroupNotFound", "We couldn't find the Auto Scaling group");
    scene.account.eks().degrades_node_group("c", "n", &issue);
    let plan = scene.plan().await;
    let mut said = plan.diagnostics().iter();
    let warning = said.find(|warning| warning.summary == "Node group is not well");
    assert!(
        warning.is_some_and(|warning| warning.detail.contains("AutoScalingGroupNotFound")),
        "{:?}",
        plan.diagnostics()
    );
    scene.account.eks().heals_node_group("c", "n");
    scene.is_settled().await;
    scene.destroy().await;
    nodes.is_gone().await;
}
