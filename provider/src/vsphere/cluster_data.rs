//! `data.cht_vsphere_cluster`: a cluster of hosts, or a host that is in none.
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

const FACTS: &[&str] = &[
    "resourcePool",
    "configurationEx",
    "summary.numCpuCores",
    "summary.totalMemory",
];

const BYTES_OF_MIB: u64 = 1024 * 1024;

/// Looks up a cluster of hosts, or a host that is in none.
#[derive(Clone, Model)]
pub struct ClusterDataModel {
    /// Name of the cluster, or its inventory path.
    #[tf(validate(Validator::not_empty()))]
    pub name: String,
    /// Datacenter, by name or inventory path. Default: the one of `name`, if that is a path, or the only one there is.
    #[tf(validate(Validator::not_empty()))]
    pub datacenter: Option<String>,
    /// Id in the vCenter (managed object), such as `domain-c28`. It is not what the CSI driver of vSphere calls the id
    /// of a cluster: that is one of Kubernetes.
    pub id: Attr<String>,
    /// Inventory path, such as `/Nairobi/host/Compute`.
    pub path: Attr<String>,
    /// Id of the outermost resource pool, such as `resgroup-8`.
    pub resource_pool_id: Attr<String>,
    /// Names of the hosts.
    pub hosts: Attr<Vec<String>>,
    /// Number of the cores of all hosts.
    pub cpu_cores: Attr<u32>,
    /// Memory of all hosts in MiB.
    pub memory_mib: Attr<u64>,
    /// Whether machines are distributed over the hosts by their load (DRS). It has to be on for rules that keep
    /// machines on different hosts.
    pub drs_enabled: Attr<bool>,
    /// Whether machines of a host that fails are started on the others (HA).
    pub ha_enabled: Attr<bool>,
}

/// Looks up one cluster.
#[derive(Debug)]
pub struct ClusterDataSource;

impl DataSource for ClusterDataSource {
    type Model = ClusterDataModel;
    type Clients = Clients;

    const TYPE_NAME: &'static str = "cht_vsphere_cluster";

    async fn read(
        &self,
        scope: &Scope<Clients>,
        mut config: ClusterDataModel,
    ) -> Result<ClusterDataModel, Diagnostics> {
        let look_up = LookUp {
            kind: Kind::Cluster,
            name: &config.name,
            datacenter: config.datacenter.as_deref(),
        };
        let found = look_up.find(scope).await?;
        let facts = found.facts(FACTS).await?;
        let bytes = facts.number::<u64>("summary.totalMemory")?;
        config.resource_pool_id = facts.reference("resourcePool")?.map(|pool| pool.id).into();
        config.hosts = Attr::Known(found.names_of("HostSystem").await?);
        config.cpu_cores = facts.number("summary.numCpuCores")?.into();
        config.memory_mib = bytes.map(|bytes| bytes / BYTES_OF_MIB).into();
        // A host that is in no cluster has neither.
        let is_on =
            |part| Ok::<_, Diagnostics>(facts.switch_in("configurationEx", &[part, "enabled"])?.unwrap_or(false));
        config.drs_enabled = Attr::Known(is_on("drsConfig")?);
        config.ha_enabled = Attr::Known(is_on("dasConfig")?);
        config.id = Attr::Known(found.object.id);
        config.path = Attr::Known(found.path);
        Ok(config)
    }
}
