//! Brings AWS and a cluster to what is planned, and takes everything away again, step by step.

use aws_sdk_eks::types::Cluster;
use tf_framework::Attr;
use tf_framework::context::Context;
use tf_framework::diagnostics::{Diagnostic, Diagnostics};

use super::super::account::Account;
use super::super::diagnostics::explained;
use super::super::eks_cluster_data::way;
use super::super::error::Error;
use super::certificate::WebhookCertificate;
use super::model::LoadBalancerControllerModel;
use super::objects::Parts;
use super::{CREATE, DELETE, LoadBalancerControllerResource, READ, VERSION, identity, ingresses, objects, pods};
use crate::kubernetes::component::resource::how;
use crate::kubernetes::{Access, Found, LiveObject, ObjectSet};

/// Brings AWS and the cluster to what is planned, and waits until the controller runs.
pub(super) async fn converge(
    cx: &Context<LoadBalancerControllerResource>,
    (account, access, cluster): (&Account, &Access, &Cluster),
    prior: Option<&LoadBalancerControllerModel>,
    mut plan: LoadBalancerControllerModel,
) -> Result<LoadBalancerControllerModel, Diagnostics> {
    let checkpoint = |model: &LoadBalancerControllerModel| {
        if prior.is_none() {
            cx.checkpoint(model);
        }
    };
    if !plan.is_auto() {
        identity::ensure(cx, account, &mut plan, checkpoint).await?;
    }
    let component = objects::component(access, &plan);
    let found = component.find().await?;
    let set = wanted(account, access, &plan, &found, Renewal::IfNeeded).await?;
    let how = how(prior.map(|prior| &prior.drift));
    component.put(cx, &set, how, || checkpoint(&plan)).await?;
    component.wait_for_pods(cx, &set, pods::failed).await?;
    plan.drift = Attr::Known(Vec::new());
    if plan.kubernetes.known().is_none() {
        plan.kubernetes = way(plan.cluster().unwrap_or_default(), cluster, account.region());
    }
    Ok(plan)
}

/// What the cluster should have, with the certificate that it has.
async fn wanted(
    account: &Account,
    access: &Access,
    model: &LoadBalancerControllerModel,
    found: &Found,
    renewal: Renewal,
) -> Result<ObjectSet, Diagnostics> {
    if model.is_auto() {
        return objects::auto_set(model);
    }
    let kept = found.get(&objects::secret_key()).and_then(WebhookCertificate::of);
    let kept = kept.filter(|kept| renewal == Renewal::Never || kept.lasts());
    let parts = Parts {
        region: account.region().to_owned(),
        tags: identity::given_tags(account, model),
        certificate: match kept {
            Some(kept) => kept,
            None => WebhookCertificate::made(&objects::webhook_names())?,
        },
        defined: definitions_of_others(access, found).await?,
    };
    objects::set(model, &parts)
}

/// What becomes of a certificate that ends before long.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Renewal {
    /// Another one is made.
    IfNeeded,
    /// It is taken as it is.
    Never,
}

/// What differs in the cluster, one line for each difference.
pub(super) async fn differences(
    account: &Account,
    access: &Access,
    model: &LoadBalancerControllerModel,
    found: &Found,
) -> Result<Vec<String>, Diagnostics> {
    let set = wanted(account, access, model, found, Renewal::Never).await?;
    let mut lines = objects::component(access, model).differences(&set, found);
    let kept = found.get(&objects::secret_key()).and_then(WebhookCertificate::of);
    if kept.is_some_and(|kept| !kept.lasts()) {
        lines.push("the certificate of the webhooks ends before long".to_owned());
    }
    Ok(lines)
}

/// Removes what is in the cluster, when nothing needs it any more.
pub(super) async fn remove_from_cluster(
    cx: &Context<LoadBalancerControllerResource>,
    account: &Account,
    access: &Access,
    state: &LoadBalancerControllerModel,
) -> Result<(), Diagnostics> {
    let component = objects::component(access, state);
    let found = component.find().await?;
    let served = ingresses::served(access, state).await?;
    ingresses::refuse(&served)?;
    if !served.is_empty() && !state.is_auto() && !runs(&found) {
        if state.force_finalizers {
            ingresses::release(cx, access, state).await?;
        } else {
            // Somebody has removed the controller, and only it can let its Ingresses go.
            let set = wanted(account, access, state, &found, Renewal::IfNeeded).await?;
            component.put(cx, &set, how(Some(&Attr::Null)), || ()).await?;
        }
    }
    ingresses::wait(cx, access, state).await?;
    let kept = definitions_in_use(access, &found).await?;
    if !kept.is_empty() {
        let detail = format!(
            "There are objects of these kinds that are not of this resource, and would be gone with them: {}.",
            kept.join(", ")
        );
        cx.warn(Diagnostic::warning("Kinds were kept", detail));
    }
    component.remove_but(cx, |live| kept.contains(&live.key().name)).await
}

/// The kinds of ours of which others have objects.
async fn definitions_in_use(access: &Access, found: &Found) -> Result<Vec<String>, Diagnostics> {
    let mut used = Vec::new();
    for (kind, key) in objects::definitions() {
        if found.get(&key).is_none() {
            continue;
        }
        let looked = access.cluster.look_at_all(kind).await;
        let all = looked.map_err(access.explain(DELETE))?.known();
        let is_others = |live: &LiveObject| found.get(live.key()).is_none();
        if all.is_none_or(|all| all.iter().any(is_others)) {
            used.push(key.name);
        }
    }
    Ok(used)
}

/// The kinds that somebody else has defined, as another installation leaves them: they are used as they are.
pub(super) async fn definitions_of_others(access: &Access, found: &Found) -> Result<Vec<String>, Diagnostics> {
    let mut defined = Vec::new();
    for (_, key) in objects::definitions() {
        if found.get(&key).is_some() {
            continue;
        }
        let live = access.cluster.find_object(&key).await;
        if live.map_err(access.explain(READ))?.is_some() {
            defined.push(key.name);
        }
    }
    Ok(defined)
}

/// Whether a controller runs.
fn runs(found: &Found) -> bool {
    let deployment = found.get(&objects::deployment_key());
    let ready = deployment.and_then(|live| live.json().pointer("/status/readyReplicas")?.as_u64());
    ready.unwrap_or_default() > 0
}

pub(super) async fn described(account: &Account, model: &LoadBalancerControllerModel) -> Result<Cluster, Diagnostics> {
    let described = account.describe_cluster(model.cluster().unwrap_or_default()).await;
    described.map_err(|error| {
        let is_name = matches!(error, Error::NotFound { .. });
        let failure = explained(CREATE)(error);
        if is_name {
            failure.at(LoadBalancerControllerModel::CLUSTER_NAME)
        } else {
            failure
        }
    })
}

/// Decides what the configuration leaves open: it is kept from then on.
pub(super) fn complete(model: &mut LoadBalancerControllerModel, cluster: &Cluster) {
    let name = model.cluster().map(str::to_owned);
    model.cluster_name = name.into();
    if model.is_auto() {
        for unused in [
            &mut model.vpc_id,
            &mut model.version,
            &mut model.role_name,
            &mut model.role_arn,
            &mut model.association_id,
        ] {
            if unused.known().is_none() {
                *unused = Attr::Null;
            }
        }
        return;
    }
    if model.vpc_id.known().is_none() {
        let network = cluster.resources_vpc_config();
        model.vpc_id = network.and_then(|network| network.vpc_id().map(str::to_owned)).into();
    }
    if model.version.known().is_none() {
        model.version = Attr::Known(VERSION.to_owned());
    }
}

/// A cluster has one controller: another class of it would belong to another resource.
pub(super) fn refuse_other_class(model: &LoadBalancerControllerModel, found: &Found) -> Result<(), Diagnostics> {
    let kind = objects::class_key(model).kind;
    let mut classes = found.objects().filter(|live| live.key().kind == kind);
    let Some(other) = classes.find(|live| live.key().name != model.ingress_class) else {
        return Ok(());
    };
    let detail = format!(
        "This provider has installed the controller in the cluster already, with the ingress class `{}`. A cluster has one controller: \
         change that resource, or import it, if no state has it.",
        other.key().name
    );
    Err(Diagnostic::error("Controller is there already", detail)
        .at(LoadBalancerControllerModel::INGRESS_CLASS)
        .into())
}
