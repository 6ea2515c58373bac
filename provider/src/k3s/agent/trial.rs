//! What a host says to the plan of an agent that it is to become, if it is known and answers. One that does not answer
//! may be made in the same apply, and one that belongs to this cluster may be given back in it, so both are judged when
//! the plan is applied.

use tf_framework::context::Context;
use tf_framework::diagnostics::Diagnostics;
use tf_framework::lifecycle::plan::Action;
use tf_framework::resource::Plan;

use crate::k3s::agent::model::AgentModel;
use crate::k3s::agent::{AgentResource, prepare, ways};

/// Looks at a new host, and refuses what it would refuse.
///
/// # Errors
/// Something has to be put right there first.
pub(super) async fn try_on_host(
    cx: &Context<AgentResource>,
    plan: &Plan<'_, '_, AgentResource>,
) -> Result<(), Diagnostics> {
    let is_new = match plan.action() {
        Action::Create => true,
        Action::Update => plan.requires_replace().is_empty() && plan.changed(AgentModel::HOST),
        Action::Delete | Action::NoChange => false,
    };
    if !is_new || cx.clients().is_ssh_unknown() {
        return Ok(());
    }
    let Some(model) = plan.planned_model() else {
        return Ok(());
    };
    let host = ways::host(cx, &model, &cx.private()?.pins)?;
    let Ok(probed) = host.probe().await else {
        return Ok(());
    };
    let marker = probed.state.marker.as_ref();
    if marker.is_some_and(|marker| marker.cluster == model.cluster.cluster_id) {
        return Ok(());
    }
    let found = prepare::check(&model, model.wanted_version()?, None, &probed.state);
    prepare::warn(cx, &found);
    prepare::refuse(&found)
}
