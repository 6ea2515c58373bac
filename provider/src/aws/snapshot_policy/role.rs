//! The role by which a policy works, if none is given.

use std::collections::{BTreeMap, BTreeSet};

use tf_framework::diagnostics::Diagnostics;

use super::super::account::Account;
use super::super::diagnostics::explained;
use super::super::iam::{RoleSpec, Trust};
use super::super::tags;
use super::model::SnapshotPolicyModel;

/// What AWS lets Data Lifecycle Manager do with snapshots.
pub(super) const ROLE_POLICY: &str = "service-role/AWSDataLifecycleManagerServiceRole";

/// How long the name of a role may be.
const ROLE_NAME: usize = 64;

pub(super) fn spec(account: &Account, model: &SnapshotPolicyModel) -> RoleSpec {
    RoleSpec {
        name: name(account, &model.name),
        purpose: purpose(account, &model.name),
        description: format!("Makes and deletes snapshots for the policy {}", model.name),
        trust: Trust::Service("dlm"),
        managed: BTreeSet::from([ROLE_POLICY.to_owned()]),
        inline: BTreeMap::new(),
        tags: tags::given(model.tags.as_ref(), &account.default_tags()),
    }
}

/// Roles are in no region, and policies are in one.
pub(super) fn name(account: &Account, policy: &str) -> String {
    let name = format!("cht-snapshots-{}-{}", account.region(), policy.replace(' ', "-"));
    name.chars().take(ROLE_NAME).collect()
}

fn purpose(account: &Account, policy: &str) -> String {
    format!("snapshot-policy/{}/{policy}", account.region())
}

pub(super) async fn remove(account: &Account, policy: &str, summary: &str) -> Result<(), Diagnostics> {
    let removed = account
        .delete_role(&name(account, policy), &purpose(account, policy))
        .await;
    removed.map_err(explained(summary))
}
