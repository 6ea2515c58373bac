//! What is done on one host, by SSH: each call is one act, can be repeated, and tells the host and the step where it
//! fails.
//!
//! Nothing here decides. [`Host::probe`] looks, with one command; [`service`] starts and stops k3s, [`files`] puts its
//! program, files and images in place, [`secrets`] reads and changes tokens, [`snapshots`] takes and lists snapshots of
//! etcd, [`data`] wipes, [`recovery`] is what is done on demand only, [`lock`] keeps other runs away, [`reach`] tries
//! ports. What fails is a [`HostError`], which [`Host::diagnose`] says in a user's words.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use tf_framework::diagnostics::{Diagnostic, Diagnostics, error_chain};

use super::probe::{self, HostState};
use crate::ssh::{self, Access, Command, Output, Session};
use crate::wording::sentence;

pub mod data;
pub mod error;
pub mod files;
pub mod lock;
pub mod reach;
pub mod recovery;
pub mod secrets;
pub mod service;
pub mod snapshots;

pub use self::error::HostError;
pub use self::files::Which;
pub use self::lock::Lock;
pub use self::secrets::Tokens;
pub use self::snapshots::Snapshot;

/// The Nodes of a large cluster are long.
const ANSWER: usize = 64 * 1024 * 1024;

/// A host that can be worked on.
#[derive(Clone)]
pub struct Host(Arc<Parts>);

struct Parts {
    name: String,
    access: Access,
    data_dir: String,
}

/// What a host answered, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probed {
    /// What it is, and what k3s does on it.
    pub state: HostState,
    /// When it was asked by our own clock, in seconds since 1970.
    pub asked_at: i64,
}

impl Host {
    /// A host that is called so in messages, and where k3s has its data in a folder.
    #[must_use]
    pub fn new(name: &str, access: Access, data_dir: &str) -> Self {
        Self(Arc::new(Parts {
            name: name.to_owned(),
            access,
            data_dir: data_dir.to_owned(),
        }))
    }

    /// What it is called.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The way to it.
    #[must_use]
    pub fn access(&self) -> &Access {
        &self.0.access
    }

    /// Looks at it. Nothing is changed.
    ///
    /// # Errors
    /// It cannot be reached, or does not answer as it should.
    pub async fn probe(&self) -> Result<Probed, HostError> {
        self.probe_in(&self.0.data_dir).await
    }

    /// Looks at it wherever k3s has its data there, which is part of the answer.
    ///
    /// # Errors
    /// As with [`Host::probe`].
    pub async fn probe_anywhere(&self) -> Result<Probed, HostError> {
        self.probe_in("").await
    }

    async fn probe_in(&self, data_dir: &str) -> Result<Probed, HostError> {
        let step = "look at";
        // What it takes to connect says nothing of clocks.
        self.session().connect().await.map_err(self.failed(step))?;
        let command = Command::script(step, &probe::script(data_dir), &[]).limit(ANSWER);
        let began = now();
        let output = self.session().run(command).await.map_err(self.failed(step))?;
        let state = HostState::parse(&output.text()).map_err(|source| HostError::Probe {
            host: self.name().to_owned(),
            source,
        })?;
        // The host says its time at the beginning, and how long the rest took.
        let ended = now() - state.machine.taken.unwrap_or_default();
        Ok(Probed {
            state,
            asked_at: i64::midpoint(began, ended.max(began)),
        })
    }

    /// An error in a user's words: what failed and why, what to do, and the attribute to blame.
    #[must_use]
    pub fn diagnose(&self, error: HostError) -> Diagnostics {
        let summary = error.summary();
        match error {
            HostError::Ssh { source, .. } => self.0.access.explain(summary)(*source),
            error => {
                let detail = format!("{}.\n\n{}", sentence(&error_chain(&error)), error.advice());
                let path = self.0.access.host_path().clone();
                Diagnostic::error(summary, detail).at(path).into()
            }
        }
    }

    fn session(&self) -> &Session {
        &self.0.access.session
    }

    /// The folder in which k3s has its data.
    fn data_dir(&self) -> &str {
        &self.0.data_dir
    }

    /// Runs a script that has to succeed. Nothing secret may be among its arguments.
    async fn run(&self, step: &'static str, script: &str, arguments: &[&str]) -> Result<Output, HostError> {
        let command = Command::script(step, script, arguments);
        self.session().run(command).await.map_err(self.failed(step))
    }

    /// What turns an error of SSH into one that tells the host and the step.
    fn failed(&self, step: &'static str) -> impl FnOnce(ssh::Error) -> HostError {
        let host = self.name().to_owned();
        move |source| HostError::Ssh {
            host,
            step,
            source: Box::new(source),
        }
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Host").field(&self.0.name).finish()
    }
}

/// This machine's clock, in seconds since 1970.
fn now() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}
