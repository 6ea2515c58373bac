//! The kinds of objects that tests look at, and how they are reached.

use kube::api::{ApiResource, DynamicObject};
use kube::{Api, Client};

/// Group, kind and plural.
pub(crate) struct Kind(&'static str, &'static str, &'static str);

impl Kind {
    pub(crate) fn name(&self) -> &'static str {
        self.1
    }

    /// The objects of this kind, in a namespace if they live in one.
    pub(crate) fn api(&self, client: &Client, namespace: &str) -> Api<DynamicObject> {
        let resource = ApiResource {
            group: self.0.to_owned(),
            version: "v1".to_owned(),
            api_version: if self.0.is_empty() {
                "v1".to_owned()
            } else {
                format!("{}/v1", self.0)
            },
            kind: self.1.to_owned(),
            plural: self.2.to_owned(),
        };
        match self.1 {
            "CSINode"
            | "CustomResourceDefinition"
            | "Namespace"
            | "Node"
            | "PersistentVolume"
            | "StorageClass"
            | "VolumeAttachment"
            | "VolumeSnapshotClass" => Api::all_with(client.clone(), &resource),
            _ => Api::namespaced_with(client.clone(), namespace, &resource),
        }
    }
}

pub(crate) const NAMESPACE: Kind = Kind("", "Namespace", "namespaces");
pub(crate) const POD: Kind = Kind("", "Pod", "pods");
pub(crate) const SECRET: Kind = Kind("", "Secret", "secrets");
pub(crate) const CONFIG_MAP: Kind = Kind("", "ConfigMap", "configmaps");
pub(crate) const SERVICE: Kind = Kind("", "Service", "services");
pub(crate) const CLAIM: Kind = Kind("", "PersistentVolumeClaim", "persistentvolumeclaims");
pub(crate) const VOLUME: Kind = Kind("", "PersistentVolume", "persistentvolumes");
pub(crate) const ACCOUNT: Kind = Kind("", "ServiceAccount", "serviceaccounts");
pub(crate) const ROLE: Kind = Kind("rbac.authorization.k8s.io", "Role", "roles");
pub(crate) const BINDING: Kind = Kind("rbac.authorization.k8s.io", "RoleBinding", "rolebindings");
pub(crate) const DEPLOYMENT: Kind = Kind("apps", "Deployment", "deployments");
pub(crate) const STORAGE_CLASS: Kind = Kind("storage.k8s.io", "StorageClass", "storageclasses");
pub(crate) const DAEMON_SET: Kind = Kind("apps", "DaemonSet", "daemonsets");
pub(crate) const NODE: Kind = Kind("", "Node", "nodes");
pub(crate) const CSI_NODE: Kind = Kind("storage.k8s.io", "CSINode", "csinodes");
pub(crate) const ATTACHMENT: Kind = Kind("storage.k8s.io", "VolumeAttachment", "volumeattachments");
pub(crate) const DEFINITION: Kind = Kind(
    "apiextensions.k8s.io",
    "CustomResourceDefinition",
    "customresourcedefinitions",
);
pub(crate) const SNAPSHOT: Kind = Kind("snapshot.storage.k8s.io", "VolumeSnapshot", "volumesnapshots");
pub(crate) const SNAPSHOT_CLASS: Kind = Kind(
    "snapshot.storage.k8s.io",
    "VolumeSnapshotClass",
    "volumesnapshotclasses",
);
pub(crate) const INGRESS: Kind = Kind("networking.k8s.io", "Ingress", "ingresses");
