//! Brings a snapshot of etcd back, act by act as [`restore`] says.
//!
//! Every server is marked before the first one stops, and each loses its mark when nothing is left to do with it: when
//! it is up with the new data, and the first one only when the cluster has forgotten those that are gone. A run that
//! was killed begins anew.

use tf_framework::context::Scope;
use tf_framework::diagnostics::Diagnostic;

use crate::k3s::config::Role;
use crate::k3s::fleet::carry_out::Entry;
use crate::k3s::fleet::run::Run;
use crate::k3s::fleet::{Fleet, Looked, StepError, Stopped};
use crate::k3s::host::Which;
use crate::k3s::marker::Phase;
use crate::k3s::probe::NodeState;
use crate::k3s::rollout::restore::{self, RestoreStep};
use crate::k3s::token::Token;
use crate::provider::Clients;

/// What is brought back.
#[derive(Clone, Debug)]
pub struct Restore {
    /// The server that has the snapshot, and is the first to come up.
    pub on: String,
    /// The path of the snapshot there, or its name in the bucket.
    pub snapshot: String,
    /// The token that the cluster had when it was taken, if not the one that it has now.
    pub token: Option<Token>,
}

impl Fleet {
    /// Brings a snapshot back, with all servers of the cluster. Everything that was written since it was taken is lost.
    /// What is left to do then, as that the first one may join others, is for [`Fleet::converge`]. The hosts that
    /// answered `before` are locked.
    ///
    /// # Errors
    /// It could lead to two clusters, or an act does not work. What was done so far stays, and the next call begins
    /// anew.
    pub async fn restore(&self, scope: &Scope<Clients>, before: &Looked, what: &Restore) -> Result<Looked, Stopped> {
        let mut run = Run::new(self, scope);
        run.lock(before).await?;
        let mut looked = self.look().await;
        let steps = restore::steps(&self.wanted(), &self.seen(&looked), &what.on);
        let steps = steps.map_err(|refusal| act("restore a snapshot", refusal.into()))?;
        let token = what.token.as_ref().unwrap_or_else(|| self.token(&looked)).clone();
        for name in self.spec.servers.keys() {
            let marked = run.mark(&looked, name, |marker| marker.restoring = true).await;
            marked.map_err(Stopped::Host)?;
        }
        for step in steps {
            looked = self.look().await;
            run.lock(&looked).await?;
            tracing::info!(step = %step, "carrying out a step");
            let done = run.restore(&looked, what, &token, &step).await;
            done.map_err(|error| act(&step.to_string(), error))?;
        }
        Ok(self.look().await)
    }
}

impl Run<'_> {
    async fn restore(
        &mut self,
        looked: &Looked,
        what: &Restore,
        token: &Token,
        step: &RestoreStep,
    ) -> Result<(), StepError> {
        match step {
            RestoreStep::Stop { server } => Ok(self.host(server)?.stop(Role::Server).await?),
            RestoreStep::Reset { on } => self.go_back(looked, what, token, on).await,
            RestoreStep::Forget { through } => {
                self.forget_others(looked, through).await?;
                self.is_restored(through).await
            }
            RestoreStep::Rejoin { server, through } => {
                let host = self.host(server)?;
                host.stop(Role::Server).await?;
                host.clear_credentials().await?;
                host.reset_data().await?;
                let entry = Entry {
                    phase: Phase::Joining,
                    join: self.fleet.join_through(Some(through)),
                    version: self.fleet.spec.version,
                    token: Some(token.clone()),
                };
                self.enter(looked, server, entry).await?;
                self.is_restored(server).await
            }
        }
    }

    /// Takes the mark off a server with which nothing is left to do.
    async fn is_restored(&self, server: &str) -> Result<(), StepError> {
        let host = self.host(server)?;
        if let Some(mut marker) = host.probe().await?.state.marker {
            marker.restoring = false;
            host.mark(&marker).await?;
        }
        Ok(())
    }

    /// Etcd has no other member than this server. A ready Node of another one is as old as the snapshot.
    async fn forget_others(&self, looked: &Looked, through: &str) -> Result<(), StepError> {
        let nodes = self.nodes(looked, through).await?;
        let known = nodes.list().await?;
        let is_gone = |node: &&NodeState| node.is_server() && !self.fleet.spec.servers.contains_key(&node.name);
        let gone: Vec<&str> = known.iter().filter(is_gone).map(|node| node.name.as_str()).collect();
        if !gone.is_empty() {
            self.scope.warn(are_gone(&gone));
        }
        for node in gone {
            self.delete_node(&nodes, node).await?;
        }
        Ok(())
    }

    /// The first server: its files, the new data, and the start. Its marker tells which token the cluster has from here
    /// on.
    async fn go_back(&mut self, looked: &Looked, what: &Restore, token: &Token, on: &str) -> Result<(), StepError> {
        let host = self.host(on)?;
        for name in self.fleet.spec.servers.keys() {
            let hash = (name == on).then(|| token.sha256());
            self.mark(looked, name, |marker| {
                marker.restoring = true;
                marker.token = hash;
            })
            .await?;
        }
        let entry = Entry {
            phase: Phase::Bootstrapping,
            join: self.fleet.join_through(None),
            version: self.fleet.spec.version,
            token: Some(token.clone()),
        };
        self.install(looked, on, entry.version).await?;
        let files = self.fleet.entry_files(looked, on, &entry)?;
        host.write(&files, Which::All).await?;
        host.restore_snapshot(&what.snapshot, token).await?;
        let looked = self.fleet.look().await;
        self.enter(&looked, on, entry).await
    }
}

/// What is told of servers that only the snapshot knows.
fn are_gone(servers: &[&str]) -> Diagnostic {
    let detail = format!(
        "The snapshot knows servers that are none of `servers`: {}. Their nodes are deleted, as etcd has no member of theirs. If one of \
         these machines still runs, stop it, and clean it up: it has the data from before.",
        servers.join(", ")
    );
    Diagnostic::warning("Servers of the snapshot are gone", detail)
}

/// An act that did not work.
pub(super) fn act(act: &str, error: StepError) -> Stopped {
    Stopped::Act {
        act: act.to_owned(),
        error: Box::new(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_that_only_the_snapshot_knows_are_named() {
        let warning = are_gone(&["b", "c"]);
        assert!(warning.detail.contains("none of `servers`: b, c. "), "{warning:?}");
    }
}
