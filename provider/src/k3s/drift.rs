//! What differs between what a host should be and what it is, for the plan that a user reads.

use std::collections::BTreeSet;
use std::fmt;
use std::net::IpAddr;

use super::config::keys::Key;
use super::config::{NodeSettings, Role, alike};
use super::files::HostFiles;
use super::nodes::Noted;
use super::paths;
use super::probe::{HostState, NodeState, UnitPhase};
use super::program::Image;
use super::version::K3sVersion;

/// One difference. Its `Display` is a line for a plan, without secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Drift {
    /// The host did not answer.
    Unreachable,
    /// There is no program of k3s.
    NoBinary,
    /// The program is another than the one that was put there.
    Binary,
    /// The program is newer than what runs.
    RestartPending {
        /// What runs.
        running: Option<K3sVersion>,
        /// What is installed.
        installed: Option<K3sVersion>,
    },
    /// Another version runs.
    Version {
        /// What runs.
        running: K3sVersion,
        /// What should.
        wanted: K3sVersion,
    },
    /// A file is missing.
    FileMissing(String),
    /// A file says something else.
    FileChanged(String),
    /// A file can be read by others than it should, or is not root's.
    FileMode(String),
    /// A file is there that should not.
    FileExtra(String),
    /// A file of somebody else overrides what is configured, and is left as it is.
    Override(String),
    /// An archive of images is missing.
    ImageMissing(String),
    /// An archive of images is there that was ours, and is not wanted any more.
    ImageExtra(String),
    /// k3s runs with other values of these keys than its files should have.
    OtherValues(Vec<&'static str>),
    /// There is no unit.
    NoUnit,
    /// The unit is not started with the host.
    UnitDisabled,
    /// The unit does not run.
    UnitDown(String),
    /// Its API is not ready.
    ApiNotReady(String),
    /// There is no Node.
    NoNode,
    /// The Node is not ready.
    NodeNotReady,
    /// The member of etcd does not vote.
    NotVoter,
    /// The Node has to be made anew.
    StaleNode,
    /// A label differs.
    Label {
        /// Its name.
        name: String,
        /// What it is.
        is: Option<String>,
        /// What it should be.
        wanted: String,
    },
    /// A taint is missing.
    Taint(String),
}

/// What a host should be.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// Its role.
    pub role: Role,
    /// The version.
    pub version: &'a K3sVersion,
    /// Hash of the program.
    pub binary_sha256: Option<&'a str>,
    /// Its files.
    pub files: &'a HostFiles,
    /// Its Node.
    pub node: &'a NodeSettings,
    /// Whether its member of etcd should vote.
    pub voter: bool,
}

/// All differences of a host, in the order of how much they weigh. `nodes` is what a healthy server lists; without it,
/// nothing is said of Nodes.
#[must_use]
pub fn drift(expected: &Expected<'_>, state: Option<&HostState>, nodes: Option<&[NodeState]>) -> Vec<Drift> {
    let node = nodes.map(|nodes| nodes.iter().find(|node| node.name == expected.node.name));
    let mut drift = match state {
        Some(state) => of_host(expected, state, node.flatten()),
        None => vec![Drift::Unreachable],
    };
    match node {
        Some(Some(node)) => drift.extend(of_node(expected, node)),
        Some(None) => drift.push(Drift::NoNode),
        None => {}
    }
    drift
}

fn of_host(expected: &Expected<'_>, state: &HostState, node: Option<&NodeState>) -> Vec<Drift> {
    let mut drift = Vec::new();
    match (&state.binary_sha256, expected.binary_sha256) {
        (None, _) => drift.push(Drift::NoBinary),
        (Some(is), Some(wanted)) if is != wanted => drift.push(Drift::Binary),
        (Some(_), _) => {}
    }
    let running = node.and_then(|node| node.version);
    if state.runs_other_payload()
        || (running.is_some() && state.binary_version.is_some() && running != state.binary_version)
    {
        drift.push(Drift::RestartPending {
            running,
            installed: state.binary_version,
        });
    }
    drift.extend(of_files(expected.files, state));
    let others = node.filter(|_| expected.role == Role::Server);
    let keys = others.map_or_else(Vec::new, |node| other_values(state, expected.files, node));
    if !keys.is_empty() {
        drift.push(Drift::OtherValues(keys));
    }
    drift.extend(state.overrides.iter().cloned().map(Drift::Override));
    match state.unit(expected.role) {
        None => drift.push(Drift::NoUnit),
        Some(unit) => {
            drift.extend(unit.drop_ins.iter().cloned().map(Drift::Override));
            if !unit.is_enabled() {
                drift.push(Drift::UnitDisabled);
            }
            if unit.phase() != UnitPhase::Running {
                drift.push(Drift::UnitDown(format!("{} ({})", unit.active, unit.sub)));
            }
        }
    }
    if let (Role::Server, Some(Err(reason))) = (expected.role, &state.readyz) {
        drift.push(Drift::ApiNotReady(reason.clone()));
    }
    drift
}

fn of_files(files: &HostFiles, state: &HostState) -> Vec<Drift> {
    let mut drift = Vec::new();
    for file in &files.files {
        let path = file.path.to_owned();
        match state.files.get(file.path) {
            None => drift.push(Drift::FileMissing(path)),
            Some(is) if is.sha256 != file.sha256() => drift.push(Drift::FileChanged(path)),
            Some(is) if is.mode != file.mode || is.owner != "root" => drift.push(Drift::FileMode(path)),
            Some(_) => {}
        }
    }
    let extra = files.absent.iter().filter(|path| state.files.contains_key(**path));
    drift.extend(extra.map(|path| Drift::FileExtra((*path).to_owned())));
    let images: BTreeSet<String> = files.images.iter().map(Image::host_name).collect();
    let missing = images.iter().filter(|name| !state.images.contains_key(*name));
    drift.extend(missing.cloned().map(Drift::ImageMissing));
    let extra = state
        .images
        .keys()
        .filter(|name| Image::is_ours(name) && !images.contains(*name));
    drift.extend(extra.cloned().map(Drift::ImageExtra));
    drift
}

fn of_node(expected: &Expected<'_>, node: &NodeState) -> Vec<Drift> {
    let mut drift = Vec::new();
    if let Some(running) = node.version.filter(|running| running != expected.version) {
        drift.push(Drift::Version {
            running,
            wanted: *expected.version,
        });
    }
    if !node.ready {
        drift.push(Drift::NodeNotReady);
    }
    if expected.voter && node.voter != Some(true) {
        drift.push(Drift::NotVoter);
    }
    if is_stale(expected.node, node) {
        drift.push(Drift::StaleNode);
    }
    for (name, wanted) in &expected.node.labels {
        let is = node.labels.get(name);
        if is != Some(wanted) {
            drift.push(Drift::Label {
                name: name.clone(),
                is: is.cloned(),
                wanted: wanted.clone(),
            });
        }
    }
    let missing = expected.node.taints.iter().filter(|taint| !node.taints.contains(taint));
    drift.extend(missing.map(|taint| Drift::Taint(taint.to_string())));
    drift
}

/// Whether any file but those with tokens is not what it should be.
pub(super) fn files_differ(state: &HostState, files: &HostFiles) -> bool {
    of_files(files, state).iter().any(|drift| !is_of_token(drift))
}

/// Whether a file with a token is not what it should be.
pub(super) fn token_differs(state: &HostState, files: &HostFiles) -> bool {
    of_files(files, state).iter().any(is_of_token)
}

/// Whether it is about a file with a token.
pub(super) fn is_of_token(drift: &Drift) -> bool {
    let path = match drift {
        Drift::FileMissing(path) | Drift::FileChanged(path) | Drift::FileMode(path) | Drift::FileExtra(path) => path,
        _ => return false,
    };
    path == paths::TOKEN || path == paths::AGENT_TOKEN
}

/// Whether a Node has to be made anew: what the cloud provider calls its machine can be set once, and its address is
/// that of a member of etcd.
pub(super) fn is_stale(wanted: &NodeSettings, node: &NodeState) -> bool {
    let other_id = wanted.provider_id.is_some() && node.provider_id != wanted.provider_id;
    let is_there = |address: &String| node.internal_ips.iter().any(|is| same_address(is, address));
    other_id || (!node.internal_ips.is_empty() && !wanted.node_ip.iter().all(is_there))
}

/// Addresses of IPv6 can be written in several ways.
fn same_address(one: &str, other: &str) -> bool {
    match (one.parse::<IpAddr>(), other.parse::<IpAddr>()) {
        (Ok(one), Ok(other)) => one == other,
        _ => one == other,
    }
}

/// Whether labels or taints have to be set or removed, or to be noted as ours.
pub(super) fn labels_differ(wanted: &NodeSettings, node: &NodeState) -> bool {
    let labels = wanted
        .labels
        .iter()
        .any(|(name, value)| node.labels.get(name) != Some(value));
    let taints = wanted.taints.iter().any(|taint| !node.taints.contains(taint));
    labels || taints || Noted::on(node) != Noted::of(wanted)
}

/// The keys of which the running server was told another value than its files should have, of those that all servers
/// must have alike. k3s compares them only when a server joins, and refuses that. What files of somebody else say is
/// left as it is.
pub(super) fn other_values(state: &HostState, files: &HostFiles, node: &NodeState) -> Vec<&'static str> {
    let of_others = state.unit(Role::Server).is_some_and(|unit| !unit.drop_ins.is_empty());
    let Some(running) = node
        .running_config()
        .filter(|_| !of_others && state.overrides.is_empty())
    else {
        return Vec::new();
    };
    let differs = |key: &&Key| {
        let is = running.get(key.name).map(|texts| alike(texts)).unwrap_or_default();
        files.shared().get(key.name).cloned().unwrap_or_default() != is
    };
    let keys = Key::all().filter(|key| key.is_shared()).filter(differs);
    keys.map(|key| key.name).collect()
}

impl Drift {
    /// Whether an apply puts it right. A plan must not promise more.
    #[must_use]
    pub fn is_mended(&self) -> bool {
        !matches!(self, Self::Unreachable | Self::Override(_))
    }
}

impl fmt::Display for Drift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let version =
            |version: &Option<K3sVersion>| version.map_or("another build".to_owned(), |version| version.to_string());
        match self {
            Self::Unreachable => write!(f, "does not answer"),
            Self::NoBinary => write!(f, "k3s is not installed"),
            Self::Binary => write!(f, "{} is another program than the wanted one", paths::BINARY),
            Self::RestartPending { running, installed } => {
                write!(f, "{} runs, and {} is installed", version(running), version(installed))
            }
            Self::Version { running, wanted } => write!(f, "runs {running}, not {wanted}"),
            Self::FileMissing(path) => write!(f, "{path} is missing"),
            Self::FileChanged(path) => write!(f, "{path} was changed"),
            Self::FileMode(path) => write!(f, "{path} has another mode or owner"),
            Self::FileExtra(path) => write!(f, "{path} is there, and should not be"),
            Self::Override(path) => write!(f, "{path} overrides what is configured"),
            Self::ImageMissing(name) => write!(f, "the archive of images {name} is missing"),
            Self::ImageExtra(name) => write!(f, "the archive of images {name} is not wanted any more"),
            Self::OtherValues(keys) => write!(f, "k3s runs with another value of {}", keys.join(", ")),
            Self::NoUnit => write!(f, "k3s is not a service"),
            Self::UnitDisabled => write!(f, "k3s is not started with the host"),
            Self::UnitDown(state) => write!(f, "k3s does not run: {state}"),
            Self::ApiNotReady(reason) => write!(f, "the API is not ready: {reason}"),
            Self::NoNode => write!(f, "has no node in the cluster"),
            Self::NodeNotReady => write!(f, "its node is not ready"),
            Self::NotVoter => write!(f, "its member of etcd does not vote"),
            Self::StaleNode => write!(f, "its node has another address or provider id"),
            Self::Label {
                name,
                is: Some(is),
                wanted,
            } => write!(f, "its label {name} is {is:?}, not {wanted:?}"),
            Self::Label { name, is: None, wanted } => write!(f, "its label {name} is missing: {wanted:?}"),
            Self::Taint(taint) => write!(f, "its taint {taint} is missing"),
        }
    }
}

#[cfg(test)]
mod tests;
