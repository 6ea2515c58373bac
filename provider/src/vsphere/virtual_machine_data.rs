//! `data.cht_vsphere_virtual_machine`: a machine that somebody made, and whether it is fit to be a node of Kubernetes.
//!
//! [`node_lookup`](super::node_lookup) finds it by its UUID, [`node_fitness`](super::node_fitness) judges it. A machine
//! that is not fit is an answer, and no error.
//!
//! API: FindAllByUuid, FindByInventoryPath, RetrievePropertiesEx.

use tf_framework::context::Scope;
use tf_framework::data_source::DataSource;
use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use tf_framework::path::Path;
use tf_framework::schema::Validator;
use tf_framework::{Attr, Model};

use super::diagnostics::{explained, explained_at};
use super::inventory::Kind;
use super::look_up::{LookUp, LookedUp};
use super::machine::Machine;
use super::node_fitness::NodeFitness;
use super::node_lookup::Named;
use super::rules;
use crate::provider::Clients;

const SUMMARY: &str = "Unable to look up the virtual machine";

/// Looks up a machine that was made in another way, and whether it is fit to be a node of Kubernetes with the cloud
/// provider and the CSI driver of vSphere.
///
/// A machine that is not fit is no error: `problems` says what is missing. Where something must not go on with such a
/// machine, check `k3s_ready` in a `postcondition`.
#[derive(Clone, Model)]
#[tf(exactly_one_of(name, uuid))]
pub struct VirtualMachineDataModel {
    /// Name of the machine in the vCenter, or its inventory path.
    #[tf(optional, validate(Validator::not_empty()))]
    pub name: Attr<String>,
    /// BIOS UUID of the machine, or the provider id of its node. An instance UUID is refused, with the BIOS UUID to
    /// give instead.
    #[tf(validate(rules::machine_uuid()))]
    pub uuid: Option<String>,
    /// Datacenter, by name or inventory path. Default: the one of `name`, if that is a path, the only one there is for
    /// another `name`, and all of them for `uuid`.
    #[tf(validate(Validator::not_empty()))]
    pub datacenter: Option<String>,
    /// Name that the node has, or is to have, in Kubernetes. With it, a guest of another name is a problem.
    #[tf(validate(Validator::dns_subdomain()))]
    pub node_name: Option<String>,
    /// Whether there are no problems.
    pub k3s_ready: Attr<bool>,
    /// Why the machine does not work as a node.
    pub problems: Attr<Vec<String>>,
    /// Why the machine may not work well as a node.
    pub warnings: Attr<Vec<String>>,
    /// Id in the vCenter (managed object), such as `vm-42`.
    pub moid: Attr<String>,
    /// UUID that the guest and Kubernetes know the machine by.
    pub bios_uuid: Attr<String>,
    /// UUID that the vCenter alone knows the machine by.
    pub instance_uuid: Attr<String>,
    /// What the node is called by in Kubernetes: `vsphere://` and `bios_uuid`.
    pub provider_id: Attr<String>,
    /// Inventory path, such as `/Nairobi/vm/cht/node-1`.
    pub path: Attr<String>,
    /// Inventory path of the folder; null if the machine is in a vApp.
    pub folder: Attr<String>,
    /// Name of the host that it runs on.
    pub host: Attr<String>,
    /// Whether it runs: `on`, `off` or `suspended`.
    pub power_state: Attr<String>,
    /// Number of CPUs.
    pub cpus: Attr<u32>,
    /// Memory in MiB.
    pub memory_mib: Attr<u64>,
    /// Version of the virtual hardware.
    pub hardware_version: Attr<u32>,
    /// What the vCenter takes the guest for, such as `ubuntu64Guest`.
    pub guest_id: Attr<String>,
    /// Whether the guest sees the UUIDs of its disks.
    pub disk_uuid: Attr<bool>,
    /// Whether there is a paravirtual SCSI controller.
    pub paravirtual_scsi: Attr<bool>,
    /// Whether VMware Tools run.
    pub tools_running: Attr<bool>,
    /// Name of the guest, as it calls itself; null if it does not tell.
    pub hostname: Attr<String>,
    /// The first address of the guest; null if it tells none.
    pub default_ip_address: Attr<String>,
    /// All addresses of the guest's network cards.
    pub ip_addresses: Attr<Vec<String>>,
    /// MAC addresses of the network cards, in their order.
    pub mac_addresses: Attr<Vec<String>>,
}

/// Looks up one machine.
#[derive(Debug)]
pub struct VirtualMachineDataSource;

impl DataSource for VirtualMachineDataSource {
    type Model = VirtualMachineDataModel;
    type Clients = Clients;

    const TYPE_NAME: &'static str = "cht_vsphere_virtual_machine";

    async fn read(
        &self,
        scope: &Scope<Clients>,
        mut config: VirtualMachineDataModel,
    ) -> Result<VirtualMachineDataModel, Diagnostics> {
        let found = match (&config.name, &config.uuid) {
            (Attr::Known(name), _) => {
                let look_up = LookUp {
                    kind: Kind::VirtualMachine,
                    name,
                    datacenter: config.datacenter.as_deref(),
                };
                look_up.find(scope).await?
            }
            (_, uuid) => by_uuid(scope, uuid.as_deref().unwrap_or_default(), config.datacenter.as_deref()).await?,
        };
        let vcenter = &found.vcenter;
        let explain = explained(SUMMARY);
        let machine = vcenter.machine(&found.object).await.map_err(&explain)?;
        let machine = machine.ok_or_else(|| unknown(&found.path))?;
        let mut fitness = NodeFitness::of(&machine, config.node_name.as_deref());
        fitness.problems.extend(rivals(&found, &machine).await?);
        config.folder = match &machine.folder {
            Some(folder) => Attr::Known(vcenter.path(folder).await.map_err(&explain)?),
            None => Attr::Null,
        };
        config.host = match &machine.host {
            Some(host) => found.name_of(host).await?.into(),
            None => Attr::Null,
        };
        config.path = Attr::Known(found.path);
        config.fill(machine, fitness);
        Ok(config)
    }
}

impl VirtualMachineDataModel {
    fn fill(&mut self, machine: Machine, fitness: NodeFitness) {
        let macs = machine.macs();
        let addresses: Vec<String> = machine.guest.addresses(&macs).iter().map(ToString::to_string).collect();
        self.k3s_ready = Attr::Known(fitness.problems.is_empty());
        self.problems = Attr::Known(fitness.problems);
        self.warnings = Attr::Known(fitness.warnings);
        if self.name.known().is_none() {
            self.name = Attr::Known(machine.name);
        }
        self.provider_id = Attr::Known(format!("vsphere://{}", machine.bios_uuid));
        self.moid = Attr::Known(machine.object.id);
        self.bios_uuid = Attr::Known(machine.bios_uuid);
        self.instance_uuid = Attr::Known(machine.instance_uuid);
        self.power_state = Attr::Known(machine.power.as_str().to_owned());
        self.cpus = Attr::Known(machine.cpus);
        self.memory_mib = Attr::Known(machine.memory_mib);
        self.hardware_version = Attr::Known(machine.hardware_version);
        self.guest_id = Attr::Known(machine.guest_id);
        self.disk_uuid = Attr::Known(machine.disk_uuid);
        self.paravirtual_scsi = Attr::Known(machine.devices.has_paravirtual_controller());
        self.tools_running = Attr::Known(machine.guest.tools_running);
        self.hostname = machine.guest.host_name.into();
        self.default_ip_address = addresses.first().cloned().into();
        self.ip_addresses = Attr::Known(addresses);
        self.mac_addresses = Attr::Known(macs);
    }
}

/// The machine of a BIOS UUID.
async fn by_uuid(scope: &Scope<Clients>, uuid: &str, datacenter: Option<&str>) -> Result<LookedUp, Diagnostics> {
    let vcenter = Clients::vcenter(scope).await?;
    let inside = match datacenter {
        Some(given) => {
            let path = Path::new(VirtualMachineDataModel::DATACENTER);
            let found = vcenter.datacenter(Some(given)).await;
            Some(found.map_err(explained_at(SUMMARY, &path))?.object)
        }
        None => None,
    };
    let named = vcenter.named_by(inside.as_ref(), uuid).await;
    match named.map_err(explained(SUMMARY))? {
        // That others have the same is told among its problems.
        Named::Bios(machines) => match machines.into_iter().next() {
            Some(object) => LookedUp::of(vcenter, object).await,
            None => Err(not_there(uuid)),
        },
        Named::Instance(_, bios_uuid) => {
            let detail = format!(
                "`{uuid}` is the instance UUID of a machine, by which Kubernetes does not find it. Its BIOS UUID is \
                 `{bios_uuid}`: give that, here and wherever a provider id is asked for."
            );
            Err(blame_uuid("Instance UUID in place of a BIOS UUID", detail))
        }
        Named::Nothing => Err(not_there(uuid)),
    }
}

/// Says which other machines have the same BIOS UUID, as copies do.
async fn rivals(found: &LookedUp, machine: &Machine) -> Result<Option<String>, Diagnostics> {
    let explain = explained(SUMMARY);
    let named = found.vcenter.named_by(None, &machine.bios_uuid).await;
    let Named::Bios(machines) = named.map_err(&explain)? else {
        return Ok(None);
    };
    let mut paths = Vec::new();
    for other in machines.iter().filter(|other| **other != found.object) {
        paths.push(found.vcenter.path(other).await.map_err(&explain)?);
    }
    if paths.is_empty() {
        return Ok(None);
    }
    Ok(Some(format!(
        "Its BIOS UUID is also that of {}, so that Kubernetes takes one for the other: give one of them another `uuid.bios`.",
        paths.join(", ")
    )))
}

fn unknown(path: &str) -> Diagnostics {
    let detail = format!("The vCenter does not know what {path} is like: its host does not answer.");
    Diagnostics::error("Unknown virtual machine", detail)
}

fn not_there(uuid: &str) -> Diagnostics {
    let detail = format!(
        "No machine has the BIOS UUID `{uuid}`, nor is it an instance UUID. The guest tells it in \
         `/sys/class/dmi/id/product_serial`, after `VMware-`."
    );
    blame_uuid("Virtual machine is not there", detail)
}

fn blame_uuid(summary: &str, detail: String) -> Diagnostics {
    Diagnostic::error(summary, detail)
        .at(VirtualMachineDataModel::UUID)
        .into()
}
