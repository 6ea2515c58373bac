//! Reads the server's refusals: an HTTP status, its headers and a `Status` body become an [`Error`].
//!
//! The facts: a server-side apply conflict is a 409 whose causes have the reason `FieldManagerConflict`; an invalid or
//! immutable field is a 422 with a cause for each field; throttling is a 429 with `Retry-After` in seconds. Proxies in
//! front of a server answer in HTML or plain text, so a body that is no `Status` is normal; but what is not there only
//! the server itself can tell, so a 404 without a `Status` says nothing.

#[cfg(test)]
mod tests;

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
