//! What the API answers as an instance comes up, and whom it lets in.

use super::*;

/// A path, and the statuses of its answers to JSON and to a browser.
type Expected = (&'static str, Option<u16>, Option<u16>);

const PROGRESS: &str = "/api/v1/startup-progress";

#[tokio::test]
async fn each_phase_has_its_statuses() {
    let closed = Stage::running();
    closed.change(|cluster| cluster.database_available = false);
    let table: [(&str, &Stage, Duration, &[Expected]); 3] = [
        (
            "closed",
            &closed,
            NO_SETUP,
            &[(PROGRESS, None, None), ("/setup/poll", None, None), ("/", None, None)],
        ),
        (
            "setup",
            &Stage::running(),
            LONG_SETUP,
            &[
                (PROGRESS, Some(200), Some(200)),
                ("/setup/poll", Some(503), Some(200)),
                ("/api/info", Some(503), Some(200)),
                ("/api/v2/monitoring", Some(503), Some(200)),
                ("/api/deploy-info", Some(503), Some(200)),
                ("/_up", Some(503), Some(200)),
                ("/", Some(503), Some(200)),
            ],
        ),
        (
            "ready",
            &Stage::running(),
            NO_SETUP,
            &[
                (PROGRESS, Some(200), Some(200)),
                ("/setup/poll", Some(200), Some(200)),
                ("/api/info", Some(200), Some(200)),
                ("/api/v2/monitoring", Some(200), Some(200)),
                ("/api/deploy-info", Some(401), Some(401)),
                ("/_up", Some(401), Some(401)),
                ("/_membership", Some(401), Some(401)),
                ("/_active_tasks", Some(401), Some(401)),
                ("/medic", Some(401), Some(401)),
            ],
        ),
    ];
    for (phase, stage, setup, requests) in table {
        let fake = fake(stage, setup).await;
        for (path, json, browser) in requests {
            assert_eq!(statuses(&fake, path).await, (*json, *browser), "{path} while {phase}");
        }
    }
}

#[tokio::test]
async fn start_answers_json_with_503_and_a_browser_with_a_page() {
    let fake = fake(&Stage::running(), LONG_SETUP).await;
    let answer = Call::get(&fake, "/setup/poll").send().await;
    assert_eq!(answer.json(), json!({ "error": "Service unavailable" }));
    assert!(Call::get(&fake, "/setup/poll").browser().send().await.is_page());
    let progress = Call::get(&fake, PROGRESS).browser().send().await.json();
    assert_eq!(progress["completed"], false);
    assert_eq!(progress["actions"].as_object().unwrap().len(), 6);
    assert_eq!(progress["actions"]["install"]["completed"], true);
    assert_eq!(progress["actions"]["index"]["started"], true);
    assert!(progress["actions"]["index"].get("completed").is_none());
}

#[tokio::test]
async fn ready_instance_tells_its_true_version_only_where_the_real_one_does() {
    let fake = fake(&Stage::running(), NO_SETUP).await;
    let poll = Call::get(&fake, "/setup/poll").send().await.json();
    assert_eq!((&poll["ready"], &poll["handler"]), (&json!(true), &json!("medic-api")));
    assert_eq!(poll["version"], "0.1.0");
    assert_eq!(
        Call::get(&fake, "/api/info").send().await.json(),
        json!({ "version": "0.1.0" })
    );
    assert_eq!(Call::get(&fake, PROGRESS).send().await.json()["completed"], true);

    let monitoring = Call::get(&fake, "/api/v2/monitoring").send().await.json();
    assert_eq!(monitoring["version"]["app"], "5.3.1");
    assert_eq!(monitoring["version"]["couchdb"], "3.5.2");
    for database in ["medic", "sentinel", "usersmeta", "users"] {
        assert!(
            monitoring["couchdb"][database]["doc_count"].as_i64().unwrap() >= 0,
            "{database}"
        );
        let sizes = &monitoring["couchdb"][database];
        assert!(
            sizes["sizes"]["file"].as_u64() > sizes["sizes"]["active"].as_u64(),
            "{database}"
        );
        assert_eq!(sizes["view_indexes"][0]["sizes"]["file"], 1000, "{database}");
    }
    assert_eq!(monitoring["couchdb"]["medic"]["nouveau_indexes"][0]["file_size"], 500);
    let info = Call::get(&fake, "/api/deploy-info").login("first").send().await.json();
    assert_eq!(info["version"], "5.3.1");
}

#[tokio::test]
async fn couchdb_answers_through_the_api_after_a_login() {
    let fake = fake(&Stage::running(), NO_SETUP).await;
    let table = [
        ("/_up", "/status", json!("ok")),
        ("/_membership", "/all_nodes", json!(["couchdb@127.0.0.1"])),
        ("/_membership", "/cluster_nodes", json!(["couchdb@127.0.0.1"])),
        ("/_active_tasks", "", json!([])),
        ("/medic", "/db_name", json!("medic")),
        ("/_all_dbs", "/3", json!("medic")),
    ];
    for (path, pointer, expected) in table {
        let answer = Call::get(&fake, path).login("first").send().await;
        assert_eq!(
            (answer.status, answer.json().pointer(pointer)),
            (200, Some(&expected)),
            "{path}"
        );
    }
    let hash = Call::get(&fake, "/_node/_local/_config/admins/medic")
        .login("first")
        .send()
        .await;
    assert!(hash.json().as_str().unwrap().starts_with("-pbkdf2"));
    let unknown = Call::get(&fake, "/_scheduler/jobs").login("first").send().await;
    assert_eq!(unknown.status, 501, "what is not played must not look like an answer");
}

#[tokio::test]
async fn login_is_by_basic_authentication_or_by_the_cookie_of_a_session() {
    let fake = fake(&Stage::running(), NO_SETUP).await;
    let refused = Call::get(&fake, "/_up").login("wrong").send().await;
    assert_eq!(
        (refused.status, refused.json()["error"].clone()),
        (401, json!("unauthorized"))
    );
    let refused = Call::get(&fake, "/_up").browser().login("wrong").send().await;
    assert_eq!((refused.status, refused.body.as_str()), (401, "not logged in"));
    assert!(refused.headers.contains_key("www-authenticate"));

    assert_eq!(
        Call::post(&fake, "/_session", &session_body("wrong"))
            .send()
            .await
            .status,
        401
    );
    assert_eq!(Call::post(&fake, "/_session", &json!({})).send().await.status, 400);
    let session = Call::post(&fake, "/_session", &session_body("first")).send().await;
    assert_eq!((session.status, session.json()["ok"].clone()), (200, json!(true)));
    let cookie = session.headers["set-cookie"]
        .to_str()
        .unwrap()
        .split(';')
        .next()
        .unwrap()
        .to_owned();
    assert!(cookie.starts_with("AuthSession="), "{cookie}");
    assert_eq!(
        Call::get(&fake, "/_up").header("cookie", &cookie).send().await.status,
        200
    );
    assert_eq!(
        Call::get(&fake, "/_up")
            .header("cookie", "AuthSession=forged")
            .send()
            .await
            .status,
        401
    );
}

#[tokio::test]
async fn tenth_failure_makes_even_the_right_password_wait() {
    let fake = fake(&Stage::running(), NO_SETUP).await;
    for _ in 0..10 {
        assert_eq!(Call::get(&fake, "/_up").login("wrong").send().await.status, 401);
    }
    assert_eq!(Call::get(&fake, "/_up").login("first").send().await.status, 429);
    assert_eq!(
        Call::post(&fake, "/_session", &session_body("first"))
            .send()
            .await
            .status,
        429
    );
    assert_eq!(
        Call::get(&fake, "/setup/poll").send().await.status,
        200,
        "what needs no log-in goes on"
    );
}

#[tokio::test]
async fn instances_are_told_apart_by_the_host() {
    let fake = fake(&Stage::running(), NO_SETUP).await;
    let at = |host: &'static str| Call::get(&fake, "/setup/poll").header("host", host).try_send();
    assert_eq!(at("api.cht-kisumu.svc.other.domain").await.unwrap().status, 200);
    assert!(
        at("api.cht-nakuru.svc.cluster.local:5988").await.is_none(),
        "nothing runs there"
    );
    for host in [
        "kisumu.health.example",
        "api.svc.cluster.local",
        "api..svc.cluster.local",
        "127.0.0.1:5988",
    ] {
        assert_eq!(at(host).await.unwrap().status, 421, "{host}");
    }
}
