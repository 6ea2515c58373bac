//! Which creation has an instance. The [`record`] names the last one, and its name is kept beside the state, too: see
//! [`crate::cht::application::claim`], which does the same for what lives in an instance.
//!
//! A creation takes what an earlier one has left. Where a core makes the new object before it destroys the old one,
//! that may be what another state has, so the instance of a state whose name is not that of the record is not deleted.

use tf_framework::context::Context;
use tf_framework::diagnostics::{Diagnostic, Diagnostics};
use uuid::Uuid;

use crate::cht::application::creations::{Creations, Turn, Whose, take_turn};
use crate::cht::instance::model::{InstanceModel, Private};
use crate::cht::instance::plan::survey::Survey;
use crate::cht::instance::record::{self, Creation, Record};
use crate::cht::instance::{InstanceResource, desired};
use crate::kubernetes::{Access, Apply, Found, ObjectSet};

/// Waits until nothing else in this run makes or destroys the same instance.
///
/// # Errors
/// The operation is interrupted, or its time is over.
pub(super) async fn turn(
    cx: &Context<InstanceResource>,
    access: &Access,
    namespace: &str,
) -> Result<Turn, Diagnostics> {
    let host = access.cluster.host();
    take_turn(cx, &format!("the instance in the namespace {namespace} of {host}")).await
}

/// Gives a creation a name, and keeps it.
///
/// # Errors
/// Fails if what is kept beside the state cannot be read.
pub(super) fn begin(cx: &Context<InstanceResource>, survey: &Survey) -> Result<Creation, Diagnostics> {
    let name = Uuid::new_v4().simple().to_string();
    cx.set_private(&Private {
        creation: Some(name.clone()),
        goes_on_from: survey.made_by(),
        ..cx.private()?
    })?;
    Ok(Creation {
        name: Some(name),
        ..Creation::default()
    })
}

/// Notes that a creation has ended: the core has its instance from now on.
pub(super) fn hand_over(cx: &Context<InstanceResource>, creation: &Creation) {
    if let Some(name) = &creation.name {
        cx.clients().creations().hand_over(name);
    }
}

/// What an update writes of the creation: that of the record, of which a state is known if it is the one of this state.
///
/// # Errors
/// Fails if what is kept beside the state cannot be read.
pub(super) fn carried_on(
    cx: &Context<InstanceResource>,
    namespace: &str,
    found: &Found,
) -> Result<Creation, Diagnostics> {
    Ok(carry_on(&cx.private()?, Record::find(found, namespace)))
}

/// Notes in the record of an instance which a state has that it has it: nobody takes the instance from then on. It is
/// no more than a note: where that fails, the next refresh does it.
///
/// # Errors
/// Fails if what is kept beside the state cannot be read.
pub(super) async fn settle(
    cx: &Context<InstanceResource>,
    access: &Access,
    namespace: &str,
    found: &Found,
) -> Result<(), Diagnostics> {
    let Some(live) = found.get(&record::key(namespace)) else {
        return Ok(());
    };
    let noted = Record::find(found, namespace).map(|record| record.creation);
    let own = cx.private()?.creation;
    if own.is_none() || noted.is_none_or(|noted| noted.is_saved || noted.name != own) {
        return Ok(());
    }
    let set = ObjectSet::new(desired::owner(namespace)?, vec![vec![record::saved(live)?]]);
    if let Err(error) = access.cluster.apply(&set, Apply::Careful).await {
        tracing::info!(
            error = tf_framework::diagnostics::error_chain(&error),
            "it could not be noted that a creation was saved"
        );
    }
    Ok(())
}

/// Keeps which creation has made an instance that is imported: the state has it from now on.
///
/// # Errors
/// Fails if what is kept beside the state cannot be read.
pub(super) fn adopt(cx: &Context<InstanceResource>, record: &Record) -> Result<(), Diagnostics> {
    cx.set_private(&Private {
        creation: record.creation.name.clone(),
        ..cx.private()?
    })
}

/// Whether a later creation has taken the instance of a state, such as the other half of a replacement that makes the
/// new object before it destroys the old one. The user is told then.
///
/// # Errors
/// It is not known whether any state has the instance from that creation.
pub(super) fn is_anothers(
    cx: &Context<InstanceResource>,
    state: &InstanceModel,
    found: &Found,
) -> Result<bool, Diagnostics> {
    let record = Record::find(found, &state.namespace);
    let noted = record.map(|record| record.creation).unwrap_or_default();
    match whose(cx.clients().creations(), &cx.private()?, &noted) {
        Whose::Own => Ok(false),
        Whose::Anothers => {
            cx.warn(left(&state.namespace));
            Ok(true)
        }
        Whose::Unclear => Err(unclear(&state.namespace).into()),
    }
}

/// What to do about an instance in the way that this very state may have: the end of an error.
pub(super) const TAINTED: &str = "If this resource has it already, and is tainted or to be replaced: there is one \
    instance in a namespace, so `create_before_destroy`, also that of a resource that depends on it, cannot make \
    another one first. `untaint` it, or do without.";

fn whose(creations: &Creations, kept: &Private, noted: &Creation) -> Whose {
    if noted.name.is_some() && noted.name == kept.goes_on_from {
        return Whose::Own;
    }
    creations.whose(kept.creation.as_deref(), (noted.name.as_deref(), noted.is_saved))
}

fn carry_on(kept: &Private, record: Option<Record>) -> Creation {
    let noted = record.map(|record| record.creation).unwrap_or_default();
    let is_own = kept.creation.is_none()
        || [None, kept.creation.as_ref(), kept.goes_on_from.as_ref()].contains(&noted.name.as_ref());
    Creation {
        name: if is_own {
            kept.creation.clone().or(noted.name)
        } else {
            noted.name
        },
        made: None,
        is_saved: is_own || noted.is_saved,
    }
}

fn left(namespace: &str) -> Diagnostic {
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

fn unclear(namespace: &str) -> Diagnostic {
    Diagnostic::error(
        "CHT object may belong to a later creation",
        format!(
            "A creation after the one of this object has taken the instance in the namespace {namespace}, and nothing \
             tells yet whether a state has it since: that apply may have been killed. So nothing was deleted. If another \
             state has it, refresh that one (`tofu apply -refresh-only`), and try again. If none has it, apply: within a \
             day, or if it was not finished, that goes on with it, and the next apply drops this object. Otherwise let \
             the state forget it (`tofu state rm`), and import it."
        ),
    )
    .at(InstanceModel::NAMESPACE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cht::instance::fixtures::{minimal, state};
    use crate::cht::instance::record::Stage;
    use crate::kubernetes::LiveObject;

    fn kept(creation: Option<&str>, goes_on_from: Option<&str>) -> Private {
        Private {
            creation: creation.map(str::to_owned),
            goes_on_from: goes_on_from.map(str::to_owned),
            ..Private::default()
        }
    }

    fn noted(name: Option<&str>, is_saved: bool) -> Creation {
        Creation {
            name: name.map(str::to_owned),
            made: "2026-03-01T10:00:00Z".parse().ok(),
            is_saved,
        }
    }

    #[test]
    fn an_instance_that_a_later_creation_took_is_that_ones_also_after_it_was_changed() {
        let creations = Creations::default();
        creations.hand_over("c");
        for (kept, noted, expected) in [
            (kept(Some("a"), None), noted(Some("a"), true), Whose::Own),
            (kept(Some("a"), None), noted(None, false), Whose::Own),
            (kept(None, None), noted(Some("b"), true), Whose::Own),
            (kept(Some("a"), None), noted(Some("b"), true), Whose::Anothers),
            (kept(Some("a"), None), noted(Some("c"), false), Whose::Anothers),
            (kept(Some("a"), None), noted(Some("b"), false), Whose::Unclear),
            // It failed before the record named it.
            (kept(Some("b"), Some("a")), noted(Some("a"), false), Whose::Own),
        ] {
            assert_eq!(whose(&creations, &kept, &noted), expected, "{kept:?} {noted:?}");
        }
    }

    #[test]
    fn an_update_carries_on_which_creation_it_was_and_saves_only_its_own() {
        let record = |creation: &Creation| {
            let written = record::object(&state(&minimal()), Stage::Created, creation).expect("it is written");
            let live = LiveObject::from_json(written.json().clone()).expect("a known kind");
            Record::find(&[live].into_iter().collect(), "cht-kisumu")
        };
        for (kept, found, name, is_saved) in [
            (kept(Some("a"), None), record(&noted(Some("a"), false)), Some("a"), true),
            (
                kept(Some("b"), Some("a")),
                record(&noted(Some("a"), false)),
                Some("b"),
                true,
            ),
            (
                kept(Some("a"), None),
                record(&noted(Some("b"), false)),
                Some("b"),
                false,
            ),
            (kept(Some("a"), None), record(&noted(Some("b"), true)), Some("b"), true),
            (kept(Some("a"), None), None, Some("a"), true),
            (kept(None, None), record(&noted(Some("b"), false)), Some("b"), true),
            (kept(None, None), None, None, true),
        ] {
            let expected = Creation {
                name: name.map(str::to_owned),
                made: None,
                is_saved,
            };
            assert_eq!(carry_on(&kept, found.clone()), expected, "{kept:?} {found:?}");
        }
    }
}
