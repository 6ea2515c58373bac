//! What creation and update share: hosts are waited for, judged, and brought to what is wanted, step by step.

use std::time::Duration;

use tf_framework::Attr;
use tf_framework::context::{Backoff, Context, Progress};
use tf_framework::diagnostics::{Diagnostic, Diagnostics, Severity, error_chain};
use tokio::time::Instant;

use crate::k3s::attributes::archives;
use crate::k3s::cluster::ClusterResource;
use crate::k3s::cluster::blame;
use crate::k3s::cluster::model::ClusterModel;
use crate::k3s::cluster::observe;
use crate::k3s::cluster::outputs;
use crate::k3s::cluster::refresh;
use crate::k3s::cluster::ways::{self, Hosts, Private};
use crate::k3s::fleet::{Fleet, Looked};
use crate::k3s::paths;

/// How long machines may take to answer that may have been made a moment ago.
const BOOT: Duration = Duration::from_secs(10 * 60);

/// Looks at all hosts, and waits for those that are `needed` and do not answer yet.
///
/// # Errors
/// Fails if one of them does not answer in time, or refuses to.
pub(super) async fn look(
    cx: &Context<ClusterResource>,
    fleet: &Fleet,
    needed: impl Fn(&str) -> bool + Send + Sync,
) -> Result<Looked, Diagnostics> {
    let began = Instant::now();
    let needed = &needed;
    let looked = cx.wait("the hosts to answer", Backoff::SLOW, async || {
        let looked = fleet.look().await;
        let silent: Vec<String> = looked
            .failures()
            .filter(|(name, error)| needed(name) && error.may_pass())
            .map(|(name, error)| format!("{name}: {}", error_chain(error)))
            .collect();
        if silent.is_empty() || began.elapsed() > BOOT {
            return Ok::<_, Diagnostics>(Progress::Ready(looked));
        }
        Ok(Progress::Pending(silent.join("; ")))
    });
    refuse_silent(fleet, looked.await?, needed)
}

/// Tells of all hosts that are needed and did not answer.
fn refuse_silent(fleet: &Fleet, looked: Looked, needed: impl Fn(&str) -> bool) -> Result<Looked, Diagnostics> {
    let mut diagnostics = Diagnostics::new();
    let Looked { hosts, .. } = &looked;
    if hosts.iter().all(|(name, answer)| answer.is_ok() || !needed(name)) {
        return Ok(looked);
    }
    for (name, answer) in looked.hosts {
        if let (Err(error), Some(host), true) = (answer, fleet.host(&name), needed(&name)) {
            diagnostics.append(host.diagnose(error));
        }
    }
    Err(diagnostics)
}

/// Refuses hosts that are not fit, all of them at once. What may not be fit was told by the plan.
///
/// # Errors
/// Fails if anything has to be put right on a host first.
pub(super) fn judge(fleet: &Fleet, looked: &Looked) -> Result<(), Diagnostics> {
    let (errors, _) = blame::unfit(&fleet.preflight(looked), looked);
    errors.into_result(())
}

/// Brings the servers to what is wanted, and the model to what came of it. `looked` is what was seen before, by which
/// hosts are locked; `save` gets the model whenever a step is done.
///
/// # Errors
/// Fails with the first thing that stands in the way, or does not work.
pub(super) async fn converge(
    cx: &Context<ClusterResource>,
    fleet: &Fleet,
    hosts: &Hosts,
    (prior, mut model): (Option<&ClusterModel>, ClusterModel),
    looked: &Looked,
    save: impl Fn(&ClusterModel, &Looked) + Send + Sync,
) -> Result<ClusterModel, Diagnostics> {
    let mut seen = model.clone();
    let mut report = |progress: &crate::k3s::fleet::Progress<'_>| {
        tracing::info!(step = %progress.step, "a step is done");
        observe::store_seen(&mut seen, progress.looked, &Default::default());
        save(&seen, progress.looked);
    };
    keep_images(cx, fleet, &model)?;
    let looked = fleet.converge(cx, looked, &mut report).await;
    let looked = looked.map_err(|stopped| blame::stopped(fleet, stopped))?;
    let looked = change_keys(cx, fleet, (prior, &model), looked).await?;
    observe::store_seen(&mut model, &looked, &ways::keys(hosts, &looked).await);
    store_tokens(cx, &mut model, &looked)?;
    // What was planned to stay does: k3s may have renewed the administrator's certificate, which the next refresh
    // shows.
    if model.kubernetes.known().is_none() {
        refresh::read_outputs(cx, &mut model, prior, fleet, &looked).await?;
    } else if model.join.known().is_none() {
        let before = prior.and_then(|prior| prior.join.known()).zip(looked.agent_token());
        model.join = before
            .and_then(|(join, token)| outputs::join(&model, join, token))
            .into();
    }
    if model.kubernetes.known().is_none() {
        let detail = format!(
            "No server has {} yet, or the token of agents cannot be read. Apply again.",
            paths::KUBECONFIG
        );
        return Err(Diagnostics::error(
            "Unable to use the kubeconfig of the cluster",
            detail,
        ));
    }
    save(&model, &looked);
    // Last of all: a process that is killed before is continued by the next, one that has finished a cluster is not.
    if let Err(stopped) = fleet.finish_creation(&looked).await {
        // The cluster is whole. That this is not noted shows in the next plan, and is no reason to begin anew.
        warn_of(cx, &fleet.diagnose(stopped));
    }
    for warning in blame::silent(
        fleet,
        &looked,
        "Nothing was changed on it. What differs there shows once it answers.",
    ) {
        cx.warn(warning);
    }
    model.drift = Attr::Known(Vec::new());
    Ok(model)
}

/// Tells of failures that are no reason to stop.
pub(super) fn warn_of(cx: &Context<ClusterResource>, failures: &Diagnostics) {
    for failure in failures.iter().cloned() {
        cx.warn(Diagnostic {
            severity: Severity::Warning,
            ..failure
        });
    }
}

/// Notes which archives of images are put on servers: a later refresh may be on a machine that does not have them.
fn keep_images(cx: &Context<ClusterResource>, fleet: &Fleet, model: &ClusterModel) -> Result<(), Diagnostics> {
    let images = archives(model.images.as_ref(), &fleet.spec().images);
    ways::keep(
        cx,
        &Private {
            images,
            ..cx.private()?
        },
    )
}

/// Gives the cluster new keys for Secrets, if their version is another.
async fn change_keys(
    cx: &Context<ClusterResource>,
    fleet: &Fleet,
    (prior, model): (Option<&ClusterModel>, &ClusterModel),
    looked: Looked,
) -> Result<Looked, Diagnostics> {
    let version = model.secrets_encryption_key_version;
    let is_another = prior.is_some_and(|prior| prior.was_begun() && prior.secrets_encryption_key_version != version);
    // A cluster that was begun a moment ago has keys as new as can be.
    if !is_another || version.is_none() {
        return Ok(looked);
    }
    let rotated = fleet.rotate_keys(cx, &looked).await;
    rotated.map_err(|stopped| fleet.diagnose(stopped))
}

/// Puts a token that was generated into the state; of one that was given, only its hash is kept, and not in the state.
fn store_tokens(cx: &Context<ClusterResource>, model: &mut ClusterModel, looked: &Looked) -> Result<(), Diagnostics> {
    let Some(token) = looked.token() else { return Ok(()) };
    let private = cx.private()?;
    let hash = Some(token.sha256());
    let given = super::token::given(model)?.map(|given| given.sha256());
    let restored = model
        .restore_from
        .as_ref()
        .is_some_and(|from| from.token.get().is_some());
    let has_given_token = given == hash || restored || (private.has_given_token && private.token_sha256 == hash);
    if model.server_token.is_unknown() {
        model.server_token = if has_given_token {
            Attr::Null
        } else {
            Attr::Known(token.short())
        };
    }
    ways::keep(
        cx,
        &Private {
            token_sha256: hash,
            token_hashes: super::token::hashes(model, token, has_given_token),
            has_given_token,
            adopted: false,
            ..private
        },
    )?;
    if model.previous_tokens.is_unknown() {
        model.previous_tokens = Attr::Known(Vec::new());
    }
    Ok(())
}
