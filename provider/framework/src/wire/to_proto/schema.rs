//! From schemas, of values and of identities, to messages.

use std::collections::BTreeMap;

use tfplugin::tfplugin6 as proto;
use tfplugin::tfplugin6::schema as proto_schema;

use crate::identity::{IdentityAttribute, IdentitySchema};
use crate::schema::{Attribute, Kind, Nesting, Presence, Schema};

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
    attribute_of(attribute, attribute.presence)
}

/// An attribute whose value is decided as told, whatever its own schema says.
fn attribute_of(attribute: &Attribute, presence: Presence) -> proto_schema::Attribute {
    let (value_type, nested_type) = match &attribute.kind {
        Kind::Type(value_type) => (value_type.to_json().into_bytes(), None),
        Kind::Nested(nesting, attributes) => (Vec::new(), Some(object(*nesting, attributes, presence))),
    };
    proto_schema::Attribute {
        name: attribute.name.clone(),
        r#type: value_type.into(),
        nested_type,
        description: attribute.documentation(),
        description_kind: proto::StringKind::Markdown.into(),
        required: presence == Presence::Required,
        optional: matches!(presence, Presence::Optional | Presence::OptionalComputed),
        computed: matches!(presence, Presence::Computed | Presence::OptionalComputed),
        sensitive: attribute.sensitive,
        write_only: attribute.write_only,
        deprecated: attribute.deprecation.is_some(),
        deprecation_message: attribute.deprecation.clone().unwrap_or_default(),
    }
}

/// What is in a value that the provider decides is the provider's, too: a model may also be what another resource
/// takes.
fn object(nesting: Nesting, attributes: &[Attribute], presence: Presence) -> proto_schema::Object {
    use proto_schema::object::NestingMode;
    let decided = |attribute: &Attribute| match presence {
        Presence::Computed => attribute_of(attribute, Presence::Computed),
        Presence::Required | Presence::Optional | Presence::OptionalComputed => self::attribute(attribute),
    };
    let mode = match nesting {
        Nesting::Single => NestingMode::Single,
        Nesting::List => NestingMode::List,
        Nesting::Set => NestingMode::Set,
        Nesting::Map => NestingMode::Map,
    };
    proto_schema::Object {
        attributes: attributes.iter().map(decided).collect(),
        nesting: mode.into(),
        ..Default::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lifecycle::fixtures::{attribute, block, schema as schema_of};
    use crate::schema::Block;

    #[test]
    fn what_is_in_a_value_of_the_provider_is_the_providers() {
        let inner = || vec![attribute::<String>("name"), attribute::<Option<String>>("zone")];
        let nested = |presence| Attribute {
            kind: Kind::Nested(Nesting::Single, inner()),
            presence,
            ..attribute::<String>("home")
        };
        let roles = |presence| {
            let home = super::attribute(&nested(presence));
            let attributes = home.nested_type.unwrap().attributes;
            let role = |one: &proto_schema::Attribute| (one.required, one.optional, one.computed);
            attributes.iter().map(role).collect::<Vec<_>>()
        };
        assert_eq!(roles(Presence::Computed), [(false, false, true); 2]);
        assert_eq!(roles(Presence::Optional), [(true, false, false), (false, true, false)]);
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
