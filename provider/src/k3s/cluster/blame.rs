//! Which attribute decides what stands in the way, and what is said of it.

use tf_framework::diagnostics::{Diagnostic, Diagnostics, Severity, error_chain};
use tf_framework::path::Path;

use crate::k3s::cluster::model::{ClusterModel, Datastore, Server};
use crate::k3s::fleet::{Fleet, Looked, Stopped};
use crate::k3s::host::HostError;
use crate::k3s::preflight::{Found, Preflight, Problem};
use crate::k3s::rollout::{Refusal, Warning};
use crate::wording::sentence;

/// What stands in the way, at the attribute that decides it.
pub(super) fn refused(refusal: &Refusal) -> Diagnostic {
    let detail = format!("{}.", sentence(&refusal.to_string()));
    Diagnostic::error("Cluster cannot be changed like this", detail).at(attribute(refusal))
}

/// What ended a run, at the attribute that decides it.
pub(super) fn stopped(fleet: &Fleet, stopped: Stopped) -> Diagnostics {
    let path = match &stopped {
        Stopped::Refused { refusal, .. } => Some(attribute(refusal)),
        _ => None,
    };
    let diagnostics = fleet.diagnose(stopped);
    match path {
        Some(path) => diagnostics.at(path),
        None => diagnostics,
    }
}

/// Whether a plan must not go on with it. What a host does not say now, it may say when the plan is applied.
pub(super) fn is_final(refusal: &Refusal) -> bool {
    match refusal {
        Refusal::UnreachableAtBootstrap { .. } | Refusal::NoneReachable { .. } | Refusal::NoQuorum { .. } => false,
        Refusal::CannotJoin { .. } | Refusal::OthersUnwell { .. } | Refusal::NobodyToAsk { .. } => false,
        Refusal::Failing { .. } | Refusal::TokenNeedsAll { .. } | Refusal::Restoring { .. } => false,
        Refusal::NoServers | Refusal::SqliteNeedsOne | Refusal::DatastoreChange { .. } => true,
        Refusal::RoleChange { .. } | Refusal::Foreign { .. } | Refusal::TwoClusters { .. } => true,
        Refusal::BelowQuorum { .. } | Refusal::Upgrade(_) | Refusal::AgentSkew { .. } => true,
        Refusal::DataLost | Refusal::CannotRegisterAnew { .. } | Refusal::SqliteStays { .. } => true,
        Refusal::Renamed { .. } | Refusal::TokenRotation { .. } => true,
    }
}

/// What is wrong with hosts: errors, and warnings apart from them. What a host lacks on which k3s runs is no reason to
/// leave the cluster as it is.
pub(super) fn unfit(preflight: &Preflight, looked: &Looked) -> (Diagnostics, Vec<Diagnostic>) {
    let at_host = |diagnostic: Diagnostic, found: &Found| match found.hosts.first() {
        Some(name) => diagnostic.at(of_server(name, Server::HOST)),
        None => diagnostic,
    };
    let runs = |name: &String| looked.state(name).is_some_and(|state| state.server_unit.is_some());
    let is_bearable = |found: &&Found| is_outlived(&found.problem) && found.hosts.iter().all(runs);
    let (bearable, errors): (Vec<&Found>, Vec<&Found>) = preflight.errors.iter().partition(is_bearable);
    let mut diagnostics = Diagnostics::new();
    for found in errors {
        let error = Diagnostic::error("Host is not fit for k3s", found.to_string());
        diagnostics.push(at_host(error, found));
    }
    let warning = |found: &Found| {
        let warning = Diagnostic::warning("Host may not be fit for k3s", found.to_string());
        at_host(warning, found)
    };
    let warnings = bearable.into_iter().chain(&preflight.warnings).map(warning);
    (diagnostics, warnings.collect())
}

/// Whether k3s that runs already shows that it can do with it.
fn is_outlived(problem: &Problem) -> bool {
    match problem {
        Problem::NoSystemd | Problem::NoDefaultRoute | Problem::NoMemoryCgroup | Problem::NoModule(_) => true,
        Problem::PortTaken(_) | Problem::NmCloudSetup | Problem::Same { .. } | Problem::Clocks(_) => true,
        Problem::TooLittleMemory { .. } | Problem::TooLittleDisk { .. } | Problem::TooFewCpus { .. } => true,
        Problem::BelowCht(_) | Problem::Swap | Problem::Firewall(_) | Problem::Iptables(_) | Problem::Overrides(_) => {
            true
        }
        Problem::NotRoot | Problem::UnknownArch(_) | Problem::OtherArch { .. } | Problem::OtherCluster => false,
        Problem::Foreign | Problem::OtherRole(_) | Problem::CgroupV1(_) => false,
        Problem::NoDocker | Problem::DockerSnap | Problem::NoSelinuxPolicy => false,
    }
}

/// The servers that did not answer, or did not let us in, as warnings.
pub(super) fn silent(fleet: &Fleet, looked: &Looked, consequence: &str) -> Vec<Diagnostic> {
    let warnings = looked.failures().flat_map(|(name, error)| {
        let mut told = match (error, fleet.host(name)) {
            (HostError::Ssh { source, .. }, Some(host)) if !error.is_unreachable() => {
                let told = host.access().tell("Unable to look at the host", source);
                told.iter().cloned().collect()
            }
            _ => {
                let reason = sentence(&error_chain(error));
                let path = of_server(name, Server::HOST);
                vec![Diagnostic::warning("Server does not answer", format!("{reason}.")).at(path)]
            }
        };
        for warning in &mut told {
            warning.severity = Severity::Warning;
            warning.detail.push_str(&format!("\n\n{consequence}"));
        }
        told
    });
    warnings.collect()
}

/// What should be known beside the steps, but for what the configuration alone tells, and who does not answer.
pub(super) fn notes(warnings: &[Warning]) -> Vec<Diagnostic> {
    let note = |warning: &Warning| {
        let summary = match warning {
            Warning::EvenCount(_) | Warning::Unreachable(_) => return None,
            Warning::LeftBehind(_) | Warning::NotOurs(_) | Warning::Unknown(_) => "Server is left as it is",
        };
        Some(Diagnostic::warning(summary, warning.to_string()).at(ClusterModel::SERVERS))
    };
    warnings.iter().filter_map(note).collect()
}

/// The path of an attribute of a server.
pub(super) fn of_server(name: &str, attribute: &str) -> Path {
    Path::new(ClusterModel::SERVERS).key(name).attribute(attribute)
}

fn attribute(refusal: &Refusal) -> Path {
    match refusal {
        Refusal::NoServers | Refusal::BelowQuorum { .. } | Refusal::DataLost | Refusal::NoQuorum { .. } => {
            Path::new(ClusterModel::SERVERS)
        }
        Refusal::SqliteNeedsOne | Refusal::DatastoreChange { .. } => {
            Path::new(ClusterModel::DATASTORE).attribute(Datastore::KIND)
        }
        Refusal::Upgrade(_) | Refusal::AgentSkew { .. } => Path::new(ClusterModel::VERSION),
        Refusal::TokenNeedsAll { .. } | Refusal::TokenRotation { .. } => Path::new(ClusterModel::TOKEN_VERSION),
        Refusal::Restoring { .. } => Path::new(ClusterModel::RESTORE_FROM),
        // The one that is to stay is not among the servers any more.
        Refusal::SqliteStays { .. } => Path::new(ClusterModel::SERVERS),
        Refusal::RoleChange { server }
        | Refusal::Renamed { server, .. }
        | Refusal::Foreign { server }
        | Refusal::TwoClusters { server, .. }
        | Refusal::UnreachableAtBootstrap { server }
        | Refusal::NoneReachable { server }
        | Refusal::CannotJoin { server, .. }
        | Refusal::Failing { server, .. }
        | Refusal::OthersUnwell { server, .. }
        | Refusal::NobodyToAsk { server }
        | Refusal::CannotRegisterAnew { server } => Path::new(ClusterModel::SERVERS).key(server),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::k3s::config::Role;
    use crate::k3s::host::Probed;
    use crate::k3s::probe::{HostState, UnitState};

    #[test]
    fn what_stands_in_the_way_is_told_at_the_attribute_that_decides_it() {
        for (refusal, path, is_final) in [
            (Refusal::NoServers, "servers", true),
            (Refusal::SqliteNeedsOne, "datastore.type", true),
            (Refusal::RoleChange { server: "a".to_owned() }, "servers[\"a\"]", true),
            (
                Refusal::NoneReachable { server: "a".to_owned() },
                "servers[\"a\"]",
                false,
            ),
            (
                Refusal::TokenNeedsAll { server: "a".to_owned() },
                "token_version",
                false,
            ),
        ] {
            let told = super::refused(&refusal);
            assert_eq!(
                told.path.map(|path| path.to_string()).as_deref(),
                Some(path),
                "{refusal}"
            );
            assert_eq!(super::is_final(&refusal), is_final, "{refusal}");
            assert!(
                told.detail.ends_with('.') && told.detail.starts_with(char::is_uppercase)
                    || told.detail.starts_with('a')
            );
        }
    }

    #[test]
    fn all_that_is_wrong_with_hosts_is_told_at_once() {
        let found = |hosts: &[&str], problem| Found {
            hosts: hosts.iter().map(|host| (*host).to_owned()).collect(),
            problem,
        };
        let preflight = Preflight {
            errors: vec![
                found(&["a", "b"], Problem::NoSystemd),
                found(&["b"], Problem::NoDefaultRoute),
            ],
            warnings: vec![found(&["a"], Problem::Swap)],
        };
        let (errors, warnings) = unfit(&preflight, &Looked::default());
        let paths: Vec<String> = errors
            .iter()
            .filter_map(|one| Some(one.path.as_ref()?.to_string()))
            .collect();
        assert_eq!(paths, ["servers[\"a\"].host", "servers[\"b\"].host"]);
        assert!(errors.to_string().contains("a, b: "), "{errors}");
        assert_eq!(warnings.len(), 1);
    }
    #[test]
    fn what_running_servers_lack_is_a_warning_and_whose_they_are_is_not() {
        let preflight = Preflight {
            errors: [Problem::NoMemoryCgroup, Problem::OtherRole(Role::Agent)]
                .map(|problem| Found {
                    hosts: vec!["a".to_owned()],
                    problem,
                })
                .into(),
            warnings: Vec::new(),
        };
        let state = HostState {
            server_unit: Some(UnitState::default()),
            ..HostState::default()
        };
        let mut looked = Looked::default();
        looked.hosts.insert("a".to_owned(), Ok(Probed { state, asked_at: 0 }));
        let (errors, warnings) = unfit(&preflight, &looked);
        assert_eq!((errors.iter().count(), warnings.len()), (1, 1), "{errors}");
    }
}
