//! Answers of an instance, and the state that they amount to.

use serde_json::json;

use super::*;
use crate::cht::client::Client;
use crate::cht::testing::{
    Answer, Script, answer, closed, monitoring, no_server, ok, page, polled, starting, startup_progress,
    unknowing_monitoring,
};

const POLL: &str = "GET /setup/poll";
const PROGRESS: &str = "GET /api/v1/startup-progress";
const MONITORING: &str = "GET /api/v2/monitoring";
const UP: &str = "GET /_up";

async fn after(steps: impl IntoIterator<Item = (&'static str, Answer)>) -> Result<Readiness, Error> {
    let expected: ChtVersion = "5.3.1".parse().unwrap();
    readiness(&Script::new(steps).client(), Some(&expected)).await
}

fn up() -> Answer {
    ok(json!({ "status": "ok", "seeds": {} }))
}

fn ready() -> Readiness {
    Readiness::Ready {
        version: "5.3.1".to_owned(),
        couchdb_version: "3.5.2".to_owned(),
    }
}

#[tokio::test]
async fn running_instance_of_the_expected_version_is_ready() {
    let steps = [(POLL, polled()), (MONITORING, ok(monitoring("5.3.1"))), (UP, up())];
    assert_eq!(after(steps).await.unwrap(), ready());
}

#[tokio::test]
async fn closed_port_is_closed_wherever_it_shows() {
    assert_eq!(after([(POLL, closed())]).await.unwrap(), Readiness::Closed);
    assert_eq!(
        after([(POLL, polled()), (MONITORING, closed())]).await.unwrap(),
        Readiness::Closed
    );
    assert_eq!(
        after([(POLL, starting()), (PROGRESS, closed())]).await.unwrap(),
        Readiness::Closed
    );
}

#[tokio::test]
async fn starting_instance_says_what_it_does() {
    let state = after([(POLL, starting()), (PROGRESS, ok(startup_progress(2, 3)))])
        .await
        .unwrap();
    assert!(matches!(state, Readiness::Starting(_)));
    assert_eq!(state.to_string(), "the CHT is starting: indexing data (step 3 of 6)");
}

#[tokio::test]
async fn restart_between_two_questions_is_a_start() {
    let steps = [
        (POLL, polled()),
        (MONITORING, starting()),
        (PROGRESS, ok(startup_progress(0, 1))),
    ];
    assert!(matches!(after(steps).await.unwrap(), Readiness::Starting(_)));
}

#[tokio::test]
async fn lost_database_shows_in_three_ways() {
    let by_haproxy = after([(POLL, no_server())]).await.unwrap();
    assert!(
        by_haproxy
            .to_string()
            .ends_with("No server is available to handle this request"),
        "{by_haproxy}"
    );
    let within = after([(POLL, polled()), (MONITORING, ok(unknowing_monitoring()))])
        .await
        .unwrap();
    assert!(
        within
            .to_string()
            .contains("it cannot tell version.app, version.couchdb, couchdb.medic"),
        "{within}"
    );
    let steps = [
        (POLL, polled()),
        (MONITORING, ok(monitoring("5.3.1"))),
        (UP, no_server()),
    ];
    assert!(matches!(
        after(steps).await.unwrap(),
        Readiness::DatabaseUnavailable { .. }
    ));
}

#[tokio::test]
async fn other_version_is_found_before_a_password_is_tried() {
    let steps = [(POLL, polled()), (MONITORING, ok(monitoring("5.3.0")))];
    let expected = "5.3.1".parse().unwrap();
    assert_eq!(
        after(steps).await.unwrap(),
        Readiness::WrongVersion {
            live: "5.3.0".to_owned(),
            expected
        }
    );
}

#[tokio::test]
async fn wrong_password_is_unauthorized_and_too_many_are_an_error() {
    let steps = |up| [(POLL, polled()), (MONITORING, ok(monitoring("5.3.1"))), (UP, up)];
    let refused = answer(401, "application/json", r#"{"code":401,"error":"unauthorized"}"#);
    assert_eq!(after(steps(refused)).await.unwrap(), Readiness::Unauthorized);
    let error = after(steps(answer(429, "text/plain", "Too Many Requests")))
        .await
        .unwrap_err();
    assert!(matches!(error, Error::TooManyLogins { .. }), "{error}");
}

#[tokio::test]
async fn page_in_place_of_an_answer_is_an_error_and_no_state() {
    assert!(matches!(
        after([(POLL, page())]).await.unwrap_err(),
        Error::NotJson { .. }
    ));
    let error = after([(POLL, starting()), (PROGRESS, page())]).await.unwrap_err();
    assert!(matches!(error, Error::NotJson { .. }), "{error}");
    let error = after([(POLL, polled()), (MONITORING, page())]).await.unwrap_err();
    assert!(matches!(error, Error::NotJson { .. }), "{error}");
}

#[tokio::test]
async fn without_credentials_and_expectation_any_running_instance_is_ready() {
    let script = Script::new([(POLL, polled()), (MONITORING, ok(monitoring("5.3.1")))]);
    assert_eq!(readiness(&Client::new(script, None), None).await.unwrap(), ready());
}
