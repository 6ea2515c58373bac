//! From the framework's types to the protocol's messages.

use std::collections::BTreeMap;

use tfplugin::tfplugin6 as proto;
use tfplugin::tfplugin6::attribute_path::{Step as ProtoStep, step::Selector};
use tfplugin::tfplugin6::schema as proto_schema;

use crate::diagnostics::{Deferral, Diagnostic, Diagnostics, Severity, error_chain};
use crate::identity::{IdentityAttribute, IdentitySchema};
use crate::path::{Path, Step};
use crate::schema::{Attribute, Kind, Nesting, Presence, Schema};
use crate::value::Value;
use crate::wire::form::WireForm;
use crate::wire::msgpack;

mod function;

pub(crate) use function::{function, function_error};

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

/// Diagnostics, in order.
pub(crate) fn diagnostics(diagnostics: Diagnostics) -> Vec<proto::Diagnostic> {
    diagnostics.into_iter().map(|one| diagnostic(&[], one)).collect()
}

/// Diagnostics about values of a schema, in order: the core can show the way through its blocks.
pub(crate) fn diagnostics_in(schema: &Schema, diagnostics: Diagnostics) -> Vec<proto::Diagnostic> {
    let messages = diagnostics.into_iter();
    messages.map(|one| diagnostic(&schema.attributes, one)).collect()
}

fn diagnostic(attributes: &[Attribute], mut diagnostic: Diagnostic) -> proto::Diagnostic {
    if let Some(path) = diagnostic
        .path
        .take_if(|path| path.steps().len() > visible(attributes, path).steps().len())
    {
        // The core would show the wrong line, or none, so it gets the part that it can show, and people get the rest.
        diagnostic.detail.push_str(&format!("\n\nAttribute: {path}"));
        diagnostic.path = Some(visible(attributes, &path));
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

/// The part of a path whose place in the configuration the core can show: through blocks, and then an attribute and one of
/// its elements. It takes any step after that for a block, and if there is none, looks for the name where it is.
fn visible(mut attributes: &[Attribute], path: &Path) -> Path {
    let mut steps = path.steps().iter().peekable();
    let mut visible = Path::root();
    while let Some(Step::Attribute(name)) = steps.next() {
        visible = visible.attribute(name);
        if let Some(element) = steps.next_if(|step| matches!(step, Step::Index(_) | Step::Key(_))) {
            visible = visible.step(element.clone());
        }
        let attribute = attributes.iter().find(|attribute| attribute.name == *name);
        match attribute.map(|attribute| (&attribute.kind, attribute.block)) {
            Some((Kind::Nested(_, nested), Some(_))) => attributes = nested,
            _ => break,
        }
    }
    visible
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
            ..block(&schema.attributes, &schema.description, schema.deprecation.as_ref())
        }),
    }
}

fn block(attributes: &[Attribute], description: &str, deprecation: Option<&String>) -> proto_schema::Block {
    let (blocks, attributes): (Vec<_>, Vec<_>) = attributes.iter().partition(|one| one.block.is_some());
    proto_schema::Block {
        attributes: attributes.into_iter().map(attribute).collect(),
        block_types: blocks.into_iter().map(nested_block).collect(),
        description: description.to_owned(),
        description_kind: proto::StringKind::Markdown.into(),
        deprecated: deprecation.is_some(),
        deprecation_message: deprecation.cloned().unwrap_or_default(),
        ..Default::default()
    }
}

fn nested_block(attribute: &Attribute) -> proto_schema::NestedBlock {
    use proto_schema::nested_block::NestingMode;
    let is_group = attribute.block.is_some_and(|block| block.group);
    let (mode, nested): (_, &[Attribute]) = match &attribute.kind {
        Kind::Nested(Nesting::Single, nested) if is_group => (NestingMode::Group, nested),
        Kind::Nested(Nesting::Single, nested) => (NestingMode::Single, nested),
        Kind::Nested(Nesting::List, nested) => (NestingMode::List, nested),
        Kind::Nested(Nesting::Set, nested) => (NestingMode::Set, nested),
        Kind::Nested(Nesting::Map, nested) => (NestingMode::Map, nested),
        // Only a schema that the lint refuses has it.
        Kind::Type(_) => (NestingMode::Invalid, &[]),
    };
    let (min_items, max_items) = attribute.block_items();
    let items = |items: usize| i64::try_from(items).unwrap_or(i64::MAX);
    proto_schema::NestedBlock {
        type_name: attribute.name.clone(),
        block: Some(block(
            nested,
            &attribute.documentation(),
            attribute.deprecation.as_ref(),
        )),
        nesting: mode.into(),
        min_items: items(min_items),
        max_items: items(max_items),
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
    use crate::lifecycle::fixtures::{attribute, block, nested, schema as schema_of};
    use crate::schema::Block;

    #[test]
    fn a_diagnostic_points_at_what_the_core_can_show_and_names_the_rest() {
        let nested = Path::new("kubernetes").attribute("host");
        let sent = diagnostic(&[], Diagnostic::error("Unreachable", "It does not answer.").at(nested));
        assert_eq!(sent.attribute, Some(path(Path::new("kubernetes"))));
        assert_eq!(sent.detail, "It does not answer.\n\nAttribute: kubernetes.host");
    }

    #[test]
    fn a_diagnostic_keeps_a_path_that_the_core_can_show() {
        let element = Path::new("disks").index(1);
        let sent = diagnostic(&[], Diagnostic::error("Too small", "It must grow.").at(element.clone()));
        assert_eq!(sent.attribute, Some(path(element)));
        assert_eq!(sent.detail, "It must grow.");
    }

    #[test]
    fn a_diagnostic_keeps_the_way_through_blocks() {
        let target = nested(
            "target",
            Nesting::Single,
            Presence::Optional,
            vec![attribute::<String>("host")],
        );
        let rule = block("rule", Nesting::List, vec![target]);
        let distinct = block("distinct", Nesting::Set, vec![attribute::<String>("name")]);
        let schema = schema_of(vec![block("policy", Nesting::Single, vec![rule]), distinct]);
        let sent = |path: Path| {
            let blamed = Diagnostic::error("Wrong", "It is wrong.").at(path);
            diagnostics_in(&schema, blamed.into()).remove(0)
        };
        let shown = Path::new("policy").attribute("rule").index(2).attribute("target");
        assert_eq!(sent(shown.clone()).detail, "It is wrong.");
        assert_eq!(sent(shown.clone()).attribute, Some(path(shown.clone())));
        let within = sent(shown.clone().attribute("host"));
        assert_eq!(within.attribute, Some(path(shown)));
        assert_eq!(within.detail, "It is wrong.\n\nAttribute: policy.rule[2].target.host");
        let in_set = sent(Path::new("distinct").step(Step::Element(Value::Null)).attribute("name"));
        assert_eq!(in_set.attribute, Some(path(Path::new("distinct"))));
        assert_eq!(in_set.detail, "It is wrong.\n\nAttribute: distinct[...].name");
    }

    #[test]
    fn blocks_are_no_attributes_in_the_schema_and_have_their_limits() {
        use proto_schema::nested_block::NestingMode;
        let inner = || vec![attribute::<String>("name"), block("part", Nesting::Set, vec![])];
        let limits = Block {
            min_items: 1,
            max_items: Some(3),
            group: false,
        };
        let group = Block {
            group: true,
            ..Block::default()
        };
        let required = Attribute {
            presence: Presence::Required,
            ..block("required", Nesting::Single, inner())
        };
        let schema = schema_of(vec![
            attribute::<String>("name"),
            block("single", Nesting::Single, inner()),
            required,
            block("list", Nesting::List, inner()).block(limits),
            block("set", Nesting::Set, inner()),
            block("map", Nesting::Map, inner()),
            block("group", Nesting::Single, inner()).block(group),
        ]);
        let sent = super::schema(&schema).block.unwrap();
        assert_eq!(sent.attributes.len(), 1);
        let blocks = sent.block_types.iter().map(|block| {
            let content = block.block.as_ref().unwrap();
            assert_eq!((content.attributes.len(), content.block_types.len()), (1, 1));
            assert_eq!(content.description, "A part.");
            (
                block.type_name.as_str(),
                block.nesting(),
                block.min_items,
                block.max_items,
            )
        });
        let expected = [
            ("single", NestingMode::Single, 0, 0),
            ("required", NestingMode::Single, 1, 1),
            ("list", NestingMode::List, 1, 3),
            ("set", NestingMode::Set, 0, 0),
            ("map", NestingMode::Map, 0, 0),
            ("group", NestingMode::Group, 0, 0),
        ];
        assert_eq!(blocks.collect::<Vec<_>>(), expected);
    }
}
