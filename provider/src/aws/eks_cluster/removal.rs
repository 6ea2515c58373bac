//! Takes a cluster away with what was made for it: its roles and its log group.

use aws_sdk_eks::types::{Cluster, ClusterStatus};
use tf_framework::context::{Backoff, Progress};
use tf_framework::diagnostics::{Diagnostic, Diagnostics, error_chain};

use super::super::account::Account;
use super::super::diagnostics::{explain, explained};
use super::super::eks::clusters::is_new;
use super::super::eks::refusals::is_in_use;
use super::super::error::Error;
use super::model::{EksClusterModel, log_group};
use super::roles::Roles;
use super::steps::{Work, status};

const SUMMARY: &str = "Unable to delete the EKS cluster";

/// Removes the cluster, and then what was made for it.
pub(super) async fn remove(work: &Work<'_>) -> Result<(), Diagnostics> {
    let name = &work.model.name;
    let found = work.account.find_cluster(name).await.map_err(explained(SUMMARY))?;
    // Without an ARN in the state, EKS was not seen to begin: what is there may be somebody else's.
    let is_ours = |cluster: &Cluster| work.model.was_begun() || is_new(cluster);
    if let Some(cluster) = &found {
        if !is_ours(cluster) {
            return Ok(());
        }
        check_node_groups(work).await?;
        order(work).await?;
        wait_until_gone(work).await?;
    }
    Roles::remove(work.account, work.model)
        .await
        .map_err(explained("Unable to remove the roles"))?;
    let removed = work.account.delete_log_group(&log_group(name)).await;
    removed.map_err(explained("Unable to remove the log group"))
}

/// Whether something that was made for the cluster, which is gone, is there yet.
pub(super) async fn has_left(account: &Account, model: &EksClusterModel) -> Result<bool, Error> {
    Ok(Roles::are_left(account, model).await? || account.has_log_group(&log_group(&model.name)).await?)
}

async fn check_node_groups(work: &Work<'_>) -> Result<(), Diagnostics> {
    let name = &work.model.name;
    let groups = work.account.node_groups_in(name).await.map_err(explained(SUMMARY))?;
    if groups.is_empty() {
        return Ok(());
    }
    let detail = format!(
        "The cluster `{name}` has node groups still, which are not removed with it: {}.\n\nRemove them first, where they are managed. If \
         they are resources of this configuration, take `cluster_name` from the cluster, so that they go before it.",
        groups.join(", ")
    );
    Err(Diagnostics::error("EKS cluster has node groups", detail))
}

/// Has the cluster deleted as soon as nothing else is done with it.
async fn order(work: &Work<'_>) -> Result<(), Diagnostics> {
    let name = &work.model.name;
    let what = format!("the cluster `{name}` to be free");
    work.cx
        .wait(&what, Backoff::SLOW, async || {
            match work.account.delete_cluster(name).await {
                Ok(()) => Ok(Progress::Ready(())),
                Err(error) if is_in_use(&error) || error.is_not_carried_out() => {
                    Ok(Progress::Pending(error_chain(&error)))
                }
                Err(error) => {
                    let said = error.refusal().map(|refusal| refusal.message.to_lowercase());
                    let is_protected = said.is_some_and(|said| said.contains("deletion protection"));
                    let explained = explain(SUMMARY, &error);
                    Err(if is_protected { protected(name) } else { explained })
                }
            }
        })
        .await
}

async fn wait_until_gone(work: &Work<'_>) -> Result<(), Diagnostics> {
    let name = &work.model.name;
    let what = format!("the cluster `{name}` to be gone");
    work.cx
        .wait(&what, Backoff::SLOW, async || {
            match work.account.find_cluster(name).await {
                Ok(None) => Ok(Progress::Ready(())),
                Ok(Some(cluster)) if cluster.status() == Some(&ClusterStatus::Failed) => Err(failed(name, &cluster)),
                Ok(Some(cluster)) => Ok(Progress::Pending(status(&cluster))),
                Err(error) if error.is_unseen() => Ok(Progress::Pending(error_chain(&error))),
                Err(error) => Err(explain(SUMMARY, &error)),
            }
        })
        .await
}

fn failed(name: &str, cluster: &Cluster) -> Diagnostics {
    let detail = format!(
        "EKS could not delete the cluster `{name}`: {}.\n\nRemove the cause and destroy again.",
        status(cluster)
    );
    Diagnostics::error("Deletion of the EKS cluster failed", detail)
}

fn protected(name: &str) -> Diagnostics {
    let detail = format!(
        "EKS refuses to delete the cluster `{name}`: somebody has turned its deletion protection on since the last refresh. Apply \
         `deletion_protection = false` first."
    );
    let error = Diagnostic::error("EKS cluster is protected", detail);
    error.at(EksClusterModel::DELETION_PROTECTION).into()
}
