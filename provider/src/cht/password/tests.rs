//! Nodes of CouchDB, and the passwords that they have.

use std::cell::RefCell;
use std::collections::VecDeque;

use serde_json::json;

use super::*;
use crate::cht::testing::{Answer, Script, answer, closed, ok};

const UP: &str = "GET /_up";
const GET: &str = "GET /_node/_local/_config/admins/medic";
const PUT: &str = "PUT /_node/_local/_config/admins/medic";
const GET_OTHER: &str = "GET /_node/couchdb%40two/_config/admins/medic";
const PUT_OTHER: &str = "PUT /_node/couchdb%40two/_config/admins/medic";

/// One connection: the password that it is made with, and what is called over it.
type Connection = (&'static str, Vec<(&'static str, Answer)>);

fn up() -> (&'static str, Answer) {
    (UP, ok(json!({ "status": "ok" })))
}

fn refused() -> (&'static str, Answer) {
    (UP, answer(401, "application/json", r#"{"error":"unauthorized"}"#))
}

fn change(others: &[&str]) -> Change {
    Change {
        user: "medic".to_owned(),
        wanted: "new password".into(),
        candidates: vec!["old password".into(), "new password".into(), "older password".into()],
        others: others.iter().map(|name| (*name).to_owned()).collect(),
    }
}

/// Makes the connections of a script, in their order.
fn connect(connections: impl IntoIterator<Item = Connection>) -> impl Fn(Credentials) -> Client<Script> {
    let connections: RefCell<VecDeque<Connection>> = RefCell::new(connections.into_iter().collect());
    move |credentials| {
        let (password, steps) = connections.borrow_mut().pop_front().expect("no more connections");
        assert_eq!(credentials.password.expose_secret(), password);
        Script::new(steps).client_as(credentials)
    }
}

#[tokio::test]
async fn the_password_that_couchdb_has_is_found_by_trying_each_one_once() {
    let step = change(&[])
        .advance(connect([
            ("new password", vec![refused()]),
            ("old password", vec![refused()]),
            ("older password", vec![up()]),
        ]))
        .await
        .unwrap();
    assert!(matches!(step, Step::Has(password) if password.expose_secret() == "older password"));
    let step = change(&[])
        .advance(connect([
            ("new password", vec![refused()]),
            ("old password", vec![refused()]),
            ("older password", vec![refused()]),
        ]))
        .await
        .unwrap();
    assert!(matches!(step, Step::Unknown));
}

#[tokio::test]
async fn a_password_is_set_with_the_one_that_it_replaces() {
    let put = (PUT, ok(json!("")));
    let change = change(&[]);
    let from = "old password".into();
    change
        .make(&from, connect([("old password", vec![put])]))
        .await
        .unwrap();
    let done = change.advance(connect([("new password", vec![up()])])).await.unwrap();
    assert!(
        matches!(done, Step::Done),
        "whoever was killed in between finds that nothing is left to do"
    );
}

#[tokio::test]
async fn row_09_all_nodes_get_the_same_hash_and_it_is_read_back() {
    let hash = || ok(json!("-pbkdf2:sha256-1"));
    let pending = change(&["couchdb@two"])
        .advance(connect([(
            "new password",
            vec![up(), (GET, ok(json!("new password")))],
        )]))
        .await
        .unwrap();
    assert!(matches!(pending, Step::Pending(_)), "it is not hashed yet");
    let other = (GET_OTHER, ok(json!("-pbkdf2:sha256-2")));
    let steps = vec![up(), (GET, hash()), other, (PUT_OTHER, ok(json!("")))];
    let given = change(&["couchdb@two"])
        .advance(connect([("new password", steps)]))
        .await
        .unwrap();
    assert!(matches!(given, Step::Pending(status) if status.ends_with("couchdb@two")));
    let steps = vec![up(), (GET, hash()), (GET_OTHER, hash())];
    let done = change(&["couchdb@two"])
        .advance(connect([("new password", steps)]))
        .await
        .unwrap();
    assert!(matches!(done, Step::Done), "what was given is read back");
}

#[tokio::test]
async fn a_node_that_does_not_answer_says_nothing_about_its_password() {
    let error = change(&[])
        .advance(connect([("new password", vec![(UP, closed())])]))
        .await
        .unwrap_err();
    assert!(error.is_retryable(), "{error}");
}

#[tokio::test]
async fn no_error_tells_a_password() {
    let told = r#"{"error":"bad_request","reason":"new password is too weak"}"#;
    let put = (PUT, answer(400, "application/json", told));
    let error = change(&[])
        .make(&"old password".into(), connect([("old password", vec![put])]))
        .await
        .unwrap_err();
    let shown = format!("{error} {error:?} {:?}", change(&[]));
    assert!(
        !shown.contains("new password") && !shown.contains("old password"),
        "{shown}"
    );
}
