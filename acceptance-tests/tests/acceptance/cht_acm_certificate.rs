//! `cht_acm_certificate`: the six steps, records that certificates share, certificates that are not issued or in use,
//! creations that are killed, and what plans refuse.

use acceptance_tests::aws::Fault;
use acceptance_tests::tofu::{done, failure};
use serde_json::{Value, json};

use crate::aws::Scene;
use crate::support::blames;

const ADDRESS: &str = "cht_acm_certificate.test";

/// Makes a hosted zone, as somebody else would, and answers its id.
pub(crate) async fn make_zone(scene: &Scene, name: &str) -> String {
    let asked = json!({"Name": name, "CallerReference": name});
    let zone = call(scene, "route53", "CreateHostedZone", asked).await;
    let id = zone["HostedZone"]["Id"].as_str().expect("an id");
    id.trim_start_matches("/hostedzone/").to_owned()
}

/// Deletes a hosted zone, which has to be empty for that.
pub(crate) async fn delete_zone(scene: &Scene, zone: &str) {
    call(scene, "route53", "DeleteHostedZone", json!({"Id": zone})).await;
}

/// The records of a zone but for its own: type and name, with the values.
pub(crate) async fn records(scene: &Scene, zone: &str) -> Vec<(String, Value)> {
    let answer = call(
        scene,
        "route53",
        "ListResourceRecordSets",
        json!({"HostedZoneId": zone}),
    )
    .await;
    let all = answer["ResourceRecordSets"].as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    all.into_iter()
        .map(|set| (format!("{} {}", text(&set["Type"]), text(&set["Name"])), set))
        .filter(|(name, _)| !name.starts_with("NS ") && !name.starts_with("SOA "))
        .collect()
}

/// Changes a record of a zone, as somebody else would.
pub(crate) async fn change(scene: &Scene, zone: &str, action: &str, record: &Value) {
    let asked = json!({
        "HostedZoneId": zone, "ChangeBatch": {"Changes": [{"Action": action, "ResourceRecordSet": record}]},
    });
    call(scene, "route53", "ChangeResourceRecordSets", asked).await;
}

pub(crate) async fn call(scene: &Scene, service: &str, operation: &str, asked: Value) -> Value {
    let answer = scene.account.call(service, operation, asked).await;
    answer.unwrap_or_else(|error| panic!("{operation}: {error:#}"))
}

/// No call is made twice.
pub(crate) const ONCE: &str = "provider \"cht\" {\n  aws = { max_retries = 0 }\n}\n";

/// A certificate with these lines.
fn certificate(name: &str, lines: &str) -> String {
    format!("resource \"cht_acm_certificate\" {name:?} {{\n  {lines}\n}}\n")
}

fn in_zone(zone: &str, rest: &str) -> String {
    certificate(
        "test",
        &format!("domain_name = \"moh.example.org\"\n  hosted_zone_id = {zone:?}\n  {rest}"),
    )
}

/// What Certificate Manager says of the certificate in the state.
async fn live(scene: &Scene) -> Value {
    let asked = json!({"CertificateArn": scene.state(ADDRESS).await["arn"]});
    call(scene, "acm", "DescribeCertificate", asked).await["Certificate"].clone()
}

async fn scene() -> Option<(Scene, String)> {
    let scene = Scene::new().await?;
    let zone = make_zone(&scene, "moh.example.org").await;
    Some((scene, zone))
}

async fn is_empty(scene: &Scene, zone: &str) {
    assert_eq!(records(scene, zone).await, []);
    delete_zone(scene, zone).await;
    scene.is_empty().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_certificate_is_issued_changed_repaired_imported_and_destroyed() {
    let Some((mut scene, zone)) = scene().await else { return };
    let names = "subject_alternative_names = [\"*.moh.example.org\", \"siaya.moh.example.org\"]";
    scene.write(&in_zone(&zone, names));
    scene.apply().await;
    let state = scene.state(ADDRESS).await;
    assert_eq!(state["status"], "ISSUED");
    assert!(state["not_after"].is_string(), "{state:#}");
    // A name and its wildcard have the same record.
    assert_eq!(
        state["validation_records"].as_array().map(Vec::len),
        Some(2),
        "{state:#}"
    );
    assert_eq!(records(&scene, &zone).await.len(), 2);
    scene.is_settled().await;

    scene.write(&in_zone(&zone, &format!("{names}\n  tags = {{ owner = \"moh\" }}")));
    assert_eq!(scene.plan().await.actions(ADDRESS), ["update"]);
    scene.apply().await;
    scene.is_settled().await;
    assert_eq!(scene.state(ADDRESS).await["arn"], state["arn"]);

    let (_, record) = records(&scene, &zone).await.remove(0);
    change(&scene, &zone, "DELETE", &record).await;
    let plan = scene.plan().await;
    assert_eq!(plan.actions(ADDRESS), ["update"]);
    let drift = plan.change(ADDRESS).expect("a change").before["drift"].to_string();
    assert!(drift.contains("is not there"), "{drift}");
    scene.apply().await;
    scene.is_settled().await;
    assert_eq!(records(&scene, &zone).await.len(), 2);

    let arn = state["arn"].as_str().expect("an ARN").to_owned();
    scene.forget();
    scene.write(&in_zone(&zone, &format!("{names}\n  tags = {{ owner = \"moh\" }}")));
    done("import", scene.workspace.import(ADDRESS, &arn).await);
    scene.is_settled().await;
    let missing = format!("{}x", &arn[..arn.len() - 1]);
    let other = scene.elsewhere();
    other.write("main.tf", &in_zone(&zone, names)).expect("it is written");
    let missing = failure("import", other.import(ADDRESS, &missing).await);
    assert_eq!(missing.summary, "No certificate to import");

    // Others names make another one.
    scene.write(&in_zone(&zone, "tags = { owner = \"moh\" }"));
    assert_eq!(scene.plan().await.actions(ADDRESS), ["delete", "create"]);
    scene.apply().await;
    scene.is_settled().await;
    assert_eq!(records(&scene, &zone).await.len(), 1);
    scene.destroy().await;
    is_empty(&scene, &zone).await;
}

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
async fn without_a_zone_the_records_are_told_and_the_next_apply_may_wait() {
    let Some((scene, zone)) = scene().await else { return };
    scene.write(&certificate("test", "domain_name = \"moh.example.org\""));
    let outcome = done("apply", scene.workspace.apply().await);
    let warning = outcome
        .warnings()
        .find(|warning| warning.summary == "Certificate waits for its records");
    let warning = warning.expect("a warning");
    assert!(warning.detail.contains("CNAME"), "{}", warning.detail);
    let state = scene.state(ADDRESS).await;
    assert_eq!(state["status"], "PENDING_VALIDATION");
    scene.is_settled().await;

    let record = &state["validation_records"][0];
    let record = json!({
        "Name": record["name"], "Type": record["type"], "TTL": 60, "ResourceRecords": [{"Value": record["value"]}],
    });
    change(&scene, &zone, "CREATE", &record).await;
    scene.write(&certificate(
        "test",
        "domain_name = \"moh.example.org\"\n  wait_for_validation = true",
    ));
    scene.apply().await;
    assert_eq!(scene.state(ADDRESS).await["status"], "ISSUED");
    scene.is_settled().await;
    scene.destroy().await;
    assert_eq!(records(&scene, &zone).await.len(), 1, "somebody else has made it");
    change(&scene, &zone, "DELETE", &record).await;
    is_empty(&scene, &zone).await;
}

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

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_zone_that_cannot_prove_the_names_is_refused_in_the_plan() {
    let Some((scene, zone)) = scene().await else { return };
    let private = private_zone(&scene).await;
    let of = |domain: &str, zone: &str, rest: &str| {
        certificate(
            "test",
            &format!("domain_name = {domain:?}\n  hosted_zone_id = {zone:?}\n  {rest}"),
        )
    };
    let long = format!("{}.moh.example.org", "a".repeat(60));
    for (text, summary, words, attribute) in [
        (
            of("moh.example.org", "ZNOTTHERE", ""),
            "No such hosted zone",
            "ZNOTTHERE",
            "hosted_zone_id",
        ),
        (
            of("moh.example.com", &zone, ""),
            "Name is not in the hosted zone",
            "moh.example.com",
            "domain_name",
        ),
        (
            of(
                "moh.example.org",
                &zone,
                "subject_alternative_names = [\"evilmoh.example.org\"]",
            ),
            "Name is not in the hosted zone",
            "evilmoh",
            "subject_alternative_names",
        ),
        (
            of("moh.example.org", &private, ""),
            "Hosted zone is private",
            "public hosted zone",
            "hosted_zone_id",
        ),
        (of(&long, &zone, ""), "Invalid value", "64", "domain_name"),
        (
            of(
                "moh.example.org",
                &zone,
                "subject_alternative_names = [\"moh.example.org\"]",
            ),
            "Name stands twice",
            "already",
            "subject_alternative_names",
        ),
    ] {
        scene.write(&text);
        let refused = scene.plan_fails().await;
        let summary = match summary {
            "Invalid value" => refused.summary.clone(),
            told => told.to_owned(),
        };
        blames(&refused, &summary, words, attribute);
    }
    delete_zone(&scene, &private).await;
    is_empty(&scene, &zone).await;
}

/// A hosted zone of the same name that only a VPC sees: its id.
async fn private_zone(scene: &Scene) -> String {
    let asked = json!({
        "Name": "moh.example.org", "CallerReference": "private", "HostedZoneConfig": {"PrivateZone": true},
        "VPC": {"VPCRegion": "eu-west-2", "VPCId": scene.listed("DescribeVpcs", "Vpcs").await[0]["VpcId"]},
    });
    let private = call(scene, "route53", "CreateHostedZone", asked).await;
    private["HostedZone"]["Id"]
        .as_str()
        .expect("an id")
        .trim_start_matches("/hostedzone/")
        .to_owned()
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
