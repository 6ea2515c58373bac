//! Versions that are followed, and roles that come and go.

use super::*;
use crate::support::blames;

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn versions_are_followed_only_if_that_is_asked_for() {
    let Some(addons) = Addons::with_nodes().await else {
        return;
    };
    let scene = &addons.scene;
    scene.account.eks().changes_cluster("c", &json!({"version": "1.34"}));
    addons.write("kube-proxy", "");
    scene.apply().await;
    assert_eq!(addons.live("kube-proxy").await["addonVersion"], "v1.34.1-eksbuild.2");
    addons.write("kube-proxy", "addon_version = \"default\"");
    scene.apply().await;
    scene.is_settled().await;
    scene.account.eks().changes_cluster("c", &json!({"version": "1.35"}));
    let plan = scene.plan().await;
    assert_eq!(plan.actions(ADDRESS), ["update"]);
    assert_eq!(
        plan.change(ADDRESS).expect("a change").after["installed_version"],
        "v1.35.1-eksbuild.2"
    );
    scene.apply().await;
    assert_eq!(addons.live("kube-proxy").await["addonVersion"], "v1.35.1-eksbuild.2");
    scene.is_settled().await;
    // A version that EKS does not have.
    addons.write("kube-proxy", "addon_version = \"v1.34.1-eksbuild.2\"");
    let refused = scene.plan_fails().await;
    blames(&refused, "Add-on is not offered", "v1.35.1-eksbuild.2", "addon_version");
    addons.write("kube-proxies", "");
    let refused = scene.plan_fails().await;
    blames(
        &refused,
        "Add-on is not offered",
        "describe-addon-versions",
        "addon_name",
    );
    addons.write("kube-proxy", "");
    scene.destroy().await;
    addons.is_gone().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_role_is_made_taken_and_given_back() {
    let Some(addons) = Addons::with_nodes().await else {
        return;
    };
    let scene = &addons.scene;
    let account = "external-dns".to_owned();
    addons.write("external-dns", "");
    scene.apply().await;
    assert!(addons.roles().await.is_empty());
    addons.write("external-dns", "policies = [\"AmazonRoute53FullAccess\"]");
    scene.apply().await;
    let made = "cht-eu-west-2-c-external-dns".to_owned();
    assert_eq!(addons.roles().await, [(account.clone(), made)]);
    scene.is_settled().await;
    let theirs = format!("role_arn = \"arn:aws:iam::{}:role/nodes\"", scene.account.id());
    addons.write("external-dns", &theirs);
    scene.apply().await;
    assert_eq!(addons.roles().await, [(account, "nodes".to_owned())]);
    let gone = json!({"RoleName": "cht-eu-west-2-c-external-dns"});
    scene
        .account
        .call("iam", "GetRole", gone)
        .await
        .expect_err("nobody needs it any more");
    scene.is_settled().await;
    addons.write("coredns", "policies = [\"AmazonRoute53FullAccess\"]");
    let refused = scene.apply_fails().await;
    blames(&refused, "Add-on takes no role", "coredns", "addon_name");
    scene.destroy().await;
    addons.is_gone().await;
}
