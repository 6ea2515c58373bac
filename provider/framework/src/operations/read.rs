//! Read: refreshes a state, and looks up data.

use std::sync::Arc;

use crate::context::{Report, Scope};
use crate::data_source::DynDataSource;
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::lifecycle::check::assert_conforms;
use crate::lifecycle::plan::Planning;
use crate::operations::answer::{StateAnswer, in_known_spelling};
use crate::operations::identity::identified;
use crate::operations::surroundings::{Surroundings, conclude};
use crate::operations::task::{self, Limit};
use crate::resource::erased::{DynResource, Operation};
use crate::schema::Schema;
use crate::value::Value;

/// Reads the object of a state; a null state means that it is gone.
pub(crate) async fn read<C: Send + Sync + 'static>(
    resource: &dyn DynResource<C>,
    surroundings: Surroundings<C>,
    state: Value,
    private: &[u8],
    identity: Option<Value>,
) -> StateAnswer {
    if state.is_null() {
        return StateAnswer {
            private: private.to_vec(),
            ..StateAnswer::default()
        };
    }
    let schema = resource.schema();
    let limit = (Limit::Read, Limit::Read.of(schema, &state));
    let operation = Operation::Read { state: state.clone() };
    let deferral_allowed = surroundings.deferral_allowed;
    let outcome = task::run(resource, surroundings, operation, limit, private).await;
    let found = match outcome.result {
        Ok(live) => in_known_spelling(schema, &state, live)
            .await
            .and_then(|live| complete(schema, live, "the resource")),
        Err(failure) => Err(failure),
    };
    let mut answer = StateAnswer {
        private: outcome.private,
        diagnostics: outcome.warnings,
        ..StateAnswer::default()
    };
    answer.state = found.unwrap_or_else(|failure| {
        answer.deferral = conclude(failure, deferral_allowed, &mut answer.diagnostics);
        state
    });
    identified(resource, identity, answer).await
}

/// Looks up the data of a configuration.
pub(crate) async fn read_data<C: Send + Sync + 'static>(
    data_source: &dyn DynDataSource<C>,
    surroundings: Surroundings<C>,
    config: &Value,
) -> StateAnswer {
    let schema = data_source.schema();
    let report = Arc::new(Report::default());
    let limit = Limit::Read.of(schema, config);
    let cancel = surroundings.stop.child_token();
    let found = match surroundings.clients {
        Ok(clients) => {
            let scope = Scope::new(clients, Limit::Read.name(), limit, cancel.clone(), Arc::clone(&report));
            task::guard(data_source.read(scope, config), &cancel, limit).await
        }
        Err(failure) => Err(failure),
    };
    let found = found.and_then(|found| {
        if found.is_null() {
            return Err(Diagnostic::bug("Reading the data source found nothing and did not fail.").into());
        }
        complete(schema, found, "the data source")
    });
    let mut answer = StateAnswer {
        diagnostics: report.take_warnings(),
        ..StateAnswer::default()
    };
    match found {
        Ok(found) => answer.state = found,
        Err(failure) => {
            answer.deferral = conclude(failure, surroundings.deferral_allowed, &mut answer.diagnostics);
            if answer.deferral.is_some() {
                answer.state = undecided(schema, config);
            }
        }
    }
    answer
}

/// What is known of data that is looked up later: what the configuration says.
fn undecided(schema: &Schema, config: &Value) -> Value {
    Planning::new(schema, &Value::Null, config, config).map_or(Value::UNKNOWN, |planning| planning.planned().clone())
}

/// What was read, if it can be stored: nothing in it is unknown, and all of it is of the schema's type.
pub(super) fn complete(schema: &Schema, found: Value, what: &str) -> Result<Value, Diagnostics> {
    let mut defects = assert_conforms(schema, &found);
    if !found.is_wholly_known() {
        defects.push(Diagnostic::bug(format!("Reading {what} left attributes unknown.")));
    }
    defects.into_result(found)
}
