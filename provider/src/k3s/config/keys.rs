//! The keys that `config.yaml` can have, by role and version of k3s.
//!
//! A server skips a key that it does not know, with no more than a warning in its journal, and an agent does not start
//! with one. So a wrong key is refused before anything is changed. [`table`] has the keys, [`check`] the rules for
//! those that a user gives beside the attributes.

use crate::k3s::version::K3sVersion;
use crate::k3s::version::features::Since;

pub mod check;
mod table;

/// What a host is in its cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// It has the datastore and the API, and runs pods unless that is turned off.
    Server,
    /// It runs pods.
    Agent,
}

/// What the value of a key has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A text.
    Text,
    /// A whole number.
    Number,
    /// `true` or `false`.
    Flag,
    /// One or more texts.
    List,
}

/// Who decides on the value of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// Whoever writes the configuration, as `extra_config`.
    User,
    /// An attribute of the resource, named here.
    Attribute(&'static str),
    /// The resource itself, for the reason that is given here.
    Resource(&'static str),
}

/// One key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// The long name of the flag, without dashes.
    pub name: &'static str,
    /// What its value has to be.
    pub kind: Kind,
    /// Who decides on it.
    pub owner: Owner,
    /// Whether all servers must have the same value. k3s compares these only when a server joins with an empty disk.
    pub critical: bool,
    /// Whether it can change only with the whole cluster.
    pub immutable: bool,
    /// Whether k3s reads it only until the node has joined, so that a change needs no restart.
    pub only_to_join: bool,
    roles: Roles,
    since: Since,
    /// The line that does not have it any more.
    until: Option<u16>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Roles {
    Server,
    Agent,
    Both,
}

impl Role {
    /// The word that k3s has for it: a command of its program.
    #[must_use]
    pub fn command(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Agent => "agent",
        }
    }
}

impl Key {
    /// Whether all servers must have the same value: what k3s compares, and all of `disable`, of which it compares a
    /// part.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        self.critical || self.name == "disable"
    }

    /// The key of a name.
    #[must_use]
    pub fn find(name: &str) -> Option<&'static Key> {
        table::KEYS.iter().find(|key| key.name == name)
    }

    /// All keys, in the order in which they are written.
    pub fn all() -> impl Iterator<Item = &'static Key> {
        table::KEYS.iter()
    }

    /// Whether hosts in this role have it, in any version.
    #[must_use]
    pub fn is_for(&self, role: Role) -> bool {
        match self.roles {
            Roles::Both => true,
            Roles::Server => role == Role::Server,
            Roles::Agent => role == Role::Agent,
        }
    }

    /// Whether a version has it.
    #[must_use]
    pub fn is_in(&self, version: &K3sVersion) -> bool {
        self.since.includes(version) && self.until.is_none_or(|line| version.minor < line)
    }

    /// Since which release a version's line has it, and from which line on it is gone: for errors.
    #[must_use]
    pub fn availability(&self, version: &K3sVersion) -> String {
        match (self.until, self.since.first_for(version)) {
            (Some(line), _) if version.minor >= line => format!("k3s has it no more since 1.{line}"),
            (_, Some(first)) => format!("k3s has it since {first}"),
            (_, None) => "k3s has it in all versions".to_owned(),
        }
    }
}

/// The names that a role has in a version which are nearest to a misspelled one, nearest first, at most three.
#[must_use]
pub fn near_misses(name: &str, role: Role, version: &K3sVersion) -> Vec<&'static str> {
    // A letter in three may be wrong, and at least two.
    let farthest = (name.len() / 3).max(2);
    let mut near: Vec<(usize, &str)> = Key::all()
        .filter(|key| key.is_for(role) && key.is_in(version))
        .map(|key| (distance(name, key.name), key.name))
        .filter(|(distance, _)| *distance <= farthest)
        .collect();
    near.sort_unstable();
    near.into_iter().take(3).map(|(_, name)| name).collect()
}

/// How many characters have to be put in, left out or replaced to make one text of the other.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (index, left) in one.chars().enumerate() {
        let mut next = vec![index + 1];
        let mut before = index + 1;
        for (right, pair) in other.iter().zip(row.windows(2)) {
            let &[diagonal, above] = pair else { continue };
            before = (diagonal + usize::from(left != *right)).min(above + 1).min(before + 1);
            next.push(before);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests;
