//! The attributes of `cht_vsphere_csi_driver`, in schema order.

use tf_framework::identity::IdentityOf;
use tf_framework::schema::Validator;
use tf_framework::{Attr, Identity, Model, Timeouts};

use super::super::in_cluster;
use super::super::in_cluster::login::VCenterLogin;
use super::objects;
use crate::kubernetes::Kubernetes;

/// Manages the CSI driver of vSphere in a Kubernetes cluster: it makes volumes on datastores, attaches them to nodes
/// and lets them grow. A `cht_storage_class` with the provisioner `csi.vsphere.vmware.com` says which datastores.
///
/// The nodes must be known to `cht_vsphere_cloud_provider`, and their machines have hardware of version 15 or later and
/// `disk.EnableUUID`; machines of `cht_vsphere_virtual_machine` do. Plans log in to the vCenter as `vcenter` says, look
/// at the machine of each node there, and ask what the user may do. Creation ends when every node has the driver.
///
/// The user in `vcenter` needs these presets of `cht_vsphere_role`: `cns-search-and-spbm` on the root, `cns-vm` on the
/// machine of each node, `cns-datastore` on each datastore that is to have volumes, and ReadOnly on the datacenters and
/// on the hosts of the nodes. Plans warn of what is missing, with which claims would wait for ever. The Secret with the
/// configuration has its password, and no other object.
///
/// While volumes are attached, the driver is not destroyed: nobody could take them off the nodes.
#[derive(Clone, Debug, Model)]
#[tf(timeouts(create = "20m", read = "5m", update = "20m", delete = "10m"))]
pub struct CsiDriverModel {
    /// The way to the cluster; the provider's `kubernetes` where it is not given. Changing it changes how the cluster
    /// is reached, not which cluster it is.
    pub kubernetes: Option<Kubernetes>,
    /// The vCenter, and a user for this purpose alone.
    pub vcenter: VCenterLogin,
    /// Version to install. Default: the newest release that is made for the Kubernetes that the cluster has at the time
    /// of the installation: `v3.4.0` for 1.30, `v3.5.1` for 1.31, `v3.6.3` for 1.32, `v3.7.3` for 1.33 to 1.35 and, as
    /// there is no later release yet, for newer ones. It stays when Kubernetes is upgraded: plans warn when it is not
    /// made for the cluster's Kubernetes.
    #[tf(optional, keep, validate(in_cluster::version()))]
    pub version: Attr<String>,
    /// Registry that the images are pulled from, with a path if need be, for sites without the internet. It has them by
    /// their names in `registry.k8s.io`: `csi-vsphere/driver`, `csi-vsphere/syncer` and the sidecars in `sig-storage`.
    #[tf(default = "registry.k8s.io", validate(in_cluster::registry()))]
    pub image_registry: String,
    /// Id of the Kubernetes cluster, of at most 64 characters, that no other cluster of the vCenter has: clusters with
    /// the same id take away each other's volumes. Default: the UID of the namespace `kube-system`. Not the id that the
    /// vCenter has for a cluster of hosts, such as `domain-c8`.
    #[tf(optional, keep, validate(cluster_id()))]
    pub cluster_id: Attr<String>,
    /// What the vCenter shows as the kind of cluster, such as `k3s`.
    #[tf(validate(Validator::length(1..=64)))]
    pub cluster_distribution: Option<String>,
    /// How many controllers there are, each on another node of the control plane. Default: one for each, at most 3.
    #[tf(optional, keep, validate(Validator::between(1..=5)))]
    pub replicas: Attr<u16>,
    /// Categories of tags, such as `k8s-zone`, that say where machines and datastores are, so that a volume is made
    /// where its pod can be.
    #[tf(validate(
        Validator::length(1..=5),
        Validator::unique(),
        Validator::each(Validator::matches("^[^,\"\\s]+$", "a name without commas, quotes and spaces"))
    ))]
    pub topology_categories: Option<Vec<String>>,
    /// Snapshots of volumes: `{}` takes all defaults. Without it there are none. It is not taken away while there are
    /// VolumeSnapshots, as they would be lost.
    pub snapshots: Option<Snapshots>,
    /// What differs in the cluster from what is configured, one line for each difference. The next apply repairs it.
    #[tf(keep_non_null)]
    pub drift: Attr<Vec<String>>,
    /// How long operations may take.
    pub timeouts: Timeouts,
}

/// Snapshots of volumes, and what takes them.
#[derive(Clone, Debug, PartialEq, Model)]
pub struct Snapshots {
    /// Name of the VolumeSnapshotClass that is made for them.
    #[tf(default = "vsphere", validate(Validator::dns_subdomain()))]
    pub class: String,
    /// What becomes of a snapshot in the vCenter when its VolumeSnapshot is deleted: `Delete` or `Retain`.
    #[tf(default = "Delete", validate(Validator::one_of(["Delete", "Retain"])))]
    pub deletion_policy: String,
    /// How many snapshots a volume can have at most. A chain of many makes a volume slow.
    #[tf(default = 3, validate(Validator::between(1..=32)))]
    pub max_per_volume: u16,
    /// Whether the kinds of snapshots and the controller for them are installed, of which a cluster has one for all
    /// drivers. With `false`, the cluster has to have them.
    #[tf(default = true)]
    pub controller: bool,
}

/// What names the CSI driver in its cluster, which has only one.
#[derive(Clone, Debug, Identity)]
pub struct CsiDriverIdentity {
    /// Name of the driver: always `csi.vsphere.vmware.com`.
    pub name: String,
}

impl IdentityOf<CsiDriverModel> for CsiDriverIdentity {
    fn of(_: &CsiDriverModel) -> Option<Self> {
        let name = objects::DRIVER.to_owned();
        Some(CsiDriverIdentity { name })
    }
}

/// Two Kubernetes clusters on the same hosts would share the id that the vCenter has for those.
fn cluster_id() -> Validator {
    Validator::string("an id that no other cluster of the vCenter has", |text| {
        let of_hosts = text.strip_prefix("domain-c");
        if of_hosts.is_some_and(|number| !number.is_empty() && number.bytes().all(|digit| digit.is_ascii_digit())) {
            return Err(
                "It is the id of a cluster of hosts in the vCenter, which several Kubernetes clusters can share: they would \
                 take away each other's volumes. Leave it out, or give an id of this Kubernetes cluster alone."
                    .to_owned(),
            );
        }
        let is_plain = |character: char| character.is_ascii_alphanumeric() || "-_.".contains(character);
        if text.is_empty() || text.len() > 64 || !text.chars().all(is_plain) {
            return Err("It must be 1 to 64 letters, digits, `-`, `_` and `.`.".to_owned());
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use tf_framework::value::Value;

    use super::*;

    #[test]
    fn a_cluster_id_is_not_that_of_a_cluster_of_hosts() {
        for accepted in ["nairobi", "6f1c0de4-9b0e-4c43-a3f0-1b8f7f6a2c55", "domain-central"] {
            assert_eq!(cluster_id().check(&Value::from(accepted)), Ok(()), "{accepted}");
        }
        let told = cluster_id()
            .check(&Value::from("domain-c8"))
            .expect_err("it is refused");
        assert!(told.contains("Leave it out"), "{told}");
        for refused in ["", "a b", "a\"b", "x".repeat(65).as_str()] {
            assert!(cluster_id().check(&Value::from(refused)).is_err(), "{refused}");
        }
    }
}
