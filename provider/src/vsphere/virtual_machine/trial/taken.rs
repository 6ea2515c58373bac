//! Whether other machines of the vCenter have the name or an address of a planned one.

use std::collections::BTreeSet;
use std::net::IpAddr;

use tf_framework::context::Context;
use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use tf_framework::path::Path;

use super::super::super::diagnostics::explained;
use super::super::super::inventory::Found;
use super::super::super::reference::Reference;
use super::super::super::vcenter::VCenter;
use super::super::VirtualMachineResource;
use super::super::claims::ADDRESS_IN_USE;
use super::super::mark::{self, Mark};
use super::super::model::{NetworkInterface, VirtualMachineModel};
use super::super::placement::Placement;
use super::SUMMARY;

/// Warns of a name that something else in the folder has. It is no error, as what has it may go in the same run, and a
/// machine that a state has is not always seen before. One that an interrupted creation of the same configuration has
/// made is gone on with.
pub(super) async fn warn_of_name(
    cx: &Context<VirtualMachineResource>,
    vcenter: &VCenter,
    placement: &Placement,
    planned: &VirtualMachineModel,
) -> Result<(), Diagnostics> {
    let found = vcenter.child(&placement.folder, &planned.name).await;
    let found = found.map_err(explained(SUMMARY))?;
    let Some(object) = found.filter(|object| !cx.clients().machines().is_known(object)) else {
        return Ok(());
    };
    if object.kind == "VirtualMachine" {
        let machine = vcenter.machine(&object).await.map_err(explained(SUMMARY))?;
        let mark = machine.and_then(|machine| machine.setting(mark::SETTING).and_then(Mark::read));
        if mark.is_some_and(|mark| mark.is_of(planned)) {
            return Ok(());
        }
    }
    let detail = format!(
        "The folder has `{}` already. Unless it goes in the same run before, the apply fails: give another name, or import it if it is \
         the machine that is meant.",
        planned.name
    );
    cx.warn(Diagnostic::warning("Name is taken", detail).at(VirtualMachineModel::NAME));
    Ok(())
}

/// Warns of addresses that a planned machine has and did not have before, if guests of others say that they have them.
pub(super) async fn warn_of_addresses(
    cx: &Context<VirtualMachineResource>,
    vcenter: &VCenter,
    datacenter: &Found,
    (prior, planned): (Option<&VirtualMachineModel>, &VirtualMachineModel),
) -> Result<(), Diagnostics> {
    let before: BTreeSet<IpAddr> = prior
        .into_iter()
        .flat_map(addresses)
        .map(|(address, _)| address)
        .collect();
    for (address, path) in addresses(planned).filter(|(address, _)| !before.contains(address)) {
        let found = vcenter.machines_by_address(&datacenter.object, address).await;
        let found = found.map_err(explained(SUMMARY))?;
        for object in found.iter().filter(|object| !cx.clients().machines().is_known(object)) {
            let name = name_of(vcenter, object).await?;
            // What is left of an interrupted creation.
            if name == planned.name {
                continue;
            }
            let detail = format!(
                "The guest of the machine {name} says that it has {address}. Unless it goes, or its network is another one of the same \
                 numbers, neither of them can be reached reliably."
            );
            cx.warn(Diagnostic::warning(ADDRESS_IN_USE, detail).at(path.clone()));
        }
    }
    Ok(())
}

/// The addresses of a machine, and where they are given.
fn addresses(machine: &VirtualMachineModel) -> impl Iterator<Item = (IpAddr, Path)> {
    machine.network_interfaces.iter().enumerate().flat_map(|(index, card)| {
        let given = card.addresses.iter().flatten().enumerate();
        given.map(move |(number, given)| {
            let path = Path::new(VirtualMachineModel::NETWORK_INTERFACES).index(index);
            (given.address, path.attribute(NetworkInterface::ADDRESSES).index(number))
        })
    })
}

async fn name_of(vcenter: &VCenter, machine: &Reference) -> Result<String, Diagnostics> {
    let read = vcenter.read(machine, &["name"]).await.map_err(explained(SUMMARY))?;
    let name = read.as_ref().map(|read| read.text("name")).transpose();
    let name = name.map_err(explained(SUMMARY))?.flatten();
    Ok(name.unwrap_or(&machine.id).to_owned())
}
