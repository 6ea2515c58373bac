//! `cht_ebs_volume`: a disk in the cloud that outlives what uses it.
//!
//! API: CreateVolume, ModifyVolume, DescribeVolumesModifications, DeleteVolume. In place: size, kind, speed, tags.
//! [`model`] has the attributes, `plan` what a plan refuses, `marks` the tags. The calls are in
//! [`ec2::volumes`](super::ec2::volumes).

mod marks;
mod model;
mod plan;

use aws_sdk_ec2::types::{Volume, VolumeModificationState, VolumeState};
use serde::{Deserialize, Serialize};
use tf_framework::ImportBy;
use tf_framework::context::{Backoff, Context, Progress};
use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use tf_framework::resource::{Draft, Plan, Resource};

use self::model::{VolumeIdentity, VolumeModel};
use super::account::Account;
use super::creation::{self, Creation, NEW, Origin};
use super::diagnostics::{explain, explained};
use super::ec2::by_key;
use super::ec2::volumes::VolumeChange;
use super::error::Error;
use super::tags::{self, Tags};
use super::time::rfc3339;
use super::which_account::InAccount;
use crate::provider::Clients;

const READ: &str = "Unable to read the volume";
const CREATE: &str = "Unable to create the volume";
const UPDATE: &str = "Unable to change the volume";
const DELETE: &str = "Unable to delete the volume";
const IMPORT: &str = "Unable to import the volume";

/// Manages one volume.
#[derive(Debug)]
pub struct VolumeResource;

/// What is kept beside a state.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Private {
    in_account: InAccount,
    /// The keys of the tags that we have set.
    tag_keys: Vec<String>,
}

impl Resource for VolumeResource {
    type Model = VolumeModel;
    type Clients = Clients;
    type Private = Private;
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
        let id = make(cx, &account, &plan, &creation).await?;
        cx.checkpoint(&plan.clone().with_id(&id));
        let volume = wait_until_available(cx, &account, &id).await?;
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
            modify(cx, &account, plan.id(), change).await?;
        }
        let volume = find(&account, plan.id(), UPDATE).await?;
        Ok(plan.observed(&volume, &account.default_tags()))
    }

    async fn delete(&self, cx: &Context<Self>, state: VolumeModel) -> Result<(), Diagnostics> {
        let account = Clients::aws(cx).await?;
        cx.private()?.in_account.check(&account).await?;
        delete(cx, &account, state.id()).await
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
    cx.set_private(&Private {
        in_account: InAccount::of(account).await?,
        tag_keys: marks::wanted(model, &account.default_tags()).into_keys().collect(),
    })
}

/// Makes the volume, or finds the one that an apply has begun to make of which nothing was saved.
async fn make(
    cx: &Context<VolumeResource>,
    account: &Account,
    plan: &VolumeModel,
    creation: &Creation,
) -> Result<String, Diagnostics> {
    if let Some(id) = earlier(account, plan, creation).await? {
        cx.warn(found_again(&id));
        return Ok(id);
    }
    let new = plan.new_volume(&account.default_tags(), creation);
    match account.create_volume(new).await {
        Ok(id) => Ok(id),
        Err(error) if error.is_unanswered() => {
            let found = earlier(account, plan, creation).await?;
            found.ok_or_else(|| explain(CREATE, &error))
        }
        Err(error) => Err(blame(&error)),
    }
}

/// The volume that this creation, or one that was killed, has made.
///
/// # Errors
/// There is one that is finished, and no state is known to have it: it may be in use, or about to be.
async fn earlier(account: &Account, plan: &VolumeModel, creation: &Creation) -> Result<Option<String>, Diagnostics> {
    let found = account
        .volumes_tagged(marks::NAME, &plan.name)
        .await
        .map_err(explained(CREATE))?;
    let wanted = marks::wanted(plan, &account.default_tags());
    for volume in found {
        let (Some(id), is) = (volume.volume_id(), by_key(volume.tags())) else {
            continue;
        };
        let is_same = volume.availability_zone() == Some(&plan.availability_zone)
            && plan.change(&volume).is_none()
            && tags::missing(&wanted, &is).is_empty();
        match creation.origin(&is, volume.create_time()) {
            Origin::This => return Ok(Some(id.to_owned())),
            Origin::Unfinished if is_same && volume.attachments().is_empty() && creation::take(id) => {
                return Ok(Some(id.to_owned()));
            }
            Origin::Unfinished | Origin::Finished => return Err(taken(plan, id)),
            Origin::Other => {}
        }
    }
    Ok(None)
}

async fn wait_until_available(
    cx: &Context<VolumeResource>,
    account: &Account,
    id: &str,
) -> Result<Volume, Diagnostics> {
    cx.wait("the volume to be available", Backoff::QUICK, async || {
        let Some(volume) = account.volume(id).await.map_err(explained(CREATE))? else {
            return Ok(Progress::Pending("it is not listed yet".to_owned()));
        };
        match volume.state() {
            Some(VolumeState::Available | VolumeState::InUse) => Ok(Progress::Ready(volume)),
            Some(VolumeState::Error) => Err(failed(id)),
            state => {
                let state = state.map(VolumeState::as_str).unwrap_or_default();
                Ok(Progress::Pending(format!("it is {state}")))
            }
        }
    })
    .await
}

/// Changes a volume in use, and waits until the change counts. AWS goes on to optimize it for hours.
async fn modify(
    cx: &Context<VolumeResource>,
    account: &Account,
    id: &str,
    change: VolumeChange,
) -> Result<(), Diagnostics> {
    match account.modify_volume(id, change.clone()).await {
        Ok(()) => {}
        Err(error) if is_too_early(&error) => return Err(too_early(account, id, &error).await),
        Err(error) => return Err(explain(UPDATE, &error)),
    }
    cx.wait("the change of the volume", Backoff::QUICK, async || {
        let modification = account.volume_modification(id).await.map_err(explained(UPDATE))?;
        let state = modification.as_ref().and_then(|one| one.modification_state());
        Ok::<_, Diagnostics>(match (state, &modification) {
            (Some(VolumeModificationState::Failed), Some(one)) => {
                return Err(not_changed(id, one.status_message().unwrap_or_default()));
            }
            (Some(VolumeModificationState::Modifying), Some(one)) => {
                Progress::Pending(format!("{} % done", one.progress().unwrap_or_default()))
            }
            _ => Progress::Ready(()),
        })
    })
    .await
}

/// Deletes it, once nothing has it attached.
async fn delete(cx: &Context<VolumeResource>, account: &Account, id: &str) -> Result<(), Diagnostics> {
    cx.wait("the volume to be gone", Backoff::QUICK, async || {
        match account.delete_volume(id).await {
            Ok(()) => Ok(Progress::Ready(())),
            Err(error) if error.is_refused_with("VolumeInUse") => {
                let volume = account.volume(id).await.map_err(explained(DELETE))?;
                let users = volume.as_ref().map(users).unwrap_or_default();
                Ok(Progress::Pending(format!("it is attached to {users}")))
            }
            Err(error) => Err(explain(DELETE, &error)),
        }
    })
    .await
}

/// What has a volume attached.
fn users(volume: &Volume) -> String {
    let attachments = volume.attachments().iter();
    let users = attachments.filter_map(|attachment| {
        let device = attachment.device().unwrap_or_default();
        Some(format!("{} as {device}", attachment.instance_id()?))
    });
    users.collect::<Vec<_>>().join(", ")
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
    if !creation::is_new(&is) {
        return;
    }
    if let Err(error) = account.set_ec2_tags(id, &is, &Tags::new(), &[NEW.to_owned()]).await {
        tracing::warn!(%error, "it could not be noted that a state has the volume");
    }
}

/// Whether the last change of a volume is not long enough ago.
fn is_too_early(error: &Error) -> bool {
    error.is_refused_with("VolumeModificationRateExceeded") || error.is_refused_with("IncorrectModificationState")
}

async fn too_early(account: &Account, id: &str, error: &Error) -> Diagnostics {
    let last = account.volume_modification(id).await.ok().flatten();
    let begun = last.as_ref().and_then(|last| last.start_time()).and_then(rfc3339);
    let state = last
        .as_ref()
        .and_then(|last| last.modification_state())
        .map(|state| state.as_str());
    let when = match (begun, state) {
        (Some(begun), Some(state)) => format!("Its last change began at {begun} and is {state}. "),
        _ => String::new(),
    };
    let said = error.refusal().map(ToString::to_string).unwrap_or_default();
    let detail = format!(
        "AWS takes no other change of {id} yet: {said}.\n\n{when}After a change, a volume cannot be changed again for some hours, six as a rule. \
         It goes on to work, as it is. Apply again later."
    );
    Diagnostics::error("Volume was changed too recently", detail)
}

/// An error at the attribute that EC2 blames.
fn blame(error: &Error) -> Diagnostics {
    let explained = explain(CREATE, error);
    let code = error.refusal().map(|refusal| refusal.code.as_str()).unwrap_or_default();
    match code {
        "InvalidZone.NotFound" => explained.at(VolumeModel::AVAILABILITY_ZONE),
        "InvalidSnapshot.NotFound" => explained.at(VolumeModel::SNAPSHOT_ID),
        "VolumeIOPSLimit" => explained.at(VolumeModel::IOPS),
        "MaxIOPSLimitExceeded" | "VolumeLimitExceeded" => explained.at(VolumeModel::SIZE),
        _ if code.contains("Kms") => explained.at(VolumeModel::KMS_KEY_ID),
        _ => explained,
    }
}

fn found_again(id: &str) -> Diagnostic {
    let detail =
        format!("An earlier apply has begun to make {id} of this name, and nothing was saved of that. It is taken.");
    Diagnostic::warning("Volume is there already", detail).at(VolumeModel::NAME)
}

fn taken(plan: &VolumeModel, id: &str) -> Diagnostics {
    let detail = format!(
        "An apply of the last day has made {id} with the name `{}`, and no state is known to have it. It may have data. If it is the one that is \
         meant, import it: `tofu import cht_ebs_volume.NAME {id}`. If another configuration has it, choose another name.",
        plan.name
    );
    Diagnostic::error("Volume exists already", detail)
        .at(VolumeModel::NAME)
        .into()
}

fn failed(id: &str) -> Diagnostics {
    let detail = format!(
        "AWS could not make {id}, and does not say why. Most often the key of KMS cannot be used: it is disabled or to be deleted, or its policy \
         does not let EC2 use it for whoever applies. Once the cause is removed, apply again."
    );
    Diagnostic::error("Volume could not be made", detail)
        .at(VolumeModel::KMS_KEY_ID)
        .into()
}

fn not_changed(id: &str, why: &str) -> Diagnostics {
    let detail = format!(
        "AWS has given up the change of {id}: {why}\n\nThe volume works as before. Apply again once the cause is removed."
    );
    Diagnostics::error("Volume could not be changed", detail)
}

fn nothing_there(account: &Account, id: &str) -> Diagnostics {
    let detail = format!(
        "There is no volume `{id}` in {} of this account. The id is like `vol-0a1b2c3d4e5f60718`.",
        account.region()
    );
    Diagnostics::error("No volume to import", detail)
}
