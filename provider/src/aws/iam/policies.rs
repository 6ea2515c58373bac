//! The policies of a role: those that it is given, by their ARNs, and its own, by their documents.

use std::collections::{BTreeMap, BTreeSet};

use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::SERVICE;
use crate::aws::account::Account;
use crate::aws::error::{Error, found, gone};
use crate::aws::region::partition;

impl Account {
    /// The ARNs of the managed policies that a role has.
    ///
    /// # Errors
    /// A call failed.
    pub(in crate::aws) async fn managed_policies(&self, role: &str) -> Result<BTreeSet<String>, Error> {
        let call = self.call(SERVICE, "ListAttachedRolePolicies");
        let mut arns = BTreeSet::new();
        let mut marker = None;
        loop {
            let iam = &self.services().iam;
            let sent = iam.list_attached_role_policies().role_name(role).set_marker(marker);
            let page = self.run(&call, sent.send()).await?;
            let attached = page.attached_policies.unwrap_or_default();
            arns.extend(attached.into_iter().filter_map(|policy| policy.policy_arn));
            marker = page.marker;
            if marker.is_none() {
                return Ok(arns);
            }
        }
    }

    /// The ARNs of policies that are given by name or by ARN.
    pub(in crate::aws) fn arns(&self, policies: &BTreeSet<String>) -> BTreeSet<String> {
        let arn = |policy: &String| match policy.starts_with("arn:") {
            true => policy.clone(),
            false => format!("arn:{}:iam::aws:policy/{policy}", partition(self.region())),
        };
        policies.iter().map(arn).collect()
    }

    pub(super) async fn set_managed_policies(&self, role: &str, wanted: &BTreeSet<String>) -> Result<(), Error> {
        let iam = &self.services().iam;
        let has = self.managed_policies(role).await?;
        for arn in wanted.difference(&has) {
            let sent = iam.attach_role_policy().role_name(role).policy_arn(arn).send();
            self.run(&self.call(SERVICE, "AttachRolePolicy"), sent).await?;
        }
        for arn in has.difference(wanted) {
            let sent = iam.detach_role_policy().role_name(role).policy_arn(arn).send();
            gone(self.run(&self.call(SERVICE, "DetachRolePolicy"), sent).await)?;
        }
        Ok(())
    }

    pub(super) async fn set_inline_policies(&self, role: &str, wanted: &BTreeMap<String, Value>) -> Result<(), Error> {
        let iam = &self.services().iam;
        let has = self.inline_policies(role).await?;
        for (name, document) in wanted {
            if has.contains(name) && self.inline_policy(role, name).await?.as_ref() == Some(document) {
                continue;
            }
            let put = iam.put_role_policy().role_name(role).policy_name(name);
            let sent = put.policy_document(document.to_string()).send();
            self.run(&self.call(SERVICE, "PutRolePolicy"), sent).await?;
        }
        for name in has.iter().filter(|name| !wanted.contains_key(*name)) {
            let sent = iam.delete_role_policy().role_name(role).policy_name(name).send();
            gone(self.run(&self.call(SERVICE, "DeleteRolePolicy"), sent).await)?;
        }
        Ok(())
    }

    /// The names of a role's own policies. There are a few at most, which fit on a page.
    async fn inline_policies(&self, role: &str) -> Result<Vec<String>, Error> {
        let sent = self.services().iam.list_role_policies().role_name(role).send();
        let answer = self.run(&self.call(SERVICE, "ListRolePolicies"), sent).await?;
        Ok(answer.policy_names)
    }

    /// A policy of a role's own; nothing if it has none of this name, or is not there.
    ///
    /// # Errors
    /// The call failed.
    pub(in crate::aws) async fn inline_policy(&self, role: &str, name: &str) -> Result<Option<Value>, Error> {
        let get = self.services().iam.get_role_policy();
        let sent = get.role_name(role).policy_name(name).send();
        let answer = found(self.run(&self.call(SERVICE, "GetRolePolicy"), sent).await)?;
        Ok(answer.and_then(|answer| decoded(&answer.policy_document)))
    }
}

/// A policy as IAM answers it: encoded as parts of URLs are.
pub(super) fn decoded(document: &str) -> Option<Value> {
    serde_json::from_str(&percent_decode_str(document).decode_utf8().ok()?).ok()
}
