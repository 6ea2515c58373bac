//! Datastores as the CSI driver knows them: by their URLs, and by whose hosts reach them.

use std::collections::BTreeMap;

use futures::stream::{self, StreamExt as _, TryStreamExt as _};

use super::error::Error;
use super::hosts::references;
use super::node_lookup::Named;
use super::properties::Properties;
use super::reference::Reference;
use super::vcenter::VCenter;

const FACTS: &[&str] = &["name", "summary.url"];
/// About how many nodes the vCenter is asked at once.
const PARALLEL_CALLS: usize = 8;

impl VCenter {
    /// The names of all datastores by their URLs, such as `ds:///vmfs/volumes/5f2c…/`, as far as the user may see them.
    ///
    /// # Errors
    /// A call failed.
    pub async fn datastores_by_url(&self) -> Result<BTreeMap<String, String>, Error> {
        let read = self.datastores().await?;
        Ok(read.iter().filter_map(with_url).collect())
    }

    /// Which of the nodes with these provider ids run on hosts that do not reach the datastore with a URL. What is no
    /// machine of the vCenter, or may not be looked at, is left out.
    ///
    /// # Errors
    /// A call failed.
    pub async fn out_of_reach<'n>(&self, url: &str, nodes: &[&'n str]) -> Result<Vec<&'n str>, Error> {
        let read = self.datastores().await?;
        let is_meant = |read: &&Properties| with_url(read).is_some_and(|(other, _)| other.trim() == url.trim());
        let Some(datastore) = read.iter().find(is_meant) else {
            return Ok(Vec::new());
        };
        let calls: Vec<_> = nodes.iter().map(|node| self.reached_by(node)).collect();
        let reached = stream::iter(calls).buffered(PARALLEL_CALLS);
        let reached: Vec<Vec<Reference>> = reached.try_collect().await?;
        let is_without = |reached: &[Reference]| !reached.is_empty() && !reached.contains(&datastore.object);
        let nodes = nodes.iter().zip(reached);
        Ok(nodes
            .filter(|(_, reached)| is_without(reached))
            .map(|(node, _)| *node)
            .collect())
    }

    async fn datastores(&self) -> Result<Vec<Properties>, Error> {
        let root = self.service().await?.root_folder;
        self.all(&root, "Datastore", FACTS).await
    }

    /// The datastores of the host that the machine of a node runs on; none if that may not be looked at.
    async fn reached_by(&self, provider_id: &str) -> Result<Vec<Reference>, Error> {
        let Named::Bios(machines) = self.named_by(None, provider_id).await? else {
            return Ok(Vec::new());
        };
        let [machine] = machines.as_slice() else {
            return Ok(Vec::new());
        };
        let read = self.read(machine, &["runtime.host"]).await?;
        let host = read.and_then(|read| read.reference("runtime.host").ok().flatten());
        let Some(host) = host else { return Ok(Vec::new()) };
        let read = self.read(&host, &["datastore"]).await?;
        Ok(read.map(|read| references(&read, "datastore")).unwrap_or_default())
    }
}

/// What a datastore says, unless it may not be looked at.
fn with_url(read: &Properties) -> Option<(String, String)> {
    let text = |path| read.text(path).ok().flatten().map(str::to_owned);
    Some((text("summary.url")?, text("name")?))
}
