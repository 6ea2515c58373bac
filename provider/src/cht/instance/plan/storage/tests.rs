//! What is said of things in the cluster.

use serde_json::{Value, json};

use super::*;
use crate::cht::instance::fixtures::{self, couchdb_of, first_member, with};
use crate::kubernetes::testing::{Exchange, cluster};

fn volume(name: &str, spec: Value, phase: &str) -> LiveObject {
    let volume = json!({
        "apiVersion": "v1", "kind": "PersistentVolume",
        "metadata": {"name": name, "labels": {"cht.terraform.io/owner": format!("instance.{name}")}},
        "spec": spec, "status": {"phase": phase},
    });
    LiveObject::from_json(volume).expect("a known kind")
}

#[track_caller]
fn check_volume(spec: Value, phase: &str, expected: &[&str]) {
    let couchdb = couchdb_of(json!({"storage": {"volume_name": "data"}}));
    let looked = Looked::Known(Some(volume("data", spec, phase)));
    let diagnostics = check_existing(0, &first_member(&couchdb), "cht-kisumu", looked);
    let summaries: Vec<&str> = diagnostics.iter().map(|one| one.summary.as_str()).collect();
    assert_eq!(summaries, expected, "{diagnostics}");
}

#[test]
fn an_existing_volume_is_free_and_outlives_its_claim() {
    let retain = "Retain";
    let claimed = |namespace: &str| {
        json!({
            "persistentVolumeReclaimPolicy": retain,
            "claimRef": {"namespace": namespace, "name": "couchdb-claim0"},
        })
    };
    check_volume(json!({"persistentVolumeReclaimPolicy": retain}), "Available", &[]);
    check_volume(claimed("cht-kisumu"), "Bound", &[]);
    check_volume(claimed("cht-kisumu"), "Released", &["Volume is not available"]);
    check_volume(claimed("cht-other"), "Bound", &["Volume is in use"]);
    check_volume(
        json!({"persistentVolumeReclaimPolicy": "Delete", "storageClassName": "fast"}),
        "Available",
        &["Volume would not be retained", "Volume has another class"],
    );
}

#[test]
fn a_volume_that_may_not_be_read_is_not_trusted_and_one_to_come_is() {
    let couchdb = couchdb_of(json!({"storage": {"volume_name": "data"}}));
    assert!(check_existing(0, &first_member(&couchdb), "cht-kisumu", Looked::Forbidden).has_errors());
    assert!(!check_existing(0, &first_member(&couchdb), "cht-kisumu", Looked::Known(None)).has_errors());
}

#[tokio::test]
async fn v05_the_claim_says_which_class_has_to_let_a_volume_grow() {
    let model = |size: &str| fixtures::model(&with(fixtures::couchdb(json!({ "storage_size": size }))));
    let before = model("10Gi").couchdb.spec();
    assert_eq!(before.nodes[0].storage.class, None);
    for (allows, expected) in [(true, &[][..]), (false, &["couchdb.storage_size"])] {
        let claim = json!({
            "apiVersion": "v1", "kind": "PersistentVolumeClaim",
            "metadata": {"name": "couchdb-claim0", "namespace": "cht-kisumu"}, "spec": {"storageClassName": "gp2"},
        });
        let class = json!({
            "apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": "gp2"},
            "allowVolumeExpansion": allows,
        });
        let (cluster, server) = cluster(vec![
            Exchange::get("/persistentvolumeclaims/couchdb-claim0").answer(200, claim),
            Exchange::get("/storageclasses/gp2").answer(200, class),
        ]);
        let mut diagnostics = Diagnostics::new();
        let checked = check_growth(&cluster, &model("20Gi"), &before, &mut diagnostics).await;
        checked.expect("the cluster answers");
        server.finished().await;
        let paths: Vec<String> = diagnostics
            .iter()
            .map(|one| one.path.as_ref().expect("a path").to_string())
            .collect();
        assert_eq!(paths, expected, "{diagnostics}");
    }
}
