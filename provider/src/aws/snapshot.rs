//! `cht_ebs_snapshot`: what was on a volume at one moment.
//!
//! API: CreateSnapshot, DescribeSnapshots, DeleteSnapshot. In place: name and tags. [`model`] has the attributes. The
//! calls are in [`ec2::volumes`](super::ec2::volumes).
//!
//! Making one has no token, so a creation that was killed is found again by its mark, however long it takes AWS.

mod model;

use aws_sdk_ec2::types::{Snapshot, SnapshotState};
use tf_framework::context::{Backoff, Context, Progress};
use tf_framework::diagnostics::{Diagnostic, Diagnostics, error_chain};
use tf_framework::lifecycle::plan::Action;
use tf_framework::resource::{Plan, Resource};
use tf_framework::{Attr, ImportBy};

use self::model::{NAME, SnapshotIdentity, SnapshotModel};
use super::account::Account;
use super::creation::{self, Creation, NEW, Origin};
use super::diagnostics::{explain, explained};
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
        let Some(prior) = plan.prior.clone() else {
            return Ok(());
        };
        if plan.action() != Action::Delete {
            let state = prior.state.known().map(String::as_str);
            if state != Some(SnapshotState::Completed.as_str()) {
                // The next apply goes on with the wait, or makes another one.
                plan.set_unknown(SnapshotModel::STATE);
            }
            if state == Some(SnapshotState::Error.as_str()) {
                plan.require_replace(SnapshotModel::STATE);
                return Ok(());
            }
        }
        match prior.deletion_protection && (plan.action() == Action::Delete || !plan.requires_replace().is_empty()) {
            true => Err(protected(&prior)),
            false => Ok(()),
        }
    }

    async fn create(&self, cx: &Context<Self>, plan: SnapshotModel) -> Result<SnapshotModel, Diagnostics> {
        let account = Clients::aws(cx).await?;
        keep(cx, &account, &plan).await?;
        let creation = Creation::begin();
        let id = make(cx, &account, &plan, &creation).await?;
        let mut plan = plan;
        plan.id = Attr::Known(id.clone());
        cx.checkpoint(&plan);
        let made = wait_until_completed(cx, &account, &id, CREATE).await?;
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
        let made = wait_until_completed(cx, &account, id, UPDATE).await?;
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

/// Begins a snapshot, or finds the one that an apply has begun of which nothing was saved.
async fn make(
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

async fn wait_until_completed(
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

/// A state has the snapshot now, so no creation may take it over. What fails is done by the next refresh.
async fn note_saved(account: &Account, snapshot: &Snapshot) {
    let (id, is) = (snapshot.snapshot_id().unwrap_or_default(), by_key(snapshot.tags()));
    if creation::is_new(&is) {
        let unmarked = account.set_ec2_tags(id, &is, &Tags::new(), &[NEW.to_owned()]).await;
        creation::noted("snapshot", unmarked);
    }
}

fn protected(prior: &SnapshotModel) -> Diagnostics {
    let detail = format!(
        "{} ({}) would be destroyed, and what was on its volume then with it.\n\nIf that is meant, set `deletion_protection = false`, apply, and \
         try again.",
        prior.name,
        prior.id()
    );
    Diagnostic::error("Snapshot is protected", detail)
        .at(SnapshotModel::DELETION_PROTECTION)
        .into()
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
