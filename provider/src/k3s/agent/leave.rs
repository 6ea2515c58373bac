//! Takes an agent out of its cluster: its pods are moved away, its Node is deleted, and k3s is taken off the host.
//!
//! A host whose Node is not ready may be gone: then only its Node is deleted, and what was not done is warned of. All
//! else that does not answer is not known to be gone, and that is an error unless somebody says so by
//! `on_destroy.force`. Data on the disk of the host is an error, too.

use tf_framework::context::{Backoff, Context, Progress};
use tf_framework::diagnostics::{Diagnostic, Diagnostics, error_chain};
use tokio::time::Instant;

use crate::k3s::agent::AgentResource;
use crate::k3s::agent::limits::Work;
use crate::k3s::agent::look::{is_same_machine, new_marker};
use crate::k3s::agent::model::AgentModel;
use crate::k3s::agent::prepare::{take_turn, until_silent};
use crate::k3s::agent::steps::{asked, delete_node};
use crate::k3s::agent::ways::{Private, Ways};
use crate::k3s::config::Role;
use crate::k3s::host::{Host, HostError, Lock};
use crate::k3s::marker::{Marker, Phase};
use crate::k3s::nodes::Nodes;
use crate::k3s::probe::NodeState;
use crate::kubernetes::Error;
use crate::wording::sentence;

/// An agent that is to go.
pub(super) struct Leaving<'a> {
    pub(super) cx: &'a Context<AgentResource>,
    pub(super) model: &'a AgentModel,
    pub(super) ways: &'a Ways,
    pub(super) private: &'a Private,
}

/// The host of an agent that is to go.
enum Home {
    /// It is this agent, as it notes.
    Ours(Marker),
    /// There is nothing of this agent on it.
    Nothing,
    /// It does not answer.
    Dead(HostError),
}

/// The cluster of an agent that is to go.
enum Cluster<'a> {
    /// It answers; the Node, if there is one.
    Answers(&'a Nodes, Option<NodeState>),
    /// It does not answer, at none of its addresses.
    Silent(Error),
    /// Nothing is known of it: the agent was imported only.
    Unknown,
}

impl Leaving<'_> {
    /// Takes the agent out of its cluster. What is done already is not done again.
    ///
    /// # Errors
    /// Pods do not go, volumes stay attached, the host cannot be cleaned up, or nobody answers.
    pub(super) async fn leave(&self) -> Result<(), Diagnostics> {
        let mut cluster = self.cluster().await?;
        let node = match &cluster {
            Cluster::Answers(_, node) => node.as_ref(),
            Cluster::Silent(_) | Cluster::Unknown => None,
        };
        let home = self.home(node).await?;
        // What was cleaned up, or ended, a moment ago is still said to be ready.
        if let (Home::Dead(_) | Home::Nothing, Cluster::Answers(nodes, Some(node))) = (&home, &cluster)
            && node.ready
        {
            cluster = Cluster::Answers(nodes, until_silent(self.cx, nodes, &node.name).await?);
        }
        self.allows(&home, &cluster)?;
        let node = self.own_node(&home, &cluster);
        if node.is_none() && matches!(home, Home::Nothing) {
            if matches!(cluster, Cluster::Unknown) {
                self.warn(&home, &cluster);
            }
            return Ok(());
        }
        if let (Some((nodes, node)), Home::Ours(_), false) = (node, &home, self.model.is_forced()) {
            self.wait_for_local_data(nodes, node).await?;
        }
        let most = self.model.cluster.most_unavailable();
        let _turn = take_turn(self.cx, self.model, Work::Leave { most }).await?;
        let _lock = match &home {
            Home::Ours(marker) => Some(self.begin(marker).await?),
            Home::Nothing | Home::Dead(_) => None,
        };
        if let Some((nodes, node)) = node {
            self.empty(nodes, node, &home).await?;
        }
        if let Home::Ours(_) = &home {
            self.host().stop(Role::Agent).await.map_err(self.failed())?;
            self.clean_up().await?;
        }
        // Only now: with the Node go its pods, and are made anew elsewhere, where those here must not run any more.
        if let Some((nodes, node)) = node {
            delete_node(self.cx, nodes, &node.name).await?;
        }
        self.warn(&home, &cluster);
        Ok(())
    }

    /// Takes k3s off a host that has been the agent, and is not any more: the Node is another host's.
    ///
    /// # Errors
    /// The host cannot be cleaned up.
    pub(super) async fn retire(&self) -> Result<(), Diagnostics> {
        let Home::Ours(marker) = self.home(None).await? else {
            return Ok(());
        };
        let _lock = self.begin(&marker).await?;
        self.host().stop(Role::Agent).await.map_err(self.failed())?;
        self.clean_up().await
    }

    async fn home(&self, node: Option<&NodeState>) -> Result<Home, Diagnostics> {
        let state = match self.host().probe().await {
            Ok(probed) => probed.state,
            Err(error) if error.is_unreachable() || self.model.is_forced() => return Ok(Home::Dead(error)),
            Err(error) => return Err(self.host().diagnose(error)),
        };
        let is_ours =
            |marker: &Marker| marker.cluster == self.model.cluster.cluster_id && marker.node == self.model.name;
        Ok(match state.marker {
            Some(marker) if is_ours(&marker) => Home::Ours(marker),
            // It has lost our note.
            None if is_same_machine(&state, self.model, self.private, node) => Home::Ours(new_marker(self.model)),
            Some(_) | None => Home::Nothing,
        })
    }

    /// The Node, if it is this agent's: one that is ready while nothing runs on the host is another machine's.
    fn own_node<'c>(&self, home: &Home, cluster: &'c Cluster<'_>) -> Option<(&'c Nodes, &'c NodeState)> {
        match cluster {
            Cluster::Answers(_, Some(node)) if node.ready && matches!(home, Home::Nothing) => {
                let detail = format!(
                    "The cluster has a node {} that is ready, and {} does not run k3s: it is another machine's by now, and was left alone.",
                    node.name, self.model.host
                );
                self.cx.warn(Diagnostic::warning("Node was not deleted", detail));
                None
            }
            Cluster::Answers(nodes, Some(node)) => Some((nodes, node)),
            Cluster::Answers(_, None) | Cluster::Silent(_) | Cluster::Unknown => None,
        }
    }

    async fn cluster(&self) -> Result<Cluster<'_>, Diagnostics> {
        let Some(nodes) = &self.ways.nodes else {
            return Ok(Cluster::Unknown);
        };
        match nodes.find(&self.model.name).await {
            // A server of that name is none of ours.
            Ok(node) => Ok(Cluster::Answers(nodes, node.filter(|node| !node.is_server()))),
            Err(error) if error.is_unreachable() || self.model.is_forced() => Ok(Cluster::Silent(error)),
            Err(error) => Err(asked(error)),
        }
    }

    /// Checks that what does not answer may be taken for gone.
    fn allows(&self, home: &Home, cluster: &Cluster<'_>) -> Result<(), Diagnostics> {
        if self.model.is_forced() {
            return Ok(());
        }
        const FORCE: &str =
            "If it is gone for good, apply `on_destroy = { force = true }` first, or remove the agent from the state.";
        let (summary, detail) = match (home, cluster) {
            (Home::Dead(host), Cluster::Answers(_, Some(node))) if node.ready => (
                "Host of the agent does not answer",
                format!(
                    "{}.\n\nBut its node is ready, so that k3s runs there: it would go on without being a part of the cluster. Make the \
                     host reachable, and apply again. {FORCE}",
                    sentence(&error_chain(host))
                ),
            ),
            (Home::Dead(host), Cluster::Silent(_) | Cluster::Unknown) => (
                "Host of the agent does not answer",
                format!(
                    "{}. Neither is there anybody to ask in its cluster.\n\nWhat does not answer need not be gone. {FORCE}",
                    sentence(&error_chain(host))
                ),
            ),
            (Home::Ours(_), Cluster::Silent(error)) => (
                "Cluster of the agent does not answer",
                format!(
                    "{}.\n\nWithout it, pods cannot be moved away from {}, and nobody can tell whether there is data on it. What does not \
                     answer need not be gone. {FORCE}",
                    sentence(&error_chain(error)),
                    self.model.name
                ),
            ),
            _ => return Ok(()),
        };
        Err(Diagnostic::error(summary, detail).at(AgentModel::HOST).into())
    }

    /// Moves the pods away, and sees to it that no volume is attached any more.
    async fn empty(&self, nodes: &Nodes, node: &NodeState, home: &Home) -> Result<(), Diagnostics> {
        let drain = self.model.drain_before_removal();
        // Nobody stops the pods of a node that is not ready: they would be waited for in vain.
        match drain.filter(|_| node.ready && matches!(home, Home::Ours(_))) {
            Some(drain) => {
                let drained = nodes.drain(&**self.cx, &node.name, &drain).await?;
                self.warn_of_pods(&drained.unmanaged);
            }
            None => nodes.cordon(&node.name).await.map_err(asked)?,
        }
        if self.model.is_forced() {
            return Ok(());
        }
        self.wait_for_volumes(nodes, node).await
    }

    /// Waits until the volumes are gone whose data is on the disk of the host: what was deleted a moment ago takes its
    /// time. Pods that use them could run nowhere else, so they are left where they are.
    async fn wait_for_local_data(&self, nodes: &Nodes, node: &NodeState) -> Result<(), Diagnostics> {
        let what = format!("the volumes on the disk of the node {} to be deleted", node.name);
        let volumes = || nodes.local_volumes(&node.name);
        let detail = "Their data is on the disk of this host alone, and would be lost with it. Delete the claims, or move the data to \
                      other volumes, and apply again. If the data is not needed any more, apply `on_destroy = { force = true }` first.";
        self.wait_until_none(&what, volumes, ("Data is on the disk of the agent", detail))
            .await
    }

    async fn wait_for_volumes(&self, nodes: &Nodes, node: &NodeState) -> Result<(), Diagnostics> {
        let what = format!("the volumes of the node {} to be detached", node.name);
        let volumes = || async {
            let attached = nodes.attachments(&node.name).await?;
            Ok(attached.iter().map(ToString::to_string).collect())
        };
        let detail = "Their data could be harmed if the node went now. Move the pods that use them to other nodes, and apply again. If \
                      the volumes are not in use any more, apply `on_destroy = { force = true }` first.";
        self.wait_until_none(&what, volumes, ("Volumes are still attached to the node", detail))
            .await
    }

    /// Waits until a list is empty, for as long as pods may take to go.
    async fn wait_until_none<F: Future<Output = Result<Vec<String>, Error>> + Send>(
        &self,
        what: &str,
        list: impl Fn() -> F + Send + Sync,
        (summary, advice): (&str, &str),
    ) -> Result<(), Diagnostics> {
        let deadline = Instant::now() + self.model.drain().timeout;
        self.cx
            .wait(what, Backoff::QUICK, || async {
                let names = list().await.map_err(asked)?;
                match () {
                    () if names.is_empty() => Ok(Progress::Ready(())),
                    () if Instant::now() < deadline => Ok(Progress::Pending(format!("there are {}", names.join(", ")))),
                    () => {
                        let detail = format!("On {}: {}.\n\n{advice}", self.model.name, names.join(", "));
                        Err(Diagnostics::error(summary, detail))
                    }
                }
            })
            .await
    }

    /// Takes the lock of the host, and notes there that it leaves.
    async fn begin(&self, marker: &Marker) -> Result<Lock, Diagnostics> {
        let lock = self.host().lock().await.map_err(self.failed())?;
        let leaving = Marker {
            phase: Phase::Leaving,
            ..marker.clone()
        };
        self.host().mark(&leaving).await.map_err(self.failed())?;
        Ok(lock)
    }

    async fn clean_up(&self) -> Result<(), Diagnostics> {
        let cleaned = self.host().clean_up(false).await.map_err(self.failed())?;
        if !cleaned.left.is_empty() {
            let detail = format!(
                "{} is not part of the cluster any more, but this is still there, and does no harm: {}. It goes when the host is \
                 restarted.",
                self.model.host,
                cleaned.left.join(", ")
            );
            self.cx.warn(Diagnostic::warning("Host is not all clean", detail));
        }
        Ok(())
    }

    fn warn_of_pods(&self, pods: &[String]) {
        if !pods.is_empty() {
            let detail = format!(
                "These pods went with the node {}, and nothing makes them again: {}.",
                self.model.name,
                pods.join(", ")
            );
            self.cx.warn(Diagnostic::warning("Pods are gone with the node", detail));
        }
    }

    /// Tells what was not done because somebody did not answer.
    fn warn(&self, home: &Home, cluster: &Cluster<'_>) {
        if let Home::Dead(error) = home {
            let detail = format!(
                "{}.\n\nThe agent was taken out of the cluster. If the host comes back, k3s is still on it: clean it up then, or make it \
                 anew.",
                sentence(&error_chain(error))
            );
            self.cx.warn(Diagnostic::warning("Host was not cleaned up", detail));
        }
        let reason = match cluster {
            Cluster::Answers(..) => return,
            Cluster::Silent(error) => format!("{}.\n\nIt is taken for gone.", sentence(&error_chain(error))),
            Cluster::Unknown => {
                "The agent was imported and never applied, so that its cluster is not known.".to_owned()
            }
        };
        let detail = format!(
            "{reason} If there is still a node {} in it, delete that by `kubectl delete node`.",
            self.model.name
        );
        self.cx.warn(Diagnostic::warning("Node was not deleted", detail));
    }

    fn host(&self) -> &Host {
        &self.ways.host
    }

    fn failed(&self) -> impl Fn(HostError) -> Diagnostics {
        |error| self.host().diagnose(error)
    }
}
