//! The nodes of the cluster, and whether they have the driver: its part on a node registers it with the kubelet, which
//! notes it in the node's CSINode.

use k8s_openapi::api::storage::v1::CSINode;
use secrecy::SecretString;
use tf_framework::context::{Backoff, Context, Progress};
use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use tokio::time::Instant;

use super::super::in_cluster::check::{self, Subject, When};
use super::super::in_cluster::login::VCenterLogin;
use super::super::in_cluster::patience;
use super::super::in_cluster::privileges::Program;
use super::{CsiDriverResource, objects};
use crate::kubernetes::{Access, Kind, Looked};

/// Waits until every node whose kubelet answers has the driver.
///
/// # Errors
/// Fails if some have not when nothing should keep them any more, with what the vCenter says to them.
pub(super) async fn wait_for_nodes(
    cx: &Context<CsiDriverResource>,
    access: &Access,
    login: &VCenterLogin,
    password: &SecretString,
) -> Result<(), Diagnostics> {
    let began = Instant::now();
    let patience = patience(cx.deadline());
    cx.wait("all nodes to have the vSphere CSI driver", Backoff::QUICK, || async {
        let without = without_driver(access).await?;
        if without.is_empty() {
            return Ok::<_, Diagnostics>(Progress::Ready(()));
        }
        if began.elapsed() < patience {
            return Ok(Progress::Pending(format!("not yet: {}", without.join(", "))));
        }
        // The usual causes have errors of their own.
        let subject = Subject {
            program: Program::CsiDriver,
            login,
            when: When::Apply,
        };
        check::check(cx, access, subject, password.clone()).await?;
        let detail = format!(
            "These nodes do not have the driver: {}. What can be asked from here of the login, the datacenters, the privileges and the \
             machines of the nodes is as it should be. Look at the logs of the pods of `vsphere-csi-node` in `vmware-system-csi`.",
            without.join(", ")
        );
        Err(Diagnostic::error("Nodes without the vSphere CSI driver", detail).into())
    })
    .await
}

/// Refuses to remove the driver while volumes of it are attached.
///
/// # Errors
/// Fails if there are any, or the cluster does not answer.
pub(super) async fn refuse_attached(access: &Access) -> Result<(), Diagnostics> {
    let attachments = match access.cluster.volume_attachments().await {
        Ok(attachments) => attachments,
        Err(error) if error.is_forbidden() => return Ok(()),
        Err(error) => return Err(access.explain("Unable to look for attached volumes")(error)),
    };
    let ours = attachments.iter().filter(|one| one.spec.attacher == objects::DRIVER);
    let attached: Vec<String> = ours
        .map(|one| {
            let volume = one.spec.source.persistent_volume_name.as_deref().unwrap_or("a volume");
            format!("{volume} on {}", one.spec.node_name)
        })
        .collect();
    if attached.is_empty() {
        return Ok(());
    }
    let detail = format!(
        "Without the driver nobody could take these volumes off their nodes: {}. Remove the pods that use them first.",
        attached.join(", ")
    );
    Err(Diagnostics::error("Volumes are attached", detail))
}

async fn without_driver(access: &Access) -> Result<Vec<String>, Diagnostics> {
    let looked = access.cluster.look_at_all(Kind::cluster::<CSINode>()).await;
    let Looked::Known(nodes) = looked.map_err(access.explain("Unable to read the nodes"))? else {
        return Ok(Vec::new());
    };
    let has_driver = |node: &CSINode| node.spec.drivers.iter().any(|driver| driver.name == objects::DRIVER);
    let mut without = Vec::new();
    for live in nodes {
        let node: CSINode = live.decode().map_err(access.explain("Unable to read the nodes"))?;
        if !has_driver(&node) {
            without.push(live.key().name.clone());
        }
    }
    Ok(without)
}
