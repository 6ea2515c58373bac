//! Waits until an agent is up, or says why it never will be.

use std::sync::{Mutex, PoisonError};

use tf_framework::context::{Backoff, Progress};
use tf_framework::diagnostics::{Diagnostic, Diagnostics, error_chain};
use tracing::warn;

use crate::k3s::agent::model::AgentModel;
use crate::k3s::agent::prepare::until_silent;
use crate::k3s::agent::steps::{Task, asked};
use crate::k3s::config::Role;
use crate::k3s::probe::{HostState, UnitPhase};
use crate::k3s::wait::{self, Awaited, Failure, Wait};

/// How a wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// The agent is up.
    Up,
    /// k3s cannot prove that the Node of its name is its own. It asks again for ever, and is never started anew.
    Refused,
}

impl End {
    fn only_up(self, refused: impl FnOnce() -> Diagnostics) -> Result<(), Diagnostics> {
        match self {
            Self::Up => Ok(()),
            Self::Refused => Err(refused()),
        }
    }
}

impl Task<'_> {
    /// Waits until k3s runs, and the Node is ready with the wanted version. A Node whose password the host has lost is
    /// removed once its cluster misses it, and k3s registers another.
    ///
    /// # Errors
    /// It does not come up by itself, or not in time, or another host is the Node of its name.
    pub(super) async fn wait_until_up(&self) -> Result<(), Diagnostics> {
        if self.wait_for_end().await? == End::Up {
            return Ok(());
        }
        let name = &self.model.name;
        let node = until_silent(self.cx, self.nodes, name).await?;
        // A password that is taken late, as of a Node that its cluster has deleted meanwhile, lets k3s go on by itself.
        let state = self.host.probe().await.map_err(self.failed())?.state;
        if !is_refused(&state) {
            return self.wait_for_end().await?.only_up(|| self.is_another());
        }
        if node.is_some_and(|node| node.ready) {
            return Err(self.is_another());
        }
        warn!(
            agent = name,
            "the host has lost the password of its node, which is removed"
        );
        self.delete_node().await?;
        self.host.restart(Role::Agent).await.map_err(self.failed())?;
        self.wait_for_end().await?.only_up(|| self.is_another())
    }

    async fn wait_for_end(&self) -> Result<End, Diagnostics> {
        let wait = Mutex::new(Wait::new(Awaited {
            node: self.model.name.clone(),
            role: Role::Agent,
            version: Some(self.version),
            voter: false,
        }));
        let what = format!("the agent {} to be ready", self.model.name);
        let look = || async {
            let (probed, node) = tokio::join!(self.host.probe(), self.nodes.find(&self.model.name));
            let state = match probed {
                Ok(probed) => probed.state,
                Err(error) if error.may_pass() => return Ok(Progress::Pending(error_chain(&error))),
                Err(error) => return Err(self.host.diagnose(error)),
            };
            if is_refused(&state) {
                return Ok(Progress::Ready(End::Refused));
            }
            let nodes = match node {
                Ok(node) => Some(node.into_iter().collect::<Vec<_>>()),
                Err(error) if error.is_retryable() => None,
                Err(error) => return Err(asked(error)),
            };
            let mut wait = wait.lock().unwrap_or_else(PoisonError::into_inner);
            match wait.look(Some(&state), nodes.as_deref()) {
                wait::Progress::Up => Ok(Progress::Ready(End::Up)),
                wait::Progress::NotYet(missing) => Ok(Progress::Pending(missing.to_string())),
                wait::Progress::Failed(failure) => Err(self.does_not_start(&failure)),
            }
        };
        self.cx.wait(&what, Backoff::QUICK, look).await
    }

    fn does_not_start(&self, failure: &Failure) -> Diagnostics {
        let detail = failure.detail(&self.model.name, Role::Agent);
        Diagnostic::error("k3s does not start", detail)
            .at(AgentModel::HOST)
            .into()
    }

    fn is_another(&self) -> Diagnostics {
        let (name, host) = (&self.model.name, &self.model.host);
        let detail = format!(
            "The cluster has a node `{name}` that is ready, and refuses {host}: it has not the password that the node \
             was registered with. Another host is that node. Give the agent another name; or, if that host is to go, \
             stop k3s on it and apply again."
        );
        Diagnostic::error("Name of the node is taken", detail)
            .at(AgentModel::NAME)
            .into()
    }
}

/// Whether k3s waits for nothing but to be let in with the password that it has.
fn is_refused(state: &HostState) -> bool {
    state.refused && state.phase(Role::Agent) == UnitPhase::Starting
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::k3s::probe::UnitState;

    #[test]
    fn only_an_agent_that_is_starting_still_is_refused() {
        let state = |refused, active: &str| HostState {
            refused,
            agent_unit: Some(UnitState {
                active: active.to_owned(),
                ..UnitState::default()
            }),
            ..HostState::default()
        };
        assert!(is_refused(&state(true, "activating")));
        assert!(!is_refused(&state(false, "activating")));
        // It was let in meanwhile, or is being stopped for another start.
        assert!(!is_refused(&state(true, "active")));
        assert!(!is_refused(&state(true, "deactivating")));
    }
}
