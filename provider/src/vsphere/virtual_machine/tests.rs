//! Plans of machines, as a core makes them, and what guests are told. What the vCenter makes of it is in the acceptance
//! tests.

use std::collections::BTreeMap;

use serde_json::json;
use tf_framework::record::from_record;

use super::super::machine::Machine;
use super::super::machine::cards::NetworkCard;
use super::super::machine::devices::Controller;
use super::cards;
use super::disks::Disks;
use super::metadata;
use super::model::VirtualMachineModel;
use super::shape::Shape;

/// A state with these attributes beside those that every machine has.
pub(super) fn model(attributes: serde_json::Value) -> VirtualMachineModel {
    let mut all = json!({
        "name": "node-1", "cluster": "c", "template": "t", "cpus": 2, "memory_mib": 2048, "cores_per_socket": 1,
        "memory_reservation_mib": 0, "cpu_hot_add": true, "memory_hot_add": true, "disk_uuid": true, "annotation": "",
        "wait_for_address": true, "allow_power_cycle": true, "detach_foreign_disks": false, "deletion_protection": true,
        "network_interfaces": [],
    });
    for (name, value) in attributes.as_object().unwrap() {
        all[name] = value.clone();
    }
    from_record(&all.to_string()).unwrap()
}

pub(super) fn card(attributes: serde_json::Value) -> serde_json::Value {
    let mut card = json!({ "network": "n", "adapter": "vmxnet3" });
    for (name, value) in attributes.as_object().unwrap() {
        card[name] = value.clone();
    }
    card
}

#[test]
fn guest_is_told_its_name_and_each_card_by_its_mac_address() {
    let model = model(json!({
        "hostname": "worker-1",
        "network_interfaces": [
            card(json!({ "addresses": ["10.20.0.21/24", "fd00::21/64"], "gateway": "10.20.0.1", "nameservers": ["10.20.0.2"],
                "search_domains": ["example.org"] })),
            card(json!({})),
        ],
        "cloud_init": { "ssh_authorized_keys": ["ssh-ed25519 A a", "ssh-ed25519 B b\n"] },
    }));
    let macs = ["00:50:56:00:00:01".to_owned(), "00:50:56:00:00:02".to_owned()];
    assert_eq!(
        metadata::metadata(&model, "i-1", &macs),
        json!({
            "instance-id": "i-1",
            "local-hostname": "worker-1",
            "wait-on-network": { "ipv4": true, "ipv6": true },
            "network": { "version": 2, "ethernets": {
                "id0": {
                    "match": { "macaddress": "00:50:56:00:00:01" }, "set-name": "eth0", "dhcp4": false,
                    "addresses": ["10.20.0.21/24", "fd00::21/64"], "routes": [{ "to": "default", "via": "10.20.0.1" }],
                    "nameservers": { "addresses": ["10.20.0.2"], "search": ["example.org"] },
                },
                "id1": { "match": { "macaddress": "00:50:56:00:00:02" }, "set-name": "eth1", "dhcp4": true },
            } },
            "redact": ["userdata"],
            "public-keys-data": "ssh-ed25519 A a\nssh-ed25519 B b",
        })
    );
}

#[test]
fn guest_starts_anew_for_another_address_and_not_for_another_network() {
    let with = |attributes| model(json!({ "network_interfaces": [card(attributes)] }));
    let before = with(json!({ "addresses": ["10.20.0.21/24"] }));
    let elsewhere = with(json!({ "addresses": ["10.20.0.21/24"], "network": "other" }));
    let other = with(json!({ "addresses": ["10.20.0.22/24"] }));
    assert_eq!(cards::reason_to_restart(&before, &elsewhere), None);
    assert_eq!(
        cards::reason_to_restart(&before, &other).as_deref(),
        Some(cards::RESTART)
    );
    let imported = model(json!({ "template": "", "network_interfaces": [card(json!({}))] }));
    assert_eq!(
        cards::reason_to_restart(&imported, &other),
        None,
        "nothing is known of what it was told"
    );
}

#[test]
fn complaint_03_a_controller_that_somebody_adds_is_no_difference() {
    let mut machine = Machine::fixture();
    let before = Shape::of_machine(&machine, &BTreeMap::new());
    for (key, bus, api_type) in [
        (1001, 1, "VirtualLsiLogicController"),
        (1002, 2, "ParaVirtualSCSIController"),
    ] {
        let api_type = api_type.to_owned();
        machine.devices.controllers.push(Controller { key, bus, api_type });
    }
    let after = Shape::of_machine(&machine, &BTreeMap::new());
    assert_eq!(after.reasons_to_power_off(&before), Vec::<String>::new());
    let changes = Disks::of(&machine).changes(&machine, &model(json!({})), &BTreeMap::new());
    assert!(changes.devices.is_empty(), "{changes:?}");
}

#[test]
fn complaint_07_cards_that_are_not_connected_are_named_while_an_address_is_waited_for() {
    let mut machine = Machine::fixture();
    assert!(cards::connection(&machine.devices).contains("are connected"));
    let mut loose = NetworkCard::fixture("00:50:56:00:00:02");
    loose.is_connected = false;
    machine.devices.network_cards.push(loose);
    let told = cards::connection(&machine.devices);
    assert!(
        told.contains("not connected") && told.ends_with(": 00:50:56:00:00:02."),
        "{told}"
    );
}

#[test]
fn user_data_is_too_long_when_vmware_tools_do_not_hand_it_on() {
    assert!(!metadata::is_too_long(&"x".repeat(48 * 1024)));
    assert!(metadata::is_too_long(&"x".repeat(48 * 1024 + 1)));
}
