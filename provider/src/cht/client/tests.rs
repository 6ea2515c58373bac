//! Calls that are not about one topic: what counts as an answer, and what can be tried again.

use serde_json::json;

use super::*;
use crate::cht::testing::{Answer, Script, answer, closed, no_server, ok, page, polled, starting};

async fn setup_poll(answer: Answer) -> Result<(), Error> {
    Script::new([("GET /setup/poll", answer)]).client().setup_poll().await
}

#[tokio::test]
async fn running_cht_is_polled_without_regard_to_the_version_that_it_states() {
    setup_poll(polled()).await.unwrap();
}

#[tokio::test]
async fn status_200_alone_is_never_success() {
    let error = setup_poll(page()).await.unwrap_err();
    assert!(
        matches!(&error, Error::NotJson { content_type, .. } if content_type == "text/html"),
        "{error}"
    );
    let error = setup_poll(ok(json!({ "ok": true }))).await.unwrap_err();
    assert!(matches!(error, Error::UnexpectedShape { .. }), "{error}");
    let error = setup_poll(ok(json!({ "ready": true, "handler": "nginx" })))
        .await
        .unwrap_err();
    assert!(matches!(error, Error::UnexpectedAnswer { .. }), "{error}");
    let error = setup_poll(ok(json!({ "ready": false, "handler": "medic-api" })))
        .await
        .unwrap_err();
    assert!(matches!(error, Error::UnexpectedAnswer { .. }), "{error}");
}

#[tokio::test]
async fn each_503_is_told_apart() {
    let error = setup_poll(starting()).await.unwrap_err();
    assert!(matches!(error, Error::Starting { .. }), "{error}");
    let error = setup_poll(no_server()).await.unwrap_err();
    let reason = "No server is available to handle this request";
    assert!(
        matches!(&error, Error::DatabaseUnavailable { reason: found, .. } if found == reason),
        "{error}"
    );
    for body in ["upstream connect error", r#"{"error":"overloaded"}"#] {
        let error = setup_poll(answer(503, "text/plain", body)).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("the CHT answered GET /setup/poll with status 503 Service Unavailable: {body}")
        );
        assert!(error.is_retryable());
    }
}

#[tokio::test]
async fn only_what_time_can_heal_is_retryable() {
    let table = [
        (closed(), true),
        (starting(), true),
        (no_server(), true),
        (answer(429, "text/plain", "Too Many Requests"), true),
        (answer(500, "text/plain", "Server error"), true),
        (answer(401, "text/plain", "not logged in"), false),
        (answer(403, "text/plain", "Insufficient privileges"), false),
        (answer(404, "text/plain", "not found"), false),
        (page(), false),
        (ok(json!([])), false),
    ];
    for (answer, expected) in table {
        let error = setup_poll(answer).await.unwrap_err();
        assert_eq!(error.is_retryable(), expected, "{error}");
    }
}

#[tokio::test]
async fn deploy_info_reads_the_true_version() {
    let info = json!({ "version": "5.3.1", "user": "admin", "timestamp": 1, "build": "medic:medic:5.3.1" });
    let info = Script::new([("GET /api/deploy-info", ok(info))])
        .client()
        .deploy_info()
        .await
        .unwrap();
    assert_eq!(
        info,
        DeployInfo {
            version: "5.3.1".to_owned(),
            user: Some("admin".to_owned())
        }
    );
}

#[tokio::test]
async fn couchdb_in_maintenance_is_not_up() {
    let up = json!({ "status": "maintenance_mode" });
    let error = Script::new([("GET /_up", ok(up))])
        .client()
        .couch_up()
        .await
        .unwrap_err();
    assert!(matches!(error, Error::DatabaseUnavailable { .. }), "{error}");
}

#[tokio::test]
async fn client_without_credentials_does_not_try_to_log_in() {
    let client = Client::new(Script::new([]), None);
    assert!(matches!(
        client.deploy_info().await,
        Err(Error::MissingCredentials { .. })
    ));
    assert!(matches!(client.couch_up().await, Err(Error::MissingCredentials { .. })));
}

#[tokio::test]
async fn long_answers_are_cut_in_errors() {
    let error = setup_poll(answer(404, "text/plain", "no \n".repeat(1000)))
        .await
        .unwrap_err();
    assert!(
        error.to_string().len() < 300 && !error.to_string().contains('\n'),
        "{error}"
    );
}

#[test]
fn debug_output_of_a_client_hides_the_password() {
    let credentials = Credentials {
        user: "medic".to_owned(),
        password: "päss:word".into(),
    };
    let shown = format!(
        "{:?}",
        Client {
            transport: (),
            credentials: Some(credentials)
        }
    );
    assert!(shown.contains("medic") && !shown.contains("päss"), "{shown}");
}
