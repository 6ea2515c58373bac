//! Answers of servers and proxies, as errors.

use super::*;
use serde_json::json;

fn call(resource: &str) -> Call {
    Call {
        verb: "patch",
        resource: resource.into(),
        namespace: Some("cht".into()),
        name: Some("api".into()),
    }
}

fn read(code: u16, resource: &str, body: &str) -> Error {
    error(
        call(resource),
        StatusCode::from_u16(code).unwrap(),
        &HeaderMap::new(),
        body.as_bytes(),
    )
}

#[test]
fn apply_conflict_names_each_field_and_its_manager() {
    let body = json!({"kind": "Status", "status": "Failure", "code": 409, "reason": "Conflict",
        "message": "Apply failed with 2 conflicts", "details": {"causes": [
        {"reason": "FieldManagerConflict", "message": "conflict with \"kubectl-edit\" using apps/v1",
         "field": ".spec.template.spec.containers[name=\"api\"].image"},
        {"reason": "FieldManagerConflict", "field": ".spec.replicas",
         "message": "conflict with \"kubectl\" with subresource \"scale\" using apps/v1"}]}});
    let error = read(409, "deployments.apps", &body.to_string());
    let Error::FieldConflicts { conflicts, .. } = &error else {
        panic!("{error:?}")
    };
    let managers: Vec<_> = conflicts.iter().map(|c| c.manager.as_str()).collect();
    assert_eq!(managers, ["kubectl-edit", "kubectl"]);
    assert!(error.is_conflict() && !error.is_retryable());
    assert_eq!(
        error.to_string(),
        "others own fields of it: patch deployments.apps \"api\" in namespace \"cht\": \
         .spec.template.spec.containers[name=\"api\"].image is owned by \"kubectl-edit\"; \
         .spec.replicas is owned by \"kubectl\""
    );
}

#[test]
fn precondition_failure_is_a_plain_conflict() {
    let body = r#"{"kind":"Status","message":"Precondition failed: UID in precondition: a, UID in object meta: b","reason":"Conflict","code":409}"#;
    assert!(matches!(read(409, "services", body), Error::Conflict { .. }));
}

#[test]
fn immutable_field_is_told_from_an_invalid_one() {
    for (message, immutable) in [
        ("Invalid value: {\"matchLabels\":{}}: field is immutable", true),
        (
            "Forbidden: spec is immutable after creation except resources.requests\n@@ -1 +1 @@",
            true,
        ),
        ("Forbidden: updates to parameters are forbidden.", true),
        ("Required value", false),
    ] {
        let body = json!({"kind": "Status", "code": 422, "reason": "Invalid", "message": "it is invalid",
            "details": {"causes": [{"reason": "FieldValueInvalid", "message": message, "field": "spec.selector"}]}});
        let error = read(422, "deployments.apps", &body.to_string());
        assert_eq!(error.is_immutable_field(), immutable, "{message}");
        assert!(
            error.to_string().contains("spec.selector: ") && !error.to_string().contains("@@"),
            "{error}"
        );
    }
}

#[test]
fn refused_secret_is_not_quoted() {
    let body = json!({"kind": "Status", "code": 422, "message": "data: \"hunter2\"", "details": {"causes": [
        {"reason": "FieldValueInvalid", "message": "Invalid value: \"hunter2\": no", "field": "data[x y]"}]}});
    let error = read(422, "secrets", &body.to_string()).to_string();
    assert!(
        error.contains("data[x y]: Invalid value: (sensitive value)") && !error.contains("hunter2"),
        "{error}"
    );
    let bare = json!({"kind": "Status", "code": 422, "reason": "Invalid", "message": "data: \"hunter2\""});
    assert!(!read(422, "secrets", &bare.to_string()).to_string().contains("hunter2"));
}

#[test]
fn each_status_asks_for_its_own_remedy() {
    assert!(read(401, "pods", "").is_unauthorized());
    let forbidden = read(403, "pods", r#"{"kind":"Status","message":"User \"x\" cannot patch"}"#);
    assert!(forbidden.is_forbidden());
    assert_eq!(
        forbidden.to_string(),
        "not allowed to patch pods \"api\" in namespace \"cht\": User \"x\" cannot patch"
    );
    assert!(read(404, "pods", r#"{"kind":"Status","reason":"NotFound"}"#).is_not_found());
    assert!(matches!(read(410, "pods", ""), Error::Expired { .. }));
    assert!(read(503, "pods", "<html>Bad gateway</html>").is_retryable());
    assert!(!read(405, "pods", "").is_retryable());
}

#[test]
fn what_is_not_found_by_another_than_the_api_server_is_not_known_to_be_gone() {
    for body in [
        "404 page not found",
        "default backend - 404",
        "<html></html>",
        r#"{"error":"no route"}"#,
        "",
    ] {
        let error = read(404, "pods", body);
        assert!(error.is_of_another_server(), "{body}: {error}");
        assert!(!error.is_not_found() && !error.is_retryable(), "{body}");
    }
}

#[test]
fn field_that_the_schema_lacks_is_not_tried_again() {
    let body = r#"{"kind":"Status","message":"failed to create typed patch object (n/c; /v1, Kind=ConfigMap): .dato: field not declared in schema"}"#;
    let error = read(500, "configmaps", body);
    assert!(matches!(error, Error::Rejected { .. }) && !error.is_retryable());
}

#[test]
fn dying_namespace_is_told_from_a_missing_permission() {
    let body = json!({"kind": "Status", "message": "is forbidden: being terminated", "reason": "Forbidden",
        "details": {"causes": [{"reason": "NamespaceTerminating", "field": "metadata.namespace"}]}});
    let error = read(403, "secrets", &body.to_string());
    assert!(error.is_namespace_terminating() && !error.is_forbidden());
}

#[test]
fn a_budget_that_forbids_an_eviction_is_named_and_not_waited_for_here() {
    let body = json!({"kind": "Status", "status": "Failure", "code": 429, "reason": "TooManyRequests",
        "message": "Cannot evict pod as it would violate the pod's disruption budget.", "details": {"causes": [
        {"reason": "DisruptionBudget", "message": "The disruption budget couchdb needs 1 healthy pods and has 1 currently"}]}});
    let error = read(429, "pods/eviction", &body.to_string());
    assert!(!error.is_retryable(), "{error}");
    assert!(
        error
            .to_string()
            .ends_with("The disruption budget couchdb needs 1 healthy pods and has 1 currently")
    );
    let two = r#"{"kind":"Status","code":500,"message":"This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."}"#;
    assert!(matches!(
        read(500, "pods/eviction", two),
        Error::DisruptionBudget { .. }
    ));
    assert!(matches!(
        read(429, "pods/eviction", r#"{"kind":"Status"}"#),
        Error::Throttled { .. }
    ));
}

#[test]
fn retry_after_comes_from_the_header_or_the_details() {
    let mut headers = HeaderMap::new();
    headers.insert(header::RETRY_AFTER, "7".parse().unwrap());
    let error = super::error(call("pods"), StatusCode::TOO_MANY_REQUESTS, &headers, b"");
    assert_eq!(error.retry_after(), Some(Duration::from_secs(7)));
    let details = r#"{"kind":"Status","details":{"retryAfterSeconds":3}}"#;
    assert_eq!(read(503, "pods", details).retry_after(), Some(Duration::from_secs(3)));
}
