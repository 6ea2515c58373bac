//! What a snapshot is made by, step by step.

use aws_sdk_ec2::types::{Snapshot, SnapshotState};
use tf_framework::context::{Backoff, Context, Progress};
use tf_framework::diagnostics::{Diagnostic, Diagnostics, error_chain};

use super::super::account::Account;
use super::super::creation::{self, Creation, Origin};
use super::super::diagnostics::{explain, explained};
use super::super::ec2::by_key;
use super::model::{NAME, SnapshotModel};
use super::{CREATE, SELF, SnapshotResource};

/// Begins a snapshot, or finds the one that an apply has begun of which nothing was saved.
pub(super) async fn make(
    cx: &Context<SnapshotResource>,
    account: &Account,
    plan: &SnapshotModel,
    creation: &Creation,
) -> Result<String, Diagnostics> {
    if let Some((id, _)) = earlier(account, plan, creation).await? {
        cx.warn(found_again(&id));
        return Ok(id);
    }
    let tags = creation.mark(plan.wanted_tags(&account.default_tags()));
    cx.wait("AWS to take the order for the snapshot", Backoff::QUICK, async || {
        let made = account.create_snapshot(&plan.volume_id, plan.description.clone(), &tags);
        match made.await {
            Ok(id) => Ok(Progress::Ready(id)),
            Err(error) if error.is_not_carried_out() => Ok(Progress::Pending(error_chain(&error))),
            Err(error) if error.is_unanswered() => match earlier(account, plan, creation).await? {
                Some((id, Origin::This)) => Ok(Progress::Ready(id)),
                _ => Err(explain(CREATE, &error)),
            },
            Err(error) => Err(explain(CREATE, &error).at(SnapshotModel::VOLUME_ID)),
        }
    })
    .await
}

/// The snapshot that this creation, or one that was killed, has begun.
async fn earlier(
    account: &Account,
    plan: &SnapshotModel,
    creation: &Creation,
) -> Result<Option<(String, Origin)>, Diagnostics> {
    let filters = vec![
        (format!("tag:{NAME}"), plan.name.clone()),
        ("volume-id".to_owned(), plan.volume_id.clone()),
    ];
    let found = account
        .snapshots(&[SELF.to_owned()], filters)
        .await
        .map_err(explained(CREATE))?;
    for snapshot in found {
        let origin = creation.origin(&by_key(snapshot.tags()), snapshot.start_time());
        let Some(id) = snapshot.snapshot_id() else { continue };
        let is_usable = snapshot.state() != Some(&SnapshotState::Error);
        match origin {
            Origin::This => return Ok(Some((id.to_owned(), origin))),
            Origin::Unfinished if is_usable && creation::take(id) => return Ok(Some((id.to_owned(), origin))),
            Origin::Finished => return Err(taken(plan, id)),
            Origin::Unfinished | Origin::Other => {}
        }
    }
    Ok(None)
}

pub(super) async fn wait_until_completed(
    cx: &Context<SnapshotResource>,
    account: &Account,
    id: &str,
    summary: &str,
) -> Result<Snapshot, Diagnostics> {
    cx.wait("the snapshot to be completed", Backoff::SLOW, async || {
        let Some(snapshot) = account.snapshot(id).await.map_err(explained(summary))? else {
            return Ok(Progress::Pending("it is not listed yet".to_owned()));
        };
        match snapshot.state() {
            Some(SnapshotState::Completed) => Ok(Progress::Ready(snapshot)),
            Some(SnapshotState::Error) => Err(failed(&snapshot)),
            _ => {
                let progress = snapshot.progress().unwrap_or("nothing");
                Ok(Progress::Pending(format!(
                    "{progress} of {id} is done. AWS goes on by itself: the next apply finds it"
                )))
            }
        }
    })
    .await
}

fn found_again(id: &str) -> Diagnostic {
    let detail = format!("An earlier apply has begun {id} of this name, and nothing was saved of that. It is taken.");
    Diagnostic::warning("Snapshot is there already", detail).at(SnapshotModel::NAME)
}

fn taken(plan: &SnapshotModel, id: &str) -> Diagnostics {
    let detail = format!(
        "An apply of the last day has made {id} of {} with the name `{}`, and no state is known to have it. If it is the one that is meant, import \
         it: `tofu import cht_ebs_snapshot.NAME {id}`. If another configuration has it, choose another name.",
        plan.volume_id, plan.name
    );
    Diagnostic::error("Snapshot exists already", detail)
        .at(SnapshotModel::NAME)
        .into()
}

fn failed(snapshot: &Snapshot) -> Diagnostics {
    let detail = format!(
        "AWS could not make {}: {}\n\nMost often the key of KMS that the volume is encrypted with cannot be used. Once the cause is removed, apply \
         again: another one is made.",
        snapshot.snapshot_id().unwrap_or_default(),
        snapshot.state_message().unwrap_or("it does not say why.")
    );
    Diagnostics::error("Snapshot could not be made", detail)
}
