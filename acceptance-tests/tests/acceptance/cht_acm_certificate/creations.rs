//! Requests that fail or are killed, and certificates that are never issued.

use acceptance_tests::aws::Fault;

use super::*;
use crate::support::blames;

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn what_keeps_a_certificate_from_being_issued_is_named() {
    let Some((scene, zone)) = scene().await else { return };
    // The records are in a zone that nobody asks: no answer of AWS ever says that it has seen them.
    let elsewhere = make_zone(&scene, "example.org").await;
    scene.write(&certificate(
        "test",
        "domain_name = \"moh.example.org\"\n  wait_for_validation = true\n  timeouts = { create = \"8s\" }",
    ));
    let late = scene.apply_fails().await;
    assert_eq!(late.summary, "Timed out", "{late:#?}");
    assert!(
        late.detail
            .contains("_d930b28be6c5927595552b219965053e.moh.example.org")
            && late.detail.contains("registrar"),
        "{late:#?}"
    );
    scene.destroy().await;
    delete_zone(&scene, &elsewhere).await;
    is_empty(&scene, &zone).await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_creation_that_is_killed_is_gone_on_with_and_nothing_is_requested_twice() {
    let Some((mut scene, zone)) = scene().await else { return };
    for (action, lookup) in [
        ("acm:RequestCertificate", "acm:ListCertificates"),
        ("acm:ListTagsForCertificate", "acm:ListTagsForCertificate"),
        ("route53:ChangeResourceRecordSets", "route53:ListResourceRecordSets"),
    ] {
        scene.write(&format!("{ONCE}{}", in_zone(&zone, "")));
        // As if everything were killed at this point: nothing is found out, and nothing is saved.
        scene.account.fault(action, Fault::lost_answer());
        scene.account.fault(lookup, Fault::access_denied().skip(1).always());
        let _ = scene.workspace.apply().await;
        assert!(scene.account.clear_faults() > 0, "{action}");
        scene.forget();
        scene.write(&in_zone(&zone, ""));
        let outcome = done("apply", scene.workspace.apply().await);
        let warning = outcome
            .warnings()
            .find(|warning| warning.summary == "Certificate is there already");
        assert!(warning.is_some(), "{action}: {}", outcome.text());
        scene.is_settled().await;
        let all = call(&scene, "acm", "ListCertificates", json!({})).await;
        assert_eq!(
            all["CertificateSummaryList"].as_array().map(Vec::len),
            Some(1),
            "{action}"
        );
        scene.destroy().await;
        assert_eq!(records(&scene, &zone).await, [], "{action}");
    }
    scene.account.fault("acm:RequestCertificate", Fault::lost_answer());
    scene
        .account
        .fault("route53:ChangeResourceRecordSets", Fault::lost_answer());
    scene.account.fault("acm:ListCertificates", Fault::throttled().times(2));
    scene.apply().await;
    assert_eq!(scene.account.clear_faults(), 4);
    let all = call(&scene, "acm", "ListCertificates", json!({})).await;
    assert_eq!(all["CertificateSummaryList"].as_array().map(Vec::len), Some(1));
    scene.is_settled().await;
    scene.destroy().await;
    is_empty(&scene, &zone).await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_certificate_of_another_state_is_not_taken_over() {
    let Some((scene, zone)) = scene().await else { return };
    scene.write(&in_zone(&zone, ""));
    scene.apply().await;
    // A refresh notes that a state has it.
    scene.is_settled().await;
    let other = scene.elsewhere();
    other.write("main.tf", &in_zone(&zone, "")).expect("it is written");
    let outcome = done("apply", other.apply().await);
    assert_eq!(outcome.warnings().count(), 0, "{}", outcome.text());
    let all = call(&scene, "acm", "ListCertificates", json!({})).await;
    assert_eq!(all["CertificateSummaryList"].as_array().map(Vec::len), Some(2));
    done("destroy", other.destroy().await);
    scene.is_settled().await;
    scene.destroy().await;
    is_empty(&scene, &zone).await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_permission_that_is_missing_is_named() {
    let Some((scene, zone)) = scene().await else { return };
    scene.account.fault("acm:RequestCertificate", Fault::access_denied());
    scene.write(&in_zone(&zone, ""));
    let denied = scene.apply_fails().await;
    blames(
        &denied,
        "Unable to request the certificate",
        "Action: acm:RequestCertificate",
        "domain_name",
    );
    scene.account.clear_faults();
    is_empty(&scene, &zone).await;
}
