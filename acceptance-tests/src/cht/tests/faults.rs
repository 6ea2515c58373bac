//! What changes in the cluster, or what is broken on purpose, and how that shows.

use super::super::Fault;
use super::*;

async fn status(fake: &FakeCht, password: &str) -> u16 {
    Call::get(fake, "/_up").login(password).send().await.status
}

#[tokio::test]
async fn first_start_of_couchdb_decides_on_the_password() {
    let stage = Stage::running();
    let fake = fake(&stage, NO_SETUP).await;
    assert_eq!(status(&fake, "first").await, 200);

    stage.change(|cluster| cluster.secret = Some(password("second")));
    assert_eq!(status(&fake, "first").await, 200, "no pod has read the new Secret yet");

    stage.change(|cluster| cluster.couchdb_nodes[0].pod = Some("couchdb-2".to_owned()));
    assert_eq!(status(&fake, "first").await, 200, "the volume knows the administrator");
    assert_eq!(status(&fake, "second").await, 401);

    stage.change(|cluster| cluster.haproxy_pod = Some("haproxy-2".to_owned()));
    assert_eq!(
        status(&fake, "first").await,
        503,
        "HAProxy checks CouchDB with the password of the Secret"
    );

    stage.change(|cluster| {
        cluster.couchdb_nodes[0].disk = Some("volume-2".to_owned());
        cluster.couchdb_nodes[0].pod = Some("couchdb-3".to_owned());
    });
    assert_eq!(
        status(&fake, "second").await,
        200,
        "an empty volume takes the new password"
    );
}

#[tokio::test]
async fn other_user_in_the_secret_becomes_another_administrator() {
    let stage = Stage::running();
    let fake = fake(&stage, NO_SETUP).await;
    assert_eq!(status(&fake, "first").await, 200);
    stage.change(|cluster| {
        cluster.secret = Some(Credentials {
            user: "admin".to_owned(),
            password: "second".to_owned(),
        });
        cluster.couchdb_nodes[0].pod = Some("couchdb-2".to_owned());
    });
    assert_eq!(status(&fake, "first").await, 200);
    let pair = STANDARD.encode("admin:second");
    let other = Call::get(&fake, "/_up")
        .header("authorization", &format!("Basic {pair}"))
        .send()
        .await;
    assert_eq!(other.status, 200);
}

#[tokio::test]
async fn api_is_closed_until_all_three_are_available_and_again_without_its_pod() {
    let stage = Stage::running();
    let fake = fake(&stage, NO_SETUP).await;
    stage.change(|cluster| cluster.api_available = false);
    assert!(Call::get(&fake, "/setup/poll").try_send().await.is_none());
    stage.change(|cluster| cluster.api_available = true);
    assert_eq!(Call::get(&fake, "/setup/poll").send().await.status, 200);
    stage.change(|cluster| cluster.api_pod = None);
    assert!(Call::get(&fake, "/setup/poll").try_send().await.is_none());
}

#[tokio::test]
async fn new_api_pod_brings_its_version_and_a_new_start() {
    let stage = Stage::running();
    let fake = fake(&stage, NO_SETUP).await;
    assert_eq!(Call::get(&fake, "/setup/poll").send().await.status, 200);
    stage.change(|cluster| {
        cluster.api_pod = Some("api-2".to_owned());
        cluster.api_tag = Some("5.3.2".to_owned());
        cluster.database_available = false;
    });
    assert!(
        Call::get(&fake, "/setup/poll").try_send().await.is_none(),
        "the new pod waits for CouchDB"
    );
    stage.change(|cluster| cluster.database_available = true);
    let monitoring = Call::get(&fake, "/api/v2/monitoring").send().await.json();
    assert_eq!(monitoring["version"]["app"], "5.3.2");
}

#[tokio::test]
async fn running_api_that_loses_couchdb_says_so_in_two_ways() {
    let stage = Stage::running();
    let fake = fake(&stage, NO_SETUP).await;
    assert_eq!(status(&fake, "first").await, 200);
    stage.change(|cluster| cluster.database_available = false);
    assert_lost_database(&fake).await;
}

#[tokio::test]
async fn haproxy_down_is_the_same_until_it_is_healed() {
    let fake = fake(&Stage::running(), NO_SETUP).await;
    assert_eq!(status(&fake, "first").await, 200);
    fake.inject(NAMESPACE, Fault::HaproxyDown);
    assert_lost_database(&fake).await;
    fake.heal(NAMESPACE, Fault::HaproxyDown);
    assert_eq!(status(&fake, "first").await, 200);
}

async fn assert_lost_database(fake: &FakeCht) {
    let answer = Call::get(fake, "/_up").login("first").send().await;
    assert_eq!(
        (answer.status, answer.json()["server"].clone()),
        (503, json!("haproxy"))
    );
    let monitoring = Call::get(fake, "/api/v2/monitoring").send().await;
    assert_eq!(monitoring.status, 200);
    assert_knows_nothing(&monitoring.json());
}

fn assert_knows_nothing(monitoring: &Value) {
    assert_eq!(
        (&monitoring["version"]["app"], &monitoring["version"]["couchdb"]),
        (&json!(""), &json!(""))
    );
    assert_eq!(monitoring["couchdb"]["medic"]["doc_count"], -1);
    assert_eq!(monitoring["sentinel"]["backlog"], -1);
}

#[tokio::test]
async fn each_other_fault_shows_where_it_should_and_only_there() {
    let fake = fake(&Stage::running(), NO_SETUP).await;

    fake.inject(NAMESPACE, Fault::StayInSetup);
    assert_eq!(statuses(&fake, "/setup/poll").await, (Some(503), Some(200)));
    fake.heal(NAMESPACE, Fault::StayInSetup);

    fake.inject(NAMESPACE, Fault::Html200);
    assert!(Call::get(&fake, "/setup/poll").send().await.is_page());
    assert!(Call::get(&fake, "/api/v2/monitoring").send().await.is_page());
    fake.heal(NAMESPACE, Fault::Html200);

    fake.inject(NAMESPACE, Fault::WrongVersion);
    let monitoring = Call::get(&fake, "/api/v2/monitoring").send().await.json();
    assert_eq!(monitoring["version"]["app"], "4.0.0");
    fake.heal(NAMESPACE, Fault::WrongVersion);

    fake.inject(NAMESPACE, Fault::Unauthorized);
    assert_eq!(status(&fake, "first").await, 401);
    assert_eq!(Call::get(&fake, "/setup/poll").send().await.status, 200);
    fake.heal(NAMESPACE, Fault::Unauthorized);

    fake.inject(NAMESPACE, Fault::MonitoringErrors);
    assert_knows_nothing(&Call::get(&fake, "/api/v2/monitoring").send().await.json());
    assert_eq!(status(&fake, "first").await, 200);
    fake.heal(NAMESPACE, Fault::MonitoringErrors);

    fake.inject("cht-nakuru", Fault::Html200);
    let poll = Call::get(&fake, "/setup/poll").send().await;
    assert_eq!(poll.json()["ready"], true, "another instance's fault");
}

#[tokio::test]
async fn admins_are_lost_in_a_restart_of_couchdb_and_not_in_its_first_start() {
    let stage = Stage::running();
    let fake = fake(&stage, NO_SETUP).await;
    fake.inject(NAMESPACE, Fault::AdminsLost);
    assert_eq!(status(&fake, "first").await, 200);
    stage.change(|cluster| cluster.couchdb_nodes[0].pod = Some("couchdb-2".to_owned()));
    assert_eq!(status(&fake, "first").await, 503, "HAProxy is locked out, too");
    let host = format!("couchdb.{NAMESPACE}.svc.cluster.local:5984");
    let at_couchdb = Call::get(&fake, "/_up")
        .login("first")
        .header("host", &host)
        .send()
        .await;
    assert_eq!(at_couchdb.status, 401);
}
