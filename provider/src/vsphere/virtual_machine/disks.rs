//! Which disk of a machine is which.
//!
//! A machine's disks have no names of their own, so a setting of the machine notes where on its controllers each disk
//! is that was made here. It is written together with the disk, by one call, so that no kill comes between. All other
//! disks are somebody else's.

use std::collections::BTreeMap;

use super::super::machine::Machine;
use super::super::machine::devices::{Disk, NewDisk, Units};
use super::super::xml::Element;
use super::model::{DataDisk, VirtualMachineModel};

/// The setting that notes where the first disk is.
const SYSTEM: &str = "cht.system-disk";
/// What the settings of further disks begin with; the name of the disk follows.
const DATA: &str = "cht.disk.";

const MIB_OF_GIB: u64 = 1024;

/// The disks of a machine by what they are.
#[derive(Debug)]
pub(super) struct Disks<'m> {
    /// The first one, from the template.
    pub(super) system: Option<&'m Disk>,
    /// Those of the configuration, by their names.
    pub(super) data: BTreeMap<String, &'m Disk>,
    /// Those of others.
    pub(super) foreign: Vec<&'m Disk>,
}

/// Changes of disks, for one call.
#[derive(Debug, Default)]
pub(super) struct DiskChanges {
    pub(super) devices: Vec<Element>,
    /// Where they are noted; an empty text takes a note away.
    pub(super) notes: BTreeMap<String, String>,
    /// Files of disks that are taken off and stay.
    pub(super) kept: Vec<String>,
}

impl<'m> Disks<'m> {
    /// Tells them apart.
    pub(super) fn of(machine: &'m Machine) -> Self {
        let all = &machine.devices.disks;
        let noted = |key: &str| {
            machine
                .setting(key)
                .and_then(|place| all.iter().find(|disk| place_of(disk) == place))
        };
        // A machine that was imported has no note: its first disk is the one that comes first on its controllers.
        let system = match machine.setting(SYSTEM) {
            Some(_) => noted(SYSTEM),
            None => machine.devices.first_disk(),
        };
        let names = machine.extra.keys().filter_map(|key| key.strip_prefix(DATA));
        let data: BTreeMap<String, &Disk> = names
            .filter_map(|name| Some((name.to_owned(), noted(&format!("{DATA}{name}"))?)))
            .collect();
        let is_ours = |disk: &&Disk| system == Some(*disk) || data.values().any(|ours| ours == disk);
        let foreign = all.iter().filter(|disk| !is_ours(disk)).collect();
        Disks { system, data, foreign }
    }

    /// The changes that bring them to what a model asks for. `before` has the further disks that there were: one that
    /// is asked for no more keeps its file, unless it was said otherwise.
    pub(super) fn changes(
        &self,
        machine: &Machine,
        wanted: &VirtualMachineModel,
        before: &BTreeMap<String, DataDisk>,
    ) -> DiskChanges {
        let mut changes = DiskChanges::default();
        if let Some(system) = self.system {
            if machine.setting(SYSTEM).is_none() {
                changes.notes.insert(SYSTEM.to_owned(), place_of(system));
            }
            let mib = wanted.system_disk_gib.unwrap_or_default() * MIB_OF_GIB;
            changes.devices.extend((mib > system.mib).then(|| system.grown(mib)));
        }
        let mut units = Units::of(&machine.devices);
        // The driver of Kubernetes' volumes attaches them to controllers of this type.
        if !machine.devices.has_paravirtual_controller() {
            units.add_controller();
        }
        let nothing = BTreeMap::new();
        let asked = wanted.data_disks.as_ref().unwrap_or(&nothing);
        for (name, disk) in asked {
            let mib = disk.size_gib * MIB_OF_GIB;
            match self.data.get(name) {
                Some(there) => changes.devices.extend((mib > there.mib).then(|| there.grown(mib))),
                None => self.add(&mut changes, &mut units, machine, (name, disk)),
            }
        }
        for (name, disk) in &self.data {
            if !asked.contains_key(name) {
                if before.get(name).is_none_or(|disk| disk.keep_on_destroy) {
                    changes.devices.push(disk.detached());
                    changes.kept.push(disk.file.clone());
                } else {
                    changes.devices.push(disk.destroyed());
                }
                changes.notes.insert(format!("{DATA}{name}"), String::new());
            }
        }
        // A new controller stands before the disks on it.
        changes.devices.splice(0..0, units.into_new_controllers());
        changes
    }

    fn add(&self, changes: &mut DiskChanges, units: &mut Units, machine: &Machine, (name, disk): (&String, &DataDisk)) {
        // Sixty units are more than there can be names.
        let Some((controller, unit)) = units.take() else { return };
        let number = i32::try_from(changes.devices.len()).unwrap_or_default();
        let new = NewDisk {
            key: -200 - number,
            controller,
            unit,
            mib: disk.size_gib * MIB_OF_GIB,
            is_thin: disk.thin,
            file: datastore_of(&machine.file).to_owned(),
        };
        changes.devices.push(new.added());
        changes
            .notes
            .insert(format!("{DATA}{name}"), format!("{controller}:{unit}"));
    }
}

/// The controller and the unit of a disk, as they are noted.
fn place_of(disk: &Disk) -> String {
    format!("{}:{}", disk.controller, disk.unit)
}

/// `[ssd-1]` of `[ssd-1] node-1/node-1.vmx`: with it alone, the vCenter chooses the name of the file.
pub(super) fn datastore_of(file: &str) -> &str {
    file.split_inclusive(']').next().unwrap_or(file)
}
