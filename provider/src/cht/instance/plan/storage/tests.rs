//! What is said of things in the cluster.

use serde_json::{Value, json};

use super::*;
use crate::cht::instance::fixtures::{self, with};

fn couchdb(node: Value) -> CouchDb {
    fixtures::model(&with(fixtures::couchdb(json!({ "nodes": [node] }))))
        .couchdb
        .spec()
}

fn member(couchdb: &CouchDb) -> Member<'_> {
    couchdb.members().next().expect("there is one")
}

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
    let couchdb = couchdb(json!({"storage": {"volume_name": "data"}}));
    let looked = Looked::Known(Some(volume("data", spec, phase)));
    let diagnostics = check_existing(0, &member(&couchdb), "cht-kisumu", looked);
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
    let couchdb = couchdb(json!({"storage": {"volume_name": "data"}}));
    assert!(check_existing(0, &member(&couchdb), "cht-kisumu", Looked::Forbidden).has_errors());
    assert!(!check_existing(0, &member(&couchdb), "cht-kisumu", Looked::Known(None)).has_errors());
}

#[test]
fn v08_c09_a_directory_is_not_shared() {
    let couchdb = couchdb(json!({"node_name": "a", "storage": {"host_path": "/srv/cht/"}}));
    let on = |host: &str| {
        let expression = json!({"key": "kubernetes.io/hostname", "operator": "In", "values": [host]});
        json!({
            "hostPath": {"path": "/srv/cht"},
            "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [expression]}]}},
        })
    };
    let refused = |name: &str, spec: Value| {
        let others = of_others(vec![volume(name, spec, "Bound")], "cht-kisumu");
        check_directory(0, &member(&couchdb), "/srv/cht/", &others).has_errors()
    };
    assert!(refused("cht-other", on("a")));
    assert!(
        refused("cht-other", json!({"hostPath": {"path": "/srv/cht"}})),
        "on any node"
    );
    assert!(!refused("cht-other", on("b")));
    assert!(!refused("cht-kisumu", on("a")), "it is the instance's own");
    assert!(!refused("cht-other", json!({"hostPath": {"path": "/srv/other"}})));
}

#[test]
fn v13_a_disk_is_in_the_zone_of_its_node() {
    let nodes = [("a", "zone-1"), ("b", "zone-2")].map(|(name, zone)| {
        let labels = json!({"kubernetes.io/hostname": name, "topology.kubernetes.io/zone": zone});
        let node = json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": labels}});
        LiveObject::from_json(node).expect("a known kind")
    });
    let fits = |node: Value, zone: &str| compare_zone(0, &member(&couchdb(node)), zone, &nodes);
    assert!(matches!(fits(json!({}), "zone-2"), Zone::Fits));
    assert!(matches!(fits(json!({"node_name": "a"}), "zone-1"), Zone::Fits));
    assert!(matches!(fits(json!({"node_name": "later"}), "zone-1"), Zone::Fits));
    assert!(matches!(fits(json!({"node_name": "a"}), "zone-2"), Zone::Elsewhere(_)));
    assert!(matches!(fits(json!({}), "zone-3"), Zone::NoNode(zones) if zones == ["zone-1", "zone-2"]));
}
