//! `cht_vsphere_csi_driver`: what makes volumes of vSphere's datastores for Kubernetes.
//!
//! It is one component of a cluster: a controller on the control plane, a DaemonSet on every node, their accounts and
//! roles, and a Secret with the configuration, all of our own making. Creation ends when every node has the driver.
//!
//! - [`model`] has the attributes, [`versions`] which version belongs to which Kubernetes, and its sidecars.
//! - [`objects`] makes the objects, [`config`] what is in the Secret; both are pure.
//! - [`plan`] asks the cluster and the vCenter, [`registered`] waits for the nodes, [`snapshots`] looks for what
//!   would be lost.
//!
//! In place: everything.

mod config;
mod model;
mod objects;
mod plan;
mod registered;
mod snapshots;
mod versions;

use tf_framework::context::Context;
use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use tf_framework::path::Path;
use tf_framework::resource::{Draft, Plan, Resource};
use tf_framework::{Attr, ImportBy};

use self::model::{CsiDriverIdentity, CsiDriverModel};
use super::in_cluster::{already_there, how, no_password, pods};
use crate::kubernetes::Access;
use crate::kubernetes::diagnostics::ATTRIBUTE as KUBERNETES;
use crate::kubernetes::kept::Kept;
use crate::provider::Clients;

/// What messages call it.
const NAME: &str = "vSphere CSI driver";
const THE_NAME: &str = "the vSphere CSI driver";

/// Manages the CSI driver of a cluster.
#[derive(Debug)]
pub struct CsiDriverResource;

impl Resource for CsiDriverResource {
    type Model = CsiDriverModel;
    type Clients = Clients;
    type Private = Kept;
    type Identity = CsiDriverIdentity;

    const TYPE_NAME: &'static str = "cht_vsphere_csi_driver";

    fn validate(&self, config: &Draft<Self>, diagnostics: &mut Diagnostics) {
        if let Attr::Known(kubernetes) = &config.kubernetes {
            kubernetes.validate(&Path::new(KUBERNETES), diagnostics);
        }
    }

    async fn modify_plan(&self, cx: &Context<Self>, plan: &mut Plan<'_, '_, Self>) -> Result<(), Diagnostics> {
        plan::show_outcome(plan);
        plan::check(cx, plan).await
    }

    async fn create(&self, cx: &Context<Self>, plan: CsiDriverModel) -> Result<CsiDriverModel, Diagnostics> {
        let access = Clients::access(cx, plan.kubernetes.as_ref()).await?;
        Kept::keep(cx, &access).await?;
        if !objects::component(&access).find().await?.is_empty() {
            cx.warn(already_there(NAME));
        }
        converge(cx, &access, None, plan).await
    }

    async fn read(&self, cx: &Context<Self>, mut state: CsiDriverModel) -> Result<Option<CsiDriverModel>, Diagnostics> {
        let access = Clients::access(cx, state.kubernetes.as_ref()).await?;
        let component = objects::component(&access);
        let found = component.find().await?;
        if found.is_empty() {
            Kept::check(cx, &access, THE_NAME).await?;
            return Ok(None);
        }
        // A password that the state does not have can only be compared with itself.
        let password = state
            .vcenter
            .password
            .clone()
            .or_else(|| objects::live_password(&found));
        let set = objects::set(&state, &password.unwrap_or_default())?;
        state.drift = Attr::Known(component.differences(&set, &found));
        Ok(Some(state))
    }

    async fn update(
        &self,
        cx: &Context<Self>,
        prior: CsiDriverModel,
        plan: CsiDriverModel,
    ) -> Result<CsiDriverModel, Diagnostics> {
        let access = Clients::access(cx, plan.kubernetes.as_ref()).await?;
        Kept::check(cx, &access, THE_NAME).await?;
        snapshots::refuse_left(&access, &prior, Some(&plan)).await?;
        converge(cx, &access, Some(&prior), plan).await
    }

    async fn delete(&self, cx: &Context<Self>, state: CsiDriverModel) -> Result<(), Diagnostics> {
        let access = Clients::access(cx, state.kubernetes.as_ref()).await?;
        Kept::check(cx, &access, THE_NAME).await?;
        registered::refuse_attached(&access).await?;
        snapshots::refuse_left(&access, &state, None).await?;
        objects::component(&access).remove(cx).await
    }

    async fn import(&self, cx: &Context<Self>, by: ImportBy<CsiDriverIdentity>) -> Result<CsiDriverModel, Diagnostics> {
        let name = match by {
            ImportBy::Id(name) | ImportBy::Identity(CsiDriverIdentity { name }) => name,
        };
        let access = Clients::access(cx, None).await?;
        Kept::keep(cx, &access).await?;
        let found = objects::component(&access).find().await?;
        let imported = (name == objects::DRIVER).then(|| objects::imported(&found)).flatten();
        imported.ok_or_else(|| {
            let detail = format!(
                "The cluster has no CSI driver of vSphere that this provider made. The id is always `{}`.",
                objects::DRIVER
            );
            Diagnostics::error("No vSphere CSI driver to import", detail)
        })
    }
}

/// Brings the cluster to what is planned, and waits until the nodes have the driver.
async fn converge(
    cx: &Context<CsiDriverResource>,
    access: &Access,
    prior: Option<&CsiDriverModel>,
    mut plan: CsiDriverModel,
) -> Result<CsiDriverModel, Diagnostics> {
    let component = objects::component(access);
    let found = component.find().await?;
    let live = prior.and_then(|_| objects::live_password(&found));
    let password = plan.vcenter.password(prior.map(|prior| &prior.vcenter), live);
    let password = password.ok_or_else(no_password)?;
    decide(access, &mut plan).await?;
    plan.drift = Attr::Known(Vec::new());
    let how = how(prior.map(|prior| &prior.drift));
    let set = objects::set(&plan, &password)?;
    component
        .put(cx, &set, how, || {
            if prior.is_none() {
                cx.checkpoint(&plan);
            }
        })
        .await?;
    component
        .wait_for_pods(cx, &set, |reason| pods::failed(NAME, reason))
        .await?;
    registered::wait_for_nodes(cx, access, &plan.vcenter, &password).await?;
    Ok(plan)
}

/// Decides what the configuration leaves open: it is kept from then on.
async fn decide(access: &Access, plan: &mut CsiDriverModel) -> Result<(), Diagnostics> {
    let explain = access.explain("Unable to look at the cluster");
    if plan.version.known().is_none() {
        let probe = access.cluster.probe().await.map_err(&explain)?;
        plan.version = Attr::Known(versions::for_kubernetes(&probe.version)?.to_owned());
    }
    if plan.cluster_id.known().is_none() {
        let identity = access.cluster.identity().await.map_err(&explain)?;
        plan.cluster_id = Attr::Known(identity.ok_or_else(no_cluster_id)?);
    }
    if plan.replicas.known().is_none() {
        let nodes = access.cluster.nodes().await.map_err(&explain)?;
        let servers = nodes
            .iter()
            .filter(|node| node.label(pods::CONTROL_PLANE).is_some())
            .count();
        plan.replicas = Attr::Known(servers.clamp(1, 3) as u16);
    }
    Ok(())
}

fn no_cluster_id() -> Diagnostics {
    let detail = "By default it is the UID of the namespace `kube-system`, which these credentials may not read. Give an id that no \
                  other cluster of the vCenter has.";
    Diagnostic::error("Cluster id is not known", detail)
        .at(CsiDriverModel::CLUSTER_ID)
        .into()
}
