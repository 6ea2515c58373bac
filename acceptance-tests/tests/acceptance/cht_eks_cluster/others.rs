//! What others have made, and take away.

use super::*;
use crate::support::blames;

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_cluster_of_somebody_else_is_refused_and_stays() {
    let Some(lab) = Lab::new().await else { return };
    let scene = &lab.scene;
    scene.write(&lab.cluster(MINIMAL));
    scene.apply().await;
    scene.is_settled().await;
    let other = scene.elsewhere();
    write(&other, &lab.cluster(MINIMAL));
    let refused = failure("apply", other.apply().await);
    blames(&refused, "EKS cluster exists already", "import it", "name");
    done("destroy", other.destroy().await);
    scene.is_settled().await;

    // In another region it is not seen, and not taken for gone.
    scene.write(&format!(
        "provider \"cht\" {{\n  aws = {{ region = \"eu-west-1\" }}\n}}\n{}",
        lab.cluster(MINIMAL)
    ));
    let refused = scene.plan_fails().await;
    assert_eq!(refused.summary, "Another account or region");
    lab.destroy(MINIMAL).await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn node_groups_keep_a_cluster_and_one_that_is_gone_is_made_again() {
    let Some(lab) = Lab::new().await else { return };
    let scene = &lab.scene;
    let lines = "version = \"1.34\"\n  deletion_protection = false";
    scene.write(&lab.cluster(lines));
    scene.apply().await;
    let role = scene.make_role("nodes", "ec2").await;
    let policies = [
        "AmazonEKSWorkerNodePolicy",
        "AmazonEKS_CNI_Policy",
        "AmazonEC2ContainerRegistryPullOnly",
    ];
    for name in policies {
        let policy = json!({"RoleName": "nodes", "PolicyArn": format!("arn:aws:iam::aws:policy/{name}")});
        lab.call("iam", "AttachRolePolicy", policy).await;
    }
    let group = json!({
        "clusterName": "c", "nodegroupName": "couch", "subnets": lab.subnets, "nodeRole": role,
        "instanceTypes": ["m7g.xlarge"], "amiType": "AL2023_ARM_64_STANDARD",
        "scalingConfig": {"minSize": 1, "maxSize": 1, "desiredSize": 1},
    });
    lab.call("eks", "CreateNodegroup", group).await;
    let refused = scene.destroy_fails().await;
    assert_eq!(refused.summary, "EKS cluster has node groups");
    assert!(refused.detail.contains("couch"), "{refused:#?}");
    let group = json!({"clusterName": "c", "nodegroupName": "couch"});
    scene.delete_in_eks("Nodegroup", &group).await;
    scene.delete_in_eks("Cluster", &json!({"name": "c"})).await;
    let plan = scene.plan().await;
    // The state has what is left of it: a role and a log group, with which it is made anew.
    assert_eq!(plan.actions(ADDRESS), ["update"]);
    assert!(warned(&plan, "EKS cluster is gone"));
    scene.apply().await;
    scene.is_settled().await;
    for name in policies {
        let policy = json!({"RoleName": "nodes", "PolicyArn": format!("arn:aws:iam::aws:policy/{name}")});
        lab.call("iam", "DetachRolePolicy", policy).await;
    }
    lab.call("iam", "DeleteRole", json!({"RoleName": "nodes"})).await;
    scene.destroy().await;
    lab.is_as_before().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn complaint_13_what_a_killed_deletion_has_left_is_removed() {
    let Some(lab) = Lab::new().await else { return };
    let scene = &lab.scene;
    scene.write(&lab.cluster("version = \"1.33\"\n  deletion_protection = false"));
    scene.apply().await;
    scene.delete_in_eks("Cluster", &json!({"name": "c"})).await;
    // It would be made anew, which is no upgrade that skips a version.
    scene.write(&lab.cluster("version = \"1.35\"\n  deletion_protection = false"));
    assert_eq!(scene.plan().await.actions(ADDRESS), ["update"]);
    scene.destroy().await;
    lab.is_as_before().await;
}
