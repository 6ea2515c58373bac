//! `cht_vsphere_virtual_machine`: the six steps; [`refusals`] has what plans refuse, [`updates`] what they ask hosts
//! about a change, [`failures`] what goes wrong in the vCenter, [`faults`] each kind of fault, [`complaints`] what
//! users of other tools complain about, [`others`] what others do there meanwhile, [`many`] many machines and processes
//! that are killed, [`claims`] what machines would take from each other, [`privileges`] what users may not do, [`tags`]
//! the tags of machines.

mod claims;
mod complaints;
mod failures;
mod faults;
mod many;
mod others;
mod privileges;
mod refusals;
mod tags;
mod updates;

use serde_json::{Value, json};

use crate::support::done;
use crate::vsphere::{ADDRESS, Scene, Text};

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_machine_is_made_changed_imported_replaced_and_destroyed() {
    let mut scene = Scene::new().await;
    scene.write(&Text::new("node-1").hcl());
    let planned = scene.plan().await;
    let change = planned.change(ADDRESS).expect("a change");
    assert_eq!(change.after["default_ip_address"], "10.20.0.21", "it is known before");
    scene.apply().await;
    is_as_planned(&scene).await;
    scene.is_settled().await;
    let machine = scene.machine("node-1").await;
    assert!(!machine.extra_config.contains_key("cht.creation"), "a state has it");

    is_imported_as_it_is(&mut scene).await;
    grows_while_it_runs(&scene).await;
    is_shut_down_for_less(&scene).await;
    is_replaced_by_one_with_everything(&scene).await;

    scene.destroy().await;
    assert_eq!(scene.machines().await, Vec::<String>::new());
    let files = scene.vcenter.files().await.expect("the vCenter answers");
    assert!(files.iter().all(|file| !file.contains("node-")), "{files:?}");
    let sessions = scene.vcenter.sessions().await.expect("the vCenter answers");
    let ours = sessions
        .iter()
        .filter(|session| session.user_agent.starts_with("terraform-provider-cht/"));
    assert_eq!(ours.count(), 0, "every process has given its session back");
}

async fn is_as_planned(scene: &Scene) {
    let machine = scene.machine("node-1").await;
    let state = scene.state(ADDRESS).await;
    assert_eq!(machine.power, "poweredOn");
    assert_eq!((machine.cpus, machine.memory_mib), (2, 2048));
    assert!(machine.disk_uuid && machine.cpu_hot_add && machine.memory_hot_add);
    assert_eq!(machine.guest.host_name, "node-1");
    assert_eq!(machine.guest.ip_addresses, ["10.20.0.21"]);
    assert_eq!(
        state["provider_id"],
        format!("vsphere://{}", machine.uuid.to_lowercase())
    );
    assert_ne!(state["bios_uuid"], state["instance_uuid"], "the one is not the other");
    assert_eq!(state["instance_uuid"], machine.instance_uuid);
    assert_eq!(state["moid"], machine.id);
    assert_eq!(state["mac_addresses"], json!([machine.nics[0].mac_address]));
}

async fn is_imported_as_it_is(scene: &mut Scene) {
    let id = scene.state(ADDRESS).await["instance_uuid"]
        .as_str()
        .expect("a text")
        .to_owned();
    for by in ["/DC0/vm/node-1", &id] {
        scene.forget();
        scene.write(&Text::new("node-1").hcl());
        done("import", scene.workspace.import(ADDRESS, by).await);
        assert_eq!(
            scene.plan().await.actions(ADDRESS),
            ["update"],
            "the vCenter does not tell the template"
        );
        let before = scene.vcenter.machine("node-1").await.expect("it is there");
        scene.apply().await;
        scene.is_settled().await;
        let after = scene.vcenter.machine("node-1").await.expect("it is there");
        assert_eq!(before.extra_config, after.extra_config, "its guest is told nothing new");
        assert_eq!(before.nics[0].mac_address, after.nics[0].mac_address);
    }
}

async fn grows_while_it_runs(scene: &Scene) {
    let larger = Text::new("node-one")
        .set("hostname", "\"node-1\"")
        .set("cpus", "4")
        .set("memory_mib", "4096")
        .set("system_disk_gib", "20")
        .set("data_disks", "{ couchdb = { size_gib = 5, keep_on_destroy = false } }")
        .set("annotation", "\"A node\"");
    scene.write(&larger.hcl());
    let plan = scene.plan().await;
    assert_eq!(plan.actions(ADDRESS), ["update"]);
    assert_eq!(
        plan.change(ADDRESS).expect("a change").after["power_cycle_reasons"],
        json!([])
    );
    scene.vcenter.forget_requests().await.expect("the vCenter answers");
    scene.apply().await;
    scene.is_settled().await;
    let machine = scene.machine("node-one").await;
    assert_eq!((machine.cpus, machine.memory_mib), (4, 4096));
    let sizes: Vec<u64> = machine.disks.iter().map(|disk| disk.size_kib >> 20).collect();
    assert_eq!((sizes, machine.annotation.as_str()), (vec![20, 5], "A node"));
    let methods = scene.vcenter.methods().await.expect("the vCenter answers");
    assert!(
        !methods
            .iter()
            .any(|method| method.starts_with("Power") || method == "ShutdownGuest"),
        "{methods:?}"
    );
}

async fn is_shut_down_for_less(scene: &Scene) {
    let less = Text::new("node-1")
        .set("cores_per_socket", "2")
        // The simulator takes an empty text for none.
        .set("annotation", "\"Another\"")
        .set("extra_config", "{ \"sched.swap.vmxSwapEnabled\" = \"FALSE\" }");
    scene.write(&less.hcl());
    let plan = scene.plan().await;
    let reasons = plan.change(ADDRESS).expect("a change").after["power_cycle_reasons"].clone();
    assert_eq!(reasons.as_array().map(Vec::len), Some(4), "{reasons}");
    assert!(
        plan.diagnostics()
            .iter()
            .any(|warning| warning.summary == "Virtual machine is shut down")
    );
    scene.apply().await;
    scene.is_settled().await;
    let machine = scene.machine("node-1").await;
    assert_eq!(
        (machine.cpus, machine.cores_per_socket, machine.memory_mib),
        (2, 2, 2048)
    );
    assert_eq!(machine.power, "poweredOn");
    assert_eq!(
        machine.disks.len(),
        1,
        "the disk that is not asked for any more is gone"
    );
    assert_eq!(
        machine
            .extra_config
            .get("sched.swap.vmxSwapEnabled")
            .map(String::as_str),
        Some("FALSE")
    );
}

async fn is_replaced_by_one_with_everything(scene: &Scene) {
    let text = Text::new("node-2")
        .without("cluster")
        .set("hostname", "\"worker-2\"")
        .set("datacenter", "\"DC0\"")
        .set("resource_pool", "\"/DC0/host/DC0_C0/Resources\"")
        .set("folder", "\"/DC0/vm\"")
        .set("memory_reservation_mib", "1024")
        .set("cpu_hot_add", "false")
        .set("memory_hot_add", "false")
        .set("hardware_version", "19")
        .set("disk_uuid", "false")
        .set("system_disk_gib", "12")
        .set("data_disks", "{ a = { size_gib = 1, thin = false, keep_on_destroy = false }, b = { size_gib = 2, keep_on_destroy = false } }")
        .set(
            "network_interfaces",
            "[{ network = \"DC0_DVPG0\", mac_address = \"00:50:56:00:00:11\", addresses = [\"10.20.0.31/24\"], gateway = \"10.20.0.1\", \
             nameservers = [\"10.20.0.2\"], search_domains = [\"example.org\"] }, { network = \"VM Network\", adapter = \"e1000e\" }]",
        )
        .set("cloud_init", "{ user_data = \"#cloud-config\\n\", ssh_authorized_keys = [\"ssh-ed25519 AAAA me\"] }")
        .set("wait_for_address", "true")
        .set("shutdown_timeout", "\"1m\"")
        .set("allow_power_cycle", "false")
        .set("detach_foreign_disks", "true")
        .set("timeouts", "{ create = \"10m\" }");
    scene.write(&text.hcl());
    assert_eq!(scene.plan().await.actions(ADDRESS), ["delete", "create"]);
    scene.apply().await;
    scene.is_settled().await;
    let machine = scene.machine("node-2").await;
    assert_eq!(machine.hardware_version, "vmx-19");
    assert!(!machine.cpu_hot_add && !machine.memory_hot_add && !machine.disk_uuid);
    let kinds: Vec<&str> = machine.nics.iter().map(|card| card.kind.as_str()).collect();
    assert_eq!(kinds, ["VirtualVmxnet3", "VirtualE1000e"]);
    assert_eq!(machine.nics[0].mac_address, "00:50:56:00:00:11");
    assert_eq!(machine.guest.host_name, "worker-2");
    assert_eq!(machine.guest.userdata, "#cloud-config\n");
    let metadata: Value = serde_json::from_str(&machine.guest.metadata).expect("JSON is YAML");
    assert_eq!(metadata["network"]["ethernets"]["id0"]["routes"][0]["via"], "10.20.0.1");
    assert_eq!(metadata["network"]["ethernets"]["id1"]["dhcp4"], true);
    assert_eq!(metadata["public-keys-data"], "ssh-ed25519 AAAA me");
}
