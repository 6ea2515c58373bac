//! New keys for the encryption of Secrets: which acts that takes, and when it is refused.
//!
//! One server makes a new key and encrypts all Secrets with it, which takes a while; the others read it only when they
//! start. So all are restarted afterwards, one after the other, and then have to agree. Facts:
//! [`k3s secrets-encrypt`](https://docs.k3s.io/cli/secrets-encrypt).

use std::collections::BTreeSet;
use std::fmt;

use serde::Deserialize;

use super::{Seen, Wanted};
use crate::k3s::version::K3sVersion;
use crate::k3s::version::features::Feature;

/// What a server says of its encryption.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Encryption {
    /// Whether Secrets are encrypted.
    #[serde(default)]
    pub enable: bool,
    /// How far a change of keys is.
    #[serde(default)]
    pub stage: String,
    /// Whether all servers have the same keys.
    #[serde(default, rename = "hashmatch")]
    pub hashes_match: bool,
}

/// A change of keys, as far as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyRotation {
    /// Whether there is a new key.
    pub rotated: bool,
    /// The servers that were restarted since.
    pub restarted: BTreeSet<String>,
}

/// One act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyStep {
    /// Makes a new key, and begins to encrypt with it.
    Rotate {
        /// Where.
        on: String,
    },
    /// Waits until all Secrets are encrypted.
    Await {
        /// Where.
        on: String,
    },
    /// Restarts a server, and waits until it is up.
    Restart {
        /// The server.
        server: String,
    },
}

/// Why keys cannot be changed now.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyRefusal {
    /// Nothing is encrypted.
    #[error("the cluster does not encrypt Secrets, so it has no keys to change: set `secrets_encryption`")]
    NotEncrypted,
    /// This version cannot do it.
    #[error("the servers run {version}, which cannot change the keys in one go: upgrade first")]
    Version {
        /// What runs.
        version: K3sVersion,
    },
    /// A server is down.
    #[error("the keys cannot be changed while {server} is not healthy: it could not read Secrets afterwards")]
    Unwell {
        /// The server.
        server: String,
    },
    /// They are not the same after all.
    #[error(
        "all servers were restarted, and they still do not have the same keys: see `k3s secrets-encrypt status` on {server}"
    )]
    Differ {
        /// One of them.
        server: String,
    },
}

impl Encryption {
    /// Whether Secrets are being encrypted anew.
    #[must_use]
    pub fn goes_on(&self) -> bool {
        !matches!(self.stage.as_str(), "" | "start" | "reencrypt_finished")
    }
}

/// The next act; nothing when all is done.
///
/// # Errors
/// Something stands in the way.
pub fn next(
    wanted: &Wanted,
    seen: &Seen,
    status: &Encryption,
    rotation: &KeyRotation,
) -> Result<Option<KeyStep>, KeyRefusal> {
    let mut servers: Vec<&String> = wanted.servers.iter().collect();
    servers.sort();
    let Some(on) = servers.first().map(|first| (*first).clone()) else {
        return Ok(None);
    };
    let is_well = |name: &&&String| seen.servers.get(**name).is_some_and(|server| server.healthy);
    if let Some(unwell) = servers.iter().find(|name| !is_well(name)) {
        let server = (**unwell).clone();
        return Err(KeyRefusal::Unwell { server });
    }
    if !status.enable {
        return Err(KeyRefusal::NotEncrypted);
    }
    let running = servers.iter().filter_map(|name| seen.servers.get(*name)?.running);
    if let Some(version) = running.filter(|version| !Feature::RotateKeys.is_in(version)).min() {
        return Err(KeyRefusal::Version { version });
    }
    if status.goes_on() {
        return Ok(Some(KeyStep::Await { on }));
    }
    // A change that was killed leaves servers with different keys, and k3s makes no new one before they agree.
    let must_restart = rotation.rotated || !status.hashes_match;
    let next = servers.iter().find(|name| !rotation.restarted.contains(**name));
    match next {
        Some(name) if must_restart => {
            let server = (*name).clone();
            Ok(Some(KeyStep::Restart { server }))
        }
        _ if !status.hashes_match => Err(KeyRefusal::Differ { server: on }),
        _ if rotation.rotated => Ok(None),
        _ => Ok(Some(KeyStep::Rotate { on })),
    }
}

impl KeyRotation {
    /// Notes that an act is done.
    pub fn done(&mut self, step: &KeyStep) {
        match step {
            KeyStep::Rotate { .. } => {
                self.rotated = true;
                self.restarted.clear();
            }
            KeyStep::Await { .. } => {}
            KeyStep::Restart { server } => drop(self.restarted.insert(server.clone())),
        }
    }
}

impl fmt::Display for KeyStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rotate { on } => write!(f, "make a new key for the encryption of Secrets on {on}"),
            Self::Await { on } => write!(f, "wait on {on} until all Secrets are encrypted with the new key"),
            Self::Restart { server } => write!(f, "restart {server}, which then has the new key"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{scenes, wanted};
    use super::*;

    fn status(stage: &str, hashes_match: bool) -> Encryption {
        Encryption {
            enable: true,
            stage: stage.to_owned(),
            hashes_match,
        }
    }

    /// All acts, on servers that take the new key when they are restarted.
    fn told(first: Encryption) -> Vec<String> {
        let (mut status, mut rotation) = (first, KeyRotation::default());
        let mut told = Vec::new();
        while let Some(step) = next(&wanted("a b c"), &scenes::three(), &status, &rotation).unwrap() {
            told.push(step.to_string());
            rotation.done(&step);
            match step {
                KeyStep::Rotate { .. } => {
                    status.stage = "reencrypt_active".to_owned();
                    status.hashes_match = false;
                }
                KeyStep::Await { .. } => status.stage = "reencrypt_finished".to_owned(),
                KeyStep::Restart { .. } => status.hashes_match = rotation.restarted.len() == 3,
            }
        }
        told
    }

    const ROTATED: [&str; 5] = [
        "make a new key for the encryption of Secrets on a",
        "wait on a until all Secrets are encrypted with the new key",
        "restart a, which then has the new key",
        "restart b, which then has the new key",
        "restart c, which then has the new key",
    ];

    #[test]
    fn all_servers_are_restarted_once_there_is_a_new_key() {
        assert_eq!(told(status("start", true)), ROTATED);
        assert_eq!(told(status("reencrypt_finished", true)), ROTATED);
    }

    #[test]
    fn a_change_that_was_killed_is_brought_to_an_end_before_the_next() {
        let told = told(status("reencrypt_active", false));
        assert_eq!(told[..4], [&ROTATED[1..2], &ROTATED[2..]].concat());
        assert_eq!(told[4..], ROTATED);
    }

    #[test]
    fn keys_are_changed_only_where_all_can_follow() {
        let three = scenes::three;
        let down = scenes::with(three(), "b", |server| server.healthy = false);
        let old = scenes::with(three(), "b", |server| server.running = "v1.30.4+k3s1".parse().ok());
        let all = KeyRotation {
            rotated: true,
            restarted: ["a", "b", "c"].map(str::to_owned).into(),
        };
        for (seen, status, rotation, reason) in [
            (
                down,
                status("start", true),
                KeyRotation::default(),
                "the keys cannot be changed while b",
            ),
            (
                old,
                status("start", true),
                KeyRotation::default(),
                "the servers run v1.30.4+k3s1",
            ),
            (
                three(),
                Encryption::default(),
                KeyRotation::default(),
                "the cluster does not encrypt",
            ),
            (
                three(),
                status("reencrypt_finished", false),
                all,
                "all servers were restarted",
            ),
        ] {
            let refusal = next(&wanted("a b c"), &seen, &status, &rotation)
                .unwrap_err()
                .to_string();
            assert!(refusal.starts_with(reason), "{refusal}");
        }
    }

    #[test]
    fn the_status_is_read_as_k3s_writes_it() {
        let text = r#"{"stage":"reencrypt_finished","activekey":"aescbckey","enable":true,"hashmatch":true,"inactivekeys":[]}"#;
        let read: Encryption = serde_json::from_str(text).unwrap();
        assert_eq!(read, status("reencrypt_finished", true));
        assert!(!read.goes_on() && status("reencrypt_request", true).goes_on());
        assert_eq!(serde_json::from_str::<Encryption>("{}").unwrap(), Encryption::default());
    }
}
