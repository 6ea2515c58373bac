//! Rules for configurations that concern more than one attribute. What is not known yet is not complained about: hosts
//! may be made in the same apply.

use std::collections::BTreeMap;

use tf_framework::Attr;
use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use tf_framework::path::Path;
use tf_framework::resource::Draft;

use crate::k3s::attributes::{Binary, ExtraConfig};
use crate::k3s::cluster::ClusterResource;
use crate::k3s::cluster::blame::of_server;
use crate::k3s::cluster::model::{ClusterModel, RestoreFrom, Server, ServerDraft};
use crate::k3s::config::keys::Key;
use crate::k3s::config::keys::check::Level;
use crate::k3s::token::Token;
use crate::k3s::version::K3sVersion;
use crate::k3s::version::features::Feature;
use crate::ssh::diagnostics::ATTRIBUTE as SSH;
use tf_framework::custom_types::Text;

pub(super) mod networks;
mod storage;

/// The servers of a configuration, as far as they are known.
type Servers = BTreeMap<String, Attr<ServerDraft>>;

/// Checks what concerns more than one attribute of a configuration.
pub(super) fn validate(config: &Draft<ClusterResource>, diagnostics: &mut Diagnostics) {
    if let Attr::Known(ssh) = &config.ssh {
        ssh.validate(&Path::new(SSH), diagnostics);
    }
    if let Attr::Known(servers) = &config.servers {
        validate_servers(servers, diagnostics);
        networks::validate_nodes(config, servers, diagnostics);
    }
    if let Some(version) = config.version.known().and_then(|text| text.parse().ok()) {
        validate_path(config, &version, diagnostics);
        validate_options(config, &version, diagnostics);
    }
    networks::validate(config, diagnostics);
    storage::validate(config, diagnostics);
    validate_token(config, diagnostics);
    validate_images(config, diagnostics);
    validate_restore(config, diagnostics);
    validate_binary(config, diagnostics);
}
fn validate_servers(servers: &Servers, diagnostics: &mut Diagnostics) {
    let mut hosts: BTreeMap<(String, u16), &String> = BTreeMap::new();
    let mut ids: BTreeMap<&String, &String> = BTreeMap::new();
    for (name, server) in servers {
        let Attr::Known(server) = server else { continue };
        if let Attr::Known(ssh) = &server.ssh {
            ssh.validate(&of_server(name, Server::SSH), diagnostics);
        }
        let port = match &server.ssh {
            Attr::Null => Some(22),
            Attr::Known(ssh) => ssh.port.decided().map(|port| port.copied().unwrap_or(22)),
            Attr::Unknown => None,
        };
        if let (Some(host), Some(port)) = (server.host.known(), port)
            && let Some(other) = hosts.insert((host.clone(), port), name)
        {
            let detail = format!("{host} is the host of the server `{other}`, too. Each server is a host of its own.");
            diagnostics.push(Diagnostic::error("Two servers on one host", detail).at(of_server(name, Server::HOST)));
        }
        if let Some(id) = server.provider_id.known()
            && let Some(other) = ids.insert(id, name)
        {
            let detail =
                format!("{id} is the machine of the server `{other}`, too. Each server is a machine of its own.");
            diagnostics
                .push(Diagnostic::error("Two servers on one host", detail).at(of_server(name, Server::PROVIDER_ID)));
        }
    }
}

/// Steps on the way to a version are older than it.
fn validate_path(config: &Draft<ClusterResource>, version: &K3sVersion, diagnostics: &mut Diagnostics) {
    let steps = config.upgrade_path.known().into_iter().flatten().enumerate();
    for (index, step) in steps {
        let Some(step) = step.known().and_then(|text| text.parse::<K3sVersion>().ok()) else {
            continue;
        };
        if step > *version {
            let detail =
                format!("{step} is newer than {version}, to which it should lead. Remove it, or raise `version`.");
            let path = Path::new(ClusterModel::UPGRADE_PATH).index(index);
            diagnostics.push(Diagnostic::error("Not on the way to the version", detail).at(path));
        }
    }
}

/// Options that this version does not have, or that have an attribute of their own.
fn validate_options(config: &Draft<ClusterResource>, version: &K3sVersion, diagnostics: &mut Diagnostics) {
    let extra = Path::new(ClusterModel::EXTRA_CONFIG);
    check_extra(&config.extra_config, Level::Cluster, version, &extra, diagnostics);
    for (name, server) in config.servers.known().into_iter().flatten() {
        if let Attr::Known(server) = server {
            let path = of_server(name, Server::EXTRA_CONFIG);
            check_extra(&server.extra_config, Level::Server, version, &path, diagnostics);
        }
    }
    let registry = Key::find("embedded-registry").filter(|key| !key.is_in(version));
    if let (Some(key), Some(true)) = (registry, config.embedded_registry.known()) {
        let detail = format!(
            "Nodes of k3s {version} cannot pass images to each other: {}.",
            key.availability(version)
        );
        let path = Path::new(ClusterModel::EMBEDDED_REGISTRY);
        diagnostics.push(Diagnostic::error("Not an option of k3s", detail).at(path));
    }
    let has_keys = config.secrets_encryption_key_version.known().is_some();
    if has_keys && config.secrets_encryption.known() == Some(&false) {
        let detail = "The cluster does not encrypt Secrets, so it has no keys to change: remove the attribute.";
        let path = Path::new(ClusterModel::SECRETS_ENCRYPTION_KEY_VERSION);
        diagnostics.push(Diagnostic::error("Not an option of k3s", detail).at(path));
    }
    if has_keys && !Feature::RotateKeys.is_in(version) {
        let detail = format!(
            "k3s {version} cannot change the keys of Secrets in one go. Upgrade first, or remove the attribute."
        );
        let path = Path::new(ClusterModel::SECRETS_ENCRYPTION_KEY_VERSION);
        diagnostics.push(Diagnostic::error("Not an option of k3s", detail).at(path));
    }
}

/// A hash is that of one program.
fn validate_binary(config: &Draft<ClusterResource>, diagnostics: &mut Diagnostics) {
    let has_hash = config.binary.known().is_some_and(|binary| !binary.sha256.is_null());
    let has_steps = config.upgrade_path.known().is_some_and(|steps| !steps.is_empty());
    if has_hash && has_steps {
        let detail = "It is the hash of one version, and `upgrade_path` goes through others. Remove one of the two.";
        let path = Path::new(ClusterModel::BINARY).attribute(Binary::SHA256);
        diagnostics.push(Diagnostic::error("Hash of several programs", detail).at(path));
    }
}

/// A snapshot is on one of the servers.
fn validate_restore(config: &Draft<ClusterResource>, diagnostics: &mut Diagnostics) {
    let (Some(from), Some(servers)) = (config.restore_from.known(), config.servers.known()) else {
        return;
    };
    if let Some(name) = from.server.known().filter(|name| !servers.contains_key(*name)) {
        let detail =
            format!("`{name}` is none of `servers`, one of which has the snapshot and is the first to come up.");
        let path = Path::new(ClusterModel::RESTORE_FROM).attribute(RestoreFrom::SERVER);
        diagnostics.push(Diagnostic::error("Snapshot is on no server", detail).at(path));
    }
}

fn check_extra(
    extra: &Attr<Text<ExtraConfig>>,
    level: Level,
    version: &K3sVersion,
    path: &Path,
    diagnostics: &mut Diagnostics,
) {
    let problems = extra.known().map(|extra| extra.problems(level, version));
    for problem in problems.into_iter().flatten() {
        diagnostics.push(Diagnostic::error("Not an option of k3s", problem).at(path.clone()));
    }
}

fn validate_token(config: &Draft<ClusterResource>, diagnostics: &mut Diagnostics) {
    use secrecy::ExposeSecret as _;
    let Some(token) = config.token.known() else { return };
    if let Err(error) = Token::parse(token.expose_secret()) {
        let detail = format!("A cluster cannot have this token: {error}.");
        diagnostics.push(Diagnostic::error("Unusable token", detail).at(ClusterModel::TOKEN));
    }
}

fn validate_images(config: &Draft<ClusterResource>, diagnostics: &mut Diagnostics) {
    let registries = config.registries.known();
    let has_no_mirrors = match &config.registries {
        Attr::Unknown => false,
        Attr::Null => true,
        Attr::Known(registries) => registries.mirrors.is_null(),
    };
    if config.embedded_registry.known() == Some(&true) && has_no_mirrors {
        let detail = "Nodes pass images to each other only for registries that are named in `registries.mirrors`, and none is. Add \
                      `registries = { mirrors = { \"*\" = {} } }` for all of them.";
        diagnostics
            .push(Diagnostic::warning("Embedded registry is not used", detail).at(ClusterModel::EMBEDDED_REGISTRY));
    }
    let hosts = registries.and_then(|registries| registries.configs.known());
    for (name, host) in hosts.into_iter().flatten() {
        let tls = host.known().and_then(|host| host.tls.known());
        if tls.and_then(|tls| tls.insecure_skip_verify.known()) == Some(&true) {
            let detail = format!(
                "Whoever can intercept the connection to {name} can put any program into images, and it runs in the cluster. Give \
                 `ca_file` instead."
            );
            let path = Path::new(ClusterModel::REGISTRIES)
                .attribute("configs")
                .key(name)
                .attribute("tls");
            diagnostics.push(Diagnostic::warning("Certificate is not verified", detail).at(path));
        }
    }
}

#[cfg(test)]
mod tests;
