//! Reads the server's refusals: an HTTP status, its headers and a `Status` body become an [`Error`].
//!
//! The facts: a server-side apply conflict is a 409 whose causes have the reason `FieldManagerConflict`; an invalid or
//! immutable field is a 422 with a cause for each field; throttling is a 429 with `Retry-After` in seconds. Proxies in
//! front of a server answer in HTML or plain text, so a body that is no `Status` is normal; but what is not there only
//! the server itself can tell, so a 404 without a `Status` says nothing.

use std::time::Duration;

use http::{HeaderMap, StatusCode, header};
use kube::core::response::{Status, StatusCause};
use serde_json::Value;

use super::error::{Error, FieldConflict, FieldRejection};
use super::request::Call;

/// The longest part of a body that is no `Status` that goes into an error.
const LONGEST_TEXT: usize = 300;

/// Makes the error for an answer that is no success.
pub(super) fn error(call: Call, code: StatusCode, headers: &HeaderMap, body: &[u8]) -> Error {
    let status = serde_json::from_slice::<Status>(body)
        .unwrap_or_else(|_| Status::failure(&excerpt(body), "").with_code(code.as_u16()));
    let retry_after = retry_after(headers, &status);
    let message = status.message.clone();
    match code {
        StatusCode::UNAUTHORIZED => Error::Unauthorized { call },
        StatusCode::FORBIDDEN if has_cause(&status, "NamespaceTerminating") => Error::NamespaceTerminating { call },
        StatusCode::FORBIDDEN => Error::Forbidden { call, message },
        StatusCode::NOT_FOUND if is_status(body) => Error::NotFound { call, message },
        StatusCode::NOT_FOUND => Error::NotKubernetes { call, message },
        StatusCode::CONFLICT => conflict(call, &status),
        StatusCode::GONE => Error::Expired { call },
        StatusCode::UNPROCESSABLE_ENTITY | StatusCode::BAD_REQUEST => rejection(call, &status),
        StatusCode::TOO_MANY_REQUESTS if has_cause(&status, "DisruptionBudget") => Error::DisruptionBudget {
            call,
            message: budget(&status),
        },
        // No retry makes one budget of two.
        StatusCode::INTERNAL_SERVER_ERROR if message.contains("more than one PodDisruptionBudget") => {
            Error::DisruptionBudget { call, message }
        }
        StatusCode::TOO_MANY_REQUESTS => Error::Throttled { call, retry_after },
        // The server answers so to an apply with a field that its schema does not have; no retry makes it better.
        StatusCode::INTERNAL_SERVER_ERROR if message.starts_with("failed to create typed patch object") => {
            rejection(call, &status)
        }
        code if code.is_server_error() => Error::Server {
            call,
            code: code.as_u16(),
            message,
            retry_after,
        },
        code => Error::UnexpectedStatus {
            call,
            code: code.as_u16(),
            message,
        },
    }
}

/// Makes the error for a success that no API server answers with.
pub(super) fn no_kubernetes(call: Call, body: &[u8]) -> Error {
    Error::NotKubernetes {
        call,
        message: excerpt(body),
    }
}

fn conflict(call: Call, status: &Status) -> Error {
    let conflicts: Vec<_> = causes(status)
        .iter()
        .filter(|cause| cause.reason == "FieldManagerConflict")
        .map(|cause| FieldConflict {
            field: cause.field.clone(),
            manager: manager(&cause.message),
        })
        .collect();
    if conflicts.is_empty() {
        Error::Conflict {
            call,
            message: status.message.clone(),
        }
    } else {
        Error::FieldConflicts { call, conflicts }
    }
}

/// What stands in the way of an eviction: the causes name the budgets, the message does not.
fn budget(status: &Status) -> String {
    let messages: Vec<&str> = causes(status)
        .iter()
        .filter(|cause| cause.reason == "DisruptionBudget")
        .map(|cause| cause.message.as_str())
        .collect();
    messages.join("; ")
}

/// `conflict with "kubectl-edit" using apps/v1` names the manager between the first quotes.
fn manager(message: &str) -> String {
    message.split('"').nth(1).unwrap_or(message).to_owned()
}

fn rejection(call: Call, status: &Status) -> Error {
    // The server quotes the refused value, which for a Secret must not reach a log.
    let secret = &*call.resource == "secrets";
    let shown = |message: &str| {
        // Some kinds append a diff of Go values, line by line.
        let message = message.lines().next().unwrap_or_default();
        match message.find(['"', '{']) {
            Some(at) if secret => format!("{}(sensitive value)", message.get(..at).unwrap_or_default()),
            Some(_) | None => message.to_owned(),
        }
    };
    let mut rejections: Vec<_> = causes(status)
        .iter()
        .map(|cause| FieldRejection {
            field: cause.field.clone(),
            message: shown(&cause.message),
            immutable: is_immutable(&cause.message),
        })
        .collect();
    if rejections.is_empty() {
        let immutable = is_immutable(&status.message);
        let message = if secret {
            format!("{} (message withheld)", status.reason)
        } else {
            status.message.clone()
        };
        rejections.push(FieldRejection {
            field: String::new(),
            message,
            immutable,
        });
    }
    Error::Rejected { call, rejections }
}

/// The API has no code for "immutable": each kind's validation words it in one of these ways.
fn is_immutable(message: &str) -> bool {
    [
        "immutable",
        "updates to ",
        "may not be changed",
        "may not change once set",
        "cannot be changed",
    ]
    .iter()
    .any(|words| message.contains(words))
}

fn has_cause(status: &Status, reason: &str) -> bool {
    causes(status).iter().any(|cause| cause.reason == reason)
}

fn causes(status: &Status) -> &[StatusCause] {
    status.details.as_ref().map_or(&[], |details| &details.causes)
}

fn retry_after(headers: &HeaderMap, status: &Status) -> Option<Duration> {
    let header = headers
        .get(header::RETRY_AFTER)
        .and_then(|value| value.to_str().ok()?.trim().parse().ok());
    let details = status
        .details
        .as_ref()
        .map(|details| u64::from(details.retry_after_seconds))
        .filter(|&s| s > 0);
    header.or(details).map(Duration::from_secs)
}

/// Whether a body says of itself what it is; every field of a [`Status`] may be missing, so any JSON can be read as
/// one.
fn is_status(body: &[u8]) -> bool {
    serde_json::from_slice::<Value>(body).is_ok_and(|body| body.get("kind").is_some_and(|kind| kind == "Status"))
}

fn excerpt(body: &[u8]) -> String {
    String::from_utf8_lossy(body)
        .trim()
        .chars()
        .take(LONGEST_TEXT)
        .collect()
}

#[cfg(test)]
mod tests {
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
}
