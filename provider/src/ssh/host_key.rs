//! Whether a host is the one that it should be: our own check, as [russh's] ignores revoked keys and takes a key of
//! another type for a new one.
//!
//! [`Trust`] holds what is recorded of one host: `host_key`, `known_hosts` and what was believed before ([`Pins`]). It
//! says which types of keys are asked for ([`Trust::algorithms`]) and judges what comes ([`Trust::judge`]). It is pure:
//! [`super::client`] calls it during the key exchange.
//!
//! [russh's]: https://docs.rs/russh/latest/russh/keys/known_hosts/

use std::borrow::Cow;
use std::collections::BTreeMap;

use russh::keys::ssh_key::Fingerprint;
use russh::keys::{Algorithm, Certificate, EcdsaCurve, HashAlg, PublicKey, PublicKeyOrCertificate};

use super::address::Address;
use super::host_certificate::unfit;
use super::known_hosts::{KnownHosts, Marker};

/// Prints that were believed the first time, by address: `10.0.0.9:22`. What a resource keeps in its private state.
pub type Pins = BTreeMap<String, String>;

/// Signature algorithms of host keys, best first. The one that is not there is `ssh-rsa`, which signs with SHA-1.
const ALGORITHMS: [Algorithm; 6] = [
    Algorithm::Ed25519,
    Algorithm::Ecdsa {
        curve: EcdsaCurve::NistP256,
    },
    Algorithm::Ecdsa {
        curve: EcdsaCurve::NistP384,
    },
    Algorithm::Ecdsa {
        curve: EcdsaCurve::NistP521,
    },
    Algorithm::Rsa {
        hash: Some(HashAlg::Sha512),
    },
    Algorithm::Rsa {
        hash: Some(HashAlg::Sha256),
    },
];

/// What to do with a host of which nothing is recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Policy {
    /// It is refused.
    #[default]
    Verify,
    /// It is believed, and its print is handed out to be kept.
    AcceptNew,
    /// Any key is believed, at all times.
    Insecure,
}

/// A host key that a user gave.
#[derive(Clone, Debug, PartialEq)]
pub enum Recorded {
    /// The key.
    Key(PublicKey),
    /// Its SHA-256 print.
    Print(Fingerprint),
}

/// All that is recorded of a host.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trust {
    /// What the user gave for this host.
    pub(super) keys: Vec<Recorded>,
    /// What the user gave for many hosts.
    pub(super) known_hosts: KnownHosts,
    /// What was believed before.
    pub(super) pin: Option<String>,
    /// What to do where nothing of that is there.
    pub(super) policy: Policy,
}

/// The key by which a host was believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostKey {
    /// Its print: `SHA256:…`.
    pub print: String,
    /// The key as in `known_hosts`: `ssh-ed25519 AAAA…`.
    pub line: String,
    /// Whether nothing was recorded of the host, so that the print is to be kept.
    pub is_new: bool,
}

/// Why a host is not believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Nothing is recorded of it.
    Unknown,
    /// It has another key than the recorded ones.
    Changed {
        /// The recorded prints, each with where it stands.
        expected: Vec<String>,
    },
    /// Its key is marked as revoked.
    Revoked {
        /// The line of the known hosts.
        line: usize,
    },
    /// Its certificate is of an authority that counts, but does not hold for it.
    Certificate {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A line of the known hosts for it cannot be read, and might say that the key is revoked.
    Unreadable {
        /// The line.
        line: usize,
    },
}

impl Recorded {
    /// Reads what a user wrote: a print, or a line as in a `.pub` file.
    ///
    /// # Errors
    /// Fails with a sentence that says what is accepted.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if let Some(rest) = text.strip_prefix("SHA256:") {
            // Some tools pad the print.
            let print = format!("SHA256:{}", rest.trim_end_matches('='));
            return print.parse().map(Recorded::Print).map_err(|_| {
                format!("`{text}` is no SHA-256 print: `ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub` shows it on the host.")
            });
        }
        if text.starts_with("MD5:") {
            return Err("Prints with MD5 prove nothing any more: give the SHA-256 print or the key itself.".to_owned());
        }
        let key = PublicKey::from_openssh(text).map_err(|_| {
            "It is neither a public key, such as `ssh-ed25519 AAAA…`, nor a SHA-256 print, such as `SHA256:…`."
                .to_owned()
        })?;
        match key.algorithm() {
            Algorithm::Dsa => Err("Keys of the type `ssh-dss` are not accepted any more.".to_owned()),
            _ => Ok(Recorded::Key(key)),
        }
    }

    fn print(&self) -> Fingerprint {
        match self {
            Recorded::Key(key) => key.fingerprint(HashAlg::Sha256),
            Recorded::Print(print) => *print,
        }
    }
}

impl Trust {
    /// The algorithms to ask the host for. If its keys are recorded, these are their types, so that it cannot come with
    /// a key of another type, which would look like a new one.
    pub(super) fn algorithms(&self, address: &Address) -> Vec<Algorithm> {
        let types: Vec<Algorithm> = self.recorded_keys(address).map(|(key, _)| key.algorithm()).collect();
        if types.is_empty() || self.has_prints() || self.policy == Policy::Insecure {
            return ALGORITHMS.to_vec();
        }
        ALGORITHMS
            .iter()
            .filter(|algorithm| types.iter().any(|known| is_of(algorithm, known)))
            .cloned()
            .collect()
    }

    /// The same for certificates of hosts: all of them if an authority is recorded, else none.
    pub(super) fn certificate_algorithms(&self, address: &Address) -> Cow<'static, [Algorithm]> {
        let has_authority = self.authorities(address).next().is_some();
        Cow::Borrowed(if has_authority { &ALGORITHMS } else { &[] })
    }

    /// Whether the host is known by prints, which do not tell the types of the keys.
    pub(super) fn has_prints(&self) -> bool {
        self.pin.is_some() || self.keys.iter().any(|key| matches!(key, Recorded::Print(_)))
    }

    /// Whether the user has recorded no key by which the host is known. A revoked one, or an authority, is none.
    pub(super) fn is_unrecorded(&self, address: &Address) -> bool {
        self.keys.is_empty() && self.recorded_keys(address).next().is_none()
    }

    /// The recorded types, to be named where the host has none of them.
    pub(super) fn recorded_types(&self, address: &Address) -> Vec<String> {
        let mut types: Vec<String> = self
            .recorded_keys(address)
            .map(|(key, _)| key.algorithm().to_string())
            .collect();
        types.dedup();
        types
    }

    /// Judges what a host shows at a time, in seconds since 1970.
    ///
    /// # Errors
    /// Tells why it is not believed.
    pub(super) fn judge(
        &self,
        address: &Address,
        shown: &PublicKeyOrCertificate,
        now: u64,
    ) -> Result<HostKey, Refusal> {
        let key = shown.public_key();
        if let Some(line) = self.known_hosts.unreadable_for(address) {
            return Err(Refusal::Unreadable { line });
        }
        self.refuse_revoked(address, &key)?;
        let found = |is_new| HostKey {
            print: print_of(&key),
            line: line_of(&key),
            is_new,
        };
        if let Some(certificate) = shown.certificate() {
            self.refuse_revoked(address, &PublicKey::new(certificate.signature_key().clone(), ""))?;
            if self.is_vouched(address, certificate) {
                return match unfit(certificate, address, now) {
                    Some(reason) => Err(Refusal::Certificate { reason }),
                    None => Ok(found(false)),
                };
            }
        }
        if self.policy == Policy::Insecure {
            return Ok(found(false));
        }
        let expected = self.expected(address);
        if expected
            .iter()
            .any(|(print, _)| *print == key.fingerprint(HashAlg::Sha256))
        {
            return Ok(found(false));
        }
        match (expected.is_empty(), self.policy) {
            (true, Policy::AcceptNew) => Ok(found(true)),
            (true, Policy::Verify | Policy::Insecure) => Err(Refusal::Unknown),
            (false, _) => Err(Refusal::Changed {
                expected: expected
                    .iter()
                    .map(|(print, place)| format!("{print} ({place})"))
                    .collect(),
            }),
        }
    }

    fn recorded_keys<'a>(&'a self, address: &Address) -> impl Iterator<Item = (&'a PublicKey, Option<usize>)> {
        let own = self.keys.iter().filter_map(|recorded| match recorded {
            Recorded::Key(key) => Some((key, None)),
            Recorded::Print(_) => None,
        });
        let lines = self.known_hosts.matching(address).into_iter();
        own.chain(
            lines
                .filter(|entry| entry.marker.is_none())
                .map(|entry| (&entry.key, Some(entry.line))),
        )
    }

    fn authorities<'a>(&'a self, address: &Address) -> impl Iterator<Item = &'a PublicKey> {
        let lines = self.known_hosts.matching(address).into_iter();
        lines
            .filter(|entry| entry.marker == Some(Marker::CertAuthority))
            .map(|entry| &entry.key)
    }

    /// Every print by which the host is known, and where that stands.
    fn expected(&self, address: &Address) -> Vec<(Fingerprint, String)> {
        let own = self.keys.iter().map(|key| (key.print(), "in `host_key`".to_owned()));
        let lines = self.recorded_keys(address).filter_map(|(key, line)| {
            Some((
                key.fingerprint(HashAlg::Sha256),
                format!("line {} of `known_hosts`", line?),
            ))
        });
        let mut expected: Vec<_> = own.chain(lines).collect();
        // What the user says now counts more than what was believed once.
        if expected.is_empty()
            && let Some(print) = self.pin.as_ref().and_then(|pin| pin.parse().ok())
        {
            expected.push((print, "believed the first time".to_owned()));
        }
        expected
    }

    fn refuse_revoked(&self, address: &Address, key: &PublicKey) -> Result<(), Refusal> {
        let revoked = self
            .known_hosts
            .matching(address)
            .into_iter()
            .find(|entry| entry.marker == Some(Marker::Revoked) && entry.key.key_data() == key.key_data());
        match revoked {
            Some(entry) => Err(Refusal::Revoked { line: entry.line }),
            None => Ok(()),
        }
    }

    fn is_vouched(&self, address: &Address, certificate: &Certificate) -> bool {
        self.authorities(address)
            .any(|authority| authority.key_data() == certificate.signature_key())
    }
}

/// The print of a key, as `ssh-keygen -l` shows it.
pub(super) fn print_of(key: &PublicKey) -> String {
    key.fingerprint(HashAlg::Sha256).to_string()
}

/// The key as a line without comment.
pub(super) fn line_of(key: &PublicKey) -> String {
    let key = PublicKey::new(key.key_data().clone(), "");
    key.to_openssh().unwrap_or_default()
}

/// Whether a signature algorithm is one of keys of this type.
fn is_of(algorithm: &Algorithm, known: &Algorithm) -> bool {
    match (algorithm, known) {
        (Algorithm::Rsa { .. }, Algorithm::Rsa { .. }) => true,
        (one, other) => one == other,
    }
}

#[cfg(test)]
mod tests;
