//! Requests as they are written, and machines as they are read.

use std::collections::BTreeMap;

use quick_xml::Writer;

use super::super::properties::Properties;
use super::super::reference::Reference;
use super::super::xml::{Element, XSI};
use super::cards::{Backing, NetworkCard, new_network_card};
use super::config::{CloneSpec, ConfigSpec};
use super::devices::{Controller, Devices, NewDisk, Units};
use super::{Guest, GuestCard, Machine, PowerState};

fn written(element: &Element) -> String {
    let mut writer = Writer::new(Vec::new());
    element.write(&mut writer).unwrap();
    String::from_utf8(writer.into_inner()).unwrap()
}

impl Machine {
    /// A machine that is on and fit to be a node, for tests.
    pub(in crate::vsphere) fn fixture() -> Self {
        let mac = "00:50:56:00:00:01".to_owned();
        let mut devices = Devices::default();
        devices.network_cards.push(NetworkCard::fixture(&mac));
        devices.controllers.push(Controller {
            key: 1000,
            bus: 0,
            api_type: "ParaVirtualSCSIController".to_owned(),
        });
        Machine {
            object: Reference::new("VirtualMachine", "vm-1"),
            name: "Node 1".to_owned(),
            folder: None,
            pool: None,
            host: None,
            power: PowerState::On,
            question: None,
            is_template: false,
            bios_uuid: "4221de28-b7d6-7625-eaad-433c7ce445ec".to_owned(),
            instance_uuid: "5021de28-b7d6-7625-eaad-433c7ce445ec".to_owned(),
            hardware_version: 15,
            guest_id: "ubuntu64Guest".to_owned(),
            annotation: String::new(),
            cpus: 2,
            cores_per_socket: 1,
            memory_mib: 4096,
            memory_hot_add: false,
            cpu_hot_add: false,
            disk_uuid: true,
            memory_reservation_mib: 0,
            extra: BTreeMap::new(),
            file: String::new(),
            devices,
            guest: Guest {
                tools_running: true,
                host_name: Some("node-1".to_owned()),
                address: None,
                network_cards: vec![GuestCard {
                    mac,
                    addresses: vec!["10.20.0.21".parse().unwrap()],
                }],
            },
        }
    }
}

fn devices() -> Devices {
    let text = format!(
        "<hardware xmlns:xsi=\"{XSI}\">\
         <device xsi:type=\"VirtualLsiLogicController\"><key>1000</key><busNumber>0</busNumber><sharedBus>noSharing</sharedBus></device>\
         <device xsi:type=\"VirtualDisk\"><key>2000</key><backing xsi:type=\"VirtualDiskFlatVer2BackingInfo\">\
         <fileName>[ssd-1] n/n.vmdk</fileName><uuid>6000C29A</uuid><thinProvisioned>true</thinProvisioned></backing>\
         <controllerKey>1000</controllerKey><unitNumber>0</unitNumber><capacityInKB>10485760</capacityInKB></device>\
         <device xsi:type=\"VirtualDisk\"><key>2001</key><backing><fileName>[ssd-1] fcd/v.vmdk</fileName></backing>\
         <controllerKey>1000</controllerKey><unitNumber>1</unitNumber><capacityInKB>0</capacityInKB>\
         <capacityInBytes>1073741824</capacityInBytes><vDiskId><id>1</id></vDiskId></device>\
         <device xsi:type=\"VirtualVmxnet3\"><key>4000</key><backing><port><portgroupKey>dvportgroup-11</portgroupKey></port></backing>\
         <controllerKey>100</controllerKey><unitNumber>7</unitNumber><addressType>assigned</addressType>\
         <macAddress>00:50:56:AB:00:01</macAddress></device>\
         <device xsi:type=\"VirtualIDEController\"><key>200</key><busNumber>0</busNumber></device></hardware>"
    );
    Devices::read(Element::read(&text).unwrap().all("device"))
}

#[test]
fn machine_is_where_its_files_are() {
    let machine = Machine {
        file: "[ssd-2] n/n.vmx".to_owned(),
        devices: devices(),
        ..Machine::fixture()
    };
    assert_eq!(machine.datastores().into_iter().collect::<Vec<_>>(), ["ssd-1", "ssd-2"]);
}

#[test]
fn complaint_15_clone_is_written_in_the_order_of_the_schema_and_loses_its_vapp() {
    let [template, folder, pool, datastore] = [
        ("VirtualMachine", "vm-1"),
        ("Folder", "group-v3"),
        ("ResourcePool", "resgroup-8"),
        ("Datastore", "datastore-9"),
    ]
    .map(|(kind, id)| Reference::new(kind, id));
    let config = ConfigSpec {
        instance_uuid: Some("u".to_owned()),
        without_vapp: true,
        ..ConfigSpec::default()
    };
    let spec = CloneSpec {
        template: &template,
        folder: &folder,
        name: "n<1>",
        datastore: Some(&datastore),
        pool: &pool,
        config: &config,
    };
    assert_eq!(
        written(&spec.call()),
        "<CloneVM_Task><_this type=\"VirtualMachine\">vm-1</_this><folder type=\"Folder\">group-v3</folder><name>n&lt;1&gt;</name>\
         <spec><location><datastore type=\"Datastore\">datastore-9</datastore><pool type=\"ResourcePool\">resgroup-8</pool></location>\
         <template>false</template><config><instanceUuid>u</instanceUuid><vAppConfigRemoved>true</vAppConfigRemoved></config>\
         <powerOn>false</powerOn></spec></CloneVM_Task>"
    );
}

#[test]
fn devices_are_told_apart() {
    let devices = devices();
    let [system, volume] = devices.disks.as_slice() else {
        panic!("{devices:?}")
    };
    assert_eq!(
        (system.mib, system.is_thin, system.is_first_class),
        (10 * 1024, true, false)
    );
    assert_eq!((volume.mib, volume.is_first_class), (1024, true));
    assert_eq!(devices.controllers.len(), 1, "controllers of SCSI only");
    assert_eq!(devices.network_cards[0].mac, "00:50:56:ab:00:01");
    assert_eq!(devices.network_cards[0].network.as_deref(), Some("dvportgroup-11"));
    assert!(!devices.has_paravirtual_controller());
}

#[test]
fn disk_that_is_taken_off_keeps_its_file_and_one_that_is_destroyed_does_not() {
    let devices = devices();
    let disk = &devices.disks[0];
    assert!(!written(&disk.detached()).contains("fileOperation"));
    assert!(written(&disk.destroyed()).contains("<operation>remove</operation><fileOperation>destroy</fileOperation>"));
    let grown = written(&disk.grown(20 * 1024));
    assert!(grown.contains("<capacityInKB>20971520</capacityInKB><capacityInBytes>21474836480</capacityInBytes>"));
    assert!(grown.contains("<fileName>[ssd-1] n/n.vmdk</fileName>"), "{grown}");
}

#[test]
fn complaint_08_free_places_leave_out_what_is_taken_and_the_controllers_own_unit() {
    let mut units = Units::of(&devices());
    let taken: Vec<(i32, i32)> = (0..14).filter_map(|_| units.take()).collect();
    assert!(
        taken
            .iter()
            .take(13)
            .all(|(controller, unit)| *controller == 1000 && *unit > 1 && *unit != 7),
        "{taken:?}"
    );
    assert_eq!(taken.last(), Some(&(1001, 0)), "the first controller is full");
    let new = units.into_new_controllers();
    assert_eq!(new.len(), 1);
    assert!(written(&new[0]).contains("<key>1001</key><busNumber>1</busNumber>"));
}

#[test]
fn new_disks_and_cards_are_written_as_the_schema_has_them() {
    let disk = NewDisk {
        key: -200,
        controller: 1000,
        unit: 2,
        mib: 1024,
        is_thin: true,
        file: "[ssd-1]".to_owned(),
    };
    assert_eq!(
        written(&disk.added()),
        "<deviceChange><operation>add</operation><fileOperation>create</fileOperation><device xsi:type=\"VirtualDisk\"><key>-200</key>\
         <backing xsi:type=\"VirtualDiskFlatVer2BackingInfo\"><fileName>[ssd-1]</fileName><diskMode>persistent</diskMode>\
         <thinProvisioned>true</thinProvisioned></backing><controllerKey>1000</controllerKey><unitNumber>2</unitNumber>\
         <capacityInKB>1048576</capacityInKB><capacityInBytes>1073741824</capacityInBytes></device></deviceChange>"
    );
    let backing = Backing::PortGroup {
        key: "dvportgroup-11".to_owned(),
        switch_uuid: "50 1e".to_owned(),
    };
    let card = written(&new_network_card(-300, "VirtualVmxnet3", &backing, None));
    assert!(card.contains("<port><switchUuid>50 1e</switchUuid><portgroupKey>dvportgroup-11</portgroupKey></port>"));
    assert!(card.contains("<addressType>generated</addressType></device>"), "{card}");
}

#[test]
fn machine_whose_host_does_not_answer_is_there_and_not_told_of() {
    let property = |name: &str, value: &str| {
        Element::new("propSet")
            .value("name", name)
            .with(Element::new("val").of_type("xsd:string").with_text(value))
    };
    let content = Element::new("objects")
        .with(Reference::new("VirtualMachine", "vm-9").element("obj"))
        .with(property("name", "node-1"))
        .with(property("runtime.connectionState", "disconnected"));
    let error = Machine::told(&Properties::read(&content).unwrap()).unwrap_err();
    assert!(
        !error.is_gone() && error.to_string().contains("node-1 is, which is `disconnected`"),
        "{error}"
    );
}
