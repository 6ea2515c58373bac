//! Rules for networks and addresses.

use std::net::IpAddr;

use tf_framework::Attr;
use tf_framework::custom_types::{Cidr, Text};
use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use tf_framework::path::Path;
use tf_framework::resource::Draft;

use super::Servers;
use crate::k3s::cluster::ClusterResource;
use crate::k3s::cluster::blame::of_server;
use crate::k3s::cluster::model::{ClusterModel, Server};

/// The networks that k3s has where none are given.
const PODS: &str = "10.42.0.0/16";
const SERVICES: &str = "10.43.0.0/16";

/// The networks of pods that there will be, if they are known.
pub(in crate::k3s::cluster) fn pods(config: &Draft<ClusterResource>) -> Option<Vec<Cidr>> {
    networks(&config.cluster_cidr, PODS)
}

/// The networks of services that there will be, if they are known.
pub(in crate::k3s::cluster) fn services(config: &Draft<ClusterResource>) -> Option<Vec<Cidr>> {
    networks(&config.service_cidr, SERVICES)
}

pub(super) fn validate(config: &Draft<ClusterResource>, diagnostics: &mut Diagnostics) {
    let (Some(pods), Some(services)) = (pods(config), services(config)) else {
        return;
    };
    let families = |networks: &[Cidr]| networks.iter().map(is_ipv6).collect::<Vec<_>>();
    for (attribute, networks) in [
        (ClusterModel::CLUSTER_CIDR, &pods),
        (ClusterModel::SERVICE_CIDR, &services),
    ] {
        if let [one, other] = networks.as_slice()
            && is_ipv6(one) == is_ipv6(other)
        {
            let detail = "Two networks are one of IPv4 and one of IPv6. Give one, or one of each.";
            diagnostics.push(Diagnostic::error("Networks do not go together", detail).at(attribute));
        }
    }
    if families(&pods) != families(&services) {
        let detail = "Pods and services have networks of the same kinds in the same order: both of IPv4, both of IPv6, or both of each.";
        diagnostics.push(Diagnostic::error("Networks do not go together", detail).at(ClusterModel::SERVICE_CIDR));
    }
    if let Some((pods, services)) = overlap(&pods, &services) {
        let detail = format!("The networks of pods and of services overlap: {pods} and {services}.");
        diagnostics.push(Diagnostic::error("Networks do not go together", detail).at(ClusterModel::SERVICE_CIDR));
    }
    for (index, address) in config.cluster_dns.known().into_iter().flatten().enumerate() {
        let Some(address) = address.known() else { continue };
        if !services.iter().any(|network| network.contains(**address)) {
            let detail = format!("{address} is in no network of services, in which the cluster's DNS has its address.");
            let path = Path::new(ClusterModel::CLUSTER_DNS).index(index);
            diagnostics.push(Diagnostic::error("Networks do not go together", detail).at(path));
        }
    }
}

/// Hosts are outside of the networks in the cluster, or nobody in it would reach them.
pub(super) fn validate_nodes(config: &Draft<ClusterResource>, servers: &Servers, diagnostics: &mut Diagnostics) {
    let (Some(pods), Some(services)) = (pods(config), services(config)) else {
        return;
    };
    let mut check = |name: &str, attribute: &str, address: IpAddr| {
        let inner = pods.iter().chain(&services).find(|network| network.contains(address));
        if let Some(network) = inner {
            let detail = format!(
                "{address} is in {network}, which is a network of pods or services: nothing in the cluster would reach the host. Give \
                 other networks in `cluster_cidr` and `service_cidr`."
            );
            diagnostics.push(Diagnostic::error("Networks do not go together", detail).at(of_server(name, attribute)));
        }
    };
    for (name, server) in servers {
        let Attr::Known(server) = server else { continue };
        if let Some(address) = server.host.known().and_then(|host| host.parse().ok()) {
            check(name, Server::HOST, address);
        }
        for address in server.node_ip.known().into_iter().flatten().filter_map(Attr::known) {
            check(name, Server::NODE_IP, **address);
        }
    }
}

fn networks(given: &Attr<Vec<Attr<Text<Cidr>>>>, usual: &str) -> Option<Vec<Cidr>> {
    match given.decided()? {
        Some(given) => given.iter().map(|one| one.known().map(|one| **one)).collect(),
        None => usual.parse::<Text<Cidr>>().ok().map(|usual| vec![*usual]),
    }
}

fn is_ipv6(network: &Cidr) -> bool {
    network.first().is_ipv6()
}

/// The first two networks of which one is in the other.
fn overlap(ones: &[Cidr], others: &[Cidr]) -> Option<(Cidr, Cidr)> {
    let pairs = ones
        .iter()
        .flat_map(|one| others.iter().map(move |other| (*one, *other)));
    pairs
        .into_iter()
        .find(|(one, other)| one.contains(other.first()) || other.contains(one.first()))
}
