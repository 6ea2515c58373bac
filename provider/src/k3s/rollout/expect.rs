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
        Step::RemoveMember { server, .. } if !wanted.servers.contains(server) => {
            seen.servers.remove(server);
        }
        Step::Remove { server, .. } | Step::Cleanup { server } => {
            seen.servers.remove(server);
        }
        _ => {
            if let Some(server) = seen.servers.get_mut(step.server()) {
                server.change(step, wanted);
            }
        }
    }
}

impl Server {
    /// What a step does to its own server.
    fn change(&mut self, step: &Step, wanted: &Wanted) {
        match step {
            Step::Snapshot { .. } | Step::RotateToken { .. } | Step::Remove { .. } | Step::Cleanup { .. } => {}
            Step::Miss { .. } => {
                self.ready = false;
                self.closed = false;
            }
            Step::RemoveMember { .. } => self.forgotten(),
            Step::Deregister { .. } => {
                self.forgotten();
                self.empty();
                self.stale_node = false;
            }
            Step::ResetData { .. } => self.empty(),
            Step::WriteFiles { through, .. } => {
                self.files_differ = false;
                self.joins_nobody = false;
                self.init &= through.is_none();
            }
            Step::WriteToken { .. } => self.old_token_file = false,
            Step::PatchNode { .. } => self.labels_differ = false,
            Step::Uncordon { .. } => self.cordoned = false,
            Step::Bootstrap { version, .. } => {
                self.join(wanted.datastore, *version);
                self.init = wanted.datastore == WantedDatastore::Etcd;
            }
            Step::Join { version, .. } => self.join(wanted.datastore, *version),
            Step::Upgrade { version, .. } => {
                self.running = Some(*version);
                self.come_up();
            }
            Step::Convert { .. } => {
                self.data = Some(DatastoreKind::Etcd);
                self.member = Member::Voter;
                self.come_up();
            }
            Step::Await { .. } => {
                self.member = if self.member == Member::Learner {
                    Member::Voter
                } else {
                    self.member
                };
                self.untold = false;
                self.healthy = true;
                self.unit = UnitPhase::Running;
            }
            Step::Start { .. } | Step::ClearCredentials { .. } => {
                self.cause = None;
                self.unit = UnitPhase::Starting;
                self.files_differ = false;
                self.restart_pending = false;
            }
            Step::Restart { .. } => self.come_up(),
        }
    }

    fn empty(&mut self) {
        self.data = None;
        self.cause = None;
        self.unit = UnitPhase::Stopped;
    }

    /// It runs, with all that it should be told.
    fn come_up(&mut self) {
        self.unit = UnitPhase::Running;
        self.cause = None;
        self.healthy = true;
        self.node = true;
        self.ready = true;
        self.unregistered = false;
        self.untold = false;
        self.restart_pending = false;
        self.other_values = false;
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
        self.ready = false;
        self.healthy = false;
        self.leader = false;
        self.cordoned = false;
        self.running = None;
        self.other_values = false;
        self.restart_pending = false;
    }
}
