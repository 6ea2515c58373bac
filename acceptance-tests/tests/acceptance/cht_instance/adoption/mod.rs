//! Instances that the official Helm charts made: imported, shown in the plan as what they are, taken over with their
//! data, upgraded, destroyed.

mod chart;
mod interrupted;
mod pods;
mod refusals;
mod versions;
mod volumes;

use std::collections::BTreeMap;

use acceptance_tests::tofu::Plan;
use serde_json::json;

use self::chart::{COUCH_SECRET, Chart, PASSWORD, RELEASE, UUID};
use crate::support::{ADDRESS, Kind, SECRET, Scene, eventually, kubernetes};

/// The configuration of the guide.
const GUIDE: &str = include_str!("../../../../../examples/adoption/main.tf");

/// What the guide adds to the ingress of the values.
const WITH_CLASS: &str = "merge(local.chart.ingress, { class = var.ingress_class })";

const FROM_CHART: &str = "local.chart.ingress";
const IN_LAB: &str = "merge(local.chart.ingress, { class = \"lab\" })";

/// The values that all have.
fn values(chart: &Chart<'_>, more: &str) -> String {
    let Chart { namespace, version, .. } = chart;
    let credentials = format!("password: {PASSWORD}, secret: {COUCH_SECRET}, uuid: {UUID}");
    format!(
        "project_name: {RELEASE}\nnamespace: {namespace}\ncht_image_tag: {version}\nchtversion: {version}\n\
         upstream_servers: {{docker_registry: public.ecr.aws/medic}}\ncouchdb: {{{credentials}, COUCHDB}}\n{more}\n"
    )
}

/// Writes the values, and the configuration that follows from them.
async fn configure(scene: &Scene, values: &str, ingress: &str, more: &str) {
    configure_at(&kubernetes().await, scene, values, ingress, more);
}

/// The same for another way to the cluster.
fn configure_at(way: &str, scene: &Scene, values: &str, ingress: &str, more: &str) {
    let after_provider = GUIDE.find("locals {").expect("it has locals");
    let configuration = GUIDE[after_provider..]
        .replace("\"county\"", "\"test\"")
        .replace(WITH_CLASS, ingress)
        .replace("probes           =", &format!("{more}\n  probes           ="));
    scene.write(&format!(
        "provider \"cht\" {{\n  kubernetes = {way}\n}}\n{configuration}"
    ));
    scene
        .workspace
        .write("values.yaml", values)
        .expect("the file is written");
}

fn import_block(scene: &Scene) {
    let block = format!("import {{\n  to = {ADDRESS}\n  id = \"{}\"\n}}\n", scene.namespace);
    scene.workspace.write("import.tf", &block).expect("the file is written");
}

/// The plan of an import, once the imported instance serves.
async fn plan_of_import(scene: &Scene, version: &str) -> Plan {
    eventually("the chart's instance to serve", async || {
        let plan = scene.plan().await;
        let live = plan.change(ADDRESS).map(|change| change.before["live_version"].clone());
        if live == Some(json!(version)) {
            Ok(plan)
        } else {
            Err(format!("{live:?}"))
        }
    })
    .await
}

/// The attributes that a plan changes, but for those that every update looks at anew.
fn changed(plan: &Plan) -> Vec<String> {
    let change = plan.change(ADDRESS).expect("it is planned");
    assert_eq!(change.actions, ["update"]);
    let before = change.before.as_object().expect("attributes");
    let differs = |name: &&String| change.after[name.as_str()] != before[name.as_str()];
    let expected = ["ready", "live_version", "ingress_address"];
    let names = before
        .keys()
        .filter(differs)
        .filter(|name| !expected.contains(&name.as_str()));
    names.cloned().collect()
}

/// What the plan says that the apply will do.
fn drift(plan: &Plan) -> Vec<String> {
    let change = plan.change(ADDRESS).expect("it is planned");
    serde_json::from_value(change.before["drift"].clone()).expect("lines")
}

/// Lines of the drift beside the marks, the record, and the checksums by which pods notice changed credentials.
fn beyond_marks(plan: &Plan) -> Vec<String> {
    let is_mark = |line: &String| {
        line.ends_with("is not marked as part of this instance")
            || line.ends_with("/terraform-provider-cht is not there")
            || line.contains("template.metadata.annotations")
    };
    drift(plan).into_iter().filter(|line| !is_mark(line)).collect()
}

/// What tells the data volumes, and the Deployments, from others of the same names.
async fn identities(scene: &Scene, kinds: &[&Kind]) -> BTreeMap<String, String> {
    let mut identities = BTreeMap::new();
    for kind in kinds {
        let list = scene
            .api(kind)
            .list(&Default::default())
            .await
            .expect("the API server answers");
        for object in list.items {
            let of_volume = object.data.pointer("/spec/claimRef/namespace").cloned();
            let is_own = object.metadata.namespace.as_deref() == Some(scene.namespace.as_str())
                || of_volume == Some(json!(scene.namespace));
            if is_own {
                let name = object.metadata.name.unwrap_or_default();
                identities.insert(
                    format!("{} {name}", kind.name()),
                    object.metadata.uid.unwrap_or_default(),
                );
            }
        }
    }
    identities
}

/// Helm's memory is for its user to delete.
async fn helm_still_knows(scene: &Scene) {
    let memory = format!("sh.helm.release.v1.{RELEASE}.v1");
    assert!(scene.object(&SECRET, &memory).await.is_some());
}

fn warns(plan: &Plan, summary: &str, text: &str) {
    let warnings: Vec<_> = plan.diagnostics().iter().filter(|one| one.summary == summary).collect();
    let flat = |detail: &str| detail.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        warnings.iter().any(|one| flat(&one.detail).contains(text)),
        "{warnings:#?}"
    );
}
