//! Which step comes next. The order is the order of what is worst: first what is down, then what is missing
//! ([`enter`]), then what is old, then what is too much.

use super::look::Look;
use super::quorum::Voters;
use super::{Member, Owner, Refusal, Seen, Server, Step, Wanted};
use crate::k3s::journal::{Cause, Outlook};
use crate::k3s::marker::Phase;
use crate::k3s::probe::UnitPhase;
use crate::k3s::version::K3sVersion;
use crate::k3s::version::features::Feature;

mod enter;

/// What one rule says: a step, or a refusal, or nothing.
type Decision = Result<Option<Step>, Refusal>;

pub(super) fn next(wanted: &Wanted, seen: &Seen) -> Decision {
    let look = Look { wanted, seen };
    if look.has_cluster() { look.go_on() } else { look.begin() }
}

impl Look<'_> {
    fn go_on(&self) -> Decision {
        let rules: [fn(&Self) -> Decision; 12] = [
            Self::heal,
            Self::require_quorum,
            Self::remove_what_is_gone,
            Self::reset_what_was_removed,
            Self::convert,
            Self::part_from_bootstrap,
            Self::agree,
            Self::join,
            Self::take_away,
            Self::change_token,
            Self::bring_up_to_date,
            Self::finish,
        ];
        for rule in rules {
            if let Some(step) = rule(self)? {
                return Ok(Some(step));
            }
        }
        Ok(None)
    }

    /// There is no cluster: one server begins it. Where that was begun already, the same one goes on.
    fn begin(&self) -> Decision {
        let answers = |name: &String| self.seen.servers.get(name).is_some_and(|server| server.reachable);
        if let Some(name) = self.wanted.servers.iter().find(|name| !answers(name)) {
            return Err(Refusal::UnreachableAtBootstrap { server: name.clone() });
        }
        let begun = self
            .wanted()
            .find(|(_, server)| server.phase == Some(Phase::Bootstrapping));
        let first = begun.or_else(|| self.wanted().next());
        Ok(first.map(|(name, _)| Step::Bootstrap {
            server: name.clone(),
            version: self.wanted.version,
        }))
    }

    /// What is down is started, without asking for a quorum: it may be what is missing for one.
    fn heal(&self) -> Decision {
        if self.keeps_data() && !self.seen.servers.values().any(|server| server.data.is_some()) {
            return Err(self.no_data());
        }
        let down: Vec<_> = self.wanted().filter(|(_, server)| self.is_down(server)).collect();
        if let Some(step) = down.iter().find_map(|(name, server)| self.start(name, server)) {
            return Ok(Some(step));
        }
        for (name, server) in &down {
            if let Some(cause) = server.cause.filter(|cause| cause.outlook() == Outlook::Stays) {
                let server = (*name).clone();
                return Err(Refusal::Failing { server, cause });
            }
        }
        if let Some((name, _)) = down.iter().find(|(_, server)| server.unregistered) {
            return Ok(Some(Step::Restart {
                server: (*name).clone(),
            }));
        }
        // Those that run may have waited for the ones that were started.
        Ok(down.first().map(|(name, _)| Step::Await {
            server: (*name).clone(),
        }))
    }

    /// What gets a server going that is down, if anything can.
    fn start(&self, name: &str, server: &Server) -> Option<Step> {
        let first = server.phase == Some(Phase::Bootstrapping) && self.is_alone(name);
        let server_name = name.to_owned();
        // What clears the credentials writes the token, too.
        let is_stale = server.cause == Some(Cause::StaleCredentials);
        if server.old_token_file && !self.seen.old_token && !first && !is_stale {
            return Some(Step::WriteToken { server: server_name });
        }
        match server.cause {
            Some(Cause::StaleCredentials) => Some(Step::ClearCredentials { server: server_name }),
            // What its files say may be what is wrong.
            Some(cause) if cause.outlook() == Outlook::Stays && !server.files_differ => None,
            Some(cause) if cause.outlook() == Outlook::Stays => Some(Step::Start { server: server_name }),
            _ if first => Some(Step::Bootstrap {
                server: server_name,
                version: self.wanted.version,
            }),
            _ if matches!(server.unit, UnitPhase::Absent | UnitPhase::Stopped) => {
                Some(Step::Start { server: server_name })
            }
            _ => None,
        }
    }

    fn no_data(&self) -> Refusal {
        match self.wanted().find(|(_, server)| !server.reachable) {
            Some((name, _)) => Refusal::NoneReachable { server: name.clone() },
            None => Refusal::DataLost,
        }
    }

    fn require_quorum(&self) -> Decision {
        let voters = Voters::of(self.seen);
        // Without a healthy server, nobody tells who votes.
        let answers = self.seen.servers.values().any(|server| server.healthy);
        if voters.have_quorum() && (answers || !self.keeps_members()) {
            return Ok(None);
        }
        let down = self.seen.servers.iter().filter(|(_, server)| !server.healthy);
        Err(Refusal::NoQuorum {
            voters,
            down: down.map(|(name, _)| name.clone()).collect(),
        })
    }

    /// Members and Nodes without a host behind them, once that is beyond doubt.
    fn remove_what_is_gone(&self) -> Decision {
        let mut ghosts = self.seen.servers.iter();
        let Some((name, server)) = ghosts.find(|(name, server)| self.is_ghost(name, server)) else {
            return Ok(None);
        };
        let through = self.through(name)?;
        let is_in_doubt = self.is_in_doubt(server);
        let server = name.clone();
        Ok(Some(match is_in_doubt {
            true => Step::Miss { server },
            false => Step::RemoveMember { server, through },
        }))
    }

    /// Only data of which etcd itself says that its member was removed is ever wiped, or that of a server which a run
    /// has stopped and taken out.
    fn reset_what_was_removed(&self) -> Decision {
        let removed = |server: &Server| server.reachable && self.was_removed(server);
        let is_forgotten = |server: &Server| server.member == Member::None && !server.node;
        let server = self
            .wanted()
            .find(|(_, server)| removed(server) && is_forgotten(server) && server.data.is_some());
        Ok(server.map(|(name, _)| Step::ResetData { server: name.clone() }))
    }

    /// Nobody can join a server whose data is in SQLite.
    fn convert(&self) -> Decision {
        let other = |server: &Server| server.healthy && self.has_other_datastore(server);
        let server = self.wanted().find(|(_, server)| other(server));
        Ok(server.map(|(name, _)| Step::Convert { server: name.clone() }))
    }

    /// The cluster takes the new token first; then all files have it before any server is restarted.
    fn change_token(&self) -> Decision {
        if !self.seen.old_token {
            return Ok(None);
        }
        if let Some((name, _)) = self.wanted().find(|(_, server)| !server.healthy) {
            return Err(Refusal::TokenNeedsAll { server: name.clone() });
        }
        let cannot = |version: &K3sVersion| !Feature::TokenRotation.is_in(version);
        if let Some(version) = self.wanted().filter_map(|(_, server)| server.running).find(cannot) {
            return Err(Refusal::TokenRotation { version });
        }
        if let Some(step) = self.snapshot() {
            return Ok(Some(step));
        }
        Ok(self
            .wanted()
            .next()
            .map(|(name, _)| Step::RotateToken { on: name.clone() }))
    }

    /// Versions, and what is read only when k3s starts: one server after the other, the leader last.
    fn bring_up_to_date(&self) -> Decision {
        let hop = self.hop()?;
        let is_old = |server: &Server| matches!((server.running, hop), (Some(running), Some(hop)) if running < hop);
        let is_due = |server: &Server| is_old(server) || server.restart_pending || server.other_values;
        // What we cordoned and brought up to date takes pods again before the next one stops.
        let cordoned = self
            .wanted()
            .find(|(_, server)| server.cordoned && server.healthy && !is_due(server));
        if let Some((name, _)) = cordoned {
            return Ok(Some(Step::Uncordon { server: name.clone() }));
        }
        let mut due: Vec<_> = self
            .wanted()
            .filter(|(_, server)| server.healthy && is_due(server))
            .collect();
        due.sort_by_key(|(_, server)| (server.leader, !server.cordoned));
        let Some((name, server)) = due.first() else {
            return Ok(None);
        };
        self.require_others(name)?;
        if let Some(step) = self.before_restart() {
            return Ok(Some(step));
        }
        let name = (*name).clone();
        Ok(Some(match hop {
            Some(version) if is_old(server) => Step::Upgrade {
                server: name,
                version,
                // There is nowhere to move pods to from the only node.
                drain: self.wanted.drain && self.seen.servers.len() + self.seen.agents.len() > 1,
            },
            _ => Step::Restart { server: name },
        }))
    }

    /// What comes before any server is restarted: it must find the others with the token that the cluster has.
    pub(super) fn before_restart(&self) -> Option<Step> {
        let unwritten =
            |server: &Server| server.reachable && server.old_token_file && !self.seen.old_token && self.is_in(server);
        let mut servers = self.wanted();
        match servers.find(|(_, server)| unwritten(server)) {
            Some((other, _)) => Some(Step::WriteToken { server: other.clone() }),
            None => self.snapshot(),
        }
    }

    /// Servers that are not wanted, and those whose Nodes have to be made anew.
    fn take_away(&self) -> Decision {
        let voters = Voters::of(self.seen);
        for (name, server) in &self.seen.servers {
            let unwanted = !self.is_wanted(name) && server.owner == Owner::Us;
            let stale = self.is_wanted(name) && server.stale_node && server.healthy;
            if !server.reachable || !(unwanted || stale) {
                continue;
            }
            let name = name.clone();
            if unwanted && !server.node && server.member == Member::None && !server.healthy {
                return Ok(Some(Step::Cleanup { server: name }));
            }
            if stale && voters.all < 2 && self.keeps_members() {
                return Err(Refusal::CannotRegisterAnew { server: name });
            }
            if voters.all > 2 {
                self.require_others(&name)?;
            }
            if let Some(step) = self.snapshot() {
                return Ok(Some(step));
            }
            let through = self.through(&name)?;
            let member_first = !voters.can_spare_one() && server.member == Member::Voter;
            return Ok(Some(if unwanted {
                Step::Remove {
                    server: name,
                    through,
                    member_first,
                }
            } else {
                Step::Deregister {
                    server: name,
                    through,
                    member_first,
                }
            }));
        }
        Ok(None)
    }

    /// What needs no restart.
    fn finish(&self) -> Decision {
        for (name, server) in self.wanted().filter(|(_, server)| server.reachable) {
            let server_name = name.clone();
            if server.files_differ {
                return Ok(Some(Step::WriteFiles {
                    server: server_name,
                    through: self.healthy_other(name),
                }));
            }
            if server.old_token_file {
                return Ok(Some(Step::WriteToken { server: server_name }));
            }
            if server.labels_differ {
                return Ok(Some(Step::PatchNode { server: server_name }));
            }
        }
        Ok(None)
    }
}
