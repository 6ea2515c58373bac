//! Import: finds an object that is not in the state yet.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::lifecycle::check::assert_conforms;
use crate::lifecycle::normalize::without_write_only;
use crate::operations::apply::{StateAnswer, settled};
use crate::operations::task::{self, Limit};
use crate::resource::erased::{DynResource, Operation};
use crate::schema::Schema;
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
    match outcome.result.and_then(|found| importable(schema, found)) {
        Ok(found) => answer.state = found,
        Err(failure) => answer.diagnostics.append(failure),
    }
    answer
}

/// What was found as a state. The core reads the object next, so what is not known yet can be left open.
fn importable(schema: &Schema, found: Value) -> Result<Value, Diagnostics> {
    let found = settled(without_write_only(schema, found));
    if found.is_null() {
        return Err(Diagnostic::bug("The import found nothing and did not fail.").into());
    }
    assert_conforms(schema, &found).into_result(found)
}
