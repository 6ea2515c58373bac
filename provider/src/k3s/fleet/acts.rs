//! What several steps have in common: programs that are put in place, waits until a server is up, and notes on hosts.

use std::sync::PoisonError;
use std::time::Duration;

use tf_framework::context::{Backoff, Progress};
use tf_framework::diagnostics::{Diagnostics, error_chain};
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::k3s::config::Role;
use crate::k3s::drift;
use crate::k3s::files::HostFiles;
use crate::k3s::fleet::run::Run;
use crate::k3s::fleet::{Looked, StepError};
use crate::k3s::host::{Host, HostError};
use crate::k3s::journal::Cause;
use crate::k3s::marker::{Marker, Phase};
use crate::k3s::preflight;
use crate::k3s::program::Program;
use crate::k3s::version::K3sVersion;
use crate::k3s::wait::{self, Awaited, Failure, Wait};

/// How long k3s may take to write on its Node what it was told.
const TOLD_AFTER: Duration = Duration::from_secs(60);

impl Run<'_> {
    /// Puts a version's program in place; answers whether it is another.
    pub(super) async fn install(&self, looked: &Looked, name: &str, version: K3sVersion) -> Result<bool, StepError> {
        let program = self.program(looked, name, version).await?;
        Ok(self.host(name)?.install(&program).await?)
    }

    /// Has a version's program wait on a host until it is put in place.
    pub(super) async fn stage(&self, looked: &Looked, name: &str, version: K3sVersion) -> Result<(), StepError> {
        let program = self.program(looked, name, version).await?;
        self.host(name)?.stage(&program).await?;
        Ok(())
    }

    async fn program(&self, looked: &Looked, name: &str, version: K3sVersion) -> Result<Program, StepError> {
        let arch = looked.state(name).and_then(|state| state.machine.arch.as_deref());
        let arch = arch
            .and_then(preflight::arch)
            .ok_or_else(|| StepError::NoArch { host: name.to_owned() })?;
        let programs = || self.fleet.programs.lock().unwrap_or_else(PoisonError::into_inner);
        let is_it = |program: &&Program| program.version == version && program.arch == arch;
        if let Some(program) = programs().iter().find(is_it) {
            return Ok(program.clone());
        }
        let mut source = self.fleet.spec.program.clone();
        // What is pinned is the program that is wanted in the end.
        source.sha256 = source.sha256.filter(|_| version == self.fleet.spec.version);
        let program = source.obtain(&version, arch, self.scope.cancellation()).await?;
        programs().push(program.clone());
        Ok(program)
    }

    /// Waits until a server is up, in this version if one is said, and its member of etcd votes.
    pub(super) async fn until_up(&self, name: &str, version: Option<K3sVersion>) -> Result<(), StepError> {
        let host = self.host(name)?;
        let wait = Mutex::new(Wait::new(Awaited {
            node: name.to_owned(),
            role: Role::Server,
            version,
            voter: self.fleet.has_etcd(),
        }));
        let what = format!("k3s on {name}");
        let waited = self.scope.wait(&what, Backoff::QUICK, || async {
            let state = match host.probe().await {
                Ok(probed) => probed.state,
                Err(error) if error.may_pass() => return Ok(Progress::Pending(error_chain(&error))),
                Err(error) => return Ok::<_, Diagnostics>(Progress::Ready(Err(StepError::Host(error)))),
            };
            Ok(match wait.lock().await.look(Some(&state), None) {
                wait::Progress::Up => Progress::Ready(Ok(())),
                wait::Progress::NotYet(missing) => Progress::Pending(missing.to_string()),
                wait::Progress::Failed(failure) => Progress::Ready(Err(StepError::Down {
                    host: name.to_owned(),
                    failure,
                })),
            })
        });
        waited.await.map_err(StepError::Waited)?
    }

    /// Waits for a server that is coming up. One that etcd has removed never will: what to do is decided anew.
    pub(super) async fn await_start(&self, name: &str) -> Result<(), StepError> {
        let is_removed = |failure: &Failure| failure.cause() == Some(Cause::RemovedMember);
        match self.until_up(name, None).await {
            Err(StepError::Down { failure, .. }) if is_removed(&failure) => Ok(()),
            waited => waited,
        }
    }

    /// Lets a server that was started tell with which values it runs. What differs then differs for good: it is not
    /// restarted for that once more.
    pub(super) async fn has_told(&mut self, name: &str, files: &HostFiles) -> Result<(), StepError> {
        self.until_told(name, files).await?;
        self.restarted.insert(name.to_owned());
        Ok(())
    }

    /// Waits for a while until the Node of a server that is up tells the values with which it runs: k3s writes them
    /// some time after it has started.
    async fn until_told(&self, name: &str, files: &HostFiles) -> Result<(), StepError> {
        let host = self.host(name)?;
        let began = Instant::now();
        let what = format!("the node {name} to tell what k3s was told");
        let waited = self.scope.wait(&what, Backoff::QUICK, || async {
            let state = match host.probe().await {
                Ok(probed) => probed.state,
                Err(error) if error.may_pass() => return Ok::<_, Diagnostics>(Progress::Pending(error_chain(&error))),
                Err(error) => return Ok(Progress::Ready(Err(StepError::Host(error)))),
            };
            let node = state.nodes.iter().flatten().find(|node| node.name == name);
            let is_told = node.is_some_and(|node| drift::other_values(&state, files, node).is_empty());
            Ok(match is_told || began.elapsed() > TOLD_AFTER {
                true => Progress::Ready(Ok(())),
                false => Progress::Pending("it tells of the start before".to_owned()),
            })
        });
        waited.await.map_err(StepError::Waited)?
    }

    /// Notes that a server is up, and with what it was started.
    pub(super) async fn has_come_up(
        &mut self,
        looked: &Looked,
        name: &str,
        files: &HostFiles,
    ) -> Result<(), StepError> {
        self.has_told(name, files).await?;
        self.started.remove(name);
        self.mark(looked, name, |marker| {
            marker.phase = Phase::Joined;
            marker.started = Some(files.restart_hash());
        })
        .await?;
        Ok(())
    }

    /// Changes what is noted on a host.
    pub(super) async fn mark(
        &self,
        looked: &Looked,
        name: &str,
        change: impl FnOnce(&mut Marker),
    ) -> Result<(), HostError> {
        let Some(host) = self.fleet.hosts.get(name) else {
            return Ok(());
        };
        let found = looked.state(name).and_then(|state| state.marker.clone());
        let found = found.filter(|marker| self.fleet.is_ours(marker));
        let new = || Marker::new(&self.fleet.spec.cluster_id, name, Role::Server, Phase::Joining);
        let mut marker = found.unwrap_or_else(new);
        marker.creating = self.fleet.spec.creating;
        change(&mut marker);
        host.mark(&marker).await
    }

    pub(super) fn host(&self, name: &str) -> Result<&Host, StepError> {
        self.fleet
            .hosts
            .get(name)
            .ok_or_else(|| StepError::UnknownHost { host: name.to_owned() })
    }
}
