//! Taking k3s off a host: one script, and what it says.
//!
//! k3s' own script removes folders in which volumes of pods may still be mounted, and does not know other data folders.
//! This one has an order in which nothing is removed before all is unmounted, and then stays on one file system
//! ([`script`]). It can be repeated, and goes on where it was killed: the marker goes last.

use super::probe::shell_quoted;

/// What is cleaned up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cleanup<'a> {
    /// Where k3s has its data.
    pub data_dir: &'a str,
    /// Whether etcd's snapshots on the host stay.
    pub keep_snapshots: bool,
    /// Whether no more is done than to kill the containers of pods, as those outlive k3s.
    pub pods_only: bool,
}

/// What was done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cleaned {
    /// What was kept, as it was asked for.
    pub kept: Vec<String>,
    /// What could not be cleaned, and does no harm: rules of a firewall.
    pub left: Vec<String>,
}

/// A host that is not clean.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CleanupError {
    /// Something is mounted, and could be data. Nothing was removed.
    #[error(
        "{} could not be unmounted, so nothing was removed: unmount it on the host, or restart the host, and apply again",
        paths.join(" and ")
    )]
    StillMounted {
        /// Where.
        paths: Vec<String>,
    },
    /// A step did not work.
    #[error("{step} did not work")]
    Step {
        /// Which.
        step: String,
    },
    /// The script was cut off.
    #[error("the cleanup ended before it was done")]
    Truncated,
    /// It is no folder that may be emptied.
    #[error(
        "{path:?} cannot be a folder of k3s' own: give an absolute path of at least two parts, with letters, digits and . _ - + @ in \
         them"
    )]
    DataDir {
        /// The path.
        path: String,
    },
}

/// The script behind the variables that it needs, for the standard input of `sh -s`.
///
/// # Errors
/// The data folder is one that must not be emptied.
pub fn script(cleanup: &Cleanup<'_>) -> Result<String, CleanupError> {
    script_below("", cleanup)
}

fn script_below(root: &str, cleanup: &Cleanup<'_>) -> Result<String, CleanupError> {
    let data_dir = own_folder(cleanup.data_dir)?;
    let (root, data_dir) = (shell_quoted(root), shell_quoted(data_dir));
    let word = |is: bool| if is { "yes" } else { "no" };
    let (keep, pods_only) = (word(cleanup.keep_snapshots), word(cleanup.pods_only));
    let script = include_str!("cleanup/cleanup.sh");
    Ok(format!(
        "root={root}\ndata_dir={data_dir}\nkeep_snapshots={keep}\npods_only={pods_only}\n{script}"
    ))
}

/// A folder that may be emptied. The tools of the script take other characters for patterns, or write them otherwise.
fn own_folder(path: &str) -> Result<&str, CleanupError> {
    let folder = path.trim_end_matches('/');
    let parts: Vec<&str> = folder.split('/').skip(1).collect();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-+@".contains(c);
    let is_part = |part: &&str| !matches!(*part, "" | "." | "..") && part.chars().all(is_plain);
    if folder.starts_with('/') && parts.len() >= 2 && parts.iter().all(is_part) {
        return Ok(folder);
    }
    let path = path.to_owned();
    Err(CleanupError::DataDir { path })
}

impl Cleaned {
    /// Reads what the script said.
    ///
    /// # Errors
    /// The host is not clean.
    pub fn parse(answer: &str) -> Result<Self, CleanupError> {
        let values = |key: &str| -> Vec<String> {
            let lines = answer.lines().filter_map(|line| line.trim_end().split_once('='));
            lines
                .filter(|(name, _)| *name == key)
                .map(|(_, value)| value.to_owned())
                .collect()
        };
        let paths = values("mounted");
        if !paths.is_empty() {
            return Err(CleanupError::StillMounted { paths });
        }
        if let Some(step) = values("failed").into_iter().next() {
            return Err(CleanupError::Step { step });
        }
        if !values("end").iter().any(|end| end == "cht_cleanup") {
            return Err(CleanupError::Truncated);
        }
        Ok(Self {
            kept: values("kept"),
            left: values("left"),
        })
    }
}

#[cfg(test)]
mod tests;
