//! What comes before a host is changed: it is checked, the program is obtained, and the agent has its turn among those
//! of its cluster.

use std::time::Duration;

use tf_framework::context::{Backoff, Context, Progress};
use tf_framework::diagnostics::{Diagnostic, Diagnostics, error_chain};
use tokio::time::Instant;

use crate::k3s::agent::AgentResource;
use crate::k3s::agent::limits::{Refused, Turn, Work};
use crate::k3s::agent::look::Seen;
use crate::k3s::agent::model::AgentModel;
use crate::k3s::agent::steps::{Task, asked};
use crate::k3s::nodes::Nodes;
use crate::k3s::preflight::{self, Preflight, Subject, preflight};
use crate::k3s::probe::{HostState, NodeState};
use crate::k3s::program::Program;
use crate::k3s::version::K3sVersion;
use crate::wording::sentence;

/// How long a Node is said to be ready after its machine is gone: Kubernetes misses it after less than a minute.
const GRACE: Duration = Duration::from_secs(120);

/// How long those have to take their turn that go first. Whoever is not among what is applied is not waited for.
const FIRST: Duration = Duration::from_secs(60);

impl Task<'_> {
    /// Lets those agents go first whose change was not finished, and whose Nodes take no pods since then: else more
    /// would be away at once than may be.
    ///
    /// # Errors
    /// The cluster does not answer.
    pub(super) async fn let_unfinished_go_first(&self, most: usize) -> Result<(), Diagnostics> {
        let began = Instant::now();
        let what = format!("the turn of the agent {}", self.model.name);
        self.cx
            .wait(&what, Backoff::QUICK, || async {
                let nodes = match self.nodes.list().await {
                    Ok(nodes) => nodes,
                    Err(error) if error.is_retryable() => return Ok(Progress::Pending(error_chain(&error))),
                    Err(error) => return Err(asked(error)),
                };
                let first = who_goes_first(&nodes, &self.model.cluster.cluster_id, &self.model.name, most);
                Ok(match !first.is_empty() && began.elapsed() < FIRST {
                    true => Progress::Pending(format!("{} first", first.join(", "))),
                    false => Progress::Ready(()),
                })
            })
            .await
    }

    /// Checks a host on which nothing has been changed yet.
    ///
    /// # Errors
    /// Something has to be put right there first.
    pub(super) async fn check_host(&self, seen: &Seen<'_>) -> Result<(), Diagnostics> {
        let program = self.program(seen).await?;
        let found = check(self.model, self.version, Some(program), seen.state);
        if self.is_creation {
            warn(self.cx, &found);
        }
        refuse(&found)
    }

    /// The program for the host, which is obtained once.
    ///
    /// # Errors
    /// There is none for the host, or it cannot be had.
    pub(super) async fn program(&self, seen: &Seen<'_>) -> Result<&Program, Diagnostics> {
        let machine = seen.state.machine.arch.as_deref().unwrap_or_default();
        let Some(arch) = preflight::arch(machine) else {
            let detail = format!("k3s is not built for {machine:?}: it is for x86_64, aarch64, armv7l and s390x.");
            return Err(Diagnostic::error("Host is not fit for k3s", detail)
                .at(AgentModel::HOST)
                .into());
        };
        let source = self.model.source();
        let obtained = self
            .program
            .get_or_try_init(|| source.obtain(&self.version, arch, self.cx.cancellation()));
        obtained.await.map_err(|error| {
            let detail = format!("{}.", sentence(&error_chain(&error)));
            Diagnostic::error("Unable to get the program of k3s", detail)
                .at(AgentModel::BINARY)
                .into()
        })
    }
}

/// What is to be said of a host that is to become an agent.
pub(super) fn check(
    model: &AgentModel,
    version: K3sVersion,
    program: Option<&Program>,
    state: &HostState,
) -> Preflight {
    let wanted = model.wanted_host(version, program);
    let subject = Subject {
        wanted: &wanted,
        state,
        // Clocks are compared between servers only.
        asked_at: state.machine.time.unwrap_or_default(),
    };
    preflight(&[(model.name.clone(), subject)].into())
}

/// Tells what should be known of a host.
pub(super) fn warn(cx: &Context<AgentResource>, found: &Preflight) {
    for warning in &found.warnings {
        let detail = sentence(&warning.to_string());
        cx.warn(Diagnostic::warning("Host may not be fit for k3s", detail).at(AgentModel::HOST));
    }
}

/// Refuses a host on which something has to be put right, with all of it.
pub(super) fn refuse(found: &Preflight) -> Result<(), Diagnostics> {
    let mut diagnostics = Diagnostics::new();
    for error in &found.errors {
        let detail = sentence(&error.to_string());
        diagnostics.push(Diagnostic::error("Host is not fit for k3s", detail).at(AgentModel::HOST));
    }
    diagnostics.into_result(())
}

/// Waits until an agent may go on, for as long as others are being worked on.
///
/// # Errors
/// The change of another one has failed.
pub(super) async fn take_turn(
    cx: &Context<AgentResource>,
    model: &AgentModel,
    work: Work,
) -> Result<Turn, Diagnostics> {
    let what = format!("the turn of the agent {}", model.name);
    let cluster = &model.cluster.cluster_id;
    cx.wait(&what, Backoff::QUICK, || async {
        match cx.clients().agents().try_take(cluster, &model.name, work) {
            Ok(turn) => Ok(Progress::Ready(turn)),
            Err(Refused::Busy(names)) => Ok(Progress::Pending(format!("at work on {}", names.join(", ")))),
            Err(Refused::Failed(other)) => Err(Diagnostics::error(
                "Agent was left as it is",
                format!(
                    "The change of the agent {other} of the same cluster has failed, so that {} was not changed any more: it could \
                     fail in the same way. Apply again once the cause is removed.",
                    model.name
                ),
            )),
        }
    })
    .await
}

/// Waits for a while until a Node is not ready, whose machine does not answer or is another one by now, and tells how
/// the Node is then.
///
/// # Errors
/// The cluster does not answer.
pub(super) async fn until_silent(
    cx: &Context<AgentResource>,
    nodes: &Nodes,
    name: &str,
) -> Result<Option<NodeState>, Diagnostics> {
    let began = Instant::now();
    let what = format!("the node {name} to be missed by its cluster");
    cx.wait(&what, Backoff::QUICK, || async {
        let node = nodes.find(name).await.map_err(asked)?;
        let is_ready = node.as_ref().is_some_and(|node| node.ready);
        Ok::<_, Diagnostics>(match is_ready && began.elapsed() < GRACE {
            true => Progress::Pending("it is still said to be ready".to_owned()),
            false => Progress::Ready(node),
        })
    })
    .await
}

/// The other agents that were left cordoned, where they are as many as may be away. One that was left so itself waits
/// for nobody.
fn who_goes_first(nodes: &[NodeState], cluster: &str, name: &str, most: usize) -> Vec<String> {
    let is_left = |node: &&NodeState| node.unschedulable && node.cordoned_by() == Some(cluster) && !node.is_server();
    let left: Vec<String> = nodes.iter().filter(is_left).map(|node| node.name.clone()).collect();
    match left.len() >= most && !left.iter().any(|left| left == name) {
        true => left,
        false => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::k3s::probe::node::CORDONED_BY;

    fn node(name: &str, cordoned_by: Option<&str>) -> NodeState {
        let mut node = NodeState {
            name: name.to_owned(),
            unschedulable: cordoned_by.is_some(),
            ..NodeState::default()
        };
        let by = cordoned_by.map(|by| (CORDONED_BY.to_owned(), by.to_owned()));
        node.annotations.extend(by);
        node
    }

    #[test]
    fn who_was_left_cordoned_goes_first_if_no_more_may_be_away() {
        let nodes = [node("a", Some("c1")), node("b", None), node("c", Some("another"))];
        assert_eq!(who_goes_first(&nodes, "c1", "b", 1), ["a"]);
        assert_eq!(who_goes_first(&nodes, "c1", "b", 2), [""; 0]);
        assert_eq!(who_goes_first(&nodes, "c1", "a", 1), [""; 0], "it is the one");
        assert_eq!(who_goes_first(&nodes[1..], "c1", "b", 1), [""; 0]);
    }
}
