//! `cht_ebs_volume`: a disk in the cloud that outlives what uses it.
//!
//! API: CreateVolume, ModifyVolume, DescribeVolumesModifications, DeleteVolume. In place: size, kind, speed, tags.
//!
//! - [`model`] has the attributes, [`plan`] what a plan refuses, `marks` the tags.
//! - [`steps`] does one thing after another, `failure` tells users what went wrong; the calls are in
//!   [`ec2::volumes`](super::ec2::volumes).

mod failure;
mod marks;
mod model;
mod plan;
mod steps;

use aws_sdk_ec2::types::Volume;
use tf_framework::ImportBy;
use tf_framework::context::Context;
use tf_framework::diagnostics::Diagnostics;
use tf_framework::resource::{Draft, Plan, Resource};

use self::model::{VolumeIdentity, VolumeModel};
use super::account::Account;
use super::creation::{self, Creation, NEW};
use super::diagnostics::explained;
use super::ec2::by_key;
use super::kept::Kept;
use super::tags::Tags;
use crate::provider::Clients;

const READ: &str = "Unable to read the volume";
const CREATE: &str = "Unable to create the volume";
const UPDATE: &str = "Unable to change the volume";
const DELETE: &str = "Unable to delete the volume";
const IMPORT: &str = "Unable to import the volume";

/// Manages one volume.
#[derive(Debug)]
pub struct VolumeResource;

impl Resource for VolumeResource {
    type Model = VolumeModel;
    type Clients = Clients;
    type Private = Kept;
    type Identity = VolumeIdentity;

    const TYPE_NAME: &'static str = "cht_ebs_volume";

    fn validate(&self, config: &Draft<Self>, diagnostics: &mut Diagnostics) {
        plan::validate(config, diagnostics);
    }

    async fn modify_plan(&self, cx: &Context<Self>, plan: &mut Plan<'_, '_, Self>) -> Result<(), Diagnostics> {
        plan::check(cx, plan).await
    }

    async fn create(&self, cx: &Context<Self>, plan: VolumeModel) -> Result<VolumeModel, Diagnostics> {
        let account = Clients::aws(cx).await?;
        keep(cx, &account, &plan).await?;
        let creation = Creation::begin();
        let id = steps::make(cx, &account, &plan, &creation).await?;
        cx.checkpoint(&plan.clone().with_id(&id));
        let volume = steps::wait_until_available(cx, &account, &id).await?;
        let marked = account
            .set_ec2_tags(&id, &by_key(volume.tags()), &creation.end(), &[])
            .await;
        marked.map_err(explained(CREATE))?;
        Ok(plan.observed(&volume, &account.default_tags()))
    }

    async fn read(&self, cx: &Context<Self>, state: VolumeModel) -> Result<Option<VolumeModel>, Diagnostics> {
        let account = Clients::aws(cx).await?;
        cx.private()?.in_account.check(&account).await?;
        let found = account.volume(state.id()).await.map_err(explained(READ))?;
        let Some(volume) = found else { return Ok(None) };
        note_saved(&account, &volume).await;
        Ok(Some(state.observed(&volume, &account.default_tags())))
    }

    async fn update(
        &self,
        cx: &Context<Self>,
        prior: VolumeModel,
        plan: VolumeModel,
    ) -> Result<VolumeModel, Diagnostics> {
        let account = Clients::aws(cx).await?;
        let private = cx.private()?;
        private.in_account.check(&account).await?;
        let plan = plan.with_id(prior.id());
        let is = find(&account, prior.id(), UPDATE).await?;
        let wanted = marks::wanted(&plan, &account.default_tags());
        let tagged = account
            .set_ec2_tags(plan.id(), &by_key(is.tags()), &wanted, &private.tag_keys)
            .await;
        tagged.map_err(explained(UPDATE))?;
        keep(cx, &account, &plan).await?;
        if let Some(change) = plan.change(&is) {
            steps::modify(cx, &account, plan.id(), change).await?;
        }
        let volume = find(&account, plan.id(), UPDATE).await?;
        Ok(plan.observed(&volume, &account.default_tags()))
    }

    async fn delete(&self, cx: &Context<Self>, state: VolumeModel) -> Result<(), Diagnostics> {
        let account = Clients::aws(cx).await?;
        cx.private()?.in_account.check(&account).await?;
        steps::delete(cx, &account, state.id()).await
    }

    async fn import(&self, cx: &Context<Self>, by: ImportBy<VolumeIdentity>) -> Result<VolumeModel, Diagnostics> {
        let (ImportBy::Id(id) | ImportBy::Identity(VolumeIdentity { id })) = by;
        let account = Clients::aws(cx).await?;
        let is_id = id.starts_with("vol-");
        let found = match is_id {
            true => account.volume(&id).await.map_err(explained(IMPORT))?,
            false => None,
        };
        let volume = found.ok_or_else(|| nothing_there(&account, &id))?;
        let model = VolumeModel::imported(&volume, &account.default_tags());
        keep(cx, &account, &model).await?;
        Ok(model)
    }
}

/// Remembers where the volume is, and which tags are ours.
async fn keep(cx: &Context<VolumeResource>, account: &Account, model: &VolumeModel) -> Result<(), Diagnostics> {
    let tags = marks::wanted(model, &account.default_tags());
    cx.set_private(&Kept::of(account, tags).await?)
}

async fn find(account: &Account, id: &str, summary: &str) -> Result<Volume, Diagnostics> {
    let found = account.volume(id).await.map_err(explained(summary))?;
    found.ok_or_else(|| {
        let detail = format!("Somebody has deleted {id} since the plan. Plan again.");
        Diagnostics::error("Volume is gone", detail)
    })
}

/// A state has the volume now, so no creation may take it over. What fails is done by the next refresh.
async fn note_saved(account: &Account, volume: &Volume) {
    let (id, is) = (volume.volume_id().unwrap_or_default(), by_key(volume.tags()));
    if creation::is_new(&is) {
        let unmarked = account.set_ec2_tags(id, &is, &Tags::new(), &[NEW.to_owned()]).await;
        creation::noted("volume", unmarked);
    }
}

fn nothing_there(account: &Account, id: &str) -> Diagnostics {
    let detail = format!(
        "There is no volume `{id}` in {} of this account. The id is like `vol-0a1b2c3d4e5f60718`.",
        account.region()
    );
    Diagnostics::error("No volume to import", detail)
}
