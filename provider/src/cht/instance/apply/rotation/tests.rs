//! Which password is wanted, and which ones are tried.

use serde_json::json;
use tf_framework::Attr;

use super::*;
use crate::cht::instance::fixtures::{cluster, couchdb, model, state, with};
use crate::cht::instance::record::Stage;
use crate::kubernetes::LiveObject;

/// What the fixtures' cluster has.
const LIVE: &str = "correct horse battery";

fn live(password: Option<&str>) -> Known {
    Known {
        admin_password: password.map(Into::into),
        ..Known::default()
    }
}

#[track_caller]
fn wants(prior: serde_json::Value, plan: serde_json::Value, in_cluster: Option<&str>, expected: Option<&str>) {
    let wanted = wanted(
        &model(&with(couchdb(prior))),
        &model(&with(couchdb(plan))),
        &live(in_cluster),
    );
    assert_eq!(
        wanted.admin_password.as_ref().map(ExposeSecret::expose_secret),
        expected
    );
}

#[test]
fn a_write_only_password_counts_when_its_version_says_so() {
    let version = |version: i64| json!({"admin_password_wo_version": version});
    let given = |version: i64| json!({"admin_password_wo": "another one", "admin_password_wo_version": version});
    wants(version(1), given(2), Some(LIVE), Some("another one"));
    wants(version(1), given(1), Some(LIVE), Some(LIVE));
    wants(version(1), given(1), None, Some("another one"));
    wants(
        json!({"admin_password": LIVE}),
        given(1),
        Some(LIVE),
        Some("another one"),
    );
}

#[test]
fn a_password_that_is_not_given_stays_what_it_is() {
    wants(
        json!({"admin_password": LIVE}),
        json!({}),
        Some("in the cluster"),
        Some(LIVE),
    );
    wants(json!({}), json!({}), Some(LIVE), Some(LIVE));
    wants(
        json!({"admin_password": LIVE}),
        json!({"admin_password": "another one"}),
        Some(LIVE),
        Some("another one"),
    );
    wants(json!({}), json!({}), None, None);
}

/// The instance of the fixtures, and the note of an unfinished change.
fn found(note: Option<(&str, &str)>) -> (InstanceModel, Found) {
    let state = state(&with(json!({})));
    let instance = cluster(&state, Stage::Created, &[]);
    let value = |text: &str| serde_json::to_value(ByteString(text.as_bytes().to_vec())).expect("text");
    let note = note.map(|(from, to)| {
        let json = json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": {"name": NAME, "namespace": "cht-kisumu"},
            "data": {"from": value(from), "to": value(to)},
        });
        LiveObject::from_json(json).expect("a known kind")
    });
    let found = instance.objects().cloned().chain(note).collect();
    (state, found)
}

fn candidates(wanted: &str, in_cluster: Option<&str>, note: Option<(&str, &str)>) -> Option<Vec<String>> {
    let (state, found) = found(note);
    let rotation = Rotation::needed(&state, &wanted.into(), &live(in_cluster), &found)?;
    let candidates = rotation.change.candidates.iter();
    Some(candidates.map(|password| password.expose_secret().to_owned()).collect())
}

#[test]
fn a_password_is_changed_when_another_is_wanted_or_a_change_was_not_finished() {
    assert_eq!(candidates(LIVE, Some(LIVE), None), None);
    assert_eq!(
        candidates("new", Some(LIVE), None).as_deref(),
        Some(&[LIVE.to_owned()][..])
    );
    let unfinished = candidates("new", Some("new"), Some((LIVE, "new"))).expect("it goes on");
    assert_eq!(unfinished, ["new", LIVE]);
}

#[test]
fn whatever_an_unfinished_change_may_have_left_is_tried() {
    let tried = candidates("third", Some(LIVE), Some(("first", "second"))).expect("it goes on");
    assert_eq!(tried, [LIVE, "second", "first"]);
    let without_secret = candidates("new", None, None).expect("the state knows the earlier one");
    assert_eq!(without_secret, [LIVE]);
}

#[test]
fn the_nodes_of_a_cluster_are_named_as_couchdb_does() {
    let state = InstanceModel {
        couchdb: Couchdb {
            nodes: model(&with(couchdb(json!({"nodes": [{}, {}, {}]})))).couchdb.nodes,
            admin_password: Attr::Known(LIVE.into()),
            ..model(&with(json!({}))).couchdb
        },
        ..model(&with(json!({})))
    };
    let rotation = Rotation::needed(&state, &"new".into(), &live(Some(LIVE)), &Found::default()).expect("it is needed");
    assert_eq!(
        rotation.change.others,
        [2, 3].map(|number| format!("couchdb@couchdb-{number}.cht-kisumu.svc.cluster.local"))
    );
}
