//! The attributes of `cht_k3s_agent`, in schema order.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use tf_framework::custom_types::Text;
use tf_framework::identity::IdentityOf;
use tf_framework::schema::Validator;
use tf_framework::{Attr, Identity, Model, Timeouts};

use crate::k3s::attributes::{Binary, ExtraConfig, Proxy, Registries, Taint, rules};
use crate::k3s::join::ClusterJoin;
use crate::ssh::{self, Ssh};

/// Manages one agent of a k3s cluster: a host that is reached by SSH and runs pods. The servers of the cluster are one
/// `cht_k3s_cluster`.
///
/// The host, and the cluster, may be made in the same apply. Agents join at the same time; where they are changed in a
/// way that stops pods or k3s, no more of them than `upgrade.max_unavailable` of the cluster are so at once, and none
/// after one has failed. An apply that was interrupted is continued by the next. Anything that is changed from outside
/// shows in `drift` in the next plan, and the next apply repairs it.
#[derive(Clone, Model)]
#[tf(timeouts(create = "30m", read = "5m", update = "3h", delete = "2h"))]
pub struct AgentModel {
    /// The cluster: the value of `join` that it exports. With another cluster, the agent leaves the one, as if it were
    /// destroyed, and joins the other.
    pub cluster: ClusterJoin,
    /// Name of the agent's node, which no other host of the cluster has. Changing it replaces the agent.
    #[tf(replace, validate(rules::node_name()))]
    pub name: String,
    /// Address of the host: a name or an IP address. If there is another machine at a new address, the agent leaves the
    /// old one, as far as that still answers, and joins with the new one.
    #[tf(validate(ssh::rules::host()))]
    pub host: String,
    /// How the host is logged in to; the provider's `ssh` where it is not given, attribute by attribute.
    pub ssh: Option<Ssh>,
    /// Version of k3s, such as `v1.36.3+k3s1`; that of the servers where it is not given, so that the agent is upgraded
    /// after them. It is never newer, and at most three minor versions older. There is no way back to an older version.
    #[tf(validate(rules::version()))]
    pub version: Option<String>,
    /// Addresses by which other nodes reach it, where k3s would choose others: one of IPv4, one of IPv6, or both. A
    /// change removes the node and registers it anew.
    #[tf(validate(Validator::length(1..=2)))]
    pub node_ip: Option<Vec<Text<IpAddr>>>,
    /// Addresses by which it is reached from outside.
    #[tf(validate(Validator::length(1..=2)))]
    pub node_external_ip: Option<Vec<Text<IpAddr>>>,
    /// Labels of the node. Others that the node has are left alone.
    #[tf(validate(Validator::keys(rules::label_name()), Validator::each(rules::label_value())))]
    pub labels: Option<BTreeMap<String, String>>,
    /// Taints of the node. Others that the node has are left alone.
    pub taints: Option<Vec<Taint>>,
    /// What the cloud provider calls the machine, such as `vsphere://4230…`. A change removes the node and registers it
    /// anew.
    #[tf(validate(Validator::not_empty(), Validator::no_whitespace()))]
    pub provider_id: Option<String>,
    /// Arguments of the kubelet, such as `max-pods=200`.
    #[tf(validate(Validator::each(rules::argument(&rules::MANAGED_BY_NODE))))]
    pub kubelet_args: Option<Vec<String>>,
    /// Arguments of the proxy.
    #[tf(validate(Validator::each(rules::argument(&[]))))]
    pub kube_proxy_args: Option<Vec<String>>,
    /// Whether Docker runs the containers, which has to be on the host.
    #[tf(default = false)]
    pub docker: bool,
    /// Whether containers are confined by SELinux. The host needs the package `k3s-selinux`.
    #[tf(default = false)]
    pub selinux: bool,
    /// Directory on the host in which k3s keeps its data; `/var/lib/rancher/k3s` where it is not given. Changing it
    /// replaces the agent.
    #[tf(validate(rules::absolute_path()))]
    pub data_dir: Option<String>,
    /// Registries of images.
    pub registries: Option<Registries>,
    /// Proxy through which the host reaches what is outside.
    pub proxy: Option<Proxy>,
    /// Archives of images on this machine that are put on the host, where it cannot load any, such as
    /// `k3s-airgap-images-amd64.tar.zst` of k3s' releases. A leading `~` means the home directory.
    #[tf(validate(Validator::each(Validator::not_empty())))]
    pub images: Option<Vec<String>>,
    /// Options of k3s for which there is no attribute, as text of JSON:
    /// `jsonencode({ "protect-kernel-defaults" = true })`. The names are those of
    /// [k3s' options](https://docs.k3s.io/cli/agent) without dashes before them; unknown ones are refused.
    pub extra_config: Option<Text<ExtraConfig>>,
    /// Where the program of k3s comes from.
    pub binary: Option<Binary>,
    /// How pods are moved away before the agent gets another version, registers anew or is removed.
    pub drain: Option<Draining>,
    /// What happens when the agent is removed. A change counts from the next apply on, so apply it before you destroy.
    pub on_destroy: Option<OnDestroy>,
    /// Id of the agent: that of its cluster, a slash, and its name.
    #[tf(depends_on(cluster.cluster_id, name))]
    pub id: Attr<String>,
    /// Whether the node can run pods.
    #[tf(keep_non_null)]
    pub ready: Attr<bool>,
    /// Version of k3s that runs.
    #[tf(keep_non_null)]
    pub running_version: Attr<String>,
    /// The host's key, as in `known_hosts`.
    #[tf(depends_on(host))]
    pub host_key: Attr<String>,
    /// What differs on the host, and of its node, from what is configured, one line for each difference. The next apply
    /// repairs it.
    #[tf(keep_non_null)]
    pub drift: Attr<Vec<String>>,
    /// How long operations may take.
    pub timeouts: Timeouts,
}

/// How pods are moved away from the agent.
#[derive(Clone, Default, Model)]
pub struct Draining {
    /// Whether pods are moved away before the agent gets another version. Without it, they are restarted there.
    /// Default: `true`.
    pub enabled: Option<bool>,
    /// How long that may take. PodDisruptionBudgets are respected until then, and when the time is over, the agent is
    /// left as it is. Default: `5m`.
    pub timeout: Option<Text<Duration>>,
}

/// What happens when the agent is removed.
#[derive(Clone, Default, Model)]
pub struct OnDestroy {
    /// Whether pods are moved away before. Default: `true`.
    pub drain: Option<bool>,
    /// Whether the agent is removed although volumes are attached to its node, or have their data on the disk of its
    /// host, or although the host or the cluster does not answer. Default: `false`.
    pub force: Option<bool>,
}

/// What names an agent.
#[derive(Clone, Debug, Identity)]
pub struct AgentIdentity {
    /// Name of the node.
    pub name: String,
    /// Address of the host: needed to import it, and not part of what names it, as it can change.
    pub host: Option<String>,
}

impl IdentityOf<AgentModel> for AgentIdentity {
    fn of(agent: &AgentModel) -> Option<Self> {
        Some(AgentIdentity {
            name: agent.name.clone(),
            host: None,
        })
    }
}
