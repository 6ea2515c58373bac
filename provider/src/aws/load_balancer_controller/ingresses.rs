//! What needs the controller still: Ingresses and what else it keeps by a finalizer, until what it has made for them in
//! AWS is gone. Without the controller they would stay for good, with all that is in their namespaces.

use k8s_openapi::api::core::v1::Service;
use k8s_openapi::api::networking::v1::Ingress;
use tf_framework::context::{Backoff, Context, Progress};
use tf_framework::diagnostics::{Diagnostic, Diagnostics};

use super::LoadBalancerControllerResource;
use super::model::LoadBalancerControllerModel;
use crate::kubernetes::{Access, Kind, LiveObject, Looked};

/// How many are named.
const NAMED: usize = 10;

/// The finalizers of Ingresses, of Services and of target group bindings.
const FINALIZERS: [&str; 3] = [
    "ingress.k8s.aws/resources",
    "service.k8s.aws/resources",
    "elbv2.k8s.aws/resources",
];
const OF_GROUPS: &str = "group.ingress.k8s.aws/";

/// What needs the controller, or the class in Auto Mode.
pub(super) async fn served(
    access: &Access,
    model: &LoadBalancerControllerModel,
) -> Result<Vec<LiveObject>, Diagnostics> {
    let mut served = Vec::new();
    let kinds: &[Kind] = if model.is_auto() {
        &[Kind::namespaced::<Ingress>()]
    } else {
        &[
            Kind::namespaced::<Ingress>(),
            Kind::namespaced::<Service>(),
            Kind::TARGET_GROUP_BINDING,
        ]
    };
    for kind in kinds {
        let looked = access.cluster.look_at_all(*kind).await;
        let looked = looked.map_err(access.explain("Unable to look for what the load balancer controller serves"))?;
        match looked {
            Looked::Known(all) => served.extend(all.into_iter().filter(|live| is_served(model, live))),
            Looked::Forbidden => return Err(unseen(*kind)),
        }
    }
    Ok(served)
}

/// Waits until nothing needs the controller any more. What is not being deleted is not waited for.
///
/// # Errors
/// Something is to stay, or the cluster does not answer.
pub(super) async fn wait(
    cx: &Context<LoadBalancerControllerResource>,
    access: &Access,
    model: &LoadBalancerControllerModel,
) -> Result<(), Diagnostics> {
    let what = "Ingresses to be gone, with their load balancers (if the controller cannot run any more, set \
                `force_finalizers = true` and apply before the next try)";
    cx.wait(what, Backoff::QUICK, || async {
        let served = served(access, model).await?;
        refuse(&served)?;
        let left = names(served.iter());
        Ok::<_, Diagnostics>(match left.is_empty() {
            true => Progress::Ready(()),
            false => Progress::Pending(format!("still there: {left}")),
        })
    })
    .await
}

/// Lets what is being deleted go without the controller.
///
/// # Errors
/// Something is to stay, or the cluster refuses it.
pub(super) async fn release(
    cx: &Context<LoadBalancerControllerResource>,
    access: &Access,
    model: &LoadBalancerControllerModel,
) -> Result<(), Diagnostics> {
    let served = served(access, model).await?;
    refuse(&served)?;
    for live in &served {
        let dropped = access.cluster.drop_finalizers(live, is_finalizer).await;
        dropped.map_err(access.explain("Unable to let an Ingress go"))?;
    }
    if !served.is_empty() {
        let detail = format!(
            "The controller does not run any more, so {} went without it. What it had made for them is in AWS still: load balancers, \
             target groups and security groups with the tag `elbv2.k8s.aws/cluster = {}`. `cht_vpc` removes them with the network \
             if it knows the cluster by `cluster_names`; otherwise delete them yourself.",
            names(served.iter()),
            model.cluster().unwrap_or_default(),
        );
        cx.warn(Diagnostic::warning("Load balancers were left behind", detail));
    }
    Ok(())
}

/// Refuses to go on while something is there that nobody deletes.
fn refuse(served: &[LiveObject]) -> Result<(), Diagnostics> {
    let staying = names(served.iter().filter(|live| !live.is_being_deleted()));
    if staying.is_empty() {
        return Ok(());
    }
    let detail = format!(
        "Without what serves them, nobody could remove their load balancers, and they could not be deleted any more: {staying}. \
         Delete them first. Instances whose `kubernetes` is that of this resource are destroyed before it."
    );
    Err(Diagnostic::error("Ingresses are there still", detail)
        .at(LoadBalancerControllerModel::INGRESS_CLASS)
        .into())
}

fn is_served(model: &LoadBalancerControllerModel, live: &LiveObject) -> bool {
    if model.is_auto() {
        let class = live
            .json()
            .pointer("/spec/ingressClassName")
            .and_then(|name| name.as_str());
        return class == Some(&model.ingress_class);
    }
    live.finalizers().iter().any(|one| is_finalizer(one))
}

fn is_finalizer(finalizer: &str) -> bool {
    FINALIZERS.contains(&finalizer) || finalizer.starts_with(OF_GROUPS)
}

fn names<'a>(objects: impl Iterator<Item = &'a LiveObject>) -> String {
    let names: Vec<String> = objects.map(|live| live.key().to_string()).collect();
    let more = names.len().saturating_sub(NAMED);
    let named = names.into_iter().take(NAMED).collect::<Vec<_>>().join(", ");
    if more > 0 {
        format!("{named} and {more} more")
    } else {
        named
    }
}

fn unseen(kind: Kind) -> Diagnostics {
    let detail = format!(
        "These credentials may not list {} of the whole cluster, so nobody knows whether some still need the controller. Allow it, and \
         destroy again.",
        kind.resource()
    );
    Diagnostics::error("Ingresses cannot be seen", detail)
}
