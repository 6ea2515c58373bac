//! Add-ons, access entries and pod identity associations.

use acceptance_tests::aws::{Issue, Work};
use serde_json::{Value, json};

use super::Scene;

async fn addon(scene: &Scene, name: &str) -> Value {
    let asked = json!({"clusterName": "c", "addonName": name});
    scene.done("DescribeAddon", asked).await["addon"].take()
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn an_addon_without_nodes_is_degraded_until_there_are_some() {
    let Some(scene) = Scene::with_cluster().await else {
        return;
    };
    for name in ["coredns", "vpc-cni"] {
        scene
            .done("CreateAddon", json!({"clusterName": "c", "addonName": name}))
            .await;
    }
    assert_eq!(addon(&scene, "vpc-cni").await["status"], "ACTIVE");
    let waiting = addon(&scene, "coredns").await;
    assert_eq!(waiting["status"], "DEGRADED");
    assert_eq!(waiting["health"]["issues"][0]["code"], "InsufficientNumberOfReplicas");
    scene.done("CreateNodegroup", scene.node_group()).await;
    scene.node_group_now().await;
    assert_eq!(addon(&scene, "coredns").await["status"], "ACTIVE");
    let listed = scene.done("ListAddons", json!({"clusterName": "c"})).await;
    assert_eq!(listed["addons"], json!(["coredns", "vpc-cni"]));
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn versions_of_addons_go_with_kubernetes() {
    let Some(scene) = Scene::with_cluster().await else {
        return;
    };
    let asked = json!({"addonName": "kube-proxy", "kubernetesVersion": "1.33"});
    let offered = scene.done("DescribeAddonVersions", asked).await;
    let versions = offered["addons"][0]["addonVersions"].as_array().unwrap().clone();
    let default = versions
        .iter()
        .find(|version| version["compatibilities"][0]["defaultVersion"] == true)
        .unwrap();
    let create = |version: &Value| json!({"clusterName": "c", "addonName": "kube-proxy", "addonVersion": version});
    let refused = scene.refused("CreateAddon", create(&json!("v1.35.1-eksbuild.1"))).await;
    assert!(refused.message.contains("not supported"), "{refused}");
    let older = &versions.iter().find(|version| *version != default).unwrap()["addonVersion"];
    scene.done("CreateAddon", create(older)).await;
    assert_eq!(addon(&scene, "kube-proxy").await["addonVersion"], *older);
    let answer = scene.done("UpdateAddon", create(&default["addonVersion"])).await;
    assert_eq!(answer["update"]["type"], "AddonUpdate");
    let update = scene.update(&answer, json!({"addonName": "kube-proxy"})).await;
    assert_eq!(update["status"], "Successful");
    assert_eq!(
        addon(&scene, "kube-proxy").await["addonVersion"],
        default["addonVersion"]
    );

    let conflict = Issue::new("ConfigurationConflict", "Conflicts found when trying to apply");
    scene.account.eks().fails(Work::UpdateAddon, conflict);
    let answer = scene.done("UpdateAddon", create(older)).await;
    let update = scene.update(&answer, json!({"addonName": "kube-proxy"})).await;
    assert_eq!(update["errors"][0]["errorCode"], "ConfigurationConflict");
    assert_eq!(addon(&scene, "kube-proxy").await["status"], "UPDATE_FAILED");
    let all = scene.done("DescribeAddonVersions", json!({})).await;
    assert_eq!(all["addons"].as_array().unwrap().len(), 10);
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn associations_of_an_addon_come_and_go_with_it() {
    let Some(scene) = Scene::with_cluster().await else {
        return;
    };
    let role = scene.role_arn("csi");
    let account = json!([{"serviceAccount": "ebs-csi-controller-sa", "roleArn": role}]);
    let refused = json!({"clusterName": "c", "addonName": "cert-manager", "podIdentityAssociations": account});
    assert!(
        scene
            .refused("CreateAddon", refused)
            .await
            .message
            .contains("does not support pod identity")
    );
    let create = json!({"clusterName": "c", "addonName": "aws-ebs-csi-driver", "podIdentityAssociations": account});
    scene.done("CreateAddon", create).await;
    let arn = addon(&scene, "aws-ebs-csi-driver").await["podIdentityAssociations"][0].clone();
    let list = async || {
        scene
            .done("ListPodIdentityAssociations", json!({"clusterName": "c"}))
            .await["associations"]
            .take()
    };
    let listed = list().await;
    assert_eq!(
        (&listed[0]["associationArn"], listed.as_array().unwrap().len()),
        (&arn, 1)
    );
    let own = json!({"clusterName": "c", "associationId": listed[0]["associationId"]});
    let refused = scene.refused("DeletePodIdentityAssociation", own).await;
    assert!(refused.message.contains("owned by an addon"), "{refused}");
    scene
        .done(
            "DeleteAddon",
            json!({"clusterName": "c", "addonName": "aws-ebs-csi-driver"}),
        )
        .await;
    assert_eq!(list().await, json!([]));
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn associations_are_made_changed_and_deleted() {
    let Some(scene) = Scene::with_cluster().await else {
        return;
    };
    let create = json!({
        "clusterName": "c", "namespace": "n", "serviceAccount": "s", "roleArn": scene.role_arn("r"),
        "clientRequestToken": "t",
    });
    let made = scene.done("CreatePodIdentityAssociation", create.clone()).await["association"].take();
    let again = scene.done("CreatePodIdentityAssociation", create).await;
    assert_eq!(again["association"]["associationId"], made["associationId"]);
    let id = json!({"clusterName": "c", "associationId": made["associationId"]});
    let mut change = id.clone();
    change["roleArn"] = json!(scene.role_arn("other"));
    scene.done("UpdatePodIdentityAssociation", change).await;
    let now = scene.done("DescribePodIdentityAssociation", id.clone()).await;
    assert_eq!(now["association"]["roleArn"], scene.role_arn("other"));
    scene.done("DeletePodIdentityAssociation", id.clone()).await;
    assert_eq!(scene.refused("DescribePodIdentityAssociation", id).await.status, 404);
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn access_entries_have_policies() {
    let Some(scene) = Scene::with_cluster().await else {
        return;
    };
    let principal = scene.role_arn("path/people");
    let entry = json!({"clusterName": "c", "principalArn": principal});
    let made = scene.done("CreateAccessEntry", entry.clone()).await;
    assert_eq!(
        made["accessEntry"]["username"],
        format!(
            "arn:aws:sts::{}:assumed-role/people/{{{{SessionName}}}}",
            scene.account.id()
        )
    );
    let mut reserved = entry.clone();
    reserved["kubernetesGroups"] = json!(["system:masters"]);
    assert_eq!(
        scene.refused("UpdateAccessEntry", reserved).await.code,
        "InvalidParameterException"
    );
    let mut policy = entry.clone();
    policy["policyArn"] = json!("arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy");
    let mut associate = policy.clone();
    associate["accessScope"] = json!({"type": "namespace", "namespaces": ["n"]});
    scene.done("AssociateAccessPolicy", associate).await;
    let associated = scene.done("ListAssociatedAccessPolicies", entry.clone()).await;
    assert_eq!(
        associated["associatedAccessPolicies"][0]["policyArn"],
        policy["policyArn"]
    );
    scene.done("DisassociateAccessPolicy", policy.clone()).await;
    assert_eq!(scene.refused("DisassociateAccessPolicy", policy).await.status, 404);
    scene.done("DeleteAccessEntry", entry.clone()).await;
    assert_eq!(scene.refused("DescribeAccessEntry", entry).await.status, 404);

    scene
        .account
        .eks()
        .changes_cluster("c", &json!({"accessConfig": {"authenticationMode": "CONFIG_MAP"}}));
    let refused = scene.refused("ListAccessEntries", json!({"clusterName": "c"})).await;
    assert!(refused.message.contains("authentication mode"), "{refused}");
}
