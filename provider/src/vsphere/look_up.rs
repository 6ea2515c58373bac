//! What data sources name, looked up in the same way for all kinds of objects.
//!
//! Each has a `name`, which may be an inventory path, and most a `datacenter`. [`inventory`](super::inventory) finds
//! the object; [`LookedUp`] reads what there is to know of it.

use std::str::FromStr;

use tf_framework::context::Scope;
use tf_framework::diagnostics::Diagnostics;
use tf_framework::path::Path;

use super::diagnostics::{explained, explained_at};
use super::error::Error;
use super::inventory::Kind;
use super::properties::Properties;
use super::reference::Reference;
use super::vcenter::VCenter;
use crate::provider::Clients;

const SUMMARY: &str = "Unable to look it up in the vCenter";

/// What is called so in every data source.
const NAME: &str = "name";
const DATACENTER: &str = "datacenter";

/// What is looked up.
#[derive(Clone, Copy, Debug)]
pub(super) struct LookUp<'a> {
    pub(super) kind: Kind,
    /// Its name, or its inventory path.
    pub(super) name: &'a str,
    /// The datacenter that it is in; none if it is the only one, or if the path says it.
    pub(super) datacenter: Option<&'a str>,
}

/// What was found.
#[derive(Debug)]
pub(super) struct LookedUp {
    pub(super) vcenter: VCenter,
    pub(super) object: Reference,
    pub(super) path: String,
}

/// What was read of it.
#[derive(Debug)]
pub(super) struct Facts(Properties);

impl LookUp<'_> {
    /// Finds it.
    pub(super) async fn find(&self, scope: &Scope<Clients>) -> Result<LookedUp, Diagnostics> {
        let vcenter = Clients::vcenter(scope).await?;
        let (name, datacenter) = (Path::new(NAME), Path::new(DATACENTER));
        let inside = if self.datacenter.is_none() && self.name.starts_with('/') {
            None
        } else {
            let found = vcenter.datacenter(self.datacenter).await;
            Some(found.map_err(explained_at(SUMMARY, &datacenter))?)
        };
        let found = vcenter
            .find(self.kind, inside.as_ref(), self.name)
            .await
            .map_err(explained_at(SUMMARY, &name))?;
        LookedUp::of(vcenter, found.object).await
    }
}

impl LookedUp {
    /// An object that was found in another way.
    pub(super) async fn of(vcenter: VCenter, object: Reference) -> Result<Self, Diagnostics> {
        let path = vcenter.path(&object).await.map_err(explained(SUMMARY))?;
        Ok(LookedUp { vcenter, object, path })
    }

    /// Reads properties of it.
    pub(super) async fn facts(&self, paths: &'static [&'static str]) -> Result<Facts, Diagnostics> {
        let read = self.vcenter.read(&self.object, paths).await;
        let read = read.map_err(explained(SUMMARY))?;
        let gone = || Error::Gone {
            object: self.object.clone(),
        };
        Ok(Facts(read.ok_or_else(|| explained(SUMMARY)(gone()))?))
    }

    /// The names of all objects of some type in it, in alphabetical order.
    pub(super) async fn names_of(&self, api_type: &str) -> Result<Vec<String>, Diagnostics> {
        let all = self.vcenter.all(&self.object, api_type, &["name"]).await;
        let mut names = Vec::new();
        for one in all.map_err(explained(SUMMARY))? {
            names.extend(Facts(one).text("name")?);
        }
        names.sort();
        Ok(names)
    }

    /// The name of another object.
    pub(super) async fn name_of(&self, object: &Reference) -> Result<Option<String>, Diagnostics> {
        let read = self.vcenter.read(object, &["name"]).await;
        match read.map_err(explained(SUMMARY))? {
            Some(read) => Facts(read).text("name"),
            None => Ok(None),
        }
    }
}

impl Facts {
    /// A text; none if it is not set.
    pub(super) fn text(&self, path: &str) -> Result<Option<String>, Diagnostics> {
        let text = self.0.text(path).map_err(explained(SUMMARY))?;
        Ok(text.filter(|text| !text.is_empty()).map(str::to_owned))
    }

    /// A number; none if it is not set.
    pub(super) fn number<T: FromStr>(&self, path: &str) -> Result<Option<T>, Diagnostics> {
        Ok(self.text(path)?.and_then(|text| text.trim().parse().ok()))
    }

    /// Whether something is on; none if it is not set.
    pub(super) fn switch(&self, path: &str) -> Result<Option<bool>, Diagnostics> {
        Ok(self.text(path)?.map(|text| text == "true"))
    }

    /// Whether something is on that is part of a property; none if it is not set.
    pub(super) fn switch_in(&self, path: &str, names: &[&str]) -> Result<Option<bool>, Diagnostics> {
        let value = self.0.get(path).map_err(explained(SUMMARY))?;
        Ok(value
            .and_then(|value| value.at(names))
            .map(|switch| switch.text() == "true"))
    }

    /// Another object; none if it is not set.
    pub(super) fn reference(&self, path: &str) -> Result<Option<Reference>, Diagnostics> {
        self.0.reference(path).map_err(explained(SUMMARY))
    }
}
