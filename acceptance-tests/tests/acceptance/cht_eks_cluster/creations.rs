//! Creations that fail, are killed, or lose answers, and what users are told of them.

use std::time::Duration;

use acceptance_tests::aws::{Fault, Issue, Work};

use super::*;

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn complaint_13_a_creation_that_failed_says_why_and_is_started_over() {
    let Some(lab) = Lab::new().await else { return };
    let scene = &lab.scene;
    let issue = Issue::new("Ec2SubnetNotFound", "a subnet is gone").about(&["subnet-1"]);
    scene.account.eks().fails(Work::CreateCluster, issue);
    scene.write(&lab.cluster(MINIMAL));
    let failed = scene.apply_fails().await;
    assert_eq!(failed.summary, "EKS cluster failed", "{failed:#?}");
    assert!(
        failed.detail.contains("Ec2SubnetNotFound: a subnet is gone (subnet-1)"),
        "{failed:#?}"
    );
    let plan = scene.plan().await;
    assert_eq!(plan.actions(ADDRESS), ["delete", "create"]);
    scene.apply().await;
    scene.is_settled().await;

    // What fails later is started over, too: nothing is protected yet.
    lab.destroy(MINIMAL).await;
    scene.account.fault("eks:CreateAddon", Fault::access_denied());
    scene.write(&lab.cluster(MINIMAL));
    let failed = scene.apply_fails().await;
    assert!(failed.detail.contains("eks:CreateAddon"), "{failed:#?}");
    scene.destroy().await;
    lab.is_as_before().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn complaint_13_a_creation_that_was_killed_is_gone_on_with() {
    let Some(lab) = Lab::new().await else { return };
    let scene = &lab.scene;
    scene.account.eks().takes(Work::CreateCluster, Duration::from_secs(600));
    scene.write(&lab.cluster(MINIMAL));
    let mut running = scene.workspace.start_apply().expect("it starts");
    // It looks at the cluster only when EKS has begun with it.
    let is_begun = |actions: &[String]| {
        let mut after = actions.iter().skip_while(|action| *action != "eks:CreateCluster");
        after.any(|action| action == "eks:DescribeCluster")
    };
    while !is_begun(&scene.account.actions()) {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    running.kill();
    running.kill_providers().expect("it is killed");
    running.ends().await;
    scene.account.eks().takes(Work::CreateCluster, Duration::from_secs(3));
    let other = scene.elsewhere();
    write(
        &other,
        &lab.cluster("version = \"1.34\"\n  deletion_protection = false"),
    );
    let outcome = done("apply", other.apply().await);
    let mut warnings = outcome.warnings();
    assert!(
        warnings.any(|one| one.summary == "EKS cluster is there already"),
        "{}",
        outcome.text()
    );
    assert!(done("plan", other.plan().await).is_empty());
    let created = scene.account.actions();
    let created = created.iter().filter(|action| *action == "eks:CreateCluster");
    assert_eq!(created.count(), 1);
    done("destroy", other.destroy().await);
    lab.is_as_before().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn fault_06_fault_11_fault_12_lost_answers_unknown_roles_and_changes_in_progress_are_overcome() {
    let Some(lab) = Lab::new().await else { return };
    let scene = &lab.scene;
    let no_role = "Role could not be assumed because the trusted entity is not correct (Role ARN: x)";
    let busy = "Cluster c currently has an operation in progress: updating";
    let pending = Fault::error(400, "InvalidParameterException", no_role);
    scene.account.fault("eks:CreateCluster", pending.times(2));
    scene.account.fault("eks:CreateCluster", Fault::lost_answer());
    scene.account.fault("eks:DescribeCluster", Fault::throttled().skip(1));
    scene.account.fault("eks:CreateAddon", Fault::lost_answer());
    scene.account.fault(
        "eks:UpdateClusterConfig",
        Fault::error(409, "ResourceInUseException", busy),
    );
    scene.write(&lab.cluster(MINIMAL));
    scene.apply().await;
    assert_eq!(scene.account.clear_faults(), 6);
    scene.is_settled().await;
    scene.account.fault("eks:UpdateClusterConfig", Fault::lost_answer());
    scene
        .account
        .fault("eks:DeleteCluster", Fault::error(409, "ResourceInUseException", busy));
    lab.destroy(MINIMAL).await;
    assert_eq!(scene.account.clear_faults(), 2);
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn complaint_06_coredns_degraded_before_nodes_neither_fails_nor_delays_the_cluster() {
    let Some(lab) = Lab::new().await else { return };
    let scene = &lab.scene;
    let lines = "version = \"1.34\"\n  addons = {\n    vpc-cni = {}\n    coredns = {}\n  }";
    scene.write(&lab.cluster(lines));
    scene.apply().await;
    scene.is_settled().await;
    let addon = lab
        .call(
            "eks",
            "DescribeAddon",
            json!({"clusterName": "c", "addonName": "coredns"}),
        )
        .await;
    assert_eq!(addon["addon"]["status"], "DEGRADED");
    scene.account.eks().takes(Work::CreateAddon, Duration::from_secs(600));
    lab.destroy(lines).await;
}
