//! A machine as its attributes: what a look at it says of the state.

use std::collections::BTreeMap;

use tf_framework::diagnostics::Diagnostics;
use tf_framework::{Attr, Timeouts};

use super::super::diagnostics::explained;
use super::super::machine::Machine;
use super::super::reference::Reference;
use super::super::vcenter::VCenter;
use super::disks::Disks;
use super::model::{DataDisk, NetworkInterface, VirtualMachineModel};
use super::placement::Meant;
use super::tags;

const SUMMARY: &str = "Unable to read the virtual machine";

const MIB_OF_GIB: u64 = 1024;

impl VirtualMachineModel {
    /// The machine in the vCenter.
    ///
    /// # Errors
    /// The state does not say.
    pub(super) fn object(&self) -> Result<Reference, Diagnostics> {
        let moid = self
            .moid
            .known()
            .ok_or_else(|| Diagnostics::error(SUMMARY, "The state does not have its id."))?;
        Ok(Reference::new("VirtualMachine", moid))
    }

    /// With what names the machine.
    pub(super) fn identified(mut self, machine: &Machine) -> Self {
        self.id = Attr::Known(machine.instance_uuid.clone());
        self.instance_uuid = Attr::Known(machine.instance_uuid.clone());
        self.moid = Attr::Known(machine.object.id.clone());
        self.bios_uuid = Attr::Known(machine.bios_uuid.clone());
        self.provider_id = Attr::Known(format!("vsphere://{}", machine.bios_uuid));
        self
    }

    /// With what can be seen of the machine and is in no configuration.
    pub(super) fn observed(mut self, machine: &Machine) -> Self {
        let managed = self.network_interfaces.len();
        let macs: Vec<String> = machine.macs().into_iter().take(managed).collect();
        let addresses = machine.guest.addresses(&macs);
        let texts: Vec<String> = addresses.iter().map(ToString::to_string).collect();
        let first = self.first_address().or_else(|| addresses.first().copied());
        self.default_ip_address = first.map(|address| address.to_string()).into();
        self.ip_addresses = Attr::Known(texts);
        self.mac_addresses = Attr::Known(macs);
        self.power_state = Attr::Known(machine.power.as_str().to_owned());
        let foreign = Disks::of(machine)
            .foreign
            .iter()
            .map(|disk| disk.file.clone())
            .collect();
        self.unmanaged_disks = Attr::Known(foreign);
        if self.power_cycle_reasons.known().is_none() {
            self.power_cycle_reasons = Attr::Known(Vec::new());
        }
        self
    }

    /// With everything that is otherwise than the state says.
    pub(super) async fn refreshed(
        mut self,
        vcenter: &VCenter,
        machine: &Machine,
        meant: &Meant,
    ) -> Result<Self, Diagnostics> {
        let explain = explained(SUMMARY);
        self.name.clone_from(&machine.name);
        self.annotation.clone_from(&machine.annotation);
        self.cpus = machine.cpus;
        self.cores_per_socket = machine.cores_per_socket;
        self.memory_mib = machine.memory_mib;
        self.memory_reservation_mib = machine.memory_reservation_mib;
        self.cpu_hot_add = machine.cpu_hot_add;
        self.memory_hot_add = machine.memory_hot_add;
        self.disk_uuid = machine.disk_uuid;
        // A newer version than was asked for is what was asked for.
        self.hardware_version = self.hardware_version.map(|asked| {
            if machine.hardware_version < asked {
                machine.hardware_version
            } else {
                asked
            }
        });
        self.refresh_disks(machine);
        if let Some(settings) = &mut self.extra_config {
            settings.retain(|key, value| {
                let is = machine.setting(key);
                if let Some(is) = is {
                    is.clone_into(value);
                }
                is.is_some()
            });
        }
        if let (Some(folder), Some(is)) = (&meant.folder, &machine.folder)
            && *folder != is.id
        {
            self.folder = Some(vcenter.path(is).await.map_err(&explain)?);
        }
        if let (Some(pool), Some(is), Some(_)) = (&meant.pool, &machine.pool, &self.resource_pool)
            && *pool != is.id
        {
            self.resource_pool = Some(vcenter.path(is).await.map_err(&explain)?);
        }
        self.refresh_cards(machine, meant);
        if let Some(known) = &self.tags {
            self.tags = Some(tags::read(vcenter, &machine.object, known).await?);
        }
        Ok(self.identified(machine).observed(machine))
    }

    fn refresh_disks(&mut self, machine: &Machine) {
        let disks = Disks::of(machine);
        if let (Some(gib), Some(system)) = (&mut self.system_disk_gib, disks.system) {
            *gib = system.mib / MIB_OF_GIB;
        }
        if let Some(known) = &mut self.data_disks {
            known.retain(|name, disk| {
                let is = disks.data.get(name);
                if let Some(is) = is {
                    disk.size_gib = is.mib / MIB_OF_GIB;
                }
                is.is_some()
            });
        }
    }

    fn refresh_cards(&mut self, machine: &Machine, meant: &Meant) {
        let cards = &machine.devices.network_cards;
        self.network_interfaces.truncate(cards.len());
        for ((interface, card), meant) in self.network_interfaces.iter_mut().zip(cards).zip(&meant.networks) {
            let network = card.network.as_deref().unwrap_or_default();
            if network != meant {
                interface.network = network.to_owned();
            }
            if let Some(mac) = &mut interface.mac_address
                && !mac.eq_ignore_ascii_case(&card.mac)
            {
                mac.clone_from(&card.mac);
            }
            interface.adapter = adapter(&card.api_type);
        }
    }

    /// A machine of which only what the vCenter knows is known.
    pub(super) async fn imported(vcenter: &VCenter, machine: &Machine) -> Result<Self, Diagnostics> {
        let explain = explained("Unable to import the virtual machine");
        let path = match &machine.folder {
            Some(folder) => Some(vcenter.path(folder).await.map_err(&explain)?),
            None => None,
        };
        let disks = Disks::of(machine);
        let model = VirtualMachineModel {
            name: machine.name.clone(),
            hostname: None,
            datacenter: None,
            cluster: None,
            resource_pool: None,
            folder: path,
            datastore: None,
            template: String::new(),
            cpus: machine.cpus,
            cores_per_socket: machine.cores_per_socket,
            memory_mib: machine.memory_mib,
            memory_reservation_mib: machine.memory_reservation_mib,
            cpu_hot_add: machine.cpu_hot_add,
            memory_hot_add: machine.memory_hot_add,
            system_disk_gib: disks.system.map(|disk| disk.mib / MIB_OF_GIB),
            data_disks: imported_disks(&disks),
            network_interfaces: imported_cards(machine),
            cloud_init: None,
            hardware_version: Some(machine.hardware_version),
            anti_affinity_rule: None,
            disk_uuid: machine.disk_uuid,
            extra_config: None,
            annotation: machine.annotation.clone(),
            tags: None,
            wait_for_address: true,
            shutdown_timeout: None,
            allow_power_cycle: true,
            detach_foreign_disks: false,
            deletion_protection: true,
            id: Attr::Null,
            moid: Attr::Null,
            bios_uuid: Attr::Null,
            instance_uuid: Attr::Null,
            provider_id: Attr::Null,
            default_ip_address: Attr::Null,
            ip_addresses: Attr::Null,
            mac_addresses: Attr::Null,
            power_state: Attr::Null,
            unmanaged_disks: Attr::Null,
            power_cycle_reasons: Attr::Null,
            timeouts: Timeouts::default(),
        };
        Ok(model.identified(machine).observed(machine))
    }
}

fn imported_disks(disks: &Disks<'_>) -> Option<BTreeMap<String, DataDisk>> {
    let imported = disks.data.iter().map(|(name, disk)| {
        let disk = DataDisk {
            size_gib: disk.mib / MIB_OF_GIB,
            thin: disk.is_thin,
            keep_on_destroy: true,
        };
        (name.clone(), disk)
    });
    Some(imported.collect::<BTreeMap<_, _>>()).filter(|disks| !disks.is_empty())
}

fn imported_cards(machine: &Machine) -> Vec<NetworkInterface> {
    let cards = machine.devices.network_cards.iter().map(|card| NetworkInterface {
        network: card.network.clone().unwrap_or_default(),
        adapter: adapter(&card.api_type),
        mac_address: None,
        addresses: None,
        gateway: None,
        nameservers: None,
        search_domains: None,
    });
    cards.collect()
}

/// The type of a card as configurations name it.
fn adapter(api_type: &str) -> String {
    match api_type.strip_prefix("Virtual") {
        Some(name) => name.to_lowercase(),
        None => api_type.to_lowercase(),
    }
}
