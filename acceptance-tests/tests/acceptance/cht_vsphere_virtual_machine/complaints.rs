//! What users of other tools for vSphere complain about, where no other test shows it. The guide on problems with
//! vSphere lists these tests by their names.

use acceptance_tests::vcenter::Guest;
use serde_json::json;

use crate::vsphere::{ADDRESS, Scene, Text};

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn complaint_05_other_user_data_makes_a_new_machine_or_none_as_the_user_says() {
    let scene = Scene::new().await;
    let told = |data: &str, on_change: &str| {
        let text = Text::new("node-1").set("wait_for_address", "false");
        let told = format!("{{ user_data = \"#cloud-config {data}\", on_change = {on_change:?} }}");
        text.set("cloud_init", &told).hcl()
    };
    scene.write(&told("one", "replace"));
    scene.apply().await;
    let first = scene.machine("node-1").await;
    assert_eq!(first.guest.userdata, "#cloud-config one");
    scene.write(&told("two", "ignore"));
    assert_eq!(scene.plan().await.actions(ADDRESS), ["update"]);
    scene.apply().await;
    scene.is_settled().await;
    let same = scene.machine("node-1").await;
    assert_eq!((same.id, same.power.as_str()), (first.id.clone(), "poweredOn"));
    scene.write(&told("three", "replace"));
    assert_eq!(scene.plan().await.actions(ADDRESS), ["delete", "create"]);
    scene.apply().await;
    let second = scene.machine("node-1").await;
    assert_ne!(second.id, first.id);
    assert_eq!(second.guest.userdata, "#cloud-config three", "it takes effect");
    scene.destroy().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn complaint_11_what_names_a_machine_is_known_in_plans_that_change_it() {
    let scene = Scene::new().await;
    let output = format!("output \"ids\" {{\n  value = [{ADDRESS}.moid, {ADDRESS}.provider_id, {ADDRESS}.id]\n}}\n");
    scene.write(&(Text::new("node-1").hcl() + &output));
    scene.apply().await;
    let before = scene.state(ADDRESS).await;
    scene.write(&(Text::new("node-1").set("cpus", "1").set("annotation", "\"less\"").hcl() + &output));
    let plan = scene.plan().await;
    assert_eq!(plan.actions(ADDRESS), ["update"]);
    let after = &plan.change(ADDRESS).expect("a change").after;
    for name in ["id", "moid", "bios_uuid", "instance_uuid", "provider_id"] {
        assert_eq!(after[name], before[name], "{name}");
    }
    scene.apply().await;
    scene.is_settled().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn complaint_16_all_machines_of_a_process_share_one_session_which_is_given_back() {
    let scene = Scene::new().await;
    scene.vcenter.guests(Guest::Answers).await.expect("it is set");
    let card = "[{ network = \"DC0_DVPG0\", addresses = [\"10.20.0.2${count.index}/24\"] }]";
    let text = Text::new("node")
        .set("count", "5")
        .set("name", "\"node-${count.index}\"")
        .set("network_interfaces", card);
    scene.write(&text.hcl());
    scene.apply().await;
    scene.is_settled().await;
    scene.vcenter.forget_requests().await.expect("the vCenter answers");
    scene.is_settled().await;
    let methods = scene.vcenter.methods().await.expect("the vCenter answers");
    for method in ["Login", "Logout"] {
        assert_eq!(
            methods.iter().filter(|called| *called == method).count(),
            1,
            "{methods:?}"
        );
    }
    scene.destroy().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_machine_that_is_suspended_goes_on_before_it_is_changed() {
    let scene = Scene::new().await;
    scene.write(&Text::new("node-1").hcl());
    scene.apply().await;
    scene.is_settled().await;
    scene.vcenter.suspend("node-1").await.expect("it is on");
    let text = Text::new("node-1").set("cpus", "1").set("memory_mib", "4096");
    scene.write(&text.clone().set("allow_power_cycle", "false").hcl());
    assert_eq!(
        scene.plan_fails().await.summary,
        "Virtual machine must not be shut down"
    );
    scene.write(&text.hcl());
    let plan = scene.plan().await;
    let change = plan.change(ADDRESS).expect("a change");
    assert_eq!(
        (&change.before["power_state"], &change.after["power_state"]),
        (&json!("suspended"), &json!("on"))
    );
    scene.apply().await;
    scene.is_settled().await;
    let machine = scene.machine("node-1").await;
    assert_eq!(
        (machine.power.as_str(), machine.cpus, machine.memory_mib),
        ("poweredOn", 1, 4096)
    );
    scene.vcenter.suspend("node-1").await.expect("it is on");
    scene.destroy().await;
    assert_eq!(scene.machines().await, Vec::<String>::new());
}
