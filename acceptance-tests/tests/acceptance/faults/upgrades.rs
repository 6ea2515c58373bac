//! CHT 4 becomes CHT 5, and the provider's process is killed before and after each call of that which changes something
//! in the cluster.
//!
//! Each moment takes an instance of its own: a run takes a sample, another one each day, and `CHT_FAULTS=all` takes all
//! of them. That it is killed while the CHT stages the version, where nothing changes in the cluster, is among the
//! tests of upgrades.

use std::collections::VecDeque;
use std::sync::Mutex;

use acceptance_tests::cluster::faults::{Call, Fault};

use super::live::{self, Fields};
use super::matrix::Sample;
use super::stage::Stage;
use crate::support::lab;

/// How many instances live at once.
const LANES: usize = 3;

/// A sample is one of so many.
const SAMPLES: usize = 12;

/// How a version is configured.
fn running(version: &str) -> String {
    format!("cht_version = {version:?}")
}

/// An instance of CHT 4, and the configuration of CHT 5 for it.
async fn before(stage: &Stage) -> Fields {
    stage.configure_with(&running("4.22.0")).await;
    stage.apply().await;
    let kept = stage.kept().await;
    stage.configure_with(&running("5.3.1")).await;
    kept
}

/// What is there but for the credentials, which each instance has for itself.
async fn objects(stage: &Stage) -> Fields {
    let mut objects = stage.objects().await;
    objects.retain(|name, _| !name.starts_with("Secret "));
    objects
}

/// Checks that the upgrade was carried out once, in the right order, and has lost nothing.
async fn is_upgraded(stage: &Stage, when: &str) {
    assert_eq!(stage.scene.state().await["values"]["live_version"], "5.3.1", "{when}");
    let database = lab().await.cht.upgrades().of(&stage.scene.namespace);
    assert_eq!(database.installed.as_deref(), Some("5.3.1"), "{when}");
    assert_eq!(database.cold_starts, 0, "{when}: the images came before the indexes");
    assert_eq!(database.log.len(), 1, "{when}: it was staged again");
    stage.is_settled(when).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the lab: cargo xtask test"]
async fn cht_4_becomes_cht_5_wherever_the_provider_was_killed() {
    let undisturbed = Stage::new("killed-major").await;
    before(&undisturbed).await;
    undisturbed.apply().await;
    let moments = undisturbed.server.changes().into_iter().flat_map(|call| {
        // Before it is carried out, and after that.
        [Fault::Hang, Fault::Withheld].map(|fault| (call.clone(), fault))
    });
    let sample = Sample::chosen();
    let chosen = moments
        .enumerate()
        .filter(|(position, (_, fault))| sample.has(*position, *fault, SAMPLES));
    let work: Mutex<VecDeque<(Call, Fault)>> = Mutex::new(chosen.map(|(_, moment)| moment).collect());
    is_upgraded(&undisturbed, "undisturbed").await;
    let expected = objects(&undisturbed).await;
    undisturbed.scene.destroy().await;

    let next = || work.lock().expect("no lane panics").pop_front();
    let lanes = (0..LANES).map(|lane| {
        let expected = &expected;
        async move {
            let mut turns = 0..;
            while let Some((call, fault)) = next() {
                let turn: usize = turns.next().expect("they never end");
                let stage = Stage::new(&format!("killed-major-{lane}-{turn}")).await;
                let kept = before(&stage).await;
                let when = format!("killed at {call}, {fault:?}");
                stage.apply_until_call(&call, fault).await;
                stage.apply().await;
                is_upgraded(&stage, &when).await;
                let differences = live::differences(&objects(&stage).await, expected);
                assert!(differences.is_empty(), "{when}: {differences:#?}");
                assert_eq!(stage.kept().await, kept, "{when}");
                stage.scene.destroy().await;
            }
        }
    });
    futures::future::join_all(lanes).await;
}
