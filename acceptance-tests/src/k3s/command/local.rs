//! What the commands of a server have in common: they ask the server on the same host.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use reqwest::Method;
use serde_json::Value;

use crate::k3s::config::Config;
use crate::k3s::join::Supervisor;
use crate::k3s::{control_plane, server, token};

/// Keys of `config.yaml` that these commands know; they warn of every other one.
const KNOWN: &[&str] = &[
    "data-dir",
    "debug",
    "etcd-snapshot-dir",
    "etcd-snapshot-name",
    "log",
    "token",
    "token-file",
];

/// The command's own flags: `--name value`, `--name=value`, or words.
pub(super) struct Words<'a>(pub(super) &'a [String]);

impl Words<'_> {
    /// The value of a flag.
    pub(super) fn flag(&self, name: &str) -> Option<String> {
        let flag = format!("--{name}");
        let mut words = self.0.iter();
        while let Some(word) = words.next() {
            if *word == flag {
                return words.next().cloned();
            }
            if let Some(value) = word.strip_prefix(&format!("{flag}=")) {
                return Some(value.to_owned());
            }
        }
        None
    }

    /// The words that are neither flags nor their values.
    pub(super) fn plain(&self) -> Vec<&str> {
        let mut plain = Vec::new();
        let mut words = self.0.iter();
        while let Some(word) = words.next() {
            match word.starts_with('-') {
                true if word.contains('=') => {}
                true => drop(words.next()),
                false => plain.push(word.as_str()),
            }
        }
        plain
    }
}

/// The server on this host, and what is told to its commands.
pub(super) struct Local {
    pub(super) config: Config,
    supervisor: Supervisor,
}

impl Local {
    /// Asks with the token that is given, else with the server's own.
    pub(super) async fn connect(given: Option<String>) -> Result<Self> {
        Self::connect_in(None, given).await
    }

    /// The same for a server that has its data in a folder that the command was told.
    pub(super) async fn connect_in(data: Option<String>, given: Option<String>) -> Result<Self> {
        let config = Config::for_command(KNOWN)?;
        let data = data.map_or_else(|| config.data_directory(), PathBuf::from);
        let own = data.join("server/token");
        let text = match given {
            Some(text) => text,
            None => fs::read_to_string(&own).with_context(|| format!("open {}", own.display()))?,
        };
        let url = format!("https://{}:{}", control_plane::local_address(&config), server::PORT);
        let supervisor = Supervisor::connect(&url, &token::parse(&text)?, None).await?;
        Ok(Self { config, supervisor })
    }

    pub(super) async fn get(&self, path: &str) -> Result<Value> {
        Ok(serde_json::from_str(&self.supervisor.get(path, "server").await?)?)
    }

    pub(super) async fn send(&self, method: Method, path: &str, body: &Value) -> Result<Value> {
        let answer = self.supervisor.send(method, path, body.to_string()).await?;
        Ok(serde_json::from_str(&answer).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_flags_and_the_rest() {
        let words = ["save", "--name", "before", "--dir=/x", "now"].map(str::to_owned);
        let words = Words(&words);
        assert_eq!(words.flag("name").as_deref(), Some("before"));
        assert_eq!(words.flag("dir").as_deref(), Some("/x"));
        assert_eq!(words.plain(), ["save", "now"]);
    }
}
