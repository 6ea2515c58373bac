//! `cht_vsphere_permission`: the six steps, permissions of others, and calls without an answer.

use acceptance_tests::vcenter::{Fault, Permission};

use crate::support::{blames, done, failure};
use crate::vsphere::Scene;

const ADDRESS: &str = "cht_vsphere_permission.test";
const FOLDER: &str = "entity_type = \"folder\"\n  entity_path = \"/DC0/vm\"";

/// A permission with these lines, and a role.
fn permission(lines: &str) -> String {
    format!(
        "resource \"cht_vsphere_role\" \"test\" {{\n  name = \"cht\"\n  preset = \"cns-vm\"\n}}\n\
         resource \"cht_vsphere_permission\" \"test\" {{\n  {lines}\n}}\n"
    )
}

/// A permission of the user of the CSI driver with the role, on the folder of machines.
fn usual(principal: &str, propagate: bool) -> String {
    permission(&format!(
        "principal = {}\n  role = cht_vsphere_role.test.name\n  {FOLDER}\n  propagate = {propagate}",
        serde_json::json!(principal)
    ))
}

/// The permissions that somebody has whose name ends so.
async fn of(scene: &Scene, name: &str) -> Vec<Permission> {
    let mut all = scene.vcenter.permissions().await.expect("the vCenter answers");
    all.retain(|one| one.principal.ends_with(name));
    all
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_permission_is_made_changed_imported_replaced_and_destroyed() {
    let mut scene = Scene::new().await;
    let before = scene.vcenter.permissions().await.expect("the vCenter answers");
    scene.write(&usual("cns@vsphere.local", true));
    scene.apply().await;
    let made = of(&scene, "cns").await;
    assert_eq!(made.len(), 1);
    let expected = (("/DC0/vm", "VSPHERE.LOCAL\\cns"), ("cht", true, false));
    let found = &made[0];
    assert_eq!(
        (
            (found.entity.as_str(), found.principal.as_str()),
            (found.role.as_str(), found.propagate, found.group)
        ),
        expected
    );
    scene.is_settled().await;
    scene.write(&usual("VSPHERE.LOCAL\\cns", true));
    scene.is_settled().await;

    scene.write(&usual("cns@vsphere.local", false));
    assert_eq!(scene.plan().await.actions(ADDRESS), ["update"]);
    scene.apply().await;
    assert!(!of(&scene, "cns").await[0].propagate);
    scene.is_settled().await;
    is_imported_as_it_is(&mut scene).await;

    let all = permission(
        "principal = \"cns@vsphere.local\"\n  group = true\n  role = \"ReadOnly\"\n  entity_type = \"root\"\n  propagate = false",
    );
    scene.write(&all);
    assert_eq!(scene.plan().await.actions(ADDRESS), ["delete", "create"]);
    scene.apply().await;
    let found = of(&scene, "cns").await;
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].role.as_str(), found[0].group), ("ReadOnly", true));
    assert_eq!(found[0].entity, "");
    scene.is_settled().await;
    scene.destroy().await;
    assert_eq!(
        scene.vcenter.permissions().await.expect("an answer").len(),
        before.len()
    );
}

async fn is_imported_as_it_is(scene: &mut Scene) {
    let text = usual("cns@vsphere.local", false);
    let id = "folder:/DC0/vm:cns@vsphere.local";
    let state = scene.state(ADDRESS).await;
    let entity = state["entity_id"].as_str().expect("a text").to_owned();
    scene.forget();
    scene.write(&text);
    done("import", scene.workspace.import("cht_vsphere_role.test", "cht").await);
    scene.apply_role().await;
    done("import", scene.workspace.import(ADDRESS, id).await);
    scene.is_settled().await;

    let ours = scene.exchange(None);
    let by_id = text.replace("entity_path = \"/DC0/vm\"", &format!("entity_id = {entity:?}"));
    scene.write(&by_id);
    done("import", scene.workspace.import("cht_vsphere_role.test", "cht").await);
    let id = format!("folder:{entity}:VSPHERE.LOCAL\\cns");
    done("import", scene.workspace.import(ADDRESS, &id).await);
    assert_eq!(scene.plan().await.actions(ADDRESS), ["no-op"]);
    scene.exchange(Some(ours));
}

impl Scene {
    /// Applies the role alone.
    async fn apply_role(&self) {
        let arguments = ["apply", "-auto-approve", "-json", "-target=cht_vsphere_role.test"];
        done("apply", self.workspace.run(&arguments).await);
    }
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_permission_of_somebody_else_is_not_taken_over() {
    let mut scene = Scene::new().await;
    scene.write(&usual("cns@vsphere.local", true));
    scene.apply().await;
    let ours = scene.exchange(None);
    let other = permission(&format!(
        "principal = \"CNS@vsphere.local\"\n  role = \"ReadOnly\"\n  {FOLDER}\n  propagate = true"
    ));
    let other = other.replace("name = \"cht\"", "name = \"other\"");
    scene.write(&other);
    let refused = scene.apply_fails().await;
    blames(
        &refused,
        "Permission exists already",
        "tofu import cht_vsphere_permission.NAME 'folder:group-",
        "principal",
    );
    scene.destroy().await;
    assert_eq!(of(&scene, "cns").await[0].role, "cht");
    scene.exchange(Some(ours));
    scene.is_settled().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn what_cannot_be_is_refused_at_its_attribute() {
    let scene = Scene::new().await;
    for (lines, summary, text, code) in [
        (
            "principal = \"cns\"\n  role = \"ReadOnly\"\n  entity_type = \"root\"\n  propagate = true",
            None,
            "cns@vsphere.local",
            "principal",
        ),
        (
            "principal = \"a@b\"\n  role = \"ReadOnly\"\n  entity_type = \"root\"\n  entity_path = \"/DC0\"\n  propagate = true",
            Some("Root is named"),
            "only one root",
            "entity_path",
        ),
        (
            "principal = \"a@b\"\n  role = \"ReadOnly\"\n  entity_type = \"datastore\"\n  propagate = true",
            Some("Object of the permission is missing"),
            "which datastore",
            "entity_type",
        ),
        (
            "principal = \"a@b\"\n  role = \"ReadOnly\"\n  entity_type = \"datastore\"\n  entity_path = \"/DC0/datastore/none\"\n  \
             propagate = true",
            Some("Unable to set the permission"),
            "there are: LocalDS_0",
            "entity_path",
        ),
    ] {
        scene.write(&permission(lines));
        let refused = scene.plan_fails().await;
        blames(&refused, summary.unwrap_or(&refused.summary), text, code);
    }
    scene.write(&permission(
        "principal = \"a@b\"\n  role = \"Read-only\"\n  entity_type = \"root\"\n  propagate = true",
    ));
    let refused = scene.apply_fails().await;
    blames(&refused, "Unknown role", "Read-only is `ReadOnly`", "role");
    scene
        .vcenter
        .fault("SetEntityPermissions", Fault::thrown("UserNotFound"))
        .await
        .expect("the fault is set");
    scene.write(&usual("nobody@vsphere.local", true));
    let refused = scene.apply_fails().await;
    blames(&refused, "Unable to set the permission", "UserNotFound", "principal");
    assert!(of(&scene, "nobody").await.is_empty());
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_permission_whose_setting_got_no_answer_is_found() {
    let scene = Scene::new().await;
    let vcenter = &scene.vcenter;
    vcenter
        .fault("SetEntityPermissions", Fault::lost_answer())
        .await
        .expect("the fault is set");
    scene.write(&usual("cns@vsphere.local", true));
    scene.apply().await;
    assert_eq!(vcenter.clear_faults().await.expect("an answer"), 1);
    scene.is_settled().await;
    vcenter
        .fault("RemoveEntityPermission", Fault::lost_answer())
        .await
        .expect("the fault is set");
    failure("destroy", scene.workspace.destroy().await);
    assert!(of(&scene, "cns").await.is_empty());
    scene.destroy().await;
}
