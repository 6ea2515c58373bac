//! Plan: what applying a configuration would do to an object.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::context::{Report, Scope};
use crate::diagnostics::Diagnostics;
use crate::lifecycle::plan::{Planned, Planning};
use crate::operations::task::{Limit, decode_private};
use crate::resource::erased::DynResource;
use crate::value::Value;

/// What the core asks for.
pub(crate) struct PlanRequest {
    pub(crate) prior: Value,
    pub(crate) proposed: Value,
    pub(crate) config: Value,
    pub(crate) private: Vec<u8>,
}

/// Plans a change; the private state stays as it is until the plan is applied.
pub(crate) async fn plan<C: Send + Sync + 'static>(
    resource: &dyn DynResource<C>,
    clients: Arc<C>,
    request: &PlanRequest,
    stop: &CancellationToken,
) -> (Result<Planned, Diagnostics>, Diagnostics) {
    let report = Arc::new(Report::with_private(decode_private(&request.private)));
    let limit = Limit::Read.of(resource.schema(), &request.config);
    let scope = Scope::new(
        clients,
        Limit::Read.name(),
        limit,
        stop.child_token(),
        Arc::clone(&report),
    );
    let planned = plan_with(resource, scope, request).await;
    (planned, report.take_warnings())
}

async fn plan_with<C>(
    resource: &dyn DynResource<C>,
    scope: Scope<C>,
    request: &PlanRequest,
) -> Result<Planned, Diagnostics> {
    let mut planning = Planning::new(resource.schema(), &request.prior, &request.proposed, &request.config)?;
    resource.modify_plan(scope, &mut planning).await?;
    planning.finish()
}
