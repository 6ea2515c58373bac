//! `cht_instance`: one CHT instance in a Kubernetes namespace.
//!
//! It is deliberately more than one API object: what the objects of an instance have in common (names, credentials,
//! order of creation, readiness) is what is hard to get right, and none of them is of use without the others.
//!
//! What each method needs is in the folder of its question:
//!
//! - [`model`]: which attributes there are, and what each accepts. [`mod@validate`]: what a configuration must not say.
//! - [`spec`]: what the attributes ask for, and what differs between versions. [`objects`]: which Kubernetes objects
//!   follow. [`desired`] joins them with the [`record`], which remembers in the cluster what was configured, and with
//!   [`credentials`]. [`claim`] tells by the record which creation has an instance.
//! - [`live`]: what is there of all that. [`adoption`]: the same for what the official Helm chart made.
//! - [`plan`]: what a plan shows, warns of and refuses; the cluster is asked as well.
//! - [`apply`]: how the cluster is changed. [`mod@upgrade`]: what another version needs before and after. [`patience`]
//!   limits what they wait for.
//!
//! In place: everything but `namespace` and `cluster_domain`, which replace an instance without data, and what CouchDB
//! decides once. Where there is data, both are refused.

use futures::try_join;
use tf_framework::context::Context;
use tf_framework::diagnostics::Diagnostics;
use tf_framework::resource::{Draft, Plan, Resource};
use tf_framework::{Attr, ImportBy};

use crate::cht::instance::apply::converge::{Goal, check_ingress, converge};
use crate::cht::instance::apply::teardown::{self, Transition};
use crate::cht::instance::apply::update;
use crate::cht::instance::credentials::Known;
use crate::cht::instance::live::{application, drift, secrets, which_cluster};
use crate::cht::instance::model::{InstanceIdentity, InstanceModel, Private};
use crate::cht::instance::patience::Patience;
pub(crate) use crate::cht::instance::plan::disks::Disks;
pub(crate) use crate::cht::instance::plan::hosts::Hosts;
use crate::cht::instance::plan::survey::{Survey, unsaved};
use crate::cht::instance::plan::{directories, storage, trial};
use crate::cht::instance::record::Record;
use crate::kubernetes::Apply;
use crate::provider::Clients;

mod adoption;
mod apply;
mod claim;
mod credentials;
mod desired;
#[cfg(test)]
mod fixtures;
mod live;
mod model;
pub mod objects;
mod patience;
mod plan;
mod record;
pub mod spec;
mod upgrade;
mod validate;

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
        directories::check(cx, plan)?;
        plan::warn_of_version(cx, plan);
        upgrade::next_line::warn(cx, plan);
        plan::check_certificate(cx, plan)?;
        plan::keep_what_is_replaced(cx, plan)?;
        trial::try_in_cluster(cx, plan).await
    }

    async fn create(&self, cx: &Context<Self>, mut plan: InstanceModel) -> Result<InstanceModel, Diagnostics> {
        let access = Clients::access(cx, plan.kubernetes.as_ref()).await?;
        let _turn = claim::turn(cx, &access, &plan.namespace).await?;
        let survey = Survey::take(&access, &plan).await?;
        if unsaved::is_left(cx, &survey, &plan)? {
            return unsaved::take(cx, &access, survey, plan).await;
        }
        survey.allows_creation(&plan)?;
        check_ingress(cx, &access, &plan, None).await?;
        which_cluster::keep(cx, &access).await?;
        let creation = claim::begin(cx, &survey)?;
        let (begun, stage) = (survey.begun(), survey.stage());
        storage::check(cx, &access, &plan, None).await?;
        let credentials = Known::of(&plan.couchdb).or(survey.started_with).or_generate();
        credentials.store(&mut plan.couchdb);
        plan.adopted_from = Attr::Null;
        let goal = Goal {
            model: plan,
            credentials: &credentials,
            stage,
            creation: &creation,
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
        claim::hand_over(cx, &creation);
        Ok(made)
    }

    async fn read(&self, cx: &Context<Self>, mut state: InstanceModel) -> Result<Option<InstanceModel>, Diagnostics> {
        if which_cluster::is_gone(cx, &state).await? {
            return Ok(None);
        }
        let access = Clients::access(cx, state.kubernetes.as_ref()).await?;
        // A refresh is mostly waiting for answers, so both are asked at once; an instance that is gone has no pod to
        // ask.
        let models = [&state];
        let (found, live_version) = try_join!(
            live::find(&access, &state.namespace, &models),
            application::live_version(cx, &access, &state),
        )?;
        if found.is_empty() {
            which_cluster::check(cx, &access, &state.namespace).await?;
            return Ok(None);
        }
        claim::settle(cx, &access, &state.namespace, &found).await?;
        live::store(&mut state, &found);
        upgrade::adopt(&mut state, live_version.as_deref(), &found);
        let live = secrets::credentials(&found, &state.namespace);
        state.drift = Attr::Known(drift::differences(&state, live, &found)?);
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
        let access = Clients::access(cx, plan.kubernetes.as_ref()).await?;
        which_cluster::check_and_keep(cx, &access, &plan.namespace).await?;
        update::update(cx, &access, prior, plan).await
    }

    async fn delete(&self, cx: &Context<Self>, state: InstanceModel) -> Result<(), Diagnostics> {
        if which_cluster::is_gone(cx, &state).await? {
            return Ok(());
        }
        let access = Clients::access(cx, state.kubernetes.as_ref()).await?;
        which_cluster::check(cx, &access, &state.namespace).await?;
        let _turn = claim::turn(cx, &access, &state.namespace).await?;
        let models = [&state];
        let found = live::find(&access, &state.namespace, &models).await?;
        if claim::is_anothers(cx, &state, &found)? {
            return Ok(());
        }
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
        let access = Clients::access(cx, None).await?;
        which_cluster::keep(cx, &access).await?;
        let found = live::find(&access, &namespace, &[]).await?;
        let Some(record) = Record::find(&found, &namespace) else {
            return adoption::import(cx, &access, &namespace).await;
        };
        claim::adopt(cx, &record)?;
        let mut model = record.model()?;
        secrets::restore(&mut model, &found);
        Ok(model)
    }
}
