//! Servers: what each has of its own, and what it was seen to be.

use std::collections::BTreeMap;
use std::net::IpAddr;

use tf_framework::Model;
use tf_framework::custom_types::Text;
use tf_framework::schema::Validator;

use crate::k3s::attributes::{ExtraConfig, Taint, rules};
use crate::ssh::{self, Ssh};

/// One server.
#[derive(Clone, Model)]
pub struct Server {
    /// Address of the host: a name or an IP address. With another address, the server is the same host that has moved,
    /// or another host that joins in place of one that is lost. A host that can still be reached is removed only under
    /// a name of its own.
    #[tf(validate(ssh::rules::host()))]
    pub host: String,
    /// How this server is logged in to, where that differs from the others, such as `host_key`; the cluster's `ssh`
    /// where it is not given, attribute by attribute.
    pub ssh: Option<Ssh>,
    /// Addresses by which other nodes reach it, where k3s would choose others: one of IPv4, one of IPv6, or both. A
    /// change takes the server out of the cluster and lets it join again.
    #[tf(validate(Validator::length(1..=2)))]
    pub node_ip: Option<Vec<Text<IpAddr>>>,
    /// Addresses by which it is reached from outside.
    #[tf(validate(Validator::length(1..=2)))]
    pub node_external_ip: Option<Vec<Text<IpAddr>>>,
    /// Labels of its node. Others that the node has are left alone.
    #[tf(validate(Validator::keys(rules::label_name()), Validator::each(rules::label_value())))]
    pub labels: Option<BTreeMap<String, String>>,
    /// Taints of its node. Others that the node has are left alone.
    pub taints: Option<Vec<Taint>>,
    /// What the cloud provider calls the machine, such as `vsphere://4230…`. A change takes the server out of the
    /// cluster and lets it join again.
    #[tf(validate(Validator::not_empty(), Validator::no_whitespace()))]
    pub provider_id: Option<String>,
    /// Options of k3s for this server alone, as `extra_config` of the cluster.
    pub extra_config: Option<Text<ExtraConfig>>,
}

/// What a server was seen to be.
#[derive(Clone, Debug, PartialEq, Eq, Model)]
pub struct ServerStatus {
    /// Version of k3s that runs; null if it is not known.
    pub version: Option<String>,
    /// Address of its API, such as `https://10.20.0.10:6443`.
    pub address: String,
    /// Whether its node can run pods.
    pub ready: bool,
    /// Whether it votes in etcd; null without etcd.
    pub voter: Option<bool>,
    /// The host's key, as in `known_hosts`; null if it never answered.
    pub host_key: Option<String>,
    /// SHA-256 print of the host's key; null if it never answered.
    pub host_key_print: Option<String>,
}
