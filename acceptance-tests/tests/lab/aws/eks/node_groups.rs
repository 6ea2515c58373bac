//! Node groups.

use std::time::Duration;

use acceptance_tests::aws::{Issue, Work};
use serde_json::json;

use super::Scene;

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_node_group_has_machines_and_takes_them_along() {
    let Some(scene) = Scene::with_cluster().await else {
        return;
    };
    scene.done("CreateNodegroup", scene.node_group()).await;
    let group = scene.node_group_now().await;
    assert_eq!(
        (&group["status"], &group["version"]),
        (&json!("ACTIVE"), &json!("1.33"))
    );
    let nodes = group["resources"]["autoScalingGroups"][0]["name"].clone();
    let left = scene.account.left().await.unwrap();
    assert_eq!(json!(left["auto_scaling_group"]), json!([nodes]));
    assert_eq!((left["instance"].len(), left["launch_template"].len()), (2, 1));
    let entries = scene.done("ListAccessEntries", json!({"clusterName": "c"})).await;
    assert_eq!(entries["accessEntries"], json!([scene.role_arn("nodes")]));

    assert_eq!(
        scene.refused("DeleteCluster", json!({"name": "c"})).await.code,
        "ResourceInUseException"
    );
    scene.account.eks().leaves_interfaces();
    scene
        .done("DeleteNodegroup", json!({"clusterName": "c", "nodegroupName": "n"}))
        .await;
    let asked = json!({"clusterName": "c", "nodegroupName": "n"});
    assert_eq!(scene.refused("DescribeNodegroup", asked).await.status, 404);
    let left = scene.account.left().await.unwrap();
    for kind in ["auto_scaling_group", "instance", "launch_template"] {
        assert!(!left.contains_key(kind), "{kind}");
    }
    // Two of the control plane, and one that pods had.
    assert_eq!(left["network_interface"].len(), 3);
    let filter = json!({"Filters": [{"Name": "tag:cluster.k8s.amazonaws.com/name", "Values": ["c"]}]});
    let pods = scene
        .account
        .call("ec2", "DescribeNetworkInterfaces", filter)
        .await
        .unwrap();
    assert_eq!(pods["NetworkInterfaces"][0]["Status"], "available");
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn node_groups_that_cannot_be_are_refused() {
    let Some(scene) = Scene::with_cluster().await else {
        return;
    };
    let template = json!({"LaunchTemplateName": "t", "LaunchTemplateData": {"InstanceType": "m7g.large"}});
    scene
        .account
        .call("ec2", "CreateLaunchTemplate", template)
        .await
        .unwrap();
    let cases = [
        (
            "amiType",
            json!("AL2023_x86_64_STANDARD"),
            "not a valid instance type for requested amiType",
        ),
        (
            "amiType",
            json!("AL2_ARM_64"),
            "not supported for kubernetes versions 1.33",
        ),
        ("instanceTypes", json!(["m7g.huge"]), "do not exist"),
        (
            "scalingConfig",
            json!({"minSize": 3, "maxSize": 3, "desiredSize": 2}),
            "minSize can't be greater",
        ),
        ("nodeRole", json!(scene.role_arn("cluster")), "ec2.amazonaws.com"),
        (
            "launchTemplate",
            json!({"name": "t"}),
            "in the request and in the launch template",
        ),
        ("version", json!("1.34"), "above that of the cluster"),
        ("subnets", json!(["subnet-0"]), "subnet-0"),
    ];
    for (member, value, reason) in cases {
        let mut request = scene.node_group();
        request[member] = value;
        let refused = scene.refused("CreateNodegroup", request).await;
        assert_eq!(refused.code, "InvalidParameterException");
        assert!(refused.message.contains(reason), "{reason}: {refused}");
    }
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn node_groups_fail_fall_sick_and_heal() {
    let Some(scene) = Scene::with_cluster().await else {
        return;
    };
    let issue = Issue::new("NodeCreationFailure", "Instances failed to join the kubernetes cluster").about(&["i-1"]);
    scene.account.eks().fails(Work::CreateNodegroup, issue.clone());
    scene.done("CreateNodegroup", scene.node_group()).await;
    let failed = scene.node_group_now().await;
    assert_eq!(
        (&failed["status"], &failed["health"]["issues"][0]["resourceIds"]),
        (&json!("CREATE_FAILED"), &json!(["i-1"]))
    );
    scene
        .done("DeleteNodegroup", json!({"clusterName": "c", "nodegroupName": "n"}))
        .await;
    scene.done("CreateNodegroup", scene.node_group()).await;
    assert_eq!(scene.node_group_now().await["status"], "ACTIVE");
    scene.account.eks().degrades_node_group("c", "n", &issue);
    assert_eq!(scene.node_group_now().await["status"], "DEGRADED");
    scene.account.eks().heals_node_group("c", "n");
    assert_eq!(scene.node_group_now().await["health"], json!({"issues": []}));
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn settings_of_a_node_group_change_in_place() {
    let Some(scene) = Scene::with_cluster().await else {
        return;
    };
    let mut request = scene.node_group();
    request["labels"] = json!({"a": "1", "b": "2"});
    request["taints"] = json!([{"key": "k", "value": "v", "effect": "NO_SCHEDULE"}]);
    scene.done("CreateNodegroup", request).await;
    let change = json!({
        "clusterName": "c", "nodegroupName": "n",
        "labels": {"addOrUpdateLabels": {"a": "3"}, "removeLabels": ["b"]},
        "taints": {"removeTaints": [{"key": "k", "effect": "NO_SCHEDULE"}],
                   "addOrUpdateTaints": [{"key": "l", "value": "w", "effect": "NO_EXECUTE"}]},
        "scalingConfig": {"minSize": 1, "maxSize": 4, "desiredSize": 3},
        "updateConfig": {"maxUnavailablePercentage": 50},
    });
    scene
        .account
        .eks()
        .takes(Work::UpdateNodegroup, Duration::from_secs(600));
    let answer = scene.done("UpdateNodegroupConfig", change.clone()).await;
    let updating = scene.node_group_now().await;
    assert_eq!(
        (&updating["status"], &updating["labels"]),
        (&json!("UPDATING"), &json!({"a": "1", "b": "2"}))
    );
    assert_eq!(
        scene.refused("UpdateNodegroupConfig", change).await.code,
        "ResourceInUseException"
    );
    scene.account.eks().takes(Work::UpdateNodegroup, Duration::ZERO);
    let update = scene.update(&answer, json!({"nodegroupName": "n"})).await;
    assert_eq!(
        (&update["status"], &update["type"]),
        (&json!("Successful"), &json!("ConfigUpdate"))
    );
    let group = scene.node_group_now().await;
    assert_eq!(group["labels"], json!({"a": "3"}));
    assert_eq!(
        group["taints"],
        json!([{"key": "l", "value": "w", "effect": "NO_EXECUTE"}])
    );
    assert_eq!(group["updateConfig"], json!({"maxUnavailablePercentage": 50}));
    assert_eq!(scene.account.left().await.unwrap()["instance"].len(), 3);
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn nodes_follow_the_version_of_their_cluster_and_of_their_template() {
    let Some(scene) = Scene::with_cluster().await else {
        return;
    };
    let template = json!({"LaunchTemplateName": "t", "LaunchTemplateData": {"InstanceType": "m7g.large"}});
    let made = scene
        .account
        .call("ec2", "CreateLaunchTemplate", template)
        .await
        .unwrap();
    let id = &made["LaunchTemplate"]["LaunchTemplateId"];
    let mut request = scene.node_group();
    request.as_object_mut().unwrap().remove("instanceTypes");
    request["launchTemplate"] = json!({"id": id, "version": "1"});
    scene.done("CreateNodegroup", request).await;
    assert_eq!(
        scene.node_group_now().await["launchTemplate"],
        json!({"id": id, "name": "t", "version": "1"})
    );
    let up = json!({"name": "c", "version": "1.34"});
    scene.done("UpdateClusterVersion", up).await;
    let refused = scene
        .refused("UpdateClusterVersion", json!({"name": "c", "version": "1.35"}))
        .await;
    assert!(refused.message.contains("Nodegroup n must be updated"), "{refused}");

    let data = json!({"LaunchTemplateId": id, "LaunchTemplateData": {"InstanceType": "m7g.xlarge"}});
    scene
        .account
        .call("ec2", "CreateLaunchTemplateVersion", data)
        .await
        .unwrap();
    let drained = Issue::new("PodEvictionFailure", "Reached max retries while trying to evict pods");
    scene.account.eks().fails(Work::UpdateNodegroup, drained);
    let change = json!({"clusterName": "c", "nodegroupName": "n", "launchTemplate": {"id": id, "version": "2"}});
    let answer = scene.done("UpdateNodegroupVersion", change.clone()).await;
    let update = scene.update(&answer, json!({"nodegroupName": "n"})).await;
    assert_eq!(update["errors"][0]["errorCode"], "PodEvictionFailure");
    assert_eq!(scene.node_group_now().await["version"], "1.33");
    scene.done("UpdateNodegroupVersion", change).await;
    let group = scene.node_group_now().await;
    assert_eq!(
        (&group["version"], &group["launchTemplate"]["version"]),
        (&json!("1.34"), &json!("2"))
    );
    assert_eq!(group["releaseVersion"].as_str().unwrap()[..5], *"1.34.");
}
