//! What to do next with a host that only runs pods, and how many of them at once.
//!
//! Each agent is a resource of its own, so each is decided on alone; a limit for the cluster keeps a change of many
//! gentle. Agents may join at the same time. k3s asks to do so with no more than fifty at once.

use std::str::FromStr;

use super::Owner;
use crate::k3s::journal::{Cause, Outlook};
use crate::k3s::probe::UnitPhase;
use crate::k3s::version::K3sVersion;
use crate::k3s::version::upgrade::{self, SkewError, UpgradeError};

/// What was seen of an agent. [`observe::agent`](super::observe::agent) makes it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is one fact about a host, and any combination can be met"
)]
pub struct Agent {
    /// Whose it is.
    pub owner: Owner,
    /// Whether it is, or was, a server.
    pub is_server: bool,
    /// What its unit does.
    pub unit: UnitPhase,
    /// Whether the program is there.
    pub installed: bool,
    /// Why it does not come up, if that is known.
    pub cause: Option<Cause>,
    /// Whether it can prove that the Node of its name is its own.
    pub has_password: bool,
    /// Whether there is a Node of its name.
    pub node: bool,
    /// Whether its Node is ready.
    pub ready: bool,
    /// The version that runs.
    pub running: Option<K3sVersion>,
    /// As for servers.
    pub restart_pending: bool,
    /// As for servers.
    pub files_differ: bool,
    /// As for servers.
    pub stale_node: bool,
    /// As for servers.
    pub labels_differ: bool,
    /// As for servers.
    pub cordoned: bool,
}

/// One step of an agent. Each can be repeated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AgentStep {
    /// Deletes the Node of that name, whose host has lost what proves that it is the same: or the host is refused.
    DeleteNode,
    /// Notes whose the host is, writes program and files, starts k3s, and waits until its Node is ready.
    Join {
        /// The version.
        version: K3sVersion,
    },
    /// Cordon and drain if wanted, program, files, restart, wait, uncordon.
    Upgrade {
        /// The version.
        version: K3sVersion,
    },
    /// Writes files, restarts k3s, and waits.
    Restart,
    /// Starts k3s with the files that it should have, and waits.
    Start,
    /// Drains the node, stops k3s, deletes the Node, and starts it again: it registers with another address or id.
    Register,
    /// Writes files for which k3s needs no restart.
    WriteFiles,
    /// Sets labels and taints.
    PatchNode,
    /// Takes back our own cordon.
    Uncordon,
}

/// What is refused of an agent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AgentRefusal {
    /// The host is a server.
    #[error(
        "the host is a server, and cannot become an agent while it has a server's data: remove it as a server first"
    )]
    RoleChange,
    /// The host belongs to somebody else.
    #[error("the host runs k3s already, and not for this cluster: import it, or clean it up, or give another host")]
    Foreign,
    /// It would run an older version than it does.
    #[error(transparent)]
    Upgrade(#[from] UpgradeError),
    /// It could not run beside its servers.
    #[error(transparent)]
    Skew(#[from] SkewError),
    /// k3s cannot start.
    #[error("k3s does not start: {cause}. {}", cause.advice())]
    Failing {
        /// Why not.
        cause: Cause,
    },
}

/// The step that is to be done now, beside servers that run these versions; nothing when all is as it is wanted.
///
/// # Errors
/// Something stands in the way.
pub fn next(wanted: &K3sVersion, servers: &[K3sVersion], agent: &Agent) -> Result<Option<AgentStep>, AgentRefusal> {
    if agent.is_server {
        return Err(AgentRefusal::RoleChange);
    }
    if agent.owner == Owner::Other {
        return Err(AgentRefusal::Foreign);
    }
    upgrade::check_skew(wanted, servers)?;
    if let Some(from) = agent.running.filter(|from| from > wanted) {
        return Err(UpgradeError::Downgrade { from, to: *wanted }.into());
    }
    let down = agent.down(wanted)?;
    Ok(down.or_else(|| agent.up(wanted)))
}

impl Agent {
    /// What a host needs that does not run as it should.
    fn down(&self, wanted: &K3sVersion) -> Result<Option<AgentStep>, AgentRefusal> {
        // It has no password, or another than the Node was registered with: k3s makes one at each start that finds
        // none.
        let is_rejected = !self.has_password || self.cause == Some(Cause::NodePassword);
        if self.node && !self.ready && is_rejected {
            return Ok(Some(AgentStep::DeleteNode));
        }
        if self.unit == UnitPhase::Absent || !self.installed {
            return Ok(Some(AgentStep::Join { version: *wanted }));
        }
        if self.unit == UnitPhase::Running && self.ready {
            return Ok(None);
        }
        // Without a Node, there is no other password.
        let is_over = |cause: Cause| cause == Cause::NodePassword && !self.node;
        let stays = |cause: &Cause| cause.outlook() == Outlook::Stays && !is_over(*cause);
        match self.cause.filter(stays) {
            // What its files say may be what is wrong.
            Some(cause) if !self.files_differ => Err(AgentRefusal::Failing { cause }),
            _ if !self.node => Ok(Some(AgentStep::Join { version: *wanted })),
            _ => Ok(Some(AgentStep::Start)),
        }
    }

    /// What a host needs that runs.
    fn up(&self, wanted: &K3sVersion) -> Option<AgentStep> {
        match () {
            () if self.stale_node => Some(AgentStep::Register),
            () if self.running.is_some_and(|running| running < *wanted) => {
                Some(AgentStep::Upgrade { version: *wanted })
            }
            () if self.restart_pending => Some(AgentStep::Restart),
            () if self.files_differ => Some(AgentStep::WriteFiles),
            () if self.labels_differ => Some(AgentStep::PatchNode),
            () if self.cordoned => Some(AgentStep::Uncordon),
            () => None,
        }
    }
}

/// How many agents of a cluster may be away at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MaxUnavailable {
    /// So many.
    Count(usize),
    /// So many of a hundred.
    Percent(usize),
}

/// The text says no number of agents.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no number of agents: write one such as 2, or a part of all such as 10%")]
pub struct ParseMaxUnavailableError {
    text: String,
}

impl MaxUnavailable {
    /// How many that is of so many: at least one, or nothing would ever change.
    #[must_use]
    pub fn of(self, agents: usize) -> usize {
        match self {
            Self::Count(count) => count.max(1),
            Self::Percent(percent) => (agents * percent / 100).max(1),
        }
    }
}

impl FromStr for MaxUnavailable {
    type Err = ParseMaxUnavailableError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || ParseMaxUnavailableError { text: text.to_owned() };
        let (digits, is_percent) = text.strip_suffix('%').map_or((text, false), |digits| (digits, true));
        let number: usize = digits.parse().map_err(|_| error())?;
        match (is_percent, number) {
            (true, 1..=100) => Ok(Self::Percent(number)),
            (false, 1..) => Ok(Self::Count(number)),
            _ => Err(error()),
        }
    }
}

#[cfg(test)]
mod tests;
