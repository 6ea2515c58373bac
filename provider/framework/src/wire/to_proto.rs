//! From the framework's types to the protocol's messages: values, identities, paths and deferrals. Diagnostics, schemas
//! and functions have files of their own.

use tfplugin::tfplugin6 as proto;
use tfplugin::tfplugin6::attribute_path::{Step as ProtoStep, step::Selector};

use crate::diagnostics::{Deferral, Diagnostic, Diagnostics, error_chain};
use crate::identity::IdentitySchema;
use crate::path::{Path, Step};
use crate::value::Value;
use crate::wire::form::WireForm;
use crate::wire::msgpack;

mod diagnostics;
mod function;
mod schema;

pub(crate) use diagnostics::{diagnostics, diagnostics_in};
pub(crate) use function::{function, function_error};
pub(crate) use schema::{identity_schema, schema, schemas};

/// A value of a type or a schema, in the encoding that every core reads.
///
/// # Errors
/// Fails if the value is not of the type, which only a defect of the provider can cause.
pub(crate) fn value(value: &Value, of: &impl WireForm) -> Result<proto::DynamicValue, Diagnostics> {
    let msgpack = msgpack::encode(&of.lower(value), &of.wire_type()).map_err(|error| {
        let detail = format!(
            "A value of the provider does not fit its schema: {}.",
            error_chain(&error)
        );
        Diagnostics::from(Diagnostic::bug(detail).at(error.path.clone()))
    })?;
    Ok(proto::DynamicValue {
        msgpack: msgpack.into(),
        ..Default::default()
    })
}

/// An identity, if there is one.
///
/// # Errors
/// Fails if the identity is not of the schema's type, which only a defect of the provider can cause.
pub(crate) fn identity(
    identity: Option<&Value>,
    schema: Option<&IdentitySchema>,
) -> Result<Option<proto::ResourceIdentityData>, Diagnostics> {
    let (Some(identity), Some(schema)) = (identity, schema) else {
        return Ok(None);
    };
    Ok(Some(proto::ResourceIdentityData {
        identity_data: Some(value(identity, &schema.value_type())?),
    }))
}

/// A deferral; only for a core that allows it.
pub(crate) fn deferral(deferral: Deferral) -> proto::Deferred {
    use proto::deferred::Reason;
    let reason = match deferral {
        Deferral::ResourceConfigUnknown => Reason::ResourceConfigUnknown,
        Deferral::ProviderConfigUnknown => Reason::ProviderConfigUnknown,
        Deferral::AbsentPrerequisite => Reason::AbsentPrereq,
    };
    proto::Deferred { reason: reason.into() }
}

/// A path, up to the first set: the core cannot address the elements of sets.
pub(crate) fn path(path: Path) -> proto::AttributePath {
    let steps = path.truncated_at_set().steps().iter().filter_map(step).collect();
    proto::AttributePath { steps }
}

fn step(step: &Step) -> Option<ProtoStep> {
    let selector = match step {
        Step::Attribute(name) => Selector::AttributeName(name.clone()),
        Step::Key(key) => Selector::ElementKeyString(key.clone()),
        Step::Index(index) => Selector::ElementKeyInt(i64::try_from(*index).ok()?),
        Step::Element(_) => return None,
    };
    Some(ProtoStep {
        selector: Some(selector),
    })
}
