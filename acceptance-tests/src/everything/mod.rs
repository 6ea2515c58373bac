//! A provider with one of everything that the framework can do, for tests of the framework with real cores.
//!
//! - [`thing`]: a resource that an author would write, with a remote of files ([`remote`]) that tests can change.
//! - [`case`](mod@case): a resource with a schema of every kind of attribute, which [`scripted`] can answer for.
//! - `lookup`: a data source.
//!
//! It is built as `terraform-provider-everything`, and takes its orders from the environment: see [`REMOTE`] and [`SCRIPT`].

pub mod case;
mod lookup;
pub mod remote;
pub mod scripted;
pub mod thing;

use std::path::PathBuf;

use tf_framework::diagnostics::Diagnostics;
use tf_framework::model::Empty;
use tf_framework::provider::{DataSourceEntry, Provider, ResourceEntry};

use remote::Remote;

/// The variable that names the directory with the remote objects.
pub const REMOTE: &str = "EVERYTHING_REMOTE";

/// The variable that names the file with the script.
pub const SCRIPT: &str = "EVERYTHING_SCRIPT";

/// The provider.
#[derive(Clone, Debug)]
pub struct Everything {
    remote: Remote,
}

impl Everything {
    /// A provider with remote objects in this directory.
    pub fn new(remote: impl Into<PathBuf>) -> Self {
        Everything {
            remote: Remote::new(remote),
        }
    }
}

impl Provider for Everything {
    type Model = Empty;
    type Clients = Remote;

    const NAME: &'static str = "everything";
    const ADDRESS: &'static str = "registry.opentofu.org/medic/everything";

    async fn configure(&self, _: Empty) -> Result<Remote, Diagnostics> {
        Ok(self.remote.clone())
    }

    fn resources(&self) -> Vec<ResourceEntry<Remote>> {
        vec![ResourceEntry::new(case::Case), ResourceEntry::new(thing::Thing)]
    }

    fn data_sources(&self) -> Vec<DataSourceEntry<Remote>> {
        vec![DataSourceEntry::new(lookup::Lookup)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemas_are_those_that_cores_accept() {
        assert_eq!(Everything::new("/nowhere").lint(), Vec::<String>::new());
    }
}
