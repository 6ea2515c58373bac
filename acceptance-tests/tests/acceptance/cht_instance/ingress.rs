//! The ways in, and from one to the other in place.

use kube::ResourceExt as _;
use serde_json::{Value, json};

use crate::support::{ADDRESS, INGRESS, SERVICE, Scene};

const ARN: &str = "arn:aws:acm:eu-west-1:123456789012:certificate/a";

async fn apply(scene: &Scene, ingress: &str) {
    let ingress = format!("ingress = {{\n class = \"lab\"\n {ingress}\n}}");
    scene.configure(&scene.instance().with(&ingress)).await;
    assert_eq!(scene.plan().await.actions(ADDRESS), ["update"], "{ingress}");
    scene.apply().await;
    scene.is_settled().await;
}

/// The annotations of the ingress, and the name that tells it from one that was made anew.
async fn annotations(scene: &Scene) -> (Value, String) {
    let ingress = scene.object(&INGRESS, "api-ingress").await.expect("it is there");
    let uid = ingress.uid().expect("a uid");
    (json!(ingress.annotations()), uid)
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn the_kind_of_the_controller_changes_in_place() {
    let scene = Scene::new("ways-in").await;
    scene
        .configure(&scene.instance().with("ingress = { class = \"lab\" }"))
        .await;
    scene.apply().await;
    let (none, uid) = annotations(&scene).await;
    assert_eq!(none, json!({}));

    apply(&scene, "kind = \"nginx\"\n tls = { cluster_issuer = \"letsencrypt\" }").await;
    let expected = json!({
        "cert-manager.io/cluster-issuer": "letsencrypt",
        "nginx.ingress.kubernetes.io/proxy-body-size": "32m",
        "nginx.ingress.kubernetes.io/proxy-read-timeout": "3600",
        "nginx.ingress.kubernetes.io/proxy-send-timeout": "3600",
    });
    assert_eq!(annotations(&scene).await, (expected, uid.clone()));

    let group = "group_name = \"prod-cht-alb\"\n target_type = \"instance\"\n tags = { Team = \"QA\" }";
    apply(
        &scene,
        &format!("alb = {{ {group} }}\n tls = {{ acm_certificate_arn = \"{ARN}\" }}"),
    )
    .await;
    let (of_alb, same) = annotations(&scene).await;
    assert_eq!(of_alb["alb.ingress.kubernetes.io/certificate-arn"], ARN);
    assert_eq!(of_alb["alb.ingress.kubernetes.io/group.name"], "prod-cht-alb");
    assert!(!of_alb.to_string().contains("nginx"), "{of_alb}");
    assert_eq!(same, uid);
    let service = scene.object(&SERVICE, "api").await.expect("it is there");
    assert_eq!(service.data["spec"]["type"], "NodePort");

    let gce = "gce = { static_ip_name = \"cht-api-ip\", backend_config = \"long\" }";
    apply(
        &scene,
        &format!("{gce}\n tls = {{ managed_certificate = \"ways-in\" }}"),
    )
    .await;
    let expected = json!({
        "kubernetes.io/ingress.class": "lab",
        "kubernetes.io/ingress.global-static-ip-name": "cht-api-ip",
        "networking.gke.io/managed-certificates": "ways-in",
    });
    assert_eq!(annotations(&scene).await, (expected, uid.clone()));
    let service = scene.object(&SERVICE, "api").await.expect("it is there");
    assert_eq!(service.data["spec"]["type"], "ClusterIP");
    assert!(service.annotations().contains_key("cloud.google.com/backend-config"));

    apply(&scene, "kind = \"traefik\"").await;
    assert_eq!(annotations(&scene).await, (json!({}), uid));
    let service = scene.object(&SERVICE, "api").await.expect("it is there");
    assert_eq!(service.annotations().len(), 0);
    scene.destroy().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn annotations_and_labels_go_when_they_are_not_configured_any_more_and_their_drift_shows() {
    let scene = Scene::new("annotated").await;
    scene
        .configure(&scene.instance().with("ingress = { class = \"lab\" }"))
        .await;
    scene.apply().await;
    let both = "annotations = { \"example.org/a\" = \"1\", \"example.org/b\" = \"2\" }\n \
                labels = { \"example.org/exposure\" = \"public\" }";
    apply(&scene, both).await;
    let ours = json!({"example.org/a": "1", "example.org/b": "2"});
    assert_eq!(annotations(&scene).await.0, ours);

    // What others add is theirs; what they change or take away is drift.
    let others = json!({"metadata": {"annotations": {
        "example.org/a": "changed", "example.org/b": null, "controller.example/status": "theirs",
    }}});
    scene.patch(&INGRESS, "api-ingress", others).await;
    let plan = scene.plan().await;
    let drift = plan.change(ADDRESS).expect("it is planned").before["drift"].clone();
    let lines: Vec<String> = serde_json::from_value(drift).expect("lines");
    assert_eq!(lines.len(), 2, "{lines:#?}");
    assert!(
        lines[0].contains("\"changed\" instead of \"1\" by \"somebody-else\""),
        "{lines:#?}"
    );
    assert!(lines[1].contains("example.org/b"), "{lines:#?}");
    scene.apply().await;
    let repaired = json!({"example.org/a": "1", "example.org/b": "2", "controller.example/status": "theirs"});
    assert_eq!(annotations(&scene).await.0, repaired);

    apply(&scene, "annotations = { \"example.org/a\" = \"1\" }").await;
    let left = json!({"example.org/a": "1", "controller.example/status": "theirs"});
    assert_eq!(annotations(&scene).await.0, left);
    let ingress = scene.object(&INGRESS, "api-ingress").await.expect("it is there");
    assert!(!ingress.labels().contains_key("example.org/exposure"));
    scene.destroy().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_class_that_is_not_in_the_cluster_is_told_in_the_plan() {
    let scene = Scene::new("misspelled").await;
    scene
        .configure(&scene.instance().with("ingress = { class = \"nginxx\" }"))
        .await;
    let plan = scene.plan().await;
    let warning = plan
        .diagnostics()
        .iter()
        .find(|one| one.summary == "Ingress class not found");
    let warning = warning.expect("a warning").detail.clone();
    assert!(warning.contains("It has: lab, nginx, traefik."), "{warning}");
}
