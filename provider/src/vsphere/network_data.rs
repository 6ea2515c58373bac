//! `data.cht_vsphere_network`: a network of hosts, a port group of a distributed switch, or a segment of NSX.
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

/// Looks up a network.
#[derive(Clone, Model)]
pub struct NetworkDataModel {
    /// Name of the network or port group, or its inventory path.
    #[tf(validate(Validator::not_empty()))]
    pub name: String,
    /// Datacenter, by name or inventory path. Default: the one of `name`, if that is a path, or the only one there is.
    #[tf(validate(Validator::not_empty()))]
    pub datacenter: Option<String>,
    /// Id in the vCenter (managed object), such as `network-7` or `dvportgroup-11`.
    pub id: Attr<String>,
    /// Inventory path, such as `/Nairobi/network/VM Network`.
    pub path: Attr<String>,
    /// Type: `standard` for a network of the hosts' own switches, `distributed` for a port group of a distributed
    /// switch, `opaque` for one of NSX.
    #[tf(name = "type")]
    pub kind: Attr<String>,
    /// Name of the distributed switch; null if it is of none.
    pub switch: Attr<String>,
    /// Whether any host reaches it at the moment.
    pub accessible: Attr<bool>,
}

/// Looks up one network.
#[derive(Debug)]
pub struct NetworkDataSource;

impl DataSource for NetworkDataSource {
    type Model = NetworkDataModel;
    type Clients = Clients;

    const TYPE_NAME: &'static str = "cht_vsphere_network";

    async fn read(
        &self,
        scope: &Scope<Clients>,
        mut config: NetworkDataModel,
    ) -> Result<NetworkDataModel, Diagnostics> {
        let look_up = LookUp {
            kind: Kind::Network,
            name: &config.name,
            datacenter: config.datacenter.as_deref(),
        };
        let found = look_up.find(scope).await?;
        let facts = found.facts(&["summary.accessible"]).await?;
        config.accessible = facts.switch("summary.accessible")?.into();
        let kind = match found.object.kind.as_str() {
            "DistributedVirtualPortgroup" => "distributed",
            "OpaqueNetwork" => "opaque",
            _ => "standard",
        };
        config.switch = Attr::Null;
        if kind == "distributed" {
            let facts = found.facts(&["config.distributedVirtualSwitch"]).await?;
            if let Some(switch) = facts.reference("config.distributedVirtualSwitch")? {
                config.switch = found.name_of(&switch).await?.into();
            }
        }
        config.kind = Attr::Known(kind.to_owned());
        config.id = Attr::Known(found.object.id);
        config.path = Attr::Known(found.path);
        Ok(config)
    }
}
