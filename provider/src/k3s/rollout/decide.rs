//! Which step comes next. The order is the order of what is worst: first what is down, then what is missing, then what is
//! old, then what is too much.

use super::quorum::Voters;
use super::{Member, Owner, Refusal, Seen, Server, Step, Wanted, WantedDatastore};
use crate::k3s::journal::{Cause, Outlook};
use crate::k3s::marker::Phase;
use crate::k3s::probe::{DatastoreKind, UnitPhase};
use crate::k3s::version::{K3sVersion, upgrade};

/// What one rule says: a step, or a refusal, or nothing.
type Decision = Result<Option<Step>, Refusal>;

pub(super) fn next(wanted: &Wanted, seen: &Seen) -> Decision {
    let look = Look { wanted, seen };
    if look.has_cluster() { look.go_on() } else { look.begin() }
}

/// What is wanted beside what was seen.
struct Look<'a> {
    wanted: &'a Wanted,
    seen: &'a Seen,
}

impl<'a> Look<'a> {
    /// Whether there is a cluster, or has been one.
    fn has_cluster(&self) -> bool {
        let is_part = |server: &Server| {
            let begun = server.data.is_some() && server.owner == Owner::Us;
            begun || server.member != Member::None || server.node || server.healthy
        };
        self.wanted.bootstrapped || self.seen.servers.values().any(is_part)
    }

    fn go_on(&self) -> Decision {
        let rules: [fn(&Self) -> Decision; 10] = [
            Self::heal,
            Self::require_quorum,
            Self::remove_what_is_gone,
            Self::reset_what_was_removed,
            Self::join,
            Self::part_from_bootstrap,
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
        if let Some((name, _)) = self.wanted().find(|(_, server)| !server.reachable) {
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
        let down = |server: &Server| server.reachable && self.is_in(server) && !server.healthy;
        for (name, server) in self.wanted().filter(|(_, server)| down(server)) {
            let server_name = name.clone();
            let first = server.phase == Some(Phase::Bootstrapping) && self.is_alone(name);
            let removed = server.cause == Some(Cause::RemovedMember);
            if server.old_token_file && !self.seen.old_token && !first && !removed {
                return Ok(Some(Step::WriteToken { server: server_name }));
            }
            return Ok(Some(match server.cause {
                Some(Cause::RemovedMember) => continue,
                Some(Cause::StaleCredentials) => Step::ClearCredentials { server: server_name },
                Some(cause) if cause.outlook() == Outlook::Stays => {
                    // What its files say may be what is wrong.
                    if server.files_differ {
                        Step::Start { server: server_name }
                    } else {
                        return Err(Refusal::Failing {
                            server: server_name,
                            cause,
                        });
                    }
                }
                _ if first => Step::Bootstrap {
                    server: server_name,
                    version: self.wanted.version,
                },
                _ if matches!(server.unit, UnitPhase::Absent | UnitPhase::Stopped) => {
                    Step::Start { server: server_name }
                }
                _ => Step::Await { server: server_name },
            }));
        }
        Ok(None)
    }

    fn no_data(&self) -> Refusal {
        match self.wanted().find(|(_, server)| !server.reachable) {
            Some((name, _)) => Refusal::NoneReachable { server: name.clone() },
            None => Refusal::DataLost,
        }
    }

    fn require_quorum(&self) -> Decision {
        let voters = Voters::of(self.seen);
        if voters.have_quorum() {
            return Ok(None);
        }
        let down = self.seen.servers.iter().filter(|(_, server)| !server.healthy);
        Err(Refusal::NoQuorum {
            voters,
            down: down.map(|(name, _)| name.clone()).collect(),
        })
    }

    /// Members without a host behind them: it is not wanted and does not answer, or its disk is empty.
    fn remove_what_is_gone(&self) -> Decision {
        for (name, server) in &self.seen.servers {
            let registered = server.member != Member::None || server.node;
            let lost = server.reachable && server.data.is_none() && server.phase != Some(Phase::Joining);
            let gone = !server.reachable && !self.is_wanted(name);
            if registered && (lost || gone) && self.keeps_members() && !server.healthy {
                let through = self.through(name)?;
                let server = name.clone();
                return Ok(Some(Step::RemoveMember { server, through }));
            }
        }
        Ok(None)
    }

    /// Only data of which etcd itself says that its member was removed is ever wiped.
    fn reset_what_was_removed(&self) -> Decision {
        let removed = |server: &Server| server.reachable && server.cause == Some(Cause::RemovedMember);
        let server = self
            .wanted()
            .find(|(_, server)| removed(server) && server.data.is_some());
        Ok(server.map(|(name, _)| Step::ResetData { server: name.clone() }))
    }

    /// One at a time: etcd takes one learner.
    fn join(&self) -> Decision {
        if let Some((name, _)) = self
            .seen
            .servers
            .iter()
            .find(|(_, server)| server.member == Member::Learner)
        {
            let server = name.clone();
            return Ok(Some(Step::Await { server }));
        }
        let missing = self
            .wanted()
            .find(|(_, server)| server.reachable && !self.is_in(server));
        let Some((name, _)) = missing else { return Ok(None) };
        let voters = Voters::of(self.seen);
        if self.keeps_members() && voters.all > 0 && !voters.can_take_one() {
            return Err(Refusal::CannotJoin {
                server: name.clone(),
                voters,
            });
        }
        let through = if self.keeps_members() {
            Some(self.through(name)?)
        } else {
            None
        };
        Ok(Some(Step::Join {
            server: name.clone(),
            through,
            version: self.hop()?.unwrap_or(self.wanted.version),
        }))
    }

    /// From the second server on, no file may say to begin a cluster, or to join through a server that is none.
    fn part_from_bootstrap(&self) -> Decision {
        let others = |name: &str| self.healthy_other(name).is_some();
        let stale =
            |name: &str, server: &Server| server.reachable && (server.init || server.joins_nobody) && others(name);
        let server = self
            .wanted()
            .find(|(name, server)| self.keeps_members() && stale(name, server));
        Ok(server.map(|(name, _)| Step::WriteFiles {
            server: name.clone(),
            through: self.healthy_other(name),
        }))
    }

    /// The cluster takes the new token first; then all files have it before any server is restarted.
    fn change_token(&self) -> Decision {
        if !self.seen.old_token {
            return Ok(None);
        }
        if let Some((name, _)) = self.wanted().find(|(_, server)| !server.healthy) {
            return Err(Refusal::TokenNeedsAll { server: name.clone() });
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
        let is_due = |server: &Server| is_old(server) || server.restart_pending;
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
        // A server that is restarted must find the others with the token that the cluster has.
        let unwritten = self
            .wanted()
            .find(|(_, server)| server.reachable && server.old_token_file);
        if let Some((other, _)) = unwritten {
            return Ok(Some(Step::WriteToken { server: other.clone() }));
        }
        if let Some(step) = self.snapshot() {
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
            _ if self.has_other_datastore(server) => Step::Convert { server: name },
            _ => Step::Restart { server: name },
        }))
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

    fn snapshot(&self) -> Option<Step> {
        let due = self.wanted.snapshot && !self.seen.snapshot_taken;
        let keeps = |server: &Server| server.healthy && server.data == Some(DatastoreKind::Etcd);
        let on = self.seen.servers.iter().find(|(_, server)| keeps(server))?.0;
        due.then(|| Step::Snapshot { on: on.clone() })
    }

    /// All others have to be well before one stops. Two servers have no quorum without either, so one of them may.
    fn require_others(&self, name: &str) -> Result<(), Refusal> {
        let unwell = self.seen.servers.iter().find(|(other, server)| {
            let counts = self.is_wanted(other) || server.member == Member::Voter;
            *other != name && counts && !server.healthy
        });
        match unwell {
            None => Ok(()),
            Some((other, server)) => Err(Refusal::OthersUnwell {
                server: name.to_owned(),
                unwell: other.clone(),
                cause: server.cause,
            }),
        }
    }

    /// The version to which the oldest server goes next; nothing if all have the wanted one.
    fn hop(&self) -> Result<Option<K3sVersion>, Refusal> {
        let running = self.wanted().filter_map(|(_, server)| server.running);
        let Some(oldest) = running.min() else { return Ok(None) };
        let path = upgrade::path(&oldest, &self.wanted.version, &self.wanted.steps)?;
        Ok(path.first().copied())
    }

    /// A healthy server other than this one.
    fn through(&self, name: &str) -> Result<String, Refusal> {
        let other = self.healthy_other(name);
        other.ok_or_else(|| Refusal::NobodyToAsk {
            server: name.to_owned(),
        })
    }

    fn healthy_other(&self, name: &str) -> Option<String> {
        let healthy =
            |(other, server): &(&String, &Server)| other.as_str() != name && server.reachable && server.healthy;
        let servers = || self.seen.servers.iter().filter(healthy);
        // One that stays is better.
        let staying = servers().find(|(other, server)| self.is_wanted(other) && !server.stale_node);
        staying.or_else(|| servers().next()).map(|(other, _)| other.clone())
    }

    fn wanted(&self) -> impl Iterator<Item = (&'a String, &'a Server)> {
        let seen = self.seen;
        let mut names: Vec<&'a String> = self.wanted.servers.iter().collect();
        names.sort();
        names
            .into_iter()
            .filter_map(move |name| Some((name, seen.servers.get(name)?)))
    }

    fn is_wanted(&self, name: &str) -> bool {
        self.wanted.servers.iter().any(|wanted| wanted == name)
    }

    /// Whether the server is the only one with data.
    fn is_alone(&self, name: &str) -> bool {
        let mut others = self.seen.servers.iter().filter(|(other, _)| other.as_str() != name);
        !others.any(|(_, server)| server.data.is_some() || server.member != Member::None)
    }

    /// Whether the server is part of the cluster, or would be if it were up.
    fn is_in(&self, server: &Server) -> bool {
        match self.wanted.datastore {
            WantedDatastore::Etcd | WantedDatastore::Sqlite => server.data.is_some() && server.owner == Owner::Us,
            WantedDatastore::External => server.healthy || server.phase == Some(Phase::Joined),
        }
    }

    /// Whether the servers have the data of the cluster.
    fn keeps_data(&self) -> bool {
        self.wanted.datastore != WantedDatastore::External
    }

    fn keeps_members(&self) -> bool {
        self.wanted.datastore == WantedDatastore::Etcd
    }

    fn has_other_datastore(&self, server: &Server) -> bool {
        self.wanted.datastore == WantedDatastore::Etcd && server.data == Some(DatastoreKind::Sqlite)
    }
}
