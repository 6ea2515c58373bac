//! Names and inventory paths of objects.
//!
//! People name a template, a datastore or a network by its name or by its inventory path, such as
//! `/Nairobi/vm/Templates/ubuntu-24.04`. A name has to be the only one of its kind in its datacenter; a path that does
//! not begin with `/` is one below the datacenter's folder of that kind. What was listed once is remembered as long as
//! the process lives, as many resources name the same things; a name that is not in the list is looked for once more.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::Mutex;

use super::error::Error;
use super::properties::Properties;
use super::reference::Reference;
use super::vcenter::VCenter;

/// What is read of an object to know where it is.
const PLACE: &[&str] = &["name", "parent", "parentVApp"];

/// How many names are told where one is not found.
const LISTED: usize = 20;

/// No inventory is deeper.
const MAX_DEPTH: usize = 64;

/// Kinds of objects that people name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A datacenter.
    Datacenter,
    /// A cluster of hosts, or a host that is in none.
    Cluster,
    /// A host, in a cluster or not.
    Host,
    /// A resource pool.
    ResourcePool,
    /// A folder of machines.
    Folder,
    /// A datastore.
    Datastore,
    /// A network, or a port group of a distributed switch.
    Network,
    /// A machine, or a template.
    VirtualMachine,
}

/// An object that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The object.
    pub object: Reference,
    /// Its name.
    pub name: String,
}

/// What was listed already.
#[derive(Debug, Default)]
pub(super) struct Inventory {
    lists: Mutex<HashMap<Listed, Arc<Vec<Found>>>>,
}

/// Objects of which kind were listed, and in which datacenter.
type Listed = (Kind, Option<Reference>);

impl Kind {
    /// The type in the API. Lists of it have the types that are derived from it as well.
    fn api_type(self) -> &'static str {
        match self {
            Kind::Datacenter => "Datacenter",
            Kind::Cluster => "ComputeResource",
            Kind::Host => "HostSystem",
            Kind::ResourcePool => "ResourcePool",
            Kind::Folder => "Folder",
            Kind::Datastore => "Datastore",
            Kind::Network => "Network",
            Kind::VirtualMachine => "VirtualMachine",
        }
    }

    /// How people call it.
    #[must_use]
    pub fn noun(self) -> &'static str {
        match self {
            Kind::Datacenter => "datacenter",
            Kind::Cluster => "cluster",
            Kind::Host => "host",
            Kind::ResourcePool => "resource pool",
            Kind::Folder => "folder",
            Kind::Datastore => "datastore",
            Kind::Network => "network",
            Kind::VirtualMachine => "virtual machine",
        }
    }

    /// The folder of a datacenter that it is in: the property, and how it is called in inventory paths.
    fn folder(self) -> (&'static str, &'static str) {
        match self {
            Kind::Datacenter | Kind::Cluster | Kind::Host | Kind::ResourcePool => ("hostFolder", "host"),
            Kind::Folder | Kind::VirtualMachine => ("vmFolder", "vm"),
            Kind::Datastore => ("datastoreFolder", "datastore"),
            Kind::Network => ("networkFolder", "network"),
        }
    }

    fn includes(self, api_type: &str) -> bool {
        match self {
            Kind::Cluster => matches!(api_type, "ComputeResource" | "ClusterComputeResource"),
            Kind::ResourcePool => matches!(api_type, "ResourcePool" | "VirtualApp"),
            Kind::Network => matches!(api_type, "Network" | "DistributedVirtualPortgroup" | "OpaqueNetwork"),
            Kind::Datacenter | Kind::Host | Kind::Folder | Kind::Datastore | Kind::VirtualMachine => {
                api_type == self.api_type()
            }
        }
    }
}

impl VCenter {
    /// The datacenter of this name or path; the only one there is, if none is given.
    ///
    /// # Errors
    /// There is none, or there are several, or a call failed.
    pub async fn datacenter(&self, given: Option<&str>) -> Result<Found, Error> {
        if let Some(given) = given {
            return self.find(Kind::Datacenter, None, given).await;
        }
        let all = self.listed(Kind::Datacenter, None, false).await?;
        match all.as_slice() {
            [only] => Ok(only.clone()),
            [] => Err(not_found(Kind::Datacenter, "", &all)),
            several => Err(Error::Ambiguous {
                name: "datacenter".to_owned(),
                paths: several.iter().map(|found| found.name.clone()).collect(),
            }),
        }
    }

    /// The object of this kind that a name or an inventory path means, in a datacenter.
    ///
    /// # Errors
    /// It is not there, or there are several of this name, or a call failed.
    pub async fn find(&self, kind: Kind, datacenter: Option<&Found>, given: &str) -> Result<Found, Error> {
        if given.contains('/') {
            return self.find_by_path(kind, datacenter, given).await;
        }
        for again in [false, true] {
            let all = self.listed(kind, datacenter.map(|found| &found.object), again).await?;
            let same: Vec<&Found> = all.iter().filter(|found| found.name == given).collect();
            match same.as_slice() {
                [] if again => return Err(not_found(kind, given, &all)),
                [] => {}
                [only] => return Ok((*only).clone()),
                several => return self.ambiguous(given, several).await,
            }
        }
        Err(not_found(kind, given, &[]))
    }

    /// The object of this kind that has this id, in any datacenter.
    ///
    /// # Errors
    /// It is not there, or a call failed.
    pub async fn with_id(&self, kind: Kind, id: &str) -> Result<Found, Error> {
        for again in [false, true] {
            let all = self.listed(kind, None, again).await?;
            match all.iter().find(|found| found.object.id == id) {
                Some(found) => return Ok(found.clone()),
                None if again => return Err(not_found(kind, id, &all)),
                None => {}
            }
        }
        Err(not_found(kind, id, &[]))
    }

    async fn find_by_path(&self, kind: Kind, datacenter: Option<&Found>, given: &str) -> Result<Found, Error> {
        let path = match (given.strip_prefix('/'), datacenter) {
            (Some(path), _) => path.trim_end_matches('/').to_owned(),
            (None, Some(datacenter)) => {
                let path = self.path(&datacenter.object).await?;
                format!("{}/{}/{given}", path.trim_start_matches('/'), kind.folder().1)
            }
            (None, None) => given.to_owned(),
        };
        let service = self.service().await?;
        let method = service
            .search_index
            .call("FindByInventoryPath")
            .value("inventoryPath", &path);
        let answer = self.call(&method).await?;
        let object = answer.child("returnval").and_then(Reference::read);
        match object.filter(|object| kind.includes(&object.kind)) {
            Some(object) => Ok(Found {
                object,
                name: decoded(path.rsplit('/').next().unwrap_or_default()),
            }),
            None => {
                let all = self.listed(kind, datacenter.map(|found| &found.object), false).await?;
                Err(not_found(kind, given, &all))
            }
        }
    }

    /// The inventory path of an object.
    ///
    /// # Errors
    /// It is not there, or a call failed.
    pub async fn path(&self, object: &Reference) -> Result<String, Error> {
        let mut names = Vec::new();
        let mut next = Some(object.clone());
        while let Some(object) = next.filter(|_| names.len() < MAX_DEPTH) {
            let read = self.read(&object, place_of(&object)).await?;
            let read = read.ok_or_else(|| Error::Gone { object: object.clone() })?;
            next = match read.reference("parent")? {
                Some(parent) => Some(parent),
                None if object.kind == "VirtualMachine" => read.reference("parentVApp")?,
                None => None,
            };
            // The outermost folder is in no path.
            if next.is_some() {
                names.push(read.text("name")?.unwrap_or_default().to_owned());
            }
        }
        names.reverse();
        Ok(format!("/{}", names.join("/")))
    }

    async fn ambiguous(&self, name: &str, several: &[&Found]) -> Result<Found, Error> {
        let mut paths = Vec::new();
        for found in several {
            paths.push(self.path(&found.object).await?);
        }
        paths.sort();
        Err(Error::Ambiguous {
            name: name.to_owned(),
            paths,
        })
    }

    /// All objects of a kind in a datacenter, from the list that was made before unless it is to be made `again`.
    pub(super) async fn listed(
        &self,
        kind: Kind,
        datacenter: Option<&Reference>,
        again: bool,
    ) -> Result<Arc<Vec<Found>>, Error> {
        let key = (kind, datacenter.cloned());
        // One lists, the others wait for it.
        let mut lists = self.inventory().lists.lock().await;
        if let Some(list) = lists.get(&key).filter(|_| !again) {
            return Ok(Arc::clone(list));
        }
        let container = self.container(kind, datacenter).await?;
        let read = self.all(&container, kind.api_type(), &["name"]).await?;
        let list: Result<Vec<Found>, Error> = read.into_iter().map(found).collect();
        let list = Arc::new(list?);
        lists.insert(key, Arc::clone(&list));
        Ok(list)
    }

    async fn container(&self, kind: Kind, datacenter: Option<&Reference>) -> Result<Reference, Error> {
        let Some(datacenter) = datacenter else {
            return Ok(self.service().await?.root_folder);
        };
        let folders = &["vmFolder", "hostFolder", "datastoreFolder", "networkFolder"];
        let read = self.read(datacenter, folders).await?;
        let read = read.ok_or_else(|| Error::Gone {
            object: datacenter.clone(),
        })?;
        read.reference(kind.folder().0)?.ok_or_else(|| Error::Lacks {
            method: "RetrievePropertiesEx".to_owned(),
            what: "the folders of the datacenter",
        })
    }
}

fn place_of(object: &Reference) -> &'static [&'static str] {
    match object.kind.as_str() {
        "VirtualMachine" => PLACE,
        _ => PLACE.split_last().map_or(PLACE, |(_, others)| others),
    }
}

fn found(read: Properties) -> Result<Found, Error> {
    let name = decoded(read.text("name")?.unwrap_or_default());
    Ok(Found {
        object: read.object,
        name,
    })
}

fn not_found(kind: Kind, name: &str, all: &[Found]) -> Error {
    let mut there: Vec<String> = all.iter().map(|found| found.name.clone()).collect();
    there.sort();
    there.dedup();
    if there.len() > LISTED {
        let more = format!("and {} more", there.len() - LISTED);
        there.truncate(LISTED);
        there.push(more);
    }
    Error::NotFound {
        kind: kind.noun(),
        name: name.to_owned(),
        there,
    }
}

/// A name as people see it: the API escapes what would break paths.
fn decoded(name: &str) -> String {
    name.replace("%2f", "/")
        .replace("%2F", "/")
        .replace("%5c", "\\")
        .replace("%5C", "\\")
        .replace("%25", "%")
}
