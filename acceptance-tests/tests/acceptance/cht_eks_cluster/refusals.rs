//! What plans refuse before anything is made.

use super::*;
use crate::support::blames;

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn what_a_cluster_cannot_be_is_refused_at_its_attribute() {
    let Some(lab) = Lab::new().await else { return };
    let scene = &lab.scene;
    let key = |name: &str| format!("arn:aws:kms:eu-west-2:{}:key/{name}", scene.account.id());
    scene.write(&lab.cluster_at("", MINIMAL));
    let refused = scene.plan_fails().await;
    blames(
        &refused,
        "Endpoint is open to nobody in particular",
        "0.0.0.0/0",
        "vpc_config",
    );
    scene.write(&lab.cluster_at(
        "endpoint_public_access = false\n    endpoint_private_access = false",
        MINIMAL,
    ));
    let refused = scene.plan_fails().await;
    assert_eq!(refused.summary, "Endpoint cannot be reached");
    scene.write(&lab.cluster("version = \"1.29\""));
    blames(&scene.plan_fails().await, "Version is not offered", "1.35", "version");
    scene.write(&lab.cluster(MINIMAL).replace("\"c\"", &format!("{:?}", "c".repeat(60))));
    blames(
        &scene.plan_fails().await,
        "Name is too long for a role",
        "role_arn",
        "name",
    );
    scene.account.eks().supports("1.34", "2020-01-01", "2099-01-01");
    scene.write(&lab.cluster(&format!("{MINIMAL}\n  encryption_key_arn = \"{}\"", key("one"))));
    let plan = scene.plan().await;
    assert!(warned(&plan, "Support of the version ends"));
    scene.write(&lab.cluster(MINIMAL));
    scene.apply().await;
    scene.write(&lab.cluster(&format!("{MINIMAL}\n  encryption_key_arn = \"{}\"", key("one"))));
    assert_eq!(scene.plan().await.actions(ADDRESS), ["update"], "it can be given later");
    scene.apply().await;
    scene.is_settled().await;
    let live = lab.live().await;
    assert_eq!(live["encryptionConfig"][0]["provider"]["keyArn"], key("one"));
    scene.write(&lab.cluster(MINIMAL));
    let refused = scene.plan_fails().await;
    assert_eq!(refused.summary, "Encryption cannot be changed", "{refused:#?}");
    lab.destroy(&format!("{MINIMAL}\n  encryption_key_arn = \"{}\"", key("one")))
        .await;
}
