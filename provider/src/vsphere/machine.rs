//! Virtual machines in the API: what one is ([`Machine`]), and the calls about it.
//!
//! `config` has what a machine is told to be, `devices` its disks, `cards` its network cards, `guest` what runs in it.

pub(super) mod cards;
pub(super) mod config;
pub(super) mod devices;
mod guest;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use self::config::{CloneSpec, ConfigSpec};
use self::devices::Devices;
use super::error::Error;
use super::properties::Properties;
use super::reference::Reference;
use super::vcenter::VCenter;
use super::xml::Element;

pub(super) use self::guest::Guest;
#[cfg(test)]
pub(super) use self::guest::GuestCard;

/// What is read of a machine, always the same, so that reads of many machines can share a call.
const PATHS: &[&str] = &[
    "name",
    "parent",
    "resourcePool",
    "runtime.host",
    "runtime.connectionState",
    "runtime.powerState",
    "runtime.question",
    "config.template",
    "config.uuid",
    "config.instanceUuid",
    "config.version",
    "config.guestId",
    "config.annotation",
    "config.hardware",
    "config.memoryHotAddEnabled",
    "config.cpuHotAddEnabled",
    "config.flags",
    "config.memoryAllocation",
    "config.extraConfig",
    "config.files.vmPathName",
    "guest",
];

/// A machine as it is.
#[derive(Clone, Debug)]
pub(super) struct Machine {
    pub(super) object: Reference,
    pub(super) name: String,
    /// The folder that it is in; none if it is in a vApp.
    pub(super) folder: Option<Reference>,
    /// None if it is a template.
    pub(super) pool: Option<Reference>,
    pub(super) host: Option<Reference>,
    pub(super) power: PowerState,
    /// What the vCenter asks a person, without whose answer the machine does not go on.
    pub(super) question: Option<String>,
    pub(super) is_template: bool,
    /// In lower case, as everything that looks machines up by it expects; empty for a moment while it is made.
    pub(super) bios_uuid: String,
    pub(super) instance_uuid: String,
    /// The version of its hardware: 15 of `vmx-15`.
    pub(super) hardware_version: u32,
    pub(super) guest_id: String,
    pub(super) annotation: String,
    pub(super) cpus: u32,
    pub(super) cores_per_socket: u32,
    pub(super) memory_mib: u64,
    pub(super) memory_hot_add: bool,
    pub(super) cpu_hot_add: bool,
    /// Whether its guest sees the UUIDs of its disks.
    pub(super) disk_uuid: bool,
    pub(super) memory_reservation_mib: u64,
    pub(super) extra: BTreeMap<String, String>,
    /// Its file, such as `[ssd-1] node-1/node-1.vmx`.
    pub(super) file: String,
    pub(super) devices: Devices,
    pub(super) guest: Guest,
}

/// Whether a machine runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PowerState {
    On,
    Off,
    Suspended,
}

/// The two UUIDs that a machine is found by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Uuid<'a> {
    /// Its own in its vCenter.
    Instance(&'a str),
    /// The one that its guest sees, and by which Kubernetes' cloud provider finds it.
    Bios(&'a str),
}

impl PowerState {
    /// How configurations call it.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            PowerState::On => "on",
            PowerState::Off => "off",
            PowerState::Suspended => "suspended",
        }
    }
}

impl Machine {
    /// The key that a setting has in this machine, whatever its case.
    pub(super) fn setting(&self, key: &str) -> Option<&str> {
        let found = self.extra.iter().find(|(name, _)| name.eq_ignore_ascii_case(key));
        found.map(|(_, value)| value.as_str())
    }

    /// The MAC addresses of its network cards, in their order.
    pub(super) fn macs(&self) -> Vec<String> {
        self.devices.network_cards.iter().map(|card| card.mac.clone()).collect()
    }

    /// The names of the datastores that its files are on.
    pub(super) fn datastores(&self) -> BTreeSet<&str> {
        let disks = self.devices.disks.iter().map(|disk| disk.file.as_str());
        let files = std::iter::once(self.file.as_str()).chain(disks);
        files
            .filter_map(|file| Some(file.strip_prefix('[')?.split_once(']')?.0))
            .collect()
    }

    /// Reads a machine that is there.
    ///
    /// # Errors
    /// The vCenter does not know how it is, or does not let it be read.
    fn told(read: &Properties) -> Result<Self, Error> {
        let untold = || {
            let text = |path| Ok(read.text(path)?.unwrap_or("unknown").to_owned());
            Ok(Error::Untold {
                machine: text("name")?,
                state: text("runtime.connectionState")?,
            })
        };
        match Machine::read(read)? {
            Some(machine) => Ok(machine),
            None => Err(untold().unwrap_or_else(|error: Error| error)),
        }
    }

    /// Reads it; nothing if its configuration is not there, as of a machine whose host does not answer.
    fn read(read: &Properties) -> Result<Option<Self>, Error> {
        let Some(hardware) = read.get("config.hardware")? else {
            return Ok(None);
        };
        let text = |path: &str| Ok::<_, Error>(read.text(path)?.unwrap_or_default().to_owned());
        let is_true = |path: &str| Ok::<_, Error>(read.text(path)? == Some("true"));
        let extra = read.get("config.extraConfig")?.map(settings).unwrap_or_default();
        let flag = read
            .get("config.flags")?
            .is_some_and(|flags| flags.is_true("diskUuidEnabled"));
        let reservation = read
            .get("config.memoryAllocation")?
            .and_then(|allocation| allocation.parse("reservation"));
        let version = text("config.version")?;
        let mut machine = Machine {
            object: read.object.clone(),
            name: text("name")?,
            folder: read.reference("parent")?,
            pool: read.reference("resourcePool")?,
            host: read.reference("runtime.host")?,
            power: match read.text("runtime.powerState")? {
                Some("poweredOn") => PowerState::On,
                Some("suspended") => PowerState::Suspended,
                _ => PowerState::Off,
            },
            question: read
                .get("runtime.question")?
                .and_then(|question| Some(question.text_of("text")?.to_owned())),
            is_template: is_true("config.template")?,
            bios_uuid: text("config.uuid")?.to_lowercase(),
            instance_uuid: text("config.instanceUuid")?.to_lowercase(),
            hardware_version: hardware_version(&version).unwrap_or(0),
            guest_id: text("config.guestId")?,
            annotation: text("config.annotation")?,
            cpus: hardware.parse("numCPU").unwrap_or_default(),
            cores_per_socket: hardware.parse("numCoresPerSocket").unwrap_or(1),
            memory_mib: hardware.parse("memoryMB").unwrap_or_default(),
            memory_hot_add: is_true("config.memoryHotAddEnabled")?,
            cpu_hot_add: is_true("config.cpuHotAddEnabled")?,
            disk_uuid: flag,
            memory_reservation_mib: reservation.unwrap_or_default(),
            extra,
            file: text("config.files.vmPathName")?,
            devices: Devices::read(hardware.all("device")),
            guest: read.get("guest")?.map(Guest::read).unwrap_or_default(),
        };
        // The same switch, by its older name.
        machine.disk_uuid |= machine
            .setting("disk.EnableUUID")
            .is_some_and(|value| value == "1" || value.eq_ignore_ascii_case("true"));
        Ok(Some(machine))
    }
}

impl VCenter {
    /// Reads a machine; nothing if it is not there, an error if it is there and the vCenter does not know how it is.
    /// Reads at the same time share a call.
    pub(super) async fn machine(&self, object: &Reference) -> Result<Option<Machine>, Error> {
        let Some(read) = self.read(object, PATHS).await? else {
            return Ok(None);
        };
        Machine::told(&read).map(Some)
    }

    /// The machine that has this UUID, in a datacenter or in all.
    pub(super) async fn machine_by_uuid(
        &self,
        datacenter: Option<&Reference>,
        uuid: Uuid<'_>,
    ) -> Result<Option<Reference>, Error> {
        let answer = self.search("FindByUuid", datacenter, uuid).await?;
        Ok(answer.child("returnval").and_then(Reference::read))
    }

    /// All machines that have this UUID, in a datacenter or in all: copies may share a BIOS UUID.
    pub(super) async fn machines_by_uuid(
        &self,
        datacenter: Option<&Reference>,
        uuid: Uuid<'_>,
    ) -> Result<Vec<Reference>, Error> {
        let answer = self.search("FindAllByUuid", datacenter, uuid).await?;
        Ok(answer.all("returnval").filter_map(Reference::read).collect())
    }

    /// What has this name in a folder: a machine, or another folder.
    pub(super) async fn child(&self, folder: &Reference, name: &str) -> Result<Option<Reference>, Error> {
        let service = self.service().await?;
        let method = service
            .search_index
            .call("FindChild")
            .with(folder.element("entity"))
            .value("name", name);
        let answer = self.call(&method).await?;
        Ok(answer.child("returnval").and_then(Reference::read))
    }

    /// The machines of a datacenter whose guests say that they have this address.
    pub(super) async fn machines_by_address(
        &self,
        datacenter: &Reference,
        address: IpAddr,
    ) -> Result<Vec<Reference>, Error> {
        let service = self.service().await?;
        let method = service
            .search_index
            .call("FindAllByIp")
            .with(datacenter.element("datacenter"))
            .value("ip", address)
            .value("vmSearch", true);
        let answer = self.call(&method).await?;
        Ok(answer.all("returnval").filter_map(Reference::read).collect())
    }

    async fn search(&self, method: &str, datacenter: Option<&Reference>, uuid: Uuid<'_>) -> Result<Element, Error> {
        let (uuid, is_instance) = match uuid {
            Uuid::Instance(uuid) => (uuid, true),
            Uuid::Bios(uuid) => (uuid, false),
        };
        let service = self.service().await?;
        let method = service
            .search_index
            .call(method)
            .with_all(datacenter.map(|datacenter| datacenter.element("datacenter")))
            .value("uuid", uuid.to_lowercase())
            .value("vmSearch", true)
            .value("instanceUuid", is_instance);
        self.call(&method).await
    }

    /// Starts to clone a machine.
    pub(super) async fn clone_machine(&self, clone: &CloneSpec<'_>) -> Result<Reference, Error> {
        self.start(&clone.call()).await
    }

    /// Starts to change a machine.
    pub(super) async fn reconfigure(&self, machine: &Reference, spec: &ConfigSpec) -> Result<Reference, Error> {
        self.start(&machine.call("ReconfigVM_Task").with(spec.element("spec")))
            .await
    }

    /// Starts to bring a machine that is off to a version of the hardware.
    pub(super) async fn upgrade_hardware(&self, machine: &Reference, version: u32) -> Result<Reference, Error> {
        self.start(
            &machine
                .call("UpgradeVM_Task")
                .value("version", format!("vmx-{version}")),
        )
        .await
    }

    /// Starts to power a machine on.
    pub(super) async fn power_on(&self, machine: &Reference) -> Result<Reference, Error> {
        self.start(&machine.call("PowerOnVM_Task")).await
    }

    /// Starts to power a machine off, whatever its guest does.
    pub(super) async fn power_off(&self, machine: &Reference) -> Result<Reference, Error> {
        self.start(&machine.call("PowerOffVM_Task")).await
    }

    /// Asks the guest of a machine to shut down. It says nothing of when it has.
    pub(super) async fn shut_down_guest(&self, machine: &Reference) -> Result<(), Error> {
        self.call(&machine.call("ShutdownGuest")).await.map(|_| ())
    }

    /// Starts to move an object into a folder.
    pub(super) async fn move_into(&self, folder: &Reference, object: &Reference) -> Result<Reference, Error> {
        self.start(&folder.call("MoveIntoFolder_Task").with(object.element("list")))
            .await
    }

    /// Starts to move a machine into another resource pool.
    pub(super) async fn move_to_pool(&self, machine: &Reference, pool: &Reference) -> Result<Reference, Error> {
        let spec = Element::new("spec").with(pool.element("pool"));
        self.start(&machine.call("RelocateVM_Task").with(spec)).await
    }

    /// Starts to destroy an object, with all the files that belong to it.
    pub(super) async fn destroy(&self, object: &Reference) -> Result<Reference, Error> {
        self.start(&object.call("Destroy_Task")).await
    }
}

/// The number of a version of virtual hardware, such as `vmx-19`.
pub(super) fn hardware_version(version: &str) -> Option<u32> {
    version.strip_prefix("vmx-")?.parse().ok()
}

/// Settings as the API lists them.
fn settings(list: &Element) -> BTreeMap<String, String> {
    let pairs = list.children().iter().filter_map(|option| {
        Some((
            option.text_of("key")?.to_owned(),
            option.text_of("value").unwrap_or_default().to_owned(),
        ))
    });
    pairs.collect()
}
