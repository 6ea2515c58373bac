//! The provider's process is killed, with the real command line, at twenty moments of a creation and twenty of an update: after the
//! first call that changes something, after some more, and so on to the last.

use super::live;
use super::stage::{self, Stage};
use crate::support::ADDRESS;

const MOMENTS: usize = 20;

/// How many instances live at once.
const LANES: usize = 4;

/// How many of the moments of a lane may come after the end, as waits take more calls or less.
const TOO_LATE: usize = 1;

/// Applies, and kills the provider when so many calls are answered; answers whether there were so many.
async fn apply_until(stage: &Stage, calls: usize) -> bool {
    let (running, is_held) = stage.start_until_if(calls, stage::apply).await;
    if is_held {
        running.kill_providers().expect("processes are listed");
    }
    stage.server.heal();
    let outcome = running.wait().await.expect("it ends");
    assert_eq!(outcome.code != Some(0), is_held, "{}", outcome.text());
    is_held
}

/// The calls after which to kill, when there are so many.
fn moments(lane: usize, calls: usize) -> impl Iterator<Item = usize> {
    // Waits make their number vary, and the last one is never held.
    let last = calls * 8 / 10;
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
        let mut killed = 0;
        for calls in moments(lane, calls) {
            let when = format!("killed after {calls} calls");
            let is_killed = apply_until(&stage, calls).await;
            killed += usize::from(is_killed);
            assert_eq!(
                stage.scene.state().await.is_null(),
                is_killed,
                "nothing is saved of what is killed"
            );
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
        assert!(killed + TOO_LATE >= MOMENTS / LANES, "only {killed} were killed");
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
        let mut killed = 0;
        for (turn, calls) in moments(lane, calls).enumerate() {
            let when = format!("killed after {calls} calls");
            change().await;
            killed += usize::from(apply_until(&stage, calls).await);
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
        assert!(killed + TOO_LATE >= MOMENTS / LANES, "only {killed} were killed");
        stage.scene.destroy().await;
    });
    futures::future::join_all(lanes).await;
}
