//! Where the program of k3s comes from: a file of the user's machine, or k3s' releases, or a mirror of them.
//!
//! Hosts need no network for it: it is uploaded to them. A [`Source`] gives it by version and architecture, verified by
//! its SHA-256: the one that the user has pinned, or that of the release's own list. What was loaded is kept in the
//! user's folder for caches ([`cache`]), and loaded once where several operations want it at the same time.
//! [`download`] has the layout of releases and does the loading, [`elf`] looks at what a program was built for. Whether
//! it has the version that it should is told by the program itself, on a host. [`Image`] is what comes beside it where
//! hosts cannot load images.

use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret as _, SecretString};
use tokio_util::sync::CancellationToken;

use self::cache::Cache;
use self::download::{Http, Release};
use super::version::K3sVersion;

mod cache;
mod download;
mod elf;
mod error;
mod image;

pub use self::error::ProgramError;
pub use self::image::Image;

/// A program that can be put on hosts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// Where it is on this machine.
    pub path: PathBuf,
    /// The SHA-256 hash of it.
    pub sha256: String,
    /// Its version.
    pub version: K3sVersion,
    /// What it is built for, as k3s' releases name it.
    pub arch: String,
}

/// Where programs come from. Without anything, it is the page of k3s' releases.
#[derive(Clone, Debug, Default)]
pub struct Source {
    /// A file on this machine; or a folder with the layout of a mirror, for several versions or architectures.
    pub path: Option<PathBuf>,
    /// A mirror of k3s' releases: what stands before the version in its addresses. It may have a login in it.
    pub url: Option<SecretString>,
    /// The SHA-256 hash that it has to have.
    pub sha256: Option<String>,
}

impl Source {
    /// The program of a version for an architecture, such as `amd64`.
    ///
    /// # Errors
    /// It is not there, cannot be loaded, or is not what it should be.
    pub async fn obtain(
        &self,
        version: &K3sVersion,
        arch: &str,
        cancellation: &CancellationToken,
    ) -> Result<Program, ProgramError> {
        match &self.path {
            Some(path) => self.local(path, version, arch).await,
            None => {
                let cache = Cache::of_user().ok_or(ProgramError::NoCache)?;
                self.loaded(&cache, &Http::new(cancellation), version, arch).await
            }
        }
    }

    async fn local(&self, path: &Path, version: &K3sVersion, arch: &str) -> Result<Program, ProgramError> {
        let path = match cache::is_folder(path).await {
            true => path.join(version.to_string()).join(download::file_name(arch)),
            false => path.to_owned(),
        };
        let program = Program {
            sha256: cache::sha256(&path).await?,
            path,
            version: *version,
            arch: arch.to_owned(),
        };
        self.check(&program).await?;
        Ok(program)
    }

    /// The program of the cache, or else of the release. Whoever asks second waits for the first, and finds it in the
    /// cache.
    async fn loaded(
        &self,
        cache: &Cache,
        http: &Http,
        version: &K3sVersion,
        arch: &str,
    ) -> Result<Program, ProgramError> {
        let release = Release::new(self.url.as_ref().map(|url| url.expose_secret()), version, arch);
        let turn = cache.turn(&release.program_url(), self.sha256.as_deref());
        let mut known = http.unless_cancelled(async { Ok(turn.lock().await) }).await?;
        if let Some(program) = known.as_ref().filter(|program| program.path.exists()) {
            return Ok(program.clone());
        }
        let sha256 = match &self.sha256 {
            Some(pinned) => pinned.to_ascii_lowercase(),
            None => http.hash(&release).await?,
        };
        let path = match cache.find(version, &sha256).await {
            Some(path) => path,
            None => http.load(&release, cache, &sha256).await?,
        };
        let program = Program {
            path,
            sha256,
            version: *version,
            arch: arch.to_owned(),
        };
        self.check(&program).await?;
        Ok(known.insert(program).clone())
    }

    /// Whether it is the one that was pinned, and for the hosts that it is meant for.
    async fn check(&self, program: &Program) -> Result<(), ProgramError> {
        let pinned = self.sha256.as_ref().map(|sha256| sha256.to_ascii_lowercase());
        if let Some(expected) = pinned.filter(|expected| *expected != program.sha256) {
            return Err(ProgramError::Checksum {
                from: program.path.display().to_string(),
                expected,
                found: program.sha256.clone(),
            });
        }
        let beginning = cache::beginning(&program.path).await?;
        match elf::architecture(&beginning) {
            Some(is) if is == program.arch => Ok(()),
            Some(is) => Err(ProgramError::OtherArchitecture {
                path: program.path.clone(),
                is,
                wanted: program.arch.clone(),
            }),
            None => Err(ProgramError::NoProgram {
                path: program.path.clone(),
            }),
        }
    }
}

#[cfg(test)]
mod tests;
