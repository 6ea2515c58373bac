//! Read: refreshes a state, and looks up data.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::context::{Report, Scope};
use crate::data_source::DynDataSource;
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::lifecycle::normalize::normalize;
use crate::operations::apply::StateAnswer;
use crate::operations::task::{self, Limit};
use crate::resource::erased::{DynResource, Operation};
use crate::value::Value;

/// Reads the object of a state; a null state means that it is gone.
pub(crate) async fn read<C: Send + Sync + 'static>(
    resource: &dyn DynResource<C>,
    clients: Arc<C>,
    state: Value,
    private: &[u8],
    stop: &CancellationToken,
) -> StateAnswer {
    let schema = resource.schema();
    let limit = (Limit::Read, Limit::Read.of(schema, &state));
    let outcome = task::run(
        resource,
        clients,
        Operation::Read { state: state.clone() },
        limit,
        private,
        stop,
    )
    .await;
    let mut diagnostics = outcome.warnings;
    let new_state = match outcome.result {
        Ok(live) => {
            let live = normalize(schema, &state, live);
            if live.is_wholly_known() {
                live
            } else {
                diagnostics.push(Diagnostic::bug("Reading the resource left attributes unknown."));
                state
            }
        }
        Err(failure) => {
            diagnostics.append(failure);
            state
        }
    };
    StateAnswer {
        state: new_state,
        private: outcome.private,
        diagnostics,
    }
}

/// Looks up the data of a configuration.
pub(crate) async fn read_data<C: Send + Sync + 'static>(
    data_source: &dyn DynDataSource<C>,
    clients: Arc<C>,
    config: &Value,
    stop: &CancellationToken,
) -> (Value, Diagnostics) {
    let report = Arc::new(Report::default());
    let limit = Limit::Read.of(data_source.schema(), config);
    let scope = Scope::new(
        clients,
        Limit::Read.name(),
        limit,
        stop.child_token(),
        Arc::clone(&report),
    );
    let result = data_source.read(scope, config).await;
    let mut diagnostics = report.take_warnings();
    match result {
        Ok(found) if found.is_wholly_known() => (found, diagnostics),
        Ok(_) => {
            diagnostics.push(Diagnostic::bug("Reading the data source left attributes unknown."));
            (Value::Null, diagnostics)
        }
        Err(failure) => {
            diagnostics.append(failure);
            (Value::Null, diagnostics)
        }
    }
}
