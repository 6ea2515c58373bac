//! What others need of a certificate: its records, and itself.

use acceptance_tests::aws::Fault;

use super::*;

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_record_that_another_certificate_needs_stays_until_that_is_destroyed() {
    let Some((scene, zone)) = scene().await else { return };
    let of =
        |name: &str, domain: &str| certificate(name, &format!("domain_name = {domain:?}\n  hosted_zone_id = {zone:?}"));
    let (apex, wildcard) = (of("test", "moh.example.org"), of("wildcard", "*.moh.example.org"));
    scene.write(&format!("{apex}{wildcard}"));
    scene.apply().await;
    scene.is_settled().await;
    assert_eq!(records(&scene, &zone).await.len(), 1);
    scene.write(&wildcard);
    scene.apply().await;
    scene.is_settled().await;
    assert_eq!(records(&scene, &zone).await.len(), 1, "the other one is renewed by it");
    scene.destroy().await;
    is_empty(&scene, &zone).await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_certificate_that_a_load_balancer_uses_is_waited_for_and_the_user_is_named() {
    let Some((scene, zone)) = scene().await else { return };
    scene.write(&in_zone(&zone, "timeouts = { delete = \"6s\" }"));
    scene.apply().await;
    let used = Fault::error(
        400,
        "ResourceInUseException",
        "Certificate is in use: app/k8s-moh/0a1b2c3d.",
    );
    scene.account.fault("acm:DeleteCertificate", used.clone().times(2));
    scene.account.fault("acm:DeleteCertificate", used.always());
    let refused = scene.destroy_fails().await;
    assert_eq!(refused.summary, "Timed out", "{refused:#?}");
    assert!(refused.detail.contains("app/k8s-moh/0a1b2c3d"), "{refused:#?}");
    assert!(scene.account.clear_faults() > 2);
    // What was taken away on the way comes back.
    scene.apply().await;
    scene.is_settled().await;
    assert_eq!(live(&scene).await["Status"], "ISSUED");
    let used = Fault::error(400, "ResourceInUseException", "Certificate is in use.");
    scene.account.fault("acm:DeleteCertificate", used.times(2));
    scene.destroy().await;
    assert_eq!(scene.account.clear_faults(), 2);
    is_empty(&scene, &zone).await;
}
