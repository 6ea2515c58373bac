//! Upgrades for which the volumes may be too small.

use acceptance_tests::cht::Fault;

use super::{is_upgraded, running};
use crate::support::{Instance, Scene, blames, done, lab};

const SUMMARY: &str = "Too little space for the upgrade";
const MIB: u64 = 1 << 20;

/// On a disk: a directory of a node has no size of its own.
fn on_disk(scene: &Scene, version: &str) -> Instance {
    let disk = "nodes = [{ storage = { ebs_volume_id = \"vol-0a1b2c3d4e5f60721\" } }]\n";
    running(scene, version).couchdb(disk)
}

fn required(instance: Instance) -> Instance {
    instance.with("upgrade = { require_disk_headroom = true }")
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn v12_row_10_an_upgrade_that_may_fill_the_volume_is_warned_of_and_refused_on_request() {
    let scene = Scene::new("crowded").await;
    let cht = &lab().await.cht;
    scene.configure(&on_disk(&scene, "5.2.0")).await;
    scene.apply().await;
    cht.documents("crowded", |documents| documents.fill(300 * MIB));

    scene.configure(&on_disk(&scene, "5.3.1")).await;
    let plan = scene.plan().await;
    let mut warnings = plan.diagnostics().iter();
    let warning = warnings.find(|warning| warning.summary == SUMMARY);
    let warning = warning.unwrap_or_else(|| panic!("no warning: {:#?}", plan.diagnostics()));
    blames(warning, SUMMARY, "They use 301 MiB, and of the 1.0 GiB", "couchdb = {");

    scene.configure(&required(on_disk(&scene, "5.3.1"))).await;
    let refused = scene.plan_fails().await;
    blames(&refused, SUMMARY, "remove `require_disk_headroom`", "couchdb = {");
    refuses_what_no_plan_could_ask_about(&scene).await;

    cht.documents("crowded", |documents| documents.fill(100 * MIB));
    let plan = scene.plan().await;
    assert!(plan.diagnostics().is_empty(), "{:#?}", plan.diagnostics());
    scene.apply().await;
    is_upgraded(&scene, "5.3.1", "with enough space").await;
    scene.destroy().await;
}

/// The application did not answer when the state was refreshed last, and does again when it is to stage the version.
async fn refuses_what_no_plan_could_ask_about(scene: &Scene) {
    let cht = &lab().await.cht;
    cht.inject(&scene.namespace, Fault::StayInSetup);
    let refresh = ["apply", "-refresh-only", "-auto-approve", "-input=false", "-json"];
    done("apply -refresh-only", scene.workspace.run(&refresh).await);
    cht.heal(&scene.namespace, Fault::StayInSetup);
    let apply = ["apply", "-refresh=false", "-auto-approve", "-input=false", "-json"];
    let refused = crate::support::failure("apply", scene.workspace.run(&apply).await);
    blames(&refused, SUMMARY, "They use 301 MiB", "couchdb = {");
    assert!(super::database(scene).await.log.is_empty(), "nothing was staged");
}
