//! How values of schemas travel: as the values of their types, except for blocks that hold dynamic types.
//!
//! Several blocks whose attributes have dynamic types need not have one type, so the core takes a list of them for a
//! tuple, and a map of them for an object, of a type that comes with each value. Everywhere else in the framework they
//! are lists and maps like others.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::schema::block::without_null_blocks;
use crate::schema::{Attribute, Kind, Nesting, Schema};
use crate::types::Type;
use crate::value::Value;
use crate::wire::{CodecError, json};

/// A state as the core stored it, maybe under another version of the schema.
///
/// # Errors
/// Fails with the path of the part that is no value of its type.
pub(crate) fn stored_state(stored: &[u8], schema: &Schema) -> Result<Value, CodecError> {
    json::decode_state(stored, &schema.wire_type())
        // Before they became blocks, several objects of dynamic types were a list or a map.
        .or_else(|error| json::decode_state(stored, &schema.value_type()).map_err(|_| error))
        .map(|state| schema.lift(state))
}

/// What a value can be written and read beside: a type or a schema.
pub trait WireForm {
    /// The type of the encoding.
    fn wire_type(&self) -> Cow<'_, Type>;

    /// The value in the form of the encoding.
    fn lower<'v>(&self, value: &'v Value) -> Cow<'v, Value>;

    /// The value of an encoding.
    fn lift(&self, value: Value) -> Value;
}

impl WireForm for Type {
    fn wire_type(&self) -> Cow<'_, Type> {
        Cow::Borrowed(self)
    }

    fn lower<'v>(&self, value: &'v Value) -> Cow<'v, Value> {
        Cow::Borrowed(value)
    }

    fn lift(&self, value: Value) -> Value {
        value
    }
}

impl WireForm for Schema {
    fn wire_type(&self) -> Cow<'_, Type> {
        Cow::Owned(wire_type(&self.attributes))
    }

    fn lower<'v>(&self, value: &'v Value) -> Cow<'v, Value> {
        if self.attributes.iter().any(Attribute::has_own_type) {
            Cow::Owned(lower(&self.attributes, value))
        } else {
            Cow::Borrowed(value)
        }
    }

    fn lift(&self, value: Value) -> Value {
        without_null_blocks(&self.attributes, lift(&self.attributes, value))
    }
}

impl Attribute {
    /// Whether the type of this attribute, or of one in it, comes with each value because it is one of several blocks.
    fn has_own_type(&self) -> bool {
        match &self.kind {
            Kind::Nested(Nesting::List | Nesting::Map, _) => self.block.is_some() && self.value_type().holds_dynamic(),
            Kind::Nested(Nesting::Single, attributes) => {
                self.block.is_some() && attributes.iter().any(Attribute::has_own_type)
            }
            Kind::Nested(Nesting::Set, _) | Kind::Type(_) => false,
        }
    }
}

fn wire_type(attributes: &[Attribute]) -> Type {
    let types = attributes.iter().map(|attribute| {
        let of = match &attribute.kind {
            Kind::Nested(Nesting::Single, nested) if attribute.has_own_type() => wire_type(nested),
            _ if attribute.has_own_type() => Type::Dynamic,
            _ => attribute.value_type(),
        };
        (attribute.name.clone(), of)
    });
    Type::Object(types.collect())
}

fn lower(attributes: &[Attribute], value: &Value) -> Value {
    let Value::Object(values) = value else {
        return value.clone();
    };
    let mut values = values.clone();
    for attribute in attributes.iter().filter(|attribute| attribute.has_own_type()) {
        if let Some(value) = values.get_mut(&attribute.name) {
            *value = match &attribute.kind {
                Kind::Nested(Nesting::Single, nested) => lower(nested, value),
                _ => match own_type(attribute, value) {
                    (Type::Dynamic, value) => value,
                    typed => Value::Dynamic(Box::new(typed)),
                },
            };
        }
    }
    Value::Object(values)
}

fn lift(attributes: &[Attribute], value: Value) -> Value {
    let Value::Object(mut values) = value else { return value };
    for attribute in attributes.iter().filter(|attribute| attribute.has_own_type()) {
        if let Some(value) = values.get_mut(&attribute.name) {
            *value = match (&attribute.kind, std::mem::take(value)) {
                (Kind::Nested(Nesting::Single, nested), value) => lift(nested, value),
                (_, Value::Dynamic(typed)) => lift_typed(&typed.0, &attribute.value_type(), typed.1),
                (_, value) => value,
            };
        }
    }
    Value::Object(values)
}

/// The type that a value turned out to have, and the value without the types in it.
fn own_type(attribute: &Attribute, value: &Value) -> (Type, Value) {
    let object = |attributes: &[Attribute], value: &Value| match value {
        Value::Object(_) => {
            let parts = attributes.iter().map(|attribute| {
                let name = attribute.name.clone();
                let typed = own_type(attribute, value.attribute_or_null(&name));
                (name, typed)
            });
            let (types, values) = split(parts);
            (Type::Object(types), Value::Object(values))
        }
        _ => (
            Kind::Nested(Nesting::Single, attributes.to_vec()).value_type(),
            value.clone(),
        ),
    };
    match (&attribute.kind, value) {
        (Kind::Nested(Nesting::List, nested), Value::List(elements)) if attribute.has_own_type() => {
            let (types, values) = elements.iter().map(|element| object(nested, element)).unzip();
            (Type::Tuple(types), Value::List(values))
        }
        (Kind::Nested(Nesting::Map, nested), Value::Map(elements)) if attribute.has_own_type() => {
            let (types, values) = split(
                elements
                    .iter()
                    .map(|(key, element)| (key.clone(), object(nested, element))),
            );
            (Type::Object(types), Value::Object(values))
        }
        // Unknown as a whole: how many there will be is not known, so there is no type either.
        (Kind::Nested(Nesting::List | Nesting::Map, _), _) if attribute.has_own_type() => {
            (Type::Dynamic, value.clone())
        }
        (Kind::Nested(Nesting::Single, nested), _) => object(nested, value),
        _ => typed_parts(&attribute.value_type(), value),
    }
}

/// The same for a value of a type.
fn typed_parts(of: &Type, value: &Value) -> (Type, Value) {
    match (of, value) {
        (Type::Dynamic, Value::Dynamic(typed)) => (**typed).clone(),
        (Type::List(of), Value::List(elements)) => {
            let (types, values): (Vec<_>, _) = elements.iter().map(|element| typed_parts(of, element)).unzip();
            (Type::List(Box::new(common(of, types))), Value::List(values))
        }
        (Type::Map(of), Value::Map(elements)) => {
            let (types, values) = split(elements.iter().map(|(key, one)| (key.clone(), typed_parts(of, one))));
            (Type::Map(Box::new(common(of, types.into_values()))), Value::Map(values))
        }
        (Type::Object(types), Value::Object(attributes)) => {
            let parts = types.iter().zip(attributes.values());
            let (types, values) = split(parts.map(|((name, of), value)| (name.clone(), typed_parts(of, value))));
            (Type::Object(types), Value::Object(values))
        }
        (Type::Tuple(types), Value::List(elements)) => {
            let (types, values) = types.iter().zip(elements).map(|(of, one)| typed_parts(of, one)).unzip();
            (Type::Tuple(types), Value::List(values))
        }
        (of, value) => (of.clone(), value.clone()),
    }
}

/// The one type that all elements of a list or map have.
fn common(of: &Type, types: impl IntoIterator<Item = Type>) -> Type {
    let mut types = types.into_iter();
    types.find(|one| *one != Type::Dynamic).unwrap_or_else(|| of.clone())
}

/// A value of its own type as one of the schema's.
fn lift_typed(own: &Type, of: &Type, value: Value) -> Value {
    match (own, of, value) {
        (Type::Dynamic, Type::Dynamic, value) => value,
        (own, Type::Dynamic, value) => Value::Dynamic(Box::new((own.clone(), value))),
        (Type::List(own), Type::List(of), Value::List(elements)) => Value::List(
            elements
                .into_iter()
                .map(|element| lift_typed(own, of, element))
                .collect(),
        ),
        (Type::Tuple(own), Type::List(of), Value::List(elements)) => {
            let elements = own.iter().zip(elements);
            Value::List(elements.map(|(own, element)| lift_typed(own, of, element)).collect())
        }
        (Type::Tuple(own), Type::Tuple(of), Value::List(elements)) => {
            let elements = own.iter().zip(of).zip(elements);
            Value::List(
                elements
                    .map(|((own, of), element)| lift_typed(own, of, element))
                    .collect(),
            )
        }
        (Type::Map(own), Type::Map(of), Value::Map(elements)) => {
            let elements = elements.into_iter();
            Value::Map(
                elements
                    .map(|(key, element)| (key, lift_typed(own, of, element)))
                    .collect(),
            )
        }
        (Type::Object(own), Type::Map(of), Value::Object(elements)) => {
            let elements = own.values().zip(elements);
            Value::Map(
                elements
                    .map(|(own, (key, element))| (key, lift_typed(own, of, element)))
                    .collect(),
            )
        }
        (Type::Object(own), Type::Object(of), Value::Object(attributes)) if own.keys().eq(of.keys()) => {
            let attributes = own.values().zip(of.values()).zip(attributes);
            Value::Object(
                attributes
                    .map(|((own, of), (name, one))| (name, lift_typed(own, of, one)))
                    .collect(),
            )
        }
        (_, _, value) => value,
    }
}

fn split(parts: impl Iterator<Item = (String, (Type, Value))>) -> (BTreeMap<String, Type>, BTreeMap<String, Value>) {
    parts
        .map(|(name, (of, value))| ((name.clone(), of), (name, value)))
        .unzip()
}

#[cfg(test)]
mod tests;
