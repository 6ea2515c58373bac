//! Who the controller is towards AWS: its role, and the pod identity association by which its pods have it.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_eks::types::PodIdentityAssociation;
use tf_framework::Attr;
use tf_framework::context::{Backoff, Context, Progress};
use tf_framework::diagnostics::{Diagnostic, Diagnostics};

use super::super::account::Account;
use super::super::diagnostics::{explain, explained};
use super::super::eks::pod_identity::PodIdentity;
use super::super::error::Error;
use super::super::iam::{RoleSpec, Trust};
use super::super::region::partition;
use super::super::tags::{self, Tags};
use super::model::LoadBalancerControllerModel;
use super::{LoadBalancerControllerResource, objects, policy};

/// How long the name of a role may be.
const LONGEST: usize = 64;

/// What the default name of the role ends with.
const SUFFIX: &str = "-load-balancer-controller";

/// Makes the role and the association, or brings them to what they should be; `made` is told as soon as there is one.
pub(super) async fn ensure(
    cx: &Context<LoadBalancerControllerResource>,
    account: &Account,
    model: &mut LoadBalancerControllerModel,
    made: impl Fn(&LoadBalancerControllerModel),
) -> Result<(), Diagnostics> {
    let spec = role(account, model);
    let arn = account.ensure_role(&spec).await.map_err(|error| of_role(&error))?;
    model.role_name = Attr::Known(spec.name);
    model.role_arn = Attr::Known(arn.clone());
    made(model);
    let association = associate(cx, account, model, &arn).await?;
    model.association_id = association.association_id().map(str::to_owned).into();
    made(model);
    Ok(())
}

/// What differs of the role and the association from what they should be; nothing is known of either if it is gone.
pub(super) async fn look(
    account: &Account,
    model: &mut LoadBalancerControllerModel,
) -> Result<Vec<String>, Diagnostics> {
    let mut lines = Vec::new();
    let explain = explained("Unable to read the load balancer controller's role");
    let spec = role(account, model);
    let live = account.role(&spec.name).await.map_err(&explain)?;
    model.role_arn = live.as_ref().map(|role| role.arn.clone()).into();
    let document = spec.inline.get(policy::NAME);
    if live.is_none() {
        lines.push(format!("the role {} is gone", spec.name));
    } else if account
        .inline_policy(&spec.name, policy::NAME)
        .await
        .map_err(&explain)?
        .as_ref()
        != document
    {
        lines.push(format!("the policy of the role {} is another one", spec.name));
    }
    let found = match model.association_id.known() {
        Some(id) => account.pod_identity_by_id(cluster(model), id).await,
        None => account.pod_identity(whom(model)).await,
    };
    let association = found.map_err(explained("Unable to read the load balancer controller's pod identity"))?;
    model.association_id = association
        .as_ref()
        .and_then(|one| one.association_id().map(str::to_owned))
        .into();
    match &association {
        None => lines.push(format!("the service account {} has no role", objects::NAME)),
        Some(live) if live.role_arn() != model.role_arn.known().map(String::as_str) => {
            lines.push(format!("the service account {} has another role", objects::NAME));
        }
        Some(_) => {}
    }
    Ok(lines)
}

/// Removes both, as far as they are there.
pub(super) async fn remove(account: &Account, model: &LoadBalancerControllerModel) -> Result<(), Diagnostics> {
    if let Some(id) = model.association_id.known() {
        let removed = account.delete_pod_identity(cluster(model), id).await;
        removed.map_err(explained(
            "Unable to remove the load balancer controller's pod identity",
        ))?;
    }
    let spec = role(account, model);
    let removed = account.delete_role(&spec.name, &spec.purpose).await;
    removed.map_err(explained("Unable to remove the load balancer controller's role"))
}

/// The tags of what is made for a cluster.
pub(super) fn given_tags(account: &Account, model: &LoadBalancerControllerModel) -> Tags {
    tags::given(model.tags.as_ref(), &account.default_tags())
}

/// The role as it should be.
fn role(account: &Account, model: &LoadBalancerControllerModel) -> RoleSpec {
    let (cluster, region) = (cluster(model), account.region());
    RoleSpec {
        name: role_name(model),
        purpose: format!("load-balancer-controller/{region}/{cluster}"),
        description: format!("The AWS Load Balancer Controller of the EKS cluster {cluster} in {region}"),
        trust: Trust::Pods,
        managed: BTreeSet::new(),
        inline: BTreeMap::from([(policy::NAME.to_owned(), policy::document(partition(region)))]),
        tags: given_tags(account, model),
    }
}

/// Name of the role: the one that is given, or one after the cluster.
pub(super) fn role_name(model: &LoadBalancerControllerModel) -> String {
    let by_cluster = || {
        let mut name = cluster(model).to_owned();
        name.truncate(LONGEST - SUFFIX.len());
        name + SUFFIX
    };
    model.role_name.known().cloned().unwrap_or_else(by_cluster)
}

/// Gives the service account the role. IAM takes a while to tell EKS of one that was just made.
async fn associate(
    cx: &Context<LoadBalancerControllerResource>,
    account: &Account,
    model: &LoadBalancerControllerModel,
    role_arn: &str,
) -> Result<PodIdentityAssociation, Diagnostics> {
    const SUMMARY: &str = "Unable to give the load balancer controller its role";
    let wanted = tags::wanted(model.tags.as_ref(), &account.default_tags());
    cx.wait("EKS to know the role", Backoff::QUICK, async || {
        let live = account.pod_identity(whom(model)).await.map_err(explained(SUMMARY))?;
        let done = match &live {
            Some(live) if !is_ours(live) => return Err(taken(model, live)),
            Some(live) if live.role_arn() == Some(role_arn) => return Ok(Progress::Ready(live.clone())),
            Some(live) => {
                let id = live.association_id().unwrap_or_default();
                account.update_pod_identity(cluster(model), id, role_arn).await
            }
            None => {
                let made = account.create_pod_identity(whom(model), role_arn, wanted.clone()).await;
                made.map(drop)
            }
        };
        match done {
            Ok(()) => Ok(Progress::Pending("EKS does not list it yet".to_owned())),
            Err(error) if is_too_early(&error) || error.is_unanswered() => Ok(Progress::Pending(error.to_string())),
            Err(error) => Err(explain(SUMMARY, &error)),
        }
    })
    .await
}

fn whom(model: &LoadBalancerControllerModel) -> PodIdentity<'_> {
    PodIdentity {
        cluster: cluster(model),
        namespace: objects::NAMESPACE,
        service_account: objects::NAME,
    }
}

fn cluster(model: &LoadBalancerControllerModel) -> &str {
    model.cluster().unwrap_or_default()
}

fn is_ours(association: &PodIdentityAssociation) -> bool {
    let tags = association.tags().cloned().unwrap_or_default();
    tags::are_ours(&tags.into_iter().collect())
}

/// Whether EKS does not know the role, or not yet.
fn is_too_early(error: &Error) -> bool {
    let said = error.refusal().map(|refusal| refusal.message.to_lowercase());
    (error.is_refused_with("InvalidParameterException") || error.is_refused_with("InvalidRequestException"))
        && said.is_some_and(|said| said.contains("role"))
}

fn of_role(error: &Error) -> Diagnostics {
    let explained = explain("Unable to make the load balancer controller's role", error);
    match error {
        Error::Foreign { .. } => explained.at(LoadBalancerControllerModel::ROLE_NAME),
        _ => explained,
    }
}

fn taken(model: &LoadBalancerControllerModel, live: &PodIdentityAssociation) -> Diagnostics {
    let detail = format!(
        "The service account {} in {} has a role already, {}, which somebody else has given it (association {}). If another tool has \
         installed the controller, remove that first. Nothing of it was changed.",
        objects::NAME,
        objects::NAMESPACE,
        live.role_arn().unwrap_or("unknown"),
        live.association_id().unwrap_or_default(),
    );
    let error = Diagnostic::error("Controller has a role already", detail);
    let attribute = match model.cluster_name {
        Attr::Null => LoadBalancerControllerModel::KUBERNETES,
        _ => LoadBalancerControllerModel::CLUSTER_NAME,
    };
    error.at(attribute).into()
}
