//! Devices of machines: disks and their controllers, as they are read and as they are changed; [`super::cards`] has the
//! network cards.

use super::super::xml::Element;
use super::cards::NetworkCard;

/// The unit of a SCSI controller that the controller itself has.
const OWN_UNIT: i32 = 7;
/// How many units a SCSI controller has.
const UNITS: i32 = 16;
/// The key of the SCSI controller of bus 0; those of the others follow.
const FIRST_CONTROLLER: i32 = 1000;
/// How many SCSI controllers a machine can have.
const CONTROLLERS: i32 = 4;

/// The type of paravirtual SCSI controllers.
const PARAVIRTUAL: &str = "ParaVirtualSCSIController";

const MIB: u64 = 1024 * 1024;

/// A disk of a machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Disk {
    /// Names it among the machine's devices.
    pub(crate) key: i32,
    /// The controller that it is on.
    pub(crate) controller: i32,
    /// Its unit there.
    pub(crate) unit: i32,
    /// Its file, such as `[ssd-1] node-1/node-1.vmdk`.
    pub(crate) file: String,
    /// The UUID that the disk bears.
    pub(crate) uuid: Option<String>,
    /// Its size.
    pub(crate) mib: u64,
    /// Whether it takes only the space that it needs.
    pub(crate) is_thin: bool,
    /// Whether it is a disk with a life of its own (a first class disk), such as those of the CSI driver.
    pub(crate) is_first_class: bool,
    /// The element, to be sent back with what changes.
    element: Element,
}

/// A SCSI controller of a machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Controller {
    pub(crate) key: i32,
    pub(crate) bus: i32,
    /// Its type in the API, such as `ParaVirtualSCSIController`.
    pub(crate) api_type: String,
}

/// The devices of a machine that are looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Devices {
    pub(crate) disks: Vec<Disk>,
    pub(crate) controllers: Vec<Controller>,
    pub(crate) network_cards: Vec<NetworkCard>,
    /// Keys and types of the others.
    others: Vec<(i32, String)>,
}

impl Devices {
    /// Reads them from `config.hardware.device`.
    pub(super) fn read<'e>(devices: impl Iterator<Item = &'e Element>) -> Self {
        let mut read = Devices::default();
        for device in devices {
            let (Some(key), Some(api_type)) = (device.parse("key"), device.xsi_type()) else {
                continue;
            };
            if api_type == "VirtualDisk" {
                read.disks.extend(Disk::read(device, key));
            } else if device.child("macAddress").is_some() {
                read.network_cards.push(NetworkCard::read(device, key, api_type));
            } else if device.child("sharedBus").is_some() {
                read.controllers.push(Controller {
                    key,
                    bus: device.parse("busNumber").unwrap_or_default(),
                    api_type: api_type.to_owned(),
                });
            } else {
                read.others.push((key, api_type.to_owned()));
            }
        }
        read
    }

    /// The disk that comes first on the controllers, of those that belong to the machine.
    pub(crate) fn first_disk(&self) -> Option<&Disk> {
        let own = self.disks.iter().filter(|disk| !disk.is_first_class);
        own.min_by_key(|disk| (disk.controller, disk.unit))
    }

    /// Whether there is a paravirtual SCSI controller, which Kubernetes' volumes are attached to.
    pub(crate) fn has_paravirtual_controller(&self) -> bool {
        self.controllers
            .iter()
            .any(|controller| controller.api_type == PARAVIRTUAL)
    }
}

/// Places on SCSI controllers that are free.
#[derive(Debug)]
pub(crate) struct Units {
    controllers: Vec<i32>,
    buses: Vec<i32>,
    taken: Vec<(i32, i32)>,
    new: Vec<Element>,
}

impl Units {
    /// The places of a machine.
    pub(crate) fn of(devices: &Devices) -> Self {
        Units {
            controllers: devices.controllers.iter().map(|controller| controller.key).collect(),
            buses: devices.controllers.iter().map(|controller| controller.bus).collect(),
            taken: devices.disks.iter().map(|disk| (disk.controller, disk.unit)).collect(),
            new: Vec::new(),
        }
    }

    /// Takes a place, on a new controller if all others are full; none if there is no more.
    pub(crate) fn take(&mut self) -> Option<(i32, i32)> {
        let free = self.controllers.iter().find_map(|controller| {
            let is_free = |unit: &i32| *unit != OWN_UNIT && !self.taken.contains(&(*controller, *unit));
            Some((*controller, (0..UNITS).find(is_free)?))
        });
        let place = match free {
            Some(place) => place,
            None => (self.add_controller()?, 0),
        };
        self.taken.push(place);
        Some(place)
    }

    /// Adds a paravirtual controller, and answers its key; none if there can be no more.
    pub(crate) fn add_controller(&mut self) -> Option<i32> {
        let bus = (0..CONTROLLERS).find(|bus| !self.buses.contains(bus))?;
        // What the vCenter gives to the controller of this bus, too, so that it can be noted before it is made.
        let key = FIRST_CONTROLLER + bus;
        self.buses.push(bus);
        self.controllers.push(key);
        self.new.push(new_controller(key, bus));
        Some(key)
    }

    /// The changes that add the new controllers.
    pub(crate) fn into_new_controllers(self) -> Vec<Element> {
        self.new
    }
}

impl Disk {
    fn read(device: &Element, key: i32) -> Option<Self> {
        let backing = device.child("backing")?;
        let bytes = device.parse::<u64>("capacityInBytes").filter(|bytes| *bytes > 0);
        let mib = match bytes {
            Some(bytes) => bytes / MIB,
            None => device.parse::<u64>("capacityInKB")? / 1024,
        };
        Some(Disk {
            key,
            controller: device.parse("controllerKey").unwrap_or_default(),
            unit: device.parse("unitNumber").unwrap_or_default(),
            file: backing.text_of("fileName")?.to_owned(),
            uuid: backing
                .text_of("uuid")
                .filter(|uuid| !uuid.is_empty())
                .map(str::to_lowercase),
            mib,
            is_thin: backing.is_true("thinProvisioned"),
            is_first_class: device.at(&["vDiskId", "id"]).is_some_and(|id| !id.text().is_empty())
                || backing
                    .text_of("fileName")
                    .is_some_and(|file| file.contains("/fcd/") || file.contains("] fcd/")),
            element: device.clone(),
        })
    }

    /// The change that makes it larger.
    pub(crate) fn grown(&self, mib: u64) -> Element {
        let device = Element::new("device")
            .of_type("VirtualDisk")
            .value("key", self.key)
            .with_all(self.element.child("backing").cloned())
            .value("controllerKey", self.controller)
            .value("unitNumber", self.unit)
            .value("capacityInKB", mib * 1024)
            .value("capacityInBytes", mib * MIB);
        Element::new("deviceChange").value("operation", "edit").with(device)
    }

    /// The change that takes it off the machine and leaves its file.
    pub(crate) fn detached(&self) -> Element {
        self.removal(Element::new("deviceChange").value("operation", "remove"))
    }

    /// The change that removes it and its file.
    pub(crate) fn destroyed(&self) -> Element {
        let change = Element::new("deviceChange").value("operation", "remove");
        self.removal(change.value("fileOperation", "destroy"))
    }

    fn removal(&self, change: Element) -> Element {
        let device = Element::new("device")
            .of_type("VirtualDisk")
            .value("key", self.key)
            .with_all(self.element.child("backing").cloned())
            .value("controllerKey", self.controller)
            .value("unitNumber", self.unit)
            .value("capacityInKB", self.mib * 1024);
        change.with(device)
    }
}

/// A disk that is to be added.
#[derive(Clone, Debug)]
pub(crate) struct NewDisk {
    /// A negative number that no other change of the request has.
    pub(crate) key: i32,
    pub(crate) controller: i32,
    pub(crate) unit: i32,
    pub(crate) mib: u64,
    pub(crate) is_thin: bool,
    /// Its datastore, such as `[ssd-1]`: the vCenter chooses a file beside the machine's.
    pub(crate) file: String,
}

impl NewDisk {
    /// The change that adds it.
    pub(crate) fn added(&self) -> Element {
        let backing = Element::new("backing")
            .of_type("VirtualDiskFlatVer2BackingInfo")
            .value("fileName", &self.file)
            .value("diskMode", "persistent")
            .value("thinProvisioned", self.is_thin);
        let device = Element::new("device")
            .of_type("VirtualDisk")
            .value("key", self.key)
            .with(backing)
            .value("controllerKey", self.controller)
            .value("unitNumber", self.unit)
            .value("capacityInKB", self.mib * 1024)
            .value("capacityInBytes", self.mib * MIB);
        Element::new("deviceChange")
            .value("operation", "add")
            .value("fileOperation", "create")
            .with(device)
    }
}

/// The change that adds a paravirtual SCSI controller.
fn new_controller(key: i32, bus: i32) -> Element {
    let device = Element::new("device")
        .of_type(PARAVIRTUAL)
        .value("key", key)
        .value("busNumber", bus)
        .value("sharedBus", "noSharing");
    Element::new("deviceChange").value("operation", "add").with(device)
}
