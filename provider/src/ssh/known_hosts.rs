//! Known hosts in the [format of OpenSSH](https://man.openbsd.org/sshd.8#SSH_KNOWN_HOSTS_FILE_FORMAT): plain and hashed
//! names, wildcards, negations, ports, and the markers `@revoked` and `@cert-authority`.
//!
//! A line that cannot be read is kept as such: it may be the one that revokes a key, so it is an error for the hosts
//! that it is about, and for them alone.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use russh::keys::PublicKey;

use super::address::Address;

/// The lines of known hosts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct KnownHosts(Vec<Line>);

/// What a line says beside the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Marker {
    /// The key is of an authority that signs keys of hosts.
    CertAuthority,
    /// The key is never to be believed.
    Revoked,
}

/// A key of the hosts that the line is about.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    pub(super) line: usize,
    pub(super) marker: Option<Marker>,
    pub(super) key: PublicKey,
}

#[derive(Clone, Debug, PartialEq)]
struct Line {
    number: usize,
    hosts: Hosts,
    /// None if the rest of the line cannot be read.
    entry: Option<Entry>,
}

#[derive(Clone, Debug, PartialEq)]
enum Hosts {
    Patterns(Vec<String>),
    Hashed { salt: Vec<u8>, hash: Vec<u8> },
    Unreadable,
}

impl KnownHosts {
    /// Reads a text, line by line.
    pub(super) fn parse(text: &str) -> Self {
        let lines = text.lines().enumerate().filter_map(|(index, line)| {
            let line = line.trim();
            (!line.is_empty() && !line.starts_with('#')).then(|| Line::parse(index + 1, line))
        });
        KnownHosts(lines.collect())
    }

    /// Refuses lines that cannot be read, for a text that a user wrote.
    ///
    /// # Errors
    /// Fails with a sentence that names the first one.
    pub(super) fn check(&self) -> Result<(), String> {
        if self.0.is_empty() {
            return Err("It has no lines. For a path, begin with `/`, `~` or `.`.".to_owned());
        }
        match self
            .0
            .iter()
            .find(|line| line.entry.is_none() || line.hosts == Hosts::Unreadable)
        {
            Some(line) => Err(format!(
                "Line {} cannot be read: it must be names of hosts, the type of the key, and the key, as in \
                 `host.example ssh-ed25519 AAAA…`. For a path, begin with `/`, `~` or `.`.",
                line.number
            )),
            None => Ok(()),
        }
    }

    /// The lines that are about a host.
    pub(super) fn matching(&self, address: &Address) -> Vec<&Entry> {
        self.about(address).filter_map(|line| line.entry.as_ref()).collect()
    }

    /// A line about a host whose key cannot be read.
    pub(super) fn unreadable_for(&self, address: &Address) -> Option<usize> {
        self.about(address)
            .find(|line| line.entry.is_none())
            .map(|line| line.number)
    }

    fn about(&self, address: &Address) -> impl Iterator<Item = &Line> {
        let name = address.known_as();
        self.0.iter().filter(move |line| line.hosts.include(&name))
    }
}

/// Whether the value of the attribute is a path: no host is called like that.
pub(super) fn is_path(text: &str) -> bool {
    let text = text.trim();
    text.lines().count() == 1 && text.starts_with(['/', '~', '.'])
}

impl Line {
    fn parse(number: usize, line: &str) -> Self {
        let mut words = line.split_whitespace().peekable();
        let marker = words.next_if(|word| word.starts_with('@'));
        let hosts = words.next().map_or(Hosts::Unreadable, Hosts::parse);
        let marker = match marker {
            None => Some(None),
            Some("@cert-authority") => Some(Some(Marker::CertAuthority)),
            Some("@revoked") => Some(Some(Marker::Revoked)),
            Some(_) => None,
        };
        let key = words.next().zip(words.next());
        let key = key.and_then(|(kind, data)| PublicKey::from_openssh(&format!("{kind} {data}")).ok());
        let entry = marker.zip(key).map(|(marker, key)| Entry {
            line: number,
            marker,
            key,
        });
        Line { number, hosts, entry }
    }
}

impl Hosts {
    fn parse(text: &str) -> Self {
        let Some(hashed) = text.strip_prefix("|1|") else {
            return Hosts::Patterns(text.split(',').map(str::to_ascii_lowercase).collect());
        };
        let parts = hashed
            .split_once('|')
            .and_then(|(salt, hash)| Some((BASE64_STANDARD.decode(salt).ok()?, BASE64_STANDARD.decode(hash).ok()?)));
        match parts {
            Some((salt, hash)) => Hosts::Hashed { salt, hash },
            None => Hosts::Unreadable,
        }
    }

    /// Whether the line is about the host of this name. A negation that matches excludes it, whatever else does.
    fn include(&self, name: &str) -> bool {
        match self {
            Hosts::Patterns(patterns) => {
                let excluded = patterns
                    .iter()
                    .filter_map(|pattern| pattern.strip_prefix('!'))
                    .any(|pattern| matches(pattern, name));
                !excluded && patterns.iter().any(|pattern| matches(pattern, name))
            }
            // The format prescribes SHA-1; it hides names and proves nothing.
            Hosts::Hashed { salt, hash } => {
                let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, salt);
                hmac::verify(&key, name.as_bytes(), hash).is_ok()
            }
            Hosts::Unreadable => false,
        }
    }
}

/// Whether a pattern with `*` and `?` matches a name. After a failure the latest `*` takes one character more, so that
/// it takes no more than the product of both lengths.
pub(super) fn matches(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    let (mut at, mut seen) = (0, 0);
    let mut star = None;
    while let Some(letter) = name.get(seen) {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, seen));
                at += 1;
            }
            Some(wanted) if *wanted == '?' || wanted == letter => {
                at += 1;
                seen += 1;
            }
            _ => {
                let Some((star_at, taken)) = star else { return false };
                star = Some((star_at, taken + 1));
                at = star_at + 1;
                seen = taken + 1;
            }
        }
    }
    pattern.iter().skip(at).all(|rest| *rest == '*')
}

#[cfg(test)]
mod tests;
