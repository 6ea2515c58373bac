//! Ingresses: who shares a load balancer, what the controller leaves behind, and what keeps it from being destroyed.

use serde_json::json;

use super::site::{ADDRESS, Site, controller};
use crate::support::blames;

const PUBLIC: (&str, &str) = ("scheme", "internet-facing");
const GROUP: (&str, &str) = ("group.name", "prod-cht-alb");

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn complaint_04_a_controller_is_destroyed_only_when_its_load_balancers_and_their_interfaces_are_gone() {
    let Some(site) = Site::new().await else { return };
    let scene = &site.scene;
    let before = scene.account.left().await.expect("AWS answers");
    scene.write(&controller("tags = { county = \"siaya\" }"));
    scene.apply().await;
    site.make_ingress("prod", "alb", &[PUBLIC, GROUP, ("target-type", "ip")])
        .await;
    site.make_ingress("test", "alb", &[PUBLIC, GROUP]).await;
    site.make_ingress("alone", "alb", &[PUBLIC]).await;
    let shared = site.address("prod").await;
    assert_eq!(site.address("test").await, shared, "one load balancer for the group");
    assert_ne!(site.address("alone").await, shared);
    assert_eq!(site.left("load_balancer").await.len(), 2);
    assert_eq!(site.left("target_group").await.len(), 3);
    assert_eq!(
        site.left("network_interface").await.len(),
        2 * 2 + before.get("network_interface").map_or(0, Vec::len)
    );
    let tags = json!({"ResourceArns": [site.left("load_balancer").await[0]]});
    let tags = scene
        .account
        .call("elbv2", "DescribeTags", tags)
        .await
        .expect("tags")
        .to_string();
    assert!(
        tags.contains("elbv2.k8s.aws/cluster") && tags.contains("siaya"),
        "{tags}"
    );
    scene.is_settled().await;

    let refused = scene.destroy_fails().await;
    blames(&refused, "Ingresses are there still", "Ingress prod/api", "");
    assert_eq!(site.left("load_balancer").await.len(), 2, "nothing was removed");
    scene.is_settled().await;
    site.delete_ingress("test").await;
    site.ingress_is_gone("test").await;
    assert_eq!(site.left("load_balancer").await.len(), 2, "it is shared still");
    assert_eq!(site.left("target_group").await.len(), 2);
    site.delete_ingress("prod").await;
    site.delete_ingress("alone").await;
    scene.destroy().await;
    site.ingress_is_gone("prod").await;
    site.ingress_is_gone("alone").await;
    assert_eq!(scene.account.left().await.expect("AWS answers"), before);
    assert_eq!(site.players.take_problems(), [""; 0]);
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn complaint_05_an_ingress_is_not_stuck_on_its_finalizer_though_the_controller_was_removed_first() {
    let Some(site) = Site::new().await else { return };
    let scene = &site.scene;
    let before = scene.account.left().await.expect("AWS answers");
    scene.write(&controller(""));
    scene.apply().await;
    site.make_ingress("prod", "alb", &[PUBLIC]).await;
    site.address("prod").await;
    site.remove_controller().await;
    site.delete_ingress("prod").await;
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    let live = site.ingresses("prod").get("api").await.expect("it is there still");
    assert!(live.metadata.deletion_timestamp.is_some());
    // Before anything is removed, the controller is put back, and finishes its work.
    scene.destroy().await;
    site.ingress_is_gone("prod").await;
    assert!(site.controller_objects().await.is_empty());
    assert_eq!(scene.account.left().await.expect("AWS answers"), before);
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn complaint_05_without_a_controller_that_can_run_ingresses_are_let_go_where_that_was_decided() {
    let Some(site) = Site::new().await else { return };
    let scene = &site.scene;
    scene.write(&controller("force_finalizers = true"));
    scene.apply().await;
    site.make_ingress("prod", "alb", &[PUBLIC]).await;
    site.address("prod").await;
    site.remove_controller().await;
    let refused = scene.destroy_fails().await;
    assert_eq!(refused.summary, "Ingresses are there still", "nobody deletes it");
    site.delete_ingress("prod").await;
    let outcome = scene.destroy().await;
    let told = outcome
        .warnings()
        .find(|warning| warning.summary == "Load balancers were left behind");
    assert!(
        told.is_some_and(|told| told.detail.contains("elbv2.k8s.aws/cluster = c")),
        "{}",
        outcome.text()
    );
    site.ingress_is_gone("prod").await;
    assert_eq!(site.left("load_balancer").await.len(), 1);
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn kinds_that_others_use_are_kept_and_those_of_others_are_taken_as_they_are() {
    let Some(site) = Site::new().await else { return };
    let scene = &site.scene;
    scene.write(&controller(""));
    scene.apply().await;
    site.make_class_parameters("theirs").await;
    let outcome = scene.destroy().await;
    assert!(
        outcome.warnings().any(|warning| warning.summary == "Kinds were kept"),
        "{}",
        outcome.text()
    );
    assert_eq!(site.controller_objects().await, ["ingressclassparams.elbv2.k8s.aws"]);
    scene.apply().await;
    scene.is_settled().await;
    let state = scene.state(ADDRESS).await;
    assert_eq!(state["drift"], json!([]));
}
