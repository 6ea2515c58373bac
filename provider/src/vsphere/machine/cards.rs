//! Network cards of machines, as they are read and as they are changed.

use super::super::reference::Reference;
use super::super::xml::Element;

/// A network card of a machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NetworkCard {
    pub(crate) key: i32,
    /// Its type in the API, such as `VirtualVmxnet3`.
    pub(crate) api_type: String,
    /// Its MAC address, in lower case.
    pub(crate) mac: String,
    /// The network, or the key of the port group of a distributed switch.
    pub(crate) network: Option<String>,
    /// Whether it is connected at the moment.
    pub(crate) is_connected: bool,
    element: Element,
}

/// What a network card is connected to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Backing {
    /// A network of the hosts.
    Network { object: Reference, name: String },
    /// A port group of a distributed switch.
    PortGroup { key: String, switch_uuid: String },
    /// A network of NSX.
    Opaque { id: String, kind: String },
}

impl NetworkCard {
    pub(super) fn read(device: &Element, key: i32, api_type: &str) -> Self {
        let backing = device.child("backing");
        let network = backing.and_then(|backing| {
            let port_group = backing
                .at(&["port", "portgroupKey"])
                .or_else(|| backing.child("opaqueNetworkId"));
            port_group
                .or_else(|| backing.child("network"))
                .map(|element| element.text().to_owned())
        });
        NetworkCard {
            key,
            api_type: api_type.to_owned(),
            mac: device.text_of("macAddress").unwrap_or_default().to_lowercase(),
            network,
            is_connected: device
                .child("connectable")
                .is_some_and(|state| state.is_true("connected")),
            element: device.clone(),
        }
    }

    /// A card with this MAC address that is connected, for tests.
    #[cfg(test)]
    pub(crate) fn fixture(mac: &str) -> Self {
        let connectable = Element::new("connectable").value("connected", true);
        let device = Element::new("device").with(connectable).value("macAddress", mac);
        NetworkCard::read(&device, 4000, "VirtualVmxnet3")
    }

    /// The change that connects it to another network.
    pub(crate) fn moved(&self, backing: &Backing) -> Element {
        let device = Element::new("device")
            .of_type(&self.api_type)
            .value("key", self.key)
            .with(backing.element())
            .with(connected())
            .with_all(
                ["controllerKey", "unitNumber", "addressType", "macAddress"]
                    .iter()
                    .filter_map(|name| self.element.child(name).cloned()),
            );
        Element::new("deviceChange").value("operation", "edit").with(device)
    }

    /// The change that removes it.
    pub(crate) fn removed(&self) -> Element {
        Element::new("deviceChange")
            .value("operation", "remove")
            .with(Element::new("device").of_type(&self.api_type).value("key", self.key))
    }
}

/// The change that adds a network card, under a negative key, with a MAC address of the vCenter's choice if none is
/// given.
pub(crate) fn new_network_card(key: i32, api_type: &str, backing: &Backing, mac: Option<&str>) -> Element {
    let device = Element::new("device")
        .of_type(api_type)
        .value("key", key)
        .with(backing.element())
        .with(connected())
        .value("addressType", if mac.is_some() { "manual" } else { "generated" })
        .optional("macAddress", mac);
    Element::new("deviceChange").value("operation", "add").with(device)
}

fn connected() -> Element {
    Element::new("connectable")
        .value("startConnected", true)
        .value("allowGuestControl", true)
        .value("connected", true)
}

impl Backing {
    fn element(&self) -> Element {
        let backing = Element::new("backing");
        match self {
            Backing::Network { object, name } => backing
                .of_type("VirtualEthernetCardNetworkBackingInfo")
                .value("deviceName", name)
                .with(object.element("network")),
            Backing::PortGroup { key, switch_uuid } => backing
                .of_type("VirtualEthernetCardDistributedVirtualPortBackingInfo")
                .with(
                    Element::new("port")
                        .value("switchUuid", switch_uuid)
                        .value("portgroupKey", key),
                ),
            Backing::Opaque { id, kind } => backing
                .of_type("VirtualEthernetCardOpaqueNetworkBackingInfo")
                .value("opaqueNetworkId", id)
                .value("opaqueNetworkType", kind),
        }
    }

    /// What a [`NetworkCard`] that is connected to it says of its network.
    pub(crate) fn id(&self) -> &str {
        match self {
            Backing::Network { object, .. } => &object.id,
            Backing::PortGroup { key, .. } => key,
            Backing::Opaque { id, .. } => id,
        }
    }
}
