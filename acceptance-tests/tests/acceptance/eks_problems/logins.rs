//! Logins that end: before something may be over, and meanwhile.

use std::time::Duration;

use acceptance_tests::aws::Fault;
use k8s_openapi::jiff::{SignedDuration, Timestamp};

use super::*;

const ENDS_SOON: &str = "Login to AWS ends soon";

/// In so many minutes, as programs write it that put keys into the environment.
fn in_minutes(minutes: i64) -> String {
    let end = Timestamp::now() + SignedDuration::from_mins(minutes);
    end.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string()
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn complaint_03_a_login_that_ends_before_a_creation_may_be_over_is_told_by_the_plan() {
    let Some(mut scene) = Scene::new().await else { return };
    let subnets = subnets(&scene).await;
    let all = |lines: &str| {
        let cluster = cluster(&subnets, &format!("version = \"1.34\"\n  {lines}"));
        cluster
            + &nodes(
                "cht_eks_cluster.test.name",
                &subnets.to_string(),
                &format!("node_group_name = \"n\"\n  {lines}"),
            )
    };
    let end = in_minutes(10);
    scene.workspace.set_environment("AWS_CREDENTIAL_EXPIRATION", &end);
    scene.write(&all(""));
    let plan = scene.plan().await;
    let told = plan.diagnostics().iter().filter(|one| one.summary == ENDS_SOON);
    assert_eq!(told.count(), 2, "{:?}", plan.diagnostics());
    let told = flat(warning(&plan, ENDS_SOON).unwrap_or_default());
    let end = end.replace("+00:00", "Z");
    assert!(told.contains(&end) && told.contains("Log in anew first"), "{told}");

    // It is long enough for what takes less, and who says nothing of an end has none.
    scene.write(&all("timeouts = { create = \"5m\" }"));
    assert_eq!(warning(&scene.plan().await, ENDS_SOON), None);
    scene.write(&all(""));
    for end in [in_minutes(180), String::new()] {
        scene.workspace.set_environment("AWS_CREDENTIAL_EXPIRATION", &end);
        assert_eq!(warning(&scene.plan().await, ENDS_SOON), None, "{end}");
    }
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn fault_04_complaint_03_a_login_that_ends_while_a_cluster_is_made_loses_nothing() {
    let Some(scene) = Scene::new().await else { return };
    let subnets = subnets(&scene).await;
    let before = scene.account.left().await.expect("AWS answers");
    scene.write(&cluster(&subnets, "version = \"1.34\""));
    scene.account.eks().takes(Work::CreateCluster, Duration::from_secs(600));
    scene
        .account
        .fault("eks:DescribeCluster", Fault::expired().skip(3).always());
    let failed = scene.apply_fails().await;
    says(
        &failed,
        &[
            "have expired",
            "Nothing is lost: log in again",
            "`untaint` the resource",
        ],
    );
    scene.account.clear_faults();
    scene.account.eks().takes(Work::CreateCluster, Duration::from_secs(3));
    done("untaint", scene.workspace.run(&["untaint", CLUSTER]).await);
    assert_eq!(scene.plan().await.actions(CLUSTER), ["update"], "it is gone on with");
    scene.apply().await;
    scene.is_settled().await;
    let actions = scene.account.actions();
    let made = actions.iter().filter(|action| *action == "eks:CreateCluster");
    assert_eq!(made.count(), 1);
    scene.destroy().await;
    assert_eq!(scene.account.left().await.expect("AWS answers"), before);
}
