//! What VMware Tools in a machine tell of its guest.

use std::net::IpAddr;

use super::super::xml::Element;

/// The guest of a machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::vsphere) struct Guest {
    /// Whether the tools run.
    pub(in crate::vsphere) tools_running: bool,
    /// The name that the guest has.
    pub(in crate::vsphere) host_name: Option<String>,
    /// The address that the vCenter takes for the first one.
    pub(in crate::vsphere) address: Option<IpAddr>,
    /// Its network cards.
    pub(in crate::vsphere) network_cards: Vec<GuestCard>,
}

/// A network card as the guest has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::vsphere) struct GuestCard {
    /// In lower case; empty for devices that are of the guest's own making.
    pub(in crate::vsphere) mac: String,
    /// Its addresses.
    pub(in crate::vsphere) addresses: Vec<IpAddr>,
}

impl Guest {
    /// Reads the property `guest`.
    pub(super) fn read(guest: &Element) -> Self {
        let text = |name: &str| guest.text_of(name).filter(|text| !text.is_empty());
        let cards = guest.all("net").map(|card| GuestCard {
            mac: card.text_of("macAddress").unwrap_or_default().to_lowercase(),
            addresses: card
                .all("ipAddress")
                .filter_map(|address| address.text().parse().ok())
                .collect(),
        });
        Guest {
            tools_running: text("toolsRunningStatus") == Some("guestToolsRunning"),
            host_name: text("hostName").map(str::to_owned),
            address: text("ipAddress").and_then(|address| address.parse().ok()),
            network_cards: cards.collect(),
        }
    }

    /// All addresses that others can reach it by, in the order of its network cards. Devices without a MAC address are
    /// of the guest's own making, such as those of containers, and so is what only the host itself can reach.
    pub(in crate::vsphere) fn addresses(&self, macs: &[String]) -> Vec<IpAddr> {
        let cards = macs
            .iter()
            .flat_map(|mac| self.network_cards.iter().filter(move |card| card.mac == *mac));
        cards
            .flat_map(|card| card.addresses.iter().copied())
            .filter(|address| is_reachable(*address))
            .collect()
    }

    /// What was seen, for people who wait for it.
    pub(in crate::vsphere) fn describe(&self) -> String {
        let tools = if self.tools_running {
            "VMware Tools run"
        } else {
            "VMware Tools do not run"
        };
        let addresses: Vec<String> = self
            .network_cards
            .iter()
            .flat_map(|card| card.addresses.iter().map(IpAddr::to_string))
            .collect();
        match addresses.as_slice() {
            [] => format!("{tools}, no addresses"),
            some => format!("{tools}, addresses {}", some.join(", ")),
        }
    }
}

/// Whether an address leads from elsewhere to the machine.
fn is_reachable(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => !address.is_loopback() && !address.is_link_local() && !address.is_unspecified(),
        IpAddr::V6(address) => !address.is_loopback() && !address.is_unicast_link_local() && !address.is_unspecified(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card(mac: &str, addresses: &[&str]) -> Element {
        Element::new("net")
            .with_all(
                addresses
                    .iter()
                    .map(|address| Element::new("ipAddress").with_text(address)),
            )
            .value("macAddress", mac)
    }

    #[test]
    fn addresses_are_those_of_the_machines_own_cards_in_their_order() {
        let guest = Guest::read(
            &Element::new("guest")
                .value("toolsRunningStatus", "guestToolsRunning")
                .with(card("00:50:56:00:00:02", &["10.2.0.5"]))
                .with(card("00:50:56:00:00:01", &["fe80::1", "10.1.0.5", "127.0.0.1"]))
                .with(card("", &["10.42.0.1"])),
        );
        let macs = ["00:50:56:00:00:01".to_owned(), "00:50:56:00:00:02".to_owned()];
        let addresses: Vec<String> = guest.addresses(&macs).iter().map(IpAddr::to_string).collect();
        assert_eq!(addresses, ["10.1.0.5", "10.2.0.5"]);
    }

    #[test]
    fn what_was_seen_is_said() {
        assert_eq!(Guest::default().describe(), "VMware Tools do not run, no addresses");
    }
}
