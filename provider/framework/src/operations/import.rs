//! Import: finds an object that is not in the state yet.

use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::identity::ImportBy;
use crate::lifecycle::check::assert_conforms;
use crate::lifecycle::normalize::without_write_only;
use crate::operations::answer::{StateAnswer, settled};
use crate::operations::identity;
use crate::operations::surroundings::{Surroundings, conclude};
use crate::operations::task::{self, Limit};
use crate::resource::erased::{DynResource, Operation};
use crate::schema::Schema;
use crate::value::Value;

/// Finds the object that the user named.
pub(crate) async fn import<C: Send + Sync + 'static>(
    resource: &dyn DynResource<C>,
    surroundings: Surroundings<C>,
    by: ImportBy<Value>,
) -> StateAnswer {
    let schema = resource.schema();
    let limit = (Limit::Read, Limit::Read.of(schema, &Value::Null));
    let given = match &by {
        ImportBy::Identity(identity) => Some(identity.clone()),
        ImportBy::Id(_) => None,
    };
    let deferral_allowed = surroundings.deferral_allowed;
    let outcome = task::run(resource, surroundings, Operation::Import { by }, limit, &[]).await;
    let mut answer = StateAnswer {
        private: outcome.private,
        diagnostics: outcome.warnings,
        ..StateAnswer::default()
    };
    let found = match outcome.result.and_then(|found| importable(schema, found)) {
        Ok(found) => identity::of(resource, &found).await.map(|identity| (found, identity)),
        Err(failure) => Err(failure),
    };
    match found {
        Ok((found, identity)) => {
            answer.state = found;
            // What names the object is known before all else is: the core reads the rest next.
            answer.identity = identity.or(given);
        }
        Err(failure) => answer.deferral = conclude(failure, deferral_allowed, &mut answer.diagnostics),
    }
    answer
}

/// What was found as a state. The core reads the object next, so what is not known yet can be left open.
pub(super) fn importable(schema: &Schema, found: Value) -> Result<Value, Diagnostics> {
    let found = settled(without_write_only(schema, found));
    if found.is_null() {
        return Err(Diagnostic::bug("The import found nothing and did not fail.").into());
    }
    assert_conforms(schema, &found).into_result(found)
}
