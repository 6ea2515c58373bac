//! The nodes that wait for the cloud provider: until it has seen one, a taint keeps nearly all pods away from it.

use k8s_openapi::api::core::v1::Node;
use secrecy::SecretString;
use tf_framework::context::{Backoff, Context, Progress};
use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use tokio::time::Instant;

use super::super::in_cluster::check::{self, Subject, When};
use super::super::in_cluster::login::VCenterLogin;
use super::super::in_cluster::privileges::Program;
use super::super::in_cluster::{patience, pods};
use super::CloudProviderResource;
use crate::kubernetes::Access;

/// Waits until the cloud provider has seen all nodes.
///
/// # Errors
/// Fails if some are still waiting when nothing should keep them any more, with what the vCenter says to them.
pub(super) async fn wait_until_known(
    cx: &Context<CloudProviderResource>,
    access: &Access,
    login: &VCenterLogin,
    password: &SecretString,
) -> Result<(), Diagnostics> {
    let began = Instant::now();
    let patience = patience(cx.deadline());
    cx.wait("the cloud provider to know all nodes", Backoff::QUICK, || async {
        let waiting = waiting(access).await?;
        if waiting.is_empty() {
            return Ok(Progress::Ready(()));
        }
        if began.elapsed() < patience {
            return Ok(Progress::Pending(format!("not known yet: {}", waiting.join(", "))));
        }
        // The usual causes have errors of their own.
        check::check(
            cx,
            access,
            Subject {
                program: Program::CloudProvider,
                login,
                when: When::Apply,
            },
            password.clone(),
        )
        .await?;
        Err(unknown(&waiting))
    })
    .await
}

async fn waiting(access: &Access) -> Result<Vec<String>, Diagnostics> {
    let explain = access.explain("Unable to read the nodes");
    let mut waiting = Vec::new();
    for live in access.cluster.nodes().await.map_err(&explain)? {
        let node: Node = live.decode().map_err(&explain)?;
        let taints = node.spec.and_then(|spec| spec.taints).unwrap_or_default();
        if taints.iter().any(|taint| taint.key == pods::UNINITIALIZED) {
            waiting.push(live.key().name.clone());
        }
    }
    Ok(waiting)
}

fn unknown(waiting: &[String]) -> Diagnostics {
    let detail = format!(
        "These nodes are still waiting for the cloud provider: {}. What can be asked from here of the login, the datacenters, the \
         privileges and the machines of the nodes is as it should be. Look at the log of the pods of \
         `vsphere-cloud-controller-manager` in `kube-system`: they run on nodes with the label `{}` only, and have to reach the \
         vCenter from there.",
        waiting.join(", "),
        pods::CONTROL_PLANE
    );
    Diagnostic::error("Nodes are not known to the cloud provider", detail).into()
}
