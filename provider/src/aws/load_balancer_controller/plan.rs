//! What a plan shows, and what the cluster says to it. All of that is only looked up, so it only leads to errors and
//! warnings; where the cluster is not there yet, nothing is asked.

use tf_framework::Attr;
use tf_framework::context::Context;
use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use tf_framework::path::Path;
use tf_framework::resource::Plan;

use super::super::account::Account;
use super::super::diagnostics::explain;
use super::super::eks::clusters::is_new;
use super::super::error::Error;
use super::certificate::WebhookCertificate;
use super::model::LoadBalancerControllerModel;
use super::objects::Parts;
use super::steps::{complete, definitions_of_others};
use super::{LoadBalancerControllerResource, VERSION, identity, objects};
use crate::kubernetes::component::resource::{has_drift, how};
use crate::kubernetes::in_plan::known_cluster;
use crate::provider::Clients;

const SUMMARY: &str = "Unable to check the load balancer controller";

type ThePlan<'p, 'v> = Plan<'p, 'v, LoadBalancerControllerResource>;

/// Makes the plan show the name of the cluster, the version, and that what differs will be repaired.
pub(super) fn show_outcome(plan: &mut ThePlan<'_, '_>) {
    let Some(planned) = plan.planned() else { return };
    if plan.prior.as_ref().is_none_or(|prior| has_drift(&prior.drift)) {
        plan.set(LoadBalancerControllerModel::DRIFT, &Vec::<String>::new());
    }
    let is_controller = planned
        .mode
        .known()
        .is_some_and(|mode| mode == super::model::CONTROLLER);
    if let (true, Some(prior)) = (is_controller, &plan.prior) {
        // What is gone is made anew.
        let gone = [
            (LoadBalancerControllerModel::ROLE_ARN, prior.role_arn.is_null()),
            (
                LoadBalancerControllerModel::ASSOCIATION_ID,
                prior.association_id.is_null(),
            ),
        ];
        for (attribute, _) in gone.into_iter().filter(|(_, is_gone)| *is_gone) {
            plan.set_unknown(attribute);
        }
    }
    let way = planned.kubernetes.known().and_then(|way| way.eks.known());
    let of_way = way.and_then(|eks| eks.cluster_name.known().cloned());
    if let (Attr::Null, Some(name)) = (&plan.config.cluster_name, of_way) {
        let is_other = plan.prior.as_ref().is_some_and(|prior| prior.cluster() != Some(&name));
        plan.set(LoadBalancerControllerModel::CLUSTER_NAME, &name);
        if is_other {
            plan.require_replace(LoadBalancerControllerModel::CLUSTER_NAME);
        }
    }
    let is_controller = planned
        .mode
        .known()
        .is_some_and(|mode| mode == super::model::CONTROLLER);
    if is_controller && planned.version.is_unknown() {
        plan.set(LoadBalancerControllerModel::VERSION, &VERSION.to_owned());
    }
}

/// Refuses what cannot work.
pub(super) async fn check(
    cx: &Context<LoadBalancerControllerResource>,
    plan: &ThePlan<'_, '_>,
) -> Result<(), Diagnostics> {
    let Some(model) = plan.planned_model().filter(|_| plan.changed(Path::root())) else {
        return Ok(());
    };
    let (Some(name), false) = (model.cluster(), cx.clients().is_aws_unknown()) else {
        return Ok(());
    };
    let account = Clients::aws(cx).await?;
    let cluster = match account.describe_cluster(name).await {
        Ok(cluster) => cluster,
        // It may be made in the same apply.
        Err(Error::NotFound { .. }) => return Ok(()),
        Err(error) => return Err(explain(SUMMARY, &error)),
    };
    // A creation that was killed has left it, and is gone on with by the same apply: it may let nobody in yet.
    if is_new(&cluster) {
        return Ok(());
    }
    let network = cluster.kubernetes_network_config();
    let balancing = network.and_then(|network| network.elastic_load_balancing());
    let has_auto_mode = balancing.is_some_and(|balancing| balancing.enabled().unwrap_or_default());
    if model.is_auto() && !has_auto_mode {
        return Err(without_auto_mode(name));
    }
    let is_ready = cluster.endpoint().is_some_and(|endpoint| !endpoint.is_empty());
    if !is_ready {
        return Ok(());
    }
    let mut model = model.clone();
    complete(&mut model, &cluster);
    try_objects(cx, plan, &account, &model).await
}

async fn try_objects(
    cx: &Context<LoadBalancerControllerResource>,
    plan: &ThePlan<'_, '_>,
    account: &Account,
    model: &LoadBalancerControllerModel,
) -> Result<(), Diagnostics> {
    let access = match &plan.config.kubernetes {
        Attr::Null => Some(Clients::access(cx, model.way().as_ref()).await?),
        given => known_cluster(cx, given).await?,
    };
    let Some(access) = access else { return Ok(()) };
    let set = if model.is_auto() {
        objects::auto_set(model)?
    } else {
        let found = objects::component(&access, model).find().await?;
        let parts = Parts {
            region: account.region().to_owned(),
            tags: identity::given_tags(account, model),
            // The cluster takes any.
            certificate: WebhookCertificate::made(&objects::webhook_names())?,
            defined: definitions_of_others(&access, &found).await?,
        };
        objects::set(model, &parts)?
    };
    let how = how(plan.prior.as_ref().map(|prior| &prior.drift));
    objects::component(&access, model).try_out(&set, how).await
}

fn without_auto_mode(cluster: &str) -> Diagnostics {
    let detail = format!(
        "EKS makes load balancers for the cluster `{cluster}` only if it has Auto Mode, with load balancing. Enable that, or leave \
         `mode` out: then the AWS Load Balancer Controller is installed."
    );
    Diagnostic::error("Cluster without Auto Mode", detail)
        .at(LoadBalancerControllerModel::MODE)
        .into()
}
