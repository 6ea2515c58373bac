//! Makes the records of an alias, mends them and removes them. Each change says what it takes to be there, so it is
//! refused if somebody else was faster; then it is looked again.

use aws_sdk_route53::types::{ChangeAction, ResourceRecordSet};
use tf_framework::context::{Backoff, Context, Progress};
use tf_framework::diagnostics::{Diagnostic, Diagnostics};

use super::super::account::Account;
use super::super::diagnostics::{explain, explained};
use super::super::route53::INVALID_CHANGE;
use super::super::zone;
use super::model::DnsAliasModel;
use super::record::Goal;
use super::{CREATE, DELETE, DnsAliasResource, record};

/// How often it is looked again when records appear or vanish between a look and a change.
const TRIES: usize = 4;

/// Makes the records, and answers the change; none if there was nothing to do.
pub(super) async fn make(
    cx: &Context<DnsAliasResource>,
    account: &Account,
    plan: &DnsAliasModel,
    goal: &Goal,
) -> Result<Option<String>, Diagnostics> {
    let mut asked = false;
    for _ in 0..TRIES {
        let records = look(account, &plan.hosted_zone_id, &plan.name, CREATE).await?;
        let Some(records) = records else {
            return Err(zone::missing(DnsAliasModel::HOSTED_ZONE_ID, &plan.hosted_zone_id));
        };
        let others = goal.others(&records);
        if !others.is_empty() && plan.allow_overwrite {
            return mend(account, plan, goal, CREATE).await;
        }
        if !others.is_empty() {
            return Err(taken(&plan.hosted_zone_id, &plan.name, &others));
        }
        if !asked && !record::is_empty(&records) {
            cx.warn(found_again(plan, goal));
        }
        // It is refused if somebody makes such a record at the same time: nothing is overwritten.
        let changes = goal.creation(&records).map_err(explained(CREATE))?;
        if let Some(change) = change(account, &plan.hosted_zone_id, changes, CREATE).await? {
            return Ok(change);
        }
        asked = true;
    }
    Err(unsteady(plan))
}

/// Makes the records lead where they should, whatever is there, and answers the change.
pub(super) async fn mend(
    account: &Account,
    plan: &DnsAliasModel,
    goal: &Goal,
    summary: &str,
) -> Result<Option<String>, Diagnostics> {
    for _ in 0..TRIES {
        let records = look(account, &plan.hosted_zone_id, &plan.name, summary).await?;
        let Some(records) = records else {
            return Err(zone::missing(DnsAliasModel::HOSTED_ZONE_ID, &plan.hosted_zone_id));
        };
        let changes = goal.mending(&records).map_err(explained(summary))?;
        if let Some(change) = change(account, &plan.hosted_zone_id, changes, summary).await? {
            return Ok(change);
        }
    }
    Err(unsteady(plan))
}

/// Removes the records that lead where we have made them lead, and answers the change.
pub(super) async fn remove(
    cx: &Context<DnsAliasResource>,
    account: &Account,
    state: &DnsAliasModel,
) -> Result<Option<String>, Diagnostics> {
    for _ in 0..TRIES {
        let records = look(account, &state.hosted_zone_id, &state.name, DELETE).await?;
        let records = records.unwrap_or_default();
        let ours = record::leading_to(&records, state.hostname());
        if ours.is_empty() {
            if !record::is_empty(&records) {
                cx.warn(left_alone(state));
            }
            return Ok(None);
        }
        let changes = ours.into_iter().map(|set| (ChangeAction::Delete, set)).collect();
        if let Some(change) = change(account, &state.hosted_zone_id, changes, DELETE).await? {
            return Ok(change);
        }
    }
    Err(unsteady(state))
}

/// Makes a change, and answers its id, or that there was nothing to change; nothing if one has to look again, as the
/// zone is no longer as it was seen, or nobody knows whether the change was made.
async fn change(
    account: &Account,
    zone: &str,
    changes: Vec<(ChangeAction, ResourceRecordSet)>,
    summary: &str,
) -> Result<Option<Option<String>>, Diagnostics> {
    if changes.is_empty() {
        return Ok(Some(None));
    }
    match account.change_records(zone, changes).await {
        Ok(change) => Ok(Some(Some(change))),
        Err(error) if error.is_refused_with(INVALID_CHANGE) || error.is_unanswered() => Ok(None),
        Err(error) => Err(explain(summary, &error)),
    }
}

/// Waits until all servers of Route 53 answer with a change.
pub(super) async fn wait_until_known(
    cx: &Context<DnsAliasResource>,
    account: &Account,
    change: Option<String>,
    summary: &str,
) -> Result<(), Diagnostics> {
    let Some(change) = change else { return Ok(()) };
    cx.wait(
        "all servers of Route 53 to know of the change",
        Backoff::QUICK,
        async || {
            let is_known = account.is_in_sync(&change).await.map_err(explained(summary))?;
            Ok::<_, Diagnostics>(match is_known {
                true => Progress::Ready(()),
                false => Progress::Pending(format!("the change {change} is pending")),
            })
        },
    )
    .await
}

pub(super) async fn look(
    account: &Account,
    zone: &str,
    name: &str,
    summary: &str,
) -> Result<Option<Vec<ResourceRecordSet>>, Diagnostics> {
    account.records(zone, name).await.map_err(explained(summary))
}

pub(super) fn taken(zone: &str, name: &str, others: &[String]) -> Diagnostics {
    let detail = format!(
        "The hosted zone `{zone}` has records of `{name}` that this state does not know: {}. What leads there now would lead elsewhere, so \
         they are left as they are. If they are aliases to be managed here, import them: `tofu import cht_dns_alias.NAME {zone}/{name}`. If \
         they are to be replaced, set `allow_overwrite = true`, or remove them.",
        others.join("; ")
    );
    Diagnostic::error("Record exists already", detail)
        .at(DnsAliasModel::NAME)
        .into()
}

fn found_again(plan: &DnsAliasModel, goal: &Goal) -> Diagnostic {
    let detail = format!(
        "`{}` leads to {} already: an apply has made it of which nothing was saved. It is taken. If another configuration manages it, remove \
         it from one of the two.",
        plan.name, goal.hostname
    );
    Diagnostic::warning("DNS alias is there already", detail).at(DnsAliasModel::NAME)
}

fn left_alone(state: &DnsAliasModel) -> Diagnostic {
    let detail = format!(
        "`{}` does not lead to {} any more: somebody has changed its records, and they are left as they are.",
        state.name,
        state.hostname()
    );
    Diagnostic::warning("Records of somebody else are left", detail)
}

fn unsteady(model: &DnsAliasModel) -> Diagnostics {
    let detail = format!(
        "Route 53 has refused {TRIES} changes of `{}`, each as the records were not as it had just told. Somebody else may change them, or a \
         record of another type may be in the way. Apply again.",
        model.name
    );
    Diagnostic::error("Records change all the time", detail)
        .at(DnsAliasModel::NAME)
        .into()
}
