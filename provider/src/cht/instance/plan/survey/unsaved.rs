//! A finished instance that no state has: it was killed, or the core was, between the end of its creation and the
//! moment at which the core saved it. A core that keeps its state elsewhere saves only now and then.
//!
//! A creation that finds one takes it as it is, and the next plan shows what may be to do. What another state has must
//! not be taken. So its creation has to be recent, nothing may have been changed since, the configuration has to be the
//! very same, and the creation must not be half of a replacement, which is about to destroy it.

use k8s_openapi::jiff::{SignedDuration, Timestamp};
use tf_framework::Attr;
use tf_framework::context::Context;
use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use tf_framework::model::Timeouts;

use crate::cht::instance::InstanceResource;
use crate::cht::instance::credentials::Known;
use crate::cht::instance::live::{self, application, which_cluster};
use crate::cht::instance::model::{InstanceModel, Private};
use crate::cht::instance::plan::survey::Survey;
use crate::cht::instance::record::{self, Record};
use crate::kubernetes::{Access, Found};

/// What is kept beside the state in place of the time at which a creation ended, as long as it has not.
const UNFINISHED: &str = "unfinished";

/// How long after its creation an instance may be taken.
const RECENT: SignedDuration = SignedDuration::from_hours(24);

/// Whether a creation finds what an earlier one has finished and nobody saved.
///
/// # Errors
/// Fails if what is kept beside the state cannot be read.
pub(in crate::cht::instance) fn is_left(
    cx: &Context<InstanceResource>,
    survey: &Survey,
    model: &InstanceModel,
) -> Result<bool, Diagnostics> {
    let replaces = cx.private()? != Private::default();
    let is_left = |record: &Record| is_left_by(record, model, &survey.found, Timestamp::now());
    let has_credentials = survey.started_with.clone().complete().is_some();
    Ok(!replaces && has_credentials && survey.record.as_ref().is_some_and(is_left))
}

/// Notes beside the state that a creation has begun: what another one finishes is not this one's.
///
/// # Errors
/// Fails if what is kept beside the state cannot be read.
pub(in crate::cht::instance) fn begin(cx: &Context<InstanceResource>) -> Result<(), Diagnostics> {
    let private = cx.private()?;
    cx.set_private(&Private {
        made: Some(UNFINISHED.to_owned()),
        ..private
    })
}

/// Whether a later creation has taken the instance of a state, such as the other half of a replacement that makes the
/// new object before it destroys the old one: there is one instance in a namespace, and it is that one's by now.
///
/// # Errors
/// Fails if what is kept beside the state cannot be read.
pub(in crate::cht::instance) fn is_anothers(
    cx: &Context<InstanceResource>,
    state: &InstanceModel,
    found: &Found,
) -> Result<bool, Diagnostics> {
    let made = Record::find(found, &state.namespace).and_then(|record| record.made);
    let made = made.map(|made| made.to_string());
    let own = cx.private()?.made;
    Ok(own.is_some() && made.is_some() && own != made)
}

/// The words for a deletion that leaves what another creation has taken.
pub(in crate::cht::instance) fn left(namespace: &str) -> Diagnostic {
    Diagnostic::warning(
        "CHT object belongs to a later creation",
        format!(
            "The instance in the namespace {namespace} was taken by a creation after the one of this object, such as the \
             other half of a replacement that makes the new object first. It is left as it is. If no state has it any \
             more, import it, and destroy it then."
        ),
    )
    .at(InstanceModel::NAMESPACE)
}

/// Takes the instance as it is.
///
/// # Errors
/// Fails if other credentials are configured than it has, or if the cluster does not answer.
pub(in crate::cht::instance) async fn take(
    cx: &Context<InstanceResource>,
    access: &Access,
    survey: Survey,
    mut model: InstanceModel,
) -> Result<InstanceModel, Diagnostics> {
    let wanted = Known::of(&model.couchdb);
    survey.started_with.agree_with(&wanted)?;
    which_cluster::keep(cx, access).await?;
    tracing::info!(
        namespace = model.namespace,
        "an instance that was finished before is taken into the state"
    );
    wanted.or(survey.started_with).or_generate().store(&mut model.couchdb);
    live::store(&mut model, &survey.found);
    model.adopted_from = Attr::Null;
    let live_version = application::live_version(cx, access, &model).await?;
    model.ready = Attr::Known(live_version.is_some());
    model.live_version = live_version.into();
    model.drift = Attr::Known(Vec::new());
    Ok(model)
}

/// The words for a plan that takes an instance.
pub(in crate::cht::instance) fn warning(namespace: &str) -> Diagnostic {
    Diagnostic::warning(
        "CHT instance exists already",
        format!(
            "The namespace {namespace} holds a finished instance with this configuration, which an apply made that was killed \
             before its state was saved. It is taken into the state as it is. If it belongs to another state, choose another \
             namespace."
        ),
    )
    .at(InstanceModel::NAMESPACE)
}

fn is_left_by(record: &Record, model: &InstanceModel, found: &Found, now: Timestamp) -> bool {
    let is_recent = |made: Timestamp| now.duration_since(made).abs() < RECENT;
    record.made.is_some_and(is_recent) && is_same(record, model, found).unwrap_or(false)
}

fn is_same(record: &Record, model: &InstanceModel, found: &Found) -> Result<bool, Diagnostics> {
    let mut planned = model.clone();
    live::store(&mut planned, found);
    let configuration = |model: InstanceModel| {
        record::configuration(&InstanceModel {
            timeouts: Timeouts::default(),
            ..model
        })
    };
    Ok(configuration(record.model()?)? == configuration(planned)?)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;
    use crate::cht::instance::fixtures::{cluster, minimal, model, state, with};
    use crate::cht::instance::record::Stage;
    use crate::kubernetes::LiveObject;

    const MADE: &str = "2026-03-01T10:00:00Z";

    fn time(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    /// Whether a creation of this configuration takes an instance that was made of the minimal one.
    fn takes(configuration: &Json, now: &str) -> bool {
        let made = state(&minimal());
        let record = record::finished(&made, time(MADE)).expect("a record");
        let record = LiveObject::from_json(record.json().clone()).expect("a known kind");
        let rest = cluster(&made, Stage::Created, &["terraform-provider-cht"]);
        let found: Found = rest.objects().cloned().chain([record]).collect();
        let record = Record::find(&found, &made.namespace).expect("it is there");
        let mut planned = model(configuration);
        planned.couchdb.storage_class = Attr::Unknown;
        is_left_by(&record, &planned, &found, time(now))
    }

    #[test]
    fn what_was_finished_a_moment_ago_with_the_same_configuration_is_taken() {
        assert!(takes(&minimal(), MADE));
        assert!(takes(&minimal(), "2026-03-02T09:59:00Z"));
        assert!(takes(&with(json!({"timeouts": {"create": "2h"}})), MADE));
        assert!(!takes(&minimal(), "2026-03-02T10:01:00Z"));
        assert!(!takes(&with(json!({"cht_version": "5.3.0"})), MADE));
    }

    #[test]
    fn what_was_changed_since_its_creation_is_not_taken() {
        let made = state(&minimal());
        let found = cluster(&made, Stage::Created, &[]);
        let record = Record::find(&found, &made.namespace).expect("it is there");
        assert!(!is_left_by(&record, &made, &found, time(MADE)));
    }
}
