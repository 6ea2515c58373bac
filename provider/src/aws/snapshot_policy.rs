//! `cht_snapshot_policy`: snapshots that AWS makes and deletes by itself.
//!
//! API: CreateLifecyclePolicy, UpdateLifecyclePolicy, DeleteLifecyclePolicy of Data Lifecycle Manager, and the role by
//! which it works. In place: everything but the name. [`model`] has the attributes, `details` says what the policy does
//! in the words of DLM. The calls are in [`dlm`](super::dlm) and [`iam`](super::iam).

mod details;
mod model;

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dlm::types::LifecyclePolicy;
use serde::{Deserialize, Serialize};
use tf_framework::context::{Backoff, Context, Progress};
use tf_framework::custom_types::Text;
use tf_framework::diagnostics::{Diagnostic, Diagnostics, error_chain};
use tf_framework::lifecycle::plan::Action;
use tf_framework::path::Path;
use tf_framework::resource::{Draft, Plan, Resource};
use tf_framework::{Attr, ImportBy};

use self::model::{SnapshotPolicyIdentity, SnapshotPolicyModel, tags_of};
use super::account::Account;
use super::creation::{self, Creation, NEW, Origin};
use super::diagnostics::{explain, explained};
use super::dlm::PolicySpec;
use super::error::Error;
use super::iam::{RoleSpec, Trust};
use super::tags::{self, Tags};
use super::which_account::InAccount;
use crate::provider::Clients;

const READ: &str = "Unable to read the snapshot policy";
const CREATE: &str = "Unable to create the snapshot policy";
const UPDATE: &str = "Unable to update the snapshot policy";
const DELETE: &str = "Unable to delete the snapshot policy";
const IMPORT: &str = "Unable to import the snapshot policy";

/// What AWS lets Data Lifecycle Manager do with snapshots.
const ROLE_POLICY: &str = "service-role/AWSDataLifecycleManagerServiceRole";

/// How long the name of a role may be.
const ROLE_NAME: usize = 64;

/// Manages one policy.
#[derive(Debug)]
pub struct SnapshotPolicyResource;

/// What is kept beside a state.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Private {
    in_account: InAccount,
    /// The keys of the tags that we have set.
    tag_keys: Vec<String>,
}

impl Resource for SnapshotPolicyResource {
    type Model = SnapshotPolicyModel;
    type Clients = Clients;
    type Private = Private;
    type Identity = SnapshotPolicyIdentity;

    const TYPE_NAME: &'static str = "cht_snapshot_policy";

    fn validate(&self, config: &Draft<Self>, diagnostics: &mut Diagnostics) {
        if let Attr::Known(schedule) = &config.schedule {
            let problem = match (schedule.interval_hours.is_null(), schedule.cron_expression.is_null()) {
                (true, true) => Some("Say when: `interval_hours`, or `cron_expression`."),
                (false, false) => Some("`interval_hours` and `cron_expression` both say when. Leave one of them out."),
                (true, false) if !schedule.time.is_null() => Some("`cron_expression` says the time. Leave `time` out."),
                _ => None,
            };
            if let Some(problem) = problem {
                let error = Diagnostic::error("Schedule is not clear", problem);
                diagnostics.push(error.at(SnapshotPolicyModel::SCHEDULE));
            }
        }
        if let Attr::Known(retain) = &config.retain
            && retain.count.is_null() == retain.days.is_null()
        {
            let error = Diagnostic::error("Retention is not clear", "Give either `count` or `days`.");
            diagnostics.push(error.at(Path::new(SnapshotPolicyModel::RETAIN)));
        }
    }

    async fn modify_plan(&self, _: &Context<Self>, plan: &mut Plan<'_, '_, Self>) -> Result<(), Diagnostics> {
        if plan.action() != Action::Delete {
            plan.set(SnapshotPolicyModel::DRIFT, &Vec::<String>::new());
        }
        Ok(())
    }

    async fn create(&self, cx: &Context<Self>, plan: SnapshotPolicyModel) -> Result<SnapshotPolicyModel, Diagnostics> {
        let account = Clients::aws(cx).await?;
        keep(cx, &account, &plan).await?;
        let creation = Creation::begin();
        let found = earlier(&account, &plan, &creation).await?;
        let spec = spec(&account, &plan, CREATE).await?;
        let (id, is_taken) = match found {
            Some(id) => {
                cx.warn(found_again(&id));
                (id, true)
            }
            None => (make(cx, &account, &plan, &spec, &creation).await?, false),
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
        read.drift = Attr::Known(drift(&account, &read, &policy).await?);
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
        let spec = spec(&account, &plan, UPDATE).await?;
        update(cx, &account, prior.id(), &spec).await?;
        let arn = is.policy_arn().unwrap_or_default();
        let wanted = wanted_tags(&account, &plan);
        let tagged = account
            .set_policy_tags(arn, &tags_of(&is), &wanted, &private.tag_keys)
            .await;
        tagged.map_err(explained(UPDATE))?;
        keep(cx, &account, &plan).await?;
        if plan.execution_role_arn.is_some() && prior.execution_role_arn.is_none() {
            remove_role(&account, &prior.name, UPDATE).await?;
        }
        Ok(plan.observed(&find(&account, prior.id(), UPDATE).await?))
    }

    async fn delete(&self, cx: &Context<Self>, state: SnapshotPolicyModel) -> Result<(), Diagnostics> {
        let account = Clients::aws(cx).await?;
        cx.private()?.in_account.check(&account).await?;
        let deleted = account.delete_lifecycle_policy(state.id()).await;
        deleted.map_err(explained(DELETE))?;
        match state.execution_role_arn {
            Some(_) => Ok(()),
            None => remove_role(&account, &state.name, DELETE).await,
        }
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
        let role = role_name(&account, name);
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
    cx.set_private(&Private {
        in_account: InAccount::of(account).await?,
        tag_keys: wanted_tags(account, model).into_keys().collect(),
    })
}

/// The policy as it should be, with the role by which it works.
async fn spec(account: &Account, model: &SnapshotPolicyModel, summary: &str) -> Result<PolicySpec, Diagnostics> {
    let role = match &model.execution_role_arn {
        Some(arn) => Text::as_str(arn).to_owned(),
        None => account
            .ensure_role(&role_spec(account, model))
            .await
            .map_err(explained(summary))?,
    };
    Ok(PolicySpec {
        description: model.name.clone(),
        role,
        enabled: model.enabled,
        details: details::wanted(model),
    })
}

fn role_spec(account: &Account, model: &SnapshotPolicyModel) -> RoleSpec {
    RoleSpec {
        name: role_name(account, &model.name),
        purpose: purpose(account, &model.name),
        description: format!("Makes and deletes snapshots for the policy {}", model.name),
        trust: Trust::Service("dlm"),
        managed: BTreeSet::from([ROLE_POLICY.to_owned()]),
        inline: BTreeMap::new(),
        tags: tags::given(model.tags.as_ref(), &account.default_tags()),
    }
}

/// Roles are in no region, and policies are in one.
fn role_name(account: &Account, policy: &str) -> String {
    let name = format!("cht-snapshots-{}-{}", account.region(), policy.replace(' ', "-"));
    name.chars().take(ROLE_NAME).collect()
}

fn purpose(account: &Account, policy: &str) -> String {
    format!("snapshot-policy/{}/{policy}", account.region())
}

async fn remove_role(account: &Account, policy: &str, summary: &str) -> Result<(), Diagnostics> {
    let removed = account
        .delete_role(&role_name(account, policy), &purpose(account, policy))
        .await;
    removed.map_err(explained(summary))
}

/// Makes the policy. A role that was made a moment ago is not known everywhere.
async fn make(
    cx: &Context<SnapshotPolicyResource>,
    account: &Account,
    plan: &SnapshotPolicyModel,
    spec: &PolicySpec,
    creation: &Creation,
) -> Result<String, Diagnostics> {
    let tags = creation.mark(wanted_tags(account, plan));
    cx.wait(
        "Data Lifecycle Manager to know its role",
        Backoff::QUICK,
        async || match account.create_lifecycle_policy(spec, tags.clone()).await {
            Ok(id) => Ok(Progress::Ready(id)),
            Err(error) if is_unknown_role(&error) || error.is_not_carried_out() => {
                Ok(Progress::Pending(error_chain(&error)))
            }
            Err(error) if error.is_unanswered() => {
                let found = earlier(account, plan, creation).await?;
                found.map(Progress::Ready).ok_or_else(|| explain(CREATE, &error))
            }
            Err(error) => Err(explain(CREATE, &error)),
        },
    )
    .await
}

async fn update(
    cx: &Context<SnapshotPolicyResource>,
    account: &Account,
    id: &str,
    spec: &PolicySpec,
) -> Result<(), Diagnostics> {
    cx.wait(
        "Data Lifecycle Manager to know its role",
        Backoff::QUICK,
        async || match account.update_lifecycle_policy(id, spec).await {
            Ok(()) => Ok(Progress::Ready(())),
            Err(error) if is_unknown_role(&error) => Ok(Progress::Pending(error_chain(&error))),
            Err(error) => Err(explain(UPDATE, &error)),
        },
    )
    .await
}

/// The policy of this name that this creation, or one that was killed, has made.
///
/// # Errors
/// There is one of this name that a state has.
async fn earlier(
    account: &Account,
    plan: &SnapshotPolicyModel,
    creation: &Creation,
) -> Result<Option<String>, Diagnostics> {
    let all = account.lifecycle_policies().await.map_err(explained(CREATE))?;
    for one in all.iter().filter(|one| one.description() == Some(&plan.name)) {
        let tags: Tags = one.tags().cloned().unwrap_or_default().into_iter().collect();
        let Some(id) = one.policy_id() else { continue };
        match creation.origin(&tags, None) {
            Origin::Other if tags::are_ours(&tags) => return Err(taken(plan, id)),
            Origin::Other => {}
            Origin::This => return Ok(Some(id.to_owned())),
            Origin::Unfinished | Origin::Finished if creation::take(id) => return Ok(Some(id.to_owned())),
            Origin::Unfinished | Origin::Finished => return Err(taken(plan, id)),
        }
    }
    Ok(None)
}

/// What differs beside the attributes: the tags that are no user's, and the role.
async fn drift(
    account: &Account,
    model: &SnapshotPolicyModel,
    policy: &LifecyclePolicy,
) -> Result<Vec<String>, Diagnostics> {
    let mut wanted = wanted_tags(account, model);
    wanted.retain(|key, _| model.tags.as_ref().is_none_or(|tags| !tags.contains_key(key)));
    let missing = tags::missing(&wanted, &tags_of(policy));
    let mut lines: Vec<String> = missing
        .iter()
        .map(|(key, value)| format!("the tag {key} is not {value}"))
        .collect();
    if model.execution_role_arn.is_none() {
        let name = role_name(account, &model.name);
        let explain = explained(READ);
        match account.role(&name).await.map_err(&explain)? {
            None => lines.push(format!("the role {name} is not there")),
            Some(role) if policy.execution_role_arn() != Some(&role.arn) => {
                lines.push(format!("it works by another role than {name}"));
            }
            Some(_) => {
                let has = account.managed_policies(&name).await.map_err(&explain)?;
                if has != account.arns(&BTreeSet::from([ROLE_POLICY.to_owned()])) {
                    lines.push(format!("the role {name} has other policies"));
                }
            }
        }
    }
    if policy.state().is_some_and(|state| state.as_str() == "ERROR") {
        lines.push(format!(
            "it has failed: {}",
            policy.status_message().unwrap_or_default()
        ));
    }
    Ok(lines)
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
    if !creation::is_new(&is) {
        return;
    }
    if let Err(error) = account.set_policy_tags(arn, &is, &Tags::new(), &[NEW.to_owned()]).await {
        tracing::warn!(%error, "it could not be noted that a state has the snapshot policy");
    }
}

fn wanted_tags(account: &Account, model: &SnapshotPolicyModel) -> Tags {
    tags::wanted(model.tags.as_ref(), &account.default_tags())
}

/// Whether DLM may not assume the role, or not yet.
fn is_unknown_role(error: &Error) -> bool {
    let said = error.refusal().map(|refusal| refusal.message.to_lowercase());
    error.is_refused_with("InvalidRequestException") && said.is_some_and(|said| said.contains("role"))
}

fn found_again(id: &str) -> Diagnostic {
    let detail = format!("An earlier apply has made {id} of this name, and nothing was saved of that. It is taken.");
    Diagnostic::warning("Snapshot policy is there already", detail).at(SnapshotPolicyModel::NAME)
}

fn taken(plan: &SnapshotPolicyModel, id: &str) -> Diagnostics {
    let detail = format!(
        "The region has a snapshot policy `{}` that this state does not know: {id}. If it is the one that is meant, import it: `tofu import \
         cht_snapshot_policy.NAME {id}`. Otherwise choose another name.",
        plan.name
    );
    Diagnostic::error("Snapshot policy exists already", detail)
        .at(SnapshotPolicyModel::NAME)
        .into()
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
