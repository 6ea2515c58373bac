//! When there is too little space, when nobody knows, and what is said of it.

use serde_json::json;
use tf_framework::diagnostics::Severity;

use super::*;
use crate::cht::instance::fixtures::{couchdb, model, with};
use crate::cht::testing::{Script, answer, ok};

const MANY: u64 = 300 * MIB;

fn live(kind: &str, spec: Json, status: Json) -> LiveObject {
    let metadata = match kind {
        "PersistentVolume" => json!({"name": "data"}),
        _ => json!({"name": "data", "namespace": "cht-kisumu"}),
    };
    let object = json!({"apiVersion": "v1", "kind": kind, "metadata": metadata, "spec": spec, "status": status});
    LiveObject::from_json(object).expect("a known kind")
}

fn target() -> ChtVersion {
    "5.3.1".parse().expect("a version")
}

#[test]
fn v12_space_is_enough_from_five_times_of_what_is_used() {
    let space = |capacity| Space { used: MANY, capacity };
    assert!(space(6 * MANY).is_enough());
    assert!(!space(6 * MANY - 1).is_enough());
    assert!(
        !space(0).is_enough(),
        "more than there is: the rest is not even told of"
    );
    assert!(
        Space { used: 0, capacity: 0 }.is_enough(),
        "nothing is known to be used"
    );
}

#[test]
fn v12_a_directory_has_no_capacity_of_its_own() {
    let claim = live(
        "PersistentVolumeClaim",
        json!({}),
        json!({"capacity": {"storage": "1Gi"}}),
    );
    let capacity = |source: &str| known_capacity(&claim, &live("PersistentVolume", json!({source: {}}), json!({})));
    assert_eq!(capacity("csi"), Some(GIB));
    assert_eq!(capacity("hostPath"), None);
    assert_eq!(capacity("local"), None);
    let unbound = live("PersistentVolumeClaim", json!({}), json!({}));
    assert_eq!(
        known_capacity(&unbound, &live("PersistentVolume", json!({"csi": {}}), json!({}))),
        None
    );
}

#[test]
fn v12_too_little_space_is_told_at_the_size_and_refused_on_request() {
    let told = |configuration: Json| {
        let told = Space {
            used: MANY,
            capacity: GIB,
        }
        .told(&model(&with(configuration)), &target());
        (
            told.severity,
            told.path.map(|path| path.to_string()).unwrap_or_default(),
            told.detail,
        )
    };
    let (severity, path, text) = told(json!({}));
    assert_eq!((severity, path.as_str()), (Severity::Warning, "couchdb.storage_size"));
    for part in [
        "They use 300 MiB",
        "of the 1.0 GiB",
        "at most 724 MiB are free",
        "2Gi in all",
        "require_disk_headroom = true",
    ] {
        assert!(text.contains(part), "{text}");
    }
    let mut refused = couchdb(json!({"nodes": [{"storage": {"size": "1Gi"}}]}));
    refused["upgrade"] = json!({"require_disk_headroom": true});
    let (severity, path, text) = told(refused);
    assert_eq!(
        (severity, path.as_str()),
        (Severity::Error, "couchdb.nodes[0].storage.size")
    );
    assert!(text.contains("remove `require_disk_headroom`"), "{text}");
}

#[tokio::test]
async fn v12_a_version_that_indexes_nothing_or_is_staged_already_needs_no_space() {
    const UPGRADES: &str = "GET /api/v2/upgrade";
    const COMPARE: &str = "POST /api/v2/upgrade/compare";
    let none = || ok(json!({"indexers": []}));
    let staged = json!({"action": "stage", "to": {"version": "5.3.1"}, "state": "indexing"});
    let change =
        |indexing: bool| ok(json!([{"type": ["views"], "ddoc": "medic", "db": "medic", "indexing": indexing}]));
    for (steps, expected) in [
        (vec![(UPGRADES, ok(json!({"upgradeDoc": staged})))], true),
        (vec![(UPGRADES, none()), (COMPARE, ok(json!([])))], true),
        (vec![(UPGRADES, none()), (COMPARE, change(false))], true),
        (vec![(UPGRADES, none()), (COMPARE, change(true))], false),
        // Before release 5.1 the call is passed on to CouchDB.
        (
            vec![
                (UPGRADES, none()),
                (COMPARE, answer(404, "application/json", r#"{"error":"not_found"}"#)),
            ],
            false,
        ),
    ] {
        let client = Script::new(steps).client();
        assert_eq!(needs_none(&client, &target()).await, expected);
    }
}

#[test]
fn amounts_are_rounded_up_to_what_people_read() {
    assert_eq!(amount(1), "1 MiB");
    assert_eq!(amount(1023 * MIB), "1023 MiB");
    assert_eq!(amount(GIB + GIB / 2), "1.5 GiB");
}
