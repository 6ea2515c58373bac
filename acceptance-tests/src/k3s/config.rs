//! What a server or an agent is told: the environment, `config.yaml`, `config.yaml.d/*.yaml` and the command line, each
//! stronger than the one before. An unknown key of the file is skipped by a server, with a warning, and ends an agent.

use std::env;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde::de::{MapAccess, Visitor};
use serde_json::Value;

use super::flags::{self, Role};
use super::{host, log, release};

/// Flags that the environment may hold too.
const ENVIRONMENT: &[(&str, &str)] = &[
    ("K3S_TOKEN", "token"),
    ("K3S_TOKEN_FILE", "token-file"),
    ("K3S_URL", "server"),
    ("K3S_NODE_NAME", "node-name"),
    ("K3S_AGENT_TOKEN", "agent-token"),
    ("K3S_AGENT_TOKEN_FILE", "agent-token-file"),
    ("K3S_DATASTORE_ENDPOINT", "datastore-endpoint"),
    ("K3S_KUBECONFIG_MODE", "write-kubeconfig-mode"),
    ("K3S_KUBECONFIG_OUTPUT", "write-kubeconfig"),
    ("K3S_CLUSTER_INIT", "cluster-init"),
];

/// The arguments of one role, in order; a later one is stronger, or one more of a list.
#[derive(Clone, Debug)]
pub(super) struct Config {
    role: Role,
    given: Vec<(String, String)>,
}

impl Config {
    /// Reads everything that the role is told.
    pub(super) fn load(role: Role, command_line: &[String]) -> Result<Self> {
        let on_command_line = parse_command_line(role, command_line)?;
        let file = on_command_line
            .iter()
            .find(|(flag, _)| flag == "config")
            .map(|(_, path)| PathBuf::from(path))
            .or_else(|| env::var_os("K3S_CONFIG_FILE").map(PathBuf::from))
            .unwrap_or_else(|| host::path("/etc/rancher/k3s/config.yaml"));
        let mut given = known(role, read_files(&file)?)?;
        given.extend(on_command_line);
        Ok(Self { role, given })
    }

    /// What a command other than server and agent needs: the same file, of which it knows few keys. It warns of each
    /// other one.
    pub(super) fn for_command(known: &[&str]) -> Result<Self> {
        let given = read_files(&host::path("/etc/rancher/k3s/config.yaml"))?;
        for (key, _) in &given {
            if !known.contains(&key.as_str()) {
                log::warning(&format!("Unknown flag --{key} found in config.yaml, skipping\n"));
            }
        }
        Ok(Self {
            role: Role::Server,
            given,
        })
    }

    pub(super) fn role(&self) -> Role {
        self.role
    }

    /// The last value of a flag, else the environment's.
    pub(super) fn text(&self, flag: &str) -> Option<String> {
        let given = self.given.iter().rev().find(|(name, _)| name == flag);
        given.map(|(_, value)| value.clone()).or_else(|| {
            let (name, _) = ENVIRONMENT.iter().find(|(_, other)| *other == flag)?;
            env::var(name).ok()
        })
    }

    pub(super) fn is_set(&self, flag: &str) -> bool {
        self.text(flag).is_some_and(|value| value == "true")
    }

    /// All values of a flag that may be repeated.
    pub(super) fn list(&self, flag: &str) -> Vec<String> {
        let given = self.given.iter().filter(|(name, _)| name == flag);
        given
            .flat_map(|(_, value)| value.split(','))
            .map(|value| value.trim().to_owned())
            .collect()
    }

    /// The value of one argument for the kubelet, such as `provider-id`.
    pub(super) fn kubelet_argument(&self, name: &str) -> Option<String> {
        let given = self.given.iter().rev().filter(|(flag, _)| flag == "kubelet-arg");
        given
            .filter_map(|(_, value)| value.trim_start_matches('-').split_once('='))
            .find_map(|(key, value)| (key == name).then(|| value.to_owned()))
    }

    pub(super) fn data_directory(&self) -> PathBuf {
        self.text("data-dir")
            .map_or_else(release::default_data_directory, PathBuf::from)
    }

    /// The token: given, or in the file that is named.
    pub(super) fn token(&self, flag: &str) -> Result<Option<String>> {
        if let Some(token) = self.text(flag) {
            return Ok(Some(token));
        }
        let Some(file) = self.text(&format!("{flag}-file")) else {
            return Ok(None);
        };
        let text = fs::read_to_string(&file).with_context(|| format!("open {file}"))?;
        Ok(Some(text.trim().to_owned()))
    }

    /// The arguments as a node shows them: secrets masked.
    pub(super) fn shown(&self) -> Vec<String> {
        let mut shown = vec![self.role.command().to_owned()];
        for (flag, value) in &self.given {
            shown.push(format!("--{flag}"));
            shown.push(match flags::is_secret(flag) {
                true => "********".to_owned(),
                false => value.clone(),
            });
        }
        shown
    }
}

/// The pairs of a file and of the directory beside it: a later file replaces a key, or adds to it if the key ends with
/// `+`.
fn read_files(file: &Path) -> Result<Vec<(String, String)>> {
    let mut merged: Vec<(String, Vec<String>)> = Vec::new();
    let mut directory = file.as_os_str().to_owned();
    directory.push(".d");
    let mut files = vec![file.to_owned()];
    let entries = fs::read_dir(&directory).into_iter().flatten().flatten();
    let mut dropped_in: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|end| end == "yaml" || end == "yml"))
        .collect();
    dropped_in.sort();
    files.extend(dropped_in);
    for file in files {
        let Ok(text) = fs::read_to_string(&file) else { continue };
        let Pairs(pairs) = parse_yaml(&text).with_context(|| format!("failed to parse {}", file.display()))?;
        for (key, value) in pairs {
            let key = flags::long_name(&key).to_owned();
            let name = key.trim_end_matches('+').to_owned();
            let found = merged.iter_mut().find(|(other, _)| *other == name);
            match found {
                Some((_, values)) if key.ends_with('+') => values.extend(texts(&value)),
                Some((_, values)) => *values = texts(&value),
                None => merged.push((name, texts(&value))),
            }
        }
    }
    let flat = merged
        .into_iter()
        .flat_map(|(key, values)| values.into_iter().map(move |value| (key.clone(), value)));
    Ok(flat.collect())
}

/// A server skips what it does not know; an agent ends.
fn known(role: Role, pairs: Vec<(String, String)>) -> Result<Vec<(String, String)>> {
    let mut kept = Vec::new();
    for (key, value) in pairs {
        match role {
            _ if role.knows(&key) => kept.push((key, value)),
            Role::Server => log::warning(&format!("Unknown flag --{key} found in config.yaml, skipping\n")),
            Role::Agent => {
                log::plain(&format!("Incorrect Usage: flag provided but not defined: -{key}\n"));
                bail!("flag provided but not defined: -{key}");
            }
        }
    }
    Ok(kept)
}

fn parse_command_line(role: Role, arguments: &[String]) -> Result<Vec<(String, String)>> {
    let mut given = Vec::new();
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        let Some(flag) = argument.strip_prefix("--").or_else(|| argument.strip_prefix('-')) else {
            bail!("No help topic for '{argument}'");
        };
        let (flag, value) = match flag.split_once('=') {
            Some((flag, value)) => (flag, Some(value.to_owned())),
            None => (flag, None),
        };
        let flag = flags::long_name(flag);
        if !role.knows(flag) {
            bail!("flag provided but not defined: -{flag}");
        }
        let value = match value {
            Some(value) => value,
            None if flags::is_switch(flag) => "true".to_owned(),
            None => match arguments.next() {
                Some(value) => value.clone(),
                None => bail!("flag needs an argument: -{flag}"),
            },
        };
        given.push((flag.to_owned(), value));
    }
    Ok(given)
}

fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Null => Vec::new(),
        Value::Array(values) => values.iter().flat_map(texts).collect(),
        Value::String(text) => vec![text.clone()],
        other => vec![other.to_string()],
    }
}

fn parse_yaml(text: &str) -> Result<Pairs> {
    if text
        .lines()
        .all(|line| line.trim().is_empty() || line.trim().starts_with('#'))
    {
        return Ok(Pairs(Vec::new()));
    }
    Ok(serde_saphyr::from_str(text)?)
}

/// A mapping in the order of its file, which a node shows.
struct Pairs(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct Ordered;
        impl<'de> Visitor<'de> for Ordered {
            type Value = Pairs;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a mapping of flags")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<Pairs, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(Ordered)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> (tempfile::TempDir, Vec<String>) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("config.yaml");
        fs::write(&path, text).unwrap();
        let arguments = vec!["--config".to_owned(), path.display().to_string()];
        (directory, arguments)
    }

    #[test]
    fn file_gives_flags_lists_and_switches_in_its_order() {
        let (_kept, arguments) =
            file("write-kubeconfig-mode: \"0600\"\ncluster-init: true\ntls-san: [a, b]\ntoken: secret\n");
        let config = Config::load(Role::Server, &arguments).unwrap();
        assert!(config.is_set("cluster-init"));
        assert_eq!(config.list("tls-san"), ["a", "b"]);
        assert_eq!(config.text("token").as_deref(), Some("secret"));
        let shown = config.shown().join(" ");
        let start = "server --write-kubeconfig-mode 0600 --cluster-init true --tls-san a --tls-san b --token ********";
        assert!(shown.starts_with(start), "{shown}");
    }

    #[test]
    fn server_skips_an_unknown_key_and_an_agent_ends() {
        let (_kept, arguments) = file("no-such-key: 1\nnode-name: h1\n");
        let config = Config::load(Role::Server, &arguments).unwrap();
        assert_eq!(config.text("node-name").as_deref(), Some("h1"));
        assert_eq!(config.text("no-such-key"), None);
        let error = Config::load(Role::Agent, &arguments).unwrap_err().to_string();
        assert_eq!(error, "flag provided but not defined: -no-such-key");
    }

    #[test]
    fn later_file_replaces_a_key_or_adds_to_it() {
        let (directory, arguments) = file("node-label: [a=1]\nnode-ip: 10.0.0.1\n");
        let beside = directory.path().join("config.yaml.d");
        fs::create_dir(&beside).unwrap();
        fs::write(beside.join("10.yaml"), "node-label+: [b=2]\nnode-ip: 10.0.0.2\n").unwrap();
        let config = Config::load(Role::Server, &arguments).unwrap();
        assert_eq!(config.list("node-label"), ["a=1", "b=2"]);
        assert_eq!(config.text("node-ip").as_deref(), Some("10.0.0.2"));
    }

    #[test]
    fn command_line_is_stronger_than_the_file() {
        let (_kept, mut arguments) = file("server: https://a:6443\n");
        arguments.extend(["--server=https://b:6443", "--kubelet-arg", "provider-id=x://1"].map(str::to_owned));
        let config = Config::load(Role::Agent, &arguments).unwrap();
        assert_eq!(config.text("server").as_deref(), Some("https://b:6443"));
        assert_eq!(config.kubelet_argument("provider-id").as_deref(), Some("x://1"));
    }
}
