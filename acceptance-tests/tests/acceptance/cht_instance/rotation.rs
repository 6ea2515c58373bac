//! Changes of the administrator's password: CouchDB first, then everything that uses it.

use acceptance_tests::cht::Fault;
use kube::ResourceExt;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use terraform_provider_cht::cht::client::{Client, Credentials, LOCAL};
use terraform_provider_cht::cht::port_forward::{Forwards, PortForwardTransport};
use terraform_provider_cht::kubernetes::Cluster;

use super::upgrade::{database, image, killed, running};
use crate::support::{ADDRESS, Instance, SECRET, Scene, blames, lab};

const NOTE: &str = "terraform-provider-cht-rotation";

/// A client of a CouchDB node that logs in with a password.
fn couchdb(scene: &Scene, service: &str, password: &str) -> Client<PortForwardTransport> {
    let login = Credentials {
        user: "medic".to_owned(),
        password: password.into(),
    };
    let cluster = Cluster::new(scene.client.clone(), "the lab");
    let (forwards, namespace) = (Forwards::default(), &scene.namespace);
    let transport = PortForwardTransport::to_couchdb(&forwards, &cluster, namespace, "cluster.local", service);
    Client::new(transport, Some(login))
}

/// Checks that CouchDB has one password and not another, and that nothing is left of the change.
async fn has_password(scene: &Scene, service: &str, password: &str, earlier: &str, when: &str) {
    couchdb(scene, service, password)
        .couch_up()
        .await
        .unwrap_or_else(|error| panic!("{when}: {error}"));
    assert!(couchdb(scene, service, earlier).couch_up().await.is_err(), "{when}");
    assert!(scene.object(&SECRET, NOTE).await.is_none(), "{when}: the note is left");
}

fn with_password(scene: &Scene, password: &str) -> Instance {
    scene.instance().couchdb(&format!("admin_password = {password:?}"))
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn row_08_another_password_is_brought_to_couchdb_and_to_all_that_use_it() {
    let scene = Scene::new("rotated").await;
    scene.configure(&with_password(&scene, "first password")).await;
    scene.apply().await;
    let pods = async || {
        scene
            .api(&crate::support::POD)
            .list(&Default::default())
            .await
            .expect("pods are listed")
    };
    let couchdb_pod = async || {
        let pods = pods().await;
        let found = pods.items.iter().find(|pod| pod.name_any().starts_with("cht-couchdb"));
        found.and_then(|pod| pod.metadata.uid.clone())
    };
    let before = couchdb_pod().await;
    scene.configure(&with_password(&scene, "second password")).await;
    assert_eq!(scene.plan().await.actions(ADDRESS), ["update"]);
    scene.apply().await;
    has_password(
        &scene,
        "couchdb",
        "second password",
        "first password",
        "after the change",
    )
    .await;
    assert_eq!(couchdb_pod().await, before, "CouchDB itself goes on");
    scene.is_settled().await;
    scene.destroy().await;
}

/// What means something in a URL, in the text of Basic authentication, or in the shell.
#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn row_08_a_password_with_characters_of_urls_comes_and_goes() {
    const SPECIAL: &str = "p@ss: w/rd %41+ #?&'";
    let scene = Scene::new("rotated-special").await;
    for (password, earlier) in [
        (SPECIAL, ""),
        ("second password", SPECIAL),
        (SPECIAL, "second password"),
    ] {
        scene.configure(&with_password(&scene, password)).await;
        scene.apply().await;
        has_password(&scene, "couchdb", password, earlier, password).await;
        scene.is_settled_after(password).await;
    }
    let secret = scene
        .object(&SECRET, "cht-couchdb-credentials")
        .await
        .expect("it is there");
    let url = secret.data["data"]["COUCH_URL"].as_str().expect("a text");
    let url = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, url).expect("base64");
    let expected = "http://medic:p%40ss%3A%20w%2Frd%20%2541%2B%20%23%3F%26%27@haproxy.rotated-special.svc.cluster.local:5984/medic";
    assert_eq!(String::from_utf8(url).expect("text"), expected);
    assert_eq!(scene.state().await["values"]["ready"], json!(true));
    scene.destroy().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_write_only_password_is_changed_when_its_version_is() {
    let scene = Scene::new("rotated-unseen").await;
    let given = |password: &str, version: i64, more: &str| {
        let couchdb = format!("admin_password_wo = {password:?}\nadmin_password_wo_version = {version}\n");
        scene.instance().couchdb(&couchdb).with(more)
    };
    scene.configure(&given("first password", 1, "")).await;
    scene.apply().await;
    scene
        .configure(&given("not yet told of", 1, "api = { log_level = \"debug\" }"))
        .await;
    scene.apply().await;
    has_password(
        &scene,
        "couchdb",
        "first password",
        "not yet told of",
        "without another version",
    )
    .await;
    scene.configure(&given("second password", 2, "")).await;
    scene.apply().await;
    has_password(
        &scene,
        "couchdb",
        "second password",
        "first password",
        "with another version",
    )
    .await;
    assert_eq!(scene.state().await["values"]["couchdb"]["admin_password"], Value::Null);
    scene.is_settled().await;
    scene.destroy().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn all_nodes_of_a_cluster_get_the_same_password() {
    let scene = Scene::new("rotated-cluster").await;
    let clustered = |password: &str| with_password(&scene, password).couchdb("\nnodes = [{}, {}, {}]\n");
    scene.configure(&clustered("first password")).await;
    scene.apply().await;
    scene.configure(&clustered("second password")).await;
    scene.apply().await;
    let mut hashes = Vec::new();
    for service in ["couchdb-1", "couchdb-2", "couchdb-3"] {
        has_password(&scene, service, "second password", "first password", service).await;
        let hash = couchdb(&scene, service, "second password")
            .admin_hash(LOCAL, "medic")
            .await;
        hashes.push(
            hash.expect("it answers")
                .expect("it is hashed")
                .expose_secret()
                .to_owned(),
        );
    }
    assert!(
        hashes.iter().all(|hash| *hash == hashes[0]),
        "sessions are valid at all nodes: {hashes:?}"
    );
    scene.is_settled().await;
    scene.destroy().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_change_of_the_password_goes_on_wherever_the_provider_was_killed() {
    let held = killed::Held::new("killed-rotation").await;
    let scene = &held.scene;
    held.configure(&with_password(scene, "password 0")).await;
    scene.apply().await;
    scene.is_settled().await;
    held.configure(&with_password(scene, "password 1")).await;
    let (mut killed, mut turn) = (0, 1);
    for calls in held.moments().await {
        let when = format!("killed after {calls} calls");
        let [earlier, next, third] = [turn, turn + 1, turn + 2].map(|number| format!("password {number}"));
        held.configure(&with_password(scene, &next)).await;
        killed += usize::from(held.apply_until(calls).await);
        // Whoever changes their mind meanwhile is not locked out either.
        let wanted = if turn % 2 == 0 { &third } else { &next };
        held.configure(&with_password(scene, wanted)).await;
        scene.apply().await;
        has_password(scene, "couchdb", wanted, &earlier, &when).await;
        assert!(scene.plan().await.is_empty(), "{when}, there is still something to do");
        held.configure(&with_password(scene, &next)).await;
        scene.apply().await;
        turn += 1;
    }
    assert!(killed > 4, "only {killed} were killed");
    scene.destroy().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the lab: cargo xtask test"]
async fn version_and_password_are_changed_together_and_the_version_is_staged_all_the_same() {
    let held = killed::Held::new("both-at-once").await;
    let scene = &held.scene;
    let both =
        |version: &str, password: &str| running(scene, version).couchdb(&format!("admin_password = {password:?}"));
    held.configure(&both("5.2.0", "first password")).await;
    scene.apply().await;
    held.configure(&both("5.3.1", "second password")).await;
    // The first change is the note; a little later CouchDB has the other password, and nobody else.
    assert!(held.apply_until(4).await);
    assert!(image(scene, "cht-api").await.ends_with(":5.2.0"));
    scene.apply().await;
    has_password(scene, "couchdb", "second password", "first password", "after both").await;
    let database = database(scene).await;
    assert_eq!(
        (database.installed.as_deref(), database.cold_starts),
        (Some("5.3.1"), 0)
    );
    scene.is_settled().await;
    scene.destroy().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_password_that_nobody_knows_is_not_overwritten() {
    let scene = Scene::new("rotated-by-hand").await;
    scene.configure(&with_password(&scene, "first password")).await;
    scene.apply().await;
    couchdb(&scene, "couchdb", "first password")
        .set_admin(LOCAL, "medic", &"changed by hand".into())
        .await
        .expect("it is changed");
    scene.configure(&with_password(&scene, "second password")).await;
    let error = scene.apply_fails().await;
    blames(
        &error,
        "CHT refuses the admin password",
        "neither the one that is configured",
        "couchdb = {",
    );
    scene.configure(&with_password(&scene, "changed by hand")).await;
    scene.apply().await;
    assert_eq!(scene.state().await["values"]["ready"], json!(true));
    scene.is_settled().await;
    scene.destroy().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn row_09_an_administrator_whom_couchdb_lost_in_a_restart_is_told_of() {
    let scene = Scene::new("locked-out").await;
    scene.configure(&running(&scene, "5.1.3")).await;
    scene.apply().await;
    lab().await.cht.inject("locked-out", Fault::AdminsLost);
    let restarted = running(&scene, "5.1.3").couchdb("log_level = \"debug\"\n");
    scene.configure(&restarted).await;
    let error = scene.apply_fails().await;
    blames(
        &error,
        "CHT refuses the admin password",
        "remove the administrator's line from `local.d/cluster-credentials.ini`",
        "couchdb = {",
    );
    scene.destroy().await;
}
