//! Upgrades, the way back, and Auto Mode.

use acceptance_tests::aws::{Issue, Work};

use super::*;
use crate::support::blames;

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn complaint_15_outputs_stay_known_through_upgrades_which_go_one_version_at_a_time() {
    let Some(lab) = Lab::new().await else { return };
    let scene = &lab.scene;
    scene.write(&lab.cluster("version = \"1.33\""));
    scene.apply().await;
    scene.write(&lab.cluster("version = \"1.35\""));
    let refused = scene.plan_fails().await;
    blames(&refused, "Upgrade skips versions", "1.34, 1.35", "version");

    scene.write(&lab.cluster("version = \"1.34\""));
    let plan = scene.plan().await;
    assert_eq!(plan.actions(ADDRESS), ["update"]);
    keeps_outputs(&plan);
    scene.account.eks().fails(
        Work::UpdateCluster,
        Issue::new("InsufficientFreeAddresses", "no address is free").about(&["subnet-1"]),
    );
    let failed = scene.apply_fails().await;
    blames(
        &failed,
        "Update of the EKS cluster failed",
        "InsufficientFreeAddresses: no address is free (subnet-1)",
        "version",
    );
    scene.apply().await;
    scene.is_settled().await;
    assert_eq!(lab.live().await["version"], "1.34");
    let state = scene.state(ADDRESS).await;
    assert_eq!(
        state["addons"]["kube-proxy"]["version"], "v1.34.1-eksbuild.2",
        "it goes along"
    );

    // Back only if that is asked for.
    scene.write(&lab.cluster("version = \"1.33\""));
    let plan = scene.plan().await;
    assert_eq!(plan.actions(ADDRESS), ["no-op"], "{:?}", plan.change(ADDRESS));
    assert!(warned(&plan, "Cluster is newer than configured"));
    scene.write(&lab.cluster("version = \"1.33\"\n  allow_rollback = true"));
    let plan = scene.plan().await;
    keeps_outputs(&plan);
    scene.apply().await;
    scene.is_settled().await;
    assert_eq!(lab.live().await["version"], "1.33");
    let last = lab.call("eks", "ListUpdates", json!({"name": "c"})).await["updateIds"][0].take();
    let update = lab
        .call("eks", "DescribeUpdate", json!({"name": "c", "updateId": last}))
        .await;
    assert_eq!(update["update"]["type"], "VersionRollback");
    lab.destroy("version = \"1.33\"").await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn an_upgrade_by_aws_is_explained_and_not_rolled_back() {
    let Some(lab) = Lab::new().await else { return };
    let scene = &lab.scene;
    scene.write(&lab.cluster(MINIMAL));
    scene.apply().await;
    scene.account.eks().changes_cluster("c", &json!({"version": "1.35"}));
    let plan = scene.plan().await;
    assert!(plan.is_empty(), "{:?}", plan.change(ADDRESS));
    assert!(warned(&plan, "Cluster is newer than configured"));
    scene.write(&lab.cluster("version = \"1.35\""));
    scene.apply().await;
    scene.is_settled().await;
    lab.destroy("version = \"1.35\"").await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn auto_mode_is_turned_on_and_off_with_roles_of_its_own() {
    let Some(lab) = Lab::new().await else { return };
    let scene = &lab.scene;
    let lines = "version = \"1.34\"\n  deletion_protection = false";
    scene.write(&lab.cluster(&format!("{lines}\n  auto_mode = {{}}\n  addons = {{}}")));
    scene.apply().await;
    scene.is_settled().await;
    let live = lab.live().await;
    assert_eq!(live["computeConfig"]["nodePools"], json!(["general-purpose", "system"]));
    assert_eq!(live["computeConfig"]["nodeRoleArn"], lab.role("c-eu-west-2-auto-node"));
    assert_eq!(live["storageConfig"]["blockStorage"]["enabled"], true);
    assert_eq!(live["kubernetesNetworkConfig"]["elasticLoadBalancing"]["enabled"], true);
    let asked = json!({"RoleName": "c-eu-west-2-cluster"});
    let policies = lab.call("iam", "ListAttachedRolePolicies", asked).await;
    assert_eq!(
        policies["AttachedPolicies"].as_array().map(Vec::len),
        Some(5),
        "{policies:#}"
    );
    scene.write(&lab.cluster(lines));
    assert_eq!(scene.plan().await.actions(ADDRESS), ["update"]);
    scene.apply().await;
    scene.is_settled().await;
    assert_eq!(lab.live().await["computeConfig"]["enabled"], false);
    scene.destroy().await;
    lab.is_as_before().await;
}
