//! Secrets are in no log at any level, in no plan file, and, where they are write-only, in no state.

use std::fs;

use crate::certificate::Certificate;
use crate::support::{Scene, lab};

const PASSWORD: &str = "Write0nly-Passw0rd-7261";
const SECRET: &str = "cookie-secret-8316-cookie-secret";

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_write_only_password_is_nowhere_and_secrets_are_in_no_log() {
    let mut scene = Scene::new("secretive").await;
    scene.workspace.enable_trace();
    let couchdb = format!("admin_password_wo = {PASSWORD:?}\nadmin_password_wo_version = 1\nsecret = {SECRET:?}\n");
    let certificate = Certificate::lasting("secretive.health.example");
    let tls = format!("ingress = {{ class = \"lab\", tls = {{ {} }} }}", certificate.hcl());
    let instance = scene.instance().couchdb(&couchdb).with(&tls);
    scene.configure(&instance).await;
    let plan = scene.plan().await;
    // The rest of the document quotes the configuration, in which this test has the password as a literal.
    for values in ["planned_values", "resource_changes"] {
        let planned = plan.json[values].to_string();
        assert!(planned.contains("admin_password_wo"), "{values} has the attribute");
        assert!(
            !planned.contains(PASSWORD),
            "{values} of the plan hold the write-only password"
        );
    }
    scene.apply().await;
    scene.is_settled().await;
    scene.configure(&instance.with("api = { log_level = \"debug\" }")).await;
    scene.apply().await;

    let state = fs::read_to_string(scene.workspace.directory().join("terraform.tfstate")).expect("a state");
    assert!(!state.contains(PASSWORD), "the state holds the write-only password");
    let shown = scene.workspace.show().await.expect("the state is shown").to_string();
    assert!(!shown.contains(PASSWORD));

    let token = lab().await.cluster.admin_token().to_owned();
    let trace = scene.workspace.trace().expect("a trace");
    assert!(trace.contains("ApplyResourceChange"), "the provider was traced");
    let key = certificate.key.lines().nth(1).expect("a key has lines");
    for secret in [PASSWORD, SECRET, key, token.as_str()] {
        let leak = trace
            .lines()
            .find(|line| line.contains(secret) && line.contains("provider.terraform-provider-cht"));
        assert_eq!(leak, None);
    }
    assert!(!trace.contains(PASSWORD), "some log holds the write-only password");
    scene.destroy().await;
}
