//! The static table of the kinds that this provider makes or reads.
//!
//! It spares a discovery round trip for each process. Group, version, plural and scope come from the `k8s-openapi`
//! types themselves, so they cannot be mistyped; but for those of snapshots and load balancers, which are defined
//! beside Kubernetes.

use k8s_openapi::api::admissionregistration::v1::{MutatingWebhookConfiguration, ValidatingWebhookConfiguration};
use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, ReplicaSet, StatefulSet};
use k8s_openapi::api::batch::v1::{CronJob, Job};
use k8s_openapi::api::core::v1::{
    ConfigMap, Event, Namespace, Node, PersistentVolume, PersistentVolumeClaim, Pod, Secret, Service, ServiceAccount,
};
use k8s_openapi::api::networking::v1::{Ingress, IngressClass};
use k8s_openapi::api::rbac::v1::{ClusterRole, ClusterRoleBinding, Role, RoleBinding};
use k8s_openapi::api::scheduling::v1::PriorityClass;
use k8s_openapi::api::storage::v1::{CSIDriver, CSINode, StorageClass};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use k8s_openapi::{ClusterResourceScope, NamespaceResourceScope, Resource};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// The kinds that this provider knows, in the order in which objects are made; they are deleted in reverse.
pub const KINDS: &[Kind] = &[
    Kind::DEFINITION,
    Kind::cluster::<Namespace>(),
    Kind::cluster::<PriorityClass>(),
    Kind::cluster::<StorageClass>(),
    Kind::cluster::<CSIDriver>(),
    Kind::CLASS_PARAMETERS,
    Kind::AUTO_CLASS_PARAMETERS,
    Kind::cluster::<IngressClass>(),
    Kind::SNAPSHOT_CLASS,
    Kind::namespaced::<ServiceAccount>(),
    Kind::cluster::<ClusterRole>(),
    Kind::cluster::<ClusterRoleBinding>(),
    Kind::namespaced::<Role>(),
    Kind::namespaced::<RoleBinding>(),
    Kind::namespaced::<Secret>(),
    Kind::namespaced::<ConfigMap>(),
    Kind::cluster::<PersistentVolume>(),
    Kind::namespaced::<PersistentVolumeClaim>(),
    Kind::namespaced::<Service>(),
    Kind::namespaced::<Deployment>(),
    Kind::namespaced::<StatefulSet>(),
    Kind::namespaced::<DaemonSet>(),
    Kind::namespaced::<Job>(),
    Kind::namespaced::<Ingress>(),
    Kind::cluster::<MutatingWebhookConfiguration>(),
    Kind::cluster::<ValidatingWebhookConfiguration>(),
    // Only read: their owners make them.
    Kind::namespaced::<CronJob>(),
    Kind::cluster::<Node>(),
    Kind::cluster::<CSINode>(),
    Kind::namespaced::<ReplicaSet>(),
    Kind::namespaced::<Pod>(),
    Kind::namespaced::<Event>(),
    Kind::SNAPSHOT,
    Kind::TARGET_GROUP_BINDING,
];

/// Groups of kinds that are no part of Kubernetes itself, with their versions.
const SNAPSHOTS: (&str, &str) = ("snapshot.storage.k8s.io", "v1");
const LOAD_BALANCERS: (&str, &str) = ("elbv2.k8s.aws", "v1beta1");

/// The kinds that are no part of Kubernetes itself.
const DEFINED: [Kind; 5] = [
    Kind::SNAPSHOT_CLASS,
    Kind::SNAPSHOT,
    Kind::CLASS_PARAMETERS,
    Kind::AUTO_CLASS_PARAMETERS,
    Kind::TARGET_GROUP_BINDING,
];

/// A kind of the Kubernetes API, with what its paths are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kind {
    /// The API group; empty for the core group.
    pub group: &'static str,
    /// The version within the group.
    pub version: &'static str,
    /// The kind as manifests spell it.
    pub kind: &'static str,
    /// The plural as paths and RBAC rules spell it.
    pub plural: &'static str,
    /// Whether its objects live in a namespace.
    pub namespaced: bool,
}

impl Kind {
    /// What defines further kinds.
    pub const DEFINITION: Self = Self::cluster::<CustomResourceDefinition>();
    /// How snapshots of volumes are made.
    pub const SNAPSHOT_CLASS: Self = Self::defined(SNAPSHOTS, "VolumeSnapshotClass", "volumesnapshotclasses", false);
    /// A snapshot of a volume.
    pub const SNAPSHOT: Self = Self::defined(SNAPSHOTS, "VolumeSnapshot", "volumesnapshots", true);
    /// What holds for all Ingresses of a class of the AWS Load Balancer Controller.
    pub const CLASS_PARAMETERS: Self = Self::defined(LOAD_BALANCERS, "IngressClassParams", "ingressclassparams", false);
    /// The same for a class of EKS Auto Mode.
    pub const AUTO_CLASS_PARAMETERS: Self = Self::defined(
        ("eks.amazonaws.com", "v1"),
        "IngressClassParams",
        "ingressclassparams",
        false,
    );
    /// What registers the pods of a Service with a target group of AWS.
    pub const TARGET_GROUP_BINDING: Self =
        Self::defined(LOAD_BALANCERS, "TargetGroupBinding", "targetgroupbindings", true);

    /// A kind that is no part of Kubernetes itself, by its group and version.
    const fn defined(
        group: (&'static str, &'static str),
        kind: &'static str,
        plural: &'static str,
        namespaced: bool,
    ) -> Self {
        Self {
            group: group.0,
            version: group.1,
            kind,
            plural,
            namespaced,
        }
    }

    /// The kind of a type whose objects live in a namespace.
    pub const fn namespaced<K: Resource<Scope = NamespaceResourceScope>>() -> Self {
        Self {
            group: K::GROUP,
            version: K::VERSION,
            kind: K::KIND,
            plural: K::URL_PATH_SEGMENT,
            namespaced: true,
        }
    }

    /// The kind of a type whose objects belong to the whole cluster.
    pub const fn cluster<K: Resource<Scope = ClusterResourceScope>>() -> Self {
        Self {
            group: K::GROUP,
            version: K::VERSION,
            kind: K::KIND,
            plural: K::URL_PATH_SEGMENT,
            namespaced: false,
        }
    }

    /// `apps/v1`, or `v1` for the core group.
    pub fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.to_owned()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }

    /// `deployments.apps`, as RBAC and the server's messages name it.
    pub fn resource(&self) -> String {
        if self.group.is_empty() {
            self.plural.to_owned()
        } else {
            format!("{}.{}", self.plural, self.group)
        }
    }

    /// Where the kind stands in the order of creation.
    pub(super) fn rank(&self) -> usize {
        KINDS.iter().position(|kind| kind == self).unwrap_or(KINDS.len())
    }

    /// The name of what defines it, if it is no part of Kubernetes itself.
    pub(super) fn definition(&self) -> Option<String> {
        DEFINED.contains(self).then(|| self.resource())
    }

    /// The path of the collection, or of all namespaces if none is given.
    pub(super) fn path(&self, namespace: Option<&str>) -> String {
        let root = if self.group.is_empty() { "/api" } else { "/apis" };
        let root = format!("{root}/{}", self.api_version());
        match namespace {
            Some(namespace) if self.namespaced => {
                format!("{root}/namespaces/{}/{}", encode_segment(namespace), self.plural)
            }
            Some(_) | None => format!("{root}/{}", self.plural),
        }
    }
}

/// The bytes of a path segment that need no encoding; RBAC names hold colons.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b':');

pub(super) fn encode_segment(text: &str) -> String {
    utf8_percent_encode(text, SEGMENT).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_stands_once_in_the_table() {
        for (index, kind) in KINDS.iter().enumerate() {
            assert_eq!(kind.rank(), index, "{kind:?}");
        }
    }
}
