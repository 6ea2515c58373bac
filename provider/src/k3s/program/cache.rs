//! The files: what was loaded, in the user's folder for caches, and what is looked at of any file.
//!
//! A program takes its name, which has its hash, when it is whole and verified; so whoever finds one by its name need
//! not ask whether it is finished, only whether the disk has kept it. Several processes may fill the same folder.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;

use aws_lc_rs::digest::{Context, SHA256};
use tokio::fs::{self, File};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use uuid::Uuid;

use super::{Program, ProgramError, elf};
use crate::home;
use crate::k3s::digest;
use crate::k3s::version::K3sVersion;

const CHUNK: usize = 64 * 1024;

/// What an interrupted download left behind is removed after so long: until then, somebody may still write it.
const ABANDONED: Duration = Duration::from_secs(24 * 60 * 60);

/// What was loaded in this process, by where from and which; the lock is held while it is loaded.
type Turn = Arc<tokio::sync::Mutex<Option<Program>>>;

static TURNS: LazyLock<Mutex<BTreeMap<String, Turn>>> = LazyLock::new(Mutex::default);

/// The folder in which programs are kept.
#[derive(Clone, Debug)]
pub(super) struct Cache {
    folder: PathBuf,
}

/// A file that is being written, and has not got its name yet.
pub(super) struct Part {
    path: PathBuf,
    becomes: PathBuf,
    file: File,
    context: Context,
    /// How much was written.
    pub(super) size: u64,
}

impl Cache {
    /// The folder of the user; nothing if there is no place for one.
    pub(super) fn of_user() -> Option<Self> {
        Some(Self::at(&home::cache()?.join("k3s")))
    }

    pub(super) fn at(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
        }
    }

    /// The turn of whoever wants a program from an address.
    pub(super) fn turn(&self, url: &str, sha256: Option<&str>) -> Turn {
        let key = format!("{} {url} {}", self.folder.display(), sha256.unwrap_or_default());
        let mut turns = TURNS.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(turns.entry(key).or_default())
    }

    /// The program with a hash, if it is there and still has it.
    pub(super) async fn find(&self, version: &K3sVersion, hash: &str) -> Option<PathBuf> {
        let path = self.path(version, hash);
        (sha256(&path).await.ok()? == hash).then_some(path)
    }

    /// Begins to write a program with a hash.
    pub(super) async fn begin(&self, version: &K3sVersion, hash: &str) -> Result<Part, ProgramError> {
        let becomes = self.path(version, hash);
        let folder = becomes.parent().unwrap_or(&self.folder).to_owned();
        let failed = |source| ProgramError::Write {
            path: folder.clone(),
            source,
        };
        fs::create_dir_all(&folder).await.map_err(failed)?;
        remove_abandoned(&folder).await;
        let path = folder.join(format!("{}.part", Uuid::new_v4().simple()));
        Ok(Part {
            file: File::create_new(&path).await.map_err(failed)?,
            path,
            becomes,
            context: Context::new(&SHA256),
            size: 0,
        })
    }

    fn path(&self, version: &K3sVersion, hash: &str) -> PathBuf {
        self.folder.join(version.to_string()).join(hash)
    }
}

impl Part {
    /// Adds what came.
    pub(super) async fn write(&mut self, bytes: &[u8]) -> Result<(), ProgramError> {
        self.context.update(bytes);
        self.size += bytes.len() as u64;
        let written = self.file.write_all(bytes).await;
        written.map_err(|source| self.failed(source))
    }

    /// Gives the file its name, if it has the hash that it should have.
    pub(super) async fn finish(mut self, from: &str, expected: &str) -> Result<PathBuf, ProgramError> {
        let found = digest::hexadecimal(self.context.clone().finish().as_ref());
        if found != expected {
            return Err(ProgramError::Checksum {
                from: from.to_owned(),
                expected: expected.to_owned(),
                found,
            });
        }
        let flushed = match self.file.flush().await {
            Ok(()) => self.file.sync_all().await,
            error => error,
        };
        flushed.map_err(|source| self.failed(source))?;
        let named = fs::rename(&self.path, &self.becomes).await;
        named.map_err(|source| self.failed(source))?;
        Ok(std::mem::take(&mut self.becomes))
    }

    fn failed(&self, source: std::io::Error) -> ProgramError {
        ProgramError::Write {
            path: self.path.clone(),
            source,
        }
    }
}

impl Drop for Part {
    /// Removes what has got no name. A download that is cancelled ends here, too.
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Whether there is a folder at this path.
pub(super) async fn is_folder(path: &Path) -> bool {
    fs::metadata(path).await.is_ok_and(|metadata| metadata.is_dir())
}

/// The hash of a file.
pub(super) async fn sha256(path: &Path) -> Result<String, ProgramError> {
    let failed = |source| ProgramError::Read {
        path: path.to_owned(),
        source,
    };
    let mut file = File::open(path).await.map_err(failed)?;
    let mut context = Context::new(&SHA256);
    let mut chunk = vec![0; CHUNK];
    loop {
        let count = file.read(&mut chunk).await.map_err(failed)?;
        match chunk.get(..count) {
            Some(read) if !read.is_empty() => context.update(read),
            _ => return Ok(digest::hexadecimal(context.finish().as_ref())),
        }
    }
}

/// The first bytes of a file, by which it is judged.
pub(super) async fn beginning(path: &Path) -> Result<Vec<u8>, ProgramError> {
    let failed = |source| ProgramError::Read {
        path: path.to_owned(),
        source,
    };
    let mut bytes = Vec::with_capacity(elf::LOOKED_AT);
    let file = File::open(path).await.map_err(failed)?;
    let mut beginning = file.take(elf::LOOKED_AT as u64);
    beginning.read_to_end(&mut bytes).await.map_err(failed)?;
    Ok(bytes)
}

/// Removes what others began to write long ago.
async fn remove_abandoned(folder: &Path) {
    let Ok(mut entries) = fs::read_dir(folder).await else {
        return;
    };
    while let Ok(Some(entry)) = entries.next_entry().await {
        let path = entry.path();
        let is_part = path.extension().is_some_and(|extension| extension == "part");
        let modified = entry.metadata().await.and_then(|metadata| metadata.modified());
        let is_old = |time: std::time::SystemTime| time.elapsed().is_ok_and(|age| age > ABANDONED);
        if is_part && modified.is_ok_and(is_old) {
            let _ = fs::remove_file(&path).await;
        }
    }
}
