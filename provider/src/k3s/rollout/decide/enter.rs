//! How hosts become servers of a cluster that there is, and what comes before each.

use super::Decision;
use crate::k3s::rollout::look::Look;
use crate::k3s::rollout::quorum::Voters;
use crate::k3s::rollout::{Member, Owner, Refusal, Server, Step};

impl Look<'_> {
    /// From the second server on, no file may say to begin a cluster, or to join through a server that is none: a
    /// server that lost its data would begin another one. So this does not wait until the last server has joined.
    pub(super) fn part_from_bootstrap(&self) -> Decision {
        let others = |name: &str| self.healthy_other(name).is_some();
        let stale = |name: &str, server: &Server| {
            server.reachable && self.is_in(server) && (server.init || server.joins_nobody) && others(name)
        };
        let server = self
            .wanted()
            .find(|(name, server)| self.keeps_members() && stale(name, server));
        Ok(server.map(|(name, _)| Step::WriteFiles {
            server: name.clone(),
            through: self.healthy_other(name),
        }))
    }

    /// Whoever joins is refused by servers that run with other values than it will, so those are restarted before.
    pub(super) fn agree(&self) -> Decision {
        let joins = |server: &Server| server.reachable && !self.is_in(server);
        let differs = |server: &Server| server.healthy && server.other_values;
        let differing = self.wanted().find(|(_, server)| differs(server));
        let Some((name, _)) = differing.filter(|_| self.wanted().any(|(_, server)| joins(server))) else {
            return Ok(None);
        };
        self.require_members(name)?;
        if let Some(step) = self.before_restart() {
            return Ok(Some(step));
        }
        Ok(Some(Step::Restart { server: name.clone() }))
    }

    /// One at a time: etcd takes one learner. One whose host does not answer is not waited for: k3s removes it after
    /// five minutes.
    pub(super) fn join(&self) -> Decision {
        let learns = |server: &Server| {
            let is_learner = server.member == Member::Learner || server.untold;
            server.reachable && is_learner && server.owner != Owner::Other
        };
        if let Some((name, _)) = self.seen.servers.iter().find(|(_, server)| learns(server)) {
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
}
