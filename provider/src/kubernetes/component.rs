//! A component of a cluster: objects that one resource puts there as a whole, keeps as they should be, and removes.
//!
//! [`super::apply`], [`super::drift()`], [`super::rollout`] and [`super::delete`] do the work; this is their order for
//! a resource whose model says all there is to say about its objects.

mod definitions;
pub mod resource;

use std::time::Duration;

use k8s_openapi::api::core::v1::Namespace;
use tf_framework::context::{Backoff, Progress, Scope};
use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use tokio::sync::Mutex;

use super::apply::{Apply, ObjectSet};
use super::client::Cluster;
use super::diagnostics::Access;
use super::drift::drift;
use super::error::Error;
use super::kind::Kind;
use super::object::ObjectKey;
use super::ownership::OwnerId;
use super::read::{Found, LiveObject};
use super::rollout::{Reason, Rollout, RolloutStatus};

/// How long something may be in a pod's way before it counts as a failure.
const GRACE: Duration = Duration::from_secs(45);

/// How long the cluster may take for what it usually mends by itself.
const PATIENCE: Duration = Duration::from_secs(5 * 60);

/// A component, and the cluster that it is in.
#[derive(Debug)]
pub struct Component<'a> {
    /// What messages call it, such as `vSphere cloud provider`.
    pub name: &'static str,
    /// The cluster.
    pub access: &'a Access,
    /// The mark on its objects.
    pub owner: OwnerId,
    /// The kinds of which it can have objects.
    pub kinds: &'a [Kind],
    /// The namespaces in which it can have objects.
    pub namespaces: &'a [&'a str],
}

impl Component<'_> {
    /// What is there of it.
    ///
    /// # Errors
    /// Fails if the cluster does not answer.
    pub async fn find(&self) -> Result<Found, Diagnostics> {
        let namespaces: Vec<String> = self.namespaces.iter().map(|&name| name.to_owned()).collect();
        let found = self.cluster().read(&self.owner, self.kinds, &namespaces).await;
        found.map_err(self.explain("read"))
    }

    /// Asks the cluster what it would say to the objects, and whether they are somebody else's.
    ///
    /// # Errors
    /// Fails if it would refuse them, or does not answer.
    pub async fn try_out(&self, set: &ObjectSet, how: Apply) -> Result<(), Diagnostics> {
        let checked = self.cluster().check_ownership(set, &Found::default()).await;
        checked.map_err(self.explain("create"))?;
        let tried = self.cluster().dry_run(set, how).await;
        let tried = tried.map_err(self.access.explain("Unable to try the plan in the cluster"))?;
        let mut diagnostics = Diagnostics::new();
        for (_, error) in tried.rejected {
            diagnostics.append(self.access.explain("Cluster refuses the plan")(error));
        }
        diagnostics.into_result(())
    }

    /// Puts its objects into the cluster, phase by phase, and removes what does not belong to it any more; `applied` is
    /// called as soon as there may be something.
    ///
    /// # Errors
    /// Fails if an object is somebody else's, and then nothing was changed, or if the cluster refuses one.
    pub async fn put<C: Sync>(
        &self,
        scope: &Scope<C>,
        set: &ObjectSet,
        how: Apply,
        mut applied: impl FnMut() + Send,
    ) -> Result<(), Diagnostics> {
        let found = self.find().await?;
        let checked = self.cluster().check_ownership(set, &found).await;
        checked.map_err(self.explain("create"))?;
        self.wait_for_namespaces(scope, set).await?;
        for phase in set.phases() {
            let outcome = self.cluster().apply_phase(phase, how).await;
            // Where no answer came, the objects may be there all the same, and must not be lost.
            if outcome.as_ref().err().is_none_or(Error::leaves_open) {
                applied();
            }
            outcome.map_err(self.explain("apply"))?;
            self.wait_for_definitions(scope, phase).await?;
        }
        let obsolete = found.filter(|live| !set.contains(live.key()) && !is_namespace(live));
        self.delete(scope, &obsolete, "what is not needed any more").await
    }

    /// Waits until its pods run; `failed` says what is to be done about one that does not.
    ///
    /// # Errors
    /// Fails with that if waiting does not help.
    pub async fn wait_for_pods<C: Sync>(
        &self,
        scope: &Scope<C>,
        set: &ObjectSet,
        failed: impl Fn(&Reason) -> Diagnostics + Sync,
    ) -> Result<(), Diagnostics> {
        let is_workload = |key: &&ObjectKey| matches!(key.kind.kind, "Deployment" | "DaemonSet");
        let workloads: Vec<ObjectKey> = set
            .objects()
            .map(|object| object.key())
            .filter(is_workload)
            .cloned()
            .collect();
        let what = workloads.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let rollout = Mutex::new(Rollout::new(self.cluster().clone(), workloads, GRACE, PATIENCE));
        let explain = self.access.explain("Unable to watch the rollout");
        scope
            .wait(&what, Backoff::QUICK, || async {
                match rollout.lock().await.probe().await.map_err(&explain)? {
                    RolloutStatus::Ready => Ok(Progress::Ready(())),
                    RolloutStatus::Progressing(status) => Ok(Progress::Pending(status)),
                    RolloutStatus::Blocked(reason) => Ok(Progress::Pending(reason.to_string())),
                    RolloutStatus::Failed(reason) => Err(failed(&reason)),
                }
            })
            .await
    }

    /// What differs in the cluster from these objects, one line for each difference.
    pub fn differences(&self, set: &ObjectSet, found: &Found) -> Vec<String> {
        let mut lines: Vec<String> = drift(set, found).iter().map(ToString::to_string).collect();
        let obsolete = found
            .objects()
            .filter(|live| !set.contains(live.key()) && !is_namespace(live));
        lines.extend(obsolete.map(|live| format!("{} is not needed any more", live.key())));
        lines
    }

    /// Removes it: workloads first, and its own namespace last, unless somebody else has anything in it.
    ///
    /// # Errors
    /// Fails if something cannot be deleted.
    pub async fn remove<C: Sync>(&self, scope: &Scope<C>) -> Result<(), Diagnostics> {
        self.remove_but(scope, |_| false).await
    }

    /// The same, but for what is kept.
    ///
    /// # Errors
    /// As [`Component::remove`].
    pub async fn remove_but<C: Sync>(
        &self,
        scope: &Scope<C>,
        is_kept: impl Fn(&LiveObject) -> bool,
    ) -> Result<(), Diagnostics> {
        let found = self.find().await?.filter(|live| !is_kept(live));
        self.delete(scope, &found.select(is_workload), "the workloads").await?;
        let rest = found.select(|live| !is_workload(live) && !is_namespace(live));
        self.delete(scope, &rest, "the objects").await?;
        for namespace in found.objects().filter(|live| is_namespace(live)) {
            let name = &namespace.key().name;
            let others = match self.cluster().others_in(&self.owner, name).await {
                Ok(others) => others.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
                Err(error) if error.is_forbidden() => "what these credentials are not allowed to list".to_owned(),
                Err(error) => return Err(self.access.explain("Unable to look into the namespace")(error)),
            };
            if others.is_empty() {
                let own = [namespace.clone()].into_iter().collect();
                self.delete(scope, &own, "the namespace").await?;
            } else {
                let detail = format!(
                    "The namespace {name} holds what is not part of the {}: {others}.",
                    self.name
                );
                scope.warn(Diagnostic::warning("Namespace was kept", detail));
            }
        }
        Ok(())
    }

    async fn delete<C: Sync>(&self, scope: &Scope<C>, doomed: &Found, what: &str) -> Result<(), Diagnostics> {
        if doomed.is_empty() {
            return Ok(());
        }
        let explain = self.explain("delete");
        let deleting = self.cluster().delete(&self.owner, doomed).await.map_err(&explain)?;
        let what = format!("the deletion of {what} of the {}", self.name);
        scope
            .wait(&what, Backoff::QUICK, || async {
                let remaining = self.cluster().probe_gone(&deleting).await.map_err(&explain)?;
                if remaining.is_empty() {
                    return Ok::<_, Diagnostics>(Progress::Ready(()));
                }
                let remaining: Vec<String> = remaining.iter().map(ToString::to_string).collect();
                Ok(Progress::Pending(remaining.join("; ")))
            })
            .await
    }

    /// Waits until a namespace that is being deleted, as by a deletion that was interrupted, is gone.
    async fn wait_for_namespaces<C: Sync>(&self, scope: &Scope<C>, set: &ObjectSet) -> Result<(), Diagnostics> {
        if !set.kinds().contains(&Kind::cluster::<Namespace>()) {
            return Ok(());
        }
        let explain = self.explain("apply");
        scope
            .wait("the deletion of the earlier namespace", Backoff::QUICK, || async {
                let leaving = self.cluster().namespaces_being_deleted(set).await.map_err(&explain)?;
                if leaving.is_empty() {
                    return Ok::<_, Diagnostics>(Progress::Ready(()));
                }
                let leaving: Vec<String> = leaving.iter().map(ToString::to_string).collect();
                Ok(Progress::Pending(leaving.join("; ")))
            })
            .await
    }

    fn cluster(&self) -> &Cluster {
        &self.access.cluster
    }

    /// What turns errors into diagnostics about what was attempted.
    fn explain(&self, verb: &str) -> impl Fn(Error) -> Diagnostics + '_ {
        let summary = format!("Unable to {verb} the {}", self.name);
        move |error| self.access.explain(&summary)(error)
    }
}

fn is_workload(live: &LiveObject) -> bool {
    matches!(live.key().kind.kind, "Deployment" | "DaemonSet")
}

fn is_namespace(live: &LiveObject) -> bool {
    live.key().kind == Kind::cluster::<Namespace>()
}
