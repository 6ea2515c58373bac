//! The application is asked by its public address instead of through the API server.

use acceptance_tests::cht::public::PublicAddress;
use acceptance_tests::cluster::faults::FaultyServer;

use super::upgrade::running;
use crate::support::{Instance, Scene, kubernetes_at, lab};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the lab: cargo xtask test"]
async fn an_instance_is_made_and_upgraded_by_its_public_address() {
    let scene = Scene::new("by-address").await;
    let lab = lab().await;
    let address = PublicAddress::open(&lab.cht, "by-address").await.expect("an address");
    let server = FaultyServer::start(&lab.cluster).await.expect("a server");
    let way = kubernetes_at(&server.host(), server.ca_pem(), lab.cluster.admin_token());
    let by_address = |instance: Instance, authority: &str| {
        let (url, more) = (address.url(), "timeouts = { create = \"1m\", update = \"1m\" }");
        instance.with(&format!(
            "api_access = {{ url = {url:?}, ca_certificate = {authority:?} }}\n{more}"
        ))
    };
    server.record();
    for version in ["5.2.0", "5.3.1"] {
        scene.write(&by_address(running(&scene, version), address.authority()).hcl(&way));
        scene.apply().await;
        assert_eq!(scene.state().await["values"]["live_version"], version);
        scene.is_settled().await;
    }
    let calls = server.calls();
    assert!(!calls.is_empty());
    let forwarded: Vec<String> = calls
        .iter()
        .map(|call| call.what.clone())
        .filter(|what| what.contains("portforward"))
        .collect();
    assert!(forwarded.is_empty(), "{forwarded:?}");

    let other = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let untrusted = by_address(running(&scene, "5.3.1"), &other.cert.pem());
    let untrusted = untrusted.with("api = { log_level = \"debug\" }");
    let hcl = untrusted.hcl(&way).replace("update = \"1m\"", "update = \"5s\"");
    scene.write(&hcl);
    let error = scene.apply_fails().await;
    assert!(error.detail.contains("is not trusted"), "{error:#?}");
    scene.write(&by_address(running(&scene, "5.3.1"), address.authority()).hcl(&way));
    scene.destroy().await;
}
