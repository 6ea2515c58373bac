//! Upgrade: turns a stored state into one of the present schema. The core asks for it before every use of a state.

use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::lifecycle::check::assert_conforms;
use crate::lifecycle::normalize::without_write_only;
use crate::operations::answer::settled;
use crate::resource::StoredObject;
use crate::resource::erased::DynResource;
use crate::value::Value;

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
    let state = if version == schema.version {
        // Attributes that the schema no longer has are dropped, new ones have their default or are null: that is no
        // change of meaning.
        StoredObject::new(stored).state(schema)?
    } else {
        settled(resource.upgrade(version, stored)?)
    };
    if state.is_null() {
        return Err(Diagnostic::bug("Upgrading the state left nothing of it.").into());
    }
    let state = without_write_only(schema, state);
    assert_conforms(schema, &state).into_result(state)
}
