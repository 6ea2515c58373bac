//! Where a machine goes: names and paths of the configuration as the objects that they mean in the vCenter.

use serde::{Deserialize, Serialize};
use tf_framework::diagnostics::Diagnostics;
use tf_framework::path::Path;

use super::super::diagnostics::{explained, explained_at};
use super::super::error::Error;
use super::super::inventory::{Found, Kind};
use super::super::machine::cards::Backing;
use super::super::reference::Reference;
use super::super::vcenter::VCenter;
use super::model::{NetworkInterface, VirtualMachineModel};

const SUMMARY: &str = "Unable to place the virtual machine";

/// The objects that a configuration names.
#[derive(Clone, Debug)]
pub(super) struct Placement {
    pub(super) datacenter: Found,
    pub(super) pool: Reference,
    pub(super) folder: Reference,
    pub(super) datastore: Option<Found>,
    pub(super) networks: Vec<Backing>,
    /// The same as objects.
    pub(super) network_objects: Vec<Reference>,
}

/// What the names of a state meant when they were applied, so that a look at the machine tells whether it is still
/// there, without asking what they mean.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Meant {
    pub(super) pool: Option<String>,
    pub(super) folder: Option<String>,
    pub(super) networks: Vec<String>,
}

impl Placement {
    /// Looks up what a model names.
    pub(super) async fn find(vcenter: &VCenter, model: &VirtualMachineModel) -> Result<Self, Diagnostics> {
        let at = |attribute: &str| Path::new(attribute);
        let datacenter_path = at(VirtualMachineModel::DATACENTER);
        let datacenter = vcenter
            .datacenter(model.datacenter.as_deref())
            .await
            .map_err(explained_at(SUMMARY, &datacenter_path))?;
        let inside = Some(&datacenter);
        let find = async |kind, given: &str, attribute| {
            let path = at(attribute);
            vcenter
                .find(kind, inside, given)
                .await
                .map_err(explained_at(SUMMARY, &path))
        };
        let pool = match (&model.resource_pool, &model.cluster) {
            (Some(pool), _) => {
                find(Kind::ResourcePool, pool, VirtualMachineModel::RESOURCE_POOL)
                    .await?
                    .object
            }
            (None, Some(cluster)) => {
                let cluster = find(Kind::Cluster, cluster, VirtualMachineModel::CLUSTER).await?;
                part(vcenter, &cluster.object, &["resourcePool"]).await?
            }
            (None, None) => return Err(missing_place()),
        };
        let folder = match &model.folder {
            Some(folder) => find(Kind::Folder, folder, VirtualMachineModel::FOLDER).await?.object,
            None => part(vcenter, &datacenter.object, &["vmFolder"]).await?,
        };
        let datastore = match &model.datastore {
            Some(datastore) => Some(find(Kind::Datastore, datastore, VirtualMachineModel::DATASTORE).await?),
            None => None,
        };
        let (mut networks, mut network_objects) = (Vec::new(), Vec::new());
        for (index, card) in model.network_interfaces.iter().enumerate() {
            let path = at(VirtualMachineModel::NETWORK_INTERFACES)
                .index(index)
                .attribute(NetworkInterface::NETWORK);
            let network = vcenter
                .find(Kind::Network, inside, &card.network)
                .await
                .map_err(explained_at(SUMMARY, &path))?;
            networks.push(backing(vcenter, &network).await.map_err(explained(SUMMARY))?);
            network_objects.push(network.object);
        }
        Ok(Placement {
            datacenter,
            pool,
            folder,
            datastore,
            networks,
            network_objects,
        })
    }

    /// The template that a model names.
    pub(super) async fn template(&self, vcenter: &VCenter, model: &VirtualMachineModel) -> Result<Found, Diagnostics> {
        let path = Path::new(VirtualMachineModel::TEMPLATE);
        let found = vcenter
            .find(Kind::VirtualMachine, Some(&self.datacenter), &model.template)
            .await;
        found.map_err(explained_at(SUMMARY, &path))
    }

    /// What is kept of it beside the state.
    pub(super) fn meant(&self) -> Meant {
        Meant {
            pool: Some(self.pool.id.clone()),
            folder: Some(self.folder.id.clone()),
            networks: self.networks.iter().map(|network| network.id().to_owned()).collect(),
        }
    }
}

fn missing_place() -> Diagnostics {
    Diagnostics::error("No place for the virtual machine", "Give `cluster` or `resource_pool`.")
}

/// An object that another one has as a property.
async fn part(vcenter: &VCenter, object: &Reference, path: &'static [&'static str]) -> Result<Reference, Diagnostics> {
    let read = vcenter.read(object, path).await.map_err(explained(SUMMARY))?;
    let gone = || Error::Gone { object: object.clone() };
    let found = match (read, path.first()) {
        (Some(read), Some(name)) => read.reference(name).map_err(explained(SUMMARY))?,
        _ => None,
    };
    found.ok_or_else(|| explained(SUMMARY)(gone()))
}

/// How a card is connected to a network.
async fn backing(vcenter: &VCenter, network: &Found) -> Result<Backing, Error> {
    let gone = || Error::Gone {
        object: network.object.clone(),
    };
    match network.object.kind.as_str() {
        "DistributedVirtualPortgroup" => {
            let paths = &["key", "config.distributedVirtualSwitch"];
            let read = vcenter.read(&network.object, paths).await?.ok_or_else(gone)?;
            let key = read.text("key")?.unwrap_or(&network.object.id).to_owned();
            let switch = read.reference("config.distributedVirtualSwitch")?.ok_or_else(gone)?;
            let read = vcenter.read(&switch, &["uuid"]).await?;
            let read = read.ok_or(Error::Gone { object: switch })?;
            Ok(Backing::PortGroup {
                key,
                switch_uuid: read.text("uuid")?.unwrap_or_default().to_owned(),
            })
        }
        "OpaqueNetwork" => {
            let paths = &["summary.opaqueNetworkId", "summary.opaqueNetworkType"];
            let read = vcenter.read(&network.object, paths).await?.ok_or_else(gone)?;
            Ok(Backing::Opaque {
                id: read.text("summary.opaqueNetworkId")?.unwrap_or_default().to_owned(),
                kind: read.text("summary.opaqueNetworkType")?.unwrap_or_default().to_owned(),
            })
        }
        _ => Ok(Backing::Network {
            object: network.object.clone(),
            name: network.name.clone(),
        }),
    }
}
