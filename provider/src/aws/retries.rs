//! Which calls are made again: what the SDK does not know of a call when it failed.
//!
//! After throttling, failures of a service, and answers that were lost, clients of the SDK call again by themselves,
//! whichever call it is. But a second call may make a second thing, and keys may have been replaced meanwhile.

use std::cell::Cell;

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeTransmitInterceptorContextRef, Error, InterceptorContext,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpResponse, OrchestratorError};
use aws_smithy_runtime_api::client::retries::classifiers::{ClassifyRetry, RetryAction};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use aws_smithy_types::retry::ErrorKind;
use tokio::task::futures::TaskLocalFuture;

use super::failure;
use super::keys::Keys;
use super::refusal::{EXPIRED, THROTTLED};

tokio::task_local! {
    /// The call that is being made.
    static CALL: Made;
}

/// What is known of a call where it is made.
#[derive(Debug)]
pub(super) struct Made {
    /// Whether a second call could make a second thing.
    is_once: bool,
    /// What became of the keys that it is signed with.
    keys: Cell<Signed>,
}

/// With which keys a call is signed.
#[derive(Clone, Copy, Debug)]
enum Signed {
    /// With those that there were.
    AsBefore,
    /// With those that there were, and they are too old.
    TooOld,
    /// With those that were fetched after that.
    Anew,
}

impl Made {
    /// A call that may be made again.
    pub(super) fn often() -> Self {
        Made {
            is_once: false,
            keys: Cell::new(Signed::AsBefore),
        }
    }

    /// A call that is made again only if it was certainly not carried out.
    pub(super) fn once() -> Self {
        Made {
            is_once: true,
            ..Made::often()
        }
    }

    /// The same call, as its client makes it.
    pub(super) fn by<F: Future>(self, sent: F) -> TaskLocalFuture<Made, F> {
        CALL.scope(self, sent)
    }
}

/// What clients ask when a call has failed.
#[derive(Clone, Debug)]
pub(super) struct Retries {
    keys: Keys,
}

impl Retries {
    /// For clients that sign with these keys.
    pub(super) fn new(keys: Keys) -> Self {
        Retries { keys }
    }
}

impl ClassifyRetry for Retries {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let Some(Err(error)) = context.output_or_error() else {
            return RetryAction::NoActionIndicated;
        };
        let answer = context.response();
        if answer.is_some_and(|answer| has_code(answer, &EXPIRED)) {
            return self.with_new_keys();
        }
        let is_once = CALL.try_with(|call| call.is_once).unwrap_or_default();
        if is_once && may_be_carried_out(error, answer) {
            return RetryAction::RetryForbidden;
        }
        RetryAction::NoActionIndicated
    }

    fn name(&self) -> &'static str {
        "what callers know"
    }
}

impl Retries {
    /// Keys may have been replaced meanwhile, as by another login: a call is made once more with those that there are.
    /// Each answer is judged more than once, and the same each time.
    fn with_new_keys(&self) -> RetryAction {
        let again = CALL.try_with(|call| match call.keys.get() {
            Signed::AsBefore => {
                call.keys.set(Signed::TooOld);
                self.keys.forget();
                true
            }
            Signed::TooOld => true,
            Signed::Anew => false,
        });
        match again {
            Ok(true) => RetryAction::retryable_error(ErrorKind::ClientError),
            _ => RetryAction::RetryForbidden,
        }
    }
}

impl Intercept for Retries {
    fn name(&self) -> &'static str {
        "what callers know"
    }

    fn read_before_attempt(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        // What is not made by an account has no call here.
        let _ = CALL.try_with(|call| {
            if matches!(call.keys.get(), Signed::TooOld) {
                call.keys.set(Signed::Anew);
            }
        });
        Ok(())
    }
}

/// Whether what was asked for may be done, although it was not answered so.
fn may_be_carried_out(error: &OrchestratorError<Error>, answer: Option<&HttpResponse>) -> bool {
    if let Some(error) = error.as_connector_error() {
        return !failure::is_unsent(error);
    }
    match answer {
        Some(answer) => answer.status().as_u16() >= 500 && !has_code(answer, &THROTTLED),
        None => true,
    }
}

/// Whether a service says one of these codes. Its answer is not read yet, and each protocol has another form for it.
fn has_code(answer: &HttpResponse, codes: &[&str]) -> bool {
    let body = answer.body().bytes().unwrap_or_default();
    let body = String::from_utf8_lossy(body);
    let header = answer.headers().get("x-amzn-errortype").unwrap_or_default();
    let is_error = !answer.status().is_success();
    is_error && codes.iter().any(|code| header.contains(code) || body.contains(code))
}

#[cfg(test)]
mod tests;
