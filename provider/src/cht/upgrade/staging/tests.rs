//! Entries of CHT's log of upgrades, and the step that follows from each.

use serde_json::{Value, json};

use super::*;
use crate::cht::testing::{Answer, Script, answer, ok, starting};

const LOOK: &str = "GET /api/v2/upgrade";
const ASK: &str = "POST /api/v2/upgrade/stage";
const ABORT: &str = "DELETE /api/v2/upgrade";
const LOG: &str = "GET /medic-logs/_all_docs?descending=true&include_docs=true&limit=1\
                   &startkey=%22upgrade_log%3A%EF%BF%B0%22&endkey=%22upgrade_log%3A%22";

fn doc(action: &str, version: &str, state: &str) -> Value {
    json!({ "user": "medic", "action": action, "to": { "version": version }, "state": state })
}

/// An upgrade is going on.
fn now(action: &str, version: &str, state: &str) -> Answer {
    let indexers = json!([{ "database": "medic", "ddoc": ":staged:medic", "progress": 40 }]);
    ok(json!({ "upgradeDoc": doc(action, version, state), "indexers": indexers, "buildsUrl": "https://builds" }))
}

fn nothing() -> Answer {
    ok(json!({ "indexers": [], "buildsUrl": "https://builds" }))
}

/// The last upgrade is over.
fn over(version: &str, state: &str) -> Answer {
    ok(json!({ "rows": [{ "id": "upgrade_log:1", "doc": doc("stage", version, state) }] }))
}

fn done() -> Answer {
    ok(json!({ "ok": true }))
}

fn staging() -> Staging {
    Staging::new("5.3.1".parse().unwrap(), "medic".to_owned())
}

/// Looks until it is staged, or is not going to be; answers what was seen on the way, too.
async fn run(steps: impl IntoIterator<Item = (&'static str, Answer)>) -> (Vec<String>, Step) {
    let client = Script::new(steps).client();
    let mut staging = staging();
    let mut seen = Vec::new();
    loop {
        match staging.advance(&client, Instant::now()).await.unwrap() {
            Step::Pending(status) => seen.push(status),
            Step::GivenUp(other) => seen.push(format!("CHT {other} is given up")),
            end => return (seen, end),
        }
    }
}

#[tokio::test]
async fn a_version_is_asked_for_once_and_watched_until_it_is_indexed() {
    let (seen, end) = run([
        (LOOK, nothing()),
        (ASK, done()),
        (LOOK, now("stage", "5.3.1", "initiated")),
        (LOOK, now("stage", "5.3.1", "staged")),
        (LOOK, now("stage", "5.3.1", "indexing")),
        (LOOK, now("stage", "5.3.1", "indexed")),
    ])
    .await;
    assert_eq!(end, Step::Staged);
    assert_eq!(
        seen,
        [
            "CHT 5.3.1 was asked for",
            "the upgrade to CHT 5.3.1 is initiated",
            "the upgrade to CHT 5.3.1 is staged",
            "indexing data: 40 % on average, least 40 % (medic/:staged:medic)",
        ]
    );
}

#[tokio::test]
async fn a_killed_process_is_continued_where_it_was() {
    for state in ["initiated", "staged", "indexing"] {
        let (_, end) = run([
            (LOOK, now("stage", "5.3.1", state)),
            (LOOK, now("stage", "5.3.1", "indexed")),
        ])
        .await;
        assert_eq!(end, Step::Staged, "{state}: it was not asked for a second time");
    }
    let (seen, end) = run([(LOOK, now("stage", "5.3.1", "indexed"))]).await;
    assert_eq!((seen.len(), end), (0, Step::Staged));
}

#[tokio::test]
async fn what_was_interrupted_is_asked_for_again() {
    let (_, end) = run([
        (LOOK, now("stage", "5.3.1", "interrupted")),
        (ASK, done()),
        (LOOK, now("stage", "5.3.1", "interrupted")),
        (ASK, done()),
        (LOOK, now("stage", "5.3.1", "indexed")),
    ])
    .await;
    assert_eq!(end, Step::Staged);
    let again = || [(LOOK, now("stage", "5.3.1", "interrupted")), (ASK, done())];
    let last = [(LOOK, now("stage", "5.3.1", "interrupted"))];
    let (_, end) = run(again().into_iter().chain(again()).chain(again()).chain(last)).await;
    assert_eq!(end, Step::Failed(Failure::Interrupted));
}

#[tokio::test]
async fn what_failed_before_is_asked_for_and_what_fails_again_and_again_is_given_up() {
    // Whether an earlier apply ended with an error makes no difference to this one.
    let failing = || [(LOOK, nothing()), (LOG, over("5.3.1", "errored"))];
    let (_, end) = run([(LOOK, nothing()), (ASK, done())]
        .into_iter()
        .chain(failing())
        .chain([(ASK, done())])
        .chain(failing())
        .chain([(ASK, done())])
        .chain(failing()))
    .await;
    let Step::Failed(failure) = end else { panic!("{end:?}") };
    assert_eq!(
        failure.to_string(),
        "the CHT cannot fetch or prepare it; it takes versions from https://builds"
    );
    let (_, end) = run([(LOOK, nothing()), (ASK, done())]
        .into_iter()
        .chain(failing())
        .chain([(ASK, done()), (LOOK, now("stage", "5.3.1", "indexed"))]))
    .await;
    assert_eq!(end, Step::Staged, "the builds server came back");
}

#[tokio::test]
async fn what_somebody_gave_up_is_not_forced_on_them() {
    let (_, end) = run([
        (LOOK, nothing()),
        (ASK, done()),
        (LOOK, now("stage", "5.3.1", "aborting")),
        (LOOK, nothing()),
        (LOG, over("5.3.1", "aborted")),
    ])
    .await;
    assert_eq!(end, Step::Failed(Failure::Aborted));
}

#[tokio::test]
async fn an_older_entry_of_the_log_says_nothing_of_this_upgrade() {
    let (seen, end) = run([
        (LOOK, nothing()),
        (ASK, done()),
        (LOOK, nothing()),
        (LOG, over("5.2.0", "finalized")),
        (LOOK, now("stage", "5.3.1", "indexed")),
    ])
    .await;
    assert_eq!(end, Step::Staged);
    assert_eq!(seen[1], "CHT 5.3.1 is not begun yet");
}

#[tokio::test]
async fn another_version_that_was_only_staged_makes_room() {
    for state in ["indexing", "indexed"] {
        let (seen, end) = run([
            (LOOK, now("stage", "5.3.0", state)),
            (ABORT, done()),
            (LOOK, now("stage", "5.3.0", "aborting")),
            (LOOK, nothing()),
            (ASK, done()),
            (LOOK, now("stage", "5.3.1", "indexed")),
        ])
        .await;
        assert_eq!(end, Step::Staged, "{state}");
        assert_eq!(seen[0], "CHT 5.3.0 is given up");
    }
}

#[tokio::test]
async fn an_upgrade_to_another_version_is_not_disturbed() {
    let (_, end) = run([(LOOK, now("upgrade", "5.3.0", "completing"))]).await;
    let Step::Failed(failure) = end else { panic!("{end:?}") };
    assert_eq!(
        failure.to_string(),
        "medic is upgrading it to CHT 5.3.0, which is completing"
    );
}

#[tokio::test]
async fn an_upgrade_that_somebody_completes_is_waited_for() {
    let (seen, end) = run([
        (LOOK, nothing()),
        (ASK, done()),
        (LOOK, now("upgrade", "5.3.1", "indexed")),
        (LOOK, now("upgrade", "5.3.1", "completing")),
        (LOOK, nothing()),
        (LOG, over("5.3.1", "finalized")),
    ])
    .await;
    assert_eq!(end, Step::Staged);
    assert_eq!(seen[2], "the upgrade to CHT 5.3.1 is completing");
}

#[tokio::test]
async fn a_state_that_nobody_knows_is_waited_out() {
    let (seen, _) = run([
        (LOOK, now("stage", "5.3.1", "thinking")),
        (LOOK, now("stage", "5.3.1", "indexed")),
    ])
    .await;
    assert_eq!(seen, ["the upgrade to CHT 5.3.1 is thinking"]);
}

#[tokio::test]
async fn a_request_that_is_refused_was_not_made() {
    let client = Script::new([
        (LOOK, nothing()),
        (ASK, starting()),
        (LOOK, nothing()),
        (
            ASK,
            answer(429, "application/json", r#"{"code":429,"error":"Too Many Requests"}"#),
        ),
        (LOOK, answer(500, "text/plain", "Server error")),
        (LOOK, nothing()),
        (
            ASK,
            answer(
                403,
                "application/json",
                r#"{"code":403,"error":"Insufficient privileges"}"#,
            ),
        ),
    ])
    .client();
    let mut staging = staging();
    for retryable in [true, true, true, false] {
        let error = staging.advance(&client, Instant::now()).await.unwrap_err();
        assert_eq!(error.is_retryable(), retryable, "{error}");
    }
    assert_eq!(staging.asked, 0);
}

#[tokio::test]
async fn progress_that_stays_the_same_is_told() {
    let steps = [
        (LOOK, now("stage", "5.3.1", "indexing")),
        (LOOK, now("stage", "5.3.1", "indexing")),
    ];
    let client = Script::new(steps).client();
    let mut staging = staging();
    let began = Instant::now();
    staging.advance(&client, began).await.unwrap();
    let later = staging.advance(&client, began + 2 * STALL).await.unwrap();
    let status = "indexing data: 40 % on average, least 40 % (medic/:staged:medic), the same for 10 minutes";
    assert_eq!(later, Step::Pending(status.to_owned()));
}
