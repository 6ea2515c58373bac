//! The provider is killed in the middle of a creation and of an upgrade, as a power cut would do it: the next apply
//! goes on.
//!
//! A run kills the same creation again and again, each time somewhat later, until it gets through. `CHT_FAULTS=all`
//! kills twenty creations and twenty upgrades of three servers and two agents at one moment each, in lanes side by
//! side, which takes hours where others work on the machine, too.

use std::collections::BTreeSet;
use std::iter;
use std::time::{Duration, Instant};

use acceptance_tests::k3s::lab::VERSIONS;
use tokio::task::JoinSet;
use tokio::time;

use crate::support::{CLUSTER, Configuration, Scene, condition, has_time_for_all};

const MOMENTS: u32 = 20;

/// How many clusters are made side by side: there are places for two.
const LANES: u32 = 2;

/// When the first attempt is killed, and how much later each further one.
const FIRST: Duration = Duration::from_secs(4);
const LATER: Duration = Duration::from_secs(3);

/// How long a core may take to end without its provider.
const AGAIN: Duration = Duration::from_millis(500);

/// How often an apply may be killed before it has to get through.
const ATTEMPTS: u32 = 12;

/// Applies, and kills the provider after so long; answers whether it was still at work.
async fn killed_after(scene: &Scene, moment: Duration) -> bool {
    let mut running = scene.workspace.start_apply().expect("it starts");
    let is_over = time::timeout(moment, running.ends()).await.is_ok();
    if !is_over {
        running.kill_providers().expect("processes are listed");
        // One that had just answered all of its plan was of no more use: it is the next one that is killed then.
        while time::timeout(AGAIN, running.ends()).await.is_err() {
            running.kill_providers().expect("processes are listed");
        }
    }
    let outcome = running.wait().await.expect("it ends");
    let is_killed = outcome.code != Some(0);
    assert_eq!(is_killed, !is_over, "{}", outcome.text());
    is_killed
}

/// Applies again and again, and kills all but the last; answers how many were killed.
async fn killed_again_and_again(scene: &Scene) -> u32 {
    for attempt in 0..ATTEMPTS {
        // What a killed creation has saved would be made anew.
        let _ = scene.workspace.run(&["untaint", CLUSTER]).await;
        if !killed_after(scene, FIRST + LATER * attempt).await {
            return attempt;
        }
    }
    panic!("it does not get through in {ATTEMPTS} attempts");
}

/// Checks that there is what was asked for, and nothing else.
async fn is_whole(scene: &Scene, servers: &[usize], all: &[usize], when: &str) {
    scene.is_settled_after(when).await;
    let names: BTreeSet<String> = all.iter().map(|number| format!("h{number}")).collect();
    let nodes: BTreeSet<String> = scene.nodes(servers[0]).await.into_iter().collect();
    assert_eq!(nodes, names, "{when}");
    for name in &names {
        let node = scene.node(servers[0], name).await.expect("it was listed");
        assert_eq!(condition(&node, "Ready").as_deref(), Some("True"), "{when}: {name}");
        let unschedulable = node.spec.as_ref().and_then(|spec| spec.unschedulable);
        assert_ne!(unschedulable, Some(true), "{when}: {name} is cordoned");
    }
    let voters: Vec<String> = scene.members(servers[0]).await;
    assert_eq!(voters.len(), servers.len(), "{when}: {voters:?}");
    for number in all {
        let parts = scene
            .run(
                *number,
                "find /etc /usr/local /var/lib/rancher -xdev -name '*.part' -o -xdev -name '.cht-*'",
            )
            .await;
        assert_eq!(parts, "", "{when}: half a file is left on h{number}");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_creation_and_an_upgrade_go_on_wherever_the_provider_was_killed() {
    let Some(scene) = Scene::of_stand_in(3).await else {
        return;
    };
    let configuration = Configuration::new([1, 2]).agents([3]);
    scene.configure(&configuration);
    let killed = killed_again_and_again(&scene).await;
    assert!(killed > 2, "only {killed} were killed");
    is_whole(&scene, &[1, 2], &[1, 2, 3], "created").await;
    scene.configure(&configuration.version(VERSIONS[1]));
    let killed = killed_again_and_again(&scene).await;
    assert!(killed > 2, "only {killed} were killed");
    is_whole(&scene, &[1, 2], &[1, 2, 3], "upgraded").await;
    scene.destroy().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the lab: cargo xtask test"]
async fn twenty_creations_and_upgrades_are_killed_at_one_moment_each() {
    if has_time_for_all() {
        let mut lanes: JoinSet<()> = (1..=LANES)
            .map(|first| killed_in_lane((first..=MOMENTS).step_by(LANES as usize)))
            .collect();
        let mut failed = Vec::new();
        while let Some(ended) = lanes.join_next().await {
            failed.extend(ended.err());
        }
        assert!(failed.is_empty(), "{failed:#?}");
    }
}

/// Kills a creation and an upgrade at some of the moments, one after another on the same hosts.
async fn killed_in_lane(moments: impl Iterator<Item = u32>) {
    let Some(scene) = Scene::of_stand_in(5).await else {
        return;
    };
    let configuration = Configuration::new([1, 2, 3]).agents([4, 5]);
    let upgraded = configuration.clone().version(VERSIONS[1]);
    let [mut creation, mut upgrade] = [Duration::ZERO; 2];
    // The first round is not disturbed, and tells how long it takes.
    for moment in iter::once(0).chain(moments) {
        for (configuration, took) in [(&configuration, &mut creation), (&upgraded, &mut upgrade)] {
            scene.configure(configuration);
            let when = format!("killed at moment {moment} of {MOMENTS}");
            if moment > 0 {
                killed_after(&scene, *took * moment / MOMENTS).await;
                let _ = scene.workspace.run(&["untaint", CLUSTER]).await;
            }
            let start = Instant::now();
            scene.apply().await;
            if moment == 0 {
                *took = start.elapsed();
            }
            is_whole(&scene, &[1, 2, 3], &[1, 2, 3, 4, 5], &when).await;
        }
        scene.destroy().await;
    }
}
