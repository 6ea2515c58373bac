//! The provider's process is killed, with the real command line, at twenty moments of a creation and twenty of an update: after the
//! first call that changes something, after some more, and so on to the last.

use std::time::Duration;

use acceptance_tests::cluster::faults::FaultyServer;
use tokio::time::timeout;

use super::live::{self, Fields};
use crate::support::{ADDRESS, Scene, kubernetes_at, lab};

const MOMENTS: usize = 20;

/// How many instances live at once.
const LANES: usize = 4;

/// How long it may take to get to a moment.
const LIMIT: Duration = Duration::from_secs(120);

/// A scene in which the cluster is reached through a server that can hold calls.
struct Stage {
    scene: Scene,
    server: FaultyServer,
}

impl Stage {
    async fn new(namespace: &str) -> Self {
        let server = FaultyServer::start(&lab().await.cluster).await.expect("a server");
        let scene = Scene::new(namespace).await;
        let stage = Stage { scene, server };
        stage.configure("info").await;
        stage
    }

    /// Changing the level restarts one deployment.
    async fn configure(&self, log_level: &str) {
        let token = lab().await.cluster.admin_token();
        let way = kubernetes_at(&self.server.host(), self.server.ca_pem(), token);
        let instance = self
            .scene
            .instance()
            .with(&format!("api = {{ log_level = {log_level:?} }}"));
        self.scene.write(&instance.hcl(&way));
    }

    /// Applies, and answers how many calls that took from the first change.
    async fn apply(&self) -> usize {
        self.server.record();
        self.scene.apply().await;
        self.server.calls_from_first_change()
    }

    /// Applies, and kills the provider when so many calls are answered.
    async fn apply_until(&self, calls: usize) {
        self.server.hold(calls);
        let running = self.scene.workspace.start_apply().expect("apply starts");
        timeout(LIMIT, self.server.held())
            .await
            .unwrap_or_else(|_| panic!("it never comes to call {calls}"));
        running.kill_providers().expect("processes are listed");
        self.server.heal();
        let outcome = running.wait().await.expect("it ends");
        assert_ne!(outcome.code, Some(0), "{}", outcome.text());
    }

    async fn objects(&self) -> Fields {
        live::objects(&self.scene.client, &self.scene.namespace).await
    }

    async fn is_settled(&self, calls: usize) {
        assert!(
            self.scene.plan().await.is_empty(),
            "killed after {calls} calls, there is still something to do"
        );
    }
}

/// Credentials and the volume: what an instance must not get a second time.
fn kept(objects: &Fields) -> Fields {
    let is_kept = |name: &str| name.starts_with("Secret ") || name.starts_with("PersistentVolumeClaim ");
    objects
        .iter()
        .filter(|(name, _)| is_kept(name))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// The calls after which to kill, when there are so many.
fn moments(lane: usize, calls: usize) -> impl Iterator<Item = usize> {
    // Waits make their number vary a little, and the last one is never held.
    let last = calls * 9 / 10;
    (0..MOMENTS)
        .skip(lane)
        .step_by(LANES)
        .map(move |moment| 1 + moment * last / MOMENTS)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_creation_goes_on_wherever_the_provider_was_killed() {
    let lanes = (0..LANES).map(|lane| async move {
        let stage = Stage::new(&format!("killed-creation-{lane}")).await;
        let calls = stage.apply().await;
        let names: Vec<String> = stage.objects().await.into_keys().collect();
        stage.scene.destroy().await;
        for calls in moments(lane, calls) {
            stage.apply_until(calls).await;
            assert!(stage.scene.state().await.is_null(), "nothing was saved");
            let before = kept(&stage.objects().await);
            stage.apply().await;
            let after = stage.objects().await;
            assert_eq!(
                after.keys().cloned().collect::<Vec<_>>(),
                names,
                "killed after {calls} calls"
            );
            let lost: Vec<_> = before
                .iter()
                .filter(|(name, value)| after.get(*name) != Some(value))
                .collect();
            assert!(lost.is_empty(), "killed after {calls} calls: {lost:?} was made again");
            stage.is_settled(calls).await;
            stage.scene.destroy().await;
            let gone = live::is_gone(&stage.scene.client, &stage.scene.namespace).await;
            assert_eq!(gone, Ok(()), "killed after {calls} calls");
        }
    });
    futures::future::join_all(lanes).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the lab: cargo xtask test"]
async fn an_update_goes_on_wherever_the_provider_was_killed() {
    let lanes = (0..LANES).map(|lane| async move {
        let stage = Stage::new(&format!("killed-update-{lane}")).await;
        stage.apply().await;
        let mut levels = ["debug", "info"].into_iter().cycle();
        let mut change = async || stage.configure(levels.next().expect("they never end")).await;
        change().await;
        let calls = stage.apply().await;
        change().await;
        stage.apply().await;
        let before = stage.objects().await;
        for (turn, calls) in moments(lane, calls).enumerate() {
            change().await;
            stage.apply_until(calls).await;
            assert_eq!(
                stage.scene.state().await["address"],
                ADDRESS,
                "killed after {calls} calls"
            );
            stage.apply().await;
            let after = stage.objects().await;
            assert_eq!(kept(&after), kept(&before), "killed after {calls} calls");
            if turn % 2 == 1 {
                let differences = live::differences(&after, &before);
                assert!(differences.is_empty(), "killed after {calls} calls: {differences:#?}");
            }
            stage.is_settled(calls).await;
        }
        stage.scene.destroy().await;
    });
    futures::future::join_all(lanes).await;
}
