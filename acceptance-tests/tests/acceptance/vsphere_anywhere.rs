//! Machines in any vCenter, as the provider alone tells of them: in the simulator, or in the one that the environment
//! names.

use acceptance_tests::vcenter::Fault;
use serde_json::json;

use crate::support::{done, failure};
use crate::vsphere::ADDRESS;
use crate::vsphere::anywhere::Anywhere;

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_machine_lives_its_life_in_any_vcenter() {
    let mut place = Anywhere::new().await;
    place.write(&place.machine("node").hcl());
    place.apply().await;
    place.is_settled().await;
    let state = place.state(ADDRESS).await;
    let bios_uuid = state["bios_uuid"].as_str().expect("a text");
    assert_eq!(state["provider_id"], format!("vsphere://{bios_uuid}"));
    assert_eq!(
        (&state["power_state"], &state["unmanaged_disks"]),
        (&json!("on"), &json!([]))
    );
    assert!(state["default_ip_address"].is_string(), "the guest is there: {state:#}");

    let larger = place
        .machine("node")
        .set("memory_mib", "4096")
        .set("annotation", "\"A node\"");
    place.write(&larger.hcl());
    assert_eq!(place.plan().await.actions(ADDRESS), ["update"]);
    place.apply().await;
    place.is_settled().await;
    let grown = place.state(ADDRESS).await;
    assert_eq!(
        (&grown["id"], &grown["power_cycle_reasons"]),
        (&state["id"], &json!([])),
        "it went on running"
    );

    place.forget();
    place.write(&larger.hcl());
    let id = state["instance_uuid"].as_str().expect("a text");
    done("import", place.workspace.import(ADDRESS, id).await);
    place.apply().await;
    place.is_settled().await;
    assert_eq!(place.state(ADDRESS).await["moid"], state["moid"]);

    place.destroy().await;
    let gone = failure("import", place.workspace.import(ADDRESS, id).await);
    assert_eq!(gone.summary, "No virtual machine to import");
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn machines_are_kept_apart_in_any_vcenter() {
    let place = Anywhere::new().await;
    let rule = place.name("rule");
    let machines = place
        .machine("${count.index}")
        .set("count", "2")
        .set("wait_for_address", "false")
        .set("anti_affinity_rule", &format!("{rule:?}"));
    place.write(&format!(
        "{}resource \"cht_vsphere_anti_affinity_rule\" \"test\" {{\n  name = {rule:?}\n  cluster = {:?}\n  \
         virtual_machines = {ADDRESS}[*].moid\n}}\n",
        machines.hcl(),
        place.cluster()
    ));
    place.apply().await;
    place.is_settled().await;
    let state = place.state("cht_vsphere_anti_affinity_rule.test").await;
    assert_eq!(state["virtual_machines"].as_array().map(Vec::len), Some(2), "{state:#}");
    place.destroy().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_creation_that_fails_is_finished_in_place_where_faults_come_on_demand() {
    let place = Anywhere::new().await;
    let Some(simulator) = place.simulator() else { return };
    let failed = Fault::failed_task("NoCompatibleHost");
    simulator.fault("PowerOnVM_Task", failed).await.expect("it is set");
    place.write(&place.machine("node").hcl());
    place.apply_fails().await;
    done("untaint", place.workspace.run(&["untaint", ADDRESS]).await);
    place.apply().await;
    place.is_settled().await;
    place.destroy().await;
}
