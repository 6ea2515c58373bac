//! Tags in the API: categories, the tags in them, and what they are attached to.
//!
//! [`known`] keeps what was read, so that it serves all machines of a plan.

mod known;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::Mutex;

use self::known::Known;
use super::error::Error;
use super::reference::Reference;
use super::rest::Rest;
use super::vcenter::VCenter;

const CATEGORY: &str = "tagging/category";
const TAG: &str = "tagging/tag";
const ASSOCIATION: &str = "tagging/tag-association";

/// The tags of a vCenter, as far as they were asked for.
#[derive(Debug)]
pub(super) struct Tagging {
    rest: Rest,
    /// Whoever reads holds the lock, and the others find what was read.
    known: Mutex<Known>,
}

/// A category of tags.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub(super) struct Category {
    id: String,
    pub(super) name: String,
    #[serde(default)]
    cardinality: String,
    #[serde(default)]
    associable_types: BTreeSet<String>,
}

impl Category {
    /// Whether an object has one tag of it at most.
    pub(super) fn is_single(&self) -> bool {
        self.cardinality == "SINGLE"
    }

    /// Whether machines can have tags of it.
    pub(super) fn is_for_machines(&self) -> bool {
        self.associable_types.is_empty() || self.associable_types.contains("VirtualMachine")
    }
}

#[cfg(test)]
impl Category {
    pub(super) fn fixture(name: &str, cardinality: &str, types: &[&str]) -> Self {
        Category {
            id: format!("id-of-{name}"),
            name: name.to_owned(),
            cardinality: cardinality.to_owned(),
            associable_types: types.iter().map(|kind| (*kind).to_owned()).collect(),
        }
    }
}

impl VCenter {
    /// All categories of tags that the user may see.
    pub(super) async fn tag_categories(&self) -> Result<Arc<Vec<Category>>, Error> {
        let read = async { self.tagging().known.lock().await.categories(&self.tagging().rest).await };
        self.unless_cancelled(CATEGORY, read).await
    }

    /// The ids of all tags in a category, by their names.
    pub(super) async fn tags_in(&self, category: &Category) -> Result<BTreeMap<String, String>, Error> {
        let read = async {
            let rest = &self.tagging().rest;
            let mut known = self.tagging().known.lock().await;
            let ids = known.tags(rest, category).await?;
            known.names(rest, &ids).await
        };
        let names = self.unless_cancelled(TAG, read).await?;
        Ok(names.into_iter().map(|(id, name)| (name, id)).collect())
    }

    /// The names of the tags of a category that a machine has. Many machines are read by the calls of one.
    pub(super) async fn tags_seen(&self, machine: &Reference, category: &Category) -> Result<BTreeSet<String>, Error> {
        let read = async {
            let rest = &self.tagging().rest;
            let mut known = self.tagging().known.lock().await;
            let ids = known.attached(rest, category, machine).await?;
            known.names(rest, &ids).await
        };
        let names = self.unless_cancelled(ASSOCIATION, read).await?;
        Ok(names.into_values().collect())
    }

    /// The ids of all tags that a machine has at this moment. What was read before is taken for old from here on.
    pub(super) async fn tags_of(&self, machine: &Reference) -> Result<BTreeSet<String>, Error> {
        let path = format!("{ASSOCIATION}?~action=list-attached-tags");
        let body = json!({ "object_id": object(machine) });
        let read = async {
            self.tagging().known.lock().await.forget_attached();
            self.tagging().rest.post(&path, &body).await
        };
        Ok(self.unless_cancelled(ASSOCIATION, read).await?.unwrap_or_default())
    }

    /// Attaches a tag to a machine.
    pub(super) async fn attach_tag(&self, id: &str, machine: &Reference) -> Result<(), Error> {
        self.associate("attach", id, machine).await
    }

    /// Takes a tag off a machine.
    pub(super) async fn detach_tag(&self, id: &str, machine: &Reference) -> Result<(), Error> {
        self.associate("detach", id, machine).await
    }

    async fn associate(&self, action: &str, id: &str, machine: &Reference) -> Result<(), Error> {
        let path = format!("{ASSOCIATION}/id:{id}?~action={action}");
        let body = json!({ "object_id": object(machine) });
        let change = async {
            self.tagging().rest.post::<()>(&path, &body).await?;
            self.tagging().known.lock().await.forget_attached();
            Ok(())
        };
        self.unless_cancelled(ASSOCIATION, change).await
    }
}

impl Tagging {
    /// The tags of a vCenter. Nothing is called yet.
    pub(super) fn new(rest: Rest) -> Self {
        Self {
            rest,
            known: Mutex::default(),
        }
    }

    /// Gives the session back, if there is one.
    pub(super) async fn log_out(&self) {
        self.rest.log_out().await;
    }
}

fn object(machine: &Reference) -> Value {
    json!({ "type": machine.kind, "id": machine.id })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_category_without_types_is_for_machines_too() {
        assert!(Category::fixture("c", "SINGLE", &[]).is_for_machines());
        assert!(Category::fixture("c", "SINGLE", &["Folder", "VirtualMachine"]).is_for_machines());
        assert!(!Category::fixture("c", "SINGLE", &["Datastore"]).is_for_machines());
        assert!(Category::fixture("c", "SINGLE", &[]).is_single());
        assert!(!Category::fixture("c", "MULTIPLE", &[]).is_single());
    }
}
