//! Carries out one step, exactly as [`Step`] says. What takes servers away is in [`leave`](super::leave), what several
//! steps have in common in [`acts`](super::acts).
//!
//! Whose a host is and how far it is stands on it before anything else is changed there, and with what k3s was started
//! only after it was seen up with that.

use crate::k3s::config::{Join, Role};
use crate::k3s::files::HostFiles;
use crate::k3s::fleet::files::Which as WhichToken;
use crate::k3s::fleet::run::Run;
use crate::k3s::fleet::{Fleet, Looked, StepError};
use crate::k3s::host::Which;
use crate::k3s::marker::Phase;
use crate::k3s::probe::UnitPhase;
use crate::k3s::rollout::Step;
use crate::k3s::token::Token;
use crate::k3s::version::K3sVersion;

/// A host that becomes a server.
pub(super) struct Entry {
    pub(super) phase: Phase,
    pub(super) join: Join,
    pub(super) version: K3sVersion,
    /// The token, if it is not the one that the cluster takes now.
    pub(super) token: Option<Token>,
}

impl Run<'_> {
    pub(super) async fn carry_out(&mut self, looked: &Looked, step: &Step) -> Result<(), StepError> {
        match step {
            Step::Snapshot { on } => self.snapshot(on).await,
            Step::Bootstrap { server, version } => {
                let entry = Entry {
                    phase: Phase::Bootstrapping,
                    join: self.fleet.join_through(None),
                    version: *version,
                    token: None,
                };
                self.enter(looked, server, entry).await
            }
            Step::Join {
                server,
                through,
                version,
            } => {
                if let Some(through) = through {
                    self.require_ports(looked, server, through).await?;
                }
                let entry = Entry {
                    phase: Phase::Joining,
                    join: self.fleet.join_through(through.as_deref()),
                    version: *version,
                    token: None,
                };
                self.enter(looked, server, entry).await
            }
            Step::Start { server } => self.start(looked, server).await,
            // What was installed since it was started does not run before it is restarted.
            Step::Await { server } => self.await_start(server).await,
            Step::ClearCredentials { server } => self.clear_credentials(looked, server).await,
            Step::Convert { server } | Step::Restart { server } => self.restart(looked, server, None).await,
            Step::Upgrade { server, version, drain } => self.upgrade(looked, server, *version, *drain).await,
            Step::RotateToken { on } => self.rotate_token(looked, on).await,
            Step::WriteToken { server } => self.write_token(looked, server).await,
            Step::WriteFiles { server, through } => self.write_files(looked, server, through.as_deref()).await,
            Step::PatchNode { server } => self.patch_node(looked, server).await,
            Step::Uncordon { server } => Ok(self.nodes_beside(looked, server).await?.uncordon(server).await?),
            Step::Miss { server } => self.miss(server).await,
            Step::RemoveMember { .. } | Step::Remove { .. } | Step::Deregister { .. } => {
                self.take_away(looked, step).await
            }
            Step::ResetData { .. } | Step::Cleanup { .. } => self.take_away(looked, step).await,
        }
    }

    async fn snapshot(&self, on: &str) -> Result<(), StepError> {
        let name = format!("cht-before-{}", self.fleet.spec.version.image_tag());
        Ok(self.host(on)?.save_snapshot(&name).await?)
    }

    /// Makes a server of a host.
    pub(super) async fn enter(&mut self, looked: &Looked, name: &str, entry: Entry) -> Result<(), StepError> {
        let host = self.host(name)?;
        self.mark(looked, name, |marker| {
            marker.phase = entry.phase;
            marker.started = None;
        })
        .await?;
        let mut is_changed = self.install(looked, name, entry.version).await?;
        if let (Phase::Bootstrapping, Some(authorities)) = (entry.phase, &self.fleet.authorities) {
            host.put_authorities(authorities).await?;
        }
        host.wipe_leftovers().await?;
        let files = self.fleet.entry_files(looked, name, &entry)?;
        is_changed |= host.write(&files, Which::All).await?;
        if is_changed {
            host.restart(Role::Server).await?;
        } else {
            host.start(Role::Server).await?;
        }
        self.until_up(name, Some(entry.version)).await?;
        self.has_come_up(looked, name, &files).await
    }

    /// What is waited for is others that are down, too; so this is not.
    async fn start(&mut self, looked: &Looked, name: &str) -> Result<(), StepError> {
        let host = self.host(name)?;
        self.mark(looked, name, |_| {}).await?;
        let is_bare = looked.state(name).is_some_and(|state| state.binary_sha256.is_none());
        if is_bare {
            self.install(looked, name, self.running(looked, name)).await?;
        }
        let files = self.files(looked, name)?;
        let is_changed = host.write(&files, Which::ButTokens).await?;
        let is_starting = looked
            .state(name)
            .is_some_and(|state| state.phase(Role::Server) == UnitPhase::Starting);
        if is_changed || is_starting {
            host.restart(Role::Server).await?;
        } else {
            host.start(Role::Server).await?;
        }
        self.started.insert(name.to_owned(), files.restart_hash());
        Ok(())
    }

    async fn clear_credentials(&mut self, looked: &Looked, name: &str) -> Result<(), StepError> {
        let host = self.host(name)?;
        self.mark(looked, name, |_| {}).await?;
        host.stop(Role::Server).await?;
        host.clear_credentials().await?;
        let join = self.fleet.join(looked, name);
        let files = self.fleet.files_with(looked, name, &join, WhichToken::Current);
        let files = files.ok_or_else(|| unknown(name))?;
        host.write(&files, Which::All).await?;
        host.start(Role::Server).await?;
        self.started.insert(name.to_owned(), files.restart_hash());
        Ok(())
    }

    /// Restarts a server with another version, or with the one that it has.
    pub(super) async fn restart(
        &mut self,
        looked: &Looked,
        name: &str,
        version: Option<K3sVersion>,
    ) -> Result<(), StepError> {
        let host = self.host(name)?;
        self.mark(looked, name, |_| {}).await?;
        let wanted = self.fleet.binaries(looked).remove(name);
        let is = looked.state(name).and_then(|state| state.binary_sha256.clone());
        let other_binary = wanted.is_some() && wanted != is;
        let version = version.or(other_binary.then_some(self.fleet.spec.version));
        let version = version.or_else(|| self.other_program(looked, name));
        if let Some(version) = version {
            self.install(looked, name, version).await?;
        }
        let files = self.files(looked, name)?;
        // What the cluster does not take yet must not be in a file when k3s starts.
        let which = if self.fleet.has_old_token(looked) {
            Which::ButTokens
        } else {
            Which::All
        };
        host.write(&files, which).await?;
        host.restart(Role::Server).await?;
        let version = version.unwrap_or_else(|| self.installed(looked, name));
        self.until_up(name, Some(version)).await?;
        self.has_come_up(looked, name, &files).await
    }

    async fn upgrade(
        &mut self,
        looked: &Looked,
        name: &str,
        version: K3sVersion,
        drain: bool,
    ) -> Result<(), StepError> {
        let Some(drain) = self.fleet.spec.drain.as_ref().filter(|_| drain) else {
            return self.restart(looked, name, Some(version)).await;
        };
        // What takes long, or may not be had, is there before the pods have to go. As long as they have not gone, a
        // host that restarts comes back with the version that it has.
        self.mark(looked, name, |_| {}).await?;
        self.stage(looked, name, version).await?;
        let nodes = self.nodes_beside(looked, name).await?;
        nodes.drain(self.scope, name, drain).await?;
        self.restart(looked, name, Some(version)).await?;
        Ok(nodes.uncordon(name).await?)
    }

    /// The marker tells which tokens are the new ones, in case that nothing after this is done.
    async fn rotate_token(&self, looked: &Looked, on: &str) -> Result<(), StepError> {
        let new = self.fleet.token(looked);
        let agents = self.fleet.spec.renews_agent_token.then_some(&self.fleet.fresh.agent);
        let Some(old) = looked.token() else {
            return Ok(());
        };
        for (name, state) in looked.states() {
            let named = state.marker.as_ref().is_some_and(|marker| marker.token.is_some());
            if named && name != on && self.fleet.owns(state) {
                self.mark(looked, name, |marker| (marker.token, marker.agent_token) = (None, None))
                    .await?;
            }
        }
        self.mark(looked, on, |marker| {
            marker.token = Some(new.sha256());
            marker.agent_token = agents.map(Token::sha256);
        })
        .await?;
        Ok(self.host(on)?.rotate_token(old, new, agents).await?)
    }

    /// What tries to start with another token does so for ever, and what its last try said would be taken for what the
    /// right one led to: it is stopped before, and tries anew.
    async fn write_token(&mut self, looked: &Looked, name: &str) -> Result<(), StepError> {
        let host = self.host(name)?;
        let files = self.files(looked, name)?;
        let is_starting = looked
            .state(name)
            .is_some_and(|state| state.phase(Role::Server) == UnitPhase::Starting);
        if is_starting {
            host.stop(Role::Server).await?;
        }
        host.write(&files, Which::Tokens).await?;
        if is_starting {
            host.start(Role::Server).await?;
        }
        Ok(())
    }

    async fn write_files(&self, looked: &Looked, name: &str, through: Option<&str>) -> Result<(), StepError> {
        let join = self.fleet.join_through(through);
        let files = self.fleet.files_with(looked, name, &join, WhichToken::Wanted);
        let files = files.ok_or_else(|| unknown(name))?;
        let host = self.host(name)?;
        host.write(&files, Which::ButTokens).await?;
        host.enable(Role::Server).await?;
        self.mark(looked, name, |marker| marker.phase = Phase::Joined).await?;
        Ok(())
    }

    async fn patch_node(&self, looked: &Looked, name: &str) -> Result<(), StepError> {
        let node = self.fleet.spec.servers.get(name).ok_or_else(|| unknown(name))?;
        self.nodes_beside(looked, name).await?.set(name, node).await?;
        Ok(())
    }

    fn files(&self, looked: &Looked, name: &str) -> Result<HostFiles, StepError> {
        self.fleet.files(looked, name).ok_or_else(|| unknown(name))
    }

    /// The version of the program on a host.
    fn installed(&self, looked: &Looked, name: &str) -> K3sVersion {
        let installed = looked.state(name).and_then(|state| state.binary_version);
        installed.unwrap_or(self.fleet.spec.version)
    }

    /// The version that a server runs, if the program on its disk is missing or of another one.
    fn other_program(&self, looked: &Looked, name: &str) -> Option<K3sVersion> {
        let installed = looked.state(name).and_then(|state| state.binary_version);
        let running = looked.node(name).and_then(|node| node.version);
        running.filter(|running| installed != Some(*running))
    }

    /// The version that a server runs when it is up, as far as others know.
    fn running(&self, looked: &Looked, name: &str) -> K3sVersion {
        let running = looked.node(name).and_then(|node| node.version);
        running.unwrap_or(self.fleet.spec.version)
    }
}

impl Fleet {
    /// The files of a host that becomes a server.
    pub(super) fn entry_files(&self, looked: &Looked, name: &str, entry: &Entry) -> Result<HostFiles, StepError> {
        let which = entry.token.as_ref().map_or(WhichToken::Current, WhichToken::Given);
        let files = self.files_with(looked, name, &entry.join, which);
        files.ok_or_else(|| unknown(name))
    }
}

fn unknown(name: &str) -> StepError {
    StepError::UnknownHost { host: name.to_owned() }
}
