//! What a plan shows and refuses. Here are the rules that need the prior state, such as what CouchDB decides once.
//!
//! - [`data_guard`] refuses what would lose data, [`directories`] those that instances shared, [`version_support`]
//!   warns of versions that are not supported any more.
//! - [`trial`] asks the cluster what it would say. [`storage`] looks at what a plan asks of its volumes, [`zones`] at
//!   where they are, [`disks`] tells whether another instance has them, [`classes`] warns of classes that are not
//!   there, [`hosts`] tells whether another ingress has the host.
//! - [`survey`] tells whether an instance can be made where it is to be.

use std::time::SystemTime;

use k8s_openapi::jiff::Timestamp;
use tf_framework::Attr;
use tf_framework::context::Context;
use tf_framework::diagnostics::{Diagnostic, Diagnostics, Severity};
use tf_framework::lifecycle::plan::Action;
use tf_framework::path::Path;
use tf_framework::resource::Plan;

use crate::cht::instance::live::{drift, ingress};
use crate::cht::instance::model::{Couchdb, InstanceModel, Private};
use crate::cht::instance::validate::certificate;
use crate::cht::instance::{InstanceResource, upgrade};
use crate::cht::version::ChtVersion;

mod classes;
mod data_guard;
pub(super) mod directories;
pub(super) mod disks;
pub(super) mod hosts;
pub(super) mod storage;
pub(super) mod survey;
pub(super) mod trial;
mod version_support;
mod zones;

/// Refuses plans that CouchDB would not follow, or that would lose data.
pub(super) fn check(plan: &Plan<'_, '_, InstanceResource>) -> Result<(), Diagnostics> {
    let Some(prior) = &plan.prior else { return Ok(()) };
    if plan.action() == Action::Delete {
        // One that has never been usable has nothing to protect, and has to go before its creation can start over.
        return if drift::was_usable(prior) {
            allows_destruction(prior)
        } else {
            Ok(())
        };
    }
    let mut diagnostics = Diagnostics::new();
    if drift::was_usable(prior) {
        data_guard::check_replacement(prior, &plan.requires_replace(), &mut diagnostics);
    }
    if plan.requires_replace().is_empty() {
        check_couchdb(plan, prior, &mut diagnostics);
        data_guard::check_nodes(plan, prior, &mut diagnostics);
        upgrade::check(plan, prior, &mut diagnostics);
    }
    diagnostics.into_result(())
}

/// What CouchDB takes only when it first starts, each with the reason why it cannot be changed.
const DECIDED_ONCE: [(&str, &str); 5] = [
    (
        Couchdb::ADMIN_USER,
        "CouchDB keeps the administrator with which its volume was first used.",
    ),
    (
        Couchdb::SECRET,
        "Every session and every stored credential would become invalid.",
    ),
    (Couchdb::UUID, "Clients would start their replication anew."),
    (
        Couchdb::DATA_PATH,
        "CouchDB would start with an empty database beside the real data.",
    ),
    (
        Couchdb::STORAGE_CLASS,
        "Kubernetes cannot move a volume to another storage class.",
    ),
];

fn check_couchdb(plan: &Plan<'_, '_, InstanceResource>, prior: &InstanceModel, diagnostics: &mut Diagnostics) {
    for (attribute, reason) in DECIDED_ONCE {
        let path = Path::new(InstanceModel::COUCHDB).attribute(attribute);
        let from_nothing = attribute == Couchdb::STORAGE_CLASS && prior.couchdb.storage_class.is_null();
        if !plan.changed(path.clone()) || from_nothing {
            continue;
        }
        let detail = format!("{reason} Put the old value of `{attribute}` back.");
        diagnostics.push(Diagnostic::error("Cannot be changed", detail).at(path));
    }
}

/// Refuses to destroy a protected instance.
pub(super) fn allows_destruction(state: &InstanceModel) -> Result<(), Diagnostics> {
    if !state.deletion_protection {
        return Ok(());
    }
    Err(Diagnostic::error(
        "Instance is protected",
        format!(
            "The instance in {} cannot be destroyed while `deletion_protection` is on. Apply `deletion_protection = false` \
             first. Its data volume is retained unless `retain_volumes` is `false` as well. If its creation failed, and it is to be \
             finished rather than started over, `untaint` it.",
            state.namespace
        ),
    )
    .at(InstanceModel::DELETION_PROTECTION)
    .into())
}

/// Makes the plan show what applying it will bring: repairs of what was changed from outside, a new look at the running
/// application, and no password in the state where the configuration keeps it out of there.
pub(super) fn show_outcome(plan: &mut Plan<'_, '_, InstanceResource>) {
    let Some(planned) = plan.planned() else { return };
    let url = match (&planned.ingress, &planned.host) {
        (Attr::Null, _) => Some(None),
        (Attr::Known(_), Attr::Known(host)) => Some(Some(ingress::url(host))),
        (Attr::Unknown, _) | (_, Attr::Unknown | Attr::Null) => None,
    };
    if let Some(url) = url {
        plan.set(InstanceModel::URL, &url);
    }
    if plan.prior.is_none() {
        plan.set(InstanceModel::ADOPTED_FROM, &Option::<String>::None);
    }
    let drifted = plan.prior.as_ref().is_none_or(drift::was_found);
    if drifted {
        plan.set(InstanceModel::DRIFT, &Vec::<String>::new());
    }
    if plan.action() == Action::Update && plan.changed(Path::root()) {
        // Whatever is applied, the application and the ingress are asked again. Other timeouts alone are not applied.
        for asked in [
            InstanceModel::READY,
            InstanceModel::LIVE_VERSION,
            InstanceModel::INGRESS_ADDRESS,
        ] {
            plan.set_unknown(asked);
        }
    }
    let write_only = plan
        .config
        .couchdb
        .known()
        .is_some_and(|couchdb| !couchdb.admin_password_wo.is_null());
    if write_only {
        let password = Path::new(InstanceModel::COUCHDB).attribute(Couchdb::ADMIN_PASSWORD);
        plan.set(password, &Option::<String>::None);
    }
}

/// Warns of versions that are not supported any more, or not known yet.
pub(super) fn warn_of_version(cx: &Context<InstanceResource>, plan: &Plan<'_, '_, InstanceResource>) {
    let planned = plan.planned().and_then(|planned| planned.cht_version.into_known());
    let version = planned.and_then(|text| text.parse::<ChtVersion>().ok());
    if let Some(warning) = version.and_then(|version| version_support::warning(&version, SystemTime::now())) {
        cx.warn(warning);
    }
}

/// Tells how long a given certificate lasts, and refuses a new one that is of no use at this time.
pub(super) fn check_certificate(
    cx: &Context<InstanceResource>,
    plan: &Plan<'_, '_, InstanceResource>,
) -> Result<(), Diagnostics> {
    let planned = plan.planned();
    let given = planned.as_ref().and_then(certificate::Given::in_draft);
    let lifetime = given.and_then(|given| given.check_lifetime(plan.prior.as_ref(), Timestamp::now()));
    match lifetime {
        Some(error) if error.severity == Severity::Error => Err(error.into()),
        Some(warning) => {
            cx.warn(warning);
            Ok(())
        }
        None => Ok(()),
    }
}

/// Keeps beside the state what the planning of the second half of a replacement cannot know.
pub(super) fn keep_what_is_replaced(
    cx: &Context<InstanceResource>,
    plan: &Plan<'_, '_, InstanceResource>,
) -> Result<(), Diagnostics> {
    let Some(prior) = &plan.prior else { return Ok(()) };
    let private = cx.private()?;
    let is_replaced = !plan.requires_replace().is_empty();
    let kept = Private {
        replaces: is_replaced.then(|| prior.namespace.clone()),
        ..private.clone()
    };
    if private == kept {
        return Ok(());
    }
    cx.set_private(&kept)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cht::instance::fixtures::{model, with};

    #[test]
    fn a_protected_instance_is_not_destroyed() {
        let protected = model(&with(json!({})));
        assert!(allows_destruction(&protected).is_err());
        let open = model(&with(json!({"deletion_protection": false})));
        assert!(allows_destruction(&open).is_ok());
    }
}
