//! The provider's process is killed, with the real command line, at twenty moments of a creation and twenty of an
//! update: after the first call that changes something, after some more, and so on to the last; and right before and
//! after the very last.

use std::collections::VecDeque;

use acceptance_tests::cluster::faults::{Call, Fault};

use super::live;
use super::stage::{self, Stage};
use crate::support::ADDRESS;

const MOMENTS: usize = 20;

/// How many instances live at once.
const LANES: usize = 4;

/// How many moments of a lane may come after the end, as waits take more calls or less, before something is wrong.
const TOO_LATE: usize = 5;

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

/// The calls after which to kill, in a lane. One that comes after the end is tried again, a little earlier.
struct Moments {
    open: VecDeque<usize>,
    killed: usize,
    late: usize,
}

impl Moments {
    fn new(lane: usize, calls: usize) -> Self {
        // Waits make their number vary, and the last one is never held.
        let last = calls * 95 / 100;
        let of_lane = (0..MOMENTS).skip(lane).step_by(LANES);
        Moments {
            open: of_lane.map(|moment| 1 + moment * last / MOMENTS).collect(),
            killed: 0,
            late: 0,
        }
    }

    fn next(&mut self) -> Option<usize> {
        self.open.pop_front()
    }

    /// Takes note of whether anything was killed after so many calls.
    fn note(&mut self, calls: usize, is_killed: bool) {
        if is_killed {
            self.killed += 1;
            return;
        }
        self.late += 1;
        assert!(self.late <= TOO_LATE, "{} moments came after the end", self.late);
        // Half the way to the moment before.
        self.open.push_back(calls - calls.div_ceil(2 * MOMENTS));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_creation_goes_on_wherever_the_provider_was_killed() {
    let lanes = (0..LANES).map(|lane| async move {
        let stage = Stage::new(&format!("killed-creation-{lane}")).await;
        let calls = stage.apply().await;
        let names: Vec<String> = stage.objects().await.into_keys().collect();
        stage.scene.destroy().await;
        let mut moments = Moments::new(lane, calls);
        while let Some(calls) = moments.next() {
            let when = format!("killed after {calls} calls");
            let is_killed = apply_until(&stage, calls).await;
            moments.note(calls, is_killed);
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
        assert_eq!(moments.killed, MOMENTS / LANES);
    });
    futures::future::join_all(lanes).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the lab: cargo xtask test"]
async fn an_update_goes_on_wherever_the_provider_was_killed() {
    let lanes = (0..LANES).map(|lane| async move {
        let stage = Stage::new(&format!("killed-update-{lane}")).await;
        stage.apply().await;
        stage.is_settled("made").await;
        let mut levels = ["debug", "info"].into_iter().cycle();
        let mut change = async || stage.configure(levels.next().expect("they never end")).await;
        change().await;
        let calls = stage.apply().await;
        change().await;
        stage.apply().await;
        let (before, kept) = (stage.objects().await, stage.kept().await);
        let mut moments = Moments::new(lane, calls);
        let mut is_changed = false;
        while let Some(calls) = moments.next() {
            let when = format!("killed after {calls} calls");
            change().await;
            is_changed = !is_changed;
            moments.note(calls, apply_until(&stage, calls).await);
            assert_eq!(stage.scene.state().await["address"], ADDRESS, "{when}");
            stage.apply().await;
            let after = stage.objects().await;
            assert_eq!(stage.kept().await, kept, "{when}");
            if !is_changed {
                let differences = live::differences(&after, &before);
                assert!(differences.is_empty(), "{when}: {differences:#?}");
            }
            stage.is_settled(&when).await;
        }
        assert_eq!(moments.killed, MOMENTS / LANES);
        stage.scene.destroy().await;
    });
    futures::future::join_all(lanes).await;
}

/// Before and after the last call that changes something, which the undisturbed apply before has made.
fn last_moments(stage: &Stage) -> [(Call, Fault); 2] {
    let changes = stage.server.changes();
    let last = changes.last().expect("an apply changes something");
    assert!(
        last.what.ends_with("configmaps/terraform-provider-cht"),
        "{last} is not the record"
    );
    [Fault::Hang, Fault::Withheld].map(|fault| (last.clone(), fault))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_creation_goes_on_where_the_provider_was_killed_at_its_last_call() {
    let stage = Stage::new("killed-creation-end").await;
    stage.apply().await;
    let moments = last_moments(&stage);
    stage.scene.destroy().await;
    for (call, fault) in moments {
        let when = format!("killed at {call}, {fault:?}");
        stage.apply_until_call(&call, fault).await;
        assert!(
            stage.scene.state().await.is_null(),
            "nothing is saved of what is killed"
        );
        let before = stage.kept().await;
        stage.apply().await;
        assert_eq!(stage.kept().await, before, "{when}");
        stage.is_settled(&when).await;
        stage.configure("debug").await;
        stage.apply().await;
        stage.is_settled(&when).await;
        stage.scene.destroy().await;
        stage.is_gone(&when).await;
        stage.configure("info").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_finished_instance_is_taken_only_by_the_configuration_that_made_it() {
    let stage = Stage::new("killed-unsaved").await;
    stage.apply().await;
    let [_, after] = last_moments(&stage);
    stage.scene.destroy().await;
    stage.apply_until_call(&after.0, after.1).await;
    stage.configure("debug").await;
    let refused = stage.scene.apply_fails().await;
    assert_eq!(refused.summary, "CHT instance exists already", "{refused:#?}");
    stage.configure("info").await;
    let plan = stage.scene.plan().await;
    let told = |warning: &acceptance_tests::tofu::Diagnostic| warning.detail.contains("taken into the state as it is");
    assert!(plan.diagnostics().iter().any(told), "{:?}", plan.diagnostics());
    stage.apply().await;

    // What any state has changed is somebody's.
    stage.configure("debug").await;
    stage.apply().await;
    let state = stage.scene.workspace.directory().join("terraform.tfstate");
    std::fs::remove_file(state).expect("there is a state");
    let refused = stage.scene.apply_fails().await;
    assert_eq!(refused.summary, "CHT instance exists already", "{refused:#?}");
    assert!(refused.detail.contains("import it"), "{refused:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the lab: cargo xtask test"]
async fn an_update_goes_on_where_the_provider_was_killed_at_its_last_call() {
    let stage = Stage::new("killed-update-end").await;
    stage.apply().await;
    stage.is_settled("made").await;
    stage.configure("debug").await;
    stage.apply().await;
    let kept = stage.kept().await;
    let levels = ["info", "debug"];
    for ((call, fault), level) in last_moments(&stage).into_iter().zip(levels) {
        let when = format!("killed at {call}, {fault:?}");
        stage.configure(level).await;
        stage.apply_until_call(&call, fault).await;
        stage.apply().await;
        assert_eq!(stage.kept().await, kept, "{when}");
        stage.is_settled(&when).await;
    }
    stage.scene.destroy().await;
}
