//! `cht_vsphere_cloud_provider`: what tells Kubernetes about its nodes on vSphere.
//!
//! It is one component of a cluster: an account with its roles, a Secret, a ConfigMap and a DaemonSet on the control
//! plane, all of our own making. Nodes that start with an external cloud provider wait for it: creation ends when it
//! has seen all of them.
//!
//! - [`model`] has the attributes, [`versions`] which version belongs to which Kubernetes.
//! - [`objects`] makes the objects, [`config`] what is in the ConfigMap; both are pure.
//! - [`plan`] asks the cluster and the vCenter, [`nodes`] waits for the nodes.
//!
//! In place: everything.

mod config;
mod model;
mod nodes;
mod objects;
mod plan;
mod versions;

use secrecy::SecretString;
use tf_framework::context::Context;
use tf_framework::diagnostics::Diagnostics;
use tf_framework::path::Path;
use tf_framework::resource::{Draft, Plan, Resource};
use tf_framework::{Attr, ImportBy};

use self::model::{CloudProviderIdentity, CloudProviderModel};
use super::in_cluster::{already_there, how, no_password, pods};
use crate::kubernetes::diagnostics::ATTRIBUTE as KUBERNETES;
use crate::kubernetes::kept::Kept;
use crate::kubernetes::{Access, Found};
use crate::provider::Clients;

/// What messages call it.
const NAME: &str = "vSphere cloud provider";
const THE_NAME: &str = "the vSphere cloud provider";

/// Manages the cloud provider of a cluster.
#[derive(Debug)]
pub struct CloudProviderResource;

impl Resource for CloudProviderResource {
    type Model = CloudProviderModel;
    type Clients = Clients;
    type Private = Kept;
    type Identity = CloudProviderIdentity;

    const TYPE_NAME: &'static str = "cht_vsphere_cloud_provider";

    fn validate(&self, config: &Draft<Self>, diagnostics: &mut Diagnostics) {
        if let Attr::Known(kubernetes) = &config.kubernetes {
            kubernetes.validate(&Path::new(KUBERNETES), diagnostics);
        }
    }

    async fn modify_plan(&self, cx: &Context<Self>, plan: &mut Plan<'_, '_, Self>) -> Result<(), Diagnostics> {
        plan::show_outcome(plan);
        plan::check(cx, plan).await
    }

    async fn create(&self, cx: &Context<Self>, plan: CloudProviderModel) -> Result<CloudProviderModel, Diagnostics> {
        let access = Clients::access(cx, plan.kubernetes.as_ref()).await?;
        Kept::keep(cx, &access).await?;
        if !objects::component(&access).find().await?.is_empty() {
            cx.warn(already_there(NAME));
        }
        converge(cx, &access, None, plan).await
    }

    async fn read(
        &self,
        cx: &Context<Self>,
        mut state: CloudProviderModel,
    ) -> Result<Option<CloudProviderModel>, Diagnostics> {
        let access = Clients::access(cx, state.kubernetes.as_ref()).await?;
        let component = objects::component(&access);
        let found = component.find().await?;
        if found.is_empty() {
            Kept::check(cx, &access, THE_NAME).await?;
            return Ok(None);
        }
        // A password that the state does not have can only be compared with itself.
        let password = state.vcenter.password.clone().or_else(|| live_password(&found, &state));
        let set = objects::set(&state, &password.unwrap_or_default())?;
        state.drift = Attr::Known(component.differences(&set, &found));
        Ok(Some(state))
    }

    async fn update(
        &self,
        cx: &Context<Self>,
        prior: CloudProviderModel,
        plan: CloudProviderModel,
    ) -> Result<CloudProviderModel, Diagnostics> {
        let access = Clients::access(cx, plan.kubernetes.as_ref()).await?;
        Kept::check(cx, &access, THE_NAME).await?;
        converge(cx, &access, Some(&prior), plan).await
    }

    async fn delete(&self, cx: &Context<Self>, state: CloudProviderModel) -> Result<(), Diagnostics> {
        let access = Clients::access(cx, state.kubernetes.as_ref()).await?;
        Kept::check(cx, &access, THE_NAME).await?;
        objects::component(&access).remove(cx).await
    }

    async fn import(
        &self,
        cx: &Context<Self>,
        by: ImportBy<CloudProviderIdentity>,
    ) -> Result<CloudProviderModel, Diagnostics> {
        let name = match by {
            ImportBy::Id(name) | ImportBy::Identity(CloudProviderIdentity { name }) => name,
        };
        let access = Clients::access(cx, None).await?;
        Kept::keep(cx, &access).await?;
        let found = objects::component(&access).find().await?;
        let imported = (name == objects::NAME).then(|| objects::imported(&found)).flatten();
        imported.ok_or_else(|| {
            let detail = format!(
                "The cluster has no cloud provider of vSphere that this provider made. The id is always `{}`. One that another \
                 tool installed has to be removed before: its nodes stay as they are meanwhile.",
                objects::NAME
            );
            Diagnostics::error("No vSphere cloud provider to import", detail)
        })
    }
}

/// Brings the cluster to what is planned, and waits until the nodes are known.
async fn converge(
    cx: &Context<CloudProviderResource>,
    access: &Access,
    prior: Option<&CloudProviderModel>,
    mut plan: CloudProviderModel,
) -> Result<CloudProviderModel, Diagnostics> {
    let component = objects::component(access);
    let found = component.find().await?;
    let password = plan.vcenter.password(
        prior.map(|prior| &prior.vcenter),
        prior.and_then(|prior| live_password(&found, prior)),
    );
    let password = password.ok_or_else(no_password)?;
    if plan.version.known().is_none() {
        let probe = access.cluster.probe().await;
        let probe = probe.map_err(access.explain("Unable to reach the cluster"))?;
        plan.version = Attr::Known(versions::for_kubernetes(&probe.version)?);
    }
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
    nodes::wait_until_known(cx, access, &plan.vcenter, &password).await?;
    Ok(plan)
}

fn live_password(found: &Found, model: &CloudProviderModel) -> Option<SecretString> {
    let secret = found.get(&objects::secret_key())?;
    secret
        .data_text(&objects::password_key(&model.vcenter.server))
        .map(SecretString::from)
}
