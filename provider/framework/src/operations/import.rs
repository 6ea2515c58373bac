//! Import: finds an object that is not in the state yet.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::lifecycle::normalize::without_write_only;
use crate::operations::apply::{StateAnswer, settled};
use crate::operations::task::{self, Limit};
use crate::resource::erased::{DynResource, Operation};
use crate::value::Value;

/// Finds the object with the id that the user gave.
pub(crate) async fn import<C: Send + Sync + 'static>(
    resource: &dyn DynResource<C>,
    clients: Arc<C>,
    id: String,
    stop: &CancellationToken,
) -> StateAnswer {
    let schema = resource.schema();
    let limit = (Limit::Read, Limit::Read.of(schema, &Value::Null));
    let outcome = task::run(resource, clients, Operation::Import { id }, limit, &[], stop).await;
    let mut answer = StateAnswer {
        private: outcome.private,
        diagnostics: outcome.warnings,
        ..StateAnswer::default()
    };
    match outcome.result {
        // The core reads the object next, so what is not known yet can be left open.
        Ok(found) => answer.state = settled(without_write_only(schema, found)),
        Err(failure) => answer.diagnostics.append(failure),
    }
    answer
}
