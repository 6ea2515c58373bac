//! What a plan of a cluster shows, and what it refuses.

use std::collections::BTreeMap;

use tf_framework::Attr;
use tf_framework::context::Context;
use tf_framework::diagnostics::{Diagnostic, Diagnostics, Severity};
use tf_framework::lifecycle::plan::Action;
use tf_framework::path::Path;
use tf_framework::resource::{Draft, Plan};

use super::super::diagnostics::explained;
use super::super::login_end;
use super::EksClusterResource;
use super::model::{Addon, EksClusterModel, VpcConfig, VpcConfigDraft};
use super::roles;
use super::version::{self, Step};
use crate::provider::Clients;

/// A cluster that is as it should be.
const ACTIVE: &str = "ACTIVE";

/// What others take from a cluster, which is not there as long as it is being made.
const OUTPUTS: [&str; 8] = [
    EksClusterModel::ARN,
    EksClusterModel::CERTIFICATE_AUTHORITY_DATA,
    EksClusterModel::CLUSTER_SECURITY_GROUP_ID,
    EksClusterModel::ENDPOINT,
    EksClusterModel::KUBERNETES,
    EksClusterModel::OIDC_ISSUER,
    EksClusterModel::PLATFORM_VERSION,
    EksClusterModel::VPC_ID,
];

type EksPlan<'p, 'v> = Plan<'p, 'v, EksClusterResource>;

/// Checks what concerns several attributes.
pub(super) fn validate(config: &Draft<EksClusterResource>, diagnostics: &mut Diagnostics) {
    if let Attr::Known(network) = &config.vpc_config {
        validate_endpoint(network, diagnostics);
    }
    let Attr::Known(access) = &config.access else { return };
    let mut seen: BTreeMap<&str, &str> = BTreeMap::new();
    for (name, access) in access {
        let principal = access.known().and_then(|access| access.principal_arn.known());
        let Some(principal) = principal else { continue };
        if let Some(other) = seen.insert(principal, name) {
            let detail =
                format!("{principal} is in `{other}` already: a user or role has one entry. Put both together.");
            let path = Path::new(EksClusterModel::ACCESS).key(name);
            diagnostics.push(Diagnostic::error("Access is given twice", detail).at(path));
        }
    }
}

fn validate_endpoint(network: &VpcConfigDraft, diagnostics: &mut Diagnostics) {
    let path = |attribute: &str| Path::new(EksClusterModel::VPC_CONFIG).attribute(attribute);
    let is_off = |attribute: &Attr<bool>| attribute.known() == Some(&false);
    let is_public = matches!(network.endpoint_public_access, Attr::Null | Attr::Known(true));
    if is_public && network.public_access_cidrs.is_null() {
        let detail = "The cluster can be reached from outside, and it is not said from where. Give the networks of those who look after \
                      it, such as `[\"203.0.113.0/24\"]`, or set `endpoint_public_access = false`. `0.0.0.0/0` is everybody.";
        let error = Diagnostic::error("Endpoint is open to nobody in particular", detail);
        diagnostics.push(error.at(path(VpcConfig::PUBLIC_ACCESS_CIDRS)));
    }
    if is_off(&network.endpoint_public_access) && is_off(&network.endpoint_private_access) {
        let detail = "API servers have to be reached from inside or from outside. Turn one of the two on.";
        let error = Diagnostic::error("Endpoint cannot be reached", detail);
        diagnostics.push(error.at(path(VpcConfig::ENDPOINT_PRIVATE_ACCESS)));
    }
}

/// Shapes a plan, and refuses what cannot be done or would lose the cluster.
pub(super) async fn shape(cx: &Context<EksClusterResource>, plan: &mut EksPlan<'_, '_>) -> Result<(), Diagnostics> {
    let Some(prior) = plan.prior.clone() else {
        return check_new(cx, plan).await;
    };
    if plan.action() == Action::Delete {
        return allows_destruction(&prior);
    }
    // It neither works nor can it be repaired.
    if matches!(prior.status.known().map(String::as_str), Some("FAILED" | "DELETING")) {
        plan.set_unknown(EksClusterModel::STATUS);
        plan.require_replace(EksClusterModel::STATUS);
    }
    if !plan.requires_replace().is_empty() {
        return allows_destruction(&prior);
    }
    check_encryption(&prior, plan)?;
    let is_upgraded = shape_version(cx, &prior, plan)?;
    show_outcome(&prior, plan, is_upgraded);
    if is_upgraded {
        check_support(cx, plan).await
    } else {
        Ok(())
    }
}

/// Refuses to destroy a protected cluster. One that was never ready is not protected yet.
fn allows_destruction(prior: &EksClusterModel) -> Result<(), Diagnostics> {
    if !prior.deletion_protection || !prior.was_begun() {
        return Ok(());
    }
    let detail = format!(
        "The cluster `{}` cannot be destroyed or replaced while `deletion_protection` is on: all that is in it would be lost. Apply \
         `deletion_protection = false` first.",
        prior.name
    );
    let error = Diagnostic::error("EKS cluster is protected", detail);
    Err(error.at(EksClusterModel::DELETION_PROTECTION).into())
}

fn check_encryption(prior: &EksClusterModel, plan: &EksPlan<'_, '_>) -> Result<(), Diagnostics> {
    let Some(has) = &prior.encryption_key_arn else {
        return Ok(());
    };
    match &plan.config.encryption_key_arn {
        Attr::Known(wanted) if wanted != has => {}
        Attr::Null => {}
        _ => return Ok(()),
    }
    let detail = format!(
        "The secrets of the cluster are encrypted with {has}, and EKS can neither take that back nor use another key. Set \
         `encryption_key_arn = \"{has}\"`."
    );
    let error = Diagnostic::error("Encryption cannot be changed", detail);
    Err(error.at(EksClusterModel::ENCRYPTION_KEY_ARN).into())
}

/// Checks the step to the version that is configured, and tells whether one is taken.
fn shape_version(
    cx: &Context<EksClusterResource>,
    prior: &EksClusterModel,
    plan: &mut EksPlan<'_, '_>,
) -> Result<bool, Diagnostics> {
    let Attr::Known(wanted) = plan.config.version.clone() else {
        return Ok(true);
    };
    if !prior.was_begun() {
        return Ok(true);
    }
    let is_allowed = plan.config.allow_rollback.known() == Some(&true);
    match version::step(&prior.version, &wanted) {
        Step::Stay => Ok(false),
        Step::Up => Ok(true),
        Step::Several(steps) => Err(version::several(&prior.version, &wanted, &steps).into()),
        Step::Back if is_allowed => {
            plan.set(EksClusterModel::VERSION, &wanted);
            Ok(true)
        }
        Step::FarBack if is_allowed => Err(version::far_back(&prior.version, &wanted).into()),
        Step::Back | Step::FarBack => {
            cx.warn(version::newer(&prior.version, &wanted));
            Ok(false)
        }
    }
}

/// Shows what a change brings with it. What others take from the cluster stays known.
fn show_outcome(prior: &EksClusterModel, plan: &mut EksPlan<'_, '_>, is_upgraded: bool) {
    let is_ready = prior.status.known().is_some_and(|status| status == ACTIVE);
    if !is_ready {
        plan.set(EksClusterModel::STATUS, &ACTIVE.to_owned());
    }
    if plan.action() == Action::NoChange {
        return;
    }
    plan.set_unknown(EksClusterModel::HEALTH_ISSUES);
    if is_upgraded {
        plan.set_unknown(EksClusterModel::PLATFORM_VERSION);
        follow_version(plan);
    }
    if !is_ready {
        let outcome = plan
            .prior
            .as_ref()
            .map(tf_framework::model::ToValue::to_value)
            .unwrap_or_default();
        for output in OUTPUTS {
            if outcome.attribute_or_null(output).is_null() {
                plan.set_unknown(output);
            }
        }
    }
}

/// Add-ons whose version is not said go along with the cluster's.
fn follow_version(plan: &mut EksPlan<'_, '_>) {
    let Some(addons) = plan.planned().and_then(|planned| planned.addons.into_known()) else {
        return;
    };
    for name in addons.keys() {
        let configured = plan.config.addons.known().and_then(|addons| addons.get(name));
        let is_open = match configured {
            None => true,
            Some(addon) => addon.known().is_some_and(|addon| addon.version.is_null()),
        };
        if is_open {
            plan.set_unknown(Path::new(EksClusterModel::ADDONS).key(name).attribute(Addon::VERSION));
        }
    }
}

/// Asks AWS, before anything is made, whether it could be.
async fn check_new(cx: &Context<EksClusterResource>, plan: &EksPlan<'_, '_>) -> Result<(), Diagnostics> {
    if cx.clients().is_aws_unknown() {
        return Ok(());
    }
    let account = Clients::aws(cx).await?;
    if let Some(planned) = plan.planned_model() {
        roles::check_name(&account, &planned)?;
    }
    if let Some(warning) = login_end::warning::<EksClusterModel>(&account, "cluster", &plan.config.timeouts).await {
        cx.warn(warning);
    }
    check_support(cx, plan).await
}

/// Asks EKS whether it has the version, and for how long.
async fn check_support(cx: &Context<EksClusterResource>, plan: &EksPlan<'_, '_>) -> Result<(), Diagnostics> {
    let Some(planned) = plan.planned().filter(|_| !cx.clients().is_aws_unknown()) else {
        return Ok(());
    };
    let (Attr::Known(version), Attr::Known(support)) = (&planned.version, &planned.support_type) else {
        return Ok(());
    };
    let offered = Clients::aws(cx).await?.cluster_versions(false).await;
    let offered = offered.map_err(explained("Unable to check the version"))?;
    match version::support(version, support, &offered) {
        Some(diagnostic) if diagnostic.severity == Severity::Error => Err(diagnostic.into()),
        Some(warning) => {
            cx.warn(warning);
            Ok(())
        }
        None => Ok(()),
    }
}
