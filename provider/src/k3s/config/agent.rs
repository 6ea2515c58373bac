//! What a host that only runs pods is told.

use super::node::NodeSettings;
use super::value::ConfigValue;
use super::{Config, Join};
use crate::k3s::paths;

/// What a host that only runs pods is told, beside what is its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AgentSettings {
    /// Where k3s keeps its data, if not in [`paths::DATA_DIR`].
    pub data_dir: Option<String>,
    /// Whether a cloud provider outside of k3s manages nodes: what its servers have.
    pub external_cloud_provider: bool,
    /// Whether Docker runs the containers.
    pub docker: bool,
    /// Whether containers are confined by SELinux.
    pub selinux: bool,
    /// Arguments of the kubelet.
    pub kubelet_args: Vec<String>,
    /// Arguments of the proxy.
    pub kube_proxy_args: Vec<String>,
}

impl AgentSettings {
    /// The configuration of an agent that joins through the server at an address. It needs that server only once: then
    /// it knows all of them.
    #[must_use]
    pub fn config(&self, node: &NodeSettings, server: &str) -> Config {
        let mut config = Config::default();
        config.join(&Join::Through(server.to_owned()));
        config.set_text("data-dir", self.data_dir.as_ref());
        config.set("token-file", ConfigValue::Text(paths::TOKEN.to_owned()));
        config.set_flag("docker", self.docker);
        config.set_flag("selinux", self.selinux);
        config.extend("kubelet-arg", self.kubelet_args.iter().cloned());
        config.extend("kube-proxy-arg", self.kube_proxy_args.iter().cloned());
        node.add_to(&mut config, self.external_cloud_provider);
        config.add_extra(&node.extra);
        config
    }
}
