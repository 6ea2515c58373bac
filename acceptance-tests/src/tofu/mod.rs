//! The real command line, in a directory of its own, with the provider under test in place of an installed one.
//!
//! [`Workspace`] has a method per command, and [`Steps`] are those that end a test unless they end as they have to.
//! What a command said is an [`Outcome`], parsed in `outcome.rs`; what it plans is a [`Plan`]; how it is run, limited
//! in time and ended is in `command.rs`.

mod command;
mod outcome;
mod plan;
mod steps;
mod workspace;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

pub use command::Running;
pub use outcome::{Diagnostic, Error, Outcome, Severity};
pub use plan::{Change, Plan};
pub use steps::{Steps, done, failure};
pub use workspace::{PLAN_FILE, Workspace};

use crate::{skip, tools};

/// The provider under test, as configurations name it.
pub const SOURCE: &str = "medic/cht";

const OPENTOFU_REGISTRY: &str = "registry.opentofu.org";

/// Which command line, and where it is.
#[derive(Clone, Debug)]
pub struct Cli {
    path: PathBuf,
    registry: &'static str,
}

impl Cli {
    /// OpenTofu; it is built if there is no recent one on PATH.
    ///
    /// # Errors
    /// If it has to be built and that fails.
    pub fn tofu() -> Result<Self> {
        Ok(Self {
            path: tools::tofu()?,
            registry: OPENTOFU_REGISTRY,
        })
    }

    /// The oldest OpenTofu that the provider is made for.
    ///
    /// # Errors
    /// If it has to be built and that fails.
    pub fn old_tofu() -> Result<Self> {
        Ok(Self {
            path: tools::old_tofu()?,
            registry: OPENTOFU_REGISTRY,
        })
    }

    /// Terraform, if it is on PATH.
    pub fn terraform() -> Option<Self> {
        Some(Self {
            path: tools::terraform()?,
            registry: "registry.terraform.io",
        })
    }

    /// Every command line of this machine that the suite has to pass with. A test without Terraform counts as skipped:
    /// a part of it is.
    ///
    /// # Errors
    /// If OpenTofu has to be built and that fails.
    pub fn all() -> Result<Vec<Self>> {
        let terraform = Self::terraform();
        if terraform.is_none() {
            skip::skipped("there is no terraform on PATH, and it is run with tofu only");
        }
        Ok([Self::tofu()?].into_iter().chain(terraform).collect())
    }

    /// The binary.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The provider's address as this command line completes its source, such as `medic/cht`.
    pub fn provider_address(&self, source: &str) -> String {
        format!("{}/{source}", self.registry)
    }
}

/// The provider binary that `cargo xtask test` built, from `CHT_PROVIDER_BINARY`.
///
/// # Errors
/// If the variable is not set.
pub fn provider_binary() -> Result<PathBuf> {
    let path = std::env::var_os("CHT_PROVIDER_BINARY").filter(|path| !path.is_empty());
    path.map(PathBuf::from)
        .context("CHT_PROVIDER_BINARY is not set; run the tests with: cargo xtask test")
}
