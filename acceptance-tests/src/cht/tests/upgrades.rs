//! Upgrades and administrators' passwords, over HTTP.

use super::super::Fault;
use super::*;
use crate::cluster::wait;

const UPGRADE: &str = "/api/v2/upgrade";

fn build(version: &str) -> Value {
    json!({ "build": { "namespace": "medic", "application": "medic", "version": version } })
}

async fn upgrade(fake: &FakeCht) -> Value {
    Call::get(fake, UPGRADE).login("first").send().await.json()
}

async fn stage(fake: &FakeCht, version: &str) -> Answer {
    let call = Call::post(fake, "/api/v2/upgrade/stage", &build(version));
    call.login("first").send().await
}

/// Asks until the upgrade is in a state; the indexes' progress on the way.
async fn until(fake: &FakeCht, state: &str) -> Vec<Value> {
    let seen = Mutex::new(Vec::new());
    wait::until("the state of the upgrade", Duration::from_secs(10), async || {
        let answer = upgrade(fake).await;
        let indexers = answer["indexers"].as_array().cloned().unwrap_or_default();
        seen.lock().unwrap().extend(indexers);
        let now = answer["upgradeDoc"]["state"].clone();
        if now == state { Ok(()) } else { Err(now.to_string()) }
    })
    .await
    .unwrap();
    seen.into_inner().unwrap()
}

async fn version(fake: &FakeCht) -> Option<Value> {
    let answer = Call::get(fake, "/api/v2/monitoring").try_send().await?;
    Some(answer.json()["version"]["app"].clone())
}

#[tokio::test]
async fn a_version_is_staged_beside_the_running_one_and_taken_over_by_its_image() {
    let cluster = Stage::running();
    let fake = fake(&cluster, NO_SETUP).await;
    assert!(upgrade(&fake).await.get("upgradeDoc").is_none());
    assert_eq!(stage(&fake, "5.3.2").await.json(), json!({ "ok": true }));
    let doc = upgrade(&fake).await["upgradeDoc"].clone();
    assert_eq!(
        (&doc["action"], &doc["to"]["version"]),
        (&json!("stage"), &json!("5.3.2"))
    );
    assert_eq!(
        (&doc["from"]["version"], &doc["user"]),
        (&json!("5.3.1"), &json!("medic"))
    );
    assert!(doc["_id"].as_str().unwrap().starts_with("upgrade_log:"));

    let indexers = until(&fake, "indexed").await;
    let indexer = &indexers[0];
    assert_eq!(
        (&indexer["database"], &indexer["ddoc"]),
        (&json!("medic"), &json!(":staged:medic-client"))
    );
    assert!(indexer["progress"].as_u64().unwrap() < 100);
    assert_eq!(version(&fake).await, Some(json!("5.3.1")));

    cluster.change(|cluster| {
        cluster.api_pod = Some("api-2".to_owned());
        cluster.api_tag = Some("5.3.2".to_owned());
    });
    assert_eq!(version(&fake).await, Some(json!("5.3.2")));
    assert!(
        upgrade(&fake).await.get("upgradeDoc").is_none(),
        "what is over is not shown"
    );
    assert_eq!(fake.upgrades().of(NAMESPACE).cold_starts, 0);
}

#[tokio::test]
async fn the_log_tells_how_the_last_upgrade_ended() {
    let fake = fake(&Stage::running(), NO_SETUP).await;
    let log = "/medic-logs/_all_docs?descending=true&include_docs=true&limit=1\
               &startkey=%22upgrade_log%3A%EF%BF%B0%22&endkey=%22upgrade_log%3A%22";
    let rows = async || Call::get(&fake, log).login("first").send().await.json()["rows"].clone();
    assert_eq!(rows().await, json!([]));
    fake.inject(NAMESPACE, Fault::BuildsServerAway);
    stage(&fake, "5.3.2").await;
    wait::until("the failure", Duration::from_secs(10), async || {
        match &rows().await[0]["doc"]["state"] {
            state if state == "errored" => Ok(()),
            state => Err(state.to_string()),
        }
    })
    .await
    .unwrap();
    assert!(upgrade(&fake).await.get("upgradeDoc").is_none());
    let other = Call::get(&fake, "/medic-logs/_all_docs").login("first").send().await;
    assert_eq!(other.status, 501);
}

#[tokio::test]
async fn what_is_asked_for_must_be_a_build_and_who_asks_must_be_allowed_to() {
    let fake = fake(&Stage::running(), NO_SETUP).await;
    let post = |body: Value| Call::post(&fake, "/api/v2/upgrade/stage", &body);
    assert_eq!(post(json!({})).login("first").send().await.status, 400);
    assert_eq!(post(build("5.3.2")).send().await.status, 401);
    for (fault, status) in [
        (Fault::UpgradesForbidden, 403),
        (Fault::UpgradesFail, 500),
        (Fault::UpgradesAreLimited, 429),
    ] {
        fake.inject(NAMESPACE, fault);
        let refused = post(build("5.3.2")).login("first").send().await;
        assert_eq!((refused.status, &refused.json()["code"]), (status, &json!(status)));
        assert_eq!(Call::get(&fake, UPGRADE).login("first").send().await.status, status);
        fake.heal(NAMESPACE, fault);
    }
    assert!(fake.upgrades().of(NAMESPACE).log.is_empty());
}

#[tokio::test]
async fn an_upgrade_is_given_up_on_request() {
    let fake = fake(&Stage::running(), NO_SETUP).await;
    fake.inject(NAMESPACE, Fault::IndexingStalls);
    stage(&fake, "5.3.2").await;
    until(&fake, "indexing").await;
    let abort = Call::get(&fake, UPGRADE).method("DELETE").login("first").send().await;
    assert_eq!(abort.json(), json!({ "ok": true }));
    assert!(upgrade(&fake).await.get("upgradeDoc").is_none());
    let database = fake.upgrades().of(NAMESPACE);
    assert_eq!((database.log[0].state, database.staged), ("aborted", None));
}

#[tokio::test]
async fn versions_are_compared_and_there_is_no_upgrade_service() {
    let fake = fake(&Stage::running(), NO_SETUP).await;
    let can = Call::get(&fake, "/api/v2/upgrade/can-upgrade")
        .login("first")
        .send()
        .await;
    assert_eq!(can.json(), json!({ "ok": false }));
    let compare = async |version: &str| {
        let call = Call::post(&fake, "/api/v2/upgrade/compare", &build(version));
        call.login("first").send().await.json()
    };
    assert_eq!(compare("5.3.1").await, json!([]));
    assert_eq!(compare("5.3.2").await[0]["indexing"], true);
    Call::post(&fake, UPGRADE, &build("5.3.2")).login("first").send().await;
    fake.inject(NAMESPACE, Fault::IndexingStalls);
    until(&fake, "indexing").await;
    Call::post(&fake, "/api/v2/upgrade/complete", &build("5.3.2"))
        .login("first")
        .send()
        .await;
    assert_eq!(fake.upgrades().of(NAMESPACE).log[0].state, "errored");
}

#[tokio::test]
async fn an_interrupted_upgrade_takes_the_api_through_another_start() {
    let fake = fake(&Stage::running(), Duration::from_millis(300)).await;
    wait::until("the start", Duration::from_secs(10), async || {
        match version(&fake).await {
            Some(version) if version == "5.3.1" => Ok(()),
            other => Err(format!("{other:?}")),
        }
    })
    .await
    .unwrap();
    fake.inject(NAMESPACE, Fault::StagingIsInterrupted);
    stage(&fake, "5.3.2").await;
    wait::until("the other start", Duration::from_secs(10), async || {
        let status = Call::get(&fake, UPGRADE).login("first").send().await.status;
        if status == 503 { Ok(()) } else { Err(status.to_string()) }
    })
    .await
    .unwrap();
    until(&fake, "interrupted").await;
}

#[tokio::test]
async fn a_password_is_changed_at_a_node_and_the_services_are_locked_out_until_they_know_it() {
    let cluster = Stage::running();
    let fake = fake(&cluster, NO_SETUP).await;
    assert_eq!(Call::get(&fake, "/_up").login("first").send().await.status, 200);
    let node = |path: &str| Call::get(&fake, path).header("host", "couchdb.cht-kisumu.svc.cluster.local:5984");
    let admin = "/_node/_local/_config/admins/medic";
    assert_eq!(node(admin).send().await.status, 401);
    let before = node(admin).login("first").send().await.json();
    assert!(before.as_str().unwrap().starts_with("-pbkdf2"), "{before}");

    let put = node(admin).login("first").method("PUT").body(&json!("second"));
    assert_eq!(put.send().await.json(), json!(""), "the earlier one is not told");
    assert_eq!(node("/_up").login("first").send().await.status, 401);
    assert_eq!(node("/_up").login("second").send().await.status, 200);
    assert_ne!(node(admin).login("second").send().await.json(), before);
    let locked_out = Call::get(&fake, "/_up").login("second").send().await;
    assert_eq!(
        (locked_out.status, &locked_out.json()["server"]),
        (503, &json!("haproxy"))
    );

    cluster.change(|cluster| {
        cluster.secret = Some(password("second"));
        cluster.haproxy_pod = Some("haproxy-2".to_owned());
    });
    assert_eq!(Call::get(&fake, "/_up").login("second").send().await.status, 200);

    let hash = node(admin).login("second").send().await.json();
    let unknown = node("/_node/couchdb%40elsewhere/_config/admins/medic")
        .login("second")
        .send()
        .await;
    assert_eq!(unknown.status, 404);
    let named = "/_node/couchdb%40127.0.0.1/_config/admins/medic";
    assert_eq!(node(named).login("second").send().await.json(), hash);
    node(named).login("second").method("PUT").body(&hash).send().await;
    assert_eq!(
        node(named).login("second").send().await.json(),
        hash,
        "a hash is kept as it is"
    );
    let missing = node("/_node/_local/_config/admins/nobody").login("second").send().await;
    assert_eq!(missing.status, 404);
}
