//! `cht_eks_addon`: software that EKS installs in a cluster and looks after.
//!
//! - [`model`] has the attributes, [`plan`] what a plan shows and refuses;
//! - [`steps`] does one thing after another, `role` is what is made beside an add-on, `failure` tells users what went
//!   wrong; the calls are in [`eks::addons`](super::eks::addons).
//!
//! API: CreateAddon, UpdateAddon, DeleteAddon, with roles by pod identity. In place: everything but the names.
//!
//! An add-on that is there already is gone on with only if this provider has made it, as after a creation that was
//! killed.

mod failure;
mod model;
mod plan;
mod role;
mod steps;

use tf_framework::context::Context;
use tf_framework::diagnostics::Diagnostics;
use tf_framework::resource::{Plan, Resource};
use tf_framework::{Attr, ImportBy};

use self::model::{AddonIdentity, AddonModel, is_followed, tags_of};
use self::steps::Work;
use super::account::Account;
use super::diagnostics::{explain, explained};
use super::error::Error;
use super::iam;
use super::import;
use super::kept::{Kept, KeptWithRole};
use super::tags;
use crate::provider::Clients;

const READ: &str = "Unable to read the add-on";
const CREATE: &str = "Unable to create the add-on";
const UPDATE: &str = "Unable to update the add-on";
const DELETE: &str = "Unable to delete the add-on";
const IMPORT: &str = "Unable to import the add-on";

/// Manages one add-on.
#[derive(Debug)]
pub struct AddonResource;

impl Resource for AddonResource {
    type Model = AddonModel;
    type Clients = Clients;
    type Private = KeptWithRole;
    type Identity = AddonIdentity;

    const TYPE_NAME: &'static str = "cht_eks_addon";

    async fn modify_plan(&self, cx: &Context<Self>, plan: &mut Plan<'_, '_, Self>) -> Result<(), Diagnostics> {
        plan::show_outcome(plan);
        plan::check(cx, plan).await
    }

    async fn create(&self, cx: &Context<Self>, plan: AddonModel) -> Result<AddonModel, Diagnostics> {
        let account = Clients::aws(cx).await?;
        let role = plan.role_arn.is_unknown() && plan.wanted_policies().is_some();
        let role = role.then(|| role::name(&account, &plan));
        let private = keep(cx, &account, &plan, role).await?;
        let work = Work::of(cx, &account, private);
        let found = account.addon(plan.id()).await.map_err(explained(CREATE))?;
        if found.as_ref().is_some_and(|addon| !tags::are_ours(&tags_of(addon))) {
            return Err(failure::taken(&plan));
        }
        let plan = work.ensure_role(plan).await.map_err(explained(CREATE))?;
        cx.checkpoint(&plan);
        if found.is_some() {
            cx.warn(failure::found_again(&plan));
            return work.converge(plan).await;
        }
        if let Err(failed) = work.create(&plan).await {
            // Nobody would look for the role of an add-on that is not there.
            if account.addon(plan.id()).await.is_ok_and(|found| found.is_none()) {
                work.remove_role(&plan).await?;
            }
            return Err(failed);
        }
        work.finish(plan).await
    }

    async fn read(&self, cx: &Context<Self>, state: AddonModel) -> Result<Option<AddonModel>, Diagnostics> {
        let account = Clients::aws(cx).await?;
        let private = cx.private()?;
        private.in_account.check(&account).await?;
        let work = Work::of(cx, &account, private);
        let Some(addon) = account.addon(state.id()).await.map_err(explained(READ))? else {
            let has_left = work.has_left(&state).await.map_err(explained(READ))?;
            return Ok(has_left.then(|| failure::left(cx, state)));
        };
        if let Some(warning) = failure::sick(&state, &addon) {
            cx.warn(warning);
        }
        let role = work.role_of(&state, &addon).await.map_err(explained(READ))?;
        let mut read = state.observed(&addon, role.as_deref());
        read.newer_version = newer(&account, &read).await?;
        Ok(Some(read))
    }

    async fn update(&self, cx: &Context<Self>, prior: AddonModel, plan: AddonModel) -> Result<AddonModel, Diagnostics> {
        let account = Clients::aws(cx).await?;
        let private = cx.private()?;
        private.in_account.check(&account).await?;
        // A role that is made stays as long as nobody gives another one.
        let is_kept = prior.role_arn.known() == plan.role_arn.known() && private.role.is_some();
        let is_made = plan.role_arn.is_unknown() || is_kept;
        let role = is_made.then(|| role::name(&account, &plan));
        let kept = KeptWithRole {
            role: role.clone(),
            ..private.clone()
        };
        let work = Work::of(cx, &account, kept);
        let made = work.converge(plan).await?;
        if role.is_none() {
            let before = Work { private, ..work };
            before.remove_role(&made).await?;
        }
        keep(cx, &account, &made, role).await?;
        Ok(made)
    }

    async fn delete(&self, cx: &Context<Self>, state: AddonModel) -> Result<(), Diagnostics> {
        let account = Clients::aws(cx).await?;
        let private = cx.private()?;
        private.in_account.check(&account).await?;
        let work = Work::of(cx, &account, private);
        work.delete(&state).await?;
        work.remove_role(&state).await
    }

    async fn import(&self, cx: &Context<Self>, by: ImportBy<AddonIdentity>) -> Result<AddonModel, Diagnostics> {
        let account = Clients::aws(cx).await?;
        let (cluster, name) = match by {
            ImportBy::Id(id) => import::parts(&id, ':').ok_or_else(|| failure::nothing_there(&id))?,
            ImportBy::Identity(identity) => (identity.cluster_name, identity.addon_name),
        };
        let mut model = AddonModel::imported(cluster, name);
        let found = account.addon(model.id()).await.map_err(explained(IMPORT))?;
        let named = || failure::nothing_there(&format!("{}:{}", model.cluster_name, model.addon_name));
        let addon = found.ok_or_else(named)?;
        let work = Work::of(cx, &account, KeptWithRole::default());
        let role = work.role_of(&model, &addon).await.map_err(explained(IMPORT))?;
        model.tags = tags::of_user(&tags_of(&addon), &account.default_tags());
        let model = model.observed(&addon, role.as_deref());
        // What was made for it is known by its name, and is ours to change.
        let own = role::name(&account, &model);
        let is_own = role.is_some_and(|arn| iam::is_named(&arn, &own));
        keep(cx, &account, &model, is_own.then_some(own)).await?;
        Ok(model)
    }
}

/// The version that `default` or `latest` stands for now, if that is not installed.
async fn newer(account: &Account, state: &AddonModel) -> Result<Attr<String>, Diagnostics> {
    let Some(word) = state.addon_version.known().filter(|version| is_followed(version)) else {
        return Ok(Attr::Null);
    };
    match plan::offered(account, &state.cluster_name, &state.addon_name).await {
        Ok(offered) => {
            let version = offered.version(Some(word));
            let other = version.filter(|version| state.installed_version.known() != Some(version));
            Ok(other.into())
        }
        Err(Error::Denied { .. } | Error::NotFound { .. }) => Ok(state.newer_version.clone()),
        Err(error) => Err(explain(READ, &error)),
    }
}

/// Remembers where the add-on is, which tags are ours, and whether its role is.
async fn keep(
    cx: &Context<AddonResource>,
    account: &Account,
    model: &AddonModel,
    role: Option<String>,
) -> Result<KeptWithRole, Diagnostics> {
    let tags = tags::wanted(model.tags.as_ref(), &account.default_tags());
    let private = Kept::of(account, tags).await?.with_role(role);
    cx.set_private(&private)?;
    Ok(private)
}
