//! What a plan of a certificate shows and refuses.

use tf_framework::context::Context;
use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use tf_framework::lifecycle::plan::Action;
use tf_framework::resource::{Draft, Plan};

use super::super::account::Account;
use super::super::zone::{self, Fit};
use super::model::CertificateModel;
use super::{CertificateResource, status};
use crate::provider::Clients;

/// Refuses a name that stands there twice.
pub(super) fn validate(config: &Draft<CertificateResource>, diagnostics: &mut Diagnostics) {
    let (Some(first), Some(others)) = (config.domain_name.known(), config.subject_alternative_names.known()) else {
        return;
    };
    if others.0.iter().any(|name| name.known() == Some(first)) {
        let detail = format!("`{first}` is in the certificate already, as its `domain_name`. Leave it out here.");
        let error = Diagnostic::error("Name stands twice", detail);
        diagnostics.push(error.at(CertificateModel::SUBJECT_ALTERNATIVE_NAMES));
    }
}

/// Makes the plan show what follows from how far the certificate is.
pub(super) fn show_outcome(plan: &mut Plan<'_, '_, CertificateResource>) {
    if plan.action() == Action::Delete {
        return;
    }
    plan.set(CertificateModel::DRIFT, &Vec::<String>::new());
    let Some(prior) = &plan.prior else { return };
    let status = prior.status.known().map(String::as_str).unwrap_or_default();
    let waits = plan.planned_model().is_some_and(|planned| planned.waits());
    if status::is_hopeless(status) {
        plan.set_unknown(CertificateModel::STATUS);
        plan.require_replace(CertificateModel::STATUS);
    } else if status == status::PENDING && waits {
        // The next apply goes on with the wait.
        plan.set_unknown(CertificateModel::STATUS);
        plan.set_unknown(CertificateModel::NOT_AFTER);
    }
}

/// Asks AWS whether the zone is one in which the names can be proved, if it is new.
pub(super) async fn check(
    cx: &Context<CertificateResource>,
    plan: &Plan<'_, '_, CertificateResource>,
) -> Result<(), Diagnostics> {
    let is_new = plan.prior.is_none() || plan.changed(CertificateModel::HOSTED_ZONE_ID);
    if plan.action() == Action::Delete || !is_new || cx.clients().is_aws_unknown() {
        return Ok(());
    }
    match plan.planned_model() {
        Some(planned) => check_zone(&Clients::aws(cx).await?, &planned).await,
        None => Ok(()),
    }
}

/// Refuses a zone in which the names cannot be proved.
pub(super) async fn check_zone(account: &Account, model: &CertificateModel) -> Result<(), Diagnostics> {
    let Some(zone) = &model.hosted_zone_id else {
        return Ok(());
    };
    let others = model.subject_alternative_names.iter().flatten();
    let others = others.map(|name| (CertificateModel::SUBJECT_ALTERNATIVE_NAMES, name.as_str()));
    let names: Vec<_> = std::iter::once((CertificateModel::DOMAIN_NAME, model.domain_name.as_str()))
        .chain(others)
        .collect();
    zone::check(account, (CertificateModel::HOSTED_ZONE_ID, zone), &names, Fit::Public).await
}
