//! Certificates that are given: renewed in place, never stored where they are not wanted, and judged before they are
//! used.

use std::fs;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kube::ResourceExt as _;
use serde_json::json;

use crate::certificate::{Certificate, DAY};
use crate::support::{ADDRESS, INGRESS, Instance, NAMESPACE, SECRET, Scene, blames, failure};

const TLS_SECRET: &str = "api-tls-secret";

fn with_tls(scene: &Scene, tls: &str) -> Instance {
    scene
        .instance()
        .with(&format!("ingress = {{\n class = \"lab\"\n tls = {{\n {tls}\n }}\n}}"))
}

/// What the ingress controller would serve.
async fn served(scene: &Scene) -> (String, String, String) {
    let secret = scene.object(&SECRET, TLS_SECRET).await.expect("the secret is there");
    let entry = |name: &str| {
        let encoded = secret.data["data"][name].as_str().expect("an entry");
        String::from_utf8(STANDARD.decode(encoded).expect("base64")).expect("PEM")
    };
    (entry("tls.crt"), entry("tls.key"), secret.uid().expect("a uid"))
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_renewed_certificate_takes_the_place_of_the_old_one() {
    let scene = Scene::new("renewed").await;
    let host = "renewed.health.example";
    let (first, second, third) = (
        Certificate::lasting(host),
        Certificate::lasting(host),
        Certificate::lasting(host),
    );
    scene.configure(&with_tls(&scene, &first.hcl())).await;
    scene.apply().await;
    scene.is_settled().await;
    let (certificate, key, uid) = served(&scene).await;
    assert_eq!((&certificate, &key), (&first.certificate, &first.key));

    scene.configure(&with_tls(&scene, &second.hcl())).await;
    assert_eq!(scene.plan().await.actions(ADDRESS), ["update"]);
    scene.apply().await;
    scene.is_settled().await;
    let expected = (second.certificate.clone(), second.key.clone(), uid.clone());
    assert_eq!(served(&scene).await, expected, "in the same object");

    // From here on, the key is in the cluster only.
    scene
        .configure(&with_tls(&scene, &third.hcl_with_write_only_key(1)))
        .await;
    scene.apply().await;
    scene.is_settled().await;
    assert_eq!(
        served(&scene).await,
        (third.certificate.clone(), third.key.clone(), uid)
    );
    let state = fs::read_to_string(scene.workspace.directory().join("terraform.tfstate")).expect("a state");
    let line = third.key.lines().nth(1).expect("a key has lines");
    assert!(!state.contains(line), "the state holds the write-only key");

    let elsewhere = json!({"data": {"tls.crt": STANDARD.encode("elsewhere")}});
    scene.patch(&SECRET, TLS_SECRET, elsewhere).await;
    let plan = scene.plan().await;
    let drift = plan.change(ADDRESS).expect("it is planned").before["drift"].to_string();
    assert!(
        drift.contains("renewed/api-tls-secret data[\\\"tls.crt\\\"]"),
        "{drift}"
    );
    scene.apply().await;
    assert_eq!(served(&scene).await.0, third.certificate);
    scene.destroy().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn v09_a_certificate_that_phones_would_refuse_is_refused_in_the_plan() {
    let scene = Scene::new("refused-tls").await;
    let host = "refused-tls.health.example";
    let (good, other) = (Certificate::lasting(host), Certificate::lasting(host));
    let mixed = format!("certificate = {:?}\nprivate_key = {:?}", good.certificate, other.key);
    for (tls, summary, text) in [
        (
            Certificate::expired(host).hcl(),
            "Certificate has expired",
            "was valid until 2021-01-01T00:00:00Z",
        ),
        (
            Certificate::lasting("elsewhere.example").hcl(),
            "Certificate cannot be used",
            "it is for elsewhere.example, not for refused-tls.health.example",
        ),
        (
            mixed,
            "Private key cannot be used",
            "it does not belong to the certificate",
        ),
    ] {
        scene.configure(&with_tls(&scene, &tls)).await;
        blames(&scene.plan_fails().await, summary, text, "ingress = {");
    }
    let ending = Certificate::ending_in(host, 10 * DAY);
    scene.configure(&with_tls(&scene, &ending.hcl())).await;
    let plan = scene.plan().await;
    let warnings: Vec<_> = plan.diagnostics().iter().map(|one| one.summary.as_str()).collect();
    assert!(warnings.contains(&"Certificate expires soon"), "{warnings:?}");
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_certificate_that_is_not_known_in_the_plan_is_judged_before_anything_is_made() {
    let scene = Scene::new("late-tls").await;
    let expired = Certificate::expired("late-tls.health.example");
    let tls = "certificate = terraform_data.tls.output.certificate\nprivate_key = terraform_data.tls.output.key";
    let made = format!(
        "resource \"terraform_data\" \"tls\" {{\n input = {{ certificate = {:?}, key = {:?} }}\n}}\n",
        expired.certificate, expired.key
    );
    let kubernetes = crate::support::kubernetes().await;
    scene.write(&(made + &with_tls(&scene, tls).hcl(&kubernetes)));
    assert_eq!(scene.plan().await.actions(ADDRESS), ["create"]);
    let error = failure("apply", scene.workspace.apply().await);
    assert_eq!(error.summary, "Certificate has expired", "{error:#?}");
    assert!(scene.object(&NAMESPACE, "late-tls").await.is_none());
    assert!(scene.object(&INGRESS, "api-ingress").await.is_none());
}
