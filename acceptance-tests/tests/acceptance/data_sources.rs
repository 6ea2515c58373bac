//! `data.cht_instance` and `data.cht_monitoring`, of an instance that is well and of one that is not.

use acceptance_tests::cht::Fault;
use acceptance_tests::cht::public::PublicAddress;
use serde_json::{Value, json};

use crate::application::Application;
use crate::support::{Instance, blames, eventually, kubernetes, lab};

const BOTH: &str = "
data \"cht_instance\" \"test\" {
  instance = local.instance
}
data \"cht_monitoring\" \"test\" {
  instance = local.instance
}
";

async fn look(application: &Application) -> (Value, Value) {
    application.scene.apply().await;
    (
        application.values("data.cht_instance.test").await,
        application.values("data.cht_monitoring.test").await,
    )
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn an_instance_is_looked_at_without_a_login_and_what_it_cannot_tell_is_null() {
    let application = Application::new("looked-at").await;
    let alone = application.without_state(BOTH).await;
    let (instance, monitoring) = look(&alone).await;
    assert_eq!(instance["ready"], true);
    assert_eq!(instance["version"], "5.3.1");
    assert_eq!(instance["couchdb_version"], "3.5.2");
    assert!(instance["url"].is_null(), "it has no ingress");
    assert_eq!(monitoring["version"]["app"], "5.3.1");
    assert_eq!(monitoring["couchdb"]["medic"]["doc_count"], 123);
    assert_eq!(monitoring["sentinel"]["backlog"], 0);
    assert_eq!(monitoring["messaging"]["outgoing"]["total"]["failed"], 0);

    let cht = &lab().await.cht;
    cht.inject("looked-at", Fault::MonitoringErrors);
    let (instance, monitoring) = look(&alone).await;
    assert_eq!(
        (&instance["ready"], &instance["version"]),
        (&json!(false), &Value::Null)
    );
    let status = instance["status"].as_str().expect("a status");
    assert!(status.contains("does not reach its database"), "{status}");
    assert!(
        monitoring["couchdb"]["medic"]["doc_count"].is_null(),
        "-1 is no number of documents"
    );
    assert!(monitoring["sentinel"]["backlog"].is_null());
    cht.heal("looked-at", Fault::MonitoringErrors);

    cht.inject("looked-at", Fault::HaproxyDown);
    let (instance, _) = look(&alone).await;
    assert_eq!(instance["ready"], false);
    cht.heal("looked-at", Fault::HaproxyDown);
    application.scene.destroy().await;

    let refused = alone.scene.plan_fails().await;
    blames(&refused, "No CHT instance", "no namespace `looked-at`", "instance");
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn an_instance_is_looked_at_by_its_public_address() {
    let application = Application::new("looked-at-outside").await;
    let public = PublicAddress::open(&lab().await.cht, "looked-at-outside")
        .await
        .expect("an address");
    let address = format!(
        "{{ url = {:?}, ca_certificate = {:?} }}",
        public.url(),
        public.authority()
    );
    let alone = application
        .without_state(&BOTH.replace("local.instance", &address))
        .await;
    let (instance, monitoring) = look(&alone).await;
    assert_eq!(instance["version"], "5.3.1");
    assert_eq!(instance["url"], format!("{}/", public.url()));
    assert_eq!(monitoring["version"]["app"], "5.3.1");
    application.scene.destroy().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn an_instance_that_is_made_in_the_same_apply_is_looked_at_after_it() {
    let application = Application::planned("looked-at-at-once").await;
    let instance = Instance::new("looked-at-at-once").with("ingress = { class = \"lab\" }");
    let data = BOTH.replace(
        "local.instance",
        "{ kubernetes = local.cluster, namespace = cht_instance.test.namespace }",
    );
    let data = data.replace("\"test\" {", "\"test\" {\n  depends_on = [cht_instance.test]");
    application.scene.write(&format!(
        "locals {{\n  cluster = {}\n}}\n{}\n{data}",
        kubernetes().await,
        instance.hcl("local.cluster")
    ));
    let (found, _) = look(&application).await;
    assert_eq!(found["url"], "https://looked-at-at-once.health.example/");
    assert_eq!(found["ready"], true);
    application.scene.destroy().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn an_upgrade_is_told_from_its_beginning_to_its_end() {
    let application = Application::new("looked-at-upgrade").await;
    let alone = application.without_state(BOTH).await;
    let upgrade = async || look(&alone).await.0["upgrade"].clone();
    let idle = json!({ "state": "idle", "version": null, "progress": null });
    assert_eq!(upgrade().await, idle);

    let cht = &lab().await.cht;
    let ask = |version: &str| cht.upgrades().ask("looked-at-upgrade", "stage", version);
    cht.inject("looked-at-upgrade", Fault::IndexingStalls);
    ask("5.3.2");
    let seen = eventually("the indexing", async || {
        let seen = upgrade().await;
        // It stops at the half.
        if seen["progress"].as_u64() >= Some(50) {
            Ok(seen)
        } else {
            Err(seen.to_string())
        }
    })
    .await;
    assert_eq!(
        (&seen["state"], &seen["version"]),
        (&json!("indexing"), &json!("5.3.2"))
    );
    cht.heal("looked-at-upgrade", Fault::IndexingStalls);
    let seen = eventually("the indexes", async || {
        let seen = upgrade().await;
        if seen["state"] == "indexed" {
            Ok(seen)
        } else {
            Err(seen.to_string())
        }
    })
    .await;
    assert_eq!(
        seen,
        json!({ "state": "indexed", "version": "5.3.2", "progress": null })
    );

    cht.inject("looked-at-upgrade", Fault::BuildsServerAway);
    ask("5.3.3");
    eventually("the failure", async || {
        let seen = upgrade().await;
        let failed = json!({ "state": "errored", "version": "5.3.3", "progress": null });
        if seen == failed { Ok(()) } else { Err(seen.to_string()) }
    })
    .await;
    cht.heal("looked-at-upgrade", Fault::BuildsServerAway);

    cht.inject("looked-at-upgrade", Fault::UpgradesForbidden);
    let (instance, _) = look(&alone).await;
    assert!(
        instance["upgrade"].is_null() && instance["ready"] == true,
        "{instance:#}"
    );
    cht.heal("looked-at-upgrade", Fault::UpgradesForbidden);
    application.scene.destroy().await;
}
