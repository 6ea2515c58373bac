//! What was seen of an agent: its host, and the Nodes of its cluster; and what follows from that.

use secrecy::ExposeSecret as _;

use crate::k3s::agent::model::AgentModel;
use crate::k3s::agent::ways::Private;
use crate::k3s::config::Role;
use crate::k3s::drift::{self, Expected};
use crate::k3s::files::HostFiles;
use crate::k3s::marker::{Marker, Phase};
use crate::k3s::probe::{HostState, NodeState};
use crate::k3s::program::Image;
use crate::k3s::rollout::agents::{self, Agent, AgentRefusal, AgentStep};
use crate::k3s::rollout::observe::{self, Known, Observed};
use crate::k3s::version::K3sVersion;
use crate::k3s::{digest, paths};

/// What was seen, beside what is wanted.
#[derive(Clone, Copy)]
pub(super) struct Seen<'a> {
    /// What is wanted.
    pub(super) model: &'a AgentModel,
    /// The version that is wanted.
    pub(super) version: K3sVersion,
    /// What the host answered.
    pub(super) state: &'a HostState,
    /// Nodes of the cluster, that of the agent among them; none if nobody answered.
    pub(super) nodes: Option<&'a [NodeState]>,
    /// The archives of images that the host should have.
    pub(super) images: &'a [Image],
    /// What is kept beside the state.
    pub(super) private: &'a Private,
    /// Whether the state knows the agent, so that a host which has lost our note can be known as well.
    pub(super) is_known: bool,
}

impl<'a> Seen<'a> {
    /// The agent's Node.
    pub(super) fn node(&self) -> Option<&'a NodeState> {
        self.nodes?.iter().find(|node| node.name == self.model.name)
    }

    /// What is noted on the host, if the host belongs to this cluster.
    pub(super) fn marker(&self) -> Option<&'a Marker> {
        let marker = self.state.marker.as_ref();
        marker.filter(|marker| marker.cluster == self.model.cluster.cluster_id)
    }

    /// Whether the host is this agent, as it is noted there.
    pub(super) fn is_own(&self) -> bool {
        self.marker().is_some_and(|marker| marker.node == self.model.name)
    }

    /// Whether nothing of this cluster is on the host.
    pub(super) fn has_nothing(&self) -> bool {
        let is_others = self.state.marker.is_some() && self.marker().is_none();
        let is_bare = self.state.marker.is_none() && !self.state.has_k3s();
        is_others || (is_bare && !self.state.has_foreign_marker)
    }

    /// The files that the host should have.
    pub(super) fn files(&self) -> HostFiles {
        let server = self.model.server(self.state, self.nodes.unwrap_or_default());
        self.model.files(server, self.images)
    }

    /// The one step that is to be done now.
    ///
    /// # Errors
    /// Something stands in the way.
    pub(super) fn next(&self) -> Result<Option<AgentStep>, AgentRefusal> {
        match self.agent() {
            Some(agent) => agents::next(&self.version, &self.servers(), &agent),
            None => Ok(None),
        }
    }

    /// What differs from what is wanted, one line for each difference. Where nothing does, and there is something to do
    /// all the same, that is the line.
    pub(super) fn drift(&self) -> Vec<String> {
        let files = self.files();
        let expected = Expected {
            role: Role::Agent,
            version: &self.version,
            binary_sha256: self.private.sha256(self.model, self.version),
            files: &files,
            node: &self.model.node(),
            voter: false,
        };
        let differences = drift::drift(&expected, Some(self.state), self.nodes);
        let mut lines: Vec<String> = differences.iter().map(ToString::to_string).collect();
        // What is not known of Nodes must not look as if they were gone.
        if lines.is_empty()
            && self.nodes.is_some()
            && let Ok(Some(step)) = self.next()
        {
            lines.push(to_do(&step).to_owned());
        }
        lines
    }

    /// The versions of the servers: those that run, or else the one that the cluster exports.
    fn servers(&self) -> Vec<K3sVersion> {
        let running = observe::server_versions(self.nodes.unwrap_or_default());
        match running.is_empty() {
            true => self.model.cluster.version.parse().into_iter().collect(),
            false => running,
        }
    }

    fn agent(&self) -> Option<Agent> {
        let files = self.files();
        let node = self.model.node();
        let known = Known {
            cluster: &self.model.cluster.cluster_id,
            adopt: self.is_known && is_same_machine(self.state, self.model, self.private, self.node()),
            ..Known::default()
        };
        let observed = Observed {
            state: Some(self.state),
            closed: false,
            files: Some(&files),
            node: Some(&node),
            binary_sha256: self.private.sha256(self.model, self.version),
        };
        observe::agent(&known, &observed, self.node())
    }
}

/// Whether a host without our note is the agent's all the same: the machine of its Node, or the one that it was, with
/// the token of the cluster. Agents that others have set up are known by the former alone.
pub(super) fn is_same_machine(
    state: &HostState,
    model: &AgentModel,
    private: &Private,
    node: Option<&NodeState>,
) -> bool {
    let Some(machine_id) = &state.machine.machine_id else {
        return false;
    };
    let ours = digest::sha256(model.cluster.token.expose_secret().as_bytes());
    let has_token = state.files.get(paths::TOKEN).is_some_and(|token| token.sha256 == ours);
    let of_node = node.is_some_and(|node| !node.is_server() && node.machine_id.as_ref() == Some(machine_id));
    of_node || (has_token && private.machine_id.as_ref() == Some(machine_id))
}

/// What is noted on a host that is to be the agent.
pub(super) fn new_marker(model: &AgentModel) -> Marker {
    Marker::new(&model.cluster.cluster_id, &model.name, Role::Agent, Phase::Joining)
}

/// What a step is about, for a plan.
fn to_do(step: &AgentStep) -> &'static str {
    match step {
        AgentStep::DeleteNode => "the node of its name is another host's, which is gone",
        AgentStep::Join { .. } => "has not joined the cluster",
        AgentStep::Upgrade { .. } => "runs an older version",
        AgentStep::Restart => "k3s has not been restarted since its files or its program changed",
        AgentStep::Start => "k3s does not run",
        AgentStep::Register => "its node has another address or provider id",
        AgentStep::WriteFiles => "its last change was not finished",
        AgentStep::PatchNode => "its labels or taints are not noted as those of this resource, or not wanted any more",
        AgentStep::Uncordon => "its node takes no pods, since a change of it was not finished",
    }
}

#[cfg(test)]
mod tests;
