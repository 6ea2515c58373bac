//! What a deletion does: workloads first, so that the data volume is free when its turn comes, if it comes at all.

use tf_framework::context::{Backoff, Context, Progress};
use tf_framework::diagnostics::{Diagnostic, Diagnostics};

use crate::cht::instance::InstanceResource;
use crate::cht::instance::credentials::Credentials;
use crate::cht::instance::desired::{self, Desired};
use crate::cht::instance::model::InstanceModel;
use crate::cht::instance::record::Stage;
use crate::kubernetes::{Access, Found, LiveObject};

/// Removes an instance; the data volume and the namespace that holds it only if they are not to be retained.
pub(super) async fn remove(
    cx: &Context<InstanceResource>,
    access: &Access,
    state: &InstanceModel,
) -> Result<(), Diagnostics> {
    let found = desired::find(access, &state.namespace, state.create_namespace).await?;
    let retained = |live: &LiveObject| state.retain_volumes && kind(live) == "PersistentVolumeClaim";
    delete(cx, access, state, found.clone().filter(is_workload), "the workloads").await?;
    let content = found
        .clone()
        .filter(|live| !is_workload(live) && kind(live) != "Namespace" && !retained(live));
    delete(cx, access, state, content, "the objects of the instance").await?;
    let namespace = found.filter(|live| kind(live) == "Namespace");
    if state.retain_volumes || namespace.is_empty() {
        return Ok(());
    }
    let others = access
        .cluster
        .others_in(&desired::owner(&state.namespace)?, &state.namespace)
        .await
        .map_err(access.explain("Unable to look into the namespace"))?;
    if others.is_empty() {
        return delete(cx, access, state, namespace, "the namespace").await;
    }
    let list = others.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    cx.warn(
        Diagnostic::warning(
            "Namespace was kept",
            format!(
                "The namespace {} holds what is not part of the instance: {list}. It was not deleted.",
                state.namespace
            ),
        )
        .at(InstanceModel::NAMESPACE),
    );
    Ok(())
}

/// Removes what the instance no longer consists of, such as the ingress after `ingress` was taken away.
pub(super) async fn remove_obsolete(
    cx: &Context<InstanceResource>,
    access: &Access,
    model: &InstanceModel,
    credentials: &Credentials,
) -> Result<(), Diagnostics> {
    let found = desired::find(access, &model.namespace, model.create_namespace).await?;
    let desired = Desired::new(model, credentials, Stage::Created)?;
    delete(
        cx,
        access,
        model,
        desired::obsolete(&desired, &found),
        "what is not needed any more",
    )
    .await
}

/// Deletes objects and waits until they are gone, finalizers included.
async fn delete(
    cx: &Context<InstanceResource>,
    access: &Access,
    model: &InstanceModel,
    doomed: Found,
    what: &str,
) -> Result<(), Diagnostics> {
    if doomed.is_empty() {
        return Ok(());
    }
    let explain = access.explain("Unable to delete the CHT instance");
    let owner = desired::owner(&model.namespace)?;
    let deleting = access.cluster.delete(&owner, &doomed).await.map_err(&explain)?;
    cx.wait(&format!("the deletion of {what}"), Backoff::QUICK, || async {
        let remaining = access.cluster.probe_gone(&deleting).await.map_err(&explain)?;
        if remaining.is_empty() {
            return Ok::<_, Diagnostics>(Progress::Ready(()));
        }
        Ok(Progress::Pending(
            remaining.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "),
        ))
    })
    .await
}

fn is_workload(live: &LiveObject) -> bool {
    matches!(kind(live), "Deployment" | "Ingress")
}

fn kind(live: &LiveObject) -> &'static str {
    live.key().kind.kind
}
