//! A provider with one of everything that the framework can do, for tests of the framework with real cores.
//!
//! - [`thing`] and [`rack`]: resources that an author would write, with a remote of files ([`remote`]) that tests can
//!   change.
//! - [`gauge`]: a resource with every option that those two have not.
//! - [`relic`]: a resource with older versions, which has become a rack.
//! - [`shelf`]: a resource with the sets of objects that other frameworks get wrong.
//! - [`case`](mod@case): a resource with a schema of every kind of attribute, which [`scripted`] can answer for.
//! - `lookup`: a data source.
//! - `pass`: an ephemeral resource.
//! - `functions`: functions.
//!
//! It is built as `terraform-provider-everything`, and takes its orders from the environment: see [`REMOTE`] and
//! [`SCRIPT`].

pub mod case;
mod functions;
pub mod gauge;
mod lookup;
mod pass;
pub mod rack;
pub mod relic;
pub mod remote;
pub mod scripted;
pub mod shelf;
pub mod thing;

use std::path::PathBuf;

use secrecy::{ExposeSecret, SecretString};
use tf_framework::diagnostics::Diagnostics;
use tf_framework::provider::{DataSourceEntry, EphemeralResourceEntry, FunctionEntry, Provider, ResourceEntry};
use tf_framework::{Attr, Model};

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

/// The provider block.
#[derive(Model)]
pub struct EverythingModel {
    /// What gives access to the remote. It takes note of every one, and refuses none.
    token: Option<SecretString>,
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
    type Model = EverythingModel;
    type Clients = Remote;

    const NAME: &'static str = "everything";
    const ADDRESS: &'static str = "registry.opentofu.org/medic/everything";

    async fn configure(&self, config: EverythingModelDraft) -> Result<Remote, Diagnostics> {
        match &config.token {
            Attr::Known(token) => self.remote.note(&format!("configure {}", token.expose_secret()))?,
            Attr::Unknown => return Ok(self.remote.clone().unknown_yet()),
            Attr::Null => {}
        }
        Ok(self.remote.clone())
    }

    fn resources(&self) -> Vec<ResourceEntry<Remote>> {
        vec![
            ResourceEntry::new(case::Case),
            ResourceEntry::new(gauge::Gauge),
            ResourceEntry::new(rack::Rack),
            ResourceEntry::new(relic::Relic),
            ResourceEntry::new(shelf::Shelf),
            ResourceEntry::new(thing::Thing),
        ]
    }

    fn data_sources(&self) -> Vec<DataSourceEntry<Remote>> {
        vec![DataSourceEntry::new(lookup::Lookup)]
    }

    fn ephemeral_resources(&self) -> Vec<EphemeralResourceEntry<Remote>> {
        vec![EphemeralResourceEntry::new(pass::Pass)]
    }

    fn functions(&self) -> Vec<FunctionEntry> {
        functions::all()
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
