//! What cloud-init in the guest is told, by the settings that its data source for VMware reads (`guestinfo.*`).
//!
//! The network is told card by card, each known by its MAC address, in the form of netplan's version 2. Facts:
//! <https://cloudinit.readthedocs.io/en/latest/reference/datasources/vmware.html>.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value, json};

use super::model::{CloudInit, NetworkInterface, VirtualMachineModel};

/// VMware Tools hand on no longer setting than this.
const MAX_SETTING_BYTES: usize = 64 * 1024;

/// What is told beside the user's own data: which network cards count. Those that Kubernetes makes would pass for the
/// machine's own, and its cloud provider would take their addresses for the node's.
const VENDOR_DATA: &str = "#cloud-config
write_files:
  - path: /etc/vmware-tools/tools.conf
    owner: root:root
    permissions: '0644'
    content: |
      [guestinfo]
      primary-nics=eth0
      exclude-nics=cali*,cilium*,cni*,docker*,flannel*,kube-*,lxc*,veth*
";

/// The settings that tell cloud-init everything. `macs` are those of the network cards, in their order.
pub(super) fn settings(
    model: &VirtualMachineModel,
    instance_id: &str,
    macs: &[String],
) -> BTreeMap<String, SecretString> {
    let mut settings = BTreeMap::new();
    let mut tell = |name: &str, text: &str| {
        settings.insert(format!("guestinfo.{name}"), SecretString::from(STANDARD.encode(text)));
        settings.insert(format!("guestinfo.{name}.encoding"), SecretString::from("base64"));
    };
    tell("metadata", &metadata(model, instance_id, macs).to_string());
    tell("vendordata", VENDOR_DATA);
    if let Some(user_data) = model.cloud_init.as_ref().and_then(|told| told.user_data.as_ref()) {
        tell("userdata", user_data.expose_secret());
    }
    settings
}

/// Whether user data is longer than VMware Tools hand on.
pub(super) fn is_too_long(user_data: &str) -> bool {
    STANDARD.encode(user_data).len() > MAX_SETTING_BYTES
}

/// Metadata, as JSON, which is YAML as well.
pub(super) fn metadata(model: &VirtualMachineModel, instance_id: &str, macs: &[String]) -> Value {
    let cards = model.network_interfaces.iter().zip(macs).enumerate();
    let ethernets: Map<String, Value> = cards
        .map(|(index, (card, mac))| (format!("id{index}"), ethernet(card, mac, index)))
        .collect();
    let has_version = |is_v4: bool| {
        let addresses = model
            .network_interfaces
            .iter()
            .flat_map(|card| card.addresses.iter().flatten());
        addresses.into_iter().any(|address| address.address.is_ipv4() == is_v4)
    };
    let mut metadata = json!({
        "instance-id": instance_id,
        "local-hostname": model.guest_name(),
        "wait-on-network": { "ipv4": has_version(true), "ipv6": has_version(false) },
        "network": { "version": 2, "ethernets": ethernets },
        // What has been read once can be read back by nobody.
        "redact": ["userdata"],
    });
    let keys = model
        .cloud_init
        .as_ref()
        .and_then(|told: &CloudInit| told.ssh_authorized_keys.as_ref());
    if let (Some(keys), Some(metadata)) = (keys, metadata.as_object_mut()) {
        let lines: Vec<&str> = keys.iter().map(|key| key.trim()).collect();
        metadata.insert("public-keys-data".to_owned(), lines.join("\n").into());
    }
    metadata
}

fn ethernet(card: &NetworkInterface, mac: &str, index: usize) -> Value {
    let mut ethernet = json!({
        "match": { "macaddress": mac },
        "set-name": format!("eth{index}"),
    });
    let Some(told) = ethernet.as_object_mut() else {
        return ethernet;
    };
    match &card.addresses {
        None => {
            told.insert("dhcp4".to_owned(), true.into());
        }
        Some(addresses) => {
            let addresses: Vec<String> = addresses.iter().map(|address| address.to_string()).collect();
            told.insert("dhcp4".to_owned(), false.into());
            told.insert("addresses".to_owned(), addresses.into());
        }
    }
    if let Some(gateway) = &card.gateway {
        told.insert(
            "routes".to_owned(),
            json!([{ "to": "default", "via": gateway.to_string() }]),
        );
    }
    let nameservers: Vec<String> = card
        .nameservers
        .iter()
        .flatten()
        .map(|address| address.to_string())
        .collect();
    let search: Vec<String> = card.search_domains.clone().unwrap_or_default();
    if !nameservers.is_empty() || !search.is_empty() {
        told.insert(
            "nameservers".to_owned(),
            json!({ "addresses": nameservers, "search": search }),
        );
    }
    ethernet
}
