//! Zones in which names cannot be proved: plans refuse them.

use super::*;
use crate::support::blames;

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
