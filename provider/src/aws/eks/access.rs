//! Access entries: which user or role of IAM is who in a cluster, and the calls about them.
//!
//! API: [CreateAccessEntry](https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateAccessEntry.html),
//! [AssociateAccessPolicy](https://docs.aws.amazon.com/eks/latest/APIReference/API_AssociateAccessPolicy.html) and what
//! belongs to them.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_eks::types::{AccessEntry, AccessScope, AccessScopeType};

use super::SERVICE;
use crate::aws::account::Account;
use crate::aws::error::{Error, found, gone};

/// What names an access entry: its cluster, and the user or role.
#[derive(Clone, Copy, Debug)]
pub(in crate::aws) struct EntryId<'a> {
    /// Name of the cluster.
    pub(in crate::aws) cluster: &'a str,
    /// ARN of the user or role.
    pub(in crate::aws) principal: &'a str,
}

/// What a new access entry is.
#[derive(Clone, Debug)]
pub(in crate::aws) struct NewEntry {
    /// The type, such as `STANDARD`.
    pub(in crate::aws) kind: String,
    /// Who it is in Kubernetes; EKS makes it up if it is not said.
    pub(in crate::aws) user_name: Option<String>,
    /// The groups in Kubernetes.
    pub(in crate::aws) groups: Vec<String>,
    /// The tags.
    pub(in crate::aws) tags: BTreeMap<String, String>,
}

/// Policies that are associated, by ARN, each with the namespaces that it is for; none stand for the whole cluster.
pub(in crate::aws) type Policies = BTreeMap<String, BTreeSet<String>>;

impl Account {
    /// An access entry; nothing if it is not there, or its cluster is not.
    ///
    /// # Errors
    /// The call failed.
    pub(in crate::aws) async fn access_entry(&self, id: EntryId<'_>) -> Result<Option<AccessEntry>, Error> {
        let sent = self
            .eks()
            .describe_access_entry()
            .cluster_name(id.cluster)
            .principal_arn(id.principal)
            .send();
        let answer = found(self.run(&self.call(SERVICE, "DescribeAccessEntry"), sent).await)?;
        Ok(answer.and_then(|answer| answer.access_entry))
    }

    /// Makes an access entry.
    ///
    /// # Errors
    /// There is one, or the call failed.
    pub(in crate::aws) async fn create_access_entry(&self, id: EntryId<'_>, new: NewEntry) -> Result<(), Error> {
        let sent = self
            .eks()
            .create_access_entry()
            .cluster_name(id.cluster)
            .principal_arn(id.principal)
            .r#type(new.kind)
            .set_username(new.user_name)
            .set_kubernetes_groups((!new.groups.is_empty()).then_some(new.groups))
            .set_tags(Some(new.tags.into_iter().collect()))
            .send();
        let made = self.run(&self.call(SERVICE, "CreateAccessEntry"), sent).await;
        made.map(drop)
    }

    /// Changes who a user or role is in Kubernetes.
    ///
    /// # Errors
    /// The call failed.
    pub(in crate::aws) async fn update_access_entry(
        &self,
        id: EntryId<'_>,
        user_name: Option<String>,
        groups: Vec<String>,
    ) -> Result<(), Error> {
        let sent = self
            .eks()
            .update_access_entry()
            .cluster_name(id.cluster)
            .principal_arn(id.principal)
            .set_username(user_name)
            .set_kubernetes_groups(Some(groups))
            .send();
        let updated = self.run(&self.call(SERVICE, "UpdateAccessEntry"), sent).await;
        updated.map(drop)
    }

    /// Deletes an access entry, if it is there.
    ///
    /// # Errors
    /// The call failed.
    pub(in crate::aws) async fn delete_access_entry(&self, id: EntryId<'_>) -> Result<(), Error> {
        let sent = self
            .eks()
            .delete_access_entry()
            .cluster_name(id.cluster)
            .principal_arn(id.principal)
            .send();
        gone(self.run(&self.call(SERVICE, "DeleteAccessEntry"), sent).await)
    }

    /// The policies that an access entry has.
    ///
    /// # Errors
    /// A call failed.
    pub(in crate::aws) async fn access_policies(&self, id: EntryId<'_>) -> Result<Policies, Error> {
        let call = self.call(SERVICE, "ListAssociatedAccessPolicies");
        let mut policies = Policies::new();
        let mut token = None;
        loop {
            let sent = self
                .eks()
                .list_associated_access_policies()
                .cluster_name(id.cluster)
                .principal_arn(id.principal)
                .set_next_token(token)
                .send();
            let page = self.run(&call, sent).await?;
            for policy in page.associated_access_policies.unwrap_or_default() {
                let scope = policy.access_scope.and_then(|scope| scope.namespaces);
                let namespaces = scope.unwrap_or_default().into_iter().collect();
                policies.extend(policy.policy_arn.map(|arn| (arn, namespaces)));
            }
            token = page.next_token.filter(|token| !token.is_empty());
            if token.is_none() {
                return Ok(policies);
            }
        }
    }

    /// Brings the policies of an access entry to what is wanted.
    ///
    /// # Errors
    /// A call failed.
    pub(in crate::aws) async fn set_access_policies(
        &self,
        id: EntryId<'_>,
        has: &Policies,
        wanted: &Policies,
    ) -> Result<(), Error> {
        for (policy, namespaces) in wanted {
            if has.get(policy) != Some(namespaces) {
                self.associate_access_policy(id, policy, namespaces).await?;
            }
        }
        for policy in has.keys().filter(|policy| !wanted.contains_key(*policy)) {
            self.disassociate_access_policy(id, policy).await?;
        }
        Ok(())
    }

    /// Gives an access entry a policy, or one that it has another scope.
    ///
    /// # Errors
    /// The call failed.
    async fn associate_access_policy(
        &self,
        id: EntryId<'_>,
        policy: &str,
        namespaces: &BTreeSet<String>,
    ) -> Result<(), Error> {
        let scope = match namespaces.is_empty() {
            true => AccessScope::builder().r#type(AccessScopeType::Cluster),
            false => AccessScope::builder()
                .r#type(AccessScopeType::Namespace)
                .set_namespaces(Some(namespaces.iter().cloned().collect())),
        };
        let sent = self
            .eks()
            .associate_access_policy()
            .cluster_name(id.cluster)
            .principal_arn(id.principal)
            .policy_arn(policy)
            .access_scope(scope.build())
            .send();
        let associated = self.run(&self.call(SERVICE, "AssociateAccessPolicy"), sent).await;
        associated.map(drop)
    }

    /// Takes a policy from an access entry, if it has it.
    ///
    /// # Errors
    /// The call failed.
    async fn disassociate_access_policy(&self, id: EntryId<'_>, policy: &str) -> Result<(), Error> {
        let sent = self
            .eks()
            .disassociate_access_policy()
            .cluster_name(id.cluster)
            .principal_arn(id.principal)
            .policy_arn(policy)
            .send();
        gone(self.run(&self.call(SERVICE, "DisassociateAccessPolicy"), sent).await)
    }
}
