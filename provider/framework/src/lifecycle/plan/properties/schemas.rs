//! Schemas with attributes of every kind, nested in every way that the lint allows.

use proptest::prelude::*;
use proptest::sample::select;

use crate::lifecycle::fixtures::{attribute, block, nested};
use crate::lifecycle::plan::properties::WORDS;
use crate::model::{Attr, WriteOnly};
use crate::schema::{Attribute, Kind, Nesting, PlanModifier, Presence, SemanticEquality};
use crate::types::Type;
use crate::value::Value;

/// What attributes are in: not everything can be everywhere.
#[derive(Clone, Copy, Default)]
pub(super) struct Place {
    set: bool,
    expression: bool,
    uniform: bool,
}

pub(super) fn attributes(depth: u32, place: Place) -> BoxedStrategy<Vec<Attribute>> {
    let leaf = leaf(place);
    let any = if depth == 0 {
        leaf.boxed()
    } else {
        prop_oneof![3 => leaf, 2 => branch(depth, place)].boxed()
    };
    proptest::collection::vec(any, 1..5)
        .prop_map(|attributes| {
            let named = |(position, attribute): (usize, Attribute)| Attribute {
                name: format!("p{position}"),
                ..attribute
            };
            independent(attributes.into_iter().enumerate().map(named).collect())
        })
        .boxed()
}

/// The attributes, none of which depends on itself or on what no plan shows.
fn independent(mut attributes: Vec<Attribute>) -> Vec<Attribute> {
    let first_is_shown = attributes.first().is_some_and(|first| !first.write_only);
    let depending = if first_is_shown { 1 } else { attributes.len() };
    for attribute in attributes.iter_mut().take(depending) {
        let depends = |modifier: &PlanModifier| matches!(modifier, PlanModifier::DependsOn(_));
        attribute.modifiers.retain(|modifier| !depends(modifier));
    }
    attributes
}

fn leaf(place: Place) -> impl Strategy<Value = Attribute> {
    let configured = (
        prop_oneof![Just(Presence::Required), Just(Presence::Optional)],
        proptest::option::of(prop_oneof![
            Just(PlanModifier::Replace),
            Just(PlanModifier::ReplaceIf(other_letter)),
            Just(PlanModifier::ReplaceIfConfigured),
        ]),
        any::<bool>(),
    )
        .prop_map(move |(presence, replace, lenient)| {
            let mut leaf = attribute::<String>("x");
            leaf.presence = presence;
            if !place.set {
                leaf.modifiers.extend(replace);
            }
            if lenient {
                leaf.semantic_equality = Some(SemanticEquality::Values(same_letter));
            }
            leaf
        });
    let computed = (
        prop_oneof![Just(Presence::Computed), Just(Presence::OptionalComputed)],
        prop_oneof![
            Just(vec![]),
            Just(vec![PlanModifier::Keep]),
            Just(vec![PlanModifier::KeepNonNull]),
            Just(vec![PlanModifier::DependsOn(vec!["p0".into()])]),
            Just(vec![PlanModifier::Custom(kept_once_known)]),
        ],
    )
        .prop_map(|(presence, modifiers)| Attribute {
            presence,
            modifiers,
            ..attribute::<Attr<String>>("x")
        });
    let default = select(&WORDS[..]).prop_map(|word| attribute::<String>("x").default_value(word));
    let of_another_type = prop_oneof![
        Just(Type::List(Type::String.into())),
        Just(Type::Set(Type::String.into())),
        Just(Type::Map(Type::String.into())),
        Just(Type::Number),
    ]
    .prop_map(|of| Attribute {
        kind: Kind::Type(of),
        ..attribute::<Option<String>>("x")
    });
    let write_only = Just(if place.set {
        attribute::<Option<String>>("x")
    } else {
        attribute::<WriteOnly<String>>("x")
    });
    let dynamic =
        select(&[Presence::Optional, Presence::OptionalComputed, Presence::Computed][..]).prop_map(move |presence| {
            // In sets there are none, and the core would give all elements of a list or map one type, which is more
            // than is needed here.
            let (of, presence) = if place.set || place.uniform {
                (Type::Bool, Presence::Optional)
            } else {
                (Type::Dynamic, presence)
            };
            Attribute {
                kind: Kind::Type(of),
                presence,
                ..attribute::<Option<String>>("x")
            }
        });
    prop_oneof![4 => configured, 4 => computed, 2 => default, 2 => of_another_type, 1 => write_only, 2 => dynamic]
}

fn branch(depth: u32, place: Place) -> impl Strategy<Value = Attribute> {
    let nesting = select(&[Nesting::Single, Nesting::List, Nesting::Set, Nesting::Map][..]);
    let presence = select(&[Presence::Required, Presence::Optional, Presence::OptionalComputed][..]);
    (nesting, presence, any::<bool>())
        .prop_flat_map(move |(nesting, presence, is_block)| {
            let is_block = is_block && !place.expression;
            let inside = Place {
                set: place.set || nesting == Nesting::Set,
                expression: place.expression || !is_block,
                uniform: place.uniform || (!is_block && matches!(nesting, Nesting::List | Nesting::Map)),
            };
            (Just((nesting, presence, is_block)), attributes(depth - 1, inside))
        })
        .prop_map(|((nesting, presence, is_block), mut attributes)| {
            if is_block {
                return block("x", nesting, attributes);
            }
            if presence == Presence::OptionalComputed {
                for attribute in attributes
                    .iter_mut()
                    .filter(|nested| nested.presence == Presence::Required)
                {
                    attribute.presence = Presence::Optional;
                }
            }
            nested("x", nesting, presence, attributes)
        })
}

fn same_letter(one: &Value, other: &Value) -> bool {
    one.as_str().map(str::to_lowercase) == other.as_str().map(str::to_lowercase)
}

/// Whether a change is of more than the case: of anything that is not known yet it may be.
fn other_letter(prior: &Value, planned: &Value) -> bool {
    planned.is_unknown() || !same_letter(prior, planned)
}

/// What an attribute keeps from when on it is known.
fn kept_once_known(prior: &Value, config: &Value, planned: Value) -> Value {
    if config.is_null() && !prior.is_null() {
        prior.clone()
    } else {
        planned
    }
}
