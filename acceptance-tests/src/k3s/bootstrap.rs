//! Bootstrap data: what all servers of a cluster share. It lies in the datastore, encrypted with the token's password,
//! so a server with another token cannot have it.
//!
//! `cred/passwd` is the delicate part: a copy on disk that is newer than the datastore's stops a server for good.

use std::collections::BTreeMap;
use std::fs;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use anyhow::{Context, Result, bail};
use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use aws_lc_rs::pbkdf2;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::certificates::{self, Pair, hex, sha256_hex};
use super::etcd::Etcd;
use super::{host, log, token};

/// Where the datastore holds it, followed by a hash of the token's password.
const PREFIX: &str = "/bootstrap/";

/// Where the lab notes which `cred/passwd` the datastore has, readable without the token.
const PASSWORDS: &str = "/cht-lab/passwd";

/// The file with the passwords, below the server's directory.
const PASSWD: &str = "cred/passwd";

/// The authorities: name of the files and of the certificate.
const AUTHORITIES: [(&str, &str); 3] = [
    ("tls/server-ca", "k3s-server-ca"),
    ("tls/client-ca", "k3s-client-ca"),
    ("tls/request-header-ca", "k3s-request-header-ca"),
];

/// The key that signs service account tokens.
const SERVICE_KEY: &str = "tls/service.key";

/// What all servers share: file below the server's directory, and its contents.
#[derive(Debug, Default, Deserialize, Serialize)]
pub(super) struct Bootstrap(BTreeMap<String, String>);

impl Bootstrap {
    /// Makes what is not there yet, as the first server does.
    pub(super) fn create(server: &Path) -> Result<()> {
        for (file, name) in AUTHORITIES {
            if !server.join(format!("{file}.crt")).is_file() {
                let pair = certificates::authority(name)?;
                host::write_private(&server.join(format!("{file}.key")), pair.key.as_bytes())?;
                host::write_with_mode(&server.join(format!("{file}.crt")), pair.certificate.as_bytes(), 0o644)?;
            }
        }
        let key = server.join(SERVICE_KEY);
        if !key.is_file() {
            host::write_private(&key, rcgen::KeyPair::generate()?.serialize_pem().as_bytes())?;
        }
        Ok(())
    }

    /// Reads it from the disk.
    pub(super) fn read(server: &Path) -> Result<Self> {
        let authorities = AUTHORITIES
            .iter()
            .flat_map(|(file, _)| ["crt", "key"].map(|end| format!("{file}.{end}")));
        let files = authorities.chain([SERVICE_KEY, PASSWD].map(str::to_owned));
        let read = files.map(|file| {
            let path = server.join(&file);
            let text = fs::read_to_string(&path).with_context(|| format!("failed to read {}", path.display()))?;
            Ok((file, text))
        });
        Ok(Self(read.collect::<Result<_>>()?))
    }

    /// Writes it to the disk, where it differs.
    pub(super) fn write(&self, server: &Path) -> Result<()> {
        for (file, contents) in &self.0 {
            let path = server.join(file);
            if fs::read_to_string(&path).ok().as_ref() != Some(contents) {
                host::write_private(&path, contents.as_bytes())?;
            }
        }
        Ok(())
    }

    fn seal(&self, password: &str) -> Result<String> {
        let mut salt = [0; 8];
        aws_lc_rs::rand::fill(&mut salt)?;
        let salt = hex(&salt);
        let mut text = serde_json::to_vec(self)?;
        let nonce = key(password, &salt)?.seal_in_place_append_tag(Aad::empty(), &mut text)?;
        let mut sealed = nonce.as_ref().to_vec();
        sealed.append(&mut text);
        Ok(format!("{salt}:{}", STANDARD.encode(sealed)))
    }

    fn open(text: &str, password: &str) -> Result<Self> {
        let (salt, sealed) = text.split_once(':').context("invalid bootstrap data")?;
        let mut sealed = STANDARD.decode(sealed)?;
        let (nonce, text) = sealed.split_at_mut_checked(12).context("invalid bootstrap data")?;
        let nonce = Nonce::try_assume_unique_for_key(nonce)?;
        let text = key(password, salt)?
            .open_in_place(nonce, Aad::empty(), text)
            .map_err(|_| anyhow::anyhow!("cipher: message authentication failed"))?;
        Ok(serde_json::from_slice(text)?)
    }
}

/// One of the authorities, from the disk.
pub(super) fn authority(server: &Path, name: &str) -> Result<Pair> {
    let read = |end: &str| {
        let path = server.join(format!("tls/{name}.{end}"));
        fs::read_to_string(&path).with_context(|| format!("failed to read {}", path.display()))
    };
    Ok(Pair {
        certificate: read("crt")?,
        key: read("key")?,
    })
}

/// The passwords on the disk.
pub(super) fn passwords(server: &Path) -> Result<String> {
    let path = server.join(PASSWD);
    fs::read_to_string(&path).with_context(|| format!("failed to read {}", path.display()))
}

/// Writes the passwords of this server. The datastore does not learn of them.
pub(super) fn write_passwords(server: &Path, contents: &str) -> Result<()> {
    host::write_private(&server.join(PASSWD), contents.as_bytes())
}

/// Stores what is on the disk, unless it is stored. Data under another token is not overwritten.
pub(super) async fn save(etcd: &Etcd, server: &Path, password: &str) -> Result<()> {
    let own = format!("{PREFIX}{}", token::short_hash(password));
    let stored = etcd.keys(PREFIX).await?;
    if stored.is_empty() {
        let bootstrap = Bootstrap::read(server)?;
        etcd.put(&own, &bootstrap.seal(password)?).await?;
        return note_passwords(etcd, server).await;
    }
    if !stored.contains(&own) {
        bail!("bootstrap data already found and encrypted with different token");
    }
    Ok(())
}

/// Holds the disk to a datastore that may be newer: this is how a server learns of another token.
pub(super) async fn reconcile(etcd: &Etcd, server: &Path, password: &str) -> Result<Passwords> {
    let Some(note) = etcd.get(PASSWORDS).await? else {
        return Ok(Passwords::Unknown);
    };
    let (hash, stored_at) = note.split_once(' ').context("invalid note of passwords")?;
    let path = server.join(PASSWD);
    if let Ok(contents) = fs::read(&path) {
        if sha256_hex(&contents) == hash {
            return Ok(Passwords::Stored);
        }
        if changed_at(&path)? > stored_at.parse()? {
            bail!(
                "{} newer than datastore and could cause a cluster outage. Remove the file(s) from disk and restart to be recreated from datastore.",
                path.display()
            );
        }
        log::warning(&format!("Datastore newer than {}", path.display()));
    }
    let own = format!("{PREFIX}{}", token::short_hash(password));
    match etcd.get(&own).await? {
        Some(sealed) => {
            log::warning("Updating bootstrap data on disk from datastore");
            Bootstrap::open(&sealed, password)?.write(server)?;
            Ok(Passwords::Stored)
        }
        None => Ok(Passwords::Unknown),
    }
}

/// Stores the data under another token.
pub(super) async fn rotate(etcd: &Etcd, server: &Path, old: &str, new: (&str, &str)) -> Result<()> {
    let (password, passwords) = new;
    let before = format!("{PREFIX}{}", token::short_hash(old));
    let sealed = etcd
        .get(&before)
        .await?
        .context("no bootstrap data found for the old token")?;
    let mut bootstrap = Bootstrap::open(&sealed, old)?;
    bootstrap.0.insert(PASSWD.to_owned(), passwords.to_owned());
    let after = format!("{PREFIX}{}", token::short_hash(password));
    etcd.put(&after, &bootstrap.seal(password)?).await?;
    if before != after {
        etcd.delete(&before).await?;
    }
    write_passwords(server, passwords)?;
    note_passwords(etcd, server).await
}

/// Whether the passwords on disk are the datastore's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Passwords {
    Stored,
    Unknown,
}

async fn note_passwords(etcd: &Etcd, server: &Path) -> Result<()> {
    let path = server.join(PASSWD);
    let note = format!("{} {}", sha256_hex(&fs::read(&path)?), changed_at(&path)?);
    etcd.put(PASSWORDS, &note).await
}

/// When a file was written, in nanoseconds since 1970.
fn changed_at(path: &PathBuf) -> Result<u128> {
    Ok(fs::metadata(path)?.modified()?.duration_since(UNIX_EPOCH)?.as_nanos())
}

fn key(password: &str, salt: &str) -> Result<RandomizedNonceKey> {
    let mut key = [0; 32];
    let iterations = NonZeroU32::new(4096).context("not zero")?;
    pbkdf2::derive(
        pbkdf2::PBKDF2_HMAC_SHA256,
        iterations,
        salt.as_bytes(),
        password.as_bytes(),
        &mut key,
    );
    Ok(RandomizedNonceKey::new(&AES_256_GCM, &key)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bootstrap_data_opens_with_its_token_alone() {
        let directory = tempfile::tempdir().unwrap();
        Bootstrap::create(directory.path()).unwrap();
        write_passwords(directory.path(), "p,server,server,k3s:server\n").unwrap();
        let sealed = Bootstrap::read(directory.path()).unwrap().seal("right").unwrap();
        let opened = Bootstrap::open(&sealed, "right").unwrap();
        let other = tempfile::tempdir().unwrap();
        opened.write(other.path()).unwrap();
        let read = |directory: &Path| fs::read(directory.join("tls/server-ca.key")).unwrap();
        assert_eq!(read(directory.path()), read(other.path()));
        assert!(Bootstrap::open(&sealed, "wrong").is_err());
    }
}
