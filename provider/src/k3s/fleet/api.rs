//! What is beside the hosts themselves: the API of the cluster, and the ports by which servers reach each other.

use crate::k3s::fleet::run::Run;
use crate::k3s::fleet::view::HTTPS_PORT;
use crate::k3s::fleet::{Looked, StepError};
use crate::k3s::join::server_url;
use crate::k3s::kubeconfig;
use crate::k3s::nodes::Nodes;

/// Ports of etcd, for clients and for members.
const ETCD_PORTS: [u16; 2] = [2379, 2380];

impl Run<'_> {
    /// The Nodes, through the API of a server that is healthy, and another one if there is any.
    pub(super) async fn nodes_beside(&self, looked: &Looked, name: &str) -> Result<Nodes, StepError> {
        let mut healthy: Vec<&String> = self
            .fleet
            .hosts
            .keys()
            .filter(|other| looked.is_healthy(other))
            .collect();
        healthy.sort_by_key(|other| other.as_str() == name);
        let through = healthy.first().map_or(name, |through| through.as_str());
        self.nodes(looked, through).await
    }

    /// The Nodes, through the API of a server.
    pub(super) async fn nodes(&self, looked: &Looked, through: &str) -> Result<Nodes, StepError> {
        let spec = &self.fleet.spec;
        let address = || {
            let address = looked.node(through)?.internal_ips.first()?;
            Some(server_url(address, spec.settings.https_port.unwrap_or(HTTPS_PORT)))
        };
        let host = || through.to_owned();
        let given = spec
            .outer_addresses
            .get(through)
            .or_else(|| spec.addresses.get(through));
        let address = given.cloned().or_else(address);
        let address = address.ok_or_else(|| StepError::NoAddress { host: host() })?;
        let text = self.host(through)?.kubeconfig().await?;
        let text = text.ok_or_else(|| StepError::NoKubeconfig { host: host() })?;
        let way = kubeconfig::kubernetes(&text, &address);
        let way = way.map_err(|source| StepError::Kubeconfig { host: host(), source })?;
        let cluster = way
            .connect()
            .await?
            .with_cancellation(self.scope.cancellation().clone());
        Ok(Nodes::new(cluster, &spec.cluster_id))
    }

    /// Before anything is changed on a host, it has to reach the API and etcd of those that it joins.
    pub(super) async fn require_ports(&self, looked: &Looked, name: &str, through: &str) -> Result<(), StepError> {
        let unreached = self.host(name)?.unreached(&self.targets(looked, through)).await?;
        if unreached.is_empty() {
            return Ok(());
        }
        let host = name.to_owned();
        Err(StepError::Unreached {
            host,
            targets: unreached,
        })
    }

    fn targets(&self, looked: &Looked, through: &str) -> Vec<String> {
        let spec = &self.fleet.spec;
        let port = spec.settings.https_port.unwrap_or(HTTPS_PORT);
        let healthy = self.fleet.hosts.keys().filter(|name| looked.is_healthy(name));
        let addresses = healthy.filter_map(|name| looked.node(name)?.internal_ips.first());
        let mut targets: Vec<String> = addresses
            .flat_map(|address| {
                [port]
                    .into_iter()
                    .chain(ETCD_PORTS)
                    .map(move |port| format!("{address}:{port}"))
            })
            .collect();
        let joined = spec
            .addresses
            .get(through)
            .and_then(|address| address.strip_prefix("https://"));
        targets.extend(joined.map(|target| target.replace(['[', ']'], "")));
        targets.sort();
        targets.dedup();
        targets
    }
}
