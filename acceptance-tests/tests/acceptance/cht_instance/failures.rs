//! What goes wrong in a cluster: each failure says what and why, at the attribute, and loses nothing.

use acceptance_tests::cht::Fault;
use acceptance_tests::cluster::{Cluster, ClusterOptions, REFUSING_NAMESPACE};
use acceptance_tests::tofu::Diagnostic;
use k8s_openapi::api::rbac::v1::PolicyRule;

use crate::support::{ADDRESS, CLAIM, Instance, NAMESPACE, Scene, blames, kubernetes_at, lab};

/// Applies an instance that cannot start, checks that what was made is in the state as tainted, then lets it start over
/// with a configuration that works.
async fn fails_and_starts_over(scene: Scene, broken: Instance, working: Instance) -> Diagnostic {
    scene.configure(&broken).await;
    let error = scene.apply_fails().await;
    assert!(error.detail.contains("untaint"), "it says how to go on: {error:#?}");
    assert_eq!(scene.state().await["tainted"], true);
    scene.configure(&working).await;
    assert_eq!(scene.plan().await.actions(ADDRESS), ["delete", "create"]);
    scene.apply().await;
    scene.is_settled().await;
    assert_eq!(scene.owned(&CLAIM).await, ["couchdb-claim0"]);
    scene.configure(&scene.instance()).await;
    scene.apply().await;
    scene.destroy().await;
    assert!(scene.object(&NAMESPACE, &scene.namespace).await.is_none());
    error
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_claim_that_nobody_fulfills() {
    let scene = Scene::new("unbound").await;
    let broken = scene.instance().protected().couchdb("storage_class = \"lab-stuck\"");
    let broken = broken.with("timeouts = { create = \"10s\" }");
    // The default protections must not keep an instance from starting over that never held data.
    let working = scene.instance().protected();
    let error = fails_and_starts_over(scene, broken, working).await;
    blames(&error, "Timed out", "\"couchdb-claim0\" is not bound", "couchdb = {");
    assert!(error.detail.contains("couchdb.storage_class"), "{error:#?}");
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_storage_class_that_does_not_exist() {
    let scene = Scene::new("classless").await;
    let (broken, working) = (
        scene.instance().couchdb("storage_class = \"nowhere\""),
        scene.instance(),
    );
    let error = fails_and_starts_over(scene, broken, working).await;
    blames(
        &error,
        "CHT does not start",
        "there is no storage class \"nowhere\"",
        "couchdb = {",
    );
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn an_image_that_does_not_exist() {
    let scene = Scene::new("imageless").await;
    let broken = scene.instance().with("image = { tag = \"missing\" }");
    let working = scene.instance();
    let error = fails_and_starts_over(scene, broken, working).await;
    blames(&error, "CHT does not start", "cht-couchdb:missing", "cht_version = ");
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_container_that_crashes() {
    let scene = Scene::new("crashing").await;
    let broken = scene.instance().with("api = { env = { LAB_FAULT = \"crash\" } }");
    let working = scene.instance();
    let error = fails_and_starts_over(scene, broken, working).await;
    blames(
        &error,
        "CHT does not start",
        "crashes: exit code 1 (Error), 3 restarts",
        "api = {",
    );
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn an_api_that_never_answers() {
    let scene = Scene::new("closed").await;
    let cht = &lab().await.cht;
    cht.inject("closed", Fault::NeverAnswers);
    scene
        .configure(&scene.instance().with("timeouts = { create = \"20s\" }"))
        .await;
    let error = scene.apply_fails().await;
    blames(&error, "Timed out", "the CHT application", "");
    cht.heal("closed", Fault::NeverAnswers);
    scene.configure(&scene.instance()).await;
    scene.apply().await;
    scene.is_settled().await;
    scene.destroy().await;
}

/// The kubelet says that the port refuses connections.
#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn an_api_whose_port_is_closed() {
    let scene = Scene::new(REFUSING_NAMESPACE).await;
    let hasty = scene.instance().with("timeouts = { create = \"15s\" }");
    scene.configure(&hasty).await;
    let error = scene.apply_fails().await;
    blames(&error, "Timed out", "connection refused", "");
    scene.destroy().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn an_update_that_fails_keeps_the_instance_and_is_planned_again() {
    let scene = Scene::new("stumbling").await;
    scene.configure(&scene.instance()).await;
    scene.apply().await;
    let before = scene.state().await["values"]["couchdb"].clone();
    let broken = scene.instance().with("sentinel = { env = { LAB_FAULT = \"crash\" } }");
    scene.configure(&broken).await;
    let error = scene.apply_fails().await;
    blames(&error, "CHT does not start", "crashes: exit code 1", "sentinel = {");
    assert!(!error.detail.contains("untaint"), "{error:#?}");
    assert!(scene.state().await["tainted"].is_null());
    assert_eq!(
        scene.plan().await.actions(ADDRESS),
        ["update"],
        "what failed is still to be done"
    );

    scene.configure(&scene.instance()).await;
    assert_eq!(
        scene.plan().await.actions(ADDRESS),
        ["update"],
        "what was begun is taken back"
    );
    scene.apply().await;
    scene.is_settled().await;
    assert_eq!(scene.state().await["values"]["couchdb"], before);
    scene.destroy().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn ways_that_do_not_lead_to_the_cluster() {
    let scene = Scene::new("unreached").await;
    let cluster = &lab().await.cluster;
    let (host, ca, token) = (cluster.host(), cluster.ca_pem(), cluster.admin_token());
    let other_ca = rcgen::generate_simple_self_signed(["elsewhere".to_owned()])
        .expect("a certificate")
        .cert
        .pem();
    for (way, text, attribute) in [
        (
            kubernetes_at(&host, ca, "wrong"),
            "does not accept these credentials",
            "kubernetes.token",
        ),
        (
            kubernetes_at(&host, &other_ca, token),
            "is not to be trusted",
            "kubernetes.cluster_ca_certificate",
        ),
        (
            kubernetes_at("https://127.0.0.1:1", ca, token),
            "cannot be reached",
            "kubernetes.host",
        ),
        (
            "{ config_path = \"/nowhere\" }".to_owned(),
            "Unable to read the kubeconfig",
            "kubernetes.config_path",
        ),
    ] {
        scene.write(&scene.instance().hcl(&way));
        let error = scene.plan_fails().await;
        blames(&error, &error.summary, text, "kubernetes = ");
        assert!(error.detail.contains(&format!("Attribute: {attribute}")), "{error:#?}");
    }
    assert!(
        scene.object(&NAMESPACE, "unreached").await.is_none(),
        "nothing was made"
    );
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_permission_that_is_missing_is_named() {
    let scene = Scene::new("forbidden").await;
    let cluster = &lab().await.cluster;
    let rule = PolicyRule {
        api_groups: Some(vec![String::new()]),
        resources: Some(vec!["namespaces".to_owned(), "configmaps".to_owned()]),
        verbs: vec!["*".to_owned()],
        ..PolicyRule::default()
    };
    let token = cluster.user("half-allowed", vec![rule]).await.expect("a user");
    scene.write(
        &scene
            .instance()
            .hcl(&kubernetes_at(&cluster.host(), cluster.ca_pem(), &token)),
    );
    let error = scene.plan_fails().await;
    let missing = "not allowed to list secrets in namespace \"forbidden\"";
    blames(&error, "Unable to read the CHT instance", missing, "kubernetes = ");
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn an_unreachable_cluster_is_never_taken_for_an_empty_one() {
    let own = Cluster::start(ClusterOptions::default())
        .await
        .expect("a cluster of its own");
    own.set_port_forward_target(lab().await.cht.addr());
    let fake = acceptance_tests::cht::FakeCht::start(own.client().expect("a client"))
        .await
        .expect("the application");
    own.set_port_forward_target(fake.addr());
    let scene = Scene::new("outage").await;
    scene.write(
        &scene
            .instance()
            .hcl(&kubernetes_at(&own.host(), own.ca_pem(), own.admin_token())),
    );
    scene.apply().await;
    own.stop_api_server().await.expect("it stops");
    blames(
        &scene.plan_fails().await,
        "Unable to read the CHT instance",
        "cannot be reached",
        "",
    );
    assert_eq!(
        scene.state().await["address"],
        ADDRESS,
        "the instance is still in the state"
    );
    own.start_api_server().await.expect("it starts");
    scene.is_settled().await;
}
