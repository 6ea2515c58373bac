//! The network cards of a machine, in the order of the configuration.

use super::super::machine::cards::{Backing, new_network_card};
use super::super::machine::devices::Devices;
use super::super::xml::Element;
use super::model::{NetworkInterface, VirtualMachineModel};

/// Why a guest that is told something new has to start anew.
pub(super) const RESTART: &str = "its guest reads what changes of its network when it starts";

/// The changes that bring the cards of a machine to what is wanted. Of the cards that are there, the first `counted`
/// are managed; others have been added by somebody else.
///
/// A card that has to be another one takes those after it along, as the order is that in which they were added.
pub(super) fn changes(
    devices: &Devices,
    wanted: &VirtualMachineModel,
    networks: &[Backing],
    counted: usize,
) -> Vec<Element> {
    let there = &devices.network_cards;
    let there = there.get(..counted.min(there.len())).unwrap_or(there);
    let asked: Vec<(&NetworkInterface, &Backing)> = wanted.network_interfaces.iter().zip(networks).collect();
    let kept = there
        .iter()
        .zip(&asked)
        .take_while(|(card, (interface, _))| {
            let has_mac = |mac: &String| mac.eq_ignore_ascii_case(&card.mac);
            card.api_type == api_type(&interface.adapter) && interface.mac_address.as_ref().is_none_or(has_mac)
        })
        .count();
    let removed = there.iter().skip(kept).map(|card| card.removed());
    let moved = there.iter().zip(&asked).take(kept);
    let moved = moved.filter(|(card, (_, backing))| card.network.as_deref() != Some(backing.id()));
    let moved = moved.map(|(card, (_, backing))| card.moved(backing));
    let added = asked.iter().skip(kept).zip(1..).map(|((interface, backing), number)| {
        new_network_card(
            -300 - number,
            api_type(&interface.adapter),
            backing,
            interface.mac_address.as_deref(),
        )
    });
    removed.chain(moved).chain(added).collect()
}

/// Why the guest has to start anew to heed what it is told of its network; nothing if nothing changes for it.
pub(super) fn reason_to_restart(prior: &VirtualMachineModel, wanted: &VirtualMachineModel) -> Option<String> {
    // An import does not tell what the guest was told.
    if prior.is_imported() {
        return None;
    }
    let told = |model: &VirtualMachineModel| {
        let cards = model.network_interfaces.iter().map(|card| {
            let NetworkInterface {
                network: _,
                adapter,
                mac_address,
                addresses,
                gateway,
                nameservers,
                search_domains,
            } = card.clone();
            let texts = |list: Option<Vec<String>>| list.unwrap_or_default();
            let addresses = addresses.map(|list| list.iter().map(|address| address.to_string()).collect());
            let nameservers = nameservers.map(|list| list.iter().map(|address| address.to_string()).collect());
            let gateway = gateway.map(|address| address.to_string());
            (
                adapter,
                mac_address,
                texts(addresses),
                gateway,
                texts(nameservers),
                texts(search_domains),
            )
        });
        cards.collect::<Vec<_>>()
    };
    (told(prior) != told(wanted)).then(|| RESTART.to_owned())
}

/// Which cards are connected to nothing, for people who wait for a guest's address.
pub(super) fn connection(devices: &Devices) -> String {
    let loose = devices.network_cards.iter().filter(|card| !card.is_connected);
    let macs: Vec<&str> = loose.map(|card| card.mac.as_str()).collect();
    match macs.as_slice() {
        [] => "Its network cards are connected.".to_owned(),
        macs => format!(
            "These of its network cards are not connected, which is to be changed in the vCenter: {}.",
            macs.join(", ")
        ),
    }
}

/// The type of a card in the API.
fn api_type(adapter: &str) -> &'static str {
    match adapter {
        "e1000e" => "VirtualE1000e",
        _ => "VirtualVmxnet3",
    }
}
