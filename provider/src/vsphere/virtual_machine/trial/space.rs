//! Whether datastores have room for the disks of a planned machine beside those of others of the same run: for all of
//! them of a new one, and of another for those that grow or are added.
//!
//! A disk that takes all its space at once and does not find it is an error, as the apply would end there. What thin
//! disks may need some day is a warning.

use std::collections::BTreeMap;

use tf_framework::context::Context;
use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use tf_framework::path::Path;

use super::super::super::diagnostics::explained;
use super::super::super::error::Error;
use super::super::super::inventory::{Found, Kind};
use super::super::super::machine::Machine;
use super::super::super::reference::Reference;
use super::super::super::vcenter::VCenter;
use super::super::VirtualMachineResource;
use super::super::claims::Room;
use super::super::disks::{Disks, datastore_of};
use super::super::model::{DataDisk, VirtualMachineModel};
use super::super::placement::Placement;
use super::{MIB_OF_GIB, SUMMARY, tell};

const BYTES_OF_MIB: u64 = 1024 * 1024;
const OF_DATASTORE: &[&str] = &["summary.accessible", "summary.freeSpace", "summary.maintenanceMode"];

/// Space that a disk takes more than it does now.
#[derive(Clone, Debug, PartialEq)]
struct Growth {
    path: Path,
    mib: u64,
    is_thin: bool,
}

/// Whether a planned machine has a disk that is larger than it was, or that was not there.
pub(super) fn grows(prior: &VirtualMachineModel, planned: &VirtualMachineModel) -> bool {
    let before = |name: &str| prior.data_disks.as_ref()?.get(name).map(|disk| disk.size_gib);
    let mut data = planned.data_disks.iter().flatten();
    planned.system_disk_gib > prior.system_disk_gib || data.any(|(name, disk)| Some(disk.size_gib) > before(name))
}

/// Refuses a datastore that takes no new machine, and looks for room for one.
pub(super) async fn check_new(
    cx: &Context<VirtualMachineResource>,
    vcenter: &VCenter,
    placement: &Placement,
    (planned, template): (&VirtualMachineModel, Option<&Machine>),
) -> Result<(), Diagnostics> {
    let datastore = match (&placement.datastore, template) {
        (Some(given), _) => Some(given.clone()),
        // A clone for which nothing is given is made where the template is.
        (None, Some(template)) => {
            let found = named(vcenter, &placement.datacenter, name_of(&template.file)).await;
            found.map_err(explained(SUMMARY))?
        }
        (None, None) => None,
    };
    let Some(datastore) = datastore else {
        return Ok(());
    };
    let read = vcenter.read(&datastore.object, OF_DATASTORE).await;
    let Some(read) = read.map_err(explained(SUMMARY))? else {
        return Ok(());
    };
    let text = |path: &str| read.text(path).map_err(explained(SUMMARY));
    let unusable = |detail: String| {
        Diagnostics::from(Diagnostic::error("Unusable datastore", detail).at(VirtualMachineModel::DATASTORE))
    };
    if text("summary.accessible")? == Some("false") {
        let name = &datastore.name;
        return Err(unusable(format!(
            "No host can reach the datastore {name} at the moment."
        )));
    }
    if text("summary.maintenanceMode")?.is_some_and(|mode| mode != "normal") {
        let name = &datastore.name;
        return Err(unusable(format!(
            "The datastore {name} is in maintenance, and takes no new machines."
        )));
    }
    let free = text("summary.freeSpace")?.and_then(mib);
    let growths = of_new(planned, template);
    let room = free.map(|free| room(cx, &datastore.object, free, (planned, &growths)));
    tell(cx, judge(&datastore.name, room, &growths))
}

/// Looks for room for the disks that grow, and for those that are added, where the machine has its files.
pub(super) async fn check_change(
    cx: &Context<VirtualMachineResource>,
    vcenter: &VCenter,
    machine: &Reference,
    (datacenter, planned): (&Found, &VirtualMachineModel),
) -> Result<(), Diagnostics> {
    let Some(machine) = vcenter.machine(machine).await.map_err(explained(SUMMARY))? else {
        return Ok(());
    };
    let mut found = Vec::new();
    for (name, growths) in of_change(&machine, planned) {
        let free = free_of(vcenter, datacenter, &name).await.map_err(explained(SUMMARY))?;
        let room = free.map(|(datastore, free)| room(cx, &datastore, free, (planned, &growths)));
        found.extend(judge(&name, room, &growths));
    }
    tell(cx, found)
}

/// What is left for a machine beside the others of the run.
fn room(
    cx: &Context<VirtualMachineResource>,
    datastore: &Reference,
    free_mib: u64,
    (planned, growths): (&VirtualMachineModel, &[Growth]),
) -> Room {
    let asked = growths.iter().map(|growth| growth.mib).sum();
    cx.clients().machines().space(datastore, free_mib, planned, asked)
}

/// The datastore with a name; none if the user may not see it.
async fn named(vcenter: &VCenter, datacenter: &Found, name: &str) -> Result<Option<Found>, Error> {
    match vcenter.find(Kind::Datastore, Some(datacenter), name).await {
        Ok(datastore) => Ok(Some(datastore)),
        Err(Error::NotFound { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// A datastore, and how much is free on it; none if the user may not see it.
async fn free_of(vcenter: &VCenter, datacenter: &Found, name: &str) -> Result<Option<(Reference, u64)>, Error> {
    let Some(datastore) = named(vcenter, datacenter, name).await? else {
        return Ok(None);
    };
    let read = vcenter.read(&datastore.object, OF_DATASTORE).await?;
    let free = read.as_ref().map(|read| read.text("summary.freeSpace")).transpose()?;
    let free = free.flatten().and_then(mib);
    Ok(free.map(|free| (datastore.object, free)))
}

fn mib(bytes: &str) -> Option<u64> {
    bytes.parse::<u64>().ok().map(|bytes| bytes / BYTES_OF_MIB)
}

/// What a new machine takes. Its first disk is as that of the template, which it is a copy of.
fn of_new(planned: &VirtualMachineModel, template: Option<&Machine>) -> Vec<Growth> {
    let copied = template.and_then(|template| Disks::of(template).system);
    let copied_mib = copied.map_or(0, |disk| disk.mib);
    let (path, gib) = match planned.system_disk_gib {
        Some(gib) => (VirtualMachineModel::SYSTEM_DISK_GIB, gib),
        None => (VirtualMachineModel::DATASTORE, 0),
    };
    let system = Growth {
        path: Path::new(path),
        mib: copied_mib.max(gib * MIB_OF_GIB),
        is_thin: copied.is_none_or(|disk| disk.is_thin),
    };
    let data = planned.data_disks.iter().flatten();
    std::iter::once(system)
        .chain(data.map(|(name, disk)| Growth::of(name, disk, 0)))
        .collect()
}

/// What a changed machine takes more than it does, by the names of datastores.
fn of_change(machine: &Machine, planned: &VirtualMachineModel) -> BTreeMap<String, Vec<Growth>> {
    let disks = Disks::of(machine);
    let mut growths: BTreeMap<String, Vec<Growth>> = BTreeMap::new();
    let mut add = |file: &str, growth: Growth| {
        if growth.mib > 0 {
            growths.entry(name_of(file).to_owned()).or_default().push(growth);
        }
    };
    if let (Some(system), Some(gib)) = (disks.system, planned.system_disk_gib) {
        let growth = Growth {
            path: Path::new(VirtualMachineModel::SYSTEM_DISK_GIB),
            mib: (gib * MIB_OF_GIB).saturating_sub(system.mib),
            is_thin: system.is_thin,
        };
        add(&system.file, growth);
    }
    for (name, disk) in planned.data_disks.iter().flatten() {
        match disks.data.get(name) {
            Some(there) => {
                let is_thin = there.is_thin;
                add(
                    &there.file,
                    Growth {
                        is_thin,
                        ..Growth::of(name, disk, there.mib)
                    },
                );
            }
            None => add(&machine.file, Growth::of(name, disk, 0)),
        }
    }
    growths
}

/// The name of the datastore that a file is on.
fn name_of(file: &str) -> &str {
    datastore_of(file).trim_matches(['[', ']'])
}

impl Growth {
    /// What a disk of the configuration takes more than it has.
    fn of(name: &str, disk: &DataDisk, has_mib: u64) -> Self {
        let path = Path::new(VirtualMachineModel::DATA_DISKS).key(name);
        Growth {
            path: path.attribute(DataDisk::SIZE_GIB),
            mib: (disk.size_gib * MIB_OF_GIB).saturating_sub(has_mib),
            is_thin: disk.thin,
        }
    }
}

/// What is to be said of a datastore with so much room left, or with nobody knows how much.
fn judge(datastore: &str, room: Option<Room>, growths: &[Growth]) -> Vec<Diagnostic> {
    let Some(Room { free_mib, others_mib }) = room else {
        return Vec::new();
    };
    let gib = |mib: u64| mib.div_ceil(MIB_OF_GIB);
    let left = free_mib / MIB_OF_GIB;
    let mut at_once = 0;
    let mut found = Vec::new();
    for growth in growths.iter().filter(|growth| !growth.is_thin) {
        at_once += growth.mib;
        if at_once > free_mib {
            let detail = format!(
                "The datastore {datastore} has {left} GiB left, and disks that take their space at once need {} GiB of it.\n\nMake room \
                 there, or ask for less.",
                gib(at_once)
            );
            found.push(Diagnostic::error("Datastore is too full", detail).at(growth.path.clone()));
        }
    }
    // What the run frees of it is not counted, so that others are no error.
    let needed = others_mib + growths.iter().map(|growth| growth.mib).sum::<u64>();
    let last = growths.iter().rfind(|growth| growth.is_thin).or(growths.last());
    if let Some(last) = last.filter(|_| found.is_empty() && needed > free_mib) {
        let also = match others_mib {
            0 => String::new(),
            others => format!(", of which other machines of the same run take {} GiB", gib(others)),
        };
        let detail = format!(
            "The datastore {datastore} has {left} GiB left, and the disks may take {} GiB more{also}.",
            gib(needed)
        );
        found.push(Diagnostic::warning("Datastore may become full", detail).at(last.path.clone()));
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tf_framework::diagnostics::Severity;

    use super::super::super::tests::model;
    use super::*;

    fn growth(name: &str, gib: u64, is_thin: bool) -> Growth {
        Growth {
            path: Path::new(name),
            mib: gib * MIB_OF_GIB,
            is_thin,
        }
    }

    #[test]
    fn a_disk_that_takes_its_space_at_once_has_to_find_it_and_a_thin_one_may_find_it_later() {
        let room = |gib: u64, others: u64| {
            Some(Room {
                free_mib: gib * MIB_OF_GIB,
                others_mib: others * MIB_OF_GIB,
            })
        };
        let alone = room(10, 0);
        let said = |growths: &[Growth]| -> Vec<(Severity, Option<Path>)> {
            let found = judge("SSD", alone, growths);
            found.into_iter().map(|one| (one.severity, one.path)).collect()
        };
        let error = |name: &str| (Severity::Error, Some(Path::new(name)));
        let warning = |name: &str| (Severity::Warning, Some(Path::new(name)));
        assert_eq!(said(&[growth("a", 10, false)]), []);
        assert_eq!(said(&[growth("a", 11, false)]), [error("a")]);
        assert_eq!(said(&[growth("a", 6, false), growth("b", 6, false)]), [error("b")]);
        assert_eq!(said(&[growth("a", 11, true)]), [warning("a")]);
        assert_eq!(said(&[growth("a", 6, true), growth("b", 6, false)]), [warning("a")]);
        assert_eq!(judge("SSD", None, &[growth("a", 11, false)]), [], "nobody knows");
        let beside = |others, is_thin| -> Vec<(Severity, String)> {
            let found = judge("SSD", room(10, others), &[growth("a", 6, is_thin)]);
            found.into_iter().map(|one| (one.severity, one.detail)).collect()
        };
        for is_thin in [false, true] {
            assert_eq!(beside(4, is_thin), []);
            let [(Severity::Warning, detail)] = &beside(5, is_thin)[..] else {
                panic!("together they may not fit")
            };
            assert!(
                detail.ends_with("11 GiB more, of which other machines of the same run take 5 GiB."),
                "{detail}"
            );
        }
    }

    #[test]
    fn only_disks_that_are_larger_or_new_are_looked_at() {
        let disks = |disks: serde_json::Value| model(json!({ "system_disk_gib": 10, "data_disks": disks }));
        let disk = |gib: u64| json!({ "size_gib": gib, "thin": true, "keep_on_destroy": true });
        let prior = disks(json!({ "a": disk(5) }));
        for (planned, expected) in [
            (disks(json!({ "a": disk(5) })), false),
            (disks(json!(null)), false),
            (disks(json!({ "a": disk(6) })), true),
            (disks(json!({ "a": disk(5), "b": disk(1) })), true),
            (model(json!({ "system_disk_gib": 11 })), true),
            (model(json!({ "system_disk_gib": null })), false),
        ] {
            assert_eq!(grows(&prior, &planned), expected);
        }
    }
}
