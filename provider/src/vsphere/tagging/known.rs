//! What was read of tags, and is kept for a while. The API tells ids, and the name of one category or tag at a time;
//! what the tags of a category are attached to is asked once, and not for each machine.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::future::try_join_all;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use super::super::error::Error;
use super::super::reference::Reference;
use super::super::rest::Rest;
use super::{ASSOCIATION, CATEGORY, Category, TAG};

/// How long what was read is taken for what is: longer than a core takes for its first refreshes, and not for ever, as
/// a provider that is debugged lives long.
const FRESH: Duration = Duration::from_secs(60);
/// How many names are asked for at once.
const AT_ONCE: usize = 8;

/// What was read.
#[derive(Debug, Default)]
pub(super) struct Known {
    since: Option<Instant>,
    categories: Option<Arc<Vec<Category>>>,
    /// The tags of categories, all by their ids.
    tags: HashMap<String, Vec<String>>,
    /// Names of tags, by their ids.
    names: HashMap<String, String>,
    /// Which tags of categories machines have: the ids of the tags by the machine's, by the category's.
    attached: HashMap<String, HashMap<String, Vec<String>>>,
}

/// A tag, as far as anybody wants to know.
#[derive(Deserialize)]
struct Tag {
    name: String,
}

/// An object, as this API refers to it.
#[derive(Deserialize)]
struct Object {
    r#type: String,
    id: String,
}

/// What a tag is attached to.
#[derive(Deserialize)]
struct Attached {
    tag_id: String,
    object_ids: Option<Vec<Object>>,
}

impl Known {
    /// Forgets what is old.
    fn refresh(&mut self) {
        if self.since.is_none_or(|since| since.elapsed() > FRESH) {
            *self = Known {
                since: Some(Instant::now()),
                ..Known::default()
            };
        }
    }

    /// Forgets what machines have, which is about to change.
    pub(super) fn forget_attached(&mut self) {
        self.attached.clear();
    }

    /// All categories.
    pub(super) async fn categories(&mut self, rest: &Rest) -> Result<Arc<Vec<Category>>, Error> {
        self.refresh();
        if let Some(categories) = &self.categories {
            return Ok(Arc::clone(categories));
        }
        let ids: Vec<String> = rest.get(CATEGORY).await?.unwrap_or_default();
        let mut categories = Vec::new();
        for ids in ids.chunks(AT_ONCE) {
            let read = try_join_all(ids.iter().map(|id| one::<Category>(rest, CATEGORY, id))).await?;
            categories.extend(read.into_iter().flatten());
        }
        let categories = Arc::new(categories);
        self.categories = Some(Arc::clone(&categories));
        Ok(categories)
    }

    /// The ids of all tags in a category.
    pub(super) async fn tags(&mut self, rest: &Rest, category: &Category) -> Result<Vec<String>, Error> {
        self.refresh();
        if let Some(ids) = self.tags.get(&category.id) {
            return Ok(ids.clone());
        }
        let path = format!("{TAG}/id:{}?~action=list-tags-for-category", category.id);
        let ids: Vec<String> = rest.post(&path, &json!({})).await?.unwrap_or_default();
        self.tags.insert(category.id.clone(), ids.clone());
        Ok(ids)
    }

    /// The names of tags, by their ids. Those that are gone meanwhile are left out.
    pub(super) async fn names(&mut self, rest: &Rest, ids: &[String]) -> Result<BTreeMap<String, String>, Error> {
        let unknown: Vec<&String> = ids.iter().filter(|id| !self.names.contains_key(*id)).collect();
        for ids in unknown.chunks(AT_ONCE) {
            let read = try_join_all(ids.iter().map(|id| one::<Tag>(rest, TAG, id))).await?;
            let named = ids
                .iter()
                .zip(read)
                .filter_map(|(id, tag)| Some(((*id).clone(), tag?.name)));
            self.names.extend(named);
        }
        let named = |id: &String| Some((id.clone(), self.names.get(id)?.clone()));
        Ok(ids.iter().filter_map(named).collect())
    }

    /// The ids of the tags of a category that a machine has.
    pub(super) async fn attached(
        &mut self,
        rest: &Rest,
        category: &Category,
        machine: &Reference,
    ) -> Result<Vec<String>, Error> {
        self.refresh();
        if !self.attached.contains_key(&category.id) {
            let ids = self.tags(rest, category).await?;
            let path = format!("{ASSOCIATION}?~action=list-attached-objects-on-tags");
            let body = json!({ "tag_ids": ids });
            let read: Option<Vec<Attached>> = if ids.is_empty() {
                None
            } else {
                rest.post(&path, &body).await?
            };
            let by_machine = by_machine(read.unwrap_or_default());
            self.attached.insert(category.id.clone(), by_machine);
        }
        let of_category = self.attached.get(&category.id);
        Ok(of_category
            .and_then(|all| all.get(&machine.id))
            .cloned()
            .unwrap_or_default())
    }
}

/// A category or a tag; none if it is gone meanwhile.
async fn one<T: DeserializeOwned>(rest: &Rest, kind: &str, id: &str) -> Result<Option<T>, Error> {
    match rest.get(&format!("{kind}/id:{id}")).await {
        Err(error) if error.is_refused_with(404) => Ok(None),
        read => read,
    }
}

fn by_machine(attached: Vec<Attached>) -> HashMap<String, Vec<String>> {
    let mut by_machine: HashMap<String, Vec<String>> = HashMap::new();
    for tag in attached {
        let objects = tag.object_ids.unwrap_or_default().into_iter();
        for machine in objects.filter(|object| object.r#type == "VirtualMachine") {
            by_machine.entry(machine.id).or_default().push(tag.tag_id.clone());
        }
    }
    by_machine
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_tags_are_attached_to_says_which_tags_machines_have() {
        let answer = r#"[
            { "tag_id": "a", "object_ids": [
                { "type": "VirtualMachine", "id": "vm-1" },
                { "type": "Folder", "id": "vm-2" }
            ] },
            { "tag_id": "b", "object_ids": [{ "type": "VirtualMachine", "id": "vm-1" }] },
            { "tag_id": "c", "object_ids": null }
        ]"#;
        let found = by_machine(serde_json::from_str(answer).unwrap());
        let both = vec!["a".to_owned(), "b".to_owned()];
        assert_eq!(found, HashMap::from([("vm-1".to_owned(), both)]));
    }
}
