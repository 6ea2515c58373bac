//! What a plan asks AWS before anything is made: whether machines, image, subnets and cluster go together, and whether
//! there is room for them.
//!
//! Only what is known can be asked about, and only what is new or changes. Whoever may not look may plan all the same.
//! What follows from the answers is in `judgment`, and what quotas leave in `quota`.

mod judgment;
mod quota;

use aws_sdk_ec2::types::InstanceTypeOffering;
use tf_framework::Attr;
use tf_framework::context::Context;
use tf_framework::diagnostics::{Diagnostic, Diagnostics, Severity};
use tf_framework::lifecycle::plan::Action;
use tf_framework::resource::Plan;

use self::judgment::{Facts, Wanted};
use self::quota::Growth;
use super::super::account::Account;
use super::super::diagnostics::explained;
use super::super::ec2::filter;
use super::super::error::Error;
use super::super::login_end;
use super::NodeGroupResource;
use super::model::NodeGroupModel;
use super::plan::known;
use crate::provider::Clients;

const SUMMARY: &str = "Unable to check the node group";

/// Asks AWS whether what is planned can be.
pub(super) async fn check(
    cx: &Context<NodeGroupResource>,
    plan: &Plan<'_, '_, NodeGroupResource>,
) -> Result<(), Diagnostics> {
    let is_asked = !matches!(plan.action(), Action::Delete | Action::NoChange);
    let Some(planned) = plan.planned().filter(|_| is_asked && !cx.clients().is_aws_unknown()) else {
        return Ok(());
    };
    let is_new = plan.prior.is_none() || !plan.requires_replace().is_empty();
    let is_due = |attribute| is_new || plan.changed(attribute);
    let subnets = planned.subnet_ids.known().cloned();
    let subnets: Option<Vec<String>> = subnets.and_then(|ids| ids.0.into_iter().map(Attr::into_known).collect());
    let sizes = planned.scaling_config.known();
    let machines = sizes.and_then(|sizes| {
        let (least, most) = (*sizes.min_size.known()?, *sizes.max_size.known()?);
        let first = sizes.desired_size.known().copied().unwrap_or(least);
        Some((i32::from(first.max(1)), i32::from(most)))
    });
    let wanted = Wanted {
        types: known(&planned.instance_types).filter(|_| is_due(NodeGroupModel::INSTANCE_TYPES)),
        image: planned.ami_type.known().cloned(),
        subnets: subnets.filter(|_| is_new),
        version: planned
            .version
            .known()
            .cloned()
            .filter(|_| is_due(NodeGroupModel::VERSION)),
        machines,
    };
    let growth = Growth::of(plan, &planned, is_new);
    if wanted.is_nothing() && growth.is_none() {
        return Ok(());
    }
    let account = Clients::aws(cx).await?;
    if plan.prior.is_none()
        && let Some(warning) = login_end::warning::<NodeGroupModel>(&account, "node group", &plan.config.timeouts).await
    {
        cx.warn(warning);
    }
    let facts = ask(&account, &wanted, planned.cluster_name.known()).await?;
    let (mut errors, warning) = judgment::judge(&wanted, &facts);
    let room = match &growth {
        Some(growth) => quota::check(&account, growth, facts.types.as_deref()).await,
        None => None,
    };
    for told in warning.into_iter().chain(room) {
        match told.severity {
            Severity::Error => errors.push(told),
            Severity::Warning => cx.warn(told),
        }
    }
    errors.into_result(())
}

async fn ask(account: &Account, wanted: &Wanted, cluster: Option<&String>) -> Result<Facts, Diagnostics> {
    let mut facts = Facts::default();
    if wanted.is_nothing() {
        return Ok(facts);
    }
    if let Some(name) = cluster {
        // One that is not there yet may be made by the same apply.
        facts.cluster = match account.describe_cluster(name).await {
            Err(error) if error.is_not_found() => None,
            described => if_allowed(described)?,
        };
    }
    if let Some(types) = &wanted.types {
        facts.types = if_allowed(account.machine_types(types).await)?;
        let is_known = |kind: &&String| {
            let mut known = facts.types.iter().flatten();
            known.any(|known| known.instance_type().is_some_and(|name| name.as_str() == kind.as_str()))
        };
        if facts.types.is_some()
            && let Some(unknown) = types.iter().find(|kind| !is_known(kind))
        {
            return Err(no_such_type(unknown));
        }
        if wanted.subnets.is_some() {
            facts.offered = if_allowed(offers(account, types).await)?;
        }
    }
    if let Some(ids) = &wanted.subnets {
        facts.subnets = if_allowed(account.subnets(vec![filter("subnet-id", ids)]).await)?;
    }
    Ok(facts)
}

/// In which zones types of machines are offered: pairs of both.
async fn offers(account: &Account, types: &[String]) -> Result<Vec<(String, String)>, Error> {
    let offers = account.offerings_in_zones(vec![filter("instance-type", types)]).await?;
    let pair = |offer: InstanceTypeOffering| Some((offer.instance_type?.as_str().to_owned(), offer.location?));
    Ok(offers.into_iter().filter_map(pair).collect())
}

/// An answer; nothing if it is not for whoever asks.
fn if_allowed<T>(answer: Result<T, Error>) -> Result<Option<T>, Diagnostics> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(Error::Denied { .. }) => Ok(None),
        Err(error) => Err(explained(SUMMARY)(error)),
    }
}

fn no_such_type(name: &str) -> Diagnostics {
    let detail = format!("The region has no machines of the type `{name}`. Types are like `m7g.xlarge`.");
    let error = Diagnostic::error("Type of machines does not exist", detail);
    error.at(NodeGroupModel::INSTANCE_TYPES).into()
}
