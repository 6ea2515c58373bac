//! Clusters.

use std::time::Duration;

use acceptance_tests::aws::{Issue, Work};
use serde_json::json;

use super::Scene;

/// Longer than a test.
const LONG: Duration = Duration::from_secs(600);

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_cluster_comes_and_goes_in_its_time() {
    let Some(scene) = Scene::new().await else { return };
    scene.account.eks().takes(Work::CreateCluster, LONG);
    let created = scene.done("CreateCluster", scene.cluster()).await;
    assert_eq!(created["cluster"]["status"], "CREATING");
    let creating = scene.describe().await;
    assert_eq!(creating["status"], "CREATING");
    assert!(creating["endpoint"].is_null() && creating["certificateAuthority"].is_null());
    let refused = scene.refused("DeleteCluster", json!({"name": "c"})).await;
    assert_eq!((refused.code.as_str(), refused.status), ("ResourceInUseException", 409));

    scene.account.eks().takes(Work::CreateCluster, Duration::ZERO);
    let active = scene.describe().await;
    assert_eq!(active["status"], "ACTIVE");
    assert_eq!(active["resourcesVpcConfig"]["vpcId"], scene.vpc);
    assert_eq!(active["accessConfig"], json!({"authenticationMode": "API"}));
    assert_eq!(active["upgradePolicy"], json!({"supportType": "EXTENDED"}));
    assert!(
        active["endpoint"]
            .as_str()
            .unwrap()
            .ends_with(".eu-west-2.eks.amazonaws.com")
    );
    let group = active["resourcesVpcConfig"]["clusterSecurityGroupId"].as_str().unwrap();
    let left = scene.account.left().await.unwrap();
    assert!(left["security_group"].contains(&group.to_owned()));
    assert_eq!(
        (left["network_interface"].len(), left["cluster"].as_slice()),
        (2, ["c".to_owned()].as_slice())
    );

    scene.account.eks().takes(Work::DeleteCluster, LONG);
    let deleting = scene.done("DeleteCluster", json!({"name": "c"})).await;
    assert_eq!(deleting["cluster"]["status"], "DELETING");
    assert_eq!(scene.cluster_status().await, "DELETING");
    scene.account.eks().takes(Work::DeleteCluster, Duration::ZERO);
    let gone = scene.refused("DescribeCluster", json!({"name": "c"})).await;
    assert_eq!(
        (gone.code.as_str(), gone.message.as_str()),
        ("ResourceNotFoundException", "No cluster found for name: c.")
    );
    let left = scene.account.left().await.unwrap();
    assert!(!left.contains_key("network_interface") && !left["security_group"].contains(&group.to_owned()));
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn the_same_request_twice_makes_one_cluster() {
    let Some(scene) = Scene::new().await else { return };
    let mut request = scene.cluster();
    request["clientRequestToken"] = json!("token");
    let first = scene.done("CreateCluster", request.clone()).await;
    let second = scene.done("CreateCluster", request.clone()).await;
    assert_eq!(first["cluster"]["arn"], second["cluster"]["arn"]);
    assert_eq!(first["cluster"]["createdAt"], second["cluster"]["createdAt"]);
    request["deletionProtection"] = json!(true);
    assert_eq!(
        scene.refused("CreateCluster", request).await.code,
        "ResourceInUseException"
    );
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn clusters_that_cannot_be_are_refused() {
    let Some(scene) = Scene::new().await else { return };
    scene.role("stranger", "ec2.amazonaws.com").await;
    scene.role("bare", "eks.amazonaws.com").await;
    let one = [&scene.subnets[0]];
    let cases = [
        ("/roleArn", json!(scene.role_arn("nobody")), "does not exist"),
        (
            "/roleArn",
            json!(scene.role_arn("stranger")),
            "the trusted entity is not correct",
        ),
        (
            "/roleArn",
            json!(scene.role_arn("bare")),
            "doesn't have the Amazon EKS Managed Policies",
        ),
        (
            "/resourcesVpcConfig/subnetIds",
            json!(one),
            "at least two different AZs",
        ),
        ("/resourcesVpcConfig/subnetIds", json!(["subnet-0", one[0]]), "subnet-0"),
        ("/version", json!("1.19"), "unsupported Kubernetes version"),
    ];
    for (place, value, reason) in cases {
        let mut request = scene.cluster();
        *request.pointer_mut(place).unwrap() = value;
        let refused = scene.refused("CreateCluster", request).await;
        assert_eq!(refused.code, "InvalidParameterException");
        assert!(refused.message.contains(reason), "{reason}: {refused}");
    }
    assert!(!scene.account.left().await.unwrap().contains_key("network_interface"));
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_cluster_that_fails_says_why_and_can_be_deleted() {
    let Some(scene) = Scene::new().await else { return };
    let issue = Issue::new(
        "InsufficientFreeAddresses",
        "One or more of the subnets has no free addresses",
    )
    .about(&[&scene.subnets[0]]);
    scene.account.eks().fails(Work::CreateCluster, issue);
    scene.done("CreateCluster", scene.cluster()).await;
    let failed = scene.describe().await;
    assert_eq!(failed["status"], "FAILED");
    assert_eq!(failed["health"]["issues"][0]["code"], "InsufficientFreeAddresses");
    assert_eq!(failed["health"]["issues"][0]["resourceIds"], json!([scene.subnets[0]]));
    scene.done("DeleteCluster", json!({"name": "c"})).await;
    assert_eq!(scene.refused("DescribeCluster", json!({"name": "c"})).await.status, 404);
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn one_aspect_changes_at_a_time() {
    let Some(scene) = Scene::with_cluster().await else {
        return;
    };
    let two = json!({"name": "c", "deletionProtection": true, "zonalShiftConfig": {"enabled": true}});
    let refused = scene.refused("UpdateClusterConfig", two).await;
    assert!(refused.message.contains("Only one type of update"), "{refused}");

    scene.account.eks().takes(Work::UpdateCluster, LONG);
    let logging = json!({"name": "c", "clientRequestToken": "t", "logging": {
        "clusterLogging": [{"types": ["audit", "api"], "enabled": true}],
    }});
    let answer = scene.done("UpdateClusterConfig", logging.clone()).await;
    assert_eq!(
        (&answer["update"]["type"], &answer["update"]["status"]),
        (&json!("LoggingUpdate"), &json!("InProgress"))
    );
    assert_eq!(
        scene.done("UpdateClusterConfig", logging).await["update"]["id"],
        answer["update"]["id"]
    );
    let protection = json!({"name": "c", "deletionProtection": true});
    let refused = scene.refused("UpdateClusterConfig", protection.clone()).await;
    assert_eq!(refused.code, "ResourceInUseException");
    assert_eq!(scene.describe().await["logging"]["clusterLogging"][0]["enabled"], false);

    scene.account.eks().takes(Work::UpdateCluster, Duration::ZERO);
    assert_eq!(scene.update(&answer, json!({})).await["status"], "Successful");
    let logging = scene.describe().await["logging"]["clusterLogging"].take();
    assert_eq!(logging[0], json!({"types": ["api", "audit"], "enabled": true}));
    assert_eq!(
        logging[1]["types"],
        json!(["authenticator", "controllerManager", "scheduler"])
    );

    scene.done("UpdateClusterConfig", protection.clone()).await;
    assert_eq!(scene.describe().await["deletionProtection"], true);
    assert_eq!(
        scene.refused("DeleteCluster", json!({"name": "c"})).await.code,
        "InvalidRequestException"
    );
    let refused = scene.refused("UpdateClusterConfig", protection).await;
    assert!(refused.message.contains("No changes"), "{refused}");
    let updates = scene.done("ListUpdates", json!({"name": "c"})).await;
    assert_eq!(updates["updateIds"].as_array().unwrap().len(), 2);
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn versions_go_up_by_one_and_back_once() {
    let Some(scene) = Scene::with_cluster().await else {
        return;
    };
    let to = |version: &str| json!({"name": "c", "version": version});
    let refused = scene.refused("UpdateClusterVersion", to("1.35")).await;
    assert!(refused.message.contains("from 1.33 to 1.35"), "{refused}");
    scene
        .account
        .eks()
        .fails(Work::UpdateCluster, Issue::new("SubnetNotFound", "gone"));
    let answer = scene.done("UpdateClusterVersion", to("1.34")).await;
    let update = scene.update(&answer, json!({})).await;
    assert_eq!(
        (&update["status"], &update["errors"][0]["errorCode"]),
        (&json!("Failed"), &json!("SubnetNotFound"))
    );
    assert_eq!(scene.describe().await["version"], "1.33");
    scene.done("UpdateClusterVersion", to("1.34")).await;
    assert_eq!(scene.describe().await["version"], "1.34");
    let back = scene.done("UpdateClusterVersion", to("1.33")).await;
    assert_eq!(back["update"]["type"], "VersionRollback");
    assert_eq!(scene.describe().await["version"], "1.33");
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn versions_have_a_calendar() {
    let Some(scene) = Scene::new().await else { return };
    scene.account.eks().supports("1.34", "2020-01-01", "2099-01-01");
    let all = scene.done("DescribeClusterVersions", json!({"includeAll": true})).await;
    let versions = all["clusterVersions"].as_array().unwrap();
    let of = |minor: &str| {
        versions
            .iter()
            .find(|version| version["clusterVersion"] == minor)
            .unwrap()
    };
    assert_eq!(of("1.34")["versionStatus"], "EXTENDED_SUPPORT");
    assert!(
        of("1.34")["endOfStandardSupportDate"]
            .as_str()
            .unwrap()
            .starts_with("2020-01-01")
    );
    assert_eq!(
        versions
            .iter()
            .filter(|version| version["defaultVersion"] == true)
            .count(),
        1
    );
    let asked = json!({"versionStatus": "EXTENDED_SUPPORT", "clusterVersions": ["1.34", "1.99"]});
    let some = scene.done("DescribeClusterVersions", asked).await;
    assert_eq!(some["clusterVersions"].as_array().unwrap().len(), 1);
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn lists_come_in_pages_and_tags_stay() {
    let Some(scene) = Scene::new().await else { return };
    for name in ["a", "b", "c"] {
        let mut request = scene.cluster();
        request["name"] = json!(name);
        request["tags"] = json!({"k": "v"});
        scene.done("CreateCluster", request).await;
    }
    scene.account.eks().pages_of(2);
    let first = scene.done("ListClusters", json!({})).await;
    assert_eq!(first["clusters"], json!(["a", "b"]));
    let next = json!({"nextToken": first["nextToken"]});
    assert_eq!(scene.done("ListClusters", next).await, json!({"clusters": ["c"]}));
    assert_eq!(
        scene.refused("ListClusters", json!({"nextToken": "x"})).await.status,
        400
    );

    let arn = scene.describe().await["arn"].clone();
    scene
        .done("TagResource", json!({"resourceArn": arn, "tags": {"l": "w"}}))
        .await;
    scene
        .done("UntagResource", json!({"resourceArn": arn, "tagKeys": ["k"]}))
        .await;
    assert_eq!(
        scene.done("ListTagsForResource", json!({"resourceArn": arn})).await["tags"],
        json!({"l": "w"})
    );
    let stranger = json!({"resourceArn": format!("{}x", arn.as_str().unwrap())});
    assert_eq!(
        scene.refused("ListTagsForResource", stranger).await.code,
        "NotFoundException"
    );
}
