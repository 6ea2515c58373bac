//! Identities: which one goes into an answer, and the upgrade of one that an older release has stored.
//!
//! How an identity follows from a model is the author's code, so it may panic; no answer is lost by that.

use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::lifecycle::identity::{concluded, is_complete};
use crate::operations::answer::StateAnswer;
use crate::panic::catch_panics;
use crate::resource::erased::DynResource;
use crate::value::Value;

/// The answer with the identity of its state; `before` is the one that the core knows.
pub(super) async fn identified<C>(
    resource: &dyn DynResource<C>,
    before: Option<Value>,
    mut answer: StateAnswer,
) -> StateAnswer {
    let Some(schema) = resource.identity_schema() else {
        return answer;
    };
    if answer.state.is_null() {
        return answer;
    }
    if answer.deferral.is_some() {
        answer.identity = before;
        return answer;
    }
    let now = of(resource, &answer.state).await.unwrap_or_else(|panic| {
        answer.diagnostics.append(panic);
        None
    });
    answer.identity = if answer.diagnostics.has_errors() {
        // There are better explanations than what may be wrong with the identity of half an object.
        before.or(now.filter(|now| is_complete(schema, now)))
    } else {
        let (identity, defects) = concluded(schema, before, now);
        answer.diagnostics.append(defects);
        identity
    };
    answer
}

/// The identity of an object in this state, as far as it is known.
///
/// # Errors
/// Fails if the author's code panics.
pub(super) async fn of<C>(resource: &dyn DynResource<C>, state: &Value) -> Result<Option<Value>, Diagnostics> {
    Ok(catch_panics(async { resource.identity(state) }).await?)
}

/// Reads a stored identity that was written under an older `version` of its schema.
pub(crate) fn upgrade<C>(resource: &dyn DynResource<C>, version: i64, stored: &[u8]) -> Result<Value, Diagnostics> {
    let type_name = resource.type_name();
    let Some(schema) = resource.identity_schema() else {
        return Err(Diagnostic::bug(format!(
            "The core asked for the identity of a {type_name}, which has none."
        ))
        .into());
    };
    let upgraded = if version == schema.version {
        crate::resource::StoredObject::new(stored).value(&schema.value_type())?
    } else if version > schema.version {
        return Err(Diagnostics::error(
            "Identity is too new",
            format!(
                "The identity of this {type_name} was written by a newer release of the provider: it has version {version}, \
                 and this release knows version {}. Use that release, or a later one.",
                schema.version
            ),
        ));
    } else {
        resource.upgrade_identity(version, stored)?
    };
    if is_complete(schema, &upgraded) {
        Ok(upgraded)
    } else {
        Err(Diagnostic::bug("Upgrading the identity left something of it open.").into())
    }
}
