//! Blocks: nested attributes in another syntax, `rule { ... }` instead of `rules = [{ ... }]`.
//!
//! A block is an [`Attribute`] whose kind is nested and that has a [`Block`], so whatever holds for nested attributes
//! holds for it. What differs: a block is never computed as a whole, blocks that are not there are an empty collection
//! and not null, and a plan has as many of them as the configuration.

use std::collections::BTreeMap;

use crate::schema::{Attribute, Kind, Nesting, Presence};
use crate::value::Value;

/// What a nested attribute has that is written as blocks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Block {
    /// The least number of blocks in a list or set.
    pub min_items: usize,
    /// The greatest number of blocks in a list or set, if there is one.
    pub max_items: Option<usize>,
    /// Whether a single block that is not written is one without content, so that it is never null.
    pub group: bool,
}

impl Attribute {
    /// Is written as blocks.
    ///
    /// A list, set or map is empty where the configuration has none. A single one is null then if the type of the
    /// attribute is an `Option`; otherwise the configuration has to have it.
    #[must_use]
    pub fn block(self, block: Block) -> Self {
        Attribute {
            block: Some(block),
            ..self
        }
    }

    /// Whether the value can be null: that of several blocks, and of a group, never is.
    pub fn is_nullable(&self) -> bool {
        match (&self.kind, &self.block) {
            (Kind::Nested(Nesting::Single, _), Some(block)) => !block.group,
            (Kind::Nested(..), Some(_)) => false,
            (Kind::Nested(..) | Kind::Type(_), None) | (Kind::Type(_), Some(_)) => true,
        }
    }

    /// The value where there is none: null, or what blocks have instead.
    pub fn absent(&self) -> Value {
        match &self.kind {
            _ if self.is_nullable() => Value::Null,
            Kind::Nested(Nesting::List, _) => Value::List(Vec::new()),
            Kind::Nested(Nesting::Set, _) => Value::set([]),
            Kind::Nested(Nesting::Map, _) => Value::Map(BTreeMap::new()),
            Kind::Nested(Nesting::Single, attributes) => absent_object(attributes),
            Kind::Type(_) => Value::Null,
        }
    }

    /// The least and the greatest number of blocks, as the protocol has it: no greatest number is 0.
    pub(crate) fn block_items(&self) -> (usize, usize) {
        match (&self.kind, self.block) {
            (Kind::Nested(Nesting::Single, _), Some(block)) if !block.group => {
                let items = usize::from(self.presence == Presence::Required);
                (items, items)
            }
            (_, block) => {
                let block = block.unwrap_or_default();
                (block.min_items, block.max_items.unwrap_or(0))
            }
        }
    }
}

/// An object in which nothing is configured.
fn absent_object(attributes: &[Attribute]) -> Value {
    Value::object(
        attributes
            .iter()
            .map(|attribute| (attribute.name.as_str(), attribute.absent())),
    )
}

/// The object with what blocks have instead of null, wherever they are null.
///
/// A state from before an attribute became blocks has null for it, or does not have it at all.
pub(crate) fn without_null_blocks(attributes: &[Attribute], object: Value) -> Value {
    let Value::Object(mut values) = object else {
        return object;
    };
    for attribute in attributes {
        if let Some(value) = values.get_mut(&attribute.name) {
            *value = match (&attribute.kind, std::mem::take(value)) {
                (_, value) if value.is_null() && !attribute.is_nullable() => attribute.absent(),
                (Kind::Nested(_, nested), value) if attribute.block.is_some() => {
                    map_objects(value, |object| without_null_blocks(nested, object))
                }
                (_, value) => value,
            };
        }
    }
    Value::Object(values)
}

/// The value of a nested attribute with each object in it changed.
pub(crate) fn map_objects(value: Value, mut change: impl FnMut(Value) -> Value) -> Value {
    match value {
        Value::Object(_) => change(value),
        Value::List(elements) => Value::List(elements.into_iter().map(change).collect()),
        Value::Set(elements) => Value::set(elements.into_iter().map(change)),
        Value::Map(elements) => Value::Map(
            elements
                .into_iter()
                .map(|(key, element)| (key, change(element)))
                .collect(),
        ),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lifecycle::fixtures::{attribute, block, nested};

    #[test]
    fn what_is_not_there_is_null_or_what_blocks_have_instead() {
        let inner = || vec![attribute::<Option<String>>("name")];
        for (nesting, absent) in [
            (Nesting::Single, Value::Null),
            (Nesting::List, Value::List(vec![])),
            (Nesting::Set, Value::set([])),
            (Nesting::Map, Value::Map(BTreeMap::new())),
        ] {
            assert_eq!(block("rules", nesting, inner()).absent(), absent);
            assert_eq!(
                nested("rules", nesting, Presence::Optional, inner()).absent(),
                Value::Null
            );
        }
        let limits = Block {
            group: true,
            ..Block::default()
        };
        let group = block("rules", Nesting::Single, vec![block("parts", Nesting::List, inner())]).block(limits);
        assert_eq!(group.absent(), Value::object([("parts", Value::List(vec![]))]));
    }

    #[test]
    fn null_blocks_become_empty_at_every_depth_and_null_attributes_stay() {
        let attributes = [
            attribute::<Option<Vec<String>>>("names"),
            block("rules", Nesting::List, vec![block("parts", Nesting::Set, vec![])]),
        ];
        let rule = |parts: Value| Value::object([("parts", parts)]);
        let state = |rules: Value| Value::object([("names", Value::Null), ("rules", rules)]);
        let cases = [
            (Value::Null, Value::List(vec![])),
            (Value::UNKNOWN, Value::UNKNOWN),
            (
                Value::List(vec![rule(Value::Null)]),
                Value::List(vec![rule(Value::set([]))]),
            ),
        ];
        for (rules, expected) in cases {
            assert_eq!(without_null_blocks(&attributes, state(rules)), state(expected));
        }
    }
}
