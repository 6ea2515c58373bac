//! The role that is made for an add-on, if it has policies and no role of its own.

use std::collections::BTreeMap;

use super::super::account::Account;
use super::super::iam::{RoleSpec, Trust};
use super::super::short_name::short_name;
use super::super::tags;
use super::model::AddonModel;

/// The name of the role that is made for an add-on. Names of roles count in all regions.
pub(super) fn name(account: &Account, model: &AddonModel) -> String {
    let name = format!("cht-{}-{}-{}", account.region(), model.cluster_name, model.addon_name);
    short_name(&name, 64)
}

/// The role as it should be; none if there are no policies for it.
pub(super) fn spec(account: &Account, model: &AddonModel) -> Option<RoleSpec> {
    Some(RoleSpec {
        name: name(account, model),
        purpose: purpose(account, model),
        description: format!(
            "The add-on {} of the EKS cluster {}",
            model.addon_name, model.cluster_name
        ),
        trust: Trust::Pods,
        managed: model.wanted_policies()?,
        inline: BTreeMap::new(),
        tags: tags::given(model.tags.as_ref(), &account.default_tags()),
    })
}

pub(super) fn purpose(account: &Account, model: &AddonModel) -> String {
    format!(
        "eks-addon/{}/{}/{}",
        account.region(),
        model.cluster_name,
        model.addon_name
    )
}
