//! Calls that go wrong once, or some times in a row.

use hyper::Method;
use serde_json::{Value, json};

/// Lets the next calls of a method, to a path that begins like this, go wrong.
#[derive(Debug, Clone)]
pub struct Disturbance {
    method: Method,
    path: String,
    times: usize,
    outcome: Outcome,
}

/// What comes of a call in place of its answer.
#[derive(Debug, Clone)]
pub(super) enum Outcome {
    /// Nothing is done.
    Answer(u16, Value),
    /// It is done, and a proxy loses the answer.
    DoneAndLost,
}

impl Disturbance {
    /// Nothing is done, and the answer is this one.
    #[must_use]
    pub fn answer(method: &Method, path: &str, status: u16, body: Value) -> Self {
        Self {
            method: method.clone(),
            path: path.to_owned(),
            times: 1,
            outcome: Outcome::Answer(status, body),
        }
    }

    /// The CHT fails in a way that it has no words for.
    #[must_use]
    pub fn server_error(method: &Method, path: &str) -> Self {
        Self::answer(method, path, 500, json!({ "code": 500, "error": "Server error" }))
    }

    /// Somebody else wrote the same document a moment before.
    #[must_use]
    pub fn conflict(method: &Method, path: &str) -> Self {
        Self::answer(
            method,
            path,
            409,
            json!({ "code": 409, "error": "Document update conflict." }),
        )
    }

    /// Too many log-ins failed.
    #[must_use]
    pub fn throttled(method: &Method, path: &str) -> Self {
        Self::answer(method, path, 429, json!({ "code": 429, "error": "Too Many Requests" }))
    }

    /// It is done, and a proxy loses the answer.
    #[must_use]
    pub fn lost(method: &Method, path: &str) -> Self {
        Self {
            outcome: Outcome::DoneAndLost,
            ..Self::answer(method, path, 0, Value::Null)
        }
    }

    /// The same, so many times in a row.
    #[must_use]
    pub fn times(mut self, times: usize) -> Self {
        self.times = times;
        self
    }
}

/// What comes of this call, if it goes wrong.
pub(super) fn next(disturbances: &mut Vec<Disturbance>, method: &Method, path: &str) -> Option<Outcome> {
    let position = disturbances
        .iter()
        .position(|one| one.method == *method && path.starts_with(&one.path))?;
    let disturbance = disturbances.get_mut(position)?;
    let outcome = disturbance.outcome.clone();
    disturbance.times -= 1;
    if disturbance.times == 0 {
        disturbances.remove(position);
    }
    Some(outcome)
}
