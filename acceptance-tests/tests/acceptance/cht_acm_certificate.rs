//! `cht_acm_certificate`: the six steps, with a zone and without. `creations` fail or are killed, `sharing` is what
//! others need of a certificate, and `refusals` has what plans refuse.

mod creations;
mod refusals;
mod sharing;

use acceptance_tests::tofu::{done, failure};
use serde_json::{Value, json};

use crate::aws::Scene;

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
