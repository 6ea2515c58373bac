//! A finished instance that no state has: it was killed, or the core was, between the end of its creation and the
//! moment at which the core saved it. A core that keeps its state elsewhere saves only now and then.
//!
//! A creation that finds one takes it as it is, and the next plan shows what may be to do. What another state has must
//! not be taken. So its creation has to be recent, no refresh of a state may have noted that it has it, nothing may
//! have been changed since, the configuration has to be the very same, and the creation must not be half of a
//! replacement, which is about to destroy it.

use k8s_openapi::jiff::{SignedDuration, Timestamp};
use tf_framework::Attr;
use tf_framework::context::Context;
use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use tf_framework::model::Timeouts;

use crate::cht::instance::apply::steps;
use crate::cht::instance::credentials::Known;
use crate::cht::instance::live::{self, application, which_cluster};
use crate::cht::instance::model::{InstanceModel, Private};
use crate::cht::instance::plan::survey::Survey;
use crate::cht::instance::record::{self, Creation, Record, Stage};
use crate::cht::instance::{InstanceResource, claim};
use crate::kubernetes::{Access, Found};

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

/// Takes the instance as it is, which the record tells from then on.
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
    let creation = claim::begin(cx, &survey)?;
    tracing::info!(
        namespace = model.namespace,
        "an instance that was finished before is taken into the state"
    );
    wanted.or(survey.started_with).or_generate().store(&mut model.couchdb);
    live::fill(&mut model, &survey.found);
    model.adopted_from = Attr::Null;
    let live_version = application::live_version(cx, access, &model).await?;
    model.ready = Attr::Known(live_version.is_some());
    model.live_version = live_version.into();
    model.drift = Attr::Known(Vec::new());
    // It may be written although no answer comes.
    cx.checkpoint(&model);
    let taken = creation.ended(Timestamp::now());
    steps::remember(
        access,
        &model.namespace,
        record::object(&model, Stage::Created, &taken)?,
    )
    .await?;
    claim::hand_over(cx, &taken);
    Ok(model)
}

/// The words for a plan that takes an instance.
pub(in crate::cht::instance) fn warning(namespace: &str) -> Diagnostic {
    Diagnostic::warning(
        "CHT instance exists already",
        format!(
            "The namespace {namespace} holds a finished instance with this configuration, which an apply made that was killed \
             before its state was saved. It is taken into the state as it is, unless this plan destroys it first, as the \
             replacement of a tainted one does. If it belongs to another state, choose another namespace."
        ),
    )
    .at(InstanceModel::NAMESPACE)
}

fn is_left_by(record: &Record, model: &InstanceModel, found: &Found, now: Timestamp) -> bool {
    let is_recent = |made: Timestamp| now.duration_since(made).abs() < RECENT;
    let Creation { made, is_saved, .. } = record.creation;
    !is_saved && made.is_some_and(is_recent) && is_same(record, model, found).unwrap_or(false)
}

fn is_same(record: &Record, model: &InstanceModel, found: &Found) -> Result<bool, Diagnostics> {
    let mut planned = model.clone();
    live::fill(&mut planned, found);
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
    use crate::cht::instance::fixtures::{cluster, couchdb, minimal, model, state, with};
    use crate::kubernetes::LiveObject;

    const MADE: &str = "2026-03-01T10:00:00Z";

    fn time(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    /// What there is of an instance that this creation made.
    fn left(configuration: &Json, creation: &Creation) -> Found {
        let made = state(configuration);
        let record = record::object(&made, Stage::Created, creation).expect("a record");
        let record = LiveObject::from_json(record.json().clone()).expect("a known kind");
        let rest = cluster(&made, Stage::Created, &["terraform-provider-cht"]);
        rest.objects().cloned().chain([record]).collect()
    }

    fn is_taken(found: &Found, configuration: &Json, now: &str) -> bool {
        let record = Record::find(found, "cht-kisumu").expect("it is there");
        let mut planned = model(configuration);
        planned.couchdb.storage_class = Attr::Unknown;
        is_left_by(&record, &planned, found, time(now))
    }

    /// Whether a creation of this configuration takes an instance that was made of the minimal one.
    fn takes(configuration: &Json, now: &str) -> bool {
        let creation = Creation::default().ended(time(MADE));
        is_taken(&left(&minimal(), &creation), configuration, now)
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
    fn what_a_state_has_or_has_changed_is_not_taken() {
        let finished = Creation::default().ended(time(MADE));
        let saved = Creation {
            is_saved: true,
            ..finished.clone()
        };
        for (creation, expected) in [(finished, true), (saved, false), (Creation::default(), false)] {
            let taken = is_taken(&left(&minimal(), &creation), &minimal(), MADE);
            assert_eq!(taken, expected, "{creation:?}");
        }
    }

    #[test]
    fn what_the_plan_has_decided_stays_as_it_was_planned() {
        let found = left(&minimal(), &Creation::default().ended(time(MADE)));
        let larger = with(couchdb(json!({"storage_size": "20Gi"})));
        assert!(!is_taken(&found, &larger, MADE), "the volumes are of another size");

        let mut planned = model(&larger);
        planned.couchdb.storage_class = Attr::Known("fast".to_owned());
        live::fill(&mut planned, &found);
        assert_eq!(planned.couchdb.storage_size, "20Gi");
        assert_eq!(planned.couchdb.storage_class, Attr::Known("fast".to_owned()));
        planned.couchdb.storage_class = Attr::Unknown;
        live::fill(&mut planned, &found);
        assert!(!planned.couchdb.storage_class.is_unknown());
    }
}
