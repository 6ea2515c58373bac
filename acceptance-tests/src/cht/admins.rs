//! CouchDB's administrators: each node keeps its own, hashed, on its volume.

use std::collections::{BTreeMap, HashMap};

use super::login::Credentials;

/// The administrators of all nodes, on each disk that ever was.
#[derive(Debug, Default)]
pub(super) struct Admins {
    nodes: HashMap<(String, String), BTreeMap<String, String>>,
    /// What is behind a hash: only its own process could tell in reality.
    passwords: HashMap<String, String>,
}

impl Admins {
    /// Whether a node has an administrator with this password.
    pub(super) fn know(&self, disk: &str, node: &str, credentials: &Credentials) -> bool {
        let hash = self.hash(disk, node, &credentials.user);
        hash.and_then(|hash| self.passwords.get(hash)) == Some(&credentials.password)
    }

    /// The hashed password of an administrator.
    pub(super) fn hash(&self, disk: &str, node: &str, user: &str) -> Option<&String> {
        self.nodes.get(&(disk.to_owned(), node.to_owned()))?.get(user)
    }

    /// A node starts with a user in its environment, and keeps the one that it has.
    pub(super) fn start(&mut self, disk: &str, node: &str, credentials: &Credentials) {
        if self.hash(disk, node, &credentials.user).is_none() {
            self.set(disk, node, &credentials.user, &credentials.password);
        }
    }

    /// A node starts that takes the administrators of the first one.
    pub(super) fn copy(&mut self, disk: &str, first: &str, node: &str) {
        let admins = self.nodes.get(&(disk.to_owned(), first.to_owned())).cloned();
        self.nodes
            .insert((disk.to_owned(), node.to_owned()), admins.unwrap_or_default());
    }

    /// What a node has of its administrators is not their passwords any more.
    pub(super) fn invalidate(&mut self, disk: &str, node: &str) {
        let admins = self.nodes.get_mut(&(disk.to_owned(), node.to_owned()));
        for hash in admins.into_iter().flat_map(BTreeMap::values_mut) {
            *hash = format!("-hashed-{hash}");
        }
    }

    /// Sets a password, which is hashed with a salt of its own, or what is a hash already.
    pub(super) fn set(&mut self, disk: &str, node: &str, user: &str, value: &str) {
        let hash = if value.starts_with("-pbkdf2") {
            value.to_owned()
        } else {
            let hash = format!(
                "-pbkdf2:sha256-{:032x},{:08x},600000",
                self.passwords.len(),
                value.len()
            );
            self.passwords.insert(hash.clone(), value.to_owned());
            hash
        };
        let admins = self.nodes.entry((disk.to_owned(), node.to_owned())).or_default();
        admins.insert(user.to_owned(), hash);
    }
}
