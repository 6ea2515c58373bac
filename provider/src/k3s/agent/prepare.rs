//! What comes before a host is changed: it is checked, the program is obtained, and the agent has its turn among those
//! of its cluster.

use std::time::Duration;

use tf_framework::context::{Backoff, Context, Progress};
use tf_framework::diagnostics::{Diagnostic, Diagnostics, error_chain};
use tokio::sync::Mutex;
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

/// How long those are waited for that have to go first and are not known to be among what is applied: the core begins
/// with some resources only when others are done.
const FIRST: Duration = Duration::from_secs(60);

impl Task<'_> {
    /// Waits until the agent may be changed. Those whose change was not finished, and whose Nodes take no pods since
    /// then, are away, too: they go first, or else more would be away at once than may be.
    ///
    /// # Errors
    /// The cluster does not answer, the change of another agent has failed, or too many are away that nobody finishes.
    pub(super) async fn turn_to_change(&self, most: usize) -> Result<Turn, Diagnostics> {
        let (cluster, name) = (&self.model.cluster.cluster_id, &self.model.name);
        let limits = self.cx.clients().agents();
        let absent_since = Mutex::new(None);
        let what = format!("the turn of the agent {name}");
        let waited = self.cx.wait(&what, Backoff::QUICK, || async {
            let nodes = match self.nodes.list().await {
                Ok(nodes) => nodes,
                Err(error) if error.is_retryable() => return Ok(Progress::Pending(error_chain(&error))),
                Err(error) => return Err(asked(error)),
            };
            let left = limits.without_turn(cluster, left_away(&nodes, cluster));
            let first = match room_beside(&left, name, most) {
                Some(room) => return try_turn(self.cx, self.model, Work::Change { most: room }),
                None => limits.absent(cluster, &left),
            };
            let mut since = absent_since.lock().await;
            if first.is_empty() {
                *since = None;
            } else if since.get_or_insert_with(Instant::now).elapsed() > FIRST {
                return Err(too_many_away(name, &first, most));
            }
            Ok(Progress::Pending(format!("{} first", left.join(", "))))
        });
        waited.await
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
    cx.wait(&what, Backoff::QUICK, || async { try_turn(cx, model, work) })
        .await
}

fn try_turn(cx: &Context<AgentResource>, model: &AgentModel, work: Work) -> Result<Progress<Turn>, Diagnostics> {
    match cx
        .clients()
        .agents()
        .try_take(&model.cluster.cluster_id, &model.name, work)
    {
        Ok(turn) => Ok(Progress::Ready(turn)),
        Err(Refused::Busy(names)) => Ok(Progress::Pending(format!("at work on {}", names.join(", ")))),
        Err(Refused::Failed(other)) => Err(Diagnostics::error(
            "Agent was left as it is",
            format!(
                "The change of the agent {other} of the same cluster has failed, so that {} was not changed any more: it could fail in \
                 the same way. Apply again once the cause is removed.",
                model.name
            ),
        )),
    }
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

/// The agents that we have cordoned: those that are being changed, and those whose change was not finished.
fn left_away(nodes: &[NodeState], cluster: &str) -> Vec<String> {
    let is_left = |node: &&NodeState| node.unschedulable && node.cordoned_by() == Some(cluster) && !node.is_server();
    nodes.iter().filter(is_left).map(|node| node.name.clone()).collect()
}

/// How many may be changed beside those that were left away, if any. One that was left so itself waits for nobody: it
/// is away already.
fn room_beside(left: &[String], name: &str, most: usize) -> Option<usize> {
    match left.iter().any(|left| left == name) {
        true => Some(most),
        false => most.checked_sub(left.len()).filter(|room| *room > 0),
    }
}

fn too_many_away(name: &str, away: &[String], most: usize) -> Diagnostics {
    let detail = format!(
        "A change of {} was not finished, and no pods are put there since then. No more than {most} agents may be away at once, so {name} \
         was not changed. Apply the whole configuration, which finishes what was begun. If a host is gone for good, remove its agent; to \
         have more agents away at once, raise `upgrade.max_unavailable` of the cluster.",
        away.join(", ")
    );
    Diagnostics::error("Agent was left as it is", detail)
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
    fn who_was_left_cordoned_counts_as_away() {
        let nodes = [node("a", Some("c1")), node("b", None), node("c", Some("another"))];
        let left = left_away(&nodes, "c1");
        assert_eq!(left, ["a"]);
        assert_eq!(room_beside(&left, "b", 1), None);
        assert_eq!(room_beside(&left, "b", 2), Some(1), "the one that was left counts");
        assert_eq!(room_beside(&left, "a", 1), Some(1), "it is the one");
        assert_eq!(room_beside(&left_away(&nodes[1..], "c1"), "b", 1), Some(1));
    }
}
