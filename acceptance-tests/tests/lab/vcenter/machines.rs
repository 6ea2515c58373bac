//! Machines that are cloned, changed and destroyed, by the provider's way and behind its back.

use std::collections::BTreeSet;

use acceptance_tests::vcenter::{ForeignDisk, Options, Template, VCenter};
use futures::future::join_all;

use super::soap::{Soap, extra};
use super::vcenter;

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_clone_keeps_what_the_template_says_and_is_known_by_nothing_of_it() {
    let mut template = Template::new("ubuntu");
    template.extra_config.insert("kept".to_owned(), "template".to_owned());
    template
        .extra_config
        .insert("changed".to_owned(), "template".to_owned());
    let options = Options {
        templates: vec![template],
        ..Options::default()
    };
    let vcenter = VCenter::start(&options).await.unwrap();
    let soap = Soap::login(&vcenter).await;
    let config = format!(
        "<annotation>a node</annotation><flags><diskUuidEnabled>true</diskUuidEnabled></flags>\
         <numCPUs>4</numCPUs><numCoresPerSocket>2</numCoresPerSocket><memoryMB>4096</memoryMB>\
         <memoryHotAddEnabled>true</memoryHotAddEnabled>{}",
        extra("changed", "node")
    );
    for name in ["one", "two"] {
        soap.clone_template(name, &config, false).await;
    }
    let machines = vcenter.machines().await.unwrap();
    for machine in machines.iter().filter(|machine| !machine.template) {
        assert_eq!(machine.extra_config["kept"], "template");
        assert_eq!(machine.extra_config["changed"], "node");
        assert_eq!(
            (machine.annotation.as_str(), machine.hardware_version.as_str()),
            ("a node", "vmx-15")
        );
        assert_eq!(
            (machine.cpus, machine.cores_per_socket, machine.memory_mib),
            (4, 2, 4096)
        );
        assert!(machine.disk_uuid && machine.memory_hot_add && !machine.cpu_hot_add);
        assert!(
            machine.disks[0]
                .path
                .starts_with(&format!("[LocalDS_1] {}/", machine.name))
        );
        assert_eq!(machine.pool, "/DC0/host/DC0_C0/Resources");
    }
    let known: BTreeSet<_> = machines
        .iter()
        .flat_map(|machine| [&machine.uuid, &machine.instance_uuid, &machine.nics[0].mac_address])
        .collect();
    assert_eq!(known.len(), 9);
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_dozen_machines_are_cloned_and_changed_at_once() {
    let (vcenter, soap) = vcenter().await;
    let names: Vec<_> = (0..12).map(|index| format!("node-{index}")).collect();
    let made = names.iter().map(async |name| {
        let id = soap.clone_template(name, "<numCPUs>4</numCPUs>", true).await;
        soap.property("VirtualMachine", &id, "config").await;
        vcenter.machine(name).await.unwrap();
        for (method, arguments) in [
            ("PowerOffVM_Task", ""),
            ("ReconfigVM_Task", "<spec><numCPUs>8</numCPUs></spec>"),
        ] {
            assert_eq!(soap.task(method, &id, arguments).await.fault, "");
        }
    });
    join_all(made).await;
    let mut machines = vcenter.machines().await.unwrap();
    machines.retain(|machine| !machine.template);
    assert!(machines.iter().all(|machine| machine.cpus == 8));
    let addresses: BTreeSet<_> = machines.iter().map(|machine| &machine.nics[0].mac_address).collect();
    assert_eq!(addresses.len(), 12);
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn changes_that_a_running_machine_does_not_allow_are_refused() {
    let (vcenter, soap) = vcenter().await;
    let hot = "<memoryHotAddEnabled>true</memoryHotAddEnabled>";
    let id = soap.clone_template("node", hot, true).await;
    for (spec, fault) in [
        ("<numCPUs>4</numCPUs>", "InvalidPowerState"),
        ("<numCPUs>2</numCPUs>", ""),
        ("<memoryMB>1024</memoryMB>", "InvalidPowerState"),
        ("<memoryMB>4096</memoryMB>", ""),
        ("<cpuHotAddEnabled>true</cpuHotAddEnabled>", "InvalidPowerState"),
        (
            "<changeVersion>old</changeVersion><annotation>a</annotation>",
            "ConcurrentAccess",
        ),
        (
            "<deviceChange><operation>remove</operation><device xsi:type='VirtualDisk'><key>9999</key>\
             <capacityInKB>1</capacityInKB></device></deviceChange>",
            "InvalidDeviceSpec",
        ),
    ] {
        let task = soap.task("ReconfigVM_Task", &id, &format!("<spec>{spec}</spec>")).await;
        assert_eq!(task.fault, fault, "{spec}");
    }
    let machine = vcenter.machine("node").await.unwrap();
    assert_eq!(
        (machine.cpus, machine.memory_mib, machine.annotation.as_str()),
        (2, 4096, "")
    );
    assert_eq!(soap.task("Destroy_Task", &id, "").await.fault, "InvalidPowerState");
    assert_eq!(soap.task("PowerOffVM_Task", &id, "").await.fault, "");
    assert_eq!(
        soap.task("ReconfigVM_Task", &id, "<spec><numCPUs>4</numCPUs></spec>")
            .await
            .fault,
        ""
    );
    assert_eq!(soap.task("Destroy_Task", &id, "").await.fault, "");
    let power_on = format!("<PowerOnVM_Task><_this type='VirtualMachine'>{id}</_this></PowerOnVM_Task>");
    assert_eq!(soap.call(&power_on).await.fault(), "ManagedObjectNotFound");
    assert_eq!(vcenter.machines().await.unwrap().len(), 1);
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn others_change_machines_meanwhile() {
    let (vcenter, soap) = vcenter().await;
    soap.clone_template("node", "", true).await;
    let disk = ForeignDisk {
        path: "fcd/volume.vmdk",
        size_mib: 16,
        first_class: true,
    };
    vcenter.attach_disk("node", disk).await.unwrap();
    vcenter.set_cpus("node", 8).await.unwrap();
    vcenter.set_memory("node", 1024).await.unwrap();
    vcenter
        .set_extra_config("node", "guestinfo.userdata", "---")
        .await
        .unwrap();
    vcenter.rename("node", "renamed").await.unwrap();
    let machine = vcenter.machine("renamed").await.unwrap();
    assert_eq!(
        (machine.cpus, machine.memory_mib, machine.power.as_str()),
        (8, 1024, "poweredOn")
    );
    assert_eq!(machine.extra_config["guestinfo.userdata"], "---");
    let foreign = &machine.disks[1];
    assert_eq!(
        (foreign.path.as_str(), foreign.size_kib),
        ("[LocalDS_1] fcd/volume.vmdk", 16 * 1024)
    );
    assert!(foreign.first_class && !machine.disks[0].first_class);
    assert!(vcenter.files().await.unwrap().contains(&foreign.path));

    vcenter.power_off("renamed").await.unwrap();
    assert_eq!(vcenter.machine("renamed").await.unwrap().power, "poweredOff");
    vcenter.power_on("renamed").await.unwrap();
    assert!(vcenter.destroy("renamed").await.is_err(), "it is on");
    vcenter.power_off("renamed").await.unwrap();
    vcenter.destroy("renamed").await.unwrap();
    assert!(vcenter.machine("renamed").await.is_err());
    assert!(
        !vcenter.files().await.unwrap().contains(&foreign.path),
        "who destroys a machine destroys all that is attached"
    );
    let methods = vcenter.methods().await.unwrap();
    assert!(
        !methods.contains(&"ReconfigVM_Task".to_owned()),
        "what others do is not the provider's"
    );
}
