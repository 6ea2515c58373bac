//! `cht_ebs_snapshot`: what was on a volume at one moment.
//!
//! API: CreateSnapshot, DescribeSnapshots, DeleteSnapshot. In place: name and tags.
//!
//! - [`model`] has the attributes, [`plan`] what a plan shows and refuses.
//! - [`steps`] does one thing after another; the calls are in [`ec2::volumes`](super::ec2::volumes).
//!
//! Making one has no token, so a creation that was killed is found again by its mark, however long it takes AWS.

mod model;
mod plan;
mod steps;

use aws_sdk_ec2::types::Snapshot;
use tf_framework::context::Context;
use tf_framework::diagnostics::Diagnostics;
use tf_framework::resource::{Plan, Resource};
use tf_framework::{Attr, ImportBy};

use self::model::{SnapshotIdentity, SnapshotModel};
use super::account::Account;
use super::creation::{self, Creation, NEW};
use super::diagnostics::explained;
use super::ec2::by_key;
use super::kept::Kept;
use super::tags::Tags;
use crate::provider::Clients;

const READ: &str = "Unable to read the snapshot";
const CREATE: &str = "Unable to create the snapshot";
const UPDATE: &str = "Unable to update the snapshot";
const DELETE: &str = "Unable to delete the snapshot";
const IMPORT: &str = "Unable to import the snapshot";

/// The owner of the snapshots of the account itself.
pub(super) const SELF: &str = "self";

/// Manages one snapshot.
#[derive(Debug)]
pub struct SnapshotResource;

impl Resource for SnapshotResource {
    type Model = SnapshotModel;
    type Clients = Clients;
    type Private = Kept;
    type Identity = SnapshotIdentity;

    const TYPE_NAME: &'static str = "cht_ebs_snapshot";

    async fn modify_plan(&self, _: &Context<Self>, plan: &mut Plan<'_, '_, Self>) -> Result<(), Diagnostics> {
        plan::check(plan)
    }

    async fn create(&self, cx: &Context<Self>, plan: SnapshotModel) -> Result<SnapshotModel, Diagnostics> {
        let account = Clients::aws(cx).await?;
        keep(cx, &account, &plan).await?;
        let creation = Creation::begin();
        let id = steps::make(cx, &account, &plan, &creation).await?;
        let mut plan = plan;
        plan.id = Attr::Known(id.clone());
        cx.checkpoint(&plan);
        let made = steps::wait_until_completed(cx, &account, &id, CREATE).await?;
        let marked = account
            .set_ec2_tags(&id, &by_key(made.tags()), &creation.end(), &[])
            .await;
        marked.map_err(explained(CREATE))?;
        Ok(plan.observed(&made))
    }

    async fn read(&self, cx: &Context<Self>, state: SnapshotModel) -> Result<Option<SnapshotModel>, Diagnostics> {
        let account = Clients::aws(cx).await?;
        cx.private()?.in_account.check(&account).await?;
        let Some(snapshot) = account.snapshot(state.id()).await.map_err(explained(READ))? else {
            return Ok(None);
        };
        note_saved(&account, &snapshot).await;
        Ok(Some(state.observed(&snapshot)))
    }

    async fn update(
        &self,
        cx: &Context<Self>,
        prior: SnapshotModel,
        plan: SnapshotModel,
    ) -> Result<SnapshotModel, Diagnostics> {
        let account = Clients::aws(cx).await?;
        let private = cx.private()?;
        private.in_account.check(&account).await?;
        let id = prior.id();
        let is = account
            .snapshot(id)
            .await
            .map_err(explained(UPDATE))?
            .ok_or_else(|| gone(id))?;
        let wanted = plan.wanted_tags(&account.default_tags());
        let tagged = account
            .set_ec2_tags(id, &by_key(is.tags()), &wanted, &private.tag_keys)
            .await;
        tagged.map_err(explained(UPDATE))?;
        keep(cx, &account, &plan).await?;
        let made = steps::wait_until_completed(cx, &account, id, UPDATE).await?;
        Ok(plan.observed(&made))
    }

    async fn delete(&self, cx: &Context<Self>, state: SnapshotModel) -> Result<(), Diagnostics> {
        let account = Clients::aws(cx).await?;
        cx.private()?.in_account.check(&account).await?;
        account.delete_snapshot(state.id()).await.map_err(explained(DELETE))
    }

    async fn import(&self, cx: &Context<Self>, by: ImportBy<SnapshotIdentity>) -> Result<SnapshotModel, Diagnostics> {
        let (ImportBy::Id(id) | ImportBy::Identity(SnapshotIdentity { id })) = by;
        let account = Clients::aws(cx).await?;
        let found = match id.starts_with("snap-") {
            true => account.snapshot(&id).await.map_err(explained(IMPORT))?,
            false => None,
        };
        let snapshot = found.ok_or_else(|| nothing_there(&account, &id))?;
        let model = SnapshotModel::imported(&snapshot, &account.default_tags());
        keep(cx, &account, &model).await?;
        Ok(model)
    }
}

/// Remembers where the snapshot is, and which tags are ours.
async fn keep(cx: &Context<SnapshotResource>, account: &Account, model: &SnapshotModel) -> Result<(), Diagnostics> {
    let tags = model.wanted_tags(&account.default_tags());
    cx.set_private(&Kept::of(account, tags).await?)
}

/// A state has the snapshot now, so no creation may take it over. What fails is done by the next refresh.
async fn note_saved(account: &Account, snapshot: &Snapshot) {
    let (id, is) = (snapshot.snapshot_id().unwrap_or_default(), by_key(snapshot.tags()));
    if creation::is_new(&is) {
        let unmarked = account.set_ec2_tags(id, &is, &Tags::new(), &[NEW.to_owned()]).await;
        creation::noted("snapshot", unmarked);
    }
}

fn gone(id: &str) -> Diagnostics {
    let detail = format!("Somebody has deleted {id} since the plan. Plan again.");
    Diagnostics::error("Snapshot is gone", detail)
}

fn nothing_there(account: &Account, id: &str) -> Diagnostics {
    let detail = format!(
        "There is no snapshot `{id}` in {} of this account. The id is like `snap-0a1b2c3d4e5f60718`.",
        account.region()
    );
    Diagnostics::error("No snapshot to import", detail)
}
