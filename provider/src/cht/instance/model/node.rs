//! The attributes of `couchdb.nodes`.

use std::collections::BTreeMap;

use tf_framework::Model;
use tf_framework::path::Path;
use tf_framework::schema::Validator;

use crate::cht::instance::model::{Couchdb, InstanceModel, Toleration, checks};

/// A node of CouchDB.
#[derive(Clone, Default, Model)]
pub struct CouchdbNode {
    /// Name of the Kubernetes node to which the pod is bound, as its label `kubernetes.io/hostname` has it; needed with
    /// `host_path`.
    #[tf(validate(checks::host_name()))]
    pub node_name: Option<String>,
    /// Labels of the Kubernetes nodes on which the pod may run, in place of those of `couchdb`.
    pub node_selector: Option<BTreeMap<String, String>>,
    /// Taints that the pod tolerates, in place of those of `couchdb`.
    pub tolerations: Option<Vec<Toleration>>,
    /// Its data volume, where it is not as `couchdb` has it.
    pub storage: Option<NodeStorage>,
}

/// The data volume of a node: a new one, or one that is there already, which no other instance may have. A volume that
/// is there already is never deleted with the instance.
#[derive(Clone, Default, Model)]
#[tf(at_most_one_of(ebs_volume_id, gce_disk, host_path, vsphere_volume_handle, volume_name, claim_name))]
pub struct NodeStorage {
    /// Size of the volume. Default: `storage_size` of `couchdb`. A volume that is there already keeps the size that it
    /// has.
    #[tf(validate(checks::quantity()), equal = checks::same_quantity)]
    pub size: Option<String>,
    /// Storage class of the volume. Default: `storage_class` of `couchdb`; none for a volume that is there already.
    pub class: Option<String>,
    /// Id of an existing volume of Amazon EBS, such as `vol-0a1b2c3d4e5f60718`.
    #[tf(validate(checks::ebs_volume_id()))]
    pub ebs_volume_id: Option<String>,
    /// Name of an existing disk of Google Compute Engine.
    #[tf(validate(checks::gce_disk()))]
    pub gce_disk: Option<String>,
    /// Directory of the Kubernetes node `node_name`, which no other instance may use.
    #[tf(validate(checks::host_path()))]
    pub host_path: Option<String>,
    /// Handle of an existing volume of the vSphere CSI driver.
    #[tf(validate(checks::volume_handle()))]
    pub vsphere_volume_handle: Option<String>,
    /// Name of an existing PersistentVolume.
    #[tf(validate(checks::object_name()))]
    pub volume_name: Option<String>,
    /// Name of an existing PersistentVolumeClaim in the namespace.
    #[tf(validate(checks::object_name()))]
    pub claim_name: Option<String>,
    /// Partition of `ebs_volume_id` or `gce_disk` that holds the file system; without it, the whole disk.
    #[tf(validate(Validator::between(1..=127)))]
    pub partition: Option<i64>,
    /// Availability zone of `ebs_volume_id` or `gce_disk`. The pod can only run there, so it is kept there.
    pub zone: Option<String>,
}

impl CouchdbNode {
    /// The attribute of a node.
    pub(in crate::cht::instance) fn path(index: usize) -> Path {
        Path::new(InstanceModel::COUCHDB).attribute(Couchdb::NODES).index(index)
    }
}

impl NodeStorage {
    /// The volume of a node.
    pub(in crate::cht::instance) fn path(index: usize) -> Path {
        CouchdbNode::path(index).attribute(CouchdbNode::STORAGE)
    }

    /// The attribute that decides on the size of a node's volume.
    pub(in crate::cht::instance) fn size_path(index: usize, node: Option<&CouchdbNode>) -> Path {
        let own = node.and_then(|node| node.storage.as_ref()?.size.as_ref());
        match own {
            Some(_) => Self::path(index).attribute(NodeStorage::SIZE),
            None => Path::new(InstanceModel::COUCHDB).attribute(Couchdb::STORAGE_SIZE),
        }
    }
}
