//! What a snapshot policy is made and changed by, step by step.

use tf_framework::context::{Backoff, Context, Progress};
use tf_framework::custom_types::Text;
use tf_framework::diagnostics::{Diagnostic, Diagnostics, error_chain};

use super::super::account::Account;
use super::super::creation::{self, Creation, Origin};
use super::super::diagnostics::{explain, explained};
use super::super::dlm::PolicySpec;
use super::super::error::Error;
use super::super::tags::{self, Tags};
use super::model::SnapshotPolicyModel;
use super::{CREATE, SnapshotPolicyResource, UPDATE, details, role, wanted_tags};

/// The policy as it should be, with the role by which it works.
pub(super) async fn spec(
    account: &Account,
    model: &SnapshotPolicyModel,
    summary: &str,
) -> Result<PolicySpec, Diagnostics> {
    let role = match &model.execution_role_arn {
        Some(arn) => Text::as_str(arn).to_owned(),
        None => account
            .ensure_role(&role::spec(account, model))
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

/// Makes the policy. A role that was made a moment ago is not known everywhere.
pub(super) async fn make(
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

pub(super) async fn update(
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
pub(super) async fn earlier(
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

/// Whether DLM may not assume the role, or not yet.
fn is_unknown_role(error: &Error) -> bool {
    let said = error.refusal().map(|refusal| refusal.message.to_lowercase());
    error.is_refused_with("InvalidRequestException") && said.is_some_and(|said| said.contains("role"))
}

pub(super) fn found_again(id: &str) -> Diagnostic {
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
