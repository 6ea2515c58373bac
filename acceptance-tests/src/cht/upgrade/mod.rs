//! The application in the database, and how another version takes its place.
//!
//! The database holds the installed version, a staged one, and the log of upgrades; all of that outlives every pod. An
//! API that starts compares its image with it: what is staged takes over at once, anything else has to be indexed
//! first. `api` is the HTTP side. A test injects faults, does what somebody else would ([`Upgrades::ask`]), and asks
//! what was done.

mod api;
mod log;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

pub use self::log::Entry;
use super::Fault;

pub(super) use self::api::{Request, answer};

/// How long each step of staging takes, but for the indexing.
const STEP: Duration = Duration::from_millis(100);

/// How long the indexing takes while the earlier version serves.
const INDEXING: Duration = Duration::from_millis(600);

/// How long the indexing takes when it was not done before, in starts.
const COLD_STARTS: u32 = 4;

/// The upgrades of all instances.
#[derive(Clone, Default)]
pub struct Upgrades(Arc<Mutex<HashMap<String, Database>>>);

/// What the database of one instance knows of versions.
#[derive(Debug, Clone, Default)]
pub struct Database {
    /// The installed version.
    pub installed: Option<String>,
    /// The staged version.
    pub staged: Option<Staged>,
    /// All upgrades, the oldest first.
    pub log: Vec<Entry>,
    /// How often an API had to index when it started, while nobody was served, or took over what was not indexed.
    pub cold_starts: usize,
    /// Whether the search index is being built, and since when somebody has looked.
    search_index: Option<Option<Instant>>,
    /// The volume that this is on.
    volume: Option<String>,
    /// How long the newest upgrade has been going on, and when that was looked at last.
    clock: Option<(Duration, Instant)>,
}

/// A staged version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Staged {
    /// The version.
    pub version: String,
    /// Whether its indexes are complete.
    pub is_indexed: bool,
}

impl Upgrades {
    /// What the database of an instance knows now.
    #[must_use]
    pub fn of(&self, namespace: &str) -> Database {
        self.lock().get(namespace).cloned().unwrap_or_default()
    }

    /// Asks for an upgrade, as somebody at the admin page would: `stage`, or `upgrade` for everything.
    pub fn ask(&self, namespace: &str, action: &'static str, version: &str) {
        self.ask_as(namespace, "somebody", action, version);
    }

    /// The same for a user.
    pub fn ask_as(&self, namespace: &str, user: &str, action: &'static str, version: &str) {
        let mut all = self.lock();
        let database = all.entry(namespace.to_owned()).or_default();
        database.ask(action, version, user, Instant::now());
    }

    pub(super) fn with<T>(&self, namespace: &str, look: impl FnOnce(&mut Database) -> T) -> T {
        look(self.lock().entry(namespace.to_owned()).or_default())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Database>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Database {
    /// The database is on this volume; on another one it knows nothing yet.
    pub(super) fn mount(&mut self, volume: &str) {
        if self.volume.as_deref() != Some(volume) {
            *self = Database {
                volume: Some(volume.to_owned()),
                ..Database::default()
            };
        }
    }

    /// An API of a version starts; answers how many usual starts that takes.
    pub(super) fn boot(&mut self, version: &str) -> u32 {
        self.clock = None;
        let staged = self.staged.take().filter(|staged| staged.version == version);
        let is_installed = self.installed.as_deref() == Some(version);
        if is_installed {
            self.interrupt();
            return 1;
        }
        let is_first = self.installed.is_none();
        if self.installed.as_deref().is_some_and(|before| before.starts_with("4.")) && !version.starts_with("4.") {
            self.search_index = Some(None);
        }
        self.installed = Some(version.to_owned());
        if let Some(entry) = self.current_mut() {
            let is_finished = entry.to == version;
            entry.enter(if is_finished { "finalized" } else { "interrupted" });
        }
        match staged {
            Some(Staged { is_indexed: true, .. }) => 1,
            None if is_first => 1,
            // What is staged takes over whether or not its indexes are there.
            Some(Staged { is_indexed: false, .. }) => {
                self.cold_starts += 1;
                1
            }
            None => {
                self.cold_starts += 1;
                COLD_STARTS
            }
        }
    }

    /// The upgrade that is going on: staging ends when it is indexed, and can be seen until its version is installed.
    #[must_use]
    pub fn current(&self) -> Option<&Entry> {
        self.log.last().filter(|entry| !entry.is_over())
    }

    /// How far the indexes are, in percent, while they are built.
    pub(super) fn progress(&self) -> Option<u64> {
        let elapsed = self.clock?.0;
        let share = elapsed.saturating_sub(2 * STEP).as_secs_f64() / INDEXING.as_secs_f64();
        let is_indexing = self.current()?.state == "indexing";
        is_indexing.then_some((share * 100.0).min(99.0) as u64)
    }

    /// How far the search index is, in percent, while it is built: after the first start of a version that has one.
    pub(super) fn search_index(&mut self, faults: &HashSet<Fault>, now: Instant) -> Option<u64> {
        let elapsed = now.duration_since(*self.search_index.as_mut()?.get_or_insert(now));
        let share = elapsed.as_secs_f64() / INDEXING.as_secs_f64();
        let stalls = faults.contains(&Fault::SearchIndexingStalls);
        let share = if stalls { 0.5 } else { share };
        if share >= 1.0 {
            self.search_index = None;
            return None;
        }
        Some((share * 100.0) as u64)
    }

    /// Begins an upgrade in the place of any other.
    pub(super) fn ask(&mut self, action: &'static str, version: &str, user: &str, now: Instant) {
        self.staged = None;
        self.log
            .push(Entry::new(action, self.installed.as_deref(), version, user));
        self.clock = Some((Duration::ZERO, now));
    }

    /// Gives up the upgrade that is going on.
    pub(super) fn abort(&mut self) {
        if let Some(entry) = self.current_mut() {
            entry.enter("aborting");
            entry.enter("aborted");
            self.staged = None;
            self.clock = None;
        }
    }

    /// Lets the time pass in which an API works; answers whether the API is started anew by a fault.
    pub(super) fn work(&mut self, faults: &HashSet<Fault>, now: Instant) -> bool {
        let Some((elapsed, seen)) = self.clock else {
            return false;
        };
        let mut elapsed = elapsed + now.duration_since(seen);
        let half = 2 * STEP + INDEXING / 2;
        let stalls = [
            (Fault::FetchingStalls, STEP / 2),
            (Fault::IndexingWaits, STEP * 3 / 2),
            (Fault::IndexingStalls, half),
        ];
        for (_, end) in stalls.iter().filter(|(fault, _)| faults.contains(fault)) {
            elapsed = elapsed.min(*end);
        }
        self.clock = Some((elapsed, now));
        if elapsed >= STEP {
            if faults.contains(&Fault::BuildsServerAway) {
                return self.end("errored");
            }
            self.enter("staged");
        }
        if elapsed >= 2 * STEP {
            self.enter("indexing");
            self.staged = self.current().map(|entry| Staged {
                version: entry.to.clone(),
                is_indexed: false,
            });
        }
        if elapsed >= half {
            if faults.contains(&Fault::StagingFails) {
                return self.end("errored");
            }
            if faults.contains(&Fault::StagingIsAborted) {
                self.abort();
                return false;
            }
            if faults.contains(&Fault::StagingIsInterrupted) {
                self.clock = None;
                self.interrupt();
                return true;
            }
        }
        if elapsed >= 2 * STEP + INDEXING {
            self.complete();
        }
        false
    }

    /// The indexes are complete. Who asked for everything meets an upgrade service that is not there.
    fn complete(&mut self) {
        if let Some(staged) = &mut self.staged {
            staged.is_indexed = true;
        }
        self.enter("indexed");
        self.clock = None;
        if self.current().is_some_and(|entry| entry.action == "upgrade") {
            self.enter("completing");
            self.end("errored");
        }
    }

    /// An API that starts finds what an earlier one left unfinished.
    fn interrupt(&mut self) {
        if let Some(entry) = self.current_mut()
            && entry.state != "indexed"
            && entry.state != "completing"
        {
            entry.enter("interrupted");
        }
    }

    fn end(&mut self, state: &'static str) -> bool {
        self.enter(state);
        self.clock = None;
        false
    }

    fn enter(&mut self, state: &'static str) {
        if let Some(entry) = self.current_mut() {
            entry.enter(state);
        }
    }

    fn current_mut(&mut self) -> Option<&mut Entry> {
        self.log.last_mut().filter(|entry| !entry.is_over())
    }
}

#[cfg(test)]
mod tests;
