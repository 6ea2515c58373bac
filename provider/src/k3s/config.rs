//! The configuration of k3s on a host: `config.yaml`, from typed settings.
//!
//! The file is the single source of what k3s is told, and all of it is ours: the unit is the same on all hosts, secrets
//! stand in files of their own ([`files`](super::files)). So its text can be shown in plans, and whether it has to be
//! written is a question of its hash. The format is that of
//! [k3s' configuration file](https://docs.k3s.io/installation/configuration): one key for each long flag.
//!
//! [`cluster`] has what is the same on all servers, [`node`] what each host has of its own, [`agent`] what hosts that
//! only run pods have. [`keys`] are the names, [`value`] the values, [`registries`] is the file beside it.

use std::collections::BTreeMap;

use self::keys::Key;
use self::value::ConfigValue;
use super::digest;

pub mod agent;
pub mod cluster;
pub mod keys;
pub mod node;
pub mod registries;
pub mod value;

pub use self::agent::AgentSettings;
pub use self::cluster::{ClusterSettings, Datastore, S3, Snapshots};
pub use self::keys::Role;
pub use self::node::{NodeSettings, Taint};
pub use self::value::ConfigValue as Value;

/// How a host becomes part of its cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Join {
    /// It is the first server of a cluster with embedded etcd, and there is no other yet. It must not stay so: if its
    /// disk were lost, it would begin a second cluster.
    Init,
    /// It asks the server at this address, such as `https://10.0.0.1:6443`.
    Through(String),
    /// It needs nobody: a single server with SQLite, or one of several with a datastore elsewhere.
    Alone,
}

/// All of what a host's `config.yaml` says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    entries: BTreeMap<String, ConfigValue>,
}

/// What the file begins with.
const HEADER: &str = "# Written by terraform-provider-cht, which overwrites changes.\n";

impl Config {
    /// Gives a key a value, in place of the one that it had.
    pub fn set(&mut self, key: &str, value: ConfigValue) {
        self.entries.insert(key.to_owned(), value);
    }

    /// Gives a key a value if there is one.
    pub fn set_text(&mut self, key: &str, value: Option<&String>) {
        if let Some(text) = value {
            self.set(key, ConfigValue::Text(text.clone()));
        }
    }

    /// Turns a flag on, if so.
    pub fn set_flag(&mut self, key: &str, on: bool) {
        if on {
            self.set(key, ConfigValue::Flag(true));
        }
    }

    /// Adds texts to the list of a key.
    pub fn extend<T: Into<String>>(&mut self, key: &str, texts: impl IntoIterator<Item = T>) {
        let mut all = self.get(key).map(ConfigValue::texts).unwrap_or_default();
        all.extend(texts.into_iter().map(Into::into));
        if !all.is_empty() {
            self.set(key, ConfigValue::List(all));
        }
    }

    /// The value of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&ConfigValue> {
        self.entries.get(key)
    }

    /// The text of the file.
    #[must_use]
    pub fn text(&self) -> String {
        let mut yaml = HEADER.to_owned();
        for (key, value) in self.in_order() {
            value.write(key.name, key.kind, &mut yaml);
        }
        yaml
    }

    /// What tells whether k3s has to be restarted for it: a hash of all but the keys that are read only to join. Those
    /// may change while it runs.
    #[must_use]
    pub fn restart_hash(&self) -> String {
        let mut yaml = String::new();
        for (key, value) in self.in_order().filter(|(key, _)| !key.only_to_join) {
            value.write(key.name, key.kind, &mut yaml);
        }
        digest::sha256(yaml.as_bytes())
    }

    /// The values that all servers must have alike, each list in order, and without what is off.
    #[must_use]
    pub fn shared(&self) -> BTreeMap<&'static str, Vec<String>> {
        let texts = |key: &Key| self.get(key.name).map(ConfigValue::texts).unwrap_or_default();
        let values = Key::all()
            .filter(|key| key.is_shared())
            .map(|key| (key.name, alike(&texts(key))));
        values.filter(|(_, texts)| !texts.is_empty()).collect()
    }

    /// The keys which differ from another configuration and can change only with the whole cluster.
    #[must_use]
    pub fn immutable_changes(&self, other: &Self) -> Vec<&'static Key> {
        Key::all()
            .filter(|key| key.immutable && self.get(key.name) != other.get(key.name))
            .collect()
    }

    /// The keys that some version of k3s has, in the order of the table.
    fn in_order(&self) -> impl Iterator<Item = (&'static Key, &ConfigValue)> {
        Key::all().filter_map(|key| Some((key, self.get(key.name)?)))
    }

    fn join(&mut self, join: &Join) {
        match join {
            Join::Init => self.set("cluster-init", ConfigValue::Flag(true)),
            Join::Through(url) => self.set("server", ConfigValue::Text(url.clone())),
            Join::Alone => {}
        }
    }

    /// What users give beside the attributes. A list is added to that of the attributes.
    fn add_extra(&mut self, extra: &BTreeMap<String, ConfigValue>) {
        for (key, value) in extra {
            match value {
                ConfigValue::List(texts) => self.extend(key, texts.iter().cloned()),
                ConfigValue::Text(_) | ConfigValue::Number(_) | ConfigValue::Flag(_) => self.set(key, value.clone()),
            }
        }
    }
}

/// Values as they can be compared: k3s takes a list as several texts, or with commas, and what is off as if it were not
/// said.
#[must_use]
pub fn alike(texts: &[String]) -> Vec<String> {
    let parts = texts.iter().flat_map(|text| text.split(','));
    let mut parts: Vec<String> = parts
        .map(str::trim)
        .filter(|part| !part.is_empty() && *part != "false")
        .map(str::to_owned)
        .collect();
    parts.sort();
    parts.dedup();
    parts
}

#[cfg(test)]
mod tests;
