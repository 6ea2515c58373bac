//! `cht_dns_alias`: a name that leads to a load balancer of AWS.
//!
//! API: ChangeResourceRecordSets, ListResourceRecordSets and GetChange of Route 53, DescribeLoadBalancers. In place:
//! where the name leads. [`model`] has the attributes, `record` says what has to change, `target` finds the load
//! balancer. The calls are in [`route53`](super::route53).
//!
//! Records have no tags. So those that are there are ours only if a state says so, or if they are what is asked for.

mod model;
mod record;
mod target;

use aws_sdk_route53::types::{ChangeAction, ResourceRecordSet};
use serde::{Deserialize, Serialize};
use tf_framework::context::{Backoff, Context, Progress};
use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use tf_framework::lifecycle::plan::Action;
use tf_framework::path::Path;
use tf_framework::resource::{Draft, Plan, Resource};
use tf_framework::{Attr, ImportBy};

use self::model::{DnsAliasIdentity, DnsAliasModel};
use self::record::Goal;
use super::account::Account;
use super::diagnostics::{explain, explained};
use super::route53::INVALID_CHANGE;
use super::which_account::InAccount;
use super::zone::{self, Fit};
use crate::kubernetes::diagnostics::ATTRIBUTE as KUBERNETES;
use crate::provider::Clients;

const READ: &str = "Unable to read the DNS alias";
const CREATE: &str = "Unable to create the DNS alias";
const UPDATE: &str = "Unable to update the DNS alias";
const DELETE: &str = "Unable to delete the DNS alias";
const IMPORT: &str = "Unable to import the DNS alias";

/// How often it is looked again when records appear or vanish between a look and a change.
const TRIES: usize = 4;

/// Manages the alias records of one name.
#[derive(Debug)]
pub struct DnsAliasResource;

/// What is kept beside a state.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Private {
    in_account: InAccount,
}

impl Resource for DnsAliasResource {
    type Model = DnsAliasModel;
    type Clients = Clients;
    type Private = Private;
    type Identity = DnsAliasIdentity;

    const TYPE_NAME: &'static str = "cht_dns_alias";

    fn validate(&self, config: &Draft<Self>, diagnostics: &mut Diagnostics) {
        if let Attr::Known(kubernetes) = &config.kubernetes {
            kubernetes.validate(&Path::new(KUBERNETES), diagnostics);
        }
        let problem = match (&config.target, &config.ingress) {
            (Attr::Null, Attr::Null) => {
                "Give `target`, the host name of a load balancer, or `ingress`, which is waited for."
            }
            (Attr::Known(_), Attr::Known(_)) => {
                "`target` and `ingress` both say where the name leads. Leave one of them out."
            }
            _ => return,
        };
        diagnostics.push(Diagnostic::error("One target is needed", problem).at(DnsAliasModel::TARGET));
    }

    async fn modify_plan(&self, cx: &Context<Self>, plan: &mut Plan<'_, '_, Self>) -> Result<(), Diagnostics> {
        if plan.action() == Action::Delete {
            return Ok(());
        }
        plan.set(DnsAliasModel::DRIFT, &Vec::<String>::new());
        if plan.prior.is_some() {
            if plan.changed(DnsAliasModel::DRIFT) {
                plan.set_unknown(DnsAliasModel::HOSTNAME);
            }
            return Ok(());
        }
        try_creation(cx, plan).await
    }

    async fn create(&self, cx: &Context<Self>, plan: DnsAliasModel) -> Result<DnsAliasModel, Diagnostics> {
        let account = Clients::aws(cx).await?;
        check_zone(&account, &plan).await?;
        cx.set_private(&Private {
            in_account: InAccount::of(&account).await?,
        })?;
        let goal = target::goal(cx, &account, &plan).await?;
        let change = make(cx, &account, &plan, &goal).await?;
        let made = plan.leading_to(&goal.hostname);
        cx.checkpoint(&made);
        wait_until_known(cx, &account, change, CREATE).await?;
        Ok(made)
    }

    async fn read(&self, cx: &Context<Self>, state: DnsAliasModel) -> Result<Option<DnsAliasModel>, Diagnostics> {
        let account = Clients::aws(cx).await?;
        cx.private()?.in_account.check(&account).await?;
        let records = look(&account, &state.hosted_zone_id, &state.name, READ).await?;
        let Some(records) = records.filter(|records| !record::is_empty(records)) else {
            return Ok(None);
        };
        let mut drift = record::differences(&records, state.hostname());
        let current = target::current(cx, &state).await?;
        if let Some(current) = current.filter(|current| current != state.hostname()) {
            drift.push(format!("the load balancer is at {current} now"));
        }
        let mut read = state;
        read.drift = Attr::Known(drift);
        Ok(Some(read))
    }

    async fn update(
        &self,
        cx: &Context<Self>,
        _: DnsAliasModel,
        plan: DnsAliasModel,
    ) -> Result<DnsAliasModel, Diagnostics> {
        let account = Clients::aws(cx).await?;
        cx.private()?.in_account.check(&account).await?;
        let goal = target::goal(cx, &account, &plan).await?;
        let change = mend(&account, &plan, &goal, UPDATE).await?;
        let made = plan.leading_to(&goal.hostname);
        cx.checkpoint(&made);
        wait_until_known(cx, &account, change, UPDATE).await?;
        Ok(made)
    }

    async fn delete(&self, cx: &Context<Self>, state: DnsAliasModel) -> Result<(), Diagnostics> {
        let account = Clients::aws(cx).await?;
        cx.private()?.in_account.check(&account).await?;
        let change = remove(cx, &account, &state).await?;
        wait_until_known(cx, &account, change, DELETE).await
    }

    async fn import(&self, cx: &Context<Self>, by: ImportBy<DnsAliasIdentity>) -> Result<DnsAliasModel, Diagnostics> {
        let account = Clients::aws(cx).await?;
        let (zone, name) = match by {
            ImportBy::Id(id) => id
                .split_once('/')
                .map(|(zone, name)| (zone.to_owned(), name.to_owned()))
                .ok_or_else(|| nothing_there(&id))?,
            ImportBy::Identity(identity) => (identity.hosted_zone_id, identity.name),
        };
        let records = look(&account, &zone, &name, IMPORT).await?;
        let hostname = records.and_then(|records| record::hostname(&records));
        let hostname = hostname.ok_or_else(|| nothing_there(&format!("{zone}/{name}")))?;
        cx.set_private(&Private {
            in_account: InAccount::of(&account).await?,
        })?;
        Ok(DnsAliasModel::imported(zone, name, &hostname))
    }
}

/// Refuses, before anything is made, a zone that is not there or does not have the name, and a name that is taken.
async fn try_creation(
    cx: &Context<DnsAliasResource>,
    plan: &Plan<'_, '_, DnsAliasResource>,
) -> Result<(), Diagnostics> {
    let Some(planned) = plan.planned().filter(|_| !cx.clients().is_aws_unknown()) else {
        return Ok(());
    };
    let (Attr::Known(zone), Attr::Known(name)) = (planned.hosted_zone_id, planned.name) else {
        return Ok(());
    };
    let account = Clients::aws(cx).await?;
    let names = [(DnsAliasModel::NAME, name.as_str())];
    zone::check(&account, (DnsAliasModel::HOSTED_ZONE_ID, &zone), &names, Fit::Any).await?;
    // Whether it leads where it should can be told when that is known.
    let (Attr::Known(target), Attr::Known(false)) = (planned.target, planned.allow_overwrite) else {
        return Ok(());
    };
    let records = account
        .records(&zone, &name)
        .await
        .unwrap_or_default()
        .unwrap_or_default();
    let goal = Goal {
        name: name.clone(),
        hostname: record::without_prefix(&target),
        zone_id: String::new(),
        dualstack: true,
    };
    match goal.others(&records) {
        others if others.is_empty() => Ok(()),
        others => Err(taken(&zone, &name, &others)),
    }
}

async fn check_zone(account: &Account, model: &DnsAliasModel) -> Result<(), Diagnostics> {
    let zone = (DnsAliasModel::HOSTED_ZONE_ID, model.hosted_zone_id.as_str());
    zone::check(account, zone, &[(DnsAliasModel::NAME, &model.name)], Fit::Any).await
}

/// Makes the records, and answers the change; none if there was nothing to do.
async fn make(
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
async fn mend(
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
async fn remove(
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
async fn wait_until_known(
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

async fn look(
    account: &Account,
    zone: &str,
    name: &str,
    summary: &str,
) -> Result<Option<Vec<ResourceRecordSet>>, Diagnostics> {
    account.records(zone, name).await.map_err(explained(summary))
}

fn taken(zone: &str, name: &str, others: &[String]) -> Diagnostics {
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

fn nothing_there(id: &str) -> Diagnostics {
    let detail = format!(
        "There is no alias `{id}`. The id is that of the hosted zone, a slash, and the name, such as \
         `Z0123456789ABCDEFGHIJ/siaya.moh.example.org`."
    );
    Diagnostics::error("No DNS alias to import", detail)
}
