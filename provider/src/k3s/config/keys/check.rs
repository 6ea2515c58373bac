//! The rules for keys that a user gives beside the attributes, in `extra_config`.

use std::collections::BTreeMap;
use std::fmt;

use super::{Key, Kind, Owner, Role, near_misses};
use crate::k3s::config::value::ConfigValue;
use crate::k3s::version::K3sVersion;

/// For which hosts keys are given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// For all servers of a cluster.
    Cluster,
    /// For one of the servers.
    Server,
    /// For one agent.
    Agent,
}

/// A key that cannot be given so. Its `Display` is a sentence with what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyProblem {
    /// The key, as it was given.
    pub key: String,
    /// What is wrong.
    pub reason: Reason,
}

/// What is wrong with a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// No version has it in this role.
    Unknown {
        /// Keys with similar names.
        near: Vec<&'static str>,
    },
    /// It is the short name of a flag.
    ShortName {
        /// The long one.
        long: &'static str,
    },
    /// It has the `+` that appends, which has no effect in a single file.
    Appends,
    /// The other role has it.
    OtherRole(Role),
    /// Other versions have it.
    OtherVersion {
        /// The version that does not.
        version: K3sVersion,
        /// Which do.
        availability: String,
    },
    /// There is an attribute for it, or the resource decides.
    Managed(Owner),
    /// All servers have to have the same value.
    Critical,
    /// The value is of another kind.
    WrongKind(Kind),
}

impl Level {
    /// What the hosts are.
    #[must_use]
    pub fn role(self) -> Role {
        match self {
            Self::Cluster | Self::Server => Role::Server,
            Self::Agent => Role::Agent,
        }
    }
}

/// All problems of keys that a user gives, in the order of their names.
#[must_use]
pub fn check_extra(level: Level, version: &K3sVersion, extra: &BTreeMap<String, ConfigValue>) -> Vec<KeyProblem> {
    extra
        .iter()
        .filter_map(|(name, value)| {
            let reason = problem(level, version, name, value)?;
            Some(KeyProblem {
                key: name.clone(),
                reason,
            })
        })
        .collect()
}

fn problem(level: Level, version: &K3sVersion, name: &str, value: &ConfigValue) -> Option<Reason> {
    let role = level.role();
    if let Some((_, long)) = SHORT_NAMES.iter().find(|(short, _)| *short == name) {
        return Some(Reason::ShortName { long });
    }
    if name.ends_with('+') {
        return Some(Reason::Appends);
    }
    let Some(key) = Key::find(name) else {
        let near = near_misses(name, role, version);
        return Some(Reason::Unknown { near });
    };
    if !key.is_for(role) {
        let other = if role == Role::Server {
            Role::Agent
        } else {
            Role::Server
        };
        return Some(Reason::OtherRole(other));
    }
    if !key.is_in(version) {
        return Some(Reason::OtherVersion {
            version: *version,
            availability: key.availability(version),
        });
    }
    if key.owner != Owner::User {
        return Some(Reason::Managed(key.owner));
    }
    if key.critical && level == Level::Server {
        return Some(Reason::Critical);
    }
    (!value.fits(key.kind)).then_some(Reason::WrongKind(key.kind))
}

/// The flags that have a short name, too, which a file can also hold.
const SHORT_NAMES: [(&str, &str); 7] = [
    ("c", "config"),
    ("d", "data-dir"),
    ("i", "node-ip"),
    ("l", "log"),
    ("o", "write-kubeconfig"),
    ("s", "server"),
    ("t", "token"),
];

impl fmt::Display for KeyProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = &self.key;
        match &self.reason {
            Reason::Unknown { near } if near.is_empty() => {
                write!(f, "`{key}` is not an option of k3s: see `k3s server --help`.")
            }
            Reason::Unknown { near } => {
                write!(
                    f,
                    "`{key}` is not an option of k3s: did you mean `{}`?",
                    near.join("` or `")
                )
            }
            Reason::ShortName { long } => write!(f, "`{key}` is a short name: the option is `{long}`."),
            Reason::Appends => write!(
                f,
                "`{key}` would append to a list of another file, and there is none: write the key without `+`."
            ),
            Reason::OtherRole(Role::Server) => {
                write!(f, "`{key}` is an option of servers; agents do not start with it.")
            }
            Reason::OtherRole(Role::Agent) => write!(f, "`{key}` is an option of agents, which servers do not have."),
            Reason::OtherVersion { version, availability } => {
                write!(f, "`{key}` is not an option of k3s {version}: {availability}.")
            }
            Reason::Managed(Owner::Attribute(attribute)) => {
                write!(f, "`{key}` has an attribute of its own: use `{attribute}`.")
            }
            Reason::Managed(Owner::Resource(reason)) => write!(f, "`{key}` cannot be given: {reason}."),
            Reason::Managed(Owner::User) => write!(f, "`{key}` cannot be given."),
            Reason::Critical => write!(
                f,
                "`{key}` must be the same on all servers, or they cannot be one cluster: give it for the cluster."
            ),
            Reason::WrongKind(kind) => write!(f, "`{key}` has to be {kind}."),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text => "a text",
            Self::Number => "a whole number",
            Self::Flag => "`true` or `false`",
            Self::List => "a list of texts",
        })
    }
}
