//! A user presses Ctrl-C, once or again and again, while the cluster does not answer and would not for long: at the
//! first call that changes something, among others, and while pods are waited for.

use std::time::{Duration, Instant};

use acceptance_tests::tofu::{Outcome, Running};

use super::stage::{self, Stage};
use crate::support::{ADDRESS, Scene};

/// What "within seconds" means on a machine that is busy.
const SOON: Duration = Duration::from_secs(15);

/// The calls that are answered before.
const MOMENTS: [usize; 4] = [0, 2, 10, 20];

/// Runs a command until so many calls are answered, presses Ctrl-C, and checks that it ends soon and says what was
/// going on.
async fn interrupt(stage: &Stage, calls: usize, start: impl FnOnce(&Scene) -> Running) -> Outcome {
    let running = stage.start_until(calls, start).await;
    let pressed = Instant::now();
    running.interrupt();
    let outcome = running.wait().await.expect("it ends");
    let took = pressed.elapsed();
    assert!(took < SOON, "it took {took:?}: {}", outcome.text());
    stage.server.heal();
    let told = |error: &&acceptance_tests::tofu::Diagnostic| {
        error.summary == "Operation cancelled"
            && (error.detail.contains("was asked to") || error.detail.contains("while waiting for"))
    };
    assert!(outcome.errors().any(|error| told(&error)), "{}", outcome.text());
    outcome
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the lab: cargo xtask test"]
async fn an_interrupted_creation_ends_soon_and_is_in_the_state() {
    let stage = Stage::new("interrupted-creation").await;
    for calls in MOMENTS {
        let when = format!("interrupted after {calls} calls");
        interrupt(&stage, calls, stage::apply).await;
        assert_eq!(stage.scene.state().await["tainted"], true, "{when}");
        stage.scene.apply().await;
        stage.is_settled(&when).await;
        stage.scene.destroy().await;
        stage.is_gone(&when).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the lab: cargo xtask test"]
async fn an_interrupted_update_or_deletion_ends_soon_and_goes_on_later() {
    let stage = Stage::new("interrupted-update").await;
    stage.apply().await;
    stage.is_settled("made").await;
    let before = stage.kept().await;
    for (calls, log_level) in MOMENTS.into_iter().zip(["debug", "info"].into_iter().cycle()) {
        let when = format!("interrupted after {calls} calls");
        stage.configure(log_level).await;
        interrupt(&stage, calls, stage::apply).await;
        assert!(stage.scene.state().await["tainted"].is_null(), "{when}");
        stage.scene.apply().await;
        assert_eq!(stage.kept().await, before, "{when}");
        stage.is_settled(&when).await;
    }
    for calls in [0, 3, 12] {
        let when = format!("interrupted after {calls} calls");
        interrupt(&stage, calls, stage::destroy).await;
        assert_eq!(stage.scene.state().await["address"], ADDRESS, "{when}");
    }
    stage.scene.destroy().await;
    stage.is_gone("at the end").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the lab: cargo xtask test"]
async fn pressing_again_and_again_leaves_nothing_that_the_next_apply_does_not_find() {
    let stage = Stage::new("impatient").await;
    for calls in MOMENTS {
        let when = format!("interrupted after {calls} calls");
        let running = stage.start_until(calls, stage::apply).await;
        let outcome = running.interrupt_until_it_ends().await.expect("it ends");
        assert_ne!(outcome.code, Some(0), "{when}");
        stage.server.heal();
        // What ends at once leaves its lock.
        std::fs::remove_file(stage.scene.workspace.directory().join(".terraform.tfstate.lock.info")).ok();
        stage.scene.apply().await;
        stage.is_settled(&when).await;
        stage.scene.destroy().await;
        stage.is_gone(&when).await;
    }
}
