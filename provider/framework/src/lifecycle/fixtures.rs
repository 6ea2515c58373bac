//! Schemas and objects for tests.

use crate::model::AttributeType;
use crate::path::Path;
use crate::schema::{Attribute, Block, Kind, Nesting, Presence, Schema};
use crate::value::Value;

/// An attribute of a Rust type.
pub(crate) fn attribute<T: AttributeType>(name: &str) -> Attribute {
    Attribute::new::<T>(name, "A part.")
}

/// An attribute with attributes in it.
pub(crate) fn nested(name: &str, nesting: Nesting, presence: Presence, attributes: Vec<Attribute>) -> Attribute {
    Attribute {
        kind: Kind::Nested(nesting, attributes),
        presence,
        ..attribute::<Option<String>>(name)
    }
}

/// Blocks with attributes in them; a single one is optional.
pub(crate) fn block(name: &str, nesting: Nesting, attributes: Vec<Attribute>) -> Attribute {
    let presence = match nesting {
        Nesting::Single => Presence::Optional,
        Nesting::List | Nesting::Set | Nesting::Map => Presence::Required,
    };
    nested(name, nesting, presence, attributes).block(Block::default())
}

/// A schema of these attributes.
pub(crate) fn schema(attributes: Vec<Attribute>) -> Schema {
    Schema {
        description: "A thing.".to_owned(),
        attributes,
        ..Schema::default()
    }
}

/// An object of a schema: the given attributes, and nothing for the others.
pub(crate) fn object<const N: usize>(schema: &Schema, values: [(&str, Value); N]) -> Value {
    let mut object = Value::object(
        schema
            .attributes
            .iter()
            .map(|attribute| (attribute.name.as_str(), attribute.absent())),
    );
    for (name, value) in values {
        assert!(Path::new(name).set(&mut object, value), "{name}");
    }
    object
}
