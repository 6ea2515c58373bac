//! Apply: makes, changes or removes an object, and answers with the state as far as it is real.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::diagnostics::{Diagnostic, Diagnostics, Severity};
use crate::lifecycle::check::assert_apply_valid;
use crate::lifecycle::normalize::{normalize, without_write_only};
use crate::lifecycle::write_only::overlay_write_only;
use crate::operations::task::{self, Limit, Outcome};
use crate::resource::erased::{DynResource, Operation};
use crate::schema::Schema;
use crate::value::Value;

/// What the core asks for.
pub(crate) struct ApplyRequest {
    pub(crate) prior: Value,
    pub(crate) planned: Value,
    pub(crate) config: Value,
    pub(crate) private: Vec<u8>,
}

/// A state, what belongs to it, and what the user should know.
#[derive(Debug, Default)]
pub(crate) struct StateAnswer {
    pub(crate) state: Value,
    pub(crate) private: Vec<u8>,
    pub(crate) diagnostics: Diagnostics,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Change {
    Create,
    Update,
    Delete,
}

/// Applies a planned change.
pub(crate) async fn apply<C: Send + Sync + 'static>(
    resource: &dyn DynResource<C>,
    clients: Arc<C>,
    request: ApplyRequest,
    stop: &CancellationToken,
) -> StateAnswer {
    let schema = resource.schema();
    let ApplyRequest {
        prior,
        planned,
        config,
        private,
    } = request;
    // What is write-only is in the configuration alone; the operation is the one time at which it can be used.
    let desired = overlay_write_only(schema, &planned, &config);
    let (change, operation, limit) = match (&prior, &planned) {
        (Value::Null, _) => (
            Change::Create,
            Operation::Create {
                planned: desired.clone(),
            },
            Limit::Create,
        ),
        (_, Value::Null) => (
            Change::Delete,
            Operation::Delete { state: prior.clone() },
            Limit::Delete,
        ),
        _ => {
            let operation = Operation::Update {
                prior: prior.clone(),
                planned: desired.clone(),
            };
            (Change::Update, operation, Limit::Update)
        }
    };
    let time = limit.of(schema, if change == Change::Delete { &prior } else { &planned });
    let outcome = task::run(resource, clients, operation, (limit, time), &private, stop).await;
    conclude(schema, change, &prior, &planned, outcome)
}

fn conclude(schema: &Schema, change: Change, prior: &Value, planned: &Value, outcome: Outcome) -> StateAnswer {
    let Outcome {
        result,
        checkpoint,
        private,
        warnings,
    } = outcome;
    let mut diagnostics = warnings;
    let state = match result {
        Ok(_) if change == Change::Delete => Value::Null,
        Ok(made) => {
            let made = normalize(schema, planned, made);
            diagnostics.append(assert_apply_valid(schema, planned, &made));
            made
        }
        Err(failure) => {
            let failure = if change == Change::Create && checkpoint.is_some() {
                explain_taint(failure)
            } else {
                failure
            };
            diagnostics.append(failure);
            let real = checkpoint.unwrap_or_else(|| prior.clone());
            without_write_only(schema, real)
        }
    };
    StateAnswer {
        state: settled(state),
        private,
        diagnostics,
    }
}

/// The value with null for everything unknown: a state has no place for it.
pub(super) fn settled(value: Value) -> Value {
    match value {
        Value::Unknown(_) => Value::Null,
        Value::List(elements) => Value::List(elements.into_iter().map(settled).collect()),
        Value::Set(elements) => Value::set(elements.into_iter().map(settled)),
        Value::Map(elements) => Value::Map(
            elements
                .into_iter()
                .map(|(key, element)| (key, settled(element)))
                .collect(),
        ),
        Value::Object(attributes) => Value::Object(
            attributes
                .into_iter()
                .map(|(name, value)| (name, settled(value)))
                .collect(),
        ),
        Value::Dynamic(typed) if typed.1.is_unknown() => Value::Null,
        Value::Dynamic(typed) => Value::Dynamic(Box::new((typed.0, settled(typed.1)))),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value,
    }
}

/// Tells how to go on after a creation that failed half-way.
fn explain_taint(failure: Diagnostics) -> Diagnostics {
    let mut explained = Diagnostics::new();
    let mut told = false;
    for mut diagnostic in failure {
        if diagnostic.severity == Severity::Error && !told {
            told = true;
            diagnostic.detail.push_str(
                "\n\nWhat was made so far is in the state, marked as tainted: the next apply replaces it. To let the next \
                 apply finish it in place instead, `untaint` the resource first.",
            );
        }
        explained.push(diagnostic);
    }
    if explained.is_empty() {
        explained.push(Diagnostic::bug("The creation failed without an error."));
    }
    explained
}
