//! From what a client of AWS reports to an [`Error`].

use std::error::Error as StdError;
use std::sync::Arc;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_sts::operation::RequestId as _;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::{ConnectorError, SdkError};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use tf_framework::diagnostics::error_chain;

use super::error::{Call, Cause, Error};
use super::refusal::{Meaning, Refusal};

/// What a client of the SDK reports.
pub(super) fn of_client<E>(call: Call, error: SdkError<E, HttpResponse>) -> Error
where
    E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
{
    if let SdkError::ServiceError(answer) = &error {
        let meta = answer.err().meta();
        let refusal = Refusal {
            code: meta.code().unwrap_or_default().to_owned(),
            message: meta.message().unwrap_or_default().to_owned(),
            request_id: error.request_id().or(meta.request_id()).map(str::to_owned),
            status: answer.raw().status().as_u16(),
        };
        return of_refusal(call, refusal);
    }
    if let Some(failure) = of_credentials(&error) {
        return failure;
    }
    let is_timeout = match &error {
        SdkError::TimeoutError(_) => true,
        SdkError::DispatchFailure(failure) => failure.is_timeout(),
        _ => false,
    };
    if is_timeout {
        return Error::Timeout { call };
    }
    let make: fn(Call, Cause) -> Error = match &error {
        SdkError::DispatchFailure(failure) if failure.as_connector_error().is_some_and(is_unsent) => {
            |call, source| Error::Unreachable { call, source }
        }
        SdkError::DispatchFailure(_) => |call, source| Error::Exchange { call, source },
        SdkError::ResponseError(_) => |call, source| Error::Answer { call, source },
        _ => |_, source| Error::Prepare { source },
    };
    let source = match error.into_source() {
        Ok(source) => Cause::from(source),
        Err(error) => Arc::new(error),
    };
    make(call, source)
}

/// Whether nothing was sent, as there was no connection.
pub(super) fn is_unsent(error: &ConnectorError) -> bool {
    error.is_io() && !is_of_exchange(error)
}

/// Whether a connection is behind an error on which an exchange had begun.
fn is_of_exchange(error: &(dyn StdError + 'static)) -> bool {
    error.is::<hyper::Error>() || error.source().is_some_and(is_of_exchange)
}

/// What is wrong with the credentials, if that is behind an error.
pub(super) fn of_credentials(error: &(dyn StdError + 'static)) -> Option<Error> {
    if let Some(error) = error.downcast_ref::<CredentialsError>() {
        let source: Cause = Arc::new(Said(error_chain(error)));
        return Some(match error {
            CredentialsError::CredentialsNotLoaded(_) => Error::NoCredentials { source },
            _ => Error::Credentials { source },
        });
    }
    of_credentials(error.source()?)
}

/// What whoever has the keys reports.
pub(super) fn of_keys(error: CredentialsError) -> Error {
    of_credentials(&error).unwrap_or_else(no_provider)
}

/// There is nobody to ask for keys.
pub(super) fn no_provider() -> Error {
    Error::NoCredentials {
        source: Arc::new(Said("nothing is configured".to_owned())),
    }
}

/// What a service's refusal means.
pub(super) fn of_refusal(call: Call, source: Refusal) -> Error {
    let meaning = source.meaning();
    let source = Box::new(source);
    match meaning {
        Meaning::Expired => Error::Expired { call, source },
        Meaning::Invalid => Error::Invalid { call, source },
        Meaning::Denied => Error::Denied { call, source },
        Meaning::Throttled => Error::Throttled { call, source },
        Meaning::NotFound => Error::NotFound { call, source },
        Meaning::Failed => Error::Server { call, source },
        Meaning::Refused => Error::Refused { call, source },
    }
}

/// What a library says, where its error itself cannot be kept.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Said(String);
