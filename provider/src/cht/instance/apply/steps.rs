//! The steps that creation and update share: apply, wait for pods, wait for CHT itself, look at the outcome. [`blame`]
//! says what is to be done about pods that do not come.

use std::time::Duration;

use tf_framework::context::{Backoff, Context, Progress};
use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::cht::application::Way;
use crate::cht::client::Client;
use crate::cht::instance::apply::database::Database;
use crate::cht::instance::desired::{self, Desired};
use crate::cht::instance::live::{self, application, ingress};
use crate::cht::instance::model::InstanceModel;
use crate::cht::instance::patience::Patience;
use crate::cht::instance::record::{self, Creation, Stage};
use crate::cht::instance::{InstanceResource, objects, upgrade};
use crate::cht::readiness::{Readiness, readiness};
use crate::kubernetes::diagnostics::Access;
use crate::kubernetes::rollout::{Reason, Rollout, RolloutStatus};
use crate::kubernetes::{Apply, Error, Found, Object, ObjectKey, ObjectSet};

mod blame;

/// How long something may be in a pod's way before it counts as a failure: registries come back, and containers end
/// while what they depend on is starting.
const ROLLOUT_GRACE: Duration = Duration::from_secs(45);

/// How long the cluster may take for what it usually mends by itself: a volume that is being made, a node that is being
/// added.
const PATIENCE: Duration = Duration::from_secs(10 * 60);

/// How long the address of the ingress is waited for: without an ingress controller it never comes.
const ADDRESS_PATIENCE: Duration = Duration::from_secs(60);

/// Checks that nothing in the way of the objects belongs to somebody else; `found` is what was there a moment ago.
pub(super) async fn check_ownership(access: &Access, desired: &Desired, found: &Found) -> Result<(), Diagnostics> {
    let checked = access.cluster.check_ownership(&desired.set, found).await;
    checked.map_err(access.explain("Unable to apply the CHT instance"))
}

/// What is to be applied, and how.
pub(super) struct Change<'a> {
    pub(super) desired: &'a Desired,
    pub(super) creation: &'a Creation,
    pub(super) database: Database<'a>,
    pub(super) how: Apply,
}

/// Applies the objects phase by phase, waits for the pods of each, and checks the database before anything uses it;
/// `applied` is called after every phase, and after one of which it is not known whether its objects were made.
pub(super) async fn apply(
    cx: &Context<InstanceResource>,
    access: &Access,
    change: Change<'_>,
    mut applied: impl FnMut() + Send,
) -> Result<(), Diagnostics> {
    let Change {
        desired,
        creation,
        database,
        how,
    } = change;
    let explain = access.explain("Unable to apply the CHT instance");
    wait_for_namespace(cx, access, &desired.set).await?;
    for (name, objects) in desired.phases() {
        tracing::debug!(phase = name, "applying objects");
        let outcome = access.cluster.apply_phase(objects, how).await;
        // Where no answer came, the objects may be there all the same, and must not be lost.
        if outcome.as_ref().err().is_none_or(Error::leaves_open) {
            applied();
        }
        outcome.map_err(&explain)?;
        let deployments: Vec<ObjectKey> = objects
            .iter()
            .map(|object| object.key().clone())
            .filter(|key| key.kind.kind == "Deployment")
            .collect();
        if !deployments.is_empty() {
            wait_for_pods(cx, access, deployments).await?;
        }
        if name == objects::COUCHDB_PHASE {
            database.check(cx, access).await?;
        }
        if name == objects::API_PHASE && database.stage == Stage::Creating {
            let record = record::object(database.model, Stage::Opened, creation)?;
            remember(access, &database.model.namespace, record).await?;
        }
    }
    Ok(())
}

/// Remembers in the cluster how far the instance is.
pub(in crate::cht::instance) async fn remember(
    access: &Access,
    namespace: &str,
    record: Object,
) -> Result<(), Diagnostics> {
    let set = ObjectSet::new(desired::owner(namespace)?, vec![vec![record]]);
    let remembered = access.cluster.apply(&set, Apply::Careful).await;
    remembered
        .map(|_| ())
        .map_err(access.explain("Unable to record how far the CHT instance is"))
}

/// Waits until a namespace that is being deleted, as by a deletion that was interrupted, is gone.
async fn wait_for_namespace(
    cx: &Context<InstanceResource>,
    access: &Access,
    set: &ObjectSet,
) -> Result<(), Diagnostics> {
    let explain = access.explain("Unable to apply the CHT instance");
    cx.wait("the deletion of the earlier namespace", Backoff::QUICK, || async {
        let leaving = access.cluster.namespaces_being_deleted(set).await.map_err(&explain)?;
        if leaving.is_empty() {
            return Ok::<_, Diagnostics>(Progress::Ready(()));
        }
        let leaving: Vec<String> = leaving.iter().map(ToString::to_string).collect();
        Ok(Progress::Pending(leaving.join("; ")))
    })
    .await
}

async fn wait_for_pods(
    cx: &Context<InstanceResource>,
    access: &Access,
    deployments: Vec<ObjectKey>,
) -> Result<(), Diagnostics> {
    let what = deployments
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(", ");
    let rollout = Mutex::new(Rollout::new(
        access.cluster.clone(),
        deployments,
        ROLLOUT_GRACE,
        PATIENCE,
    ));
    let in_the_way: Mutex<Option<Reason>> = Mutex::new(None);
    let explain = access.explain("Unable to watch the rollout");
    let waited = cx
        .wait(&what, Backoff::QUICK, || async {
            let status = rollout.lock().await.probe().await.map_err(&explain)?;
            match status {
                RolloutStatus::Ready => Ok(Progress::Ready(())),
                RolloutStatus::Progressing(status) => {
                    *in_the_way.lock().await = None;
                    Ok(Progress::Pending(status))
                }
                RolloutStatus::Blocked(reason) => {
                    let status = reason.to_string();
                    *in_the_way.lock().await = Some(reason);
                    Ok(Progress::Pending(status))
                }
                RolloutStatus::Failed(reason) => Err(blame::failed(&reason)),
            }
        })
        .await;
    let in_the_way = in_the_way.into_inner();
    waited.map_err(|failure| match in_the_way {
        Some(reason) => failure.at(blame::attribute(&reason)),
        None => failure,
    })
}

/// Waits until CHT serves requests in the version that is wanted, and answers with the version that it reports.
/// `client` makes what asks it.
pub(super) async fn wait_until_ready(
    cx: &Context<InstanceResource>,
    model: &InstanceModel,
    patience: &Patience,
    client: impl Fn() -> Result<Client<Way>, Diagnostics> + Send + Sync,
) -> Result<String, Diagnostics> {
    let what = "the CHT application";
    let patience = patience.restarted();
    // Images whose tag names no release, such as those of a branch, report what they like: that their pods run was
    // waited for.
    let expected = upgrade::version_of(model);
    cx.wait(what, Backoff::QUICK, || async {
        // The pod may be another one at each look, so each has a client of its own.
        let client = client()?;
        let status = match readiness(&client, expected.as_ref()).await {
            Ok(Readiness::Ready { version, .. }) => return Ok(Progress::Ready(version)),
            Ok(Readiness::Unauthorized) => return Err(application::unauthorized()),
            Ok(other) => other.to_string(),
            // A pod that is being replaced, or a connection that broke, is no reason to give up before the time is
            // over.
            Err(error) => application::status(&error)?,
        };
        patience.check(what, &status)?;
        Ok(Progress::Pending(status))
    })
    .await
}

/// Waits for the address that the ingress controller assigns, as long as that is worth it.
pub(super) async fn wait_for_address(
    cx: &Context<InstanceResource>,
    access: &Access,
    model: &InstanceModel,
) -> Result<Found, Diagnostics> {
    let began = Instant::now();
    let key = ingress::key(&model.namespace);
    let explain = access.explain("Unable to read the CHT instance");
    cx.wait("the address of the ingress", Backoff::QUICK, || async {
        if model.ingress.is_none() || began.elapsed() > ADDRESS_PATIENCE {
            return Ok(Progress::Ready(()));
        }
        let ingress = access.cluster.find_object(&key).await.map_err(&explain)?;
        Ok::<_, Diagnostics>(match ingress.as_ref().and_then(ingress::address_of) {
            Some(_) => Progress::Ready(()),
            None => Progress::Pending("the ingress has no address yet".to_owned()),
        })
    })
    .await?;
    let found = live::find(access, &model.namespace, &[model]).await?;
    if model.ingress.is_some() && ingress::address(&found, &model.namespace).is_none() {
        cx.warn(
            Diagnostic::warning(
                "Ingress has no address",
                "The instance runs, but no ingress controller has given its ingress an address yet. Check that a controller \
                 for the class is installed; the next refresh shows the address when there is one.",
            )
            .at(InstanceModel::INGRESS),
        );
    }
    Ok(found)
}
