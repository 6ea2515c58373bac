//! From the framework's types to the protocol's messages.

use std::collections::BTreeMap;

use tfplugin::tfplugin6 as proto;
use tfplugin::tfplugin6::attribute_path::{Step as ProtoStep, step::Selector};
use tfplugin::tfplugin6::schema as proto_schema;

use crate::diagnostics::{Diagnostic, Diagnostics, Severity, error_chain};
use crate::identity::{IdentityAttribute, IdentitySchema};
use crate::path::{Path, Step};
use crate::schema::{Attribute, Kind, Nesting, Presence, Schema};
use crate::types::Type;
use crate::value::Value;
use crate::wire::msgpack;

mod function;

pub(crate) use function::{function, function_error};

/// A value in the encoding that every core reads.
///
/// # Errors
/// Fails if the value is not of the type, which only a defect of the provider can cause.
pub(crate) fn value(value: &Value, value_type: &Type) -> Result<proto::DynamicValue, Diagnostics> {
    let msgpack = msgpack::encode(value, value_type).map_err(|error| {
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

/// Diagnostics, in order.
pub(crate) fn diagnostics(diagnostics: Diagnostics) -> Vec<proto::Diagnostic> {
    diagnostics.into_iter().map(diagnostic).collect()
}

fn diagnostic(mut diagnostic: Diagnostic) -> proto::Diagnostic {
    if let Some(path) = diagnostic
        .path
        .take_if(|path| path.steps().len() > visible(path).steps().len())
    {
        // The core would show the wrong line, or none, so it gets the part that it can show, and people get the rest.
        diagnostic.detail.push_str(&format!("\n\nAttribute: {path}"));
        diagnostic.path = Some(visible(&path));
    }
    let severity = match diagnostic.severity {
        Severity::Error => proto::diagnostic::Severity::Error,
        Severity::Warning => proto::diagnostic::Severity::Warning,
    };
    // The core shows a diagnostic without a summary as an empty box.
    let summary = if diagnostic.summary.is_empty() {
        "Provider error".to_owned()
    } else {
        diagnostic.summary
    };
    proto::Diagnostic {
        severity: severity.into(),
        summary,
        detail: diagnostic.detail,
        attribute: diagnostic.path.filter(|path| !path.is_root()).map(path),
    }
}

/// The part of a path whose place in the configuration the core can show: an attribute at the root, and one of its
/// elements. It takes any step after that for a block, and if there is none, looks for the name at the root again.
fn visible(path: &Path) -> Path {
    let mut steps = path.steps().iter();
    let first = steps.next().into_iter();
    let element = steps
        .next()
        .filter(|step| matches!(step, Step::Index(_) | Step::Key(_)));
    first.chain(element).cloned().fold(Path::root(), Path::step)
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

/// A schema.
pub(crate) fn schema(schema: &Schema) -> proto::Schema {
    proto::Schema {
        version: schema.version,
        block: Some(proto_schema::Block {
            version: schema.version,
            attributes: schema.attributes.iter().map(attribute).collect(),
            description: schema.description.clone(),
            description_kind: proto::StringKind::Markdown.into(),
            deprecated: schema.deprecation.is_some(),
            deprecation_message: schema.deprecation.clone().unwrap_or_default(),
            ..Default::default()
        }),
    }
}

/// Schemas by type name.
pub(crate) fn schemas<'a>(schemas: impl Iterator<Item = (&'a str, &'a Schema)>) -> BTreeMap<String, proto::Schema> {
    schemas.map(|(name, one)| (name.to_owned(), schema(one))).collect()
}

/// The schema of an identity.
pub(crate) fn identity_schema(schema: &IdentitySchema) -> proto::ResourceIdentitySchema {
    proto::ResourceIdentitySchema {
        version: schema.version,
        identity_attributes: schema.attributes.iter().map(identity_attribute).collect(),
    }
}

fn identity_attribute(attribute: &IdentityAttribute) -> proto::resource_identity_schema::IdentityAttribute {
    proto::resource_identity_schema::IdentityAttribute {
        name: attribute.name.clone(),
        r#type: attribute.value_type.to_json().into_bytes().into(),
        required_for_import: attribute.required_for_import,
        optional_for_import: !attribute.required_for_import,
        description: attribute.description.clone(),
    }
}

fn attribute(attribute: &Attribute) -> proto_schema::Attribute {
    let (value_type, nested_type) = match &attribute.kind {
        Kind::Type(value_type) => (value_type.to_json().into_bytes(), None),
        Kind::Nested(nesting, attributes) => (Vec::new(), Some(object(*nesting, attributes))),
    };
    proto_schema::Attribute {
        name: attribute.name.clone(),
        r#type: value_type.into(),
        nested_type,
        description: attribute.documentation(),
        description_kind: proto::StringKind::Markdown.into(),
        required: attribute.presence == Presence::Required,
        optional: matches!(attribute.presence, Presence::Optional | Presence::OptionalComputed),
        computed: attribute.is_computed(),
        sensitive: attribute.sensitive,
        write_only: attribute.write_only,
        deprecated: attribute.deprecation.is_some(),
        deprecation_message: attribute.deprecation.clone().unwrap_or_default(),
    }
}

fn object(nesting: Nesting, attributes: &[Attribute]) -> proto_schema::Object {
    use proto_schema::object::NestingMode;
    let mode = match nesting {
        Nesting::Single => NestingMode::Single,
        Nesting::List => NestingMode::List,
        Nesting::Set => NestingMode::Set,
        Nesting::Map => NestingMode::Map,
    };
    proto_schema::Object {
        attributes: attributes.iter().map(attribute).collect(),
        nesting: mode.into(),
        ..Default::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_diagnostic_points_at_what_the_core_can_show_and_names_the_rest() {
        let nested = Path::new("kubernetes").attribute("host");
        let sent = diagnostic(Diagnostic::error("Unreachable", "It does not answer.").at(nested));
        assert_eq!(sent.attribute, Some(path(Path::new("kubernetes"))));
        assert_eq!(sent.detail, "It does not answer.\n\nAttribute: kubernetes.host");
    }

    #[test]
    fn a_diagnostic_keeps_a_path_that_the_core_can_show() {
        let element = Path::new("disks").index(1);
        let sent = diagnostic(Diagnostic::error("Too small", "It must grow.").at(element.clone()));
        assert_eq!(sent.attribute, Some(path(element)));
        assert_eq!(sent.detail, "It must grow.");
    }
}
