//! What happens around every call: a span, its log lines, its dumps, and an answer even to a panic.

use std::future::Future;
use std::time::Instant;

use tfplugin::tfplugin6 as proto;
use tfplugin::tfplugin6::diagnostic::Severity;
use tonic::{Response, Status};
use tracing::{Instrument, Span};

use crate::diagnostics::Diagnostics;
use crate::panic::catch_panics;
use crate::server::dumps::{AnyPayload, Dumps, Payload};
use crate::server::keys;
use crate::server::rpc::answer::Answer;

/// One call, for the log.
pub(super) struct Call<'a> {
    rpc: &'static str,
    provider_address: &'static str,
    resource: Option<&'a str>,
    data_source: Option<&'a str>,
    ephemeral: Option<&'a str>,
    function: Option<&'a str>,
    request: Option<&'a dyn AnyPayload>,
    dumps: &'a Dumps,
}

impl<'a> Call<'a> {
    pub(super) fn new(provider_address: &'static str, rpc: &'static str, dumps: &'a Dumps) -> Self {
        Call {
            rpc,
            provider_address,
            resource: None,
            data_source: None,
            ephemeral: None,
            function: None,
            request: None,
            dumps,
        }
    }

    /// With the values of this request, to be dumped.
    pub(super) fn carrying(mut self, request: &'a dyn AnyPayload) -> Self {
        self.request = Some(request);
        self
    }

    pub(super) fn of_resource(mut self, type_name: &'a str) -> Self {
        self.resource = Some(type_name);
        self
    }

    pub(super) fn of_data_source(mut self, type_name: &'a str) -> Self {
        self.data_source = Some(type_name);
        self
    }

    pub(super) fn of_ephemeral(mut self, type_name: &'a str) -> Self {
        self.ephemeral = Some(type_name);
        self
    }

    pub(super) fn of_function(mut self, name: &'a str) -> Self {
        self.function = Some(name);
        self
    }

    /// What all lines of the call have in common.
    pub(super) fn span(&self) -> Span {
        tracing::info_span!(
            "rpc",
            { keys::PROVIDER_ADDRESS } = self.provider_address,
            { keys::PROTOCOL_VERSION } = "6",
            { keys::RPC } = self.rpc,
            { keys::REQUEST_ID } = %uuid::Uuid::new_v4(),
            { keys::RESOURCE_TYPE } = self.resource,
            { keys::DATA_SOURCE_TYPE } = self.data_source,
            { keys::EPHEMERAL_RESOURCE_TYPE } = self.ephemeral,
            { keys::FUNCTION_NAME } = self.function,
        )
    }

    /// Runs the call and turns failures and panics into an answer with diagnostics.
    ///
    /// It is never a gRPC error: the core would drop the state that comes with it.
    pub(super) async fn answer<T: Answer + Payload>(
        self,
        handler: impl Future<Output = Result<T, Diagnostics>>,
    ) -> Result<Response<T>, Status> {
        let answered = async {
            tracing::trace!("received request");
            if let Some(request) = self.request {
                request.dump(self.dumps, self.rpc);
            }
            let began = Instant::now();
            let answer = match catch_panics(handler).await {
                Ok(Ok(answer)) => answer,
                Ok(Err(failure)) => T::failed(failure.or_bug()),
                Err(panic) => T::failed(panic.into()),
            };
            self.dumps.write(self.rpc, &answer);
            log_answer(answer.diagnostics(), began);
            answer
        };
        Ok(Response::new(answered.instrument(self.span()).await))
    }
}

/// Logs how a call ended. Details of diagnostics stay out of the log: unlike summaries, they quote values.
fn log_answer(diagnostics: &[proto::Diagnostic], began: Instant) {
    let (errors, warnings): (Vec<_>, Vec<_>) = diagnostics
        .iter()
        .partition(|diagnostic| diagnostic.severity() == Severity::Error);
    for error in &errors {
        tracing::error!({ keys::DIAGNOSTIC_SUMMARY } = error.summary, "the answer has an error");
    }
    tracing::trace!(
        { keys::REQUEST_DURATION } = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
        { keys::ERROR_COUNT } = errors.len(),
        { keys::WARNING_COUNT } = warnings.len(),
        "served request"
    );
}
