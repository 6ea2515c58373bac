//! The provider's process is killed, with the real command line, at twenty moments of a creation and twenty of an update: after the
//! first call that changes something, after some more, and so on to the last.

use super::live;
use super::stage::{self, Stage};
use crate::support::ADDRESS;

const MOMENTS: usize = 20;

/// How many instances live at once.
const LANES: usize = 4;

/// Applies, and kills the provider when so many calls are answered.
async fn apply_until(stage: &Stage, calls: usize) {
    let running = stage.start_until(calls, stage::apply).await;
    running.kill_providers().expect("processes are listed");
    stage.server.heal();
    let outcome = running.wait().await.expect("it ends");
    assert_ne!(outcome.code, Some(0), "{}", outcome.text());
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
            let when = format!("killed after {calls} calls");
            apply_until(&stage, calls).await;
            assert!(stage.scene.state().await.is_null(), "nothing was saved");
            let before = stage.kept().await;
            stage.apply().await;
            let after = stage.objects().await;
            assert_eq!(after.keys().cloned().collect::<Vec<_>>(), names, "{when}");
            let kept = stage.kept().await;
            let lost: Vec<_> = before
                .iter()
                .filter(|(name, value)| kept.get(*name) != Some(value))
                .collect();
            assert!(lost.is_empty(), "{when}: {lost:?} was made again");
            stage.is_settled(&when).await;
            stage.scene.destroy().await;
            stage.is_gone(&when).await;
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
        let (before, kept) = (stage.objects().await, stage.kept().await);
        for (turn, calls) in moments(lane, calls).enumerate() {
            let when = format!("killed after {calls} calls");
            change().await;
            apply_until(&stage, calls).await;
            assert_eq!(stage.scene.state().await["address"], ADDRESS, "{when}");
            stage.apply().await;
            let after = stage.objects().await;
            assert_eq!(stage.kept().await, kept, "{when}");
            if turn % 2 == 1 {
                let differences = live::differences(&after, &before);
                assert!(differences.is_empty(), "{when}: {differences:#?}");
            }
            stage.is_settled(&when).await;
        }
        stage.scene.destroy().await;
    });
    futures::future::join_all(lanes).await;
}
