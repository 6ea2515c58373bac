//! `cht_k3s_cluster`: the servers of a k3s cluster, on hosts that are reached by SSH.
//!
//! All servers are in one resource, because they decide together: what is done to one depends on how the others are.
//!
//! - [`model`] has the attributes, [`checks`] their rules, [`mod@validate`] those that concern several attributes,
//!   [`plan`] and [`decided_once`] those that need the prior state, [`trial`] what the hosts say to a plan, [`blame`]
//!   which attribute that is about.
//! - [`spec`] says what [`fleet`](crate::k3s::fleet) is told, which carries out one step after another, [`ways`] how
//!   hosts are reached.
//! - [`creation`] finds one that was killed, [`mod@converge`] is what creation and update share, [`token`] which token
//!   is wanted, [`authorities`] which of one's own, [`mod@restore`] which snapshot is brought back, [`removal`] whether
//!   a cluster is gone, and what has to hold before it is given up.
//! - [`observe`] tells what was seen, [`refresh`] what is read anew, [`outputs`] what the cluster exports, [`adoption`]
//!   what an import finds.
//!
//! In place: everything but what is decided when a cluster is begun ([`decided_once`]), which is refused where there is
//! data. Nothing replaces a cluster.

use tf_framework::context::Context;
use tf_framework::diagnostics::Diagnostics;
use tf_framework::resource::{Draft, Plan, Resource};
use tf_framework::{Attr, ImportBy};

use crate::k3s::attributes::{known_images, read_images};
use crate::k3s::cluster::model::{ClusterIdentity, ClusterModel};
use crate::k3s::cluster::spec::Beside;
use crate::k3s::cluster::ways::Private;
use crate::k3s::fleet::{Fleet, Looked};
use crate::provider::Clients;

mod adoption;
mod authorities;
mod blame;
mod checks;
mod converge;
mod creation;
mod decided_once;
#[cfg(test)]
mod fixtures;
mod model;
mod observe;
mod outputs;
mod plan;
mod refresh;
mod removal;
mod restore;
mod spec;
mod token;
mod trial;
mod validate;
mod ways;

/// Manages the servers of one k3s cluster.
#[derive(Debug)]
pub struct ClusterResource;

impl Resource for ClusterResource {
    type Model = ClusterModel;
    type Clients = Clients;
    type Private = Private;
    type Identity = ClusterIdentity;

    const TYPE_NAME: &'static str = "cht_k3s_cluster";

    fn validate(&self, config: &Draft<Self>, diagnostics: &mut Diagnostics) {
        validate::validate(config, diagnostics);
    }

    async fn modify_plan(&self, cx: &Context<Self>, plan: &mut Plan<'_, '_, Self>) -> Result<(), Diagnostics> {
        plan::show_outcome(plan);
        plan::check(plan)?;
        token::check(cx, plan)?;
        plan::warn(cx, plan);
        restore::check(cx, plan)?;
        trial::try_on_hosts(cx, plan).await
    }

    async fn create(&self, cx: &Context<Self>, mut plan: ClusterModel) -> Result<ClusterModel, Diagnostics> {
        let hosts = ways::hosts(cx, &plan, None, &cx.private()?.pins)?;
        let (token, images) = (token::given(&plan)?, read_images(plan.images.as_ref()).await?);
        let fleet = |id: &str| {
            let beside = Beside {
                creating: true,
                token: token.clone(),
                images: images.clone(),
                ..Beside::of(id)
            };
            let fleet = Fleet::new(plan.fleet_spec(beside)?, hosts.clone());
            Ok::<_, Diagnostics>(fleet.with_authorities(authorities::given(&plan)))
        };
        let id = creation::new_id();
        let looked = converge::look(cx, &fleet(&id)?, |_| true).await?;
        creation::check_free(&looked)?;
        let id = creation::unfinished(&looked).unwrap_or(id);
        let fleet = fleet(&id)?;
        ways::keep_known(cx, &id, &hosts, &looked).await?;
        converge::judge(&fleet, &looked)?;
        let snapshot = restore::wanted(None, &plan, &looked)?;
        plan.id = Attr::Known(id);
        plan.drift = Attr::Known(vec![observe::UNFINISHED.to_owned()]);
        if snapshot.is_some() {
            cx.checkpoint(&plan);
        }
        let looked = restore::restore(cx, &fleet, snapshot, looked).await?;
        let save = |model: &ClusterModel, _: &Looked| cx.checkpoint(model);
        converge::converge(cx, &fleet, &hosts, (None, plan), &looked, save).await
    }

    async fn read(&self, cx: &Context<Self>, mut state: ClusterModel) -> Result<Option<ClusterModel>, Diagnostics> {
        let Some(id) = state.id.known().cloned() else {
            return Ok(Some(state));
        };
        let private = cx.private()?;
        let hosts = ways::hosts(cx, &state, None, &private.pins)?;
        let (images, missing) = known_images(state.images.as_ref(), &private.images).await;
        converge::warn_of(cx, &missing);
        let beside = Beside {
            token_hashes: private.token_hashes,
            adopted: private.adopted,
            images,
            ..Beside::of(&id)
        };
        let fleet = Fleet::new(state.fleet_spec(beside)?, hosts.clone());
        let looked = fleet.look().await;
        if removal::is_gone(&state, &looked) {
            return Ok(None);
        }
        let silent = blame::silent(&fleet, &looked, "What was last known of it is kept.");
        for warning in silent.into_iter().chain(observe::not_mended(&fleet, &looked)) {
            cx.warn(warning);
        }
        ways::keep_known(cx, &id, &hosts, &looked).await?;
        observe::store(&mut state, &fleet, &hosts, &looked).await;
        refresh::note_token(cx, &mut state, &looked)?;
        refresh::read_outputs(cx, &mut state, None, &fleet, &looked).await?;
        refresh::move_way(&mut state, &looked);
        Ok(Some(state))
    }

    async fn update(
        &self,
        cx: &Context<Self>,
        prior: ClusterModel,
        mut plan: ClusterModel,
    ) -> Result<ClusterModel, Diagnostics> {
        let private = cx.private()?;
        let hosts = ways::hosts(cx, &plan, Some(&prior), &private.pins)?;
        let id = prior.id.known().cloned().unwrap_or_else(creation::new_id);
        let (images, missing) = known_images(plan.images.as_ref(), &private.images).await;
        missing.into_result(())?;
        let beside = Beside {
            token: token::wanted(&prior, &plan, &private)?,
            renews_agent_token: token::renews_for_agents(&prior, &plan),
            adopted: private.adopted,
            images,
            prior: Some(&prior),
            ..Beside::of(&id)
        };
        let fleet = Fleet::new(plan.fleet_spec(beside)?, hosts.clone());
        let fleet = fleet.with_authorities(authorities::given(&plan));
        let is_new = |name: &str| match (prior.servers.get(name), plan.servers.get(name)) {
            (Some(before), Some(now)) => before.host != now.host,
            (None, _) => true,
            (Some(_), None) => false,
        };
        let mut looked = converge::look(cx, &fleet, is_new).await?;
        ways::keep_known(cx, &id, &hosts, &looked).await?;
        converge::judge(&fleet, &looked)?;
        let snapshot = restore::wanted(Some(&prior), &plan, &looked)?;
        // What is so whatever fails from here on.
        let mut reached = prior.clone();
        if snapshot.is_some() {
            looked = restore::restore(cx, &fleet, snapshot, looked).await?;
            reached.restore_from = plan.restore_from.clone();
            cx.checkpoint(&reached);
        }
        let servers = plan.servers.clone();
        let save = |_: &ClusterModel, looked: &Looked| cx.checkpoint(&observe::with_begun(&reached, &servers, looked));
        plan.id = Attr::Known(id);
        token::keep_previous(&prior, &mut plan);
        converge::converge(cx, &fleet, &hosts, (Some(&prior), plan), &looked, save).await
    }

    async fn delete(&self, cx: &Context<Self>, state: ClusterModel) -> Result<(), Diagnostics> {
        plan::allows_destruction(&state)?;
        let Some(id) = state.id.known().cloned() else {
            return Ok(());
        };
        let private = cx.private()?;
        let hosts = ways::hosts(cx, &state, None, &private.pins)?;
        let beside = Beside {
            token_hashes: private.token_hashes,
            adopted: private.adopted,
            ..Beside::of(&id)
        };
        let fleet = Fleet::new(state.fleet_spec(beside)?, hosts);
        let looked = removal::check_answers(&state, &fleet, fleet.look().await)?;
        let torn_down = fleet.tear_down(cx, &looked, &state.on_destruction()).await;
        for note in blame::notes(&torn_down.map_err(|stopped| fleet.diagnose(stopped))?) {
            cx.warn(note);
        }
        removal::check_gone(&state, &fleet.look().await)
    }

    async fn import(&self, cx: &Context<Self>, by: ImportBy<ClusterIdentity>) -> Result<ClusterModel, Diagnostics> {
        adoption::import(cx, by).await
    }
}
