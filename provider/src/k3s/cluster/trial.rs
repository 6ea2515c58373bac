//! What the hosts say to a plan: before anything is changed, they are looked at, if they are known and answer. A host
//! that does not answer may be one that the same apply makes, so it is judged when the plan is applied.

use std::collections::BTreeSet;

use tf_framework::context::Context;
use tf_framework::diagnostics::{Diagnostic, Diagnostics, error_chain};
use tf_framework::lifecycle::plan::Action;
use tf_framework::path::Path;
use tf_framework::resource::Plan;

use crate::k3s::attributes::{Binary, known_images};
use crate::k3s::cluster::ClusterResource;
use crate::k3s::cluster::model::ClusterModel;
use crate::k3s::cluster::spec::Beside;
use crate::k3s::cluster::{blame, creation, ways};
use crate::k3s::fleet::{Fleet, Looked};
use crate::k3s::preflight;
use crate::k3s::program::ProgramError;
use crate::k3s::rollout::{self, Step};
use crate::k3s::token::Token;
use crate::wording::sentence;

/// Looks at the hosts, and refuses what they would refuse.
///
/// # Errors
/// Fails with everything that has to be put right first.
pub(super) async fn try_on_hosts(
    cx: &Context<ClusterResource>,
    plan: &Plan<'_, '_, ClusterResource>,
) -> Result<(), Diagnostics> {
    if matches!(plan.action(), Action::Delete | Action::NoChange) || cx.clients().is_ssh_unknown() {
        return Ok(());
    }
    let Some(model) = plan.planned_model() else {
        return Ok(());
    };
    let prior = plan.prior.as_ref();
    let (fleet, looked) = look(cx, &model, prior).await?;
    if prior.is_none() && creation::is_replaced(&looked, cx.private()?.id.as_ref()) {
        // What is there now goes before it is made.
        return Ok(());
    }
    if prior.is_none_or(|prior| prior.id.is_null()) {
        creation::check_free(&looked)?;
    }
    let (mut errors, warnings) = blame::unfit(&fleet.preflight(&looked), &looked);
    for warning in warnings {
        cx.warn(warning);
    }
    check_binary(cx, &model, &looked, &mut errors).await?;
    let is_whole = looked.failures().next().is_none();
    // Of what a snapshot brings back, the servers do not tell.
    let restores = model.restore_from.is_some() && plan.changed(ClusterModel::RESTORE_FROM);
    if restores {
        return errors.into_result(());
    }
    // A server whose host is made in the same apply is not in it yet.
    let has_servers = !fleet.spec().servers.is_empty();
    if has_servers && (is_whole || prior.is_some_and(ClusterModel::was_begun)) {
        tell(cx, &fleet.plan(&looked), prior.is_some(), &mut errors);
    }
    errors.into_result(())
}

/// Tries a program that is on this machine: whether it is the one that was meant, and for the hosts.
async fn check_binary(
    cx: &Context<ClusterResource>,
    model: &ClusterModel,
    looked: &Looked,
    errors: &mut Diagnostics,
) -> Result<(), Diagnostics> {
    let Some(binary) = model.binary.as_ref().filter(|binary| binary.path.is_some()) else {
        return Ok(());
    };
    let names = looked.hosts.keys().filter(|name| model.servers.contains_key(*name));
    let archs: BTreeSet<&str> = names
        .filter_map(|name| preflight::arch(looked.state(name)?.machine.arch.as_deref()?))
        .collect();
    let version = model.wanted_version()?;
    for arch in archs {
        if let Err(error) = binary.source().obtain(&version, arch, cx.cancellation()).await {
            let attribute = match error {
                ProgramError::Checksum { .. } => Binary::SHA256,
                _ => Binary::PATH,
            };
            let detail = format!("{}.", sentence(&error_chain(&error)));
            let path = Path::new(ClusterModel::BINARY).attribute(attribute);
            errors.push(Diagnostic::error("Unable to get the program of k3s", detail).at(path));
        }
    }
    Ok(())
}

/// Looks at the hosts, without those new ones that do not answer yet.
async fn look(
    cx: &Context<ClusterResource>,
    model: &ClusterModel,
    prior: Option<&ClusterModel>,
) -> Result<(Fleet, Looked), Diagnostics> {
    let private = cx.private()?;
    let hosts = ways::hosts(cx, model, prior, &private.pins)?;
    let known = prior.and_then(|prior| prior.id.known()).cloned();
    let (images, missing) = known_images(model.images.as_ref(), &private.images).await;
    missing.into_result(())?;
    let rotates = prior.is_some_and(|prior| prior.was_begun() && prior.token_version != model.token_version);
    let id = known.clone().unwrap_or_else(creation::new_id);
    let beside = |id| Beside {
        creating: known.is_none(),
        adopted: private.adopted,
        // Which one it is makes no difference to the steps.
        token: rotates.then(Token::generate),
        token_hashes: private.token_hashes.clone().filter(|_| !rotates),
        images: images.clone(),
        prior,
        ..Beside::of(id)
    };
    let fleet = Fleet::new(model.fleet_spec(beside(&id))?, hosts.clone());
    let mut looked = fleet.look().await;
    for warning in blame::silent(
        &fleet,
        &looked,
        "What is on it can be told only when the plan is applied.",
    ) {
        cx.warn(warning);
    }
    let begun = creation::unfinished(&looked).filter(|_| known.is_none());
    let silent: BTreeSet<String> = looked
        .failures()
        .map(|(name, _)| name.to_owned())
        .filter(|name| prior.is_some_and(|prior| !prior.servers.contains_key(name)))
        .collect();
    if begun.is_none() && silent.is_empty() {
        return Ok((fleet, looked));
    }
    let mut rest = model.clone();
    rest.servers.retain(|name, _| !silent.contains(name));
    looked.hosts.retain(|name, _| !silent.contains(name));
    let hosts = hosts.into_iter().filter(|(name, _)| !silent.contains(name)).collect();
    let spec = rest.fleet_spec(beside(begun.as_deref().unwrap_or(&id)))?;
    Ok((Fleet::new(spec, hosts), looked))
}

/// Tells what will be done where that interrupts something, and what stands in the way.
fn tell(cx: &Context<ClusterResource>, plan: &rollout::Plan, is_change: bool, errors: &mut Diagnostics) {
    for refusal in &plan.refusals {
        let told = blame::refused(refusal);
        if blame::is_final(refusal) {
            errors.push(told);
        } else {
            cx.warn(Diagnostic {
                severity: tf_framework::diagnostics::Severity::Warning,
                ..told
            });
        }
    }
    for note in blame::notes(&plan.warnings) {
        cx.warn(note);
    }
    if is_change && plan.steps.iter().any(Step::interrupts) {
        let steps: Vec<String> = plan.steps.iter().map(|step| format!("- {step}")).collect();
        let detail = format!("This is done in this order, one after another:\n{}", steps.join("\n"));
        cx.warn(Diagnostic::warning("Servers are interrupted", detail).at(ClusterModel::SERVERS));
    }
}
