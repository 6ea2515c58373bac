//! The attributes of `cht_vsphere_virtual_machine`, in schema order.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

use secrecy::SecretString;
use tf_framework::custom_types::Text;
use tf_framework::identity::IdentityOf;
use tf_framework::schema::Validator;
use tf_framework::{Attr, Identity, Model, Timeouts};

use super::address::InterfaceAddress;
use super::rules;

/// Manages one virtual machine, cloned from a template, as a node of Kubernetes needs it: its disks have UUIDs that the
/// guest sees, its SCSI controller is paravirtual, and its hardware is of version 15 or later.
///
/// `for_each` makes many. Only what it made is managed: disks that others attach, such as those of the vSphere CSI
/// driver, show in `unmanaged_disks`, are never changed, and are taken off before the machine is destroyed. An apply
/// that was interrupted is continued by the next.
///
/// `provider_id` is what a node of Kubernetes is to be called by (`provider_id` of `cht_k3s_cluster` and
/// `cht_k3s_agent`): `vsphere://` and the **BIOS UUID** of the machine in lower case. Instructions that take the
/// instance UUID for it are wrong: the cloud provider finds no such machine and removes the node.
#[derive(Clone, Model)]
#[tf(exactly_one_of(cluster, resource_pool))]
#[tf(timeouts(create = "60m", read = "5m", update = "60m", delete = "20m"))]
pub struct VirtualMachineModel {
    /// Name of the machine in the vCenter. A change renames it, if `hostname` is given; otherwise it replaces the
    /// machine, as its guest keeps its name.
    #[tf(validate(rules::machine_name()))]
    pub name: String,
    /// Name that the guest gets, in lower case; `name` where it is not given. It is the name of the node in Kubernetes.
    /// Changing it replaces the machine.
    #[tf(validate(rules::host_name()))]
    pub hostname: Option<String>,
    /// Datacenter, by name or inventory path. Default: the only one there is. Changing it replaces the machine.
    #[tf(validate(Validator::not_empty()))]
    pub datacenter: Option<String>,
    /// Cluster of hosts, or single host, that the machine runs on, by name or inventory path. Changing it replaces the
    /// machine.
    #[tf(validate(Validator::not_empty()))]
    pub cluster: Option<String>,
    /// Resource pool that the machine runs in, by name or inventory path. A change moves it.
    #[tf(validate(Validator::not_empty()))]
    pub resource_pool: Option<String>,
    /// Folder of machines, by name or inventory path. Default: the outermost one of the datacenter. A change moves the
    /// machine.
    #[tf(validate(Validator::not_empty()))]
    pub folder: Option<String>,
    /// Datastore of the machine and its disks, by name or inventory path. Default: that of the template. Changing it
    /// replaces the machine.
    #[tf(validate(Validator::not_empty()))]
    pub datastore: Option<String>,
    /// Template that the machine is cloned from, or a machine that is off, by name or inventory path. Changing it
    /// replaces the machine.
    #[tf(validate(Validator::not_empty()))]
    pub template: String,
    /// Number of CPUs. More are added while the machine runs if `cpu_hot_add` was set when it was powered on.
    #[tf(validate(Validator::between(1..=768)))]
    pub cpus: u32,
    /// Number of cores in each socket, of which the number of CPUs has to be a multiple.
    #[tf(default = 1, validate(Validator::between(1..=256)))]
    pub cores_per_socket: u32,
    /// Memory in MiB, a multiple of 4. More is added while the machine runs if `memory_hot_add` was set when it was
    /// powered on.
    #[tf(validate(Validator::between(512..=25_165_824), Validator::multiple_of(4)))]
    pub memory_mib: u64,
    /// Memory in MiB that the host keeps for the machine alone. Default: none.
    #[tf(default = 0)]
    pub memory_reservation_mib: u64,
    /// Whether CPUs can be added while the machine runs.
    #[tf(default = true)]
    pub cpu_hot_add: bool,
    /// Whether memory can be added while the machine runs.
    #[tf(default = true)]
    pub memory_hot_add: bool,
    /// Size of the first disk in GiB. Default: that of the template's. It can grow, and not shrink; the guest's
    /// file system is for the guest to grow, which images with cloud-init do.
    #[tf(validate(Validator::between(1..=63_488)))]
    pub system_disk_gib: Option<u64>,
    /// Further disks, by a name of your choice.
    #[tf(validate(Validator::length(0..=13), Validator::keys(rules::disk_name())))]
    pub data_disks: Option<BTreeMap<String, DataDisk>>,
    /// Network cards, in the order in which the guest has them.
    #[tf(validate(Validator::length(1..=10)))]
    pub network_interfaces: Vec<NetworkInterface>,
    /// What cloud-init in the guest is told, besides its name and its network.
    pub cloud_init: Option<CloudInit>,
    /// Version of the virtual hardware: at least 15, which Kubernetes' volumes need, and never less than it is.
    /// Default: that of the template, or 15 if that is older.
    #[tf(validate(Validator::between(15..=99)))]
    pub hardware_version: Option<u32>,
    /// Name of a rule that keeps machines on different hosts of the cluster. The machine joins it before it is powered
    /// on; machines of the same apply make it, as soon as there are two. Give the rule the same name in a
    /// `cht_vsphere_anti_affinity_rule` with all its machines, which keeps it as it should be: what is given here only
    /// counts when the machine is powered on. A rule that no machine is left in goes with the last one, whoever made
    /// it.
    #[tf(validate(Validator::not_empty()))]
    pub anti_affinity_rule: Option<String>,
    /// Whether the guest sees the UUIDs of its disks, which Kubernetes' volumes need.
    #[tf(default = true)]
    pub disk_uuid: bool,
    /// Further settings of the machine (`extraConfig`). Only those that are given are managed.
    #[tf(validate(Validator::keys(rules::setting_name())))]
    pub extra_config: Option<BTreeMap<String, String>>,
    /// Notes that the vCenter shows at the machine.
    #[tf(default = "")]
    pub annotation: String,
    /// Tags of the machine, by the names of their categories, such as `{ environment = ["production"] }`. They have to
    /// be there when it is planned. Of a category that is named here the machine has these tags and no others, and
    /// none with `[]`; tags of other categories are left alone, so that backups and the CSI driver keep theirs. Tags of
    /// a category that is named no more are taken off. It takes the privilege `InventoryService.Tagging.AttachTag`, as
    /// a global permission or on each tag.
    #[tf(validate(Validator::keys(Validator::not_empty())))]
    pub tags: Option<BTreeMap<String, BTreeSet<String>>>,
    /// Whether to wait until VMware Tools tell the guest's address: the first one that is given, or any if none is.
    #[tf(default = true)]
    pub wait_for_address: bool,
    /// How long a guest may take to shut down before the machine is powered off. Default: `3m`.
    pub shutdown_timeout: Option<Text<Duration>>,
    /// Whether the machine may be shut down for a change that needs it. With `false`, plans of such changes are
    /// refused.
    #[tf(default = true)]
    pub allow_power_cycle: bool,
    /// Whether disks that others have attached are taken off, and left as they are, when the machine is destroyed. With
    /// `false`, a machine with such disks is not destroyed: drain its node first.
    #[tf(default = false)]
    pub detach_foreign_disks: bool,
    /// Refuses to destroy or replace the machine.
    #[tf(default = true)]
    pub deletion_protection: bool,
    /// Id of the machine: its instance UUID.
    #[tf(keep)]
    pub id: Attr<String>,
    /// Id of the machine in its vCenter (its managed object), such as `vm-42`.
    #[tf(keep)]
    pub moid: Attr<String>,
    /// UUID that the guest and Kubernetes know the machine by.
    #[tf(keep)]
    pub bios_uuid: Attr<String>,
    /// UUID that the vCenter alone knows the machine by.
    #[tf(keep)]
    pub instance_uuid: Attr<String>,
    /// What the node is called by in Kubernetes: `vsphere://` and `bios_uuid`.
    #[tf(keep)]
    pub provider_id: Attr<String>,
    /// Address of the guest: the first of `network_interfaces` that is given, which is known before the machine is
    /// made, or else the first that the guest tells; null if there is none.
    #[tf(depends_on(network_interfaces))]
    pub default_ip_address: Attr<String>,
    /// All addresses of the guest's network cards.
    #[tf(depends_on(network_interfaces))]
    pub ip_addresses: Attr<Vec<String>>,
    /// MAC addresses of the network cards, in their order.
    #[tf(depends_on(network_interfaces))]
    pub mac_addresses: Attr<Vec<String>>,
    /// Whether it runs: `on`, `off` or `suspended`. A machine that does not run is powered on by the next apply.
    #[tf(keep_non_null)]
    pub power_state: Attr<String>,
    /// Files of disks that others have attached.
    #[tf(keep_non_null)]
    pub unmanaged_disks: Attr<Vec<String>>,
    /// Why the machine is shut down and powered on again by the planned change; empty if it goes on running.
    #[tf(keep_non_null)]
    pub power_cycle_reasons: Attr<Vec<String>>,
    /// How long operations may take.
    pub timeouts: Timeouts,
}

/// A disk besides the first one.
#[derive(Clone, Debug, PartialEq, Eq, Model)]
pub struct DataDisk {
    /// Size in GiB. It can grow, and not shrink.
    #[tf(validate(Validator::between(1..=63_488)))]
    pub size_gib: u64,
    /// Whether it takes only the space that it needs.
    #[tf(default = true)]
    pub thin: bool,
    /// Whether its file stays when the disk or the machine is removed.
    #[tf(default = true)]
    pub keep_on_destroy: bool,
}

/// A network card.
#[derive(Clone, Debug, PartialEq, Model)]
pub struct NetworkInterface {
    /// Network or port group, by name or inventory path.
    #[tf(validate(Validator::not_empty()))]
    pub network: String,
    /// Type of the card.
    #[tf(default = "vmxnet3", validate(Validator::one_of(["vmxnet3", "e1000e"])))]
    pub adapter: String,
    /// MAC address. Default: one that the vCenter chooses.
    #[tf(validate(rules::mac_address()))]
    pub mac_address: Option<String>,
    /// Addresses of the guest with the length of their prefix, such as `10.20.0.21/24`. Default: those that DHCP gives.
    #[tf(validate(Validator::not_empty()))]
    pub addresses: Option<Vec<Text<InterfaceAddress>>>,
    /// Address of the gateway.
    #[tf(requires(addresses))]
    pub gateway: Option<Text<IpAddr>>,
    /// Addresses of name servers.
    pub nameservers: Option<Vec<Text<IpAddr>>>,
    /// Domains that names are looked up in.
    pub search_domains: Option<Vec<String>>,
}

/// What cloud-init in the guest is told.
#[derive(Clone, Default, Model)]
pub struct CloudInit {
    /// User data: a `#cloud-config`, or a script. Whoever may read the machine's settings in the vCenter can read it
    /// until the guest has, so it is no place for lasting secrets.
    pub user_data: Option<SecretString>,
    /// Public keys of SSH that may log in as the image's default user.
    #[tf(validate(Validator::each(rules::public_key())))]
    pub ssh_authorized_keys: Option<Vec<String>>,
    /// What a change does: `replace` makes a new machine, as cloud-init heeds most of it only at the first start;
    /// `ignore` leaves the machine as it is. Default: `replace`.
    #[tf(validate(Validator::one_of(["replace", "ignore"])))]
    pub on_change: Option<String>,
}

/// What names a machine.
#[derive(Clone, Debug, Identity)]
pub struct VirtualMachineIdentity {
    /// Its instance UUID.
    pub instance_uuid: String,
}

impl IdentityOf<VirtualMachineModel> for VirtualMachineIdentity {
    fn of(machine: &VirtualMachineModel) -> Option<Self> {
        Some(VirtualMachineIdentity {
            instance_uuid: machine.instance_uuid.known()?.clone(),
        })
    }
}

impl VirtualMachineModel {
    /// The name of the guest.
    pub(super) fn guest_name(&self) -> &str {
        self.hostname.as_deref().unwrap_or(&self.name)
    }

    /// The first address that the configuration gives.
    pub(super) fn first_address(&self) -> Option<IpAddr> {
        let cards = self.network_interfaces.iter();
        cards
            .flat_map(|card| card.addresses.iter().flatten())
            .map(|address| address.address)
            .next()
    }

    /// How long the guest may take to shut down.
    pub(super) fn shutdown_limit(&self) -> Duration {
        self.shutdown_timeout
            .as_ref()
            .map_or(Duration::from_mins(3), |limit| **limit)
    }
}
