//! What is read from the answer, and what is not known.

use super::*;
use crate::cht::testing::{monitoring, unknowing_monitoring};

#[test]
fn good_answer_leaves_nothing_unknown() {
    let monitoring: Monitoring = serde_json::from_value(monitoring("5.3.1")).unwrap();
    assert_eq!(monitoring.unknown(), Vec::<&str>::new());
    assert_eq!(monitoring.version.app.as_deref(), Some("5.3.1"));
    assert_eq!(monitoring.couchdb.medic.doc_count, Some(42));
    assert_eq!(
        monitoring.couchdb.users.fragmentation, None,
        "-1 is what an empty database has"
    );
}

#[test]
fn errors_inside_of_the_answer_are_unknown_and_not_values() {
    let monitoring: Monitoring = serde_json::from_value(unknowing_monitoring()).unwrap();
    assert_eq!(monitoring.unknown().len(), 6, "{:?}", monitoring.unknown());
    assert_eq!(monitoring.sentinel.backlog, None);
}

#[test]
fn messages_are_counted_by_group_and_status() {
    let mut answer = monitoring("5.3.1");
    let counts = serde_json::json!({ "due": 1, "scheduled": 2, "muted": 3, "failed": 4, "delivered": -1 });
    answer["messaging"] = serde_json::json!({ "outgoing": {
        "total": counts, "seven_days": counts,
        "last_hundred": { "pending": { "pending": 5, "received-by-gateway": -1 }, "final": {} },
    } });
    let monitoring: Monitoring = serde_json::from_value(answer).unwrap();
    let outgoing = monitoring.messaging.unwrap().outgoing;
    assert_eq!((outgoing.total.failed, outgoing.total.delivered), (Some(4), None));
    assert_eq!(outgoing.last_hundred["pending"].len(), 1);
    assert_eq!(outgoing.last_hundred["pending"]["pending"], 5);
}

#[test]
fn databases_and_indexes_take_what_is_told_of_them() {
    let bytes = |answer: serde_json::Value| {
        let monitoring: Monitoring = serde_json::from_value(answer).unwrap();
        monitoring.bytes_on_disk()
    };
    assert_eq!(bytes(unknowing_monitoring()), 0);
    let mut answer = monitoring("5.3.1");
    let databases = 4 * 42;
    assert_eq!(bytes(answer.clone()), databases);
    answer["couchdb"]["medic"]["view_indexes"] = serde_json::json!([
        { "name": "medic-client", "sizes": { "active": 1, "file": 100 } },
        { "name": "medic", "sizes": { "active": -1, "file": -1 } },
    ]);
    answer["couchdb"]["medic"]["nouveau_indexes"] =
        serde_json::json!([{ "name": "medic/contacts_by_freetext", "doc_count": 1, "file_size": 1000 }, "other"]);
    assert_eq!(bytes(answer.clone()), databases + 1100);
    answer["couchdb"]["medic"]["view_indexes"] = serde_json::json!("");
    assert_eq!(bytes(answer), databases + 1000);
}

#[test]
fn other_shapes_are_refused() {
    let changes: [(&str, serde_json::Value); 4] = [
        ("/version", serde_json::json!("5.3.1")),
        ("/couchdb/medic", serde_json::json!({})),
        ("/couchdb/medic/doc_count", serde_json::json!("42")),
        ("/sentinel/backlog", serde_json::json!(-2)),
    ];
    for (pointer, value) in changes {
        let mut answer = monitoring("5.3.1");
        *answer.pointer_mut(pointer).unwrap() = value;
        assert!(serde_json::from_value::<Monitoring>(answer).is_err(), "{pointer}");
    }
}
