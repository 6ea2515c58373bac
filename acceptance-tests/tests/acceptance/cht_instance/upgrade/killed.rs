//! The provider is killed after so many calls of an upgrade or of a change of the password, and the next apply goes on;
//! [`phases`] has each phase of an upgrade.

mod phases;

use acceptance_tests::cht::Fault;
use acceptance_tests::cluster::faults::FaultyServer;
use tokio::time::timeout;

use super::{database, image, is_upgraded, running, upgrade_is};
use crate::support::{Instance, Scene, kubernetes_at, lab};

/// How long it may take to get to a moment.
const LIMIT: std::time::Duration = std::time::Duration::from_secs(120);

/// How many moments of each change.
const MOMENTS: usize = 8;

/// A scene in which the cluster is reached through a server that can hold calls.
pub(in crate::cht_instance) struct Held {
    pub(in crate::cht_instance) scene: Scene,
    server: FaultyServer,
}

impl Held {
    pub(in crate::cht_instance) async fn new(namespace: &str) -> Self {
        Held {
            server: FaultyServer::start(&lab().await.cluster).await.expect("a server"),
            scene: Scene::new(namespace).await,
        }
    }

    pub(in crate::cht_instance) async fn configure(&self, instance: &Instance) {
        let token = lab().await.cluster.admin_token();
        let way = kubernetes_at(&self.server.host(), self.server.ca_pem(), token);
        self.scene.write(&instance.hcl(&way));
    }

    /// Applies, and answers the moments at which it could have been killed: after so many calls from the first change.
    pub(in crate::cht_instance) async fn moments(&self) -> impl Iterator<Item = usize> {
        self.server.record();
        self.scene.apply().await;
        // Waits make the number of calls vary, and the last one is never held.
        let last = self.server.calls_from_first_change() * 8 / 10;
        (0..MOMENTS).map(move |moment| 1 + moment * last / MOMENTS)
    }

    /// Applies, and kills the provider when so many calls are answered; answers whether there were so many.
    pub(in crate::cht_instance) async fn apply_until(&self, calls: usize) -> bool {
        self.server.hold(calls);
        self.apply_to(self.server.held()).await
    }

    /// Applies, and kills the provider at a moment; answers whether the moment came.
    async fn apply_to(&self, moment: impl Future<Output = ()>) -> bool {
        let mut running = self.scene.workspace.start_apply().expect("apply starts");
        let either = async {
            tokio::select! {
                () = moment => true,
                () = running.ends() => false,
            }
        };
        let has_come = timeout(LIMIT, either)
            .await
            .expect("it comes to that moment or to its end");
        if has_come {
            running.kill_providers().expect("processes are listed");
        }
        self.server.heal();
        let outcome = running.wait().await.expect("it ends");
        assert_eq!(outcome.code != Some(0), has_come, "{}", outcome.text());
        has_come
    }
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn an_upgrade_that_was_killed_while_it_was_staged_is_not_asked_for_again() {
    let scene = Scene::new("killed-staging").await;
    let cht = &lab().await.cht;
    scene.configure(&running(&scene, "5.2.0")).await;
    scene.apply().await;
    cht.inject("killed-staging", Fault::IndexingStalls);
    scene.configure(&running(&scene, "5.3.1")).await;
    let applying = scene.workspace.start_apply().expect("apply starts");
    upgrade_is(&scene, "indexing").await;
    applying.kill_providers().expect("processes are listed");
    assert_ne!(applying.wait().await.expect("it ends").code, Some(0));
    assert_eq!(scene.state().await["values"]["cht_version"], "5.2.0");
    assert!(image(&scene, "cht-couchdb").await.ends_with(":5.2.0"));

    cht.heal("killed-staging", Fault::IndexingStalls);
    scene.apply().await;
    is_upgraded(&scene, "5.3.1", "after it was killed").await;
    assert_eq!(database(&scene).await.log.len(), 1, "it was continued");
    scene.is_settled().await;
    scene.destroy().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the lab: cargo xtask test"]
async fn an_upgrade_goes_on_wherever_the_provider_was_killed() {
    let held = Held::new("killed-upgrade").await;
    let scene = &held.scene;
    let version = |version| running(scene, version).with("allow_downgrade = true");
    held.configure(&version("5.2.0")).await;
    scene.apply().await;
    scene.is_settled().await;
    held.configure(&version("5.3.1")).await;
    let mut killed = 0;
    for calls in held.moments().await {
        let when = format!("killed after {calls} calls");
        held.configure(&version("5.2.0")).await;
        scene.apply().await;
        let before = database(scene).await;
        held.configure(&version("5.3.1")).await;
        killed += usize::from(held.apply_until(calls).await);
        scene.apply().await;
        let after = database(scene).await;
        assert_eq!(after.installed.as_deref(), Some("5.3.1"), "{when}");
        assert_eq!(
            after.cold_starts, before.cold_starts,
            "{when}: the images came before the indexes"
        );
        assert_eq!(after.log.len(), before.log.len() + 1, "{when}: it was staged again");
        assert!(scene.plan().await.is_empty(), "{when}, there is still something to do");
    }
    assert!(killed > MOMENTS / 2, "only {killed} were killed");
    scene.destroy().await;
}
