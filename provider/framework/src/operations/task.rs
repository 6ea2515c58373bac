//! Runs an operation of a resource on a task of its own.
//!
//! The transport drops the future of a call when the core resets its stream or dies; remote work must not be abandoned at
//! an arbitrary point because of that. So operations run on tasks, are asked to stop by a token, and are given some time
//! to do so. Whatever happens, panics included, what they reported up to then is kept.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use crate::context::{Report, Scope};
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::model::parse_duration;
use crate::panic::catch_panics;
use crate::resource::erased::{DynResource, Operation};
use crate::schema::{Schema, TimeoutDefaults};
use crate::value::Value;

/// How long an operation may go on after it was cancelled or its time was over, to leave things in order.
const GRACE: Duration = Duration::from_secs(30);

/// How an operation ended.
pub(crate) struct Outcome {
    /// The new value, or why there is none.
    pub(crate) result: Result<Value, Diagnostics>,
    /// The last state that was saved on the way.
    pub(crate) checkpoint: Option<Value>,
    /// What the resource keeps beside its state.
    pub(crate) private: Vec<u8>,
    /// What the user should know besides.
    pub(crate) warnings: Diagnostics,
}

/// Which limit of `timeouts` counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Limit {
    Create,
    Read,
    Update,
    Delete,
}

impl Limit {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Limit::Create => "create",
            Limit::Read => "read",
            Limit::Update => "update",
            Limit::Delete => "delete",
        }
    }

    /// The limit in the resource's `timeouts`, or else in its schema.
    pub(crate) fn of(self, schema: &Schema, resource: &Value) -> Duration {
        let configured = resource
            .attribute_or_null("timeouts")
            .attribute_or_null(self.name())
            .as_str();
        configured
            .and_then(parse_duration)
            .unwrap_or_else(|| self.default_of(&schema.timeouts))
    }

    fn default_of(self, defaults: &TimeoutDefaults) -> Duration {
        match self {
            Limit::Create => defaults.create,
            Limit::Read => defaults.read,
            Limit::Update => defaults.update,
            Limit::Delete => defaults.delete,
        }
    }
}

/// Runs the operation until it ends, or is ended because it overstayed its time and the grace after it.
pub(crate) async fn run<C: Send + Sync + 'static>(
    resource: &dyn DynResource<C>,
    clients: Arc<C>,
    operation: Operation,
    limit: (Limit, Duration),
    private: &[u8],
    stop: &CancellationToken,
) -> Outcome {
    let cancel = stop.child_token();
    // Dropping this call asks the operation to stop, even though nobody will hear of its outcome.
    let _cancel_when_dropped = cancel.clone().drop_guard();
    let report = Arc::new(Report::with_private(decode_private(private)));
    let scope = Scope::new(clients, limit.0.name(), limit.1, cancel.clone(), Arc::clone(&report));
    let future = resource.run(scope, operation);
    let mut task = tokio::spawn(catch_panics(future).instrument(tracing::Span::current()));
    let result = tokio::select! {
        ended = &mut task => match ended {
            Ok(Ok(result)) => result,
            Ok(Err(panic)) => Err(Diagnostic::bug(format!("The provider panicked: {panic}.")).into()),
            Err(error) => Err(Diagnostic::bug(format!("The operation's task was lost: {error}.")).into()),
        },
        () = overstayed(&cancel, limit.1) => {
            task.abort();
            Err(Diagnostics::error(
                "Operation did not stop",
                format!(
                    "The operation was cancelled or its time was over, and it did not end within {} seconds after that, so \
                     it was ended by force. Check what it left before the next apply.",
                    GRACE.as_secs()
                ),
            ))
        }
    };
    Outcome {
        result,
        checkpoint: report.checkpoint(),
        private: encode_private(&report.private()),
        warnings: report.take_warnings(),
    }
}

/// Ends when the operation has had its time, or was cancelled, and has had the grace after that too.
async fn overstayed(cancel: &CancellationToken, limit: Duration) {
    tokio::select! {
        () = cancel.cancelled() => {}
        () = tokio::time::sleep(limit) => {}
    }
    tokio::time::sleep(GRACE).await;
}

/// Private state that cannot be read counts as none: it holds nothing that a resource cannot do without.
pub(crate) fn decode_private(bytes: &[u8]) -> serde_json::Value {
    serde_json::from_slice(bytes).unwrap_or_default()
}

fn encode_private(private: &serde_json::Value) -> Vec<u8> {
    if private.is_null() {
        Vec::new()
    } else {
        private.to_string().into_bytes()
    }
}
