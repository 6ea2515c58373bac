//! `data.cht_k3s_snapshots`: the snapshots of etcd that a server of k3s has, one of which is for `restore_from`.
//!
//! k3s is asked. Where it does not answer, the files in its folder are looked at: without a quorum, or after a server
//! was stopped, snapshots are needed most.

use tf_framework::context::Scope;
use tf_framework::data_source::DataSource;
use tf_framework::diagnostics::{Diagnostic, Diagnostics, error_chain};
use tf_framework::path::Path;
use tf_framework::{Attr, Model};

use crate::k3s::config::Role;
use crate::k3s::host::{Host, Snapshot};
use crate::k3s::paths;
use crate::k3s::probe::{DatastoreKind, HostState, UnitPhase};
use crate::provider::Clients;
use crate::ssh::diagnostics::{ATTRIBUTE as SSH, Described};
use crate::ssh::{Access, Pins, Ssh, rules};
use crate::wording::sentence;

/// Lists the snapshots of etcd that a server of a k3s cluster has: those on its disk, and those in the bucket of
/// `snapshots.s3`. Other servers have others on their disks.
///
/// Where k3s does not answer, as when most of the servers are gone, the files in its folder are listed, and not what is
/// in the bucket; a warning says so.
///
/// To go back to a snapshot, write what `snapshot` says into `restore_from` of `cht_k3s_cluster`. Do not refer to
/// `latest` there: as soon as there is a newer one, that would be brought back as well.
#[derive(Clone, Model)]
pub struct EtcdSnapshotsDataModel {
    /// Address of the server: a name or an IP address.
    #[tf(validate(rules::host()))]
    pub host: String,
    /// How the server is logged in to; the provider's `ssh` where it is not given, attribute by attribute. A data
    /// source keeps nothing, so that `accept-new` believes the host at each look.
    pub ssh: Option<Ssh>,
    /// The snapshots, the newest first.
    pub snapshots: Attr<Vec<EtcdSnapshot>>,
    /// The newest snapshot; null if there is none.
    pub latest: Attr<EtcdSnapshot>,
}

/// A snapshot of etcd.
#[derive(Clone, Debug, PartialEq, Model)]
pub struct EtcdSnapshot {
    /// Name that k3s has given it.
    pub name: String,
    /// What `restore_from` takes as `snapshot`: its path on the server, or its name in the bucket.
    pub snapshot: String,
    /// Name of the node that has it; null if it is in the bucket.
    pub node: Option<String>,
    /// Where it is, as an address: `file://` on the server, or `s3://`.
    pub location: String,
    /// When it was taken, such as `2026-11-21T17:00:00Z`; null if that is not known.
    pub created: Option<String>,
    /// How large it is, in bytes; null if that is not known.
    pub size_bytes: Option<i64>,
}

/// Lists snapshots.
#[derive(Debug)]
pub struct EtcdSnapshotsDataSource;

impl DataSource for EtcdSnapshotsDataSource {
    type Model = EtcdSnapshotsDataModel;
    type Clients = Clients;

    const TYPE_NAME: &'static str = "cht_k3s_snapshots";

    fn validate(&self, config: &EtcdSnapshotsDataModelDraft, diagnostics: &mut Diagnostics) {
        if let Attr::Known(ssh) = &config.ssh {
            ssh.validate(&Path::new(SSH), diagnostics);
        }
    }

    async fn read(
        &self,
        scope: &Scope<Clients>,
        mut config: EtcdSnapshotsDataModel,
    ) -> Result<EtcdSnapshotsDataModel, Diagnostics> {
        let described = Described {
            host: &config.host,
            own: config.ssh.as_ref(),
            default: scope.clients().ssh(config.ssh.as_ref())?,
            host_path: &Path::new(EtcdSnapshotsDataModel::HOST),
            ssh_path: &Path::new(SSH),
        };
        let access = Access::new(scope.clients().sessions(), described, &Pins::new())?;
        let access = access.with_cancellation(scope.cancellation());
        let found: Vec<EtcdSnapshot> = look(scope, &config.host, access).await?.iter().map(told).collect();
        config.latest = found.first().cloned().into();
        config.snapshots = Attr::Known(found);
        Ok(config)
    }
}

/// The snapshots of a server, newest first: as k3s lists them, or else those in its folder.
async fn look(scope: &Scope<Clients>, name: &str, access: Access) -> Result<Vec<Snapshot>, Diagnostics> {
    let host = Host::new(name, access.clone(), paths::DATA_DIR);
    let probed = host.probe_anywhere().await.map_err(|error| host.diagnose(error))?;
    let state = probed.state;
    let host = Host::new(name, access, state.data_dir.as_deref().unwrap_or(paths::DATA_DIR));
    if state.datastore == Some(DatastoreKind::Sqlite) {
        return Err(none(
            "Its cluster has its data in SQLite, and k3s takes snapshots of etcd only",
        ));
    }
    let (why, refusal) = match silence(&state) {
        Some(reason) => (reason.to_owned(), none(reason)),
        None => match host.snapshots().await {
            Ok(found) => return Ok(found),
            Err(error) => (sentence(&error_chain(&error)), host.diagnose(error)),
        },
    };
    let files = host.snapshot_files().await.map_err(|error| host.diagnose(error))?;
    if files.is_empty() {
        return Err(refusal);
    }
    let detail = format!("{why}. So the files in its folder are listed, and not what may be in a bucket.");
    scope.warn(Diagnostic::warning("k3s was not asked for its snapshots", detail).at(EtcdSnapshotsDataModel::HOST));
    let own = own_name(&state);
    let with_node = |snapshot: Snapshot| Snapshot {
        node: own.clone(),
        ..snapshot
    };
    Ok(files.into_iter().map(with_node).collect())
}

/// Why k3s on a host cannot be asked for snapshots; none if it can.
fn silence(state: &HostState) -> Option<&'static str> {
    match state.phase(Role::Server) {
        UnitPhase::Running => None,
        UnitPhase::Starting | UnitPhase::Stopped => Some("k3s does not run on the server"),
        UnitPhase::Absent if state.agent_unit.is_some() => {
            Some("The host is an agent of its cluster, and snapshots are on servers")
        }
        UnitPhase::Absent => Some("No server of k3s is set up on the host"),
    }
}

/// The name of the node that the host is, or was.
fn own_name(state: &HostState) -> Option<String> {
    let marked = state.marker.as_ref().map(|marker| marker.node.clone());
    marked.or_else(|| Some(state.machine.hostname.as_ref()?.to_lowercase()))
}

fn none(reason: &str) -> Diagnostics {
    let detail = format!(
        "{reason}, and there are no files of snapshots on it.\n\nGive the address of a server whose cluster has its data in etcd."
    );
    Diagnostic::error("No snapshots of etcd", detail)
        .at(EtcdSnapshotsDataModel::HOST)
        .into()
}

/// A snapshot, as users are told of it.
fn told(snapshot: &Snapshot) -> EtcdSnapshot {
    EtcdSnapshot {
        name: snapshot.name.clone(),
        snapshot: snapshot.to_restore().to_owned(),
        node: snapshot.node.clone(),
        location: snapshot.location.clone(),
        created: snapshot.created.map(|time| time.to_string()),
        size_bytes: snapshot.size,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::k3s::marker::{Marker, Phase};
    use crate::k3s::probe::UnitState;

    fn unit(active: &str) -> Option<UnitState> {
        Some(UnitState {
            active: active.to_owned(),
            ..UnitState::default()
        })
    }

    #[test]
    fn only_a_server_that_runs_is_asked() {
        let server = |active| HostState {
            server_unit: unit(active),
            ..HostState::default()
        };
        assert_eq!(silence(&server("active")), None);
        for active in ["activating", "failed", "inactive"] {
            assert_eq!(
                silence(&server(active)),
                Some("k3s does not run on the server"),
                "{active}"
            );
        }
        let agent = HostState {
            agent_unit: unit("active"),
            ..HostState::default()
        };
        assert!(silence(&agent).is_some_and(|reason| reason.contains("agent")));
        assert!(silence(&HostState::default()).is_some_and(|reason| reason.contains("No server")));
    }

    #[test]
    fn files_are_those_of_the_node_that_the_host_is() {
        let mut state = HostState::default();
        assert_eq!(own_name(&state), None);
        state.machine.hostname = Some("CHT-1".to_owned());
        assert_eq!(own_name(&state).as_deref(), Some("cht-1"));
        state.marker = Some(Marker::new("c1", "a", Role::Server, Phase::Joined));
        assert_eq!(own_name(&state).as_deref(), Some("a"));
    }
}
