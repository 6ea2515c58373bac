//! Machines, roles and what is there in any vCenter, as the provider alone tells of them: in the simulator, or in the
//! one that the environment names.

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

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn disks_grow_and_are_added_while_a_machine_runs_in_any_vcenter() {
    let place = Anywhere::new().await;
    let surroundings = place.surroundings();
    let write = |size: &str, disks: &str| {
        let machine = place
            .machine("node")
            .set("system_disk_gib", size)
            .set("data_disks", disks);
        place.write(&(surroundings.clone() + &machine.hcl()));
    };
    let disk = |gib: u32| format!("{{ couchdb = {{ size_gib = {gib}, keep_on_destroy = false }} }}");
    write("data.cht_vsphere_template.test.disk_gib + 1", &disk(1));
    place.apply().await;
    place.is_settled().await;
    let made = place.state(ADDRESS).await;

    write("data.cht_vsphere_template.test.disk_gib + 2", &disk(2));
    let plan = place.plan().await;
    assert_eq!(plan.actions(ADDRESS), ["update"]);
    let after = &plan.change(ADDRESS).expect("a change").after;
    assert_eq!(after["power_cycle_reasons"], json!([]));
    place.apply().await;
    place.is_settled().await;
    let grown = place.state(ADDRESS).await;
    let template = place.state("data.cht_vsphere_template.test").await;
    assert_eq!(
        (
            grown["system_disk_gib"].as_u64(),
            &grown["data_disks"]["couchdb"]["size_gib"]
        ),
        (template["disk_gib"].as_u64().map(|gib| gib + 2), &json!(2))
    );
    assert_eq!(grown["moid"], made["moid"]);

    write("data.cht_vsphere_template.test.disk_gib + 2", &disk(1));
    place.plan_fails().await;
    write("data.cht_vsphere_template.test.disk_gib + 2", &disk(2));
    place.destroy().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_machine_is_shut_down_for_a_change_that_needs_it_in_any_vcenter() {
    let place = Anywhere::new().await;
    place.write(&place.machine("node").hcl());
    place.apply().await;
    let made = place.state(ADDRESS).await;
    let other = place.machine("node").set("cores_per_socket", "2");
    place.write(&other.clone().set("allow_power_cycle", "false").hcl());
    let refused = place.plan_fails().await;
    assert!(refused.detail.contains("allow_power_cycle"), "{refused:#?}");

    place.write(&other.hcl());
    let plan = place.plan().await;
    assert_eq!(plan.actions(ADDRESS), ["update"]);
    let reasons = &plan.change(ADDRESS).expect("a change").after["power_cycle_reasons"];
    assert_eq!(reasons.as_array().map(Vec::len), Some(1), "{reasons}");
    place.apply().await;
    place.is_settled().await;
    let changed = place.state(ADDRESS).await;
    assert_eq!(
        (&changed["moid"], &changed["power_state"], &changed["cores_per_socket"]),
        (&made["moid"], &json!("on"), &json!(2))
    );
    assert!(
        changed["default_ip_address"].is_string(),
        "the guest is back: {changed:#}"
    );
    place.destroy().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn what_machines_are_made_of_is_found_in_any_vcenter() {
    let place = Anywhere::new().await;
    let same =
        "data \"cht_vsphere_virtual_machine\" \"test\" {\n  uuid = cht_vsphere_virtual_machine.test.provider_id\n}\n";
    place.write(&[place.surroundings(), place.machine("node").hcl(), same.to_owned()].concat());
    place.apply().await;
    place.is_settled().await;
    let found = async |kind: &str| place.state(&format!("data.cht_vsphere_{kind}.test")).await;
    let (cluster, datacenter) = (found("cluster").await, found("datacenter").await);
    assert!(
        datacenter["clusters"]
            .as_array()
            .expect("a list")
            .contains(&cluster["name"]),
        "{datacenter:#}"
    );
    assert_ne!(cluster["hosts"].as_array().map(Vec::len), Some(0), "{cluster:#}");
    for kind in ["cluster", "datastore", "network", "template"] {
        let (one, above) = (found(kind).await, datacenter["path"].as_str().expect("a path"));
        let path = one["path"].as_str().expect("a path");
        assert!(path.starts_with(above) && one["id"].is_string(), "{kind}: {one:#}");
    }
    let datastore = found("datastore").await;
    assert!(
        datastore["url"].is_string() && datastore["free_gib"].as_u64() <= datastore["capacity_gib"].as_u64(),
        "{datastore:#}"
    );
    let (machine, made) = (found("virtual_machine").await, place.state(ADDRESS).await);
    for attribute in ["provider_id", "bios_uuid", "instance_uuid", "moid"] {
        assert_eq!(machine[attribute], made[attribute], "{attribute}");
    }
    place.destroy().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_role_is_made_given_changed_imported_and_destroyed_in_any_vcenter() {
    const ROLE: &str = "cht_vsphere_role.test";
    const PERMISSION: &str = "cht_vsphere_permission.test";
    let mut place = Anywhere::new().await;
    let Some(principal) = place.principal().map(str::to_owned) else {
        return;
    };
    let name = place.name("role");
    let text = |what: &str, propagate: bool| {
        format!(
            "{}resource \"cht_vsphere_role\" \"test\" {{\n  name = {name:?}\n  {what}\n}}\n\
             resource \"cht_vsphere_permission\" \"test\" {{\n  principal = {}\n  role = cht_vsphere_role.test.name\n  \
             entity_type = \"datastore\"\n  entity_path = data.cht_vsphere_datastore.test.path\n  propagate = {propagate}\n}}\n",
            place.surroundings(),
            json!(principal)
        )
    };
    let privileges = text("privileges = [\"Datastore.FileManagement\"]", false);
    let preset = text("preset = \"cns-vm\"", true);
    place.write(&privileges);
    place.apply().await;
    place.is_settled().await;
    let made = place.state(ROLE).await;
    assert_eq!(made["privileges"], json!(["Datastore.FileManagement"]));

    place.write(&preset);
    let plan = place.plan().await;
    assert_eq!(
        (plan.actions(ROLE), plan.actions(PERMISSION)),
        (vec!["update"], vec!["update"])
    );
    place.apply().await;
    place.is_settled().await;
    let changed = place.state(ROLE).await;
    assert_eq!(changed["id"], made["id"]);
    assert_eq!(
        changed["privileges"],
        json!([
            "VirtualMachine.Config.AddExistingDisk",
            "VirtualMachine.Config.AddRemoveDevice"
        ])
    );

    let given = place.state(PERMISSION).await;
    let entity = given["entity_id"].as_str().expect("a text");
    let id = format!("datastore:{entity}:{}", given["known_as"].as_str().expect("a text"));
    place.forget();
    place.write(&preset);
    done("import", place.workspace.import(ROLE, &name).await);
    done("import", place.workspace.import(PERMISSION, &id).await);
    place.apply().await;
    place.is_settled().await;
    assert_eq!(place.state(ROLE).await["id"], made["id"]);
    place.destroy().await;
    let gone = failure("import", place.workspace.import(ROLE, &name).await);
    assert_eq!(gone.summary, "No role to import");
}
