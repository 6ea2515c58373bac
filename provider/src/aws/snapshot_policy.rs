//! `cht_snapshot_policy`: snapshots that AWS makes and deletes by itself.
//!
//! API: CreateLifecyclePolicy, UpdateLifecyclePolicy, DeleteLifecyclePolicy of Data Lifecycle Manager, and the role by
//! which it works. In place: everything but the name.
//!
//! - [`model`] has the attributes, [`plan`] what a plan shows and refuses, `details` what the policy does in the words
//!   of DLM.
//! - [`steps`] does one thing after another, with the `role` first; `drift` tells what differs. The calls are in
//!   [`dlm`](super::dlm) and [`iam`](super::iam).

mod details;
mod drift;
mod model;
mod plan;
mod role;
mod steps;

use aws_sdk_dlm::types::LifecyclePolicy;
use tf_framework::context::Context;
use tf_framework::diagnostics::Diagnostics;
use tf_framework::resource::{Draft, Plan, Resource};
use tf_framework::{Attr, ImportBy};

use self::model::{SnapshotPolicyIdentity, SnapshotPolicyModel, tags_of};
use super::account::Account;
use super::creation::{self, Creation, NEW};
use super::diagnostics::explained;
use super::kept::Kept;
use super::tags::{self, Tags};
use crate::provider::Clients;

const READ: &str = "Unable to read the snapshot policy";
const CREATE: &str = "Unable to create the snapshot policy";
const UPDATE: &str = "Unable to update the snapshot policy";
const DELETE: &str = "Unable to delete the snapshot policy";
const IMPORT: &str = "Unable to import the snapshot policy";

/// Manages one policy.
#[derive(Debug)]
pub struct SnapshotPolicyResource;

impl Resource for SnapshotPolicyResource {
    type Model = SnapshotPolicyModel;
    type Clients = Clients;
    type Private = Kept;
    type Identity = SnapshotPolicyIdentity;

    const TYPE_NAME: &'static str = "cht_snapshot_policy";

    fn validate(&self, config: &Draft<Self>, diagnostics: &mut Diagnostics) {
        plan::validate(config, diagnostics);
    }

    async fn modify_plan(&self, _: &Context<Self>, plan: &mut Plan<'_, '_, Self>) -> Result<(), Diagnostics> {
        plan::show_outcome(plan);
        Ok(())
    }

    async fn create(&self, cx: &Context<Self>, plan: SnapshotPolicyModel) -> Result<SnapshotPolicyModel, Diagnostics> {
        let account = Clients::aws(cx).await?;
        keep(cx, &account, &plan).await?;
        let creation = Creation::begin();
        let found = steps::earlier(&account, &plan, &creation).await?;
        let spec = steps::spec(&account, &plan, CREATE).await?;
        let (id, is_taken) = match found {
            Some(id) => {
                cx.warn(steps::found_again(&id));
                (id, true)
            }
            None => (steps::make(cx, &account, &plan, &spec, &creation).await?, false),
        };
        let mut plan = plan;
        plan.id = Attr::Known(id.clone());
        cx.checkpoint(&plan);
        if is_taken {
            let updated = account.update_lifecycle_policy(&id, &spec).await;
            updated.map_err(explained(CREATE))?;
        }
        Ok(plan.observed(&find(&account, &id, CREATE).await?))
    }

    async fn read(
        &self,
        cx: &Context<Self>,
        state: SnapshotPolicyModel,
    ) -> Result<Option<SnapshotPolicyModel>, Diagnostics> {
        let account = Clients::aws(cx).await?;
        cx.private()?.in_account.check(&account).await?;
        let Some(policy) = account.lifecycle_policy(state.id()).await.map_err(explained(READ))? else {
            return Ok(None);
        };
        note_saved(&account, &policy).await;
        let mut read = state.observed(&policy);
        read.drift = Attr::Known(drift::differences(&account, &read, &policy).await?);
        Ok(Some(read))
    }

    async fn update(
        &self,
        cx: &Context<Self>,
        prior: SnapshotPolicyModel,
        plan: SnapshotPolicyModel,
    ) -> Result<SnapshotPolicyModel, Diagnostics> {
        let account = Clients::aws(cx).await?;
        let private = cx.private()?;
        private.in_account.check(&account).await?;
        let is = find(&account, prior.id(), UPDATE).await?;
        let spec = steps::spec(&account, &plan, UPDATE).await?;
        steps::update(cx, &account, prior.id(), &spec).await?;
        let arn = is.policy_arn().unwrap_or_default();
        let wanted = wanted_tags(&account, &plan);
        let tagged = account
            .set_policy_tags(arn, &tags_of(&is), &wanted, &private.tag_keys)
            .await;
        tagged.map_err(explained(UPDATE))?;
        keep(cx, &account, &plan).await?;
        if plan.execution_role_arn.is_some() && prior.execution_role_arn.is_none() {
            role::remove(&account, &prior.name, UPDATE).await?;
        }
        Ok(plan.observed(&find(&account, prior.id(), UPDATE).await?))
    }

    async fn delete(&self, cx: &Context<Self>, state: SnapshotPolicyModel) -> Result<(), Diagnostics> {
        let account = Clients::aws(cx).await?;
        cx.private()?.in_account.check(&account).await?;
        // The policy comes last: once it is gone, a refresh forgets what is left beside it.
        if state.execution_role_arn.is_none() {
            role::remove(&account, &state.name, DELETE).await?;
        }
        let deleted = account.delete_lifecycle_policy(state.id()).await;
        deleted.map_err(explained(DELETE))
    }

    async fn import(
        &self,
        cx: &Context<Self>,
        by: ImportBy<SnapshotPolicyIdentity>,
    ) -> Result<SnapshotPolicyModel, Diagnostics> {
        let (ImportBy::Id(id) | ImportBy::Identity(SnapshotPolicyIdentity { id })) = by;
        let account = Clients::aws(cx).await?;
        let found = match id.starts_with("policy-") {
            true => account.lifecycle_policy(&id).await.map_err(explained(IMPORT))?,
            false => None,
        };
        let policy = found.ok_or_else(|| nothing_there(&account, &id))?;
        let name = policy.description().unwrap_or_default();
        let is_simple = policy
            .policy_details()
            .is_some_and(|details| details.schedules().len() == 1);
        if !is_simple || details::name().check(&name.into()).is_err() {
            return Err(other_kind(&id));
        }
        let role = role::name(&account, name);
        let model = SnapshotPolicyModel::imported(&policy, &role, &account.default_tags());
        keep(cx, &account, &model).await?;
        Ok(model)
    }
}

/// Remembers where the policy is, and which tags are ours.
async fn keep(
    cx: &Context<SnapshotPolicyResource>,
    account: &Account,
    model: &SnapshotPolicyModel,
) -> Result<(), Diagnostics> {
    let tags = wanted_tags(account, model);
    cx.set_private(&Kept::of(account, tags).await?)
}

async fn find(account: &Account, id: &str, summary: &str) -> Result<LifecyclePolicy, Diagnostics> {
    let found = account.lifecycle_policy(id).await.map_err(explained(summary))?;
    found.ok_or_else(|| {
        let detail = format!("Somebody has deleted {id} meanwhile. Plan again.");
        Diagnostics::error("Snapshot policy is gone", detail)
    })
}

/// A state has the policy now, so no creation may take it over. What fails is done by the next refresh.
async fn note_saved(account: &Account, policy: &LifecyclePolicy) {
    let (arn, is) = (policy.policy_arn().unwrap_or_default(), tags_of(policy));
    if creation::is_new(&is) {
        let unmarked = account.set_policy_tags(arn, &is, &Tags::new(), &[NEW.to_owned()]).await;
        creation::noted("snapshot policy", unmarked);
    }
}

fn wanted_tags(account: &Account, model: &SnapshotPolicyModel) -> Tags {
    tags::wanted(model.tags.as_ref(), &account.default_tags())
}

fn nothing_there(account: &Account, id: &str) -> Diagnostics {
    let detail = format!(
        "There is no lifecycle policy `{id}` in {} of this account. The id is like `policy-0a1b2c3d4e5f60718`.",
        account.region()
    );
    Diagnostics::error("No snapshot policy to import", detail)
}

fn other_kind(id: &str) -> Diagnostics {
    let detail = format!(
        "`{id}` does more than `cht_snapshot_policy` can say: it has not exactly one schedule for snapshots of volumes, or a description that is no \
         name. Manage it where it was made."
    );
    Diagnostics::error("Snapshot policy of another kind", detail)
}
