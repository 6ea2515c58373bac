//! A scene for the real command line, in which the cluster is reached through a server that can hold calls.

use std::time::Duration;

use acceptance_tests::cluster::faults::{Call, Fault, FaultyServer};
use acceptance_tests::tofu::Running;
use tokio::time::timeout;

use super::live::{self, Fields};
use crate::support::{Scene, kubernetes_at, lab};

/// How long it may take to get to a moment.
const LIMIT: Duration = Duration::from_secs(120);

/// A scene and the way to its cluster.
pub(super) struct Stage {
    pub(super) scene: Scene,
    pub(super) server: FaultyServer,
}

impl Stage {
    pub(super) async fn new(namespace: &str) -> Self {
        let server = FaultyServer::start(&lab().await.cluster).await.expect("a server");
        let scene = Scene::new(namespace).await;
        let stage = Stage { scene, server };
        stage.configure("info").await;
        stage
    }

    /// Changing the level restarts one deployment.
    pub(super) async fn configure(&self, log_level: &str) {
        self.configure_with(&format!("api = {{ log_level = {log_level:?} }}"))
            .await;
    }

    pub(super) async fn configure_with(&self, lines: &str) {
        let token = lab().await.cluster.admin_token();
        let way = kubernetes_at(&self.server.host(), self.server.ca_pem(), token);
        self.scene.write(&self.scene.instance().with(lines).hcl(&way));
    }

    /// Applies, and answers how many calls that took from the first change.
    pub(super) async fn apply(&self) -> usize {
        self.server.record();
        self.scene.apply().await;
        self.server.calls_from_first_change()
    }

    /// Starts a command, and waits until so many calls are answered from the first change; all others hang.
    pub(super) async fn start_until(&self, calls: usize, start: impl FnOnce(&Scene) -> Running) -> Running {
        let (running, is_held) = self.start_until_if(calls, start).await;
        assert!(is_held, "it never comes to call {calls}");
        running
    }

    /// The same with a command that may end before, and whether it did not.
    pub(super) async fn start_until_if(&self, calls: usize, start: impl FnOnce(&Scene) -> Running) -> (Running, bool) {
        self.server.hold(calls);
        let mut running = start(&self.scene);
        let either = async {
            tokio::select! {
                () = self.server.held() => true,
                () = running.ends() => false,
            }
        };
        let is_held = timeout(LIMIT, either)
            .await
            .unwrap_or_else(|_| panic!("it neither comes to call {calls} nor to an end"));
        (running, is_held)
    }

    /// Applies until a call comes that gets no answer, and kills the provider.
    pub(super) async fn apply_until_call(&self, call: &Call, fault: Fault) {
        self.server.fail(call.clone(), fault);
        let mut running = apply(&self.scene);
        let stopped = async {
            tokio::select! {
                () = self.server.stopped() => {}
                () = running.ends() => panic!("it ends without {call}"),
            }
        };
        let in_time = timeout(LIMIT, stopped).await;
        in_time.unwrap_or_else(|_| panic!("{call} is never made"));
        running.kill_providers().expect("processes are listed");
        let outcome = running.wait().await.expect("it ends");
        assert_ne!(outcome.code, Some(0), "{}", outcome.text());
        self.server.heal();
    }

    pub(super) async fn objects(&self) -> Fields {
        live::objects(&self.scene.client, &self.scene.namespace).await
    }

    /// What an instance must not get a second time.
    pub(super) async fn kept(&self) -> Fields {
        live::kept(&self.scene.client, &self.scene.namespace).await
    }

    /// Checks that there is nothing to do. The first plan after a creation also notes that the instance was saved.
    pub(super) async fn is_settled(&self, when: &str) {
        assert!(
            self.scene.plan().await.is_empty(),
            "{when}, there is still something to do"
        );
    }

    pub(super) async fn is_gone(&self, when: &str) {
        let gone = live::is_gone(&self.scene.client, &self.scene.namespace).await;
        assert_eq!(gone, Ok(()), "{when}");
    }
}

pub(super) fn apply(scene: &Scene) -> Running {
    scene.workspace.start_apply().expect("apply starts")
}

pub(super) fn destroy(scene: &Scene) -> Running {
    scene.workspace.start_destroy().expect("destroy starts")
}
