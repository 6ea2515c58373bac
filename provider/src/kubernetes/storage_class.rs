//! `cht_storage_class`: one way in which a cluster makes volumes.
//!
//! API:
//! [StorageClass](https://kubernetes.io/docs/reference/kubernetes-api/config-and-storage-resources/storage-class-v1/).
//! In place: whether it is the default, whether volumes can grow, and mount options. All else is decided once, so it
//! replaces the class; volumes that it has made stay as they are.
//!
//! - [`model`] has the attributes, and what they are in the API's words.
//! - [`plan`] asks the cluster what it would say, and warns of other default classes; `in_vcenter` asks a vCenter
//!   for the storage policy and the datastore; `preset` has well-known classes.

use tf_framework::Attr;
use tf_framework::ImportBy;
use tf_framework::context::{Backoff, Context, Progress};
use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use tf_framework::lifecycle::plan::Action;
use tf_framework::path::Path;
use tf_framework::resource::{Draft, Plan, Resource};

use self::model::{StorageClassIdentity, StorageClassModel};
use super::apply::Apply;
use super::diagnostics::{ATTRIBUTE as KUBERNETES, Access};
use super::kept::Kept;
use super::object::ObjectKey;
use super::read::{Found, LiveObject};
use crate::provider::Clients;

mod in_vcenter;
mod model;
mod plan;
mod preset;
#[cfg(test)]
mod tests;

const READ: &str = "Unable to read the storage class";
const CREATE: &str = "Unable to create the storage class";
const UPDATE: &str = "Unable to update the storage class";
const DELETE: &str = "Unable to delete the storage class";

/// Manages one storage class.
#[derive(Debug)]
pub struct StorageClassResource;

impl Resource for StorageClassResource {
    type Model = StorageClassModel;
    type Clients = Clients;
    type Private = Kept;
    type Identity = StorageClassIdentity;

    const TYPE_NAME: &'static str = "cht_storage_class";

    fn validate(&self, config: &Draft<Self>, diagnostics: &mut Diagnostics) {
        if let Attr::Known(kubernetes) = &config.kubernetes {
            kubernetes.validate(&Path::new(KUBERNETES), diagnostics);
        }
        let problem = match (&config.preset, &config.storage_provisioner) {
            (Attr::Null, Attr::Null) => "Say what makes the volumes: `storage_provisioner`, or `preset`.",
            (Attr::Known(_), Attr::Known(_)) => "`preset` says what makes the volumes. Leave one of them out.",
            _ => return,
        };
        let error = Diagnostic::error("Provisioner is not clear", problem);
        diagnostics.push(error.at(StorageClassModel::STORAGE_PROVISIONER));
    }

    async fn modify_plan(&self, cx: &Context<Self>, plan: &mut Plan<'_, '_, Self>) -> Result<(), Diagnostics> {
        if plan.action() != Action::Delete {
            plan::show_outcome(plan);
        }
        in_vcenter::check(cx, plan).await?;
        plan::try_in_cluster(cx, plan).await
    }

    async fn create(&self, cx: &Context<Self>, plan: StorageClassModel) -> Result<StorageClassModel, Diagnostics> {
        let access = Clients::access(cx, plan.kubernetes.as_ref()).await?;
        Kept::keep(cx, &access).await?;
        wait_for_earlier(cx, &access, &plan.key()).await?;
        if find(&access, &plan.key())
            .await?
            .is_some_and(|live| model::owner().owns(&live))
        {
            cx.warn(already_there(&plan.name));
        }
        put(cx, &access, &plan, Apply::Careful, CREATE).await
    }

    async fn read(
        &self,
        cx: &Context<Self>,
        state: StorageClassModel,
    ) -> Result<Option<StorageClassModel>, Diagnostics> {
        if cx.private()?.is_gone(cx, state.kubernetes.as_ref()).await {
            return Ok(None);
        }
        let access = Clients::access(cx, state.kubernetes.as_ref()).await?;
        match find(&access, &state.key())
            .await?
            .filter(|live| is_it(&cx.private(), live))
        {
            Some(live) => Ok(Some(state.refreshed(&live)?)),
            None => {
                Kept::check(cx, &access, &words(&state.name)).await?;
                Ok(None)
            }
        }
    }

    async fn update(
        &self,
        cx: &Context<Self>,
        _prior: StorageClassModel,
        plan: StorageClassModel,
    ) -> Result<StorageClassModel, Diagnostics> {
        let access = Clients::access(cx, plan.kubernetes.as_ref()).await?;
        Kept::check(cx, &access, &words(&plan.name)).await?;
        take_over(cx, &access, &plan.key(), UPDATE).await?;
        // Whatever differs shows as a change of an attribute, so who approved the plan approved taking it back.
        put(cx, &access, &plan, Apply::Repair, UPDATE).await
    }

    async fn delete(&self, cx: &Context<Self>, state: StorageClassModel) -> Result<(), Diagnostics> {
        if cx.private()?.is_gone(cx, state.kubernetes.as_ref()).await {
            return Ok(());
        }
        let access = Clients::access(cx, state.kubernetes.as_ref()).await?;
        Kept::check(cx, &access, &words(&state.name)).await?;
        let Some(live) = take_over(cx, &access, &state.key(), DELETE).await? else {
            return Ok(());
        };
        let found: Found = [live].into_iter().collect();
        let explain = access.explain(DELETE);
        let deleting = access.cluster.delete(&model::owner(), &found).await.map_err(&explain)?;
        cx.wait("the deletion of the storage class", Backoff::QUICK, || async {
            let remaining = access.cluster.probe_gone(&deleting).await.map_err(&explain)?;
            Ok::<_, Diagnostics>(match remaining.first() {
                None => Progress::Ready(()),
                Some(remaining) => Progress::Pending(remaining.to_string()),
            })
        })
        .await
    }

    async fn import(
        &self,
        cx: &Context<Self>,
        by: ImportBy<StorageClassIdentity>,
    ) -> Result<StorageClassModel, Diagnostics> {
        let name = match by {
            ImportBy::Id(name) | ImportBy::Identity(StorageClassIdentity { name }) => name,
        };
        let access = Clients::access(cx, None).await?;
        Kept::keep(cx, &access).await?;
        let live = find(&access, &model::key(&name)).await?.ok_or_else(|| {
            let detail = format!("The cluster has no storage class `{name}`. The id is the name of the class.");
            Diagnostics::error("No storage class to import", detail)
        })?;
        keep_uid(cx, &live)?;
        StorageClassModel::imported(&live)
    }
}

async fn find(access: &Access, key: &ObjectKey) -> Result<Option<LiveObject>, Diagnostics> {
    access.cluster.find_object(key).await.map_err(access.explain(READ))
}

/// Whether a class is the one of the state: another one may have got its name.
fn is_it(kept: &Result<Kept, Diagnostics>, live: &LiveObject) -> bool {
    let is_kept = |kept: &Kept| kept.uid.as_deref() == Some(live.uid());
    model::owner().owns(live) || kept.as_ref().is_ok_and(is_kept)
}

/// Waits until an earlier class of this name, which is being deleted, is gone.
async fn wait_for_earlier(
    cx: &Context<StorageClassResource>,
    access: &Access,
    key: &ObjectKey,
) -> Result<(), Diagnostics> {
    cx.wait("the deletion of the earlier storage class", Backoff::QUICK, || async {
        let live = find(access, key).await?;
        Ok::<_, Diagnostics>(match live.filter(LiveObject::is_being_deleted) {
            None => Progress::Ready(()),
            Some(live) => Progress::Pending(format!("waits for finalizers: {}", live.finalizers().join(", "))),
        })
    })
    .await
}

/// Makes the class of the state ours, if it was imported and somebody else has made it. Answers with it, if it is
/// there.
async fn take_over(
    cx: &Context<StorageClassResource>,
    access: &Access,
    key: &ObjectKey,
    summary: &str,
) -> Result<Option<LiveObject>, Diagnostics> {
    let Some(live) = find(access, key).await?.filter(|live| is_it(&cx.private(), live)) else {
        return Ok(None);
    };
    if model::owner().owns(&live) {
        return Ok(Some(live));
    }
    let found: Found = [live].into_iter().collect();
    let taken = access.cluster.take_over(&model::owner(), &found).await;
    taken.map_err(access.explain(summary))?;
    find(access, key).await
}

async fn put(
    cx: &Context<StorageClassResource>,
    access: &Access,
    plan: &StorageClassModel,
    how: Apply,
    summary: &str,
) -> Result<StorageClassModel, Diagnostics> {
    let applied = access.cluster.apply(&plan.set()?, how).await;
    // Where no answer came, the class may be there all the same, and must not be lost.
    if applied.as_ref().err().is_none_or(super::Error::leaves_open) {
        cx.checkpoint(plan);
    }
    let applied = applied.map_err(access.explain(summary))?;
    if let Some(live) = applied.get(&plan.key()) {
        keep_uid(cx, live)?;
    }
    Ok(plan.clone())
}

fn keep_uid(cx: &Context<StorageClassResource>, live: &LiveObject) -> Result<(), Diagnostics> {
    cx.set_private(&cx.private()?.of_object(live))
}

fn words(name: &str) -> String {
    format!("the storage class {name}")
}

/// It may be what a creation left that was killed, or belong to another state: the marks are the same.
fn already_there(name: &str) -> Diagnostic {
    let detail = format!(
        "This provider has made the storage class {name} before, and it is taken into this state. If it belongs to another \
         state, choose another name."
    );
    Diagnostic::warning("Storage class exists already", detail).at(StorageClassModel::NAME)
}
