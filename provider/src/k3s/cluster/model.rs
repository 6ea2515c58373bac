//! The attributes of `cht_k3s_cluster`, in schema order.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use secrecy::SecretString;
use tf_framework::custom_types::{Cidr, Text};
use tf_framework::identity::IdentityOf;
use tf_framework::schema::Validator;
use tf_framework::{Attr, Identity, Model, Timeouts, WriteOnly};

use super::checks;
use crate::k3s::attributes::{Binary, ExtraConfig, Proxy, Registries, rules};
use crate::k3s::join::ClusterJoin;
use crate::kubernetes::Kubernetes;
use crate::ssh::{self, Ssh};

mod authorities;
mod datastore;
mod operations;
mod server;
mod snapshots;

pub(super) use self::authorities::{Authority, AuthorityDraft, Ca, CaDraft};
pub(super) use self::datastore::{Datastore, DatastoreDraft};
pub(super) use self::operations::{OnDestroy, RestoreFrom, Upgrade};
pub(super) use self::server::{Server, ServerDraft, ServerStatus};
pub(super) use self::snapshots::{S3, S3Draft, Snapshots};

/// Manages the servers of a k3s cluster on hosts that are reached by SSH: they have the cluster's data and its API.
/// Hosts that only run pods are one `cht_k3s_agent` each.
///
/// The hosts may be made in the same apply. All servers are in one resource because they decide together: one server
/// begins the cluster, the others join it one by one, and no step is taken that would leave too few of them. An apply
/// that was interrupted is continued by the next. Anything that is changed from outside shows in `drift` in the next
/// plan, and the next apply repairs it.
///
/// Nothing is loaded from the internet on the hosts but images of containers; `binary`, `registries` and
/// `system_default_registry` say where things come from instead.
#[derive(Clone, Model)]
#[tf(timeouts(create = "60m", read = "5m", update = "3h", delete = "30m"))]
pub struct ClusterModel {
    /// Version of k3s, such as `v1.36.3+k3s1`. Servers are upgraded one after another, with the way of `upgrade`. There
    /// is no way back to an older version.
    #[tf(validate(rules::version()))]
    pub version: String,
    /// Versions to go through on the way to `version`, one for each minor version between, as Kubernetes is upgraded by
    /// one minor version at a time. Those that are not on the way are passed over.
    #[tf(validate(Validator::each(rules::version())))]
    pub upgrade_path: Option<Vec<String>>,
    /// Servers by the names of their nodes. One or three, or five: an odd number, more than half of which have to be
    /// up. With another name, a host is another server.
    #[tf(validate(Validator::not_empty(), Validator::keys(rules::node_name())))]
    pub servers: BTreeMap<String, Server>,
    /// How the servers are logged in to; the provider's `ssh` where it is not given, attribute by attribute.
    pub ssh: Option<Ssh>,
    /// Host name or address by which clients and agents reach the API, such as that of a load balancer in front of the
    /// servers. Without it, clients are given the address of one server, and agents those of all.
    #[tf(validate(ssh::rules::host()))]
    pub endpoint: Option<String>,
    /// More names and addresses that the API's certificate is for. Those of the servers and of `endpoint` are in it
    /// anyway.
    #[tf(validate(Validator::each(ssh::rules::host())))]
    pub tls_san: Option<Vec<String>>,
    /// Port of the API on the servers. It cannot be changed later.
    #[tf(default = 6443, validate(Validator::between(1..=65535)))]
    pub https_listen_port: u16,
    /// Networks of pods: one of IPv4, one of IPv6, or both. k3s' own is `10.42.0.0/16`. They cannot be changed later.
    #[tf(validate(Validator::length(1..=2)))]
    pub cluster_cidr: Option<Vec<Text<Cidr>>>,
    /// Networks of services, of the same kinds as those of pods. k3s' own is `10.43.0.0/16`. They cannot be changed
    /// later.
    #[tf(validate(Validator::length(1..=2)))]
    pub service_cidr: Option<Vec<Text<Cidr>>>,
    /// Addresses of the cluster's DNS, in the networks of services; the tenth of each where it is not given.
    #[tf(validate(Validator::length(1..=2)))]
    pub cluster_dns: Option<Vec<Text<IpAddr>>>,
    /// DNS domain of the cluster. It cannot be changed later.
    #[tf(default = "cluster.local", validate(Validator::dns_subdomain()))]
    pub cluster_domain: String,
    /// How pods on different nodes reach each other: by tunnels (`vxlan`), by routes where all nodes are in one network
    /// (`host-gw`), or encrypted (`wireguard-native`).
    #[tf(
        default = "vxlan",
        validate(Validator::one_of(["vxlan", "host-gw", "wireguard-native"]))
    )]
    pub flannel_backend: String,
    /// Components of k3s that are not wanted: `coredns`, `local-storage`, `metrics-server`, `runtimes`, `servicelb`,
    /// `traefik`.
    #[tf(validate(Validator::each(checks::component())))]
    pub disable: Option<BTreeSet<String>>,
    /// `external` where a cloud provider that is installed in the cluster manages nodes, such as that of vSphere. Until
    /// it runs, no pods are put on new nodes.
    #[tf(validate(Validator::one_of(["external"])))]
    pub cloud_provider: Option<String>,
    /// Whether Secrets are encrypted in the datastore. It is decided when the cluster is made.
    #[tf(default = false)]
    pub secrets_encryption: bool,
    /// Version of the keys with which Secrets are encrypted, of your own choice. Changing it makes new keys, encrypts
    /// all Secrets with them, and restarts one server after another.
    #[tf(requires(secrets_encryption))]
    pub secrets_encryption_key_version: Option<i64>,
    /// Where the state of the cluster is. Without it, in etcd on the servers.
    pub datastore: Option<Datastore>,
    /// Snapshots of etcd. Without it, k3s takes one every 12 hours, and keeps five on each server.
    pub snapshots: Option<Snapshots>,
    /// Registries of images for the servers.
    pub registries: Option<Registries>,
    /// Whether nodes pass images to each other, for the registries in `registries.mirrors`.
    #[tf(default = false)]
    pub embedded_registry: bool,
    /// Registry from which the images of k3s itself are pulled, in place of `docker.io`.
    #[tf(validate(rules::registry_host()))]
    pub system_default_registry: Option<String>,
    /// Archives of images on this machine that are put on the servers, for those that cannot load any, such as
    /// `k3s-airgap-images-amd64.tar.zst` of k3s' releases. A leading `~` means the home directory.
    #[tf(validate(Validator::not_empty(), Validator::unique(), Validator::each(Validator::not_empty())))]
    pub images: Option<Vec<String>>,
    /// Whether Docker runs the containers, which has to be on the servers.
    #[tf(default = false)]
    pub docker: bool,
    /// Whether containers are confined by SELinux. The servers need the package `k3s-selinux`.
    #[tf(default = false)]
    pub selinux: bool,
    /// Arguments of the API server, such as `audit-log-maxage=30`.
    #[tf(validate(Validator::each(rules::argument(&checks::MANAGED_BY_CLUSTER))))]
    pub kube_apiserver_args: Option<Vec<String>>,
    /// Arguments of the controller manager.
    #[tf(validate(Validator::each(rules::argument(&checks::MANAGED_BY_CLUSTER))))]
    pub kube_controller_manager_args: Option<Vec<String>>,
    /// Arguments of the scheduler.
    #[tf(validate(Validator::each(rules::argument(&[]))))]
    pub kube_scheduler_args: Option<Vec<String>>,
    /// Arguments of the servers' kubelets, such as `max-pods=200`.
    #[tf(validate(Validator::each(rules::argument(&rules::MANAGED_BY_NODE))))]
    pub kubelet_args: Option<Vec<String>>,
    /// Arguments of the servers' proxies.
    #[tf(validate(Validator::each(rules::argument(&checks::MANAGED_BY_CLUSTER))))]
    pub kube_proxy_args: Option<Vec<String>>,
    /// Proxy through which the servers reach what is outside.
    pub proxy: Option<Proxy>,
    /// Directory on the servers in which k3s keeps its data; `/var/lib/rancher/k3s` where it is not given. It cannot be
    /// changed later.
    #[tf(validate(rules::absolute_path()))]
    pub data_dir: Option<String>,
    /// Mode of `/etc/rancher/k3s/k3s.yaml` on the servers, with which one is administrator of the cluster.
    #[tf(
        default = "0600",
        validate(Validator::matches("0[0-7]{3}", "the mode of a file such as `0600`"))
    )]
    pub kubeconfig_mode: String,
    /// Options of k3s for which there is no attribute, as text of JSON: `jsonencode({ "etcd-expose-metrics" = true })`.
    /// The names are those of [k3s' options](https://docs.k3s.io/cli/server) without dashes before them; unknown ones
    /// are refused.
    pub extra_config: Option<Text<ExtraConfig>>,
    /// Token with which servers join, never stored in a plan or the state. Generated where it is not given. Snapshots
    /// can be restored only with the token that the cluster had: keep it with them.
    pub token: WriteOnly<SecretString>,
    /// Version of the token, of your own choice. Changing it gives the cluster the present value of `token`, or a newly
    /// generated one, and restarts one server after another.
    pub token_version: Option<i64>,
    /// Version of the token with which agents join, of your own choice. Changing it gives them a newly generated one:
    /// first the servers, one after another, and then each `cht_k3s_agent` by way of `join`. Agents that have joined go
    /// on meanwhile. k3s stores that token only along with another one of servers, so change `token_version` with it;
    /// and change both once more after `restore_from` has brought a snapshot of before back.
    pub agent_token_version: Option<i64>,
    /// Authorities of your own, taken when the cluster is begun.
    pub ca: Option<Ca>,
    /// Snapshot of etcd to restore. When it is given, or another one is, all servers stop, and what was written since
    /// the snapshot was taken is lost. A new cluster begins with it. Leave it as it is afterwards, or remove it.
    pub restore_from: Option<RestoreFrom>,
    /// Where the program of k3s comes from.
    pub binary: Option<Binary>,
    /// How servers, and agents with them, are changed.
    pub upgrade: Option<Upgrade>,
    /// What happens when the cluster, or a server of it, is removed. A change counts from the next apply on, so apply
    /// it before you destroy.
    pub on_destroy: Option<OnDestroy>,
    /// Refuses to destroy the cluster.
    #[tf(default = true)]
    pub deletion_protection: bool,
    /// Id of the cluster, which every host of it notes.
    #[tf(keep)]
    pub id: Attr<String>,
    /// The way into the cluster as its administrator, for resources in it.
    #[tf(keep_non_null)]
    pub kubernetes: Attr<Kubernetes>,
    /// What agents need to join: the value of `cluster` in `cht_k3s_agent`.
    #[tf(keep_non_null)]
    pub join: Attr<ClusterJoin>,
    /// Kubeconfig of the cluster's administrator, with the address of `kubernetes`.
    #[tf(keep_non_null)]
    pub kubeconfig: Attr<SecretString>,
    /// Token with which servers join, where it was generated; null where `token` was given. Snapshots can be restored
    /// only with it.
    #[tf(keep_non_null)]
    pub server_token: Attr<SecretString>,
    /// Generated tokens that the cluster had before, the last one first: older snapshots can be restored only with
    /// those.
    #[tf(keep_non_null)]
    pub previous_tokens: Attr<Vec<SecretString>>,
    /// SHA-256 hash of the certificate of the cluster's authority, by which hosts know the cluster.
    #[tf(keep_non_null)]
    pub ca_hash: Attr<String>,
    /// What the servers are, as far as they answered last.
    #[tf(keep_non_null)]
    pub status: Attr<BTreeMap<String, ServerStatus>>,
    /// What differs on the servers from what is configured, one line for each difference. The next apply repairs it.
    #[tf(keep_non_null)]
    pub drift: Attr<Vec<String>>,
    /// How long operations may take.
    pub timeouts: Timeouts,
}

/// What names a cluster.
#[derive(Clone, Debug, Identity)]
pub struct ClusterIdentity {
    /// Id of the cluster.
    pub id: String,
    /// Address of one of its servers, as in the id of an import: needed to import it, and not part of what names it, as
    /// servers come and go.
    pub server: Option<String>,
}

impl IdentityOf<ClusterModel> for ClusterIdentity {
    fn of(cluster: &ClusterModel) -> Option<Self> {
        Some(ClusterIdentity {
            id: cluster.id.known()?.clone(),
            server: None,
        })
    }
}
