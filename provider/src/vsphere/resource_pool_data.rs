//! `data.cht_vsphere_resource_pool`: a resource pool, or a vApp, with its limits.
//!
//! API: FindByInventoryPath, RetrievePropertiesEx.

use tf_framework::context::Scope;
use tf_framework::data_source::DataSource;
use tf_framework::diagnostics::Diagnostics;
use tf_framework::schema::Validator;
use tf_framework::{Attr, Model};

use super::inventory::Kind;
use super::look_up::LookUp;
use crate::provider::Clients;

const FACTS: &[&str] = &["owner", "config.cpuAllocation.limit", "config.memoryAllocation.limit"];

/// Looks up a resource pool.
#[derive(Clone, Model)]
pub struct ResourcePoolDataModel {
    /// Name of the resource pool, or its inventory path. The outermost pool of each cluster is called `Resources`.
    #[tf(validate(Validator::not_empty()))]
    pub name: String,
    /// Datacenter, by name or inventory path. Default: the one of `name`, if that is a path, or the only one there is.
    #[tf(validate(Validator::not_empty()))]
    pub datacenter: Option<String>,
    /// Id in the vCenter (managed object), such as `resgroup-27`.
    pub id: Attr<String>,
    /// Inventory path, such as `/Nairobi/host/Compute/Resources/cht`.
    pub path: Attr<String>,
    /// Name of the cluster that it is of.
    pub cluster: Attr<String>,
    /// How much of the CPUs its machines get at most, in MHz; null if there is no limit.
    pub cpu_limit_mhz: Attr<i64>,
    /// How much memory its machines get at most, in MiB; null if there is no limit.
    pub memory_limit_mib: Attr<i64>,
}

/// Looks up one resource pool.
#[derive(Debug)]
pub struct ResourcePoolDataSource;

impl DataSource for ResourcePoolDataSource {
    type Model = ResourcePoolDataModel;
    type Clients = Clients;

    const TYPE_NAME: &'static str = "cht_vsphere_resource_pool";

    async fn read(
        &self,
        scope: &Scope<Clients>,
        mut config: ResourcePoolDataModel,
    ) -> Result<ResourcePoolDataModel, Diagnostics> {
        let look_up = LookUp {
            kind: Kind::ResourcePool,
            name: &config.name,
            datacenter: config.datacenter.as_deref(),
        };
        let found = look_up.find(scope).await?;
        let facts = found.facts(FACTS).await?;
        // No limit is written as -1.
        let limit = |path| Ok::<_, Diagnostics>(facts.number::<i64>(path)?.filter(|limit| *limit >= 0));
        config.cpu_limit_mhz = limit("config.cpuAllocation.limit")?.into();
        config.memory_limit_mib = limit("config.memoryAllocation.limit")?.into();
        config.cluster = match facts.reference("owner")? {
            Some(owner) => found.name_of(&owner).await?.into(),
            None => Attr::Null,
        };
        config.id = Attr::Known(found.object.id);
        config.path = Attr::Known(found.path);
        Ok(config)
    }
}
