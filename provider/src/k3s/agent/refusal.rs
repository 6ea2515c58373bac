//! What is refused of a host, in a user's words.

use tf_framework::diagnostics::{Diagnostic, Diagnostics};

use crate::k3s::agent::look::Seen;
use crate::k3s::agent::model::AgentModel;
use crate::k3s::marker::Phase;
use crate::k3s::rollout::agents::AgentRefusal;
use crate::wording::sentence;

/// Checks that the host is not another agent, and that no other host has the name.
pub(super) fn check_name(seen: &Seen<'_>) -> Result<(), Diagnostics> {
    let name = &seen.model.name;
    if let Some(marker) = seen.marker().filter(|marker| marker.node != *name) {
        let detail = format!(
            "{} is the node `{}` of this cluster already. Give another host, or import this one under that name.",
            seen.model.host, marker.node
        );
        return Err(Diagnostic::error("Host is another node", detail)
            .at(AgentModel::HOST)
            .into());
    }
    let Some(node) = seen.node() else { return Ok(()) };
    if node.is_server() {
        let detail = format!("The cluster has a server `{name}`. Give the agent another name.");
        return Err(Diagnostic::error("Name of the node is taken", detail)
            .at(AgentModel::NAME)
            .into());
    }
    // Only of an agent that was there before, a Node that is not ready is what is left.
    if (node.ready || !seen.is_known) && seen.has_nothing() {
        let detail = format!(
            "The cluster has a node `{name}`, and it is not {}: k3s does not run there. Give the agent another name, or remove that node \
             from the cluster first: `kubectl delete node {name}`.",
            seen.model.host
        );
        return Err(Diagnostic::error("Name of the node is taken", detail)
            .at(AgentModel::NAME)
            .into());
    }
    Ok(())
}

/// Checks that the host can become a new agent. One whose creation was not finished goes on.
pub(super) fn check_creation(seen: &Seen<'_>) -> Result<(), Diagnostics> {
    if let Some(marker) = seen
        .marker()
        .filter(|marker| !marker.creating && marker.phase != Phase::Leaving)
    {
        let (name, host) = (&marker.node, &seen.model.host);
        let detail = format!(
            "{host} is the node `{name}` of this cluster, and no state knows it. Import it: `tofu import ADDRESS {name}@{host}`."
        );
        return Err(Diagnostic::error("Host is an agent already", detail)
            .at(AgentModel::HOST)
            .into());
    }
    Ok(())
}

/// What stands in the way of the next step.
pub(super) fn refused(refusal: &AgentRefusal) -> Diagnostics {
    let attribute = match refusal {
        AgentRefusal::RoleChange | AgentRefusal::Foreign | AgentRefusal::Failing { .. } => AgentModel::HOST,
        AgentRefusal::Upgrade(_) | AgentRefusal::Skew(_) => AgentModel::VERSION,
    };
    let detail = sentence(refusal.to_string().trim_end_matches('.'));
    Diagnostic::error("Agent cannot be changed like this", format!("{detail}."))
        .at(attribute)
        .into()
}
