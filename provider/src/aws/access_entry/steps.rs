//! What an access entry is made and changed by, step by step.

use aws_sdk_eks::types::AccessEntry;
use tf_framework::context::{Backoff, Context, Progress};
use tf_framework::diagnostics::{Diagnostic, Diagnostics};

use super::super::account::Account;
use super::super::diagnostics::{explain, explained};
use super::super::eks::access::NewEntry;
use super::super::eks::refusals::{self, is_in_use};
use super::super::error::Error;
use super::super::tags;
use super::model::{AccessEntryModel, STANDARD, tags_of};
use super::{AccessEntryResource, CREATE, look, wanted_tags};

/// Makes the entry, or finds the one that an apply has made of which nothing was saved.
pub(super) async fn make(
    cx: &Context<AccessEntryResource>,
    account: &Account,
    plan: &AccessEntryModel,
) -> Result<AccessEntry, Diagnostics> {
    let what = format!("EKS to know {}", plan.principal_arn.as_str());
    cx.wait(&what, Backoff::QUICK, async || {
        let new = NewEntry {
            kind: plan.r#type.clone(),
            user_name: plan.user_name.known().cloned(),
            groups: plan.groups(),
            tags: wanted_tags(account, plan),
        };
        match account.create_access_entry(plan.id(), new).await {
            Ok(()) => {}
            Err(error) if is_unknown_principal(&error) => {
                // One that was made a moment ago is not known everywhere.
                return Ok(Progress::Pending(error.to_string()));
            }
            Err(error) if is_in_use(&error) || error.is_unanswered() => {
                let found = account.access_entry(plan.id()).await.map_err(explained(CREATE))?;
                let ours = found.as_ref().is_some_and(|entry| is_ours(entry, plan));
                if !ours {
                    return Err(found.map_or_else(|| explain(CREATE, &error), |_| taken(plan)));
                }
                // What this call may have made itself is nobody else's.
                if !error.is_unanswered() {
                    cx.warn(found_again(plan));
                }
            }
            Err(error) => return Err(blame(&error)),
        }
        let made = account.access_entry(plan.id()).await.map_err(explained(CREATE))?;
        Ok(made.map_or_else(|| Progress::Pending("it is not listed yet".to_owned()), Progress::Ready))
    })
    .await
}

/// Brings an entry that is there to what is wanted, and reads it.
pub(super) async fn converge(
    account: &Account,
    plan: &AccessEntryModel,
    own_keys: &[String],
) -> Result<AccessEntryModel, Error> {
    let id = plan.id();
    if let Some((entry, has)) = look(account, id).await? {
        let groups = plan.groups();
        let user_name = plan.user_name.known();
        let is_other = user_name.is_some_and(|name| entry.username() != Some(name));
        if plan.r#type == STANDARD && (is_other || entry.kubernetes_groups() != groups) {
            account.update_access_entry(id, user_name.cloned(), groups).await?;
        }
        account.set_access_policies(id, &has, &plan.policies()).await?;
        if let Some(arn) = entry.access_entry_arn() {
            let wanted = wanted_tags(account, plan);
            account.set_eks_tags(arn, &tags_of(&entry), &wanted, own_keys).await?;
        }
    }
    match look(account, id).await? {
        Some((entry, policies)) => Ok(plan.clone().observed(&entry, &policies)),
        None => Err(Error::Lacks {
            call: account.call("eks", "DescribeAccessEntry"),
            what: "the entry, which somebody has deleted meanwhile",
        }),
    }
}

/// Whether an entry is the one that is asked for, made by this provider.
fn is_ours(entry: &AccessEntry, plan: &AccessEntryModel) -> bool {
    let is_same_user = plan.user_name.known().is_none_or(|name| entry.username() == Some(name));
    tags::are_ours(&tags_of(entry))
        && entry.r#type() == Some(&plan.r#type)
        && entry.kubernetes_groups() == plan.groups()
        && is_same_user
}

/// Whether EKS does not know the user or role, or not yet.
pub(in crate::aws) fn is_unknown_principal(error: &Error) -> bool {
    let said = refusals::said(error);
    said.contains("principalarn") && said.contains("invalid principal")
}

/// An error at the attribute that EKS blames.
fn blame(error: &Error) -> Diagnostics {
    if error.is_not_found() {
        return explain(CREATE, error).at(AccessEntryModel::CLUSTER_NAME);
    }
    refusals::blame(CREATE, error, &[("principalarn", AccessEntryModel::PRINCIPAL_ARN)])
}

fn found_again(plan: &AccessEntryModel) -> Diagnostic {
    let detail = format!(
        "The cluster `{}` has this entry already, as this provider makes it: an apply has made it of which nothing was saved. It is taken \
         as it is. If another configuration manages it, remove it from one of the two.",
        plan.cluster_name
    );
    Diagnostic::warning("Access entry is there already", detail).at(AccessEntryModel::PRINCIPAL_ARN)
}

fn taken(plan: &AccessEntryModel) -> Diagnostics {
    let (cluster, principal) = (&plan.cluster_name, plan.principal_arn.as_str());
    let detail = format!(
        "The cluster `{cluster}` has an entry for {principal} that this state does not know: EKS makes one for whoever makes a cluster, \
         and for the role of each node group. If it is the one that is meant, import it, with the address of this resource: \
         `tofu import cht_eks_access_entry.NAME '{cluster}:{principal}'`."
    );
    let error = Diagnostic::error("Access entry exists already", detail);
    error.at(AccessEntryModel::PRINCIPAL_ARN).into()
}
