//! What a deletion does: workloads first, so that the data volumes are free when their turn comes, if it comes at all.

use tf_framework::context::{Backoff, Context, Progress};
use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use tokio::sync::Mutex;

use crate::cht::instance::InstanceResource;
use crate::cht::instance::credentials::Credentials;
use crate::cht::instance::desired::{self, Desired};
use crate::cht::instance::live::{self, volumes};
use crate::cht::instance::model::InstanceModel;
use crate::cht::instance::record::{self, Record, Stage};
use crate::kubernetes::{Access, Found, LiveObject};

/// Removes an instance; the data volumes and the namespace that holds them only if they are not to be retained. A disk
/// that was given to the instance stays in any case: what is removed is only what leads to it.
///
/// An instance that nobody could use holds no data of its own. So that its creation can start over, its volumes go too,
/// unless they are older than the instance. Data goes when all else could be deleted, so that a deletion that is
/// refused something has not cost any. The record, which tells how far the instance was, goes last: a deletion that was
/// killed goes on as it began. So what data there is without a record was to stay, or is an earlier instance's.
pub(in crate::cht::instance) async fn remove(
    cx: &Context<InstanceResource>,
    access: &Access,
    state: &InstanceModel,
    found: Found,
) -> Result<(), Diagnostics> {
    let retained = if is_unused(&found, state) || has_lost_record(&found, state) {
        volumes::earlier(&found, &state.namespace)
    } else {
        found.select(|live| state.retain_volumes && volumes::is_data(live))
    };
    let namespace = &state.namespace;
    if has_lost_record(&found, state) && !state.retain_volumes && !retained.is_empty() {
        cx.warn(kept_without_record(&retained));
    }
    let deletion = Deletion { cx, access, namespace };
    delete(&deletion, found.select(is_workload), "the workloads").await?;
    let is_record = |live: &LiveObject| *live.key() == record::key(&state.namespace);
    let is_last = |live: &LiveObject| kind(live) == "Namespace" || is_record(live);
    let content = found.select(|live| !is_workload(live) && !is_last(live) && !volumes::is_data(live));
    delete(&deletion, content, "the objects of the instance").await?;
    let data = found.select(|live| volumes::is_data(live) && retained.get(live.key()).is_none());
    delete(&deletion, data, "the data volumes").await?;
    delete(&deletion, found.select(is_record), "the record").await?;
    let namespaces = found.filter(|live| kind(live) == "Namespace");
    if !retained.is_empty() || namespaces.is_empty() {
        return Ok(());
    }
    remove_namespace(&deletion, namespaces).await
}

/// Removes the namespace of an instance that is gone, unless it holds what is somebody else's.
async fn remove_namespace(deletion: &Deletion<'_>, namespaces: Found) -> Result<(), Diagnostics> {
    let Deletion { cx, access, namespace } = deletion;
    let others = match access.cluster.others_in(&desired::owner(namespace)?, namespace).await {
        Ok(others) if others.is_empty() => return delete(deletion, namespaces, "the namespace").await,
        Ok(others) => others.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        // Everything of the instance is gone by now; an empty namespace is no reason to fail.
        Err(error) if error.is_forbidden() => "what these credentials are not allowed to list".to_owned(),
        Err(error) => return Err(access.explain("Unable to look into the namespace")(error)),
    };
    let detail =
        format!("The namespace {namespace} may hold what is not part of the instance: {others}. It was not deleted.");
    cx.warn(Diagnostic::warning("Namespace was kept", detail).at(InstanceModel::NAMESPACE));
    Ok(())
}

/// Whether what there is of an instance may hold data that a deletion would take: not an empty namespace, which a
/// killed deletion left, nor volumes that stay in any case.
pub(in crate::cht::instance) fn may_hold_data(found: &Found, state: &InstanceModel) -> bool {
    let stays = |live: &LiveObject| has_lost_record(found, state) && volumes::is_data(live);
    let is_at_stake = |live: &LiveObject| kind(live) != "Namespace" && !stays(live);
    found.objects().any(is_at_stake) && !is_unused(found, state)
}

/// Whether the instance has never been open to users.
fn is_unused(found: &Found, state: &InstanceModel) -> bool {
    Record::find(found, &state.namespace).is_some_and(|record| record.stage == Stage::Creating)
}

/// Whether there is no record any more, or not yet, of an instance that gets one: only what another tool made has none.
fn has_lost_record(found: &Found, state: &InstanceModel) -> bool {
    !state.is_adopted() && Record::find(found, &state.namespace).is_none()
}

fn kept_without_record(retained: &Found) -> Diagnostic {
    let names: Vec<String> = retained.objects().map(|live| live.key().to_string()).collect();
    Diagnostic::warning(
        "Data volumes were kept",
        format!(
            "The record of the instance is not there, so nothing tells whether these are its own volumes or those of an \
             earlier instance: {}. They were not deleted. If the data is not needed, delete them by hand.",
            names.join(", ")
        ),
    )
    .at(InstanceModel::RETAIN_VOLUMES)
}

/// An instance that has become another one, or is about to.
pub(in crate::cht::instance) struct Transition<'a> {
    pub(in crate::cht::instance) prior: &'a InstanceModel,
    pub(in crate::cht::instance) model: &'a InstanceModel,
    pub(in crate::cht::instance) credentials: &'a Credentials,
}

impl Transition<'_> {
    /// Removes, before anything else is changed, pods that the instance no longer consists of and that hold its data
    /// volumes: a new pod on another Kubernetes node would wait for them, and they for nobody.
    pub(super) async fn free_volumes(
        &self,
        cx: &Context<InstanceResource>,
        access: &Access,
        found: &Found,
    ) -> Result<(), Diagnostics> {
        let holding = self.obsolete(found)?.filter(holds_volume);
        delete(&self.deletion(cx, access), holding, "what holds the data volumes").await
    }

    /// Removes what the instance no longer consists of, such as the ingress after `ingress` was taken away.
    pub(in crate::cht::instance) async fn remove_obsolete(
        &self,
        cx: &Context<InstanceResource>,
        access: &Access,
    ) -> Result<(), Diagnostics> {
        let found = live::find(access, &self.model.namespace, &[self.prior, self.model]).await?;
        let obsolete = self.obsolete(&found)?;
        delete(&self.deletion(cx, access), obsolete, "what is not needed any more").await
    }

    fn deletion<'a>(&'a self, cx: &'a Context<InstanceResource>, access: &'a Access) -> Deletion<'a> {
        let namespace = &self.model.namespace;
        Deletion { cx, access, namespace }
    }

    fn obsolete(&self, found: &Found) -> Result<Found, Diagnostics> {
        let desired = Desired::new(self.model, self.credentials, Stage::Updating)?;
        Ok(desired.obsolete(found))
    }
}

/// Where objects are deleted.
struct Deletion<'a> {
    cx: &'a Context<InstanceResource>,
    access: &'a Access,
    namespace: &'a str,
}

/// Deletes objects and waits until they are gone, finalizers included.
async fn delete(deletion: &Deletion<'_>, doomed: Found, what: &str) -> Result<(), Diagnostics> {
    let Deletion { cx, access, namespace } = deletion;
    if doomed.is_empty() {
        return Ok(());
    }
    let explain = access.explain("Unable to delete the CHT instance");
    let owner = desired::owner(namespace)?;
    let deleting = Mutex::new(access.cluster.delete(&owner, &doomed).await.map_err(&explain)?);
    cx.wait(&format!("the deletion of {what}"), Backoff::QUICK, || async {
        let mut deleting = deleting.lock().await;
        let remaining = access.cluster.probe_gone(&deleting).await.map_err(&explain)?;
        // What is gone once is not asked for again.
        deleting.retain(|one| remaining.iter().any(|remaining| remaining.key == one.key));
        if remaining.is_empty() {
            return Ok::<_, Diagnostics>(Progress::Ready(()));
        }
        Ok(Progress::Pending(
            remaining.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "),
        ))
    })
    .await
}

fn holds_volume(live: &LiveObject) -> bool {
    let volumes = live.json().pointer("/spec/template/spec/volumes");
    let volumes = volumes.and_then(|volumes| volumes.as_array());
    let is_claim = |volume: &serde_json::Value| volume.get("persistentVolumeClaim").is_some();
    volumes.is_some_and(|volumes| volumes.iter().any(is_claim))
}

fn is_workload(live: &LiveObject) -> bool {
    matches!(kind(live), "Deployment" | "Ingress")
}

fn kind(live: &LiveObject) -> &'static str {
    live.key().kind.kind
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cht::instance::fixtures::{cluster, minimal, state};

    #[test]
    fn an_instance_may_hold_data_from_when_users_may_come_until_nothing_but_its_namespace_is_left() {
        let state = state(&minimal());
        let may = |stage: Stage| may_hold_data(&cluster(&state, stage, &[]), &state);
        assert!(!may(Stage::Creating));
        for stage in [Stage::Opened, Stage::Adopting, Stage::Updating, Stage::Created] {
            assert!(may(stage), "{stage:?}");
        }
        let without_record = cluster(&state, Stage::Creating, &["terraform-provider-cht"]);
        assert!(
            may_hold_data(&without_record, &state),
            "nothing says that it holds none"
        );
        let namespace = without_record.clone().filter(|live| kind(live) == "Namespace");
        assert!(!may_hold_data(&namespace, &state));
        let volumes = without_record.filter(|live| kind(live) == "Namespace" || volumes::is_data(live));
        assert!(!may_hold_data(&volumes, &state), "they stay");
    }
}
