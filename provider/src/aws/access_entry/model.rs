//! The attributes of `cht_eks_access_entry`, in schema order.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_eks::types::AccessEntry;
use tf_framework::custom_types::{Arn, Text};
use tf_framework::identity::IdentityOf;
use tf_framework::schema::Validator;
use tf_framework::{Attr, Identity, Model, Timeouts};

use super::super::eks::access::{EntryId, Policies};
use super::super::rules;
use super::super::tags::{self, Tags};
use super::rules::{group, policies, principal};

/// The type of entries for people and programs, who have groups and policies.
pub(super) const STANDARD: &str = "STANDARD";

/// The types of entries for nodes.
pub(super) const TYPES: [&str; 6] = [
    STANDARD,
    "EC2_LINUX",
    "EC2_WINDOWS",
    "EC2",
    "FARGATE_LINUX",
    "HYBRID_LINUX",
];

/// Manages the access of one user or role of IAM to an EKS cluster: who it is in Kubernetes, and what it may do there.
///
/// What may be done follows from `policies`, which AWS has, or from roles in Kubernetes that are given to
/// `kubernetes_groups`. It takes some seconds until the cluster knows of a change.
///
/// The entries that a cluster needs itself, of its nodes and of whoever made it, EKS makes on its own. An entry that is
/// there already has to be imported.
#[derive(Clone, Debug, Model)]
#[tf(timeouts(create = "10m", read = "2m", update = "10m", delete = "10m"))]
pub struct AccessEntryModel {
    /// Name of the cluster. Its access has to be given by entries: its authentication mode is `API` or
    /// `API_AND_CONFIG_MAP`.
    #[tf(replace, validate(rules::cluster_name()))]
    pub cluster_name: String,
    /// ARN of the user or role of IAM. For somebody who assumes a role it is that of the role, and not of the session.
    #[tf(replace, validate(principal()))]
    pub principal_arn: Text<Arn>,
    /// What the entry is for: `STANDARD` for people and programs. The others are for nodes, which EKS gives entries by
    /// itself in most cases: `EC2_LINUX`, `EC2_WINDOWS`, `EC2` for nodes of Auto Mode, `FARGATE_LINUX`, `HYBRID_LINUX`.
    #[tf(default = STANDARD, replace, validate(Validator::one_of(TYPES)))]
    pub r#type: String,
    /// Name of the user in Kubernetes, as audit logs show it. Default: EKS makes it up of the ARN.
    #[tf(optional, keep_non_null, validate(Validator::not_empty(), group()))]
    pub user_name: Attr<String>,
    /// Groups in Kubernetes, to which roles can be given there.
    #[tf(validate(Validator::not_empty(), Validator::each(group())))]
    pub kubernetes_groups: Option<BTreeSet<String>>,
    /// What may be done: policies of AWS by name, such as `AmazonEKSClusterAdminPolicy`, `AmazonEKSAdminPolicy`,
    /// `AmazonEKSEditPolicy` or `AmazonEKSViewPolicy`, or by ARN.
    #[tf(validate(policies()))]
    pub policies: Option<BTreeMap<String, PolicyScope>>,
    /// Tags, beside the provider's `default_tags`.
    #[tf(validate(rules::tags()))]
    pub tags: Option<BTreeMap<String, String>>,
    /// ARN of the entry.
    #[tf(keep)]
    pub arn: Attr<String>,
    /// How long operations may take.
    pub timeouts: Timeouts,
}

/// Where a policy counts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Model)]
pub struct PolicyScope {
    /// The namespaces. Default: the whole cluster.
    #[tf(validate(Validator::not_empty(), Validator::each(Validator::dns_label())))]
    pub namespaces: Option<BTreeSet<String>>,
}

/// What names an entry.
#[derive(Clone, Debug, Identity)]
pub struct AccessEntryIdentity {
    /// Name of the cluster.
    pub cluster_name: String,
    /// ARN of the user or role.
    pub principal_arn: String,
}

impl IdentityOf<AccessEntryModel> for AccessEntryIdentity {
    fn of(entry: &AccessEntryModel) -> Option<Self> {
        Some(AccessEntryIdentity {
            cluster_name: entry.cluster_name.clone(),
            principal_arn: entry.principal_arn.as_str().to_owned(),
        })
    }
}

impl AccessEntryModel {
    /// What names it.
    pub(super) fn id(&self) -> EntryId<'_> {
        EntryId {
            cluster: &self.cluster_name,
            principal: self.principal_arn.as_str(),
        }
    }

    /// The groups; none if there are none.
    pub(super) fn groups(&self) -> Vec<String> {
        self.kubernetes_groups.iter().flatten().cloned().collect()
    }

    /// The policies as EKS names them.
    pub(super) fn policies(&self) -> Policies {
        wanted_policies(self.principal_arn.as_str(), self.policies.as_ref())
    }

    /// With what EKS says.
    pub(super) fn observed(mut self, entry: &AccessEntry, policies: &Policies) -> Self {
        self.policies = observed_policies(self.principal_arn.as_str(), self.policies.as_ref(), policies);
        let groups: BTreeSet<String> = entry.kubernetes_groups().iter().cloned().collect();
        self.kubernetes_groups = (!groups.is_empty()).then_some(groups);
        self.r#type = entry.r#type().unwrap_or(STANDARD).to_owned();
        self.user_name = entry.username().map(str::to_owned).into();
        self.arn = entry.access_entry_arn().map(str::to_owned).into();
        self.tags = tags::observed(self.tags.as_ref(), &tags_of(entry));
        self
    }

    /// An entry of which only what EKS knows is known.
    pub(super) fn imported(
        cluster_name: String,
        principal_arn: Text<Arn>,
        (entry, policies): (&AccessEntry, &Policies),
        defaults: &Tags,
    ) -> Self {
        let model = AccessEntryModel {
            cluster_name,
            principal_arn,
            r#type: STANDARD.to_owned(),
            user_name: Attr::Null,
            kubernetes_groups: None,
            policies: None,
            tags: tags::of_user(&tags_of(entry), defaults),
            arn: Attr::Null,
            timeouts: Timeouts::default(),
        };
        model.observed(entry, policies)
    }
}

/// The policies of a user or role as EKS names them.
pub(in crate::aws) fn wanted_policies(principal: &str, wanted: Option<&BTreeMap<String, PolicyScope>>) -> Policies {
    let wanted = wanted.into_iter().flatten();
    let named = wanted.map(|(name, scope)| {
        let namespaces = scope.namespaces.clone().unwrap_or_default();
        (policy_arn(principal, name), namespaces)
    });
    named.collect()
}

/// The policies that a user or role has, by the names that are given for them; nothing if there are none and none are
/// given.
pub(in crate::aws) fn observed_policies(
    principal: &str,
    given: Option<&BTreeMap<String, PolicyScope>>,
    has: &Policies,
) -> Option<BTreeMap<String, PolicyScope>> {
    let names: BTreeMap<String, &String> = given
        .into_iter()
        .flatten()
        .map(|(name, _)| (policy_arn(principal, name), name))
        .collect();
    let scopes = has.iter().map(|(arn, namespaces)| {
        let bare = arn.rsplit('/').next().unwrap_or(arn);
        let name = names.get(arn).map_or(bare, |name| name.as_str());
        let scope = PolicyScope {
            namespaces: (!namespaces.is_empty()).then(|| namespaces.clone()),
        };
        (name.to_owned(), scope)
    });
    (given.is_some() || !has.is_empty()).then(|| scopes.collect())
}

/// A policy's ARN: those of AWS are in the partition of the account.
fn policy_arn(principal: &str, name: &str) -> String {
    if name.starts_with("arn:") {
        return name.to_owned();
    }
    let partition = principal.split(':').nth(1).unwrap_or("aws");
    format!("arn:{partition}:eks::aws:cluster-access-policy/{name}")
}

/// The tags of an entry.
pub(super) fn tags_of(entry: &AccessEntry) -> Tags {
    entry.tags().cloned().unwrap_or_default().into_iter().collect()
}
