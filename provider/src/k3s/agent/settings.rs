//! From the attributes to what the host is told.

use std::time::Duration;

use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use tf_framework::path::Path;

use crate::k3s::agent::model::AgentModel;
use crate::k3s::attributes::taints;
use crate::k3s::config::{AgentSettings, NodeSettings, Role};
use crate::k3s::files::{AgentFiles, HostFiles};
use crate::k3s::join::ClusterJoin;
use crate::k3s::nodes::Drain;
use crate::k3s::preflight::WantedHost;
use crate::k3s::probe::{HostState, NodeState, UnitPhase};
use crate::k3s::program::{Image, Program, Source};
use crate::k3s::version::K3sVersion;
use crate::k3s::{paths, unit};

/// How long pods may take to go where nothing else is said.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(5 * 60);

/// The port of servers' APIs, which agents do not have.
const API_PORT: u16 = 6443;

impl AgentModel {
    /// What the agent is called in a state: its cluster's id and its name.
    pub(super) fn id_of(cluster_id: &str, name: &str) -> String {
        format!("{cluster_id}/{name}")
    }

    /// The version that is wanted.
    ///
    /// # Errors
    /// It is none: validation has refused that of the agent before.
    pub(super) fn wanted_version(&self) -> Result<K3sVersion, Diagnostics> {
        match &self.version {
            Some(version) => parse_version(version, Path::new(Self::VERSION)),
            None => self.servers_version(),
        }
    }

    /// The version of the servers, as their cluster exports it.
    ///
    /// # Errors
    /// It is none.
    pub(super) fn servers_version(&self) -> Result<K3sVersion, Diagnostics> {
        let path = Path::new(Self::CLUSTER).attribute(ClusterJoin::VERSION);
        parse_version(&self.cluster.version, path)
    }

    /// Whether it is in the state as an import has left it: nothing is known of it but its name, its host and its
    /// cluster's id.
    pub(super) fn is_imported(&self) -> bool {
        self.cluster.servers.is_empty()
    }

    /// The folder in which k3s has its data.
    pub(super) fn data_folder(&self) -> &str {
        self.data_dir.as_deref().unwrap_or(paths::DATA_DIR)
    }

    /// Takes over where k3s on its host has its data, of an agent that is only imported.
    pub(super) fn note_folder(&mut self, state: &HostState) {
        self.data_dir = state.data_dir.clone().filter(|folder| folder != paths::DATA_DIR);
    }

    /// What its Node is to be.
    pub(super) fn node(&self) -> NodeSettings {
        let addresses = |texts: Option<&Vec<_>>| texts.into_iter().flatten().map(ToString::to_string).collect();
        NodeSettings {
            name: self.name.clone(),
            node_ip: addresses(self.node_ip.as_ref()),
            node_external_ip: addresses(self.node_external_ip.as_ref()),
            labels: self.labels.clone().unwrap_or_default(),
            taints: taints(self.taints.as_ref()),
            provider_id: self.provider_id.clone(),
            extra: self
                .extra_config
                .as_ref()
                .map(|extra| extra.entries().clone())
                .unwrap_or_default(),
        }
    }

    /// The files of its host, with the server through which it joins.
    pub(super) fn files(&self, server: &str, images: &[Image]) -> HostFiles {
        let settings = AgentSettings {
            data_dir: self.data_dir.clone(),
            external_cloud_provider: self.cluster.external_cloud_provider,
            docker: self.docker,
            selinux: self.selinux,
            kubelet_args: self.kubelet_args.clone().unwrap_or_default(),
            kube_proxy_args: self.kube_proxy_args.clone().unwrap_or_default(),
        };
        HostFiles::of_agent(&AgentFiles {
            settings: &settings,
            node: &self.node(),
            server,
            token: &self.cluster.token,
            registries: &self
                .registries
                .as_ref()
                .map(|registries| registries.settings())
                .unwrap_or_default(),
            proxy: &self
                .proxy
                .as_ref()
                .map_or_else(unit::Proxy::default, |proxy| proxy.settings()),
        })
        .with_images(images)
    }

    /// The server through which the host joins. The one in its file stays as long as it is one: an agent knows the
    /// others once it has joined. A host that does not run is sent to a server that is not known to be down.
    pub(super) fn server(&self, state: &HostState, nodes: &[NodeState]) -> &str {
        let servers = &self.cluster.servers;
        let is_down = |server: &str| nodes.iter().any(|node| !node.ready && has_address(node, server));
        let present = servers
            .iter()
            .find(|server| Some(*server) == state.joins_through.as_ref());
        let runs = state.phase(Role::Agent) == UnitPhase::Running;
        let up = || servers.iter().find(|server| !is_down(server));
        let chosen = present.filter(|server| runs || !is_down(server)).or_else(up);
        chosen.or(servers.first()).map_or("", String::as_str)
    }

    /// How its pods are moved away before another version, if they are.
    pub(super) fn drain_before_upgrade(&self) -> Option<Drain> {
        let enabled = self.drain.as_ref().and_then(|drain| drain.enabled).unwrap_or(true);
        enabled.then(|| self.drain())
    }

    /// How its pods are moved away before it is removed, if they are.
    pub(super) fn drain_before_removal(&self) -> Option<Drain> {
        let enabled = self
            .on_destroy
            .as_ref()
            .and_then(|on_destroy| on_destroy.drain)
            .unwrap_or(true);
        enabled.then(|| self.drain())
    }

    /// How its pods are moved away.
    pub(super) fn drain(&self) -> Drain {
        let timeout = self.drain.as_ref().and_then(|drain| drain.timeout.as_ref());
        Drain {
            timeout: timeout.map_or(DRAIN_TIMEOUT, |timeout| **timeout),
        }
    }

    /// Whether it is removed whatever volumes are attached, and whatever does not answer.
    pub(super) fn is_forced(&self) -> bool {
        self.on_destroy
            .as_ref()
            .and_then(|on_destroy| on_destroy.force)
            .unwrap_or_default()
    }

    /// Where the program comes from.
    pub(super) fn source(&self) -> Source {
        self.binary.as_ref().map(|binary| binary.source()).unwrap_or_default()
    }

    /// What its host is checked for.
    pub(super) fn wanted_host(&self, version: K3sVersion, program: Option<&Program>) -> WantedHost {
        let has_argument = |text: &str| self.kubelet_args.iter().flatten().any(|argument| argument == text);
        WantedHost {
            role: Role::Agent,
            cluster: self.cluster.cluster_id.clone(),
            version,
            binary_arch: program.map(|program| program.arch.clone()),
            docker: self.docker,
            selinux: self.selinux,
            allows_cgroup_v1: has_argument("fail-cgroupv1=false"),
            allows_swap: has_argument("fail-swap-on=false"),
            https_port: API_PORT,
            ca_sha256: Some(self.cluster.ca_hash.clone()),
            adopt: false,
        }
    }
}

/// Reads a version.
fn parse_version(text: &str, path: Path) -> Result<K3sVersion, Diagnostics> {
    text.parse().map_err(|error| {
        Diagnostic::error("Not a version of k3s", format!("{error}."))
            .at(path)
            .into()
    })
}

/// Whether a server's address, such as `https://10.0.0.1:6443`, is one of its Node's.
fn has_address(node: &NodeState, server: &str) -> bool {
    let host = server.trim_start_matches("https://");
    let host = host.rsplit_once(':').map_or(host, |(host, _)| host);
    let host = host.trim_start_matches('[').trim_end_matches(']');
    node.internal_ips.iter().any(|address| address == host)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::k3s::agent::tests::model;
    use crate::k3s::probe::UnitState;

    fn node(ready: bool, address: &str) -> NodeState {
        NodeState {
            ready,
            internal_ips: vec![address.to_owned()],
            ..NodeState::default()
        }
    }

    #[test]
    fn a_host_joins_through_a_server_that_is_up_and_keeps_the_one_that_it_has() {
        let mut agent = model();
        agent.cluster.servers = vec!["https://10.0.0.1:6443".to_owned(), "https://[fd00::2]:6443".to_owned()];
        let mut state = HostState::default();
        let up = [node(true, "10.0.0.1"), node(true, "fd00::2")];
        let first_down = [node(false, "10.0.0.1"), node(true, "fd00::2")];
        assert_eq!(
            agent.server(&state, &[]),
            "https://10.0.0.1:6443",
            "nothing is known of servers"
        );
        assert_eq!(agent.server(&state, &first_down), "https://[fd00::2]:6443");
        state.joins_through = Some("https://[fd00::2]:6443".to_owned());
        assert_eq!(agent.server(&state, &up), "https://[fd00::2]:6443");
        state.joins_through = Some("https://10.0.0.1:6443".to_owned());
        assert_eq!(agent.server(&state, &first_down), "https://[fd00::2]:6443");
        state.agent_unit = Some(UnitState {
            active: "active".to_owned(),
            ..UnitState::default()
        });
        assert_eq!(
            agent.server(&state, &first_down),
            "https://10.0.0.1:6443",
            "what runs knows the others"
        );
        state.joins_through = Some("https://10.0.0.9:6443".to_owned());
        assert_eq!(
            agent.server(&state, &up),
            "https://10.0.0.1:6443",
            "it is no server any more"
        );
    }
}
