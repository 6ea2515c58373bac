//! Finds the machine of a node as Kubernetes' cloud provider and CSI driver do: by its BIOS UUID, and by nothing else.

use super::error::Error;
use super::machine::Uuid;
use super::reference::Reference;
use super::vcenter::VCenter;

/// What provider ids of vSphere begin with.
const SCHEME: &str = "vsphere://";

/// What a UUID means in a vCenter.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Named {
    /// It is the BIOS UUID of these machines: of one, if nobody has copied it.
    Bios(Vec<Reference>),
    /// It is the instance UUID of this machine, by which Kubernetes does not find it. Its BIOS UUID follows.
    Instance(Reference, String),
    /// It is that of no machine.
    Nothing,
}

impl VCenter {
    /// What a UUID, or a provider id, means in a datacenter or in all.
    ///
    /// # Errors
    /// A call failed.
    pub(super) async fn named_by(&self, datacenter: Option<&Reference>, given: &str) -> Result<Named, Error> {
        let uuid = given.strip_prefix(SCHEME).unwrap_or(given);
        let machines = self.machines_by_uuid(datacenter, Uuid::Bios(uuid)).await?;
        if !machines.is_empty() {
            return Ok(Named::Bios(machines));
        }
        let Some(object) = self.machine_by_uuid(datacenter, Uuid::Instance(uuid)).await? else {
            return Ok(Named::Nothing);
        };
        match self.machine(&object).await? {
            Some(machine) => Ok(Named::Instance(object, machine.bios_uuid)),
            None => Ok(Named::Nothing),
        }
    }
}
