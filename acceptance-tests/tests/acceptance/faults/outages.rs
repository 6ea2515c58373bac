//! The API server is killed and started again, at the same address and with what it had stored, while something is
//! under way.

use std::time::Duration;

use acceptance_tests::cht::FakeCht;
use acceptance_tests::cluster::faults::FaultyServer;
use acceptance_tests::cluster::{Cluster, ClusterOptions};
use acceptance_tests::tofu::{Outcome, PLAN_FILE, Running};
use tokio::time::timeout;

use super::live;
use crate::support::{Scene, done, kubernetes_at};

/// How long it may take to get to the moment of the outage.
const LIMIT: Duration = Duration::from_secs(120);

/// A cluster of its own, whose server others do not miss.
struct Stage {
    cluster: Cluster,
    _cht: FakeCht,
    server: FaultyServer,
    scene: Scene,
}

impl Stage {
    async fn new(namespace: &str) -> Self {
        let cluster = Cluster::start(ClusterOptions::default()).await.expect("a cluster");
        let client = cluster.client().expect("a client");
        let cht = FakeCht::start(client.clone()).await.expect("the application");
        cluster.set_port_forward_target(cht.addr());
        let server = FaultyServer::start(&cluster).await.expect("a server");
        let mut scene = Scene::new(namespace).await;
        scene.client = client;
        Stage {
            cluster,
            _cht: cht,
            server,
            scene,
        }
    }

    /// Configures an instance, reached through the server that can hold calls or on the straight way.
    fn configure(&self, log_level: &str, can_hold: bool) {
        let (host, ca) = if can_hold {
            (self.server.host(), self.server.ca_pem())
        } else {
            (self.cluster.host(), self.cluster.ca_pem())
        };
        let way = kubernetes_at(&host, ca, self.cluster.admin_token());
        let instance = self
            .scene
            .instance()
            .with(&format!("api = {{ log_level = {log_level:?} }}"));
        self.scene.write(&instance.hcl(&way));
    }

    async fn restart(&self) {
        self.cluster.stop_api_server().await.expect("it stops");
        self.cluster.start_api_server().await.expect("it starts");
    }

    /// Runs a command, and restarts the API server when so many calls were answered.
    async fn disturb(&self, calls: usize, start: impl Fn() -> Running) -> Outcome {
        self.server.hold(calls);
        let running = start();
        timeout(LIMIT, self.server.held())
            .await
            .unwrap_or_else(|_| panic!("it never comes to call {calls}"));
        self.cluster.stop_api_server().await.expect("it stops");
        self.server.heal();
        self.cluster.start_api_server().await.expect("it starts");
        let outcome = running.wait().await.expect("it ends");
        if outcome.code != Some(0) {
            let named = outcome.errors().any(|error| error.detail.contains(&self.server.host()));
            assert!(named, "it does not say what was away: {}", outcome.text());
        }
        outcome
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_restart_of_the_api_server_does_no_harm() {
    let stage = Stage::new("restarted").await;
    let scene = &stage.scene;
    let apply = || scene.workspace.start_apply().expect("apply starts");
    let destroy = || scene.workspace.start_destroy().expect("destroy starts");
    // Once early and twice later on.
    stage.configure("info", true);
    stage.disturb(5, apply).await;
    scene.apply().await;
    assert!(scene.plan().await.is_empty());
    let before = live::objects(&scene.client, &scene.namespace).await;

    stage.configure("debug", true);
    stage.disturb(20, apply).await;
    stage.configure("info", true);
    scene.apply().await;
    assert!(scene.plan().await.is_empty());
    let after = live::objects(&scene.client, &scene.namespace).await;
    let differences = live::differences(&after, &before);
    assert!(differences.is_empty(), "{differences:#?}");

    stage.disturb(20, destroy).await;
    scene.destroy().await;
    assert_eq!(live::is_gone(&scene.client, &scene.namespace).await, Ok(()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_restart_between_plan_and_apply_is_not_noticed() {
    let stage = Stage::new("restarted-between").await;
    stage.configure("info", false);
    stage.scene.apply().await;
    let repetitions = std::env::var("CHT_FAULTS_RESTARTS")
        .ok()
        .and_then(|number| number.parse().ok());
    for (_, log_level) in (0..repetitions.unwrap_or(2)).zip(["debug", "info"].into_iter().cycle()) {
        stage.configure(log_level, false);
        stage.scene.plan().await;
        stage.restart().await;
        done(
            "apply",
            stage
                .scene
                .workspace
                .run(&["apply", "-json", "-input=false", PLAN_FILE])
                .await,
        );
    }
    stage.scene.destroy().await;
}
