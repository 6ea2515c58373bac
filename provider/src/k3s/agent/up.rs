//! Waits until an agent is up, or says why it never will be.

use std::sync::{Mutex, PoisonError};

use tf_framework::context::{Backoff, Progress};
use tf_framework::diagnostics::{Diagnostic, Diagnostics, error_chain};

use crate::k3s::agent::model::AgentModel;
use crate::k3s::agent::steps::{Task, asked};
use crate::k3s::config::Role;
use crate::k3s::wait::{self, Awaited, Failure, Wait};

impl Task<'_> {
    /// Waits until k3s runs, and the Node is ready with the wanted version.
    ///
    /// # Errors
    /// It does not come up by itself, or not in time.
    pub(super) async fn wait_until_up(&self) -> Result<(), Diagnostics> {
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
            let nodes = match node {
                Ok(node) => Some(node.into_iter().collect::<Vec<_>>()),
                Err(error) if error.is_retryable() => None,
                Err(error) => return Err(asked(error)),
            };
            let mut wait = wait.lock().unwrap_or_else(PoisonError::into_inner);
            match wait.look(Some(&state), nodes.as_deref()) {
                wait::Progress::Up => Ok(Progress::Ready(())),
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
}
