//! `data.cht_vsphere_template`: a template, or a machine that is cloned like one.
//!
//! API: FindByInventoryPath, RetrievePropertiesEx.

use tf_framework::context::Scope;
use tf_framework::data_source::DataSource;
use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use tf_framework::schema::Validator;
use tf_framework::{Attr, Model};

use super::diagnostics::explained;
use super::inventory::Kind;
use super::look_up::LookUp;
use crate::provider::Clients;

const MIB_OF_GIB: u64 = 1024;

/// Looks up a template that machines are cloned from.
#[derive(Clone, Model)]
pub struct TemplateDataModel {
    /// Name of the template, or its inventory path. A machine that is off can be cloned as well.
    #[tf(validate(Validator::not_empty()))]
    pub name: String,
    /// Datacenter, by name or inventory path. Default: the one of `name`, if that is a path, or the only one there is.
    #[tf(validate(Validator::not_empty()))]
    pub datacenter: Option<String>,
    /// Id in the vCenter (managed object), such as `vm-40`.
    pub id: Attr<String>,
    /// Inventory path, such as `/Nairobi/vm/Templates/ubuntu-24.04`.
    pub path: Attr<String>,
    /// Whether it is a template, and not a machine.
    pub is_template: Attr<bool>,
    /// What the vCenter takes the guest for, such as `ubuntu64Guest`.
    pub guest_id: Attr<String>,
    /// Version of the virtual hardware. `cht_vsphere_virtual_machine` brings clones of older ones to 15.
    pub hardware_version: Attr<u32>,
    /// Number of CPUs.
    pub cpus: Attr<u32>,
    /// Memory in MiB.
    pub memory_mib: Attr<u64>,
    /// Size of the first disk in GiB, which clones of it cannot be below; null if it has none.
    pub disk_gib: Attr<u64>,
}

/// Looks up one template.
#[derive(Debug)]
pub struct TemplateDataSource;

impl DataSource for TemplateDataSource {
    type Model = TemplateDataModel;
    type Clients = Clients;

    const TYPE_NAME: &'static str = "cht_vsphere_template";

    async fn read(
        &self,
        scope: &Scope<Clients>,
        mut config: TemplateDataModel,
    ) -> Result<TemplateDataModel, Diagnostics> {
        let look_up = LookUp {
            kind: Kind::VirtualMachine,
            name: &config.name,
            datacenter: config.datacenter.as_deref(),
        };
        let found = look_up.find(scope).await?;
        let machine = found.vcenter.machine(&found.object).await;
        let machine = machine.map_err(explained("Unable to look up the template"))?;
        let Some(machine) = machine else {
            let detail = format!(
                "The vCenter does not know what {} is like: its host does not answer.",
                found.path
            );
            return Err(Diagnostic::error("Unknown template", detail)
                .at(TemplateDataModel::NAME)
                .into());
        };
        let disk = machine.devices.first_disk();
        config.is_template = Attr::Known(machine.is_template);
        config.hardware_version = Attr::Known(machine.hardware_version);
        config.cpus = Attr::Known(machine.cpus);
        config.memory_mib = Attr::Known(machine.memory_mib);
        config.disk_gib = disk.map(|disk| disk.mib.div_ceil(MIB_OF_GIB)).into();
        config.guest_id = Attr::Known(machine.guest_id);
        config.id = Attr::Known(found.object.id);
        config.path = Attr::Known(found.path);
        Ok(config)
    }
}
