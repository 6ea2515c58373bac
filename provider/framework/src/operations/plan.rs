//! Plan: what applying a configuration would do to an object.
//!
//! Where the resource cannot say yet, the plan is what follows from schema and configuration alone.

use std::sync::Arc;

use crate::context::{Report, Scope};
use crate::diagnostics::{Deferral, Diagnostics};
use crate::lifecycle::identity;
use crate::lifecycle::plan::{Planned, Planning};
use crate::operations::identity::of;
use crate::operations::surroundings::Surroundings;
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
    /// Why there is no better plan yet.
    pub(crate) deferral: Option<Deferral>,
}

/// Plans a change. What the author keeps beside the state goes with the plan: where the core replaces an object, it
/// comes back when the creation of the new one is planned, of whose prior state nothing is told.
pub(crate) async fn plan<C: Send + Sync + 'static>(
    resource: &dyn DynResource<C>,
    surroundings: Surroundings<C>,
    request: &PlanRequest,
) -> (Result<IdentifiedPlan, Diagnostics>, Diagnostics) {
    let report = Arc::new(Report::with_private(&request.private));
    // Plans have no limit of their own in `timeouts`; like a refresh, they only look.
    let limit = Limit::Read.of(resource.schema(), &request.config);
    let cancel = surroundings.stop.child_token();
    let planned = match surroundings.clients {
        Ok(clients) => {
            let scope = Scope::new(clients, Limit::Read.name(), limit, cancel.clone(), Arc::clone(&report));
            task::guard(plan_with(resource, Some(scope), &report, request), &cancel, limit).await
        }
        Err(failure) => Err(failure),
    };
    let mut warnings = report.take_warnings();
    let deferred = match planned {
        Ok(planned) => return (Ok(planned), warnings),
        Err(failure) => deferred(failure, surroundings.deferral_allowed, &mut warnings),
    };
    let planned = match deferred {
        Ok(deferral) => {
            let planned = task::guard(plan_with(resource, None, &report, request), &cancel, limit).await;
            planned.map(|planned| IdentifiedPlan { deferral, ..planned })
        }
        Err(failure) => Err(failure),
    };
    (planned, warnings)
}

/// The deferral of a plan that the schema alone makes, if there can be such a plan instead of the failure.
fn deferred(failure: Diagnostics, allowed: bool, told: &mut Diagnostics) -> Result<Option<Deferral>, Diagnostics> {
    // Where nothing is deferred, a provider whose configuration is not known yet has to plan what its objects become.
    if !allowed && failure.deferral() == Some(Deferral::ProviderConfigUnknown) {
        return Ok(None);
    }
    let (deferral, warnings) = failure.deferred(allowed)?;
    told.append(warnings);
    Ok(Some(deferral))
}

/// Plans by the schema, and shapes the plan with the resource's hook if that can be used.
async fn plan_with<C>(
    resource: &dyn DynResource<C>,
    scope: Option<Scope<C>>,
    report: &Report,
    request: &PlanRequest,
) -> Result<IdentifiedPlan, Diagnostics> {
    let mut planning = Planning::new(resource.schema(), &request.prior, &request.proposed, &request.config)?;
    if let Some(scope) = scope {
        resource.modify_plan(scope, &mut planning).await?;
    }
    let planned = planning.finish()?;
    let from_plan = of(resource, &planned.value).await?;
    let replaced = !planned.requires_replace.is_empty();
    let identity = identity::planned(request.identity.clone(), from_plan, replaced)?;
    Ok(IdentifiedPlan {
        planned,
        private: report.private(),
        identity,
        deferral: None,
    })
}
