//! `cht_dns_alias`: the six steps, load balancers that are made anew, ingresses that have none yet, records of others,
//! and creations that are killed.

use acceptance_tests::aws::Fault;
use acceptance_tests::tofu::{done, failure};
use serde_json::{Value, json};

use crate::aws::Scene;
use crate::cht_acm_certificate::{call, change, delete_zone, make_zone, records};
use crate::support::{INGRESS, NAMESPACE, blames, kubernetes, lab};

const ADDRESS: &str = "cht_dns_alias.test";
const NAME: &str = "siaya.moh.example.org";

/// Makes a load balancer, as its controller would: its host name, and its ARN.
async fn make_balancer(scene: &Scene, name: &str) -> (String, String) {
    let subnets = scene.listed("DescribeSubnets", "Subnets").await;
    let subnets: Vec<&Value> = subnets.iter().take(2).map(|subnet| &subnet["SubnetId"]).collect();
    let made = call(
        scene,
        "elbv2",
        "CreateLoadBalancer",
        json!({"Name": name, "Subnets": subnets}),
    )
    .await;
    let text = |key: &str| made["LoadBalancers"][0][key].as_str().expect("a text").to_owned();
    (text("DNSName"), text("LoadBalancerArn"))
}

async fn delete_balancer(scene: &Scene, arn: &str) {
    call(scene, "elbv2", "DeleteLoadBalancer", json!({"LoadBalancerArn": arn})).await;
}

/// An alias with these lines.
fn alias(zone: &str, lines: &str) -> String {
    format!("resource \"cht_dns_alias\" \"test\" {{\n  hosted_zone_id = {zone:?}\n  name = {NAME:?}\n  {lines}\n}}\n")
}

fn leading_to(zone: &str, target: &str) -> String {
    alias(zone, &format!("target = {target:?}"))
}

/// Where the name leads: the type of each record, with its target.
async fn leads(scene: &Scene, zone: &str) -> Vec<(String, String)> {
    let all = records(scene, zone).await;
    let target = |set: &Value| {
        set["AliasTarget"]["DNSName"]
            .as_str()
            .unwrap_or_default()
            .trim_end_matches('.')
            .to_owned()
    };
    all.iter().map(|(name, set)| (name.clone(), target(set))).collect()
}

fn both(target: &str) -> Vec<(String, String)> {
    ["A", "AAAA"]
        .iter()
        .map(|kind| (format!("{kind} {NAME}."), format!("dualstack.{target}")))
        .collect()
}

async fn is_empty(scene: &Scene, zone: &str, balancers: &[String]) {
    assert_eq!(leads(scene, zone).await, []);
    delete_zone(scene, zone).await;
    for arn in balancers {
        delete_balancer(scene, arn).await;
    }
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn an_alias_is_made_changed_repaired_imported_and_destroyed() {
    let Some(mut scene) = Scene::new().await else { return };
    let zone = make_zone(&scene, "moh.example.org").await;
    let (first, first_arn) = make_balancer(&scene, "first").await;
    let (second, second_arn) = make_balancer(&scene, "second").await;
    scene.write(&leading_to(&zone, &first));
    scene.apply().await;
    assert_eq!(leads(&scene, &zone).await, both(&first));
    let (_, record) = records(&scene, &zone).await.remove(0);
    assert_eq!(
        record["AliasTarget"]["HostedZoneId"], "Z2P70J7EXAMPLE",
        "that of the load balancer"
    );
    assert_eq!(scene.state(ADDRESS).await["hostname"], first);
    scene.is_settled().await;

    scene.write(&leading_to(&zone, &second));
    assert_eq!(scene.plan().await.actions(ADDRESS), ["update"]);
    scene.apply().await;
    assert_eq!(leads(&scene, &zone).await, both(&second));
    scene.is_settled().await;

    change(&scene, &zone, "DELETE", &records(&scene, &zone).await[1].1).await;
    let moved = json!({
        "Name": NAME, "Type": "A",
        "AliasTarget": {"HostedZoneId": "Z2P70J7EXAMPLE", "DNSName": first, "EvaluateTargetHealth": false},
    });
    change(&scene, &zone, "UPSERT", &moved).await;
    let plan = scene.plan().await;
    assert_eq!(plan.actions(ADDRESS), ["update"]);
    let drift = plan.change(ADDRESS).expect("a change").before["drift"].to_string();
    assert!(
        drift.contains("no record of type AAAA") && drift.contains(&first),
        "{drift}"
    );
    scene.apply().await;
    assert_eq!(leads(&scene, &zone).await, both(&second));
    scene.is_settled().await;

    scene.forget();
    scene.write(&leading_to(&zone, &second));
    done(
        "import",
        scene.workspace.import(ADDRESS, &format!("{zone}/{NAME}")).await,
    );
    scene.is_settled().await;
    let other = scene.elsewhere();
    other
        .write("main.tf", &leading_to(&zone, &second))
        .expect("it is written");
    let missing = failure(
        "import",
        other.import(ADDRESS, &format!("{zone}/other.moh.example.org")).await,
    );
    assert_eq!(missing.summary, "No DNS alias to import");
    scene.destroy().await;
    is_empty(&scene, &zone, &[first_arn, second_arn]).await;
    scene.is_empty().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_record_of_somebody_else_is_not_overwritten_unless_that_is_allowed() {
    let Some(scene) = Scene::new().await else { return };
    let zone = make_zone(&scene, "moh.example.org").await;
    let (target, arn) = make_balancer(&scene, "balancer").await;
    for record in [
        json!({"Name": NAME, "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "192.0.2.1"}]}),
        json!({"Name": NAME, "Type": "CNAME", "TTL": 60, "ResourceRecords": [{"Value": "old.example.org"}]}),
    ] {
        change(&scene, &zone, "CREATE", &record).await;
        scene.write(&leading_to(&zone, &target));
        let refused = scene.plan_fails().await;
        blames(&refused, "Record exists already", "allow_overwrite", "name");
        assert_eq!(records(&scene, &zone).await.len(), 1, "it is left as it is");
        scene.write(&alias(&zone, &format!("target = {target:?}\n  allow_overwrite = true")));
        scene.apply().await;
        assert_eq!(leads(&scene, &zone).await, both(&target));
        scene.is_settled().await;
        scene.destroy().await;
    }
    // What says nothing of where the name leads is in nobody's way.
    let text = json!({"Name": NAME, "Type": "TXT", "TTL": 60, "ResourceRecords": [{"Value": "\"x\""}]});
    change(&scene, &zone, "CREATE", &text).await;
    scene.write(&leading_to(&zone, &target));
    scene.apply().await;
    scene.is_settled().await;

    // Somebody leads the name elsewhere after the refresh: that stays.
    let address = json!({"Name": NAME, "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "192.0.2.1"}]});
    change(&scene, &zone, "UPSERT", &address).await;
    scene.destroy().await;
    assert_eq!(records(&scene, &zone).await.len(), 2, "theirs are left");
    change(&scene, &zone, "DELETE", &address).await;
    change(&scene, &zone, "DELETE", &text).await;
    is_empty(&scene, &zone, &[arn]).await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_creation_that_is_killed_is_gone_on_with() {
    let Some(mut scene) = Scene::new().await else { return };
    let zone = make_zone(&scene, "moh.example.org").await;
    let (target, arn) = make_balancer(&scene, "balancer").await;
    scene.write(&leading_to(&zone, &target));
    scene
        .account
        .fault("route53:ChangeResourceRecordSets", Fault::lost_answer());
    scene
        .account
        .fault("route53:ListResourceRecordSets", Fault::throttled().times(2));
    let outcome = done("apply", scene.workspace.apply().await);
    assert_eq!(outcome.warnings().count(), 0, "{}", outcome.text());
    assert_eq!(scene.account.clear_faults(), 3);
    scene.is_settled().await;

    // Nothing was saved of it.
    scene.forget();
    scene.write(&leading_to(&zone, &target));
    let outcome = done("apply", scene.workspace.apply().await);
    let warning = outcome
        .warnings()
        .find(|warning| warning.summary == "DNS alias is there already");
    assert!(warning.is_some(), "{}", outcome.text());
    assert_eq!(leads(&scene, &zone).await, both(&target));

    scene
        .account
        .fault("route53:ChangeResourceRecordSets", Fault::access_denied());
    let denied = scene.destroy_fails().await;
    assert!(
        denied.detail.contains("Action: route53:ChangeResourceRecordSets"),
        "{denied:#?}"
    );
    scene.account.clear_faults();
    scene.destroy().await;
    is_empty(&scene, &zone, &[arn]).await;
}

/// An alias for the ingress of a namespace of the lab's cluster.
async fn for_ingress(zone: &str, namespace: &str, rest: &str) -> String {
    let way = kubernetes().await;
    alias(
        zone,
        &format!("kubernetes = {way}\n  ingress = {{ namespace = {namespace:?} }}\n  {rest}"),
    )
}

/// An ingress without a controller, in a namespace of its own.
async fn make_ingress(scene: &crate::support::Scene) {
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": scene.namespace}});
    let backend = json!({"service": {"name": "api", "port": {"number": 5988}}});
    let ingress = json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
        "metadata": {"name": "api-ingress", "namespace": scene.namespace},
        "spec": {"ingressClassName": "alb", "defaultBackend": backend},
    });
    for (kind, object) in [(&NAMESPACE, namespace), (&INGRESS, ingress)] {
        let object = serde_json::from_value(object).expect("an object");
        scene
            .api(kind)
            .create(&Default::default(), &object)
            .await
            .expect("it is made");
    }
}

/// Plays the controller: the ingress has this load balancer now.
async fn give_address(scene: &crate::support::Scene, hostname: &str) {
    let status = json!({"status": {"loadBalancer": {"ingress": [{"hostname": hostname}]}}});
    let patch = kube::api::Patch::Merge(&status);
    let patched = scene
        .api(&INGRESS)
        .patch_status("api-ingress", &Default::default(), &patch)
        .await;
    patched.expect("it has an address");
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn an_ingress_is_waited_for_and_a_load_balancer_that_was_made_anew_is_followed() {
    let Some(scene) = Scene::new().await else { return };
    let _ = lab().await;
    let cluster = crate::support::Scene::new("cht-dns-alias").await;
    let zone = make_zone(&scene, "moh.example.org").await;
    let (first, first_arn) = make_balancer(&scene, "first").await;
    make_ingress(&cluster).await;
    let text = for_ingress(&zone, &cluster.namespace, "").await;
    scene.write(&for_ingress(&zone, &cluster.namespace, "timeouts = { create = \"4s\" }").await);
    let late = scene.apply_fails().await;
    assert_eq!(late.summary, "Timed out", "{late:#?}");
    assert!(
        late.detail.contains("cht-dns-alias/api-ingress") && late.detail.contains("Load Balancer Controller"),
        "{late:#?}"
    );

    scene.write(&text);
    let (_, ()) = tokio::join!(scene.apply(), async {
        tokio::time::sleep(std::time::Duration::from_secs(4)).await;
        give_address(&cluster, &first).await;
    });
    assert_eq!(leads(&scene, &zone).await, both(&first));
    scene.is_settled().await;

    // The controller makes another one.
    let (second, second_arn) = make_balancer(&scene, "second").await;
    give_address(&cluster, &second).await;
    let plan = scene.plan().await;
    assert_eq!(plan.actions(ADDRESS), ["update"]);
    let drift = plan.change(ADDRESS).expect("a change").before["drift"].to_string();
    assert!(drift.contains(&second), "{drift}");
    scene.apply().await;
    assert_eq!(leads(&scene, &zone).await, both(&second));
    scene.is_settled().await;
    scene.destroy().await;
    is_empty(&scene, &zone, &[first_arn, second_arn]).await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn what_an_alias_cannot_be_is_refused_at_its_attribute() {
    let Some(scene) = Scene::new().await else { return };
    let zone = make_zone(&scene, "moh.example.org").await;
    for (text, summary, words, attribute) in [
        (alias(&zone, ""), "One target is needed", "ingress", "cht_dns_alias"),
        (alias(&zone, "target = \"192.0.2.1\""), "", "ordinary record", "target"),
        (
            leading_to("ZNOTTHERE", "a.eu-west-2.elb.amazonaws.com"),
            "No such hosted zone",
            "ZNOTTHERE",
            "hosted_zone_id",
        ),
        (
            leading_to(&zone, "a.eu-west-2.elb.amazonaws.com").replace(NAME, "siaya.example.com"),
            "Name is not in the hosted zone",
            "moh.example.org",
            "name",
        ),
    ] {
        scene.write(&text);
        let refused = scene.plan_fails().await;
        let summary = if summary.is_empty() {
            refused.summary.clone()
        } else {
            summary.to_owned()
        };
        blames(&refused, &summary, words, attribute);
    }
    scene.write(&leading_to(&zone, "gone.eu-west-2.elb.amazonaws.com"));
    let refused = scene.apply_fails().await;
    blames(&refused, "No such load balancer", "gone.eu-west-2", "target");
    // An instance has no address as long as no controller has given it one.
    scene.write(&format!(
        "resource \"terraform_data\" \"address\" {{}}\n{}",
        alias(
            &zone,
            "target = terraform_data.address.id == \"x\" ? \"x.example.org\" : null"
        )
    ));
    let refused = scene.apply_fails().await;
    blames(&refused, "One target is needed", "`ingress`, which is waited for", "");
    delete_zone(&scene, &zone).await;
    scene.is_empty().await;
}
