//! What goes wrong while a version is staged: each failure says why, changes nothing, and is continued by the next
//! apply.

use acceptance_tests::cht::Fault;

use super::{database, images, is_upgraded, running, upgrade_is};
use crate::support::{Scene, blames, lab};

/// What a person reads of a fault: with which further arguments, and the summary, words and line of the error.
type Shown = (&'static str, &'static str, &'static str, &'static str);

const UNSTAGED: &str = "CHT does not stage the upgrade";
const VERSION: &str = "cht_version = \"5.3.1\"";

/// What is shown of each fault; nothing of those that are only waited out, or have tests of their own. Each fault has
/// its place here: a new one does not compile without.
fn shown(fault: Fault) -> Option<Shown> {
    Some(match fault {
        Fault::BuildsServerAway => (
            "builds_url = \"https://builds.example/_couch/builds_4\"",
            UNSTAGED,
            "the running version goes on: the CHT cannot fetch or prepare it; it takes versions from https://builds.example",
            "builds_url = ",
        ),
        Fault::StagingFails => ("", UNSTAGED, "the CHT cannot fetch or prepare it", ""),
        Fault::StagingIsInterrupted => (
            "",
            UNSTAGED,
            "the CHT is started anew each time while it prepares it",
            VERSION,
        ),
        Fault::StagingIsAborted => ("", UNSTAGED, "somebody gave it up while it was prepared", VERSION),
        Fault::UpgradesForbidden => ("", "CHT refuses the upgrade", "needs the permission `can_upgrade`", ""),
        Fault::WrongVersion => (
            "",
            "CHT cannot be upgraded in one step",
            "The instance runs CHT 4.0.0, from which 5.3.1 cannot be reached",
            VERSION,
        ),
        Fault::Unauthorized => (
            "",
            "CHT refuses the admin password",
            "keeps the password with which its volume was first used",
            "couchdb = {",
        ),
        Fault::FetchingStalls => staging("Last status: the upgrade to CHT 5.3.1 is initiated"),
        Fault::IndexingWaits => staging("Last status: the upgrade to CHT 5.3.1 is staged"),
        Fault::IndexingStalls => staging(
            "Last status: indexing data: 62 % on average, least 50 % (medic/:staged:medic-client) CHT goes on with it",
        ),
        Fault::UpgradesFail => staging("answered GET /api/v2/upgrade with status 500"),
        Fault::UpgradesAreLimited => staging("refuses GET /api/v2/upgrade after too many failed log-ins"),
        Fault::MonitoringErrors => update("it cannot tell version.app"),
        Fault::NeverAnswers => update("(8s) was over. Last status: nothing seen yet"),
        Fault::StayInSetup => update("the CHT is starting: indexing data (step 3 of 6)"),
        Fault::HaproxyDown => update("the CHT does not reach its database"),
        Fault::Html200 => update("is not JSON"),
        // It only takes its time.
        Fault::SlowStart => return None,
        // It is built when the upgrade is over, see `super`.
        Fault::SearchIndexingStalls => return None,
        // See `topology`.
        Fault::UnfinishedCluster => return None,
        // See `rotation`.
        Fault::AdminsLost => return None,
    })
}

/// Of a fault that is waited for while the version is staged: the last status.
fn staging(status: &'static str) -> Shown {
    ("upgrade = { timeout = \"3s\" }", "Timed out", status, "upgrade = {")
}

/// Of a fault that is waited for until the time of the update is over: the last status.
fn update(status: &'static str) -> Shown {
    ("timeouts = { update = \"8s\" }", "Timed out", status, "")
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn row_10_an_upgrade_that_goes_wrong_says_why_and_leaves_the_running_version_alone() {
    let scene = Scene::new("unstaged").await;
    let cht = &lab().await.cht;
    scene.configure(&running(&scene, "5.2.0")).await;
    scene.apply().await;
    for fault in Fault::ALL {
        let Some((arguments, summary, text, code)) = shown(fault) else {
            continue;
        };
        scene.configure(&running(&scene, "5.3.1").with(arguments)).await;
        cht.inject("unstaged", fault);
        let error = scene.apply_fails().await;
        cht.heal("unstaged", fault);
        blames(&error, summary, text, code);
        for image in images(&scene).await {
            assert!(image.ends_with(":5.2.0"), "{fault:?}: {image}");
        }
        let state = scene.state().await;
        assert_eq!(
            (&state["values"]["cht_version"], &state["tainted"]),
            (&"5.2.0".into(), &().into()),
            "{fault:?}"
        );
    }
    scene.configure(&running(&scene, "5.3.1")).await;
    cht.inject("unstaged", Fault::SlowStart);
    scene.apply().await;
    cht.heal("unstaged", Fault::SlowStart);
    is_upgraded(&scene, "5.3.1", "after all that").await;
    scene.is_settled().await;
    scene.destroy().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_fault_that_passes_is_not_even_noticed() {
    let scene = Scene::new("recovering").await;
    let cht = &lab().await.cht;
    scene.configure(&running(&scene, "5.2.0")).await;
    scene.apply().await;
    scene.configure(&running(&scene, "5.3.1")).await;
    cht.inject("recovering", Fault::StagingIsInterrupted);
    let running = scene.workspace.start_apply().expect("apply starts");
    upgrade_is(&scene, "interrupted").await;
    cht.heal("recovering", Fault::StagingIsInterrupted);
    let outcome = running.wait().await.expect("it ends");
    assert_eq!(outcome.code, Some(0), "{}", outcome.text());
    is_upgraded(&scene, "5.3.1", "after the interruption").await;
    assert!(database(&scene).await.log.len() > 1, "it was asked for again");
    scene.destroy().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn an_upgrade_by_somebody_else_is_not_disturbed() {
    let scene = Scene::new("busy").await;
    let cht = &lab().await.cht;
    scene.configure(&running(&scene, "5.2.0")).await;
    scene.apply().await;
    cht.inject("busy", Fault::IndexingStalls);
    cht.upgrades().ask("busy", "upgrade", "5.3.0");
    scene.configure(&running(&scene, "5.3.1")).await;
    let error = scene.apply_fails().await;
    blames(
        &error,
        "CHT does not stage the upgrade",
        "somebody is upgrading it to CHT 5.3.0",
        "cht_version = \"5.3.1\"",
    );
    assert_eq!(database(&scene).await.log.len(), 1);
    cht.heal("busy", Fault::IndexingStalls);
    scene.destroy().await;
}
