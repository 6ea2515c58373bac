//! Where things are on a host: the paths and names of k3s' own installation, so that a human finds what he expects.
//!
//! The facts are those of [k3s' installation](https://docs.k3s.io/installation/configuration) and its script. Only
//! [`MARKER`], [`TOKEN`] and [`AGENT_TOKEN`] are ours.

use super::config::Role;

/// The program, for all commands.
pub const BINARY: &str = "/usr/local/bin/k3s";
/// The configuration of k3s.
pub const CONFIG: &str = "/etc/rancher/k3s/config.yaml";
/// Where more configuration could be, which overrides ours.
pub const CONFIG_DIR: &str = "/etc/rancher/k3s/config.yaml.d";
/// Registries of images, and mirrors of them.
pub const REGISTRIES: &str = "/etc/rancher/k3s/registries.yaml";
/// The administrator's kubeconfig, on servers.
pub const KUBECONFIG: &str = "/etc/rancher/k3s/k3s.yaml";
/// The token with which the host joins.
pub const TOKEN: &str = "/etc/rancher/k3s/token";
/// The token of agents, on servers.
pub const AGENT_TOKEN: &str = "/etc/rancher/k3s/agent-token";
/// What this provider notes of the host.
pub const MARKER: &str = "/etc/rancher/k3s/cht.json";
/// What a node proves its name with when it registers again.
pub const NODE_PASSWORD: &str = "/etc/rancher/node/password";
/// The data of k3s, unless it is told another folder.
pub const DATA_DIR: &str = "/var/lib/rancher/k3s";

/// The unit of systemd.
#[must_use]
pub fn unit(role: Role) -> &'static str {
    match role {
        Role::Server => "k3s.service",
        Role::Agent => "k3s-agent.service",
    }
}

/// The file of the unit.
#[must_use]
pub fn unit_file(role: Role) -> &'static str {
    match role {
        Role::Server => "/etc/systemd/system/k3s.service",
        Role::Agent => "/etc/systemd/system/k3s-agent.service",
    }
}

/// The environment of the unit.
#[must_use]
pub fn environment_file(role: Role) -> &'static str {
    match role {
        Role::Server => "/etc/systemd/system/k3s.service.env",
        Role::Agent => "/etc/systemd/system/k3s-agent.service.env",
    }
}
