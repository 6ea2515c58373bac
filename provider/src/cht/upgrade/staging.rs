//! Staging a version, one step at each look, whoever began it and however far it is.
//!
//! [`Staging::advance`] asks, decides and does at most one thing. What is decided follows from the CHT's own log alone,
//! but for one number: how often this process has asked for the version, so that what fails again and again is not
//! asked for for ever.

use std::fmt;
use std::time::{Duration, Instant};

use super::log::{UpgradeAction, UpgradeLog, UpgradeState, Upgrades};
use super::rival::Rival;
use crate::cht::client::Client;
use crate::cht::error::Error;
use crate::cht::transport::Transport;
use crate::cht::version::ChtVersion;

/// How often a version is asked for in all: builds servers come back, and an API that was restarted goes on.
const ATTEMPTS: u32 = 3;

/// How long the progress may stay the same before that is told.
const STALL: Duration = Duration::from_secs(5 * 60);

/// What came of a look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// It is not staged yet; the text says how far it is.
    Pending(String),
    /// Another version, which was staged before, is given up.
    GivenUp(String),
    /// The version is staged, and all of its indexes are built.
    Staged,
    /// It is not going to be staged.
    Failed(Failure),
}

/// Why a version is not going to be staged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// The CHT failed again and again.
    Errored {
        /// Where it takes versions from, as far as it says so.
        builds_url: Option<String>,
    },
    /// The CHT was restarted again and again in the middle of it.
    Interrupted,
    /// Somebody gave it up.
    Aborted,
    /// Somebody else is upgrading the instance to another version.
    Busy {
        /// That version.
        version: String,
        /// Who that is, where it is known.
        user: Option<String>,
        /// How far that is.
        state: UpgradeState,
    },
}

/// The staging of one version.
#[derive(Debug)]
pub struct Staging {
    target: ChtVersion,
    user: String,
    asked: u32,
    progress: Option<(String, Instant)>,
}

/// What to do next.
#[derive(Debug, PartialEq, Eq)]
enum Next {
    Ask,
    Abort(String),
    Done(Step),
}

impl Staging {
    /// Begins to look, for this user.
    #[must_use]
    pub fn new(target: ChtVersion, user: String) -> Self {
        Self {
            target,
            user,
            asked: 0,
            progress: None,
        }
    }

    /// Looks how far the version is, and does the next thing about it.
    ///
    /// # Errors
    /// The CHT is not ready, or does not allow it. What was begun goes on.
    pub async fn advance<T: Transport>(&mut self, client: &Client<T>, now: Instant) -> Result<Step, Error> {
        let upgrades = client.upgrades().await?;
        let last = match &upgrades.upgrade_doc {
            // Nothing that ended before is of interest to who begins.
            None if self.asked > 0 => client.last_upgrade().await?,
            _ => None,
        };
        match self.decide(&upgrades, last.as_ref(), now) {
            Next::Ask => {
                tracing::info!(version = %self.target, "asking the CHT to stage a version");
                client.stage_upgrade(&self.target).await?;
                self.asked += 1;
                Ok(Step::Pending(format!("CHT {} was asked for", self.target)))
            }
            Next::Abort(other) => {
                tracing::warn!(version = other, "another version is staged, which is given up");
                client.abort_upgrade().await?;
                Ok(Step::GivenUp(other))
            }
            Next::Done(step) => Ok(step),
        }
    }

    fn decide(&mut self, upgrades: &Upgrades, last: Option<&UpgradeLog>, now: Instant) -> Next {
        let Some(log) = &upgrades.upgrade_doc else {
            return self.decide_ended(upgrades, last);
        };
        let pending = |status: String| Next::Done(Step::Pending(status));
        match Rival::of(log, &self.target, &self.user) {
            Some(Rival::MakesRoom(other)) => return Next::Abort(other),
            Some(Rival::InTheWay(failure)) => return Next::Done(Step::Failed(failure)),
            None => {}
        }
        match (&log.state, &log.action) {
            (UpgradeState::Interrupted, _) => self.ask_again(Failure::Interrupted),
            (UpgradeState::Aborting, _) => pending(format!("an upgrade to CHT {} is given up", log.to.version)),
            (UpgradeState::Indexed, UpgradeAction::Stage) => Next::Done(Step::Staged),
            (UpgradeState::Indexing, _) => pending(self.with_stall(upgrades.indexing(), now)),
            (state, _) => pending(format!("the upgrade to CHT {} is {state}", self.target)),
        }
    }

    /// There is no upgrade: none was begun, or it is over.
    fn decide_ended(&mut self, upgrades: &Upgrades, last: Option<&UpgradeLog>) -> Next {
        if self.asked == 0 {
            return Next::Ask;
        }
        let last = last.filter(|last| last.to.version == self.target.to_string());
        match last.map(|last| &last.state) {
            Some(UpgradeState::Errored) => self.ask_again(Failure::Errored {
                builds_url: upgrades.builds_url.clone(),
            }),
            Some(UpgradeState::Aborted) => Next::Done(Step::Failed(Failure::Aborted)),
            // Somebody was faster, and has completed it.
            Some(UpgradeState::Finalized) => Next::Done(Step::Staged),
            Some(_) | None => Next::Done(Step::Pending(format!("CHT {} is not begun yet", self.target))),
        }
    }

    fn ask_again(&self, failure: Failure) -> Next {
        if self.asked < ATTEMPTS {
            Next::Ask
        } else {
            Next::Done(Step::Failed(failure))
        }
    }

    /// The progress, with how long it has been the same if that is long.
    fn with_stall(&mut self, progress: String, now: Instant) -> String {
        match &self.progress {
            Some((before, since)) if *before == progress => {
                let waited = now.duration_since(*since);
                if waited < STALL {
                    return progress;
                }
                format!("{progress}, the same for {} minutes", waited.as_secs() / 60)
            }
            _ => {
                self.progress = Some((progress.clone(), now));
                progress
            }
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Errored { builds_url: Some(url) } => {
                write!(f, "the CHT cannot fetch or prepare it; it takes versions from {url}")
            }
            Self::Errored { builds_url: None } => write!(f, "the CHT cannot fetch or prepare it"),
            Self::Interrupted => write!(f, "the CHT is started anew each time while it prepares it"),
            Self::Aborted => write!(f, "somebody gave it up while it was prepared"),
            Self::Busy { version, user, state } => {
                let user = user.as_deref().unwrap_or("somebody");
                write!(f, "{user} is upgrading it to CHT {version}, which is {state}")
            }
        }
    }
}

#[cfg(test)]
mod tests;
