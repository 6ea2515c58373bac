//! The attributes of `cht_eks_addon`, in schema order.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_eks::types::Addon;
use tf_framework::custom_types::{Arn, Json, Text};
use tf_framework::identity::IdentityOf;
use tf_framework::schema::Validator;
use tf_framework::{Attr, Identity, Model, Timeouts};

use super::super::eks::addons::AddonId;
use super::super::rules;
use super::super::tags::{self, Tags};

/// The version that EKS chooses for the version of the cluster.
pub(super) const DEFAULT: &str = "default";

/// The newest version for the version of the cluster.
pub(super) const LATEST: &str = "latest";

/// Add-ons that can do nothing without a role, with the policy that AWS has for it.
const NEEDS_ROLE: [(&str, &str); 2] = [
    ("aws-ebs-csi-driver", "service-role/AmazonEBSCSIDriverPolicy"),
    ("aws-efs-csi-driver", "service-role/AmazonEFSCSIDriverPolicy"),
];

/// Manages an add-on of an EKS cluster: software such as the driver of EBS volumes, which EKS installs and keeps as it
/// should be.
///
/// `aws-ebs-csi-driver` makes the volumes of CHT. It needs a role, which is made with it, and given to it by pod
/// identity: for that the cluster needs the add-on `eks-pod-identity-agent`, which Auto Mode has by itself.
///
/// Some add-ons, such as `coredns`, run on nodes and wait for the first. One that is made while the cluster has none
/// yet is done with a warning, and runs when nodes join.
#[derive(Clone, Debug, Model)]
#[tf(
    at_most_one_of(role_arn, policies),
    timeouts(create = "20m", read = "5m", update = "20m", delete = "20m")
)]
pub struct AddonModel {
    /// Name of the cluster.
    #[tf(replace, validate(rules::cluster_name()))]
    pub cluster_name: String,
    /// Name of the add-on, such as `aws-ebs-csi-driver`, `coredns`, `kube-proxy`, `vpc-cni` or `metrics-server`.
    #[tf(replace, validate(name()))]
    pub addon_name: String,
    /// Version, such as `v1.58.0-eksbuild.1`; or `default`, which is what EKS recommends for the version of the
    /// cluster, or `latest`: these are followed when they change. Default: what EKS recommends when the add-on is made,
    /// and no other one after that.
    #[tf(optional, keep_non_null, validate(version()))]
    pub addon_version: Attr<String>,
    /// Settings of the add-on as JSON, such as `jsonencode({ replicaCount = 2 })`.
    pub configuration_values: Option<Text<Json>>,
    /// What becomes of objects in the cluster that differ from what the add-on has: `OVERWRITE`, `PRESERVE` those that
    /// somebody has changed, or `NONE`, which is an error.
    #[tf(default = "OVERWRITE", validate(Validator::one_of(["NONE", "OVERWRITE", "PRESERVE"])))]
    pub resolve_conflicts: String,
    /// ARN of the role that the add-on has, by pod identity. Default: one is made if there are `policies`.
    #[tf(optional, keep_non_null)]
    pub role_arn: Attr<Text<Arn>>,
    /// Policies of the role that is made: those of AWS by name, such as `service-role/AmazonEBSCSIDriverPolicy`, others
    /// by ARN. Default: what `aws-ebs-csi-driver` and `aws-efs-csi-driver` need, and none for others.
    #[tf(validate(Validator::not_empty()))]
    pub policies: Option<BTreeSet<String>>,
    /// Whether what the add-on has in the cluster stays there when it is destroyed.
    #[tf(default = false)]
    pub preserve: bool,
    /// Tags of the add-on and its role, beside the provider's `default_tags`.
    #[tf(validate(rules::tags()))]
    pub tags: Option<BTreeMap<String, String>>,
    /// ARN of the add-on.
    #[tf(keep_non_null)]
    pub arn: Attr<String>,
    /// The version that is installed.
    #[tf(keep_non_null)]
    pub installed_version: Attr<String>,
    /// The version that is to be installed, where `default` or `latest` has become another one.
    #[tf(keep)]
    pub newer_version: Attr<String>,
    /// What EKS says of it, such as `ACTIVE` or `DEGRADED`; `DELETED` if it is gone and the role that was made for it
    /// is not.
    pub status: Attr<String>,
    /// How long operations may take.
    pub timeouts: Timeouts,
}

/// What names an add-on.
#[derive(Clone, Debug, Identity)]
pub struct AddonIdentity {
    /// Name of the cluster.
    pub cluster_name: String,
    /// Name of the add-on.
    pub addon_name: String,
}

impl IdentityOf<AddonModel> for AddonIdentity {
    fn of(addon: &AddonModel) -> Option<Self> {
        Some(AddonIdentity {
            cluster_name: addon.cluster_name.clone(),
            addon_name: addon.addon_name.clone(),
        })
    }
}

impl AddonModel {
    /// What names it.
    pub(super) fn id(&self) -> AddonId<'_> {
        AddonId {
            cluster: &self.cluster_name,
            name: &self.addon_name,
        }
    }

    /// The policies of the role that is made for it; none if none is.
    pub(super) fn wanted_policies(&self) -> Option<BTreeSet<String>> {
        self.policies.clone().or_else(|| usual_policies(&self.addon_name))
    }

    /// With what there is.
    pub(super) fn observed(mut self, addon: &Addon, role: Option<&str>) -> Self {
        let text = |text: Option<&str>| -> Attr<String> { text.map(str::to_owned).into() };
        self.installed_version = text(addon.addon_version());
        if !self.addon_version.known().is_some_and(|version| is_followed(version)) {
            self.addon_version = self.installed_version.clone();
        }
        let values = addon
            .configuration_values()
            .filter(|values| !matches!(*values, "" | "{}"));
        self.configuration_values = values.and_then(|values| values.parse().ok());
        self.role_arn = role.and_then(|arn| arn.parse().ok()).into();
        self.tags = tags::observed(self.tags.as_ref(), &tags_of(addon));
        self.arn = text(addon.addon_arn());
        if self.newer_version.is_unknown() {
            self.newer_version = Attr::Null;
        }
        self.status = text(Some(status(addon)));
        self
    }

    /// An add-on of which only its name is known.
    pub(super) fn imported(cluster_name: String, addon_name: String) -> Self {
        AddonModel {
            cluster_name,
            addon_name,
            addon_version: Attr::Null,
            configuration_values: None,
            resolve_conflicts: "OVERWRITE".to_owned(),
            role_arn: Attr::Null,
            policies: None,
            preserve: false,
            tags: None,
            arn: Attr::Null,
            installed_version: Attr::Null,
            newer_version: Attr::Null,
            status: Attr::Null,
            timeouts: Timeouts::default(),
        }
    }
}

/// The policies of an add-on that can do nothing without them.
pub(super) fn usual_policies(addon_name: &str) -> Option<BTreeSet<String>> {
    let (_, policy) = NEEDS_ROLE.iter().find(|(name, _)| *name == addon_name)?;
    Some(BTreeSet::from([(*policy).to_owned()]))
}

/// Whether a version is a word for what changes.
pub(super) fn is_followed(version: &str) -> bool {
    version == DEFAULT || version == LATEST
}

/// The tags of an add-on.
pub(super) fn tags_of(addon: &Addon) -> Tags {
    addon.tags().cloned().unwrap_or_default().into_iter().collect()
}

/// The status of an add-on.
pub(super) fn status(addon: &Addon) -> &str {
    addon.status().map_or("", |status| status.as_str())
}

fn name() -> Validator {
    Validator::matches(
        "^[a-z0-9][a-z0-9_-]{0,99}$",
        "the name of an add-on, such as `aws-ebs-csi-driver`",
    )
}

fn version() -> Validator {
    Validator::matches(
        "^(default|latest|v[0-9][0-9A-Za-z.+-]*)$",
        "a version such as `v1.58.0-eksbuild.1`, `default` or `latest`",
    )
}
