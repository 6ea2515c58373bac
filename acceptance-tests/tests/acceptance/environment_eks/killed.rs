//! The provider is killed, alone or with its core, again and again while it makes the whole environment and again while
//! it destroys it: each attempt gets some calls further than the one before, and the last one through.
//!
//! Calls are held before they are carried out, or carried out and never answered: those of AWS, and those of the API
//! server of the cluster. A run kills three attempts of each, at other moments each day; `CHT_FAULTS=all` goes on with
//! further environments until twenty creations and twenty destructions were killed.

use std::fs;
use std::time::Duration;

use acceptance_tests::aws::{CHANGES, Fault};
use acceptance_tests::cluster::faults::FaultyServer;
use acceptance_tests::tofu::{Running, Workspace};
use tokio::time::timeout;

use super::site::Site;
use crate::faults::Sample;

/// How many attempts of creations, and of destructions, are killed at least where there is time for all.
const MOMENTS: usize = 20;

/// How many of each in the life of one environment at most, and in a usual run.
const KILLS: usize = 10;
const FEW_KILLS: usize = 3;

/// How far an attempt gets.
#[derive(Clone, Copy)]
struct Step {
    /// So many calls of AWS that change something.
    changes: u32,
    /// So many calls of the API server from the first that changes something, and as many more after each attempt that
    /// was held there: some do nothing but wait.
    calls: usize,
}

const OF_CREATION: Step = Step { changes: 7, calls: 30 };
const OF_DESTRUCTION: Step = Step { changes: 3, calls: 25 };

/// How long it may take to get to a moment.
const LIMIT: Duration = Duration::from_secs(120);

/// An environment whose cluster is reached through a server that can hold calls.
struct Stage {
    site: Site,
    server: FaultyServer,
}

/// Where an attempt ends.
#[derive(Clone, Copy, Debug)]
struct Moment {
    /// After so many changes in AWS.
    changes: u32,
    /// After so many calls of the API server.
    calls: usize,
    /// Whether further changes in AWS are carried out, and not answered.
    is_carried_out: bool,
    /// Whether the core is killed, too.
    is_with_core: bool,
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum End {
    /// Killed at a call of AWS.
    AtAws,
    /// Killed at a call of the API server.
    AtCluster,
    /// Not killed.
    Through,
}

impl Stage {
    async fn new() -> Option<Self> {
        let site = Site::new().await?;
        let server = FaultyServer::start(&site.cloud.lab.cluster).await.expect("a server");
        site.cloud.aws.serve(&server.host(), server.ca_pem());
        Some(Stage { site, server })
    }

    /// Lets a command get to a moment, and kills it there, unless it is through before.
    async fn attempt(&self, moment: Moment, start: impl Fn(&Workspace) -> Running) -> End {
        let (account, workspace) = (&self.site.cloud.account, &self.site.steps.workspace);
        let fault = match moment.is_carried_out {
            true => Fault::withheld(),
            false => Fault::hang(),
        };
        account.fault(CHANGES, fault.skip(moment.changes).always());
        self.server.hold(moment.calls);
        let mut running = start(workspace);
        let first = async {
            tokio::select! {
                () = account.stopped() => End::AtAws,
                () = self.server.held() => End::AtCluster,
                () = running.ends() => End::Through,
            }
        };
        let first = timeout(LIMIT, first).await;
        let end = first.unwrap_or_else(|_| panic!("it comes neither to {moment:?} nor to an end"));
        match (end, moment.is_with_core) {
            (End::Through, _) => {}
            (_, true) => running.kill(),
            (_, false) => running.kill_providers().expect("processes are listed"),
        }
        account.clear_faults();
        self.server.heal();
        let outcome = running.wait().await.expect("it ends");
        assert_eq!(
            outcome.code == Some(0),
            end == End::Through,
            "{moment:?}: {}",
            outcome.text()
        );
        // A core that was killed has not taken its lock away.
        let _ = fs::remove_file(workspace.directory().join(".terraform.tfstate.lock.info"));
        end
    }

    /// Kills so many attempts, of which the first may get so many steps further than those after it; answers how many
    /// were killed.
    #[expect(
        clippy::print_stdout,
        reason = "what went before a failure must be seen, to understand it"
    )]
    async fn kill(&self, kills: usize, ahead: u32, step: Step, start: impl Fn(&Workspace) -> Running + Copy) -> usize {
        let (mut changes, mut calls) = (step.changes * (1 + ahead), step.calls);
        for attempt in 0..kills {
            let moment = Moment {
                changes,
                calls,
                is_carried_out: attempt % 2 == 0,
                is_with_core: attempt / 2 % 2 == 0,
            };
            let end = self.attempt(moment, start).await;
            println!("attempt {attempt}: {moment:?}: {end:?}");
            changes = step.changes;
            match end {
                End::AtAws => {}
                End::AtCluster => calls += step.calls,
                End::Through => return attempt,
            }
        }
        kills
    }
}

fn apply(workspace: &Workspace) -> Running {
    workspace.start_apply().expect("apply starts")
}

fn destroy(workspace: &Workspace) -> Running {
    workspace.start_destroy().expect("destroy starts")
}

/// Makes an environment and destroys it, and kills so many attempts of each; answers how many were killed.
async fn live(kills: usize, ahead: u32) -> [usize; 2] {
    let Some(stage) = Stage::new().await else {
        return [MOMENTS; 2];
    };
    let site = &stage.site;
    let created = stage.kill(kills, ahead, OF_CREATION, apply).await;
    site.steps.apply().await;
    assert!(site.steps.plan().await.is_empty(), "there is still something to do");
    site.is_whole().await;

    let destroyed = stage.kill(kills, ahead, OF_DESTRUCTION, destroy).await;
    site.steps.destroy().await;
    let mut left = site.cloud.account.left().await.expect("AWS answers");
    left.retain(|kind, _| kind != "hosted_zone");
    assert!(left.is_empty(), "{left:#?}");
    [created, destroyed]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the lab: cargo xtask test"]
async fn complaint_13_a_cloud_is_made_and_destroyed_wherever_the_provider_was_killed() {
    if let Sample::One(day) = Sample::chosen() {
        let killed = live(FEW_KILLS, u32::try_from(day % 5).expect("a few")).await;
        assert!(killed.iter().all(|killed| *killed > 0), "{killed:?} were killed");
        return;
    }
    let mut killed = [0; 2];
    for ahead in 0..4 {
        let [created, destroyed] = live(KILLS, ahead).await;
        killed = [killed[0] + created, killed[1] + destroyed];
        if killed.iter().all(|killed| *killed >= MOMENTS) {
            return;
        }
    }
    panic!("only {killed:?} were killed");
}
