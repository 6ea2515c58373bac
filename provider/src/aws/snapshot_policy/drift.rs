//! What differs from what is configured.

use std::collections::BTreeSet;

use aws_sdk_dlm::types::LifecyclePolicy;
use tf_framework::diagnostics::Diagnostics;

use super::super::account::Account;
use super::super::diagnostics::explained;
use super::super::tags;
use super::model::{SnapshotPolicyModel, tags_of};
use super::{READ, role, wanted_tags};

/// What differs beside the attributes: the tags that are no user's, and the role.
pub(super) async fn differences(
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
        let name = role::name(account, &model.name);
        let explain = explained(READ);
        match account.role(&name).await.map_err(&explain)? {
            None => lines.push(format!("the role {name} is not there")),
            Some(role) if policy.execution_role_arn() != Some(&role.arn) => {
                lines.push(format!("it works by another role than {name}"));
            }
            Some(_) => {
                let has = account.managed_policies(&name).await.map_err(&explain)?;
                if has != account.arns(&BTreeSet::from([role::ROLE_POLICY.to_owned()])) {
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
