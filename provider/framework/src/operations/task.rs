//! Runs an operation of a resource on a task of its own.
//!
//! The transport drops the future of a call when the core resets its stream or dies; remote work must not be abandoned
//! at an arbitrary point because of that. So operations run on tasks, are asked to stop by a token, and are given some
//! time to do so. Whatever happens, panics included, what they reported up to then is kept.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use crate::context::{Report, Scope};
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::model::parse_duration;
use crate::operations::surroundings::Surroundings;
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

impl Outcome {
    fn not_begun(failure: Diagnostics, private: &[u8]) -> Self {
        Outcome {
            result: Err(failure),
            checkpoint: None,
            private: private.to_vec(),
            warnings: Diagnostics::new(),
        }
    }
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
    surroundings: Surroundings<C>,
    operation: Operation,
    limit: (Limit, Duration),
    private: &[u8],
) -> Outcome {
    let clients = match surroundings.clients {
        Ok(clients) => clients,
        Err(failure) => return Outcome::not_begun(failure, private),
    };
    let cancel = surroundings.stop.child_token();
    // Dropping this call asks the operation to stop, even though nobody will hear of its outcome.
    let _cancel_when_dropped = cancel.clone().drop_guard();
    let report = Arc::new(Report::with_private(private));
    let scope = Scope::new(clients, limit.0.name(), limit.1, cancel.clone(), Arc::clone(&report));
    let operation = resource.run(scope, operation);
    let guarded = async move { guard(operation, &cancel, limit.1).await };
    let task = surroundings
        .operations
        .spawn(guarded.instrument(tracing::Span::current()));
    let result = match task.await {
        Ok(result) => result,
        Err(_) => Err(Diagnostic::bug("The task of the operation was lost.").into()),
    };
    Outcome {
        result,
        checkpoint: report.checkpoint(),
        private: report.private(),
        warnings: report.take_warnings(),
    }
}

/// Runs code of a resource or data source: a panic in it becomes an error, every failure has an error to show, and if
/// it goes on for too long after it was cancelled or its time was over, it is dropped at its next await.
pub(crate) async fn guard<T>(
    future: impl Future<Output = Result<T, Diagnostics>>,
    cancel: &CancellationToken,
    limit: Duration,
) -> Result<T, Diagnostics> {
    tokio::select! {
        // An outcome that is there counts, however late it is.
        biased;
        ended = catch_panics(future) => match ended {
            Ok(result) => result.map_err(Diagnostics::or_bug),
            Err(panic) => Err(panic.into()),
        },
        () = overstayed(cancel, limit) => Err(Diagnostics::error(
            "Operation did not stop",
            format!(
                "The operation was cancelled or its time was over, and it did not end within {} seconds after that, so it \
                 was ended by force. Check what it left before the next apply.",
                GRACE.as_secs()
            ),
        )),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{AttributeType, Timeouts};
    use crate::schema::Attribute;

    fn configured(limit: &str) -> Value {
        Value::object([("timeouts", Value::object([("delete", limit.into())]))])
    }

    #[test]
    fn a_limit_is_that_of_the_configuration_or_else_of_the_schema() {
        let mut schema = Schema {
            attributes: vec![Attribute::new::<Timeouts>("timeouts", "How long.")],
            ..Schema::default()
        };
        schema.timeouts.delete = Duration::from_secs(7);
        assert_eq!(Limit::Delete.of(&schema, &configured("2m")), Duration::from_secs(120));
        // What validation lets through is either a duration or not known yet.
        for without in [
            Value::Null,
            configured("soon"),
            Value::object([("timeouts", Value::UNKNOWN)]),
        ] {
            assert_eq!(
                Limit::Delete.of(&schema, &without),
                Duration::from_secs(7),
                "{without:?}"
            );
        }
        assert_eq!(
            Limit::Create.of(&schema, &configured("2m")),
            TimeoutDefaults::default().create
        );
        assert_eq!(Timeouts::kind().value_type(), schema.attributes[0].value_type());
    }

    #[tokio::test(start_paused = true)]
    async fn what_ends_within_the_grace_time_is_not_lost() {
        let late = async {
            tokio::time::sleep(Duration::from_secs(5) + GRACE / 2).await;
            Ok(1)
        };
        let outcome = guard(late, &CancellationToken::new(), Duration::from_secs(5)).await;
        assert_eq!(outcome, Ok(1));
    }

    #[tokio::test(start_paused = true)]
    async fn what_does_not_end_is_ended_after_the_grace_time() {
        let began = tokio::time::Instant::now();
        let cancel = CancellationToken::new();
        cancel.cancel();
        let outcome = guard(
            std::future::pending::<Result<(), Diagnostics>>(),
            &cancel,
            Duration::from_secs(3600),
        )
        .await;
        assert!(outcome.expect_err("ended").to_string().contains("did not stop"));
        assert_eq!(began.elapsed(), GRACE);
    }

    #[tokio::test]
    async fn a_failure_without_an_error_is_a_defect_and_not_a_success() {
        let silent = async { Err::<(), _>(Diagnostic::warning("Odd", "Nothing failed.").into()) };
        let outcome = guard(silent, &CancellationToken::new(), Duration::from_secs(1)).await;
        assert!(outcome.expect_err("a failure").has_errors());
    }
}
