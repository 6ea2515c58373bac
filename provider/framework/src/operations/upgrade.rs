//! Upgrade: turns a stored state into one of the present schema. The core asks for it before every use of a state.

use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::lifecycle::normalize::without_write_only;
use crate::resource::erased::DynResource;
use crate::value::Value;
use crate::wire::form;

/// Reads a stored state that was written under `version` of the schema.
pub(crate) fn upgrade<C>(resource: &dyn DynResource<C>, version: i64, stored: &[u8]) -> Result<Value, Diagnostics> {
    let schema = resource.schema();
    if version > schema.version {
        return Err(Diagnostics::error(
            "State is too new",
            format!(
                "The state of this {} was written by a newer release of the provider: it has version {version}, and this \
                 release knows version {}. Use that release, or a later one.",
                resource.type_name(),
                schema.version
            ),
        ));
    }
    let upgraded;
    let current = if version == schema.version {
        stored
    } else {
        let parsed = serde_json::from_slice(stored).map_err(|error| unreadable(&error))?;
        upgraded = resource.upgrade(version, parsed)?.to_string().into_bytes();
        &upgraded
    };
    // Attributes that the schema no longer has are dropped, new ones are null: that is no change of meaning.
    let state = form::stored_state(current, schema).map_err(|error| unreadable(&error))?;
    if state.is_null() {
        return Err(Diagnostic::bug("Upgrading the state left nothing of it.").into());
    }
    Ok(without_write_only(schema, state))
}

fn unreadable(error: &dyn std::error::Error) -> Diagnostics {
    Diagnostics::error(
        "Unable to read stored state",
        format!(
            "The state of this resource does not fit its schema: {}.\n\nIf the state was edited by hand, restore it from a \
             backup; otherwise please report this to the developers of the provider.",
            crate::diagnostics::error_chain(error)
        ),
    )
}
