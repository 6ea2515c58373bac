//! `cht_eks_load_balancer_controller`: what gives Ingresses of an EKS cluster load balancers.
//!
//! It is one component of a cluster, as we make it ourselves: the AWS Load Balancer Controller with its role in IAM, a
//! pod identity association, its kinds, roles, a certificate for its webhooks, the Deployment and an ingress class. In
//! Auto Mode it is an ingress class alone. Creation ends when the controller runs.
//!
//! - [`model`] has the attributes.
//! - [`identity`] makes the role, which has the [`policy`], and the association.
//! - [`objects`] makes the objects of the cluster; [`certificate`] is what the API server knows the webhooks by.
//! - [`plan`] asks the cluster; [`steps`] brings it to what is planned, and [`pods`] explains what does not start.
//! - [`ingresses`] looks for what needs the controller still: it is removed last.
//!
//! In place: everything but the cluster, the mode, and the names of the class and the role.

mod certificate;
mod identity;
mod ingresses;
mod model;
mod objects;
mod plan;
mod pods;
mod policy;
mod steps;

use serde::{Deserialize, Serialize};
use tf_framework::context::Context;
use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use tf_framework::path::Path;
use tf_framework::resource::{Draft, Plan, Resource};
use tf_framework::{Attr, ImportBy};

use self::model::{AUTO, CONTROLLER, LoadBalancerControllerIdentity, LoadBalancerControllerModel};
use super::diagnostics::explained;
use super::eks_cluster_data::way;
use super::import;
use super::which_account::InAccount;
use crate::kubernetes::component::resource::already_there;
use crate::kubernetes::diagnostics::ATTRIBUTE as KUBERNETES;
use crate::kubernetes::kept::Kept;
use crate::provider::Clients;

/// What messages call it.
const NAME: &str = "AWS Load Balancer Controller";
const THE_NAME: &str = "the AWS Load Balancer Controller";

const READ: &str = "Unable to read the load balancer controller";
const CREATE: &str = "Unable to install the load balancer controller";
const DELETE: &str = "Unable to remove the load balancer controller";
const IMPORT: &str = "Unable to import the load balancer controller";

/// The version that is installed where none is given.
const VERSION: &str = "v3.5.0";

/// Manages the load balancer controller of a cluster, or a class of Auto Mode.
#[derive(Debug)]
pub struct LoadBalancerControllerResource;

/// What is kept beside a state.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Private {
    in_account: InAccount,
    #[serde(default)]
    in_cluster: Kept,
}

impl Resource for LoadBalancerControllerResource {
    type Model = LoadBalancerControllerModel;
    type Clients = Clients;
    type Private = Private;
    type Identity = LoadBalancerControllerIdentity;

    const TYPE_NAME: &'static str = "cht_eks_load_balancer_controller";

    fn validate(&self, config: &Draft<Self>, diagnostics: &mut Diagnostics) {
        let Attr::Known(kubernetes) = &config.kubernetes else {
            return;
        };
        kubernetes.validate(&Path::new(KUBERNETES), diagnostics);
        if kubernetes.eks.is_null() && config.cluster_name.is_null() {
            let detail = "The controller has to know the name of the cluster in EKS, and this way does not have it. Give \
                          `cluster_name`, too.";
            let error = Diagnostic::error("Name of the cluster is not known", detail);
            diagnostics.push(error.at(LoadBalancerControllerModel::CLUSTER_NAME));
        }
    }

    async fn modify_plan(&self, cx: &Context<Self>, plan: &mut Plan<'_, '_, Self>) -> Result<(), Diagnostics> {
        plan::show_outcome(plan);
        plan::check(cx, plan).await
    }

    async fn create(
        &self,
        cx: &Context<Self>,
        mut plan: LoadBalancerControllerModel,
    ) -> Result<LoadBalancerControllerModel, Diagnostics> {
        let account = Clients::aws(cx).await?;
        let cluster = steps::described(&account, &plan).await?;
        steps::complete(&mut plan, &cluster);
        let access = Clients::access(cx, plan.way().as_ref()).await?;
        cx.set_private(&Private {
            in_account: InAccount::of(&account).await?,
            in_cluster: Kept::of(&access).await?,
        })?;
        let found = objects::component(&access, &plan).find().await?;
        steps::refuse_other_class(&plan, &found)?;
        if !found.is_empty() {
            cx.warn(already_there(NAME));
        }
        steps::converge(cx, (&account, &access, &cluster), None, plan).await
    }

    async fn read(
        &self,
        cx: &Context<Self>,
        mut state: LoadBalancerControllerModel,
    ) -> Result<Option<LoadBalancerControllerModel>, Diagnostics> {
        let account = Clients::aws(cx).await?;
        let private = cx.private()?;
        private.in_account.check(&account).await?;
        let mut drift = if state.is_auto() {
            Vec::new()
        } else {
            identity::look(&account, &mut state).await?
        };
        let is_known_to_aws = state.role_arn.known().is_some() || state.association_id.known().is_some();
        let Some(name) = state.cluster() else { return Ok(None) };
        match account.recent_cluster(name).await {
            Ok(_) => {
                let access = Clients::access(cx, state.way().as_ref()).await?;
                let found = objects::component(&access, &state).find().await?;
                if found.is_empty() {
                    private.in_cluster.is_of(&access, THE_NAME).await?;
                    if !is_known_to_aws {
                        return Ok(None);
                    }
                }
                drift.extend(steps::differences(&account, &access, &state, &found).await?);
            }
            Err(error) if error.is_not_found() && !is_known_to_aws => return Ok(None),
            Err(error) if error.is_not_found() => drift.push(format!("the cluster {name} is gone")),
            Err(error) => return Err(explained(READ)(error)),
        }
        state.drift = Attr::Known(drift);
        Ok(Some(state))
    }

    async fn update(
        &self,
        cx: &Context<Self>,
        prior: LoadBalancerControllerModel,
        mut plan: LoadBalancerControllerModel,
    ) -> Result<LoadBalancerControllerModel, Diagnostics> {
        let account = Clients::aws(cx).await?;
        let private = cx.private()?;
        private.in_account.check(&account).await?;
        let cluster = steps::described(&account, &plan).await?;
        steps::complete(&mut plan, &cluster);
        let access = Clients::access(cx, plan.way().as_ref()).await?;
        private.in_cluster.is_of(&access, THE_NAME).await?;
        steps::converge(cx, (&account, &access, &cluster), Some(&prior), plan).await
    }

    async fn delete(&self, cx: &Context<Self>, state: LoadBalancerControllerModel) -> Result<(), Diagnostics> {
        let account = Clients::aws(cx).await?;
        let private = cx.private()?;
        private.in_account.check(&account).await?;
        let name = state.cluster().unwrap_or_default();
        match account.describe_cluster(name).await {
            Ok(_) => {
                let access = Clients::access(cx, state.way().as_ref()).await?;
                private.in_cluster.is_of(&access, THE_NAME).await?;
                steps::remove_from_cluster(cx, &account, &access, &state).await?;
            }
            // What was in it is gone with it.
            Err(error) if error.is_not_found() => {}
            Err(error) => return Err(explained(DELETE)(error)),
        }
        if state.is_auto() {
            return Ok(());
        }
        identity::remove(&account, &state).await
    }

    async fn import(
        &self,
        cx: &Context<Self>,
        by: ImportBy<LoadBalancerControllerIdentity>,
    ) -> Result<LoadBalancerControllerModel, Diagnostics> {
        let (cluster_name, ingress_class) = match by {
            ImportBy::Id(id) => import::parts(&id, ':').ok_or_else(|| nothing_there(&id))?,
            ImportBy::Identity(identity) => (identity.cluster_name, identity.ingress_class),
        };
        let account = Clients::aws(cx).await?;
        let cluster = account
            .describe_cluster(&cluster_name)
            .await
            .map_err(explained(IMPORT))?;
        let id = format!("{cluster_name}:{ingress_class}");
        let mut model = LoadBalancerControllerModel::named(cluster_name, ingress_class);
        model.kubernetes = way(model.cluster().unwrap_or_default(), &cluster, account.region());
        let access = Clients::access(cx, model.way().as_ref()).await?;
        for mode in [CONTROLLER, AUTO] {
            model.mode = mode.to_owned();
            let found = objects::component(&access, &model).find().await?;
            if found.get(&objects::class_key(&model)).is_none() {
                continue;
            }
            if !model.is_auto() {
                objects::imported(&found, &mut model).ok_or_else(|| nothing_there(&id))?;
                identity::look(&account, &mut model).await?;
                model.role_name = Attr::Known(identity::role_name(&model));
            }
            objects::imported_class(&found, &mut model);
            cx.set_private(&Private {
                in_account: InAccount::of(&account).await?,
                in_cluster: Kept::of(&access).await?,
            })?;
            return Ok(model);
        }
        Err(nothing_there(&id))
    }
}

fn nothing_there(id: &str) -> Diagnostics {
    let detail = format!(
        "There is no ingress class `{id}` that this provider has made. The id is the name of the cluster, a colon, and the name of the \
         ingress class, such as `moh:alb`. A controller that another tool has installed has to be removed by that."
    );
    Diagnostics::error("No load balancer controller to import", detail)
}
