//! `cht_instance`: one CHT instance in a Kubernetes namespace.
//!
//! It is deliberately more than one API object: what the objects of an instance have in common (names, credentials, order of
//! creation, readiness) is what is hard to get right, and none of them is of use without the others.
//!
//! - [`model`] has the attributes, [`checks`] their rules, [`mod@validate`] those that concern several attributes, [`plan`]
//!   those that need the prior state, [`trial`] what the cluster says to a plan: [`data_guard`] for what would lose data,
//!   [`lookups`] and [`classes`] for what is there beside the instance, [`support`] for versions.
//! - [`tls`] and [`certificate`] judge a given certificate, [`routing`] what the cluster says to an ingress.
//! - [`spec`] and [`objects`] say which Kubernetes objects follow from them, [`from_model`] leads there, [`layout`] has what
//!   differs between versions.
//! - [`home`] tells the cluster of an instance from another one, where it would look as if it were gone.
//! - [`desired`] brings objects and cluster together, [`record`] remembers in the cluster what was configured, [`survey`]
//!   tells whether an instance can be made, [`unsaved`] takes a finished one that no state has, [`adoption`] is about those that the
//!   official Helm chart made.
//! - [`steps`] are what creation and update share, [`database`] proves that CouchDB is complete and has its data,
//!   [`teardown`] is what a deletion does.
//! - [`mod@update`] has the order of an update: [`rotation`] of the password, then [`mod@upgrade`], which prepares another version,
//!   then the rest. [`patience`] limits what they wait for, [`reach`] is the way to the application.
//!
//! In place: everything but `namespace` and `cluster_domain`, which replace an instance without data, and what CouchDB decides
//! once. Where there is data, both are refused.

use futures::try_join;
use k8s_openapi::jiff::Timestamp;
use tf_framework::context::Context;
use tf_framework::diagnostics::Diagnostics;
use tf_framework::resource::{Draft, Plan, Resource};
use tf_framework::{Attr, ImportBy};

use crate::cht::instance::credentials::{Credentials, Known};
use crate::cht::instance::database::{Data, Database};
use crate::cht::instance::desired::Desired;
use crate::cht::instance::model::{InstanceIdentity, InstanceModel};
use crate::cht::instance::patience::Patience;
use crate::cht::instance::record::{Record, Stage};
pub(crate) use crate::cht::instance::routing::Hosts;
use crate::cht::instance::routing::Private;
use crate::cht::instance::steps::Change;
use crate::cht::instance::survey::Survey;
use crate::cht::instance::teardown::Transition;
use crate::kubernetes::{Access, Apply, Found};
use crate::provider::Clients;

mod adoption;
mod certificate;
mod checks;
mod classes;
mod credentials;
mod data_guard;
mod database;
mod desired;
#[cfg(test)]
mod fixtures;
mod from_model;
mod home;
pub mod layout;
mod lookups;
mod membership;
mod model;
pub mod objects;
mod patience;
mod plan;
mod reach;
mod record;
mod rotation;
mod routing;
pub mod spec;
mod steps;
mod support;
mod survey;
mod teardown;
mod tls;
mod trial;
mod unsaved;
mod update;
mod upgrade;
mod validate;
mod volumes;

/// Manages one CHT instance.
#[derive(Debug)]
pub struct InstanceResource;

impl Resource for InstanceResource {
    type Model = InstanceModel;
    type Clients = Clients;
    type Private = Private;
    type Identity = InstanceIdentity;

    const TYPE_NAME: &'static str = "cht_instance";

    fn validate(&self, config: &Draft<Self>, diagnostics: &mut Diagnostics) {
        validate::validate(config, diagnostics);
    }

    async fn modify_plan(&self, cx: &Context<Self>, plan: &mut Plan<'_, '_, Self>) -> Result<(), Diagnostics> {
        trial::note_release(cx, plan).await;
        plan::show_outcome(plan);
        plan::check(plan)?;
        data_guard::check_directories(cx, plan)?;
        plan::warn_of_version(cx, plan);
        plan::check_certificate(cx, plan)?;
        plan::keep_what_is_replaced(cx, plan)?;
        trial::try_in_cluster(cx, plan).await
    }

    async fn create(&self, cx: &Context<Self>, mut plan: InstanceModel) -> Result<InstanceModel, Diagnostics> {
        let access = access(cx, &plan).await?;
        let survey = Survey::take(&access, &plan).await?;
        if unsaved::is_left(cx, &survey, &plan)? {
            return unsaved::take(cx, &access, survey, plan).await;
        }
        survey.allows_creation(&plan)?;
        check_ingress(cx, &access, &plan, None).await?;
        home::keep(cx, &access).await?;
        let (begun, stage) = (survey.begun(), survey.stage());
        lookups::check(cx, &access, &plan, None).await?;
        let credentials = Known::of(&plan.couchdb).or(survey.started_with).or_generate();
        credentials.store(&mut plan.couchdb);
        plan.adopted_from = Attr::Null;
        let goal = Goal {
            model: plan,
            credentials: &credentials,
            stage,
            how: Apply::Careful,
            found: survey.found,
            patience: Patience::of_operation(),
        };
        let made = converge(cx, &access, goal, |model| cx.checkpoint(model)).await?;
        if let Some(begun) = begun {
            let transition = Transition {
                prior: &begun,
                model: &made,
                credentials: &credentials,
            };
            transition.remove_obsolete(cx, &access).await?;
        }
        Ok(made)
    }

    async fn read(&self, cx: &Context<Self>, mut state: InstanceModel) -> Result<Option<InstanceModel>, Diagnostics> {
        let access = access(cx, &state).await?;
        // A refresh is mostly waiting for answers, so both are asked at once; an instance that is gone has no pod to ask.
        let models = [&state];
        let (found, live_version) = try_join!(
            desired::find(&access, &state.namespace, &models),
            steps::live_version(cx, &access, &state),
        )?;
        if found.is_empty() {
            home::check(cx, &access, &state.namespace).await?;
            return Ok(None);
        }
        steps::store_live(&mut state, &found);
        upgrade::adopt(&mut state, live_version.as_deref(), &found);
        let live = desired::live_credentials(&found, &state.namespace);
        state.drift = Attr::Known(desired::differences(&state, live, &found)?);
        state.live_version = live_version.into();
        state.ready = Attr::Known(state.live_version.known().is_some());
        Ok(Some(state))
    }

    async fn update(
        &self,
        cx: &Context<Self>,
        prior: InstanceModel,
        plan: InstanceModel,
    ) -> Result<InstanceModel, Diagnostics> {
        let access = access(cx, &plan).await?;
        home::check_and_keep(cx, &access, &plan.namespace).await?;
        update::update(cx, prior, plan).await
    }

    async fn delete(&self, cx: &Context<Self>, state: InstanceModel) -> Result<(), Diagnostics> {
        let access = access(cx, &state).await?;
        home::check(cx, &access, &state.namespace).await?;
        let models = [&state];
        let found = desired::find(&access, &state.namespace, &models).await?;
        if teardown::may_hold_data(&found, &state) {
            plan::allows_destruction(&state)?;
        }
        let found = adoption::take_over(cx, &access, &models, found).await?;
        teardown::remove(cx, &access, &state, found).await
    }

    async fn import(&self, cx: &Context<Self>, by: ImportBy<InstanceIdentity>) -> Result<InstanceModel, Diagnostics> {
        let namespace = match by {
            ImportBy::Id(namespace) | ImportBy::Identity(InstanceIdentity { namespace }) => namespace,
        };
        let access = cx.clients().access(None).await?;
        home::keep(cx, &access).await?;
        let found = desired::find(&access, &namespace, &[]).await?;
        let Some(record) = Record::find(&found, &namespace) else {
            return adoption::import(cx, &access, &namespace).await;
        };
        let mut model = record.model()?;
        desired::restore_secrets(&mut model, &found);
        Ok(model)
    }
}

/// What the cluster is to be brought to, and how.
struct Goal<'a> {
    model: InstanceModel,
    credentials: &'a Credentials,
    stage: Stage,
    how: Apply,
    found: Found,
    patience: Patience,
}

/// Brings the cluster to the goal: applies, waits until CHT serves requests, and fills in what that brought. `save` gets the
/// model whenever more of it exists.
async fn converge(
    cx: &Context<InstanceResource>,
    access: &Access,
    goal: Goal<'_>,
    save: impl Fn(&InstanceModel) + Send + Sync,
) -> Result<InstanceModel, Diagnostics> {
    let Goal {
        mut model,
        credentials,
        stage,
        how,
        found,
        patience,
    } = goal;
    credentials.store(&mut model.couchdb);
    let desired = Desired::new(&model, credentials, stage)?;
    let desired = adoption::keep_volumes(&model, desired, &found);
    steps::check_ownership(access, &desired, &found).await?;
    let data = Data::expected(&model, stage, &found);
    // Many instances may be waited for at once, for a long time: none of them holds what it does not need.
    drop(found);
    let change = Change {
        desired: &desired,
        database: Database {
            model: &model,
            credentials,
            stage,
            data,
        },
        how,
    };
    steps::apply(cx, access, change, || save(&model)).await?;
    drop(desired);
    let version = steps::wait_until_ready(cx, access, &model, credentials, &patience).await?;
    let found = steps::wait_for_address(cx, access, &model).await?;
    steps::store_live(&mut model, &found);
    // Last of all: a process that is killed before is continued by the next.
    let record = if stage.is_creation() {
        record::finished(&model, Timestamp::now())?
    } else {
        record::object(&model, Stage::Created)?
    };
    steps::remember(access, &model.namespace, record).await?;
    model.live_version = Attr::Known(version);
    model.ready = Attr::Known(true);
    model.drift = Attr::Known(Vec::new());
    Ok(model)
}

/// Checks, before anything is changed, what the plan could not know: its values, or who else would come.
async fn check_ingress(
    cx: &Context<InstanceResource>,
    access: &Access,
    model: &InstanceModel,
    prior: Option<&InstanceModel>,
) -> Result<(), Diagnostics> {
    tls::check_before_apply(model, prior, Timestamp::now())?;
    routing::check_host(cx, access, model, prior).await
}

async fn access(cx: &Context<InstanceResource>, model: &InstanceModel) -> Result<Access, Diagnostics> {
    let access = cx.clients().access(model.kubernetes.as_ref()).await?;
    Ok(access.with_cancellation(cx.cancellation()))
}
