//! Archives of images for hosts that cannot load any, as k3s' releases have them beside the program.
//!
//! k3s loads whatever lies in a folder of the host. Its hash is part of the name that an archive gets there: so a look
//! at the names tells what is there and what is not, without a hash of gigabytes on the host at each look. An archive
//! gets its name when it has arrived whole. Those of others, without our prefix, are left as they are.

use std::path::{Path, PathBuf};

use super::{ProgramError, cache};

/// What the names begin with.
const PREFIX: &str = "cht-";

/// How much of the hash is in a name.
const DIGITS: usize = 16;

/// The archives that k3s loads.
const ENDINGS: [&str; 8] = [
    ".tar", ".tar.gz", ".tgz", ".tar.zst", ".tzst", ".tar.bz2", ".tbz", ".tar.lz4",
];

/// An archive of images.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// Where it is on this machine.
    pub path: PathBuf,
    /// The SHA-256 hash of it.
    pub sha256: String,
}

impl Image {
    /// The archive at a path.
    ///
    /// # Errors
    /// It cannot be read, or k3s would not load it.
    pub async fn read(path: &Path) -> Result<Self, ProgramError> {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if !ENDINGS.iter().any(|ending| name.ends_with(ending)) {
            return Err(ProgramError::NoArchive { path: path.to_owned() });
        }
        Ok(Self {
            path: path.to_owned(),
            sha256: cache::sha256(path).await?,
        })
    }

    /// What it is called on hosts.
    #[must_use]
    pub fn host_name(&self) -> String {
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        let name: String = name.chars().map(|c| if is_plain(c) { c } else { '_' }).collect();
        let hash = self.sha256.get(..DIGITS).unwrap_or(&self.sha256);
        format!("{PREFIX}{hash}-{name}")
    }

    /// Whether an archive on a host is one that was put there by us.
    #[must_use]
    pub fn is_ours(host_name: &str) -> bool {
        let rest = host_name.strip_prefix(PREFIX).unwrap_or_default();
        let is_hash = |hash: &str| hash.len() == DIGITS && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
        rest.split_once('-').is_some_and(|(hash, _)| is_hash(hash))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::k3s::digest;

    #[tokio::test]
    async fn an_archive_is_known_by_its_content() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("k3s images.tar.zst");
        std::fs::write(&path, "one").unwrap();
        let one = Image::read(&path).await.unwrap();
        assert_eq!(one.sha256, digest::sha256(b"one"));
        let name = one.host_name();
        assert_eq!(name, format!("cht-{}-k3s_images.tar.zst", &one.sha256[..16]));
        std::fs::write(&path, "other").unwrap();
        assert_ne!(Image::read(&path).await.unwrap().host_name(), name);
        assert!(Image::is_ours(&name));
        for other in ["k3s-airgap-images-amd64.tar", "cht-images.tar", "cht-1234-x.tar"] {
            assert!(!Image::is_ours(other), "{other}");
        }
    }

    #[tokio::test]
    async fn what_k3s_would_not_load_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("images.zip");
        std::fs::write(&path, "").unwrap();
        let error = Image::read(&path).await.unwrap_err().to_string();
        assert!(error.contains("images.zip is not an archive that k3s loads"), "{error}");
        let missing = Image::read(&folder.path().join("x.tar")).await;
        assert!(matches!(missing, Err(ProgramError::Read { .. })));
    }
}
