//! When a host is up, from one look after another.
//!
//! `systemctl start` would never return where k3s cannot start, and a unit is active before there is a Node, and
//! without a quorum, too. So a start is waited for by looking: the unit, how often it was started anew, the API, and
//! the Node with its version and its vote must all be right at once. What cannot become right by waiting ends the wait,
//! with its cause.

use std::fmt;

use super::config::Role;
use super::journal::{Cause, Finding, Outlook};
use super::paths;
use super::probe::{HostState, NodeState, UnitPhase};
use super::version::K3sVersion;

/// After so many starts, k3s is not going to come up by itself.
const MOST_RESTARTS: u32 = 3;

/// What is waited for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Awaited {
    /// Name of the Node.
    pub node: String,
    /// The host's role.
    pub role: Role,
    /// The version that the Node has to have; whichever it has, if none is said.
    pub version: Option<K3sVersion>,
    /// Whether its member of etcd has to vote.
    pub voter: bool,
}

/// What looks have told so far.
#[derive(Clone, Debug)]
pub struct Wait {
    awaited: Awaited,
    /// How often the unit had been started anew at the first look: what was before does not count.
    restarts_before: Option<u32>,
}

/// How far it is. The `Display` of each is a sentence without a dot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// All is right.
    Up,
    /// This is missing still.
    NotYet(Missing),
    /// It does not come up by itself.
    Failed(Failure),
}

/// What is missing, the first of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Missing {
    /// The host does not answer.
    Answer,
    /// The unit does not run.
    Unit {
        /// What it does, in systemd's words.
        state: String,
        /// Why it may not, which can pass.
        finding: Option<Finding>,
    },
    /// The API is not ready.
    Api(String),
    /// There is no Node.
    Node,
    /// The Node has another version.
    Version(Option<K3sVersion>),
    /// The Node is not ready.
    Ready,
    /// The member of etcd does not vote.
    Vote,
}

/// Why it does not come up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What the journal tells, if it is understood.
    pub finding: Option<Finding>,
    /// The end of the journal, without tokens.
    pub journal: Vec<String>,
    /// How often k3s was started.
    pub restarts: u32,
}

impl Wait {
    /// Begins to wait.
    #[must_use]
    pub fn new(awaited: Awaited) -> Self {
        Self {
            awaited,
            restarts_before: None,
        }
    }

    /// Takes the next look: what the host answered, if it did, and what a server lists of Nodes, if one does.
    pub fn look(&mut self, host: Option<&HostState>, nodes: Option<&[NodeState]>) -> Progress {
        let Some(host) = host else {
            return Progress::NotYet(Missing::Answer);
        };
        let nodes = host.nodes.as_deref().or(nodes);
        let node = nodes.and_then(|nodes| nodes.iter().find(|node| node.name == self.awaited.node));
        let Some(missing) = self.missing(host, node) else {
            return Progress::Up;
        };
        match self.failure(host, &missing) {
            Some(failure) => Progress::Failed(failure),
            None => Progress::NotYet(missing),
        }
    }

    fn missing(&self, host: &HostState, node: Option<&NodeState>) -> Option<Missing> {
        if host.phase(self.awaited.role) != UnitPhase::Running {
            let unit = host.unit(self.awaited.role);
            return Some(Missing::Unit {
                state: unit.map_or("missing".to_owned(), |unit| format!("{} ({})", unit.active, unit.sub)),
                finding: host.finding(),
            });
        }
        if self.awaited.role == Role::Server {
            match &host.readyz {
                Some(Ok(())) => {}
                Some(Err(reason)) => return Some(Missing::Api(reason.clone())),
                None => return Some(Missing::Api("it does not answer".to_owned())),
            }
        }
        let Some(node) = node else { return Some(Missing::Node) };
        match () {
            () if self.awaited.version.is_some() && node.version != self.awaited.version => {
                Some(Missing::Version(node.version))
            }
            () if !node.ready => Some(Missing::Ready),
            () if self.awaited.voter && node.voter != Some(true) => Some(Missing::Vote),
            () => None,
        }
    }

    /// A journal holds old lines, too. So a cause counts once the unit was started anew, or ended; what may pass never
    /// ends a wait. A member that was removed is waited for without either.
    fn failure(&mut self, host: &HostState, missing: &Missing) -> Option<Failure> {
        let unit = host.unit(self.awaited.role)?;
        let before = *self.restarts_before.get_or_insert(unit.restarts);
        // Whoever starts a unit sets the count back.
        let restarts = unit.restarts.checked_sub(before).unwrap_or(unit.restarts);
        self.restarts_before = Some(before.min(unit.restarts));
        let is_down = matches!(missing, Missing::Unit { .. });
        let has_ended = unit.active == "failed" || (self.awaited.role == Role::Server && host.waits_in_vain());
        if !is_down || (restarts == 0 && !has_ended) {
            return None;
        }
        let finding = host.finding();
        let fails = match finding.as_ref().map(|finding| finding.cause.outlook()) {
            Some(Outlook::Stays) => true,
            Some(Outlook::MayPass) => has_ended,
            None => has_ended || restarts >= MOST_RESTARTS,
        };
        fails.then(|| Failure {
            finding,
            journal: host.journal.clone(),
            restarts,
        })
    }
}

impl Failure {
    /// What the journal tells of why, if it is understood.
    #[must_use]
    pub fn cause(&self) -> Option<Cause> {
        self.finding.as_ref().map(|finding| finding.cause)
    }

    /// All that is told of it: the host, the cause, the end of the journal, and what to do.
    #[must_use]
    pub fn detail(&self, host: &str, role: Role) -> String {
        let mut detail = format!("{host}: {self}.");
        if !self.journal.is_empty() {
            detail.push_str(&format!(
                "\n\nThe last lines of its journal:\n{}",
                self.journal.join("\n")
            ));
        }
        let unit = paths::unit(role).trim_end_matches(".service");
        let advice = self.finding.as_ref().map_or_else(
            || format!("Look at the journal on the host (`journalctl -u {unit}`), remove the cause, and apply again."),
            |finding| finding.cause.advice().to_owned(),
        );
        format!("{detail}\n\n{advice}")
    }
}

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Up => write!(f, "k3s runs, and its node is ready"),
            Self::NotYet(missing) => missing.fmt(f),
            Self::Failed(failure) => failure.fmt(f),
        }
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answer => write!(f, "the host does not answer"),
            Self::Unit {
                state,
                finding: Some(finding),
            } => write!(f, "k3s is {state}: {}", finding.cause),
            Self::Unit { state, finding: None } => write!(f, "k3s is {state}"),
            Self::Api(reason) => write!(f, "the API is not ready: {reason}"),
            Self::Node => write!(f, "k3s runs, and has not registered its node yet"),
            Self::Version(Some(version)) => write!(f, "the node still has version {version}"),
            Self::Version(None) => write!(f, "the node has no version yet"),
            Self::Ready => write!(f, "the node is not ready yet"),
            Self::Vote => write!(
                f,
                "its member of etcd does not vote yet: it is being brought up to date"
            ),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.finding {
            Some(finding) if finding.keys.is_empty() => write!(f, "k3s does not start: {}", finding.cause),
            Some(finding) => write!(f, "k3s does not start: {} ({})", finding.cause, finding.keys.join(", ")),
            None => write!(f, "k3s does not start, and was tried {} times", self.restarts),
        }
    }
}

#[cfg(test)]
mod tests;
