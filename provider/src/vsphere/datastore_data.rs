//! `data.cht_vsphere_datastore`: a datastore, with what storage classes and people want to know of it.
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
    "summary.type",
    "summary.url",
    "summary.capacity",
    "summary.freeSpace",
    "summary.accessible",
    "summary.multipleHostAccess",
    "summary.maintenanceMode",
];

const BYTES_OF_GIB: u64 = 1024 * 1024 * 1024;

/// Looks up a datastore.
#[derive(Clone, Model)]
pub struct DatastoreDataModel {
    /// Name of the datastore, or its inventory path.
    #[tf(validate(Validator::not_empty()))]
    pub name: String,
    /// Datacenter, by name or inventory path. Default: the one of `name`, if that is a path, or the only one there is.
    #[tf(validate(Validator::not_empty()))]
    pub datacenter: Option<String>,
    /// Id in the vCenter (managed object), such as `datastore-12`.
    pub id: Attr<String>,
    /// Inventory path, such as `/Nairobi/datastore/ssd-1`.
    pub path: Attr<String>,
    /// URL, such as `ds:///vmfs/volumes/5f2c…/`: what storage classes of the CSI driver take as `datastoreurl`.
    pub url: Attr<String>,
    /// Type, such as `VMFS`, `NFS` or `vsan`.
    #[tf(name = "type")]
    pub kind: Attr<String>,
    /// Size in GiB.
    pub capacity_gib: Attr<u64>,
    /// Free space in GiB.
    pub free_gib: Attr<u64>,
    /// Whether any host reaches it at the moment.
    pub accessible: Attr<bool>,
    /// Whether more than one host reaches it, as volumes need that follow their pods to other hosts; null if the
    /// vCenter does not know.
    pub shared: Attr<bool>,
    /// Whether it is in maintenance, or about to be, and takes no new machines.
    pub maintenance: Attr<bool>,
}

/// Looks up one datastore.
#[derive(Debug)]
pub struct DatastoreDataSource;

impl DataSource for DatastoreDataSource {
    type Model = DatastoreDataModel;
    type Clients = Clients;

    const TYPE_NAME: &'static str = "cht_vsphere_datastore";

    async fn read(
        &self,
        scope: &Scope<Clients>,
        mut config: DatastoreDataModel,
    ) -> Result<DatastoreDataModel, Diagnostics> {
        let look_up = LookUp {
            kind: Kind::Datastore,
            name: &config.name,
            datacenter: config.datacenter.as_deref(),
        };
        let found = look_up.find(scope).await?;
        let facts = found.facts(FACTS).await?;
        let gib = |path| {
            let bytes = facts.number::<u64>(path)?;
            Ok::<_, Diagnostics>(bytes.map(|bytes| bytes / BYTES_OF_GIB))
        };
        let mode = facts.text("summary.maintenanceMode")?;
        config.url = facts.text("summary.url")?.into();
        config.kind = facts.text("summary.type")?.into();
        config.capacity_gib = gib("summary.capacity")?.into();
        config.free_gib = gib("summary.freeSpace")?.into();
        config.accessible = facts.switch("summary.accessible")?.into();
        config.shared = facts.switch("summary.multipleHostAccess")?.into();
        config.maintenance = Attr::Known(mode.is_some_and(|mode| mode != "normal"));
        config.id = Attr::Known(found.object.id);
        config.path = Attr::Known(found.path);
        Ok(config)
    }
}
