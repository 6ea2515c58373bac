//! An agent that goes to another cluster, or to another host: it leaves the place where it was, as a deletion does,
//! before it joins.

use tf_framework::diagnostics::Diagnostics;

use crate::k3s::agent::leave::Leaving;
use crate::k3s::agent::model::AgentModel;
use crate::k3s::agent::steps::Task;
use crate::k3s::agent::ways::Ways;

/// Leaves the cluster or the host of the state, if it is another one than is wanted.
///
/// # Errors
/// The agent cannot leave, or nobody there answers.
pub(super) async fn leave_old_place(prior: &AgentModel, task: &Task<'_>) -> Result<(), Diagnostics> {
    if prior.cluster.cluster_id != task.model.cluster.cluster_id && !prior.is_of_others() {
        prior.may_leave_cluster()?;
        return leave(prior.clone(), task, false).await;
    }
    if prior.host == task.model.host {
        return Ok(());
    }
    let look = task.arrive().await?;
    let seen = task.seen(&look);
    let machine_id = &seen.state.machine.machine_id;
    if seen.is_own() && machine_id.is_some() && *machine_id == task.private.machine_id {
        return Ok(());
    }
    // The servers may have other addresses than before.
    let old = AgentModel {
        cluster: task.model.cluster.clone(),
        ..prior.clone()
    };
    // One that was killed in between has joined with the new host already: the Node is its own.
    leave(old, task, seen.is_own()).await
}

/// Leaves as it is wanted now; `host_only` if the Node is not that host's any more.
async fn leave(old: AgentModel, task: &Task<'_>, host_only: bool) -> Result<(), Diagnostics> {
    let old = AgentModel {
        drain: task.model.drain.clone(),
        on_destroy: task.model.on_destroy.clone(),
        ..old
    };
    let leaving = Leaving {
        cx: task.cx,
        model: &old,
        ways: &Ways::new(task.cx, &old, &task.private.pins).await?,
        private: task.private,
    };
    if host_only {
        leaving.retire().await
    } else {
        leaving.leave().await
    }
}
