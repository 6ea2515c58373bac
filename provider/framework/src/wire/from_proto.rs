//! From the protocol's messages to the framework's types.

use tfplugin::tfplugin6 as proto;

#[cfg(feature = "testing")]
use crate::diagnostics::Deferral;
use crate::diagnostics::{Diagnostic, Diagnostics, error_chain};
use crate::identity::IdentitySchema;
#[cfg(feature = "testing")]
use crate::path::Path;
use crate::value::Value;
use crate::wire::form::WireForm;
use crate::wire::{json, msgpack};

/// A value of a type or a schema in either of its two encodings; one with neither is null.
///
/// # Errors
/// Fails if the value is not of the type.
pub(crate) fn value(dynamic: Option<&proto::DynamicValue>, of: &impl WireForm) -> Result<Value, Diagnostics> {
    let Some(dynamic) = dynamic else { return Ok(Value::Null) };
    let decoded = if !dynamic.msgpack.is_empty() {
        msgpack::decode(&dynamic.msgpack, &of.wire_type())
    } else if !dynamic.json.is_empty() {
        json::decode(&dynamic.json, &of.wire_type())
    } else {
        return Ok(Value::Null);
    };
    decoded.map(|value| of.lift(value)).map_err(|error| {
        let detail = format!(
            "A value that the core sent does not fit the schema: {}.",
            error_chain(&error)
        );
        Diagnostic::bug(detail).at(error.path.clone()).into()
    })
}

/// An identity, if there is one and it is known; none where there is no schema for it.
///
/// # Errors
/// Fails if the identity is not of the schema's type.
pub(crate) fn identity(
    identity: Option<&proto::ResourceIdentityData>,
    schema: Option<&IdentitySchema>,
) -> Result<Option<Value>, Diagnostics> {
    let (Some(identity), Some(schema)) = (identity, schema) else {
        return Ok(None);
    };
    let identity = value(identity.identity_data.as_ref(), &schema.value_type())?;
    Ok((!identity.is_null() && identity.is_wholly_known()).then_some(identity))
}

/// The bytes of a stored state.
///
/// # Errors
/// Fails for the form in which states were stored before Terraform 0.12.
pub(crate) fn raw_state(raw: Option<&proto::RawState>) -> Result<&[u8], Diagnostics> {
    match raw {
        Some(raw) if !raw.json.is_empty() => Ok(&raw.json),
        Some(raw) if !raw.flatmap.is_empty() => Err(Diagnostics::error(
            "State is too old",
            "The state was written by Terraform 0.11 or older. Apply once with Terraform 0.12, then come back.",
        )),
        _ => Err(Diagnostic::bug("The core sent no state to upgrade.").into()),
    }
}

/// Diagnostics, in order, as a core reads them.
#[cfg(feature = "testing")]
pub(crate) fn diagnostics(diagnostics: Vec<proto::Diagnostic>) -> Diagnostics {
    let mut collected = Diagnostics::new();
    for diagnostic in diagnostics {
        let read = match diagnostic.severity() {
            proto::diagnostic::Severity::Error => Diagnostic::error(diagnostic.summary, diagnostic.detail),
            proto::diagnostic::Severity::Warning => Diagnostic::warning(diagnostic.summary, diagnostic.detail),
            proto::diagnostic::Severity::Invalid => Diagnostic::bug("A diagnostic came without a severity."),
        };
        collected.push(match diagnostic.attribute {
            Some(attribute) => read.at(path(attribute)),
            None => read,
        });
    }
    collected
}

/// Why an answer is deferred, if it is.
#[cfg(feature = "testing")]
pub(crate) fn deferral(deferred: Option<proto::Deferred>) -> Option<Deferral> {
    use proto::deferred::Reason;
    match deferred?.reason() {
        Reason::ResourceConfigUnknown => Some(Deferral::ResourceConfigUnknown),
        Reason::ProviderConfigUnknown => Some(Deferral::ProviderConfigUnknown),
        Reason::AbsentPrereq => Some(Deferral::AbsentPrerequisite),
        // The framework never sends it.
        Reason::Unknown => None,
    }
}

/// A path.
#[cfg(feature = "testing")]
pub(crate) fn path(path: proto::AttributePath) -> Path {
    use proto::attribute_path::step::Selector;
    let selectors = path.steps.into_iter().filter_map(|step| step.selector);
    selectors.fold(Path::root(), |path, selector| match selector {
        Selector::AttributeName(name) => path.attribute(name),
        Selector::ElementKeyString(key) => path.key(key),
        // The framework never sends a negative index; one would lead nowhere.
        Selector::ElementKeyInt(index) => path.index(usize::try_from(index).unwrap_or(usize::MAX)),
    })
}
