//! What lives in the application, by the contract of the real API: its rules, its words, and what it leaves behind.

use super::super::application::disturbance::Disturbance;
use super::*;

const ID: &str = "org.couchdb.user:jane";

async fn ready() -> FakeCht {
    fake(&Stage::running(), NO_SETUP).await
}

async fn post(fake: &FakeCht, path: &str, body: Value) -> Answer {
    Call::post(fake, path, &body).login("first").send().await
}

async fn get(fake: &FakeCht, path: &str) -> Answer {
    Call::get(fake, path).login("first").send().await
}

async fn with_method(fake: &FakeCht, method: hyper::Method, path: &str, body: Value) -> Answer {
    let mut call = Call::post(fake, path, &body).login("first");
    *call.request.method_mut() = method;
    call.send().await
}

fn jane() -> Value {
    json!({ "username": "jane", "password": "Str0ng-Passw0rd", "roles": ["data_entry"] })
}

#[tokio::test]
async fn a_user_is_two_documents_of_which_a_deletion_leaves_one_that_keeps_the_name() {
    let fake = ready().await;
    assert_eq!(post(&fake, "/api/v3/users", jane()).await.status, 200);
    let shown = get(&fake, "/api/v2/users/jane").await.json();
    assert_eq!(shown["roles"], json!(["data_entry", "mm-online"]));
    assert!(shown.get("password").is_none() && shown["place"].is_null());

    let taken = post(&fake, "/api/v3/users", jane()).await;
    assert_eq!(
        (taken.status, &taken.json()["error"]["translationKey"]),
        (400, &json!("username.taken"))
    );
    let deleted = with_method(&fake, hyper::Method::DELETE, "/api/v1/users/jane", Value::Null).await;
    assert_eq!(deleted.status, 200);
    let gone = get(&fake, "/api/v2/users/jane").await;
    assert_eq!(gone.status, 404);
    assert!(gone.body.contains("[users] database"), "{}", gone.body);
    assert_eq!(
        post(&fake, "/api/v3/users", jane()).await.status,
        400,
        "the name is kept"
    );

    let left = get(&fake, &format!("/medic/{ID}")).await.json();
    assert_eq!(left["inactive"], true);
    let path = format!("/medic/{ID}?rev={}", left["_rev"].as_str().unwrap());
    assert_eq!(
        with_method(&fake, hyper::Method::DELETE, &path, Value::Null)
            .await
            .status,
        200
    );
    assert_eq!(post(&fake, "/api/v3/users", jane()).await.status, 200);
}

#[tokio::test]
async fn refusals_have_a_message_and_a_key() {
    let fake = ready().await;
    let table = [
        (json!({ "password": "short" }), "password.length.minimum"),
        (json!({ "password": "easytoguess" }), "password.weak"),
        (json!({ "password": null }), "fields.required"),
        (json!({ "username": "Jane" }), "username.invalid"),
        (json!({ "roles": ["chw"] }), "fields.required"),
        (
            json!({ "place": ["place-2"], "contact": "person-1" }),
            "configuration.user.place.contact",
        ),
        (
            json!({ "place": ["place-1"], "contact": "place-1" }),
            "contact.type.wrong",
        ),
    ];
    for (change, key) in table {
        let mut user = jane();
        user.as_object_mut()
            .unwrap()
            .extend(change.as_object().unwrap().clone());
        let refused = post(&fake, "/api/v3/users", user).await;
        assert_eq!(refused.status, 400, "{key}");
        assert_eq!(refused.json()["error"]["translationKey"], key);
    }
    fake.documents(NAMESPACE, |documents| assert!(documents.get("_users", ID).is_none()));
}

#[tokio::test]
async fn users_log_in_and_may_do_what_their_roles_say() {
    let fake = ready().await;
    post(&fake, "/api/v3/users", jane()).await;
    let as_jane = |path: &'static str, password: &str| {
        let pair = STANDARD.encode(format!("jane:{password}"));
        Call::get(&fake, path).header("authorization", &format!("Basic {pair}"))
    };
    assert_eq!(
        as_jane("/api/v2/users/jane", "Str0ng-Passw0rd").send().await.status,
        403
    );
    assert_eq!(as_jane("/api/v2/users/jane", "wrong").send().await.status, 401);
}

#[tokio::test]
async fn settings_are_merged_and_permissions_filled_in() {
    let fake = ready().await;
    let put = async |path: &str, body: Value| with_method(&fake, hyper::Method::PUT, path, body).await.json();
    let path = "/api/v1/settings";
    let updated = put(path, json!({ "sms": { "a": [1] }, "locale": "sw" })).await;
    assert_eq!(updated, json!({ "success": true, "updated": true }));
    let settings = get(&fake, path).await.json();
    assert_eq!(settings["sms"]["outgoing_service"], "medic-gateway");
    assert_eq!(
        (&settings["sms"]["a"], &settings["locale"]),
        (&json!([1]), &json!("sw"))
    );
    assert_eq!(put(path, json!({ "locale": "sw" })).await["updated"], false);
    put(path, json!({ "locale": { "lost": true } })).await;
    assert_eq!(
        get(&fake, path).await.json()["locale"],
        "sw",
        "what is merged into a text is lost"
    );

    put("/api/v1/settings?replace=true", json!({ "sms": { "b": 1 } })).await;
    assert_eq!(get(&fake, path).await.json()["sms"], json!({ "b": 1 }));
    put("/api/v1/settings?overwrite=true", json!({ "a": 1 })).await;
    let settings = get(&fake, path).await.json();
    let keys: Vec<&String> = settings.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["a", "permissions"], "even then permissions are filled in");
}

#[tokio::test]
async fn a_document_is_written_only_with_its_latest_revision() {
    let fake = ready().await;
    let path = "/medic/settings";
    let document = get(&fake, path).await.json();
    let write = |document: Value| with_method(&fake, hyper::Method::PUT, path, document);
    assert_eq!(write(document.clone()).await.status, 201);
    assert_eq!(write(document).await.status, 409);
    assert_eq!(write(json!({})).await.status, 409);
    assert_eq!(get(&fake, "/medic/nothing").await.status, 404);
}

#[tokio::test]
async fn a_credential_has_another_revision_after_each_write_and_is_not_in_clear() {
    let fake = ready().await;
    let put = async || {
        let call = Call::get(&fake, "/api/v1/credentials/oidc%3Aclient-secret");
        let mut call = call.login("first").header("content-type", "text/plain");
        *call.request.method_mut() = hyper::Method::PUT;
        *call.request.body_mut() = Full::from("s3cret");
        call.send().await.status
    };
    let mut revisions = Vec::new();
    for _ in 0..2 {
        assert_eq!(put().await, 200);
        let document = get(&fake, "/medic-vault/credential%3Aoidc%3Aclient-secret").await;
        assert!(!document.body.contains("s3cret"));
        revisions.push(document.json()["_rev"].clone());
    }
    assert_ne!(revisions[0], revisions[1]);
}

#[tokio::test]
async fn disturbed_calls_go_wrong_as_often_as_was_asked() {
    let fake = ready().await;
    fake.disturb(
        NAMESPACE,
        Disturbance::throttled(&hyper::Method::GET, "/api/v2/users").times(2),
    );
    fake.disturb(NAMESPACE, Disturbance::lost(&hyper::Method::POST, "/api/v3/users"));
    for expected in [429, 429, 404] {
        assert_eq!(get(&fake, "/api/v2/users/jane").await.status, expected);
    }
    assert_eq!(post(&fake, "/api/v3/users", jane()).await.status, 502);
    assert_eq!(
        get(&fake, "/api/v2/users/jane").await.status,
        200,
        "it was done all the same"
    );
}

#[tokio::test]
async fn another_volume_has_nothing_of_the_first_one() {
    let stage = Stage::running();
    let fake = fake(&stage, NO_SETUP).await;
    post(&fake, "/api/v3/users", jane()).await;
    stage.change(|cluster| {
        cluster.couchdb_nodes[0].disk = Some("volume-2".to_owned());
        cluster.couchdb_nodes[0].pod = Some("couchdb-2".to_owned());
    });
    assert_eq!(get(&fake, "/api/v2/users/jane").await.status, 404);
}
