//! Calls against a transport that gives scripted answers and remembers what it was sent.

use std::collections::VecDeque;
use std::sync::Mutex;

use http::HeaderMap;
use serde_json::json;

use super::*;
use crate::cht::client::{Credentials, FoundUser, Mark, UserChange};
use crate::cht::testing::{Answer, answer, no_server, page, starting};
use crate::cht::transport::TransportError;

/// Answers in order, and the requests that they were given to.
struct Scripted {
    answers: Mutex<VecDeque<Answer>>,
    requests: Mutex<Vec<Sent>>,
}

struct Sent {
    line: String,
    headers: HeaderMap,
    body: Value,
}

impl Transport for &Scripted {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        let (head, body) = request.into_parts();
        let body = serde_json::from_slice(&body).unwrap_or_else(|_| json!(String::from_utf8_lossy(&body)));
        self.requests.lock().unwrap().push(Sent {
            line: format!("{} {}", head.method, head.uri),
            headers: head.headers,
            body,
        });
        self.answers.lock().unwrap().pop_front().expect("an expected call")
    }
}

impl Scripted {
    fn new(answers: impl IntoIterator<Item = Answer>) -> Self {
        Self {
            answers: Mutex::new(answers.into_iter().collect()),
            requests: Mutex::default(),
        }
    }

    fn client(&self) -> Client<&Self> {
        let credentials = Credentials {
            user: "medic".to_owned(),
            password: "pässword".into(),
        };
        Client::new(self, Some(credentials))
    }

    #[track_caller]
    fn was_sent(&self, expected: &[&str]) {
        let requests = self.requests.lock().unwrap();
        let lines: Vec<&str> = requests.iter().map(|sent| sent.line.as_str()).collect();
        assert_eq!(lines, expected);
        assert!(self.answers.lock().unwrap().is_empty(), "missing calls");
        for sent in requests.iter() {
            assert_eq!(sent.headers["accept"], "application/json");
            assert!(sent.headers["authorization"].is_sensitive());
        }
    }
}

fn json_answer(status: u16, body: Value) -> Answer {
    answer(status, "application/json", body.to_string())
}

fn missing() -> Answer {
    json_answer(404, json!({ "error": "not_found", "reason": "missing" }))
}

fn saved() -> Answer {
    json_answer(201, json!({ "ok": true, "id": "x", "rev": "1-a" }))
}

fn change(password: Option<&str>) -> UserChange {
    let attributes = json!({ "roles": ["chw"], "place": ["p"], "fullname": null });
    UserChange {
        attributes: attributes.as_object().unwrap().clone(),
        password: password.map(Into::into),
    }
}

async fn user_refused(answer: Answer) -> Error {
    let script = Scripted::new([answer]);
    let change = change(Some("Str0ng-Passw0rd"));
    script.client().create_user("jane", &change).await.unwrap_err()
}

#[tokio::test]
async fn a_user_is_made_without_what_is_null_and_changed_with_it() {
    let changed = || json_answer(200, json!({ "user": { "id": "u", "rev": "1-a" }, "user-settings": {} }));
    let script = Scripted::new([changed(), changed()]);
    script
        .client()
        .create_user("jane", &change(Some("Str0ng-Passw0rd")))
        .await
        .unwrap();
    script.client().update_user("jane", &change(None)).await.unwrap();
    script.was_sent(&["POST /api/v3/users", "POST /api/v3/users/jane"]);
    let requests = script.requests.lock().unwrap();
    assert_eq!(
        requests[0].body,
        json!({ "username": "jane", "roles": ["chw"], "place": ["p"], "password": "Str0ng-Passw0rd" })
    );
    assert_eq!(
        requests[1].body,
        json!({ "roles": ["chw"], "place": ["p"], "fullname": null })
    );
    assert_eq!(requests[0].headers["content-type"], "application/json");
}

#[tokio::test]
async fn a_refusal_keeps_its_words_and_its_key_and_no_secret() {
    let body = json!({ "code": 400, "error": {
        "message": "Str0ng-Passw0rd is too  easy.", "translationKey": "password.weak",
    } });
    for status in [400, 200] {
        let error = user_refused(json_answer(status, body.clone())).await;
        let Error::Refused { reason, key, .. } = &error else {
            panic!("{error}")
        };
        assert_eq!(reason, "(sensitive value) is too easy");
        assert_eq!(key.as_deref(), Some("password.weak"));
        assert!(!error.is_retryable());
    }
    let list = json!([{ "error": "Username \"jane\" already taken." }]);
    let error = user_refused(json_answer(200, list)).await;
    assert!(matches!(error, Error::Refused { .. }), "{error}");
    let error = user_refused(answer(500, "text/plain", "cannot take Str0ng-Passw0rd")).await;
    assert!(!error.to_string().contains("Str0ng") && error.is_retryable(), "{error}");
}

#[tokio::test]
async fn a_secret_is_cut_out_of_an_answer_before_the_answer_is_cut() {
    let filler = "x".repeat(190);
    for status in [500, 503] {
        let error = user_refused(answer(status, "text/plain", format!("{filler} Str0ng-Passw0rd"))).await;
        assert!(!error.to_string().contains("Str0ng"), "{error}");
    }
    for password in ["Str0ng\"Passw0rd", "Str0ng  Passw0rd", "Str0ng\\"] {
        for status in [400, 500, 503] {
            for body in [
                json!({ "sent": { "password": password } }),
                json!({ "error": { "sent": password } }),
            ] {
                let script = Scripted::new([json_answer(status, body)]);
                let refused = script.client().create_user("jane", &change(Some(password))).await;
                let error = refused.unwrap_err().to_string();
                assert!(!error.contains("Str0ng") && error.contains(HIDDEN), "{error}");
            }
        }
    }
}

#[tokio::test]
async fn each_status_is_told_apart() {
    type Expected = fn(&Error) -> bool;
    let table: [(Answer, Expected, bool); 9] = [
        (
            json_answer(401, json!({})),
            |error| matches!(error, Error::Unauthorized { .. }),
            false,
        ),
        (
            json_answer(403, json!({ "error": "no" })),
            |error| matches!(error, Error::Forbidden { .. }),
            false,
        ),
        (
            json_answer(409, json!({ "code": 409, "error": "Document update conflict." })),
            |error| matches!(error, Error::Conflict { .. }),
            true,
        ),
        (
            json_answer(429, json!({ "code": 429, "error": "Too Many Requests" })),
            |error| matches!(error, Error::TooManyLogins { .. }),
            true,
        ),
        (starting(), |error| matches!(error, Error::Starting { .. }), true),
        (
            no_server(),
            |error| matches!(error, Error::DatabaseUnavailable { .. }),
            true,
        ),
        (page(), |error| matches!(error, Error::NotJson { .. }), false),
        (
            answer(404, "text/html", "<h1>Not here</h1>"),
            |error| matches!(error, Error::UnexpectedStatus { .. }),
            false,
        ),
        (
            json_answer(200, json!({ "user": "jane" })),
            |error| matches!(error, Error::UnexpectedShape { .. }),
            false,
        ),
    ];
    for (answer, expected, retryable) in table {
        let error = user_refused(answer).await;
        assert!(expected(&error), "{error:?}");
        assert_eq!(error.is_retryable(), retryable, "{error}");
    }
}

#[tokio::test]
async fn only_the_cht_itself_can_say_that_a_user_is_gone() {
    let not_found = |database: &str| {
        let words = format!("Failed to find user with name [jane] in the [{database}] database.");
        json_answer(404, json!({ "code": 404, "error": words }))
    };
    let found = |answer| async {
        let script = Scripted::new([answer]);
        script.client().user("jane").await
    };
    assert_eq!(found(not_found("users")).await.unwrap(), FoundUser::Gone);
    assert_eq!(found(not_found("medic")).await.unwrap(), FoundUser::Incomplete);
    let no_such_api = json!({ "error": "not_found", "reason": "Database does not exist." });
    assert!(found(json_answer(404, no_such_api)).await.is_err());
    assert!(found(answer(404, "text/html", "<h1>Not here</h1>")).await.is_err());
}

#[tokio::test]
async fn a_user_is_read_in_all_shapes_that_releases_have() {
    let read = |more: Value| async move {
        let mut user = json!({ "username": "jane", "roles": ["chw"], "fullname": "Jane" });
        user.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let script = Scripted::new([json_answer(200, user)]);
        match script.client().user("jane").await.unwrap() {
            FoundUser::Complete(user) => *user,
            other => panic!("{other:?}"),
        }
    };
    let user = read(json!({ "place": [{ "_id": "p2" }, "p1", null], "contact": { "_id": "c" } })).await;
    assert_eq!(user.place.into_iter().collect::<Vec<_>>(), ["p1", "p2"]);
    assert_eq!(user.contact.as_deref(), Some("c"));
    for nowhere in [json!({ "place": null }), json!({ "place": [null] }), json!({})] {
        assert!(read(nowhere).await.place.is_empty());
    }
    assert_eq!(read(json!({ "place": { "_id": "p" } })).await.place.len(), 1);
}

#[tokio::test]
async fn a_deleted_user_leaves_nothing_and_an_active_one_is_not_freed() {
    let settings = |inactive: bool| json_answer(200, json!({ "_id": "x", "_rev": "2-b", "inactive": inactive }));
    let document = "/medic/org.couchdb.user%3Ajane";
    let script = Scripted::new([
        json_answer(200, json!([{ "ok": true }, { "ok": true }])),
        settings(true),
        saved(),
    ]);
    script.client().delete_user("jane").await.unwrap();
    let deletion = format!("DELETE {document}?rev=2-b");
    script.was_sent(&["DELETE /api/v1/users/jane", &format!("GET {document}"), &deletion]);

    let script = Scripted::new([json_answer(404, json!({ "code": 404, "error": "missing" })), missing()]);
    script.client().delete_user("jane").await.unwrap();

    let script = Scripted::new([settings(false)]);
    script.client().free_username("jane").await.unwrap();
    script.was_sent(&[&format!("GET {document}")]);
}

#[tokio::test]
async fn settings_are_edited_with_what_others_have_written_and_only_if_it_makes_a_difference() {
    let document = || {
        json_answer(
            200,
            json!({ "_id": "settings", "_rev": "7-c", "settings": { "a": 1, "b": 2 } }),
        )
    };
    let script = Scripted::new([document(), saved(), document()]);
    let client = script.client();
    client
        .edit_settings(|settings| drop(settings.remove("a")))
        .await
        .unwrap();
    client
        .edit_settings(|settings| drop(settings.remove("c")))
        .await
        .unwrap();
    script.was_sent(&["GET /medic/settings", "PUT /medic/settings", "GET /medic/settings"]);
    assert_eq!(
        script.requests.lock().unwrap()[1].body,
        json!({ "_id": "settings", "_rev": "7-c", "settings": { "b": 2 } })
    );
}

#[tokio::test]
async fn settings_that_were_not_taken_are_an_error_and_a_setting_may_be_called_error() {
    let script = Scripted::new([
        json_answer(200, json!({ "success": false, "error": "bad" })),
        json_answer(200, json!({ "error": "a setting", "ok": false })),
    ]);
    let refused = script.client().merge_settings(&serde_json::Map::new()).await;
    assert!(matches!(refused, Err(Error::Refused { .. })), "{refused:?}");
    assert_eq!(script.client().settings().await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_credential_is_sent_as_text_and_named_by_its_revision() {
    let script = Scripted::new([
        json_answer(200, json!({ "ok": true })),
        json_answer(200, json!({ "_id": "x", "_rev": "3-d", "password": "0:1" })),
        missing(),
    ]);
    let client = script.client();
    client
        .put_credential("oidc:client-secret", &"s3cret".into())
        .await
        .unwrap();
    let revision = client.credential_revision("oidc:client-secret").await.unwrap();
    assert_eq!(revision.as_deref(), Some("3-d"));
    client.delete_credential("oidc:client-secret").await.unwrap();
    let document = "GET /medic-vault/credential%3Aoidc%3Aclient-secret";
    script.was_sent(&["PUT /api/v1/credentials/oidc%3Aclient-secret", document, document]);
    let requests = script.requests.lock().unwrap();
    assert_eq!(requests[0].body, "s3cret");
    assert_eq!(requests[0].headers["content-type"], "text/plain");
}

#[tokio::test]
async fn a_mark_is_a_local_document_that_is_replaced_when_more_is_known() {
    let begun = json!({ "_rev": "0-1", "made_by": "terraform-provider-cht", "creation": "a" });
    let finished = json!({ "_rev": "0-2", "creation": "a", "finished": "2026-03-01T10:00:00Z", "revision": "3-d" });
    let script = Scripted::new([
        missing(),
        saved(),
        json_answer(200, begun),
        saved(),
        json_answer(200, finished.clone()),
        json_answer(200, finished),
        saved(),
    ]);
    let client = script.client();
    let mark = Mark {
        creation: Some("a".to_owned()),
        ..Mark::default()
    };
    client.mark("user.jane", &mark).await.unwrap();
    let mark = Mark {
        finished: Some("2026-03-01T10:00:00Z".parse().unwrap()),
        revision: Some("3-d".to_owned()),
        ..mark
    };
    client.mark("user.jane", &mark).await.unwrap();
    assert_eq!(client.find_mark("user.jane").await.unwrap(), Some(mark));
    client.unmark("user.jane").await.unwrap();
    let path = "/medic/_local/terraform-provider-cht.user.jane";
    let [get, put] = ["GET", "PUT"].map(|method| format!("{method} {path}"));
    let delete = format!("DELETE {path}?rev=0-2");
    script.was_sent(&[&get, &put, &get, &put, &get, &get, &delete]);
    let second = script.requests.lock().unwrap()[3].body.clone();
    assert_eq!((&second["_rev"], &second["revision"]), (&json!("0-1"), &json!("3-d")));
}
