//! The URLs of datastores, by which the CSI driver knows them.

use std::collections::BTreeMap;

use super::error::Error;
use super::properties::Properties;
use super::vcenter::VCenter;

const FACTS: &[&str] = &["name", "summary.url"];

impl VCenter {
    /// The names of all datastores by their URLs, such as `ds:///vmfs/volumes/5f2c…/`, as far as the user may see them.
    ///
    /// # Errors
    /// A call failed.
    pub async fn datastores_by_url(&self) -> Result<BTreeMap<String, String>, Error> {
        let root = self.service().await?.root_folder;
        let read = self.all(&root, "Datastore", FACTS).await?;
        Ok(read.iter().filter_map(with_url).collect())
    }
}

/// What a datastore says, unless it may not be looked at.
fn with_url(read: &Properties) -> Option<(String, String)> {
    let text = |path| read.text(path).ok().flatten().map(str::to_owned);
    Some((text("summary.url")?, text("name")?))
}
