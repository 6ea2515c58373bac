//! What a plan of an alias shows and refuses.

use tf_framework::Attr;
use tf_framework::context::Context;
use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use tf_framework::lifecycle::plan::Action;
use tf_framework::path::Path;
use tf_framework::resource::{Draft, Plan};

use super::super::account::Account;
use super::super::zone::{self, Fit};
use super::model::DnsAliasModel;
use super::record::Goal;
use super::{DnsAliasResource, record, steps};
use crate::kubernetes::diagnostics::ATTRIBUTE as KUBERNETES;
use crate::provider::Clients;

/// Refuses what does not say, in one way, where the name leads.
pub(super) fn validate(config: &Draft<DnsAliasResource>, diagnostics: &mut Diagnostics) {
    if let Attr::Known(kubernetes) = &config.kubernetes {
        kubernetes.validate(&Path::new(KUBERNETES), diagnostics);
    }
    let problem = match (&config.target, &config.ingress) {
        (Attr::Null, Attr::Null) => {
            "Give `target`, the host name of a load balancer, or `ingress`, which is waited for."
        }
        (Attr::Known(_), Attr::Known(_)) => {
            "`target` and `ingress` both say where the name leads. Leave one of them out."
        }
        _ => return,
    };
    diagnostics.push(Diagnostic::error("One target is needed", problem).at(DnsAliasModel::TARGET));
}

/// Makes the plan show that what differs will be repaired, and that the name may lead elsewhere then.
pub(super) fn show_outcome(plan: &mut Plan<'_, '_, DnsAliasResource>) {
    if plan.action() == Action::Delete {
        return;
    }
    plan.set(DnsAliasModel::DRIFT, &Vec::<String>::new());
    if plan.prior.is_some() && plan.changed(DnsAliasModel::DRIFT) {
        plan.set_unknown(DnsAliasModel::HOSTNAME);
    }
}

/// Refuses, before anything is made, a zone that is not there or does not have the name, and a name that is taken.
pub(super) async fn check(
    cx: &Context<DnsAliasResource>,
    plan: &Plan<'_, '_, DnsAliasResource>,
) -> Result<(), Diagnostics> {
    let is_creation = plan.prior.is_none();
    let Some(planned) = plan.planned().filter(|_| is_creation && !cx.clients().is_aws_unknown()) else {
        return Ok(());
    };
    let (Attr::Known(zone), Attr::Known(name)) = (planned.hosted_zone_id, planned.name) else {
        return Ok(());
    };
    let account = Clients::aws(cx).await?;
    let names = [(DnsAliasModel::NAME, name.as_str())];
    zone::check(&account, (DnsAliasModel::HOSTED_ZONE_ID, &zone), &names, Fit::Any).await?;
    // Whether it leads where it should can be told when that is known.
    let (Attr::Known(target), Attr::Known(false)) = (planned.target, planned.allow_overwrite) else {
        return Ok(());
    };
    let records = account
        .records(&zone, &name)
        .await
        .unwrap_or_default()
        .unwrap_or_default();
    let goal = Goal {
        name: name.clone(),
        hostname: record::without_prefix(&target),
        zone_id: String::new(),
        dualstack: true,
    };
    match goal.others(&records) {
        others if others.is_empty() => Ok(()),
        others => Err(steps::taken(&zone, &name, &others)),
    }
}

pub(super) async fn check_zone(account: &Account, model: &DnsAliasModel) -> Result<(), Diagnostics> {
    let zone = (DnsAliasModel::HOSTED_ZONE_ID, model.hosted_zone_id.as_str());
    zone::check(account, zone, &[(DnsAliasModel::NAME, &model.name)], Fit::Any).await
}
