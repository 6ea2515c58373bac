//! What others do to a machine meanwhile, and what of it is theirs.

use acceptance_tests::vcenter::{ForeignDisk, Guest, Options, Template};
use serde_json::json;

use crate::vsphere::{ADDRESS, Scene, Text};

const VOLUME: ForeignDisk<'_> = ForeignDisk {
    path: "fcd/volume.vmdk",
    size_mib: 1024,
    first_class: true,
};

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn what_others_change_is_shown_and_repaired() {
    let scene = Scene::new().await;
    scene.write(&Text::new("node-1").set("data_disks", "{ a = { size_gib = 1 } }").hcl());
    scene.apply().await;
    scene.vcenter.set_cpus("node-1", 3).await.expect("it is changed");
    scene.vcenter.set_memory("node-1", 3072).await.expect("it is changed");
    scene.vcenter.rename("node-1", "renamed").await.expect("it is changed");
    let plan = scene.plan().await;
    let change = plan.change(ADDRESS).expect("a change");
    assert_eq!(plan.actions(ADDRESS), ["update"]);
    assert_eq!(
        (&change.before["name"], &change.before["cpus"]),
        (&json!("renamed"), &json!(3))
    );
    scene.apply().await;
    scene.is_settled().await;
    assert_eq!(scene.machine("node-1").await.cpus, 2);

    scene.vcenter.power_off("node-1").await.expect("it is off");
    let plan = scene.plan().await;
    assert_eq!(plan.change(ADDRESS).expect("a change").before["power_state"], "off");
    scene.apply().await;
    scene.is_settled().await;
    assert_eq!(scene.machine("node-1").await.power, "poweredOn");

    scene.vcenter.power_off("node-1").await.expect("it is off");
    scene.vcenter.destroy("node-1").await.expect("it is gone");
    assert_eq!(scene.plan().await.actions(ADDRESS), ["create"]);
    scene.apply().await;
    scene.destroy().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn complaint_01_complaint_02_disks_of_others_are_listed_never_changed_and_taken_off_before_the_machine_is_destroyed()
 {
    let scene = Scene::new().await;
    let text = Text::new("node-1").set("data_disks", "{ a = { size_gib = 1 } }");
    scene.write(&text.hcl());
    scene.apply().await;
    scene
        .vcenter
        .attach_disk("node-1", VOLUME)
        .await
        .expect("it is attached");
    assert!(scene.plan().await.is_empty(), "a volume of Kubernetes is no change");

    let refused = crate::support::failure("destroy", scene.workspace.destroy().await);
    assert_eq!(refused.summary, "Disks of others are attached");
    assert!(refused.detail.contains("fcd/volume.vmdk"), "{}", refused.detail);
    assert_eq!(scene.machine("node-1").await.power, "poweredOn", "it runs on");

    scene.write(&text.set("detach_foreign_disks", "true").set("cpus", "4").hcl());
    scene.apply().await;
    let listed = scene.state(ADDRESS).await["unmanaged_disks"].to_string();
    assert!(listed.contains("fcd/volume.vmdk"), "{listed}");
    let disks = scene.machine("node-1").await.disks.len();
    assert_eq!(disks, 3);
    let outcome = crate::support::done("destroy", scene.workspace.destroy().await);
    assert!(
        outcome.warnings().any(|warning| warning.summary == "Disks are kept"),
        "{}",
        outcome.text()
    );
    let files = scene.vcenter.files().await.expect("the vCenter answers");
    let is_there = |name: &str| files.iter().any(|file| file.contains(name));
    assert!(is_there("fcd/volume.vmdk"), "the volume is there: {files:?}");
    assert!(
        is_there("node-1/node-1_1.vmdk"),
        "the disk that is to be kept is there: {files:?}"
    );
    assert!(!is_there("node-1/node-1.vmdk"), "its own disk is gone: {files:?}");
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_guest_that_does_not_shut_down_is_powered_off_after_its_time() {
    let scene = Scene::new().await;
    let text = Text::new("node-1").set("shutdown_timeout", "\"2s\"");
    scene.write(&text.hcl());
    scene.apply().await;
    scene.vcenter.guest("node-1", Guest::Deaf).await.expect("it is set");
    scene.write(&text.set("cpus", "1").hcl());
    scene.apply().await;
    let methods = scene.vcenter.methods().await.expect("the vCenter answers");
    let place = |name: &str| methods.iter().position(|method| method == name);
    assert!(place("ShutdownGuest") < place("PowerOffVM_Task"), "{methods:?}");
    assert_eq!(scene.machine("node-1").await.cpus, 1);
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_disk_that_is_not_asked_for_any_more_is_taken_off_and_its_file_is_named() {
    let scene = Scene::new().await;
    let text = Text::new("node-1");
    scene.write(&text.clone().set("data_disks", "{ a = { size_gib = 1 } }").hcl());
    scene.apply().await;
    scene.write(&text.hcl());
    let outcome = crate::support::done("apply", scene.workspace.apply().await);
    let kept = outcome.warnings().find(|warning| warning.summary == "Disks are kept");
    let kept = kept.unwrap_or_else(|| panic!("{}", outcome.text())).detail.clone();
    assert!(kept.contains("node-1/node-1_1.vmdk"), "{kept}");
    let files = scene.vcenter.files().await.expect("the vCenter answers");
    assert!(
        files.iter().any(|file| file.ends_with("node-1/node-1_1.vmdk")),
        "{files:?}"
    );
    scene.is_settled().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn the_guest_of_a_machine_that_was_made_by_hand_is_told_nothing_until_there_is_something_new() {
    let by_hand = Options {
        templates: vec![Template {
            machine: true,
            ..Template::new("by-hand")
        }],
        ..Options::default()
    };
    let scene = Scene::with(&by_hand).await;
    let text = Text::new("by-hand")
        .set("template", "\"by-hand\"")
        .set("network_interfaces", "[{ network = \"VM Network\" }]")
        .set("wait_for_address", "false");
    scene.write(&text.hcl());
    crate::support::done("import", scene.workspace.import(ADDRESS, "/DC0/vm/by-hand").await);
    scene.apply().await;
    scene.write(&text.clone().set("cpus", "4").hcl());
    scene.apply().await;
    scene.is_settled().await;
    let settings = scene.machine("by-hand").await.extra_config;
    assert!(!settings.contains_key("guestinfo.metadata"), "{settings:?}");
    let card = "[{ network = \"VM Network\", addresses = [\"10.20.0.41/24\"] }]";
    scene.write(&text.set("cpus", "4").set("network_interfaces", card).hcl());
    scene.apply().await;
    let settings = scene.machine("by-hand").await.extra_config;
    assert!(settings.contains_key("guestinfo.metadata"), "{settings:?}");
}
