//! What each step is expected to lead to, so that a plan can tell what comes after it.

use super::{Member, Owner, Seen, Server, Step, Wanted, WantedDatastore};
use crate::k3s::config::Role;
use crate::k3s::marker::Phase;
use crate::k3s::probe::{DatastoreKind, UnitPhase};
use crate::k3s::version::K3sVersion;

pub(super) fn apply(step: &Step, wanted: &Wanted, seen: &mut Seen) {
    match step {
        Step::Snapshot { .. } => seen.snapshot_taken = true,
        Step::RotateToken { .. } => {
            seen.old_token = false;
            for server in seen.servers.values_mut() {
                server.old_token_file = true;
                server.restart_pending = true;
            }
        }
        Step::RemoveMember { server, .. } => {
            change(seen, server, Server::forgotten);
            if !wanted.servers.contains(server) {
                seen.servers.remove(server);
            }
        }
        Step::Remove { server, .. } | Step::Cleanup { server } => {
            seen.servers.remove(server);
            repoint(seen);
        }
        Step::Deregister { server, .. } => {
            change(seen, server, |server| {
                server.forgotten();
                server.data = None;
                server.unit = UnitPhase::Stopped;
                server.stale_node = false;
            });
        }
        Step::ResetData { server } => change(seen, server, |server| {
            server.data = None;
            server.cause = None;
            server.unit = UnitPhase::Stopped;
        }),
        Step::WriteFiles { server, through } => change(seen, server, |server| {
            server.files_differ = false;
            server.joins_nobody = false;
            server.init &= through.is_none();
        }),
        Step::WriteToken { server } => change(seen, server, |server| server.old_token_file = false),
        Step::PatchNode { server } => change(seen, server, |server| server.labels_differ = false),
        Step::Uncordon { server } => change(seen, server, |server| server.cordoned = false),
        Step::Bootstrap { server, version } => {
            change(seen, server, |server| {
                server.join(wanted.datastore, *version);
                server.init = wanted.datastore == WantedDatastore::Etcd;
            });
        }
        Step::Join { server, version, .. } => change(seen, server, |server| server.join(wanted.datastore, *version)),
        Step::Upgrade { server, version, .. } => change(seen, server, |server| {
            server.running = Some(*version);
            server.come_up();
        }),
        Step::Convert { server } => change(seen, server, |server| {
            server.data = Some(DatastoreKind::Etcd);
            server.member = Member::Voter;
            server.come_up();
        }),
        Step::Await { server } => change(seen, server, |server| {
            if server.member == Member::Learner {
                server.member = Member::Voter;
            }
            server.healthy = true;
            server.unit = UnitPhase::Running;
        }),
        Step::Start { server } | Step::ClearCredentials { server } | Step::Restart { server } => {
            change(seen, server, Server::come_up);
        }
    }
}

impl Server {
    /// It runs, with all that it should be told.
    fn come_up(&mut self) {
        self.unit = UnitPhase::Running;
        self.cause = None;
        self.healthy = true;
        self.node = true;
        self.restart_pending = false;
        self.files_differ = false;
        self.old_token_file = false;
        self.cordoned = false;
    }

    fn join(&mut self, datastore: WantedDatastore, version: K3sVersion) {
        self.come_up();
        self.owner = Owner::Us;
        self.role = Some(Role::Server);
        self.phase = Some(Phase::Joined);
        self.running = Some(version);
        self.init = false;
        self.joins_nobody = false;
        self.stale_node = false;
        (self.data, self.member) = match datastore {
            WantedDatastore::Etcd => (Some(DatastoreKind::Etcd), Member::Voter),
            WantedDatastore::Sqlite => (Some(DatastoreKind::Sqlite), Member::None),
            WantedDatastore::External => (None, Member::None),
        };
    }

    /// The cluster does not know it any more.
    fn forgotten(&mut self) {
        self.member = Member::None;
        self.node = false;
        self.healthy = false;
        self.leader = false;
        self.cordoned = false;
        self.running = None;
        self.restart_pending = false;
    }
}

fn change(seen: &mut Seen, name: &str, effect: impl FnOnce(&mut Server)) {
    if let Some(server) = seen.servers.get_mut(name) {
        effect(server);
    }
}

/// The files of others may have named the server that is gone.
fn repoint(seen: &mut Seen) {
    if let [server] = seen.servers.values_mut().collect::<Vec<_>>().as_mut_slice() {
        server.joins_nobody = false;
    }
}
