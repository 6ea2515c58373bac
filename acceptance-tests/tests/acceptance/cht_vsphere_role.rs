//! `cht_vsphere_role`: the six steps, roles of others, and calls without an answer.

use acceptance_tests::vcenter::Fault;

use crate::support::{blames, done};
use crate::vsphere::Scene;

const ADDRESS: &str = "cht_vsphere_role.test";

/// A role with these lines.
fn role(lines: &str) -> String {
    format!("resource \"cht_vsphere_role\" \"test\" {{\n  {lines}\n}}\n")
}

/// What a role may do, without what every role may; none if there is no such role.
async fn privileges(scene: &Scene, name: &str) -> Option<Vec<String>> {
    let roles = scene.vcenter.roles().await.expect("the vCenter answers");
    let mut found = roles.get(name)?.clone();
    found.retain(|id| !id.starts_with("System."));
    found.sort();
    Some(found)
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_role_is_made_changed_repaired_imported_and_destroyed() {
    let mut scene = Scene::new().await;
    scene.write(&role("name = \"cht\"\n  privileges = [\"Datastore.FileManagement\"]"));
    scene.apply().await;
    assert_eq!(privileges(&scene, "cht").await.unwrap(), ["Datastore.FileManagement"]);
    scene.is_settled().await;
    let id = scene.state(ADDRESS).await["id"].clone();

    let preset = role("name = \"cht-cns\"\n  preset = \"cns-search-and-spbm\"");
    scene.write(&preset);
    assert_eq!(scene.plan().await.actions(ADDRESS), ["update"]);
    scene.apply().await;
    assert_eq!(
        privileges(&scene, "cht-cns").await.unwrap(),
        ["Cns.Searchable", "StorageProfile.View"]
    );
    assert_eq!(privileges(&scene, "cht").await, None, "it is the same role");
    assert_eq!(scene.state(ADDRESS).await["id"], id);
    scene.is_settled().await;

    somebody_else_changes_it(&mut scene).await;
    let plan = scene.plan().await;
    let before = &plan.change(ADDRESS).expect("a change").before["privileges"];
    assert_eq!(before, &serde_json::json!(["Cns.Searchable", "Global.Health"]));
    scene.apply().await;
    scene.is_settled().await;

    for id in ["cht-cns", id.as_str().expect("a text")] {
        scene.forget();
        scene.write(&role(
            "name = \"cht-cns\"\n  privileges = [\"Cns.Searchable\", \"StorageProfile.View\"]",
        ));
        done("import", scene.workspace.import(ADDRESS, id).await);
        scene.is_settled().await;
    }
    scene.destroy().await;
    assert!(scene.vcenter.roles().await.expect("an answer").is_empty());
}

async fn somebody_else_changes_it(scene: &mut Scene) {
    let ours = scene.exchange(None);
    scene.write(&role(
        "name = \"cht-cns\"\n  privileges = [\"Cns.Searchable\", \"Global.Health\"]",
    ));
    done("import", scene.workspace.import(ADDRESS, "cht-cns").await);
    scene.apply().await;
    scene.exchange(Some(ours));
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn every_preset_has_privileges_that_a_vcenter_knows() {
    let scene = Scene::new().await;
    let presets = "[\"cns-vm\", \"cns-datastore\", \"cns-search-and-spbm\", \"cns-host-config-storage\", \"read-only\", \"provisioner\"]";
    scene.write(&role(&format!(
        "for_each = toset({presets})\n  name = \"cht-${{each.key}}\"\n  preset = each.key"
    )));
    scene.apply().await;
    scene.is_settled().await;
    assert!(privileges(&scene, "cht-read-only").await.unwrap().is_empty());
    assert_eq!(
        privileges(&scene, "cht-cns-vm").await.unwrap(),
        [
            "VirtualMachine.Config.AddExistingDisk",
            "VirtualMachine.Config.AddRemoveDevice"
        ]
    );
    scene.destroy().await;
    assert!(scene.vcenter.roles().await.expect("an answer").is_empty());
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn privileges_that_do_not_exist_are_refused_by_the_plan() {
    let scene = Scene::new().await;
    scene.write(&role("name = \"cht\"\n  privileges = [\"Datastore.Filemanagement\"]"));
    let refused = scene.plan_fails().await;
    blames(
        &refused,
        "Unknown privilege",
        "there is `Datastore.FileManagement`",
        "privileges",
    );
    scene.write(&role("name = \"cht\"\n  privileges = [\"System.Read\"]"));
    let refused = scene.plan_fails().await;
    assert!(refused.detail.contains("by itself"), "{refused:#?}");
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_role_of_somebody_else_is_not_taken_over() {
    let mut scene = Scene::new().await;
    let text = role("name = \"cht\"\n  preset = \"cns-vm\"");
    scene.write(&text);
    scene.apply().await;
    scene.forget();
    scene.write(&text);
    let refused = scene.apply_fails().await;
    blames(
        &refused,
        "Role exists already",
        "tofu import cht_vsphere_role.NAME 'cht'",
        "name",
    );
    scene.destroy().await;
    assert!(privileges(&scene, "cht").await.is_some(), "it is not ours to destroy");
    scene.write(&role("name = \"Admin\"\n  preset = \"cns-vm\""));
    let refused = crate::support::failure("import", scene.workspace.import(ADDRESS, "Admin").await);
    assert_eq!(refused.summary, "Role of the vCenter's own");
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_role_that_others_use_is_not_destroyed() {
    let mut scene = Scene::new().await;
    let text = role("name = \"cht\"\n  preset = \"cns-vm\"");
    scene.write(&text);
    scene.apply().await;
    let ours = scene.exchange(None);
    scene.write(
        "resource \"cht_vsphere_permission\" \"other\" {\n  principal = \"jane@corp.example\"\n  role = \"cht\"\n  \
         entity_type = \"datacenter\"\n  entity_path = \"/DC0\"\n  propagate = true\n}\n",
    );
    scene.apply().await;
    let theirs = scene.exchange(Some(ours));
    let refused = crate::support::failure("destroy", scene.workspace.destroy().await);
    let flat = refused.detail.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(refused.summary, "Role is used");
    assert!(flat.contains("CORP.EXAMPLE\\jane on /DC0"), "{flat}");
    let ours = scene.exchange(Some(theirs));
    scene.destroy().await;
    scene.exchange(Some(ours));
    scene.destroy().await;
    assert_eq!(privileges(&scene, "cht").await, None);
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_role_whose_making_got_no_answer_is_found() {
    let scene = Scene::new().await;
    let vcenter = &scene.vcenter;
    vcenter
        .fault("AddAuthorizationRole", Fault::lost_answer())
        .await
        .expect("the fault is set");
    scene.write(&role("name = \"cht\"\n  preset = \"cns-vm\""));
    scene.apply().await;
    assert_eq!(vcenter.clear_faults().await.expect("an answer"), 1);
    scene.is_settled().await;
    vcenter
        .fault("RemoveAuthorizationRole", Fault::lost_answer())
        .await
        .expect("the fault is set");
    crate::support::failure("destroy", scene.workspace.destroy().await);
    assert_eq!(vcenter.clear_faults().await.expect("an answer"), 1);
    scene.destroy().await;
    assert_eq!(privileges(&scene, "cht").await, None);
}
