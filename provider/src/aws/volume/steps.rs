//! What a volume is made and changed by, step by step.

use aws_sdk_ec2::types::{Volume, VolumeModificationState, VolumeState};
use tf_framework::context::{Backoff, Context, Progress};
use tf_framework::diagnostics::Diagnostics;

use super::super::account::Account;
use super::super::creation::{self, Creation, Origin};
use super::super::diagnostics::{explain, explained};
use super::super::ec2::by_key;
use super::super::ec2::volumes::VolumeChange;
use super::super::tags;
use super::model::VolumeModel;
use super::{CREATE, DELETE, UPDATE, VolumeResource, failure, marks};

/// Makes the volume, or finds the one that an apply has begun to make of which nothing was saved.
pub(super) async fn make(
    cx: &Context<VolumeResource>,
    account: &Account,
    plan: &VolumeModel,
    creation: &Creation,
) -> Result<String, Diagnostics> {
    if let Some(id) = earlier(account, plan, creation).await? {
        cx.warn(failure::found_again(&id));
        return Ok(id);
    }
    let new = plan.new_volume(&account.default_tags(), creation);
    match account.create_volume(new).await {
        Ok(id) => Ok(id),
        Err(error) if error.is_unanswered() => {
            let found = earlier(account, plan, creation).await?;
            found.ok_or_else(|| explain(CREATE, &error))
        }
        Err(error) => Err(failure::blame(&error)),
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
            Origin::Unfinished | Origin::Finished => return Err(failure::taken(plan, id)),
            Origin::Other => {}
        }
    }
    Ok(None)
}

pub(super) async fn wait_until_available(
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
            Some(VolumeState::Error) => Err(failure::failed(id)),
            state => {
                let state = state.map(VolumeState::as_str).unwrap_or_default();
                Ok(Progress::Pending(format!("it is {state}")))
            }
        }
    })
    .await
}

/// Changes a volume in use, and waits until the change counts. AWS goes on to optimize it for hours.
pub(super) async fn modify(
    cx: &Context<VolumeResource>,
    account: &Account,
    id: &str,
    change: VolumeChange,
) -> Result<(), Diagnostics> {
    match account.modify_volume(id, change.clone()).await {
        Ok(()) => {}
        Err(error) if failure::is_too_early(&error) => return Err(failure::too_early(account, id, &error).await),
        Err(error) => return Err(explain(UPDATE, &error)),
    }
    cx.wait("the change of the volume", Backoff::QUICK, async || {
        let modification = account.volume_modification(id).await.map_err(explained(UPDATE))?;
        let state = modification.as_ref().and_then(|one| one.modification_state());
        Ok::<_, Diagnostics>(match (state, &modification) {
            (Some(VolumeModificationState::Failed), Some(one)) => {
                return Err(failure::not_changed(id, one.status_message().unwrap_or_default()));
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
pub(super) async fn delete(cx: &Context<VolumeResource>, account: &Account, id: &str) -> Result<(), Diagnostics> {
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
