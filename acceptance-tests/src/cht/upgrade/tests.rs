//! The states of an upgrade, at moments that the tests choose.

use super::*;

struct Play {
    database: Database,
    faults: HashSet<Fault>,
    began: Instant,
}

impl Play {
    /// A database with a version, for which another was asked.
    fn staging(fault: impl IntoIterator<Item = Fault>) -> Self {
        let mut database = Database::default();
        database.mount("volume-1");
        assert_eq!(database.boot("5.2.0"), 1, "a first installation");
        let began = Instant::now();
        database.ask("stage", "5.3.1", "medic", began);
        Play {
            database,
            faults: fault.into_iter().collect(),
            began,
        }
    }

    fn at(&mut self, milliseconds: u64) -> &'static str {
        let now = self.began + Duration::from_millis(milliseconds);
        self.database.work(&self.faults, now);
        self.last().state
    }

    fn last(&self) -> &Entry {
        self.database.log.last().unwrap()
    }
}

#[test]
fn staging_goes_through_its_states_and_can_be_seen_when_it_is_done() {
    let mut play = Play::staging([]);
    assert_eq!((play.at(0), play.database.progress()), ("initiated", None));
    assert_eq!(play.at(100), "staged");
    assert_eq!((play.at(200), play.database.progress()), ("indexing", Some(0)));
    assert_eq!((play.at(500), play.database.progress()), ("indexing", Some(50)));
    assert_eq!((play.at(900), play.database.progress()), ("indexed", None));
    assert_eq!(play.at(90_000), "indexed", "nobody exchanges the images");
    assert!(play.database.current().is_some());
    assert_eq!(play.last().history, ["initiated", "staged", "indexing", "indexed"]);
    assert_eq!(
        play.database.installed.as_deref(),
        Some("5.2.0"),
        "the running version goes on"
    );
}

#[test]
fn an_image_takes_over_what_is_staged_and_indexes_what_is_not() {
    let mut warm = Play::staging([]);
    warm.at(900);
    assert_eq!((warm.database.boot("5.3.1"), warm.database.cold_starts), (1, 0));
    assert_eq!(warm.last().state, "finalized");
    assert_eq!(warm.database.installed.as_deref(), Some("5.3.1"));
    assert_eq!(warm.database.staged, None);

    let mut early = Play::staging([]);
    early.at(500);
    assert_eq!(
        (early.database.boot("5.3.1"), early.database.cold_starts),
        (1, 1),
        "it is up, with cold views"
    );

    let mut other = Play::staging([]);
    other.at(900);
    assert_eq!(
        (other.database.boot("5.3.0"), other.database.cold_starts),
        (COLD_STARTS, 1)
    );
    assert_eq!(other.last().state, "interrupted");

    let mut none = Database::default();
    none.mount("volume-1");
    none.boot("5.2.0");
    assert_eq!((none.boot("5.3.1"), none.cold_starts), (COLD_STARTS, 1));
    none.mount("volume-2");
    assert_eq!((none.boot("5.3.1"), none.cold_starts), (1, 0), "an empty volume");
}

#[test]
fn an_api_that_starts_again_interrupts_what_was_not_indexed() {
    for (moment, state) in [
        (0, "interrupted"),
        (100, "interrupted"),
        (500, "interrupted"),
        (900, "indexed"),
    ] {
        let mut play = Play::staging([]);
        play.at(moment);
        assert_eq!(play.database.boot("5.2.0"), 1);
        assert_eq!(play.last().state, state, "{moment}");
        assert!(play.database.current().is_some(), "it can be seen");
    }
}

#[test]
fn each_fault_ends_in_the_state_that_the_real_one_has() {
    let table = [
        (Fault::BuildsServerAway, 100, "errored"),
        (Fault::StagingFails, 500, "errored"),
        (Fault::StagingIsInterrupted, 500, "interrupted"),
        (Fault::StagingIsAborted, 500, "aborted"),
        (Fault::FetchingStalls, 90_000, "initiated"),
        (Fault::IndexingWaits, 90_000, "staged"),
        (Fault::IndexingStalls, 90_000, "indexing"),
    ];
    for (fault, moment, state) in table {
        let mut play = Play::staging([fault]);
        assert_eq!(play.at(moment), state, "{fault:?}");
        let is_seen = ["interrupted", "initiated", "staged", "indexing"].contains(&state);
        assert_eq!(play.database.current().is_some(), is_seen, "{fault:?}");
    }
    let mut stalled = Play::staging([Fault::IndexingStalls]);
    stalled.at(90_000);
    assert_eq!(stalled.database.progress(), Some(50));
    stalled.faults.clear();
    assert_eq!(stalled.at(90_500), "indexed", "it goes on from there");
}

#[test]
fn an_upgrade_without_an_upgrade_service_fails_after_it_is_indexed() {
    let mut play = Play::staging([]);
    play.database.ask("upgrade", "5.3.1", "somebody", play.began);
    assert_eq!(play.at(900), "errored");
    assert_eq!(
        play.last().history,
        ["initiated", "staged", "indexing", "indexed", "completing", "errored"]
            .into_iter()
            .collect::<Vec<_>>()
    );
}
