//! Plan: what applying a configuration would do to an object.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::context::{Report, Scope};
use crate::diagnostics::Diagnostics;
use crate::lifecycle::identity;
use crate::lifecycle::plan::{Planned, Planning};
use crate::operations::identity::of;
use crate::operations::task::{self, Limit};
use crate::resource::erased::DynResource;
use crate::value::Value;

/// What the core asks for.
pub(crate) struct PlanRequest {
    pub(crate) prior: Value,
    pub(crate) proposed: Value,
    pub(crate) config: Value,
    pub(crate) private: Vec<u8>,
    pub(crate) identity: Option<Value>,
}

/// A finished plan, and what will name the object as far as that is known.
#[derive(Debug)]
pub(crate) struct IdentifiedPlan {
    pub(crate) planned: Planned,
    pub(crate) private: Vec<u8>,
    pub(crate) identity: Option<Value>,
}

/// Plans a change. What the author keeps beside the state goes with the plan: where the core replaces an object, it comes
/// back when the creation of the new one is planned, of whose prior state nothing is told.
pub(crate) async fn plan<C: Send + Sync + 'static>(
    resource: &dyn DynResource<C>,
    clients: Arc<C>,
    request: &PlanRequest,
    stop: &CancellationToken,
) -> (Result<IdentifiedPlan, Diagnostics>, Diagnostics) {
    let report = Arc::new(Report::with_private(&request.private));
    // Plans have no limit of their own in `timeouts`; like a refresh, they only look.
    let limit = Limit::Read.of(resource.schema(), &request.config);
    let cancel = stop.child_token();
    let scope = Scope::new(clients, Limit::Read.name(), limit, cancel.clone(), Arc::clone(&report));
    let planned = task::guard(plan_with(resource, scope, &report, request), &cancel, limit).await;
    (planned, report.take_warnings())
}

async fn plan_with<C>(
    resource: &dyn DynResource<C>,
    scope: Scope<C>,
    report: &Report,
    request: &PlanRequest,
) -> Result<IdentifiedPlan, Diagnostics> {
    let mut planning = Planning::new(resource.schema(), &request.prior, &request.proposed, &request.config)?;
    resource.modify_plan(scope, &mut planning).await?;
    let planned = planning.finish()?;
    let from_plan = of(resource, &planned.value).await?;
    let replaced = !planned.requires_replace.is_empty();
    let identity = identity::planned(request.identity.clone(), from_plan, replaced)?;
    Ok(IdentifiedPlan {
        planned,
        private: report.private(),
        identity,
    })
}
