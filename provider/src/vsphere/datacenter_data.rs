//! `data.cht_vsphere_datacenter`: a datacenter, and what is in it by name.
//!
//! API: FindByInventoryPath, RetrievePropertiesEx.

use tf_framework::context::Scope;
use tf_framework::data_source::DataSource;
use tf_framework::diagnostics::Diagnostics;
use tf_framework::schema::Validator;
use tf_framework::{Attr, Model};

use super::diagnostics::explained;
use super::look_up::LookedUp;
use crate::provider::Clients;

/// Looks up a datacenter of a vCenter, and what is in it by name.
///
/// The cloud provider and the CSI driver of vSphere take its `path`, whatever folders it is in.
#[derive(Clone, Model)]
pub struct DatacenterDataModel {
    /// Name of the datacenter, or its inventory path. Default: the only one there is.
    #[tf(optional, validate(Validator::not_empty()))]
    pub name: Attr<String>,
    /// Id in the vCenter (managed object), such as `datacenter-3`.
    pub id: Attr<String>,
    /// Inventory path, such as `/Nairobi`.
    pub path: Attr<String>,
    /// Names of the clusters, and of hosts that are in none.
    pub clusters: Attr<Vec<String>>,
    /// Names of the datastores.
    pub datastores: Attr<Vec<String>>,
    /// Names of the networks and port groups.
    pub networks: Attr<Vec<String>>,
}

/// Looks up one datacenter.
#[derive(Debug)]
pub struct DatacenterDataSource;

impl DataSource for DatacenterDataSource {
    type Model = DatacenterDataModel;
    type Clients = Clients;

    const TYPE_NAME: &'static str = "cht_vsphere_datacenter";

    async fn read(
        &self,
        scope: &Scope<Clients>,
        mut config: DatacenterDataModel,
    ) -> Result<DatacenterDataModel, Diagnostics> {
        let vcenter = Clients::vcenter(scope).await?;
        let found = vcenter
            .datacenter(config.name.known().map(String::as_str))
            .await
            .map_err(explained("Unable to look up the datacenter"))
            .map_err(|diagnostics| diagnostics.at(DatacenterDataModel::NAME))?;
        let looked_up = LookedUp::of(vcenter, found.object.clone()).await?;
        if config.name.known().is_none() {
            config.name = Attr::Known(found.name);
        }
        config.id = Attr::Known(found.object.id);
        config.clusters = Attr::Known(looked_up.names_of("ComputeResource").await?);
        config.datastores = Attr::Known(looked_up.names_of("Datastore").await?);
        config.networks = Attr::Known(looked_up.names_of("Network").await?);
        config.path = Attr::Known(looked_up.path);
        Ok(config)
    }
}
