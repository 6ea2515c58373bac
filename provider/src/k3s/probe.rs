//! What a host is, and what k3s does on it: one script for each host, and what it says.
//!
//! One execution over SSH tells all that plans and drift are made of. [`script`] is the text for `sh -s`; it reads
//! only, needs no more than a POSIX shell with the usual tools, and leaves out what it cannot find.
//! [`HostState::parse`] reads the answer: [`host`] has its parts, [`node`] the Nodes that a server knows.
//!
//! No single fact is taken for health: a unit is active before its Node is registered, and stays so without a quorum.
//! The program on the disk is not the one that runs until k3s was restarted, and its Node tells which that is.

use std::collections::BTreeMap;

pub mod host;
pub mod node;
mod parse;

pub use self::host::{Cgroup, DatastoreKind, FileState, Firewall, HostState, Machine, UnitPhase, UnitState};
pub use self::node::NodeState;

/// The script behind the variables that it needs, for the standard input of `sh -s`. Without a folder, it tells where
/// k3s has its data.
#[must_use]
pub fn script(data_dir: &str) -> String {
    script_below("", data_dir)
}

/// The script for a host whose files are below a folder: tests have such hosts.
fn script_below(root: &str, data_dir: &str) -> String {
    let (root, data_dir) = (shell_quoted(root), shell_quoted(data_dir));
    format!("root={root}\ndata_dir={data_dir}\n{}", include_str!("probe/probe.sh"))
}

/// A text as one word of a shell.
#[must_use]
pub fn shell_quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// An answer that says nothing about a host.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// The script did not run: what came is something else, such as a message of the shell.
    #[error("the answer does not begin as the script does: {beginning:?}")]
    NotAnAnswer {
        /// The first characters.
        beginning: String,
    },
    /// The connection ended before the script did.
    #[error("the answer ends after {lines} lines, before it is whole")]
    Truncated {
        /// How much there is.
        lines: usize,
    },
    /// The list of Nodes cannot be read.
    #[error("the list of nodes has not the expected shape")]
    Nodes {
        /// Where it differs.
        #[source]
        source: serde_json::Error,
    },
}

impl HostState {
    /// Reads what the script printed. What stands before its first line is a greeting of the host, and lines that are
    /// not of the form `key=value` are passed over, as are unknown keys.
    ///
    /// # Errors
    /// It is not the answer of the script, or not all of it.
    pub fn parse(answer: &str) -> Result<Self, ProbeError> {
        parse::host(answer)
    }
}

/// The values of each key, in their order.
type Values<'a> = BTreeMap<&'a str, Vec<&'a str>>;

#[cfg(test)]
mod tests;
