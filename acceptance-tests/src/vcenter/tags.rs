//! Categories and tags, and what they are attached to: made, changed and looked at by others, by the API that speaks
//! JSON. These calls are among the requests that were asked.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::VCenter;

const SESSION: &str = "session";
const CATEGORY: &str = "tagging/category";
const TAG: &str = "tagging/tag";
const ASSOCIATION: &str = "tagging/tag-association";

/// Somebody who works with tags.
#[derive(Debug)]
pub struct Tagger<'v> {
    vcenter: &'v VCenter,
    session: String,
    /// The ids of tags, by the names of their category and of themselves.
    ids: BTreeMap<(String, String), String>,
}

impl VCenter {
    /// Begins to work with tags, as the user that may do everything.
    ///
    /// # Errors
    /// If the simulator has ended.
    pub async fn tagger(&self) -> Result<Tagger<'_>> {
        let url = format!("{}/rest/com/vmware/cis/{SESSION}", self.url());
        let request = self.http().post(url).basic_auth(self.user(), Some(self.password()));
        let answer: Value = serde_json::from_str(&self.answer(SESSION, request).await?)?;
        Ok(Tagger {
            vcenter: self,
            session: text(&answer["value"])?,
            ids: BTreeMap::new(),
        })
    }
}

impl Tagger<'_> {
    /// Makes a category with tags: a machine has one of them at most, or as many as there are.
    ///
    /// # Errors
    /// If there is a category of this name.
    pub async fn add(&mut self, category: &str, is_single: bool, tags: &[&str]) -> Result<()> {
        let cardinality = if is_single { "SINGLE" } else { "MULTIPLE" };
        let spec = json!({"name": category, "cardinality": cardinality, "associable_types": ["VirtualMachine"]});
        let made = self.call(CATEGORY, json!({ "create_spec": spec })).await?;
        let category_id = text(&made)?;
        for tag in tags {
            let spec = json!({"name": tag, "category_id": category_id});
            let made = self.call(TAG, json!({ "create_spec": spec })).await?;
            self.ids.insert((category.to_owned(), (*tag).to_owned()), text(&made)?);
        }
        Ok(())
    }

    /// Attaches a tag to a machine.
    ///
    /// # Errors
    /// If there is no such machine, or it was not this one that made the tag.
    pub async fn attach(&self, machine: &str, category: &str, tag: &str) -> Result<()> {
        self.associate("attach", machine, category, tag).await
    }

    /// Takes a tag off a machine.
    ///
    /// # Errors
    /// If there is no such machine, or it was not this one that made the tag.
    pub async fn detach(&self, machine: &str, category: &str, tag: &str) -> Result<()> {
        self.associate("detach", machine, category, tag).await
    }

    /// The tags of a machine, as `category/tag`.
    ///
    /// # Errors
    /// If there is no such machine.
    pub async fn tags_of(&self, machine: &str) -> Result<BTreeSet<String>> {
        let path = format!("{ASSOCIATION}?~action=list-attached-tags");
        let answer = self.call(&path, self.object(machine).await?).await?;
        let has: Vec<&str> = answer
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let names = self.ids.iter().filter(|(_, id)| has.contains(&id.as_str()));
        Ok(names.map(|((category, tag), _)| format!("{category}/{tag}")).collect())
    }

    async fn associate(&self, action: &str, machine: &str, category: &str, tag: &str) -> Result<()> {
        let id = self.ids.get(&(category.to_owned(), tag.to_owned()));
        let id = id.with_context(|| format!("there is no tag {category}/{tag}"))?;
        let path = format!("{ASSOCIATION}/id:{id}?~action={action}");
        self.call(&path, self.object(machine).await?).await.map(drop)
    }

    async fn object(&self, machine: &str) -> Result<Value> {
        let id = self.vcenter.machine(machine).await?.id;
        Ok(json!({"object_id": {"type": "VirtualMachine", "id": id}}))
    }

    async fn call(&self, path: &str, body: Value) -> Result<Value> {
        let url = format!("{}/rest/com/vmware/cis/{path}", self.vcenter.url());
        let request = self.vcenter.http().post(url).body(body.to_string());
        let request = request.header("vmware-api-session-id", &self.session);
        let answer = self.vcenter.answer(path, request).await?;
        if answer.trim().is_empty() {
            return Ok(Value::Null);
        }
        let mut answer: Value = serde_json::from_str(&answer).with_context(|| format!("read {path}: {answer}"))?;
        Ok(answer["value"].take())
    }
}

fn text(value: &Value) -> Result<String> {
    Ok(value.as_str().context("it is no text")?.to_owned())
}
