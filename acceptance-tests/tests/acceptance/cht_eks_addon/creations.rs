//! Creations that fail, were killed, wait for nodes, or find an add-on of somebody else; deletions that were killed.

use acceptance_tests::aws::{Fault, Issue, Work};

use super::*;
use crate::support::blames;

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn what_a_creation_has_left_is_gone_on_with() {
    let Some(addons) = Addons::with_nodes().await else {
        return;
    };
    let scene = &addons.scene;
    scene.account.fault("eks:CreateAddon", Fault::lost_answer());
    addons.write(EBS, "");
    scene.apply().await;
    assert_eq!(scene.account.clear_faults(), 1);
    scene.is_settled().await;

    // Nothing was saved at all.
    let other = scene.elsewhere();
    write(&other, &addon(EBS, "tags = { county = \"siaya\" }"));
    let outcome = done("apply", other.apply().await);
    let warning = outcome
        .warnings()
        .find(|warning| warning.summary == "Add-on is there already");
    assert!(warning.is_some(), "{}", outcome.text());
    assert!(done("plan", other.plan().await).is_empty());
    done("destroy", other.destroy().await);
    addons.is_gone().await;

    // It fails in the middle.
    for action in ["iam:AttachRolePolicy", "eks:CreateAddon"] {
        scene.account.fault(action, Fault::access_denied());
        let failed = scene.apply_fails().await;
        assert_eq!(failed.summary, "Unable to create the add-on");
        assert!(failed.detail.contains(action), "{}", failed.detail);
        assert_eq!(scene.account.clear_faults(), 1);
    }
    scene.account.fault("eks:DescribeAddon", Fault::throttled().times(2));
    scene.apply().await;
    scene.destroy().await;
    addons.is_gone().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn an_addon_that_cannot_be_made_is_told_and_made_anew() {
    let Some(addons) = Addons::with_nodes().await else {
        return;
    };
    let scene = &addons.scene;
    let conflict = Issue::new("ConfigurationConflict", "Conflicts found when trying to apply");
    scene.account.eks().fails(Work::CreateAddon, conflict);
    addons.write("metrics-server", "resolve_conflicts = \"NONE\"");
    let failed = scene.apply_fails().await;
    assert_eq!(failed.summary, "Add-on does not run");
    let flat = failed.detail.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(flat.contains("Conflicts found") && flat.contains("OVERWRITE"), "{flat}");
    assert_eq!(scene.plan().await.actions(ADDRESS), ["delete", "create"]);
    scene.apply().await;
    scene.is_settled().await;

    let denied = Issue::new("AccessDenied", "no permission");
    scene.account.eks().fails(Work::UpdateAddon, denied);
    addons.write("metrics-server", "configuration_values = jsonencode({ replicas = 1 })");
    let failed = scene.apply_fails().await;
    assert_eq!(failed.summary, "Unable to update the add-on");
    assert_eq!(scene.plan().await.actions(ADDRESS), ["update"]);
    scene.apply().await;
    scene.is_settled().await;
    scene.destroy().await;
    addons.is_gone().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn complaint_06_coredns_that_is_degraded_without_nodes_is_no_timeout() {
    let Some(addons) = Addons::new().await else { return };
    let scene = &addons.scene;
    addons.write("coredns", "");
    let outcome = done("apply", scene.workspace.apply().await);
    let warning = outcome
        .warnings()
        .find(|warning| warning.summary == "Add-on waits for nodes");
    assert!(
        warning.is_some_and(|warning| warning.detail.contains("InsufficientNumberOfReplicas")),
        "{}",
        outcome.text()
    );
    assert_eq!(scene.state(ADDRESS).await["status"], "DEGRADED");
    // It runs as soon as there are nodes, and nothing is to be done.
    addons.make_nodes().await;
    assert!(scene.plan().await.is_empty());
    scene.apply().await;
    assert_eq!(addons.live("coredns").await["status"], "ACTIVE");
    scene.destroy().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn an_addon_of_somebody_else_is_refused_and_can_be_imported() {
    let Some(addons) = Addons::with_nodes().await else {
        return;
    };
    let scene = &addons.scene;
    let theirs = json!({"clusterName": "c", "addonName": "vpc-cni"});
    scene
        .account
        .call("eks", "CreateAddon", theirs)
        .await
        .expect("it is made");
    addons.write("vpc-cni", "preserve = true");
    let refused = scene.apply_fails().await;
    blames(&refused, "Add-on exists already", "Import it", "addon_name");
    done("import", scene.workspace.import(ADDRESS, "c:vpc-cni").await);
    scene.apply().await;
    scene.is_settled().await;
    scene.account.forget_calls();
    scene.destroy().await;
    let calls = scene.account.calls();
    let deleted = calls
        .iter()
        .find(|call| call.action == "eks:DeleteAddon")
        .expect("it is deleted");
    assert_eq!(deleted.parameters["preserve"], true);
    addons.is_gone().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn complaint_13_what_a_killed_deletion_has_left_is_removed() {
    let Some(addons) = Addons::with_nodes().await else {
        return;
    };
    let scene = &addons.scene;
    addons.write(EBS, "");
    scene.apply().await;
    addons.delete_behind(EBS).await;
    let plan = scene.plan().await;
    assert_eq!(plan.actions(ADDRESS), ["delete", "create"]);
    let mut warnings = plan.outcome.warnings();
    assert!(warnings.any(|warning| warning.summary == "Add-on is gone"));
    scene.apply().await;
    scene.is_settled().await;

    addons.delete_behind(EBS).await;
    scene.destroy().await;
    addons.is_gone().await;
}
