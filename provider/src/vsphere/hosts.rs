//! The hosts on which the machines of a resource pool may run, and what each of them has: read once, and remembered as
//! long as the process lives, as many machines are planned in the same place.

use std::collections::HashMap;
use std::sync::Arc;

use futures::future::try_join_all;
use tokio::sync::{Mutex, OnceCell};

use super::error::Error;
use super::machine::hardware_version;
use super::properties::Properties;
use super::reference::Reference;
use super::vcenter::VCenter;

const BYTES_OF_MIB: u64 = 1024 * 1024;

const OF_COMPUTE: &[&str] = &["name", "host", "environmentBrowser"];
const OF_HOST: &[&str] = &[
    "name",
    "datastore",
    "network",
    "summary.hardware.numCpuThreads",
    "summary.hardware.memorySize",
    "runtime.connectionState",
    "runtime.inMaintenanceMode",
];

/// Where machines run: a cluster of hosts, or a host that is in none.
#[derive(Clone, Debug, Default)]
pub(super) struct Compute {
    /// Its name.
    pub(super) name: String,
    /// Those of its hosts that take machines at the moment.
    pub(super) hosts: Vec<Host>,
    /// Where to ask for the virtual hardware that they offer, and what was answered.
    pub(super) browser: Option<Reference>,
    pub(super) newest_hardware: OnceCell<Option<u32>>,
}

/// A host, as far as the user of the provider may see it.
#[derive(Clone, Debug, Default)]
pub(super) struct Host {
    pub(super) name: String,
    pub(super) datastores: Vec<Reference>,
    pub(super) networks: Vec<Reference>,
    /// How many CPUs a machine on it can have.
    pub(super) cpus: Option<u32>,
    pub(super) memory_mib: Option<u64>,
}

/// What was read already, by resource pool.
#[derive(Debug, Default)]
pub(super) struct Computes(Mutex<HashMap<Reference, Arc<Compute>>>);

impl VCenter {
    /// Where the machines of a resource pool run.
    ///
    /// # Errors
    /// A call failed.
    pub(super) async fn compute_of(&self, pool: &Reference) -> Result<Arc<Compute>, Error> {
        let mut known = self.computes().0.lock().await;
        if let Some(compute) = known.get(pool) {
            return Ok(compute.clone());
        }
        let compute = Arc::new(self.read_compute(pool).await?);
        known.insert(pool.clone(), compute.clone());
        Ok(compute)
    }

    /// The newest version of virtual hardware that a new machine can have there, such as 21; none if nobody says.
    ///
    /// # Errors
    /// The call failed.
    pub(super) async fn newest_hardware(&self, compute: &Compute) -> Result<Option<u32>, Error> {
        let ask = || self.ask_for_hardware(compute.browser.as_ref());
        compute.newest_hardware.get_or_try_init(ask).await.copied()
    }

    async fn ask_for_hardware(&self, browser: Option<&Reference>) -> Result<Option<u32>, Error> {
        let Some(browser) = browser else {
            return Ok(None);
        };
        let answer = self.call(&browser.call("QueryConfigOptionDescriptor")).await?;
        let offered = answer.all("returnval").filter(|offer| {
            // A version that no host has is told, too.
            offer.text_of("createSupported") != Some("false") && offer.child("host").is_some()
        });
        Ok(offered
            .filter_map(|offer| hardware_version(offer.text_of("key")?))
            .max())
    }

    async fn read_compute(&self, pool: &Reference) -> Result<Compute, Error> {
        let Some(owner) = self.read(pool, &["owner"]).await? else {
            return Ok(Compute::default());
        };
        let Some(owner) = seen(owner.reference("owner")).flatten() else {
            return Ok(Compute::default());
        };
        let Some(read) = self.read(&owner, OF_COMPUTE).await? else {
            return Ok(Compute::default());
        };
        let hosts = references(&read, "host");
        // Reads at the same time are one call.
        let hosts = try_join_all(hosts.iter().map(|host| self.read(host, OF_HOST))).await?;
        Ok(Compute {
            name: text(&read, "name").unwrap_or_default().to_owned(),
            hosts: hosts.iter().flatten().filter_map(Host::read).collect(),
            browser: seen(read.reference("environmentBrowser")).flatten(),
            newest_hardware: OnceCell::new(),
        })
    }
}

impl Host {
    /// Reads a host; nothing if it takes no machines, or may not be looked at.
    fn read(read: &Properties) -> Option<Self> {
        let is_usable = text(read, "runtime.connectionState")? == "connected"
            && text(read, "runtime.inMaintenanceMode")? == "false";
        is_usable.then(|| Host {
            name: text(read, "name").unwrap_or(&read.object.id).to_owned(),
            datastores: references(read, "datastore"),
            networks: references(read, "network"),
            cpus: text(read, "summary.hardware.numCpuThreads").and_then(|number| number.parse().ok()),
            memory_mib: text(read, "summary.hardware.memorySize")
                .and_then(|bytes| bytes.parse::<u64>().ok())
                .map(|bytes| bytes / BYTES_OF_MIB),
        })
    }
}

fn text<'p>(read: &'p Properties, path: &str) -> Option<&'p str> {
    seen(read.text(path)).flatten()
}

/// The objects that a property lists.
pub(super) fn references(read: &Properties, path: &str) -> Vec<Reference> {
    let list = seen(read.get(path)).flatten();
    list.into_iter()
        .flat_map(|list| list.children().iter().filter_map(Reference::read))
        .collect()
}

/// What may be looked at. Whoever may make machines need not be allowed to look at hosts.
fn seen<T>(read: Result<T, Error>) -> Option<T> {
    read.ok()
}
