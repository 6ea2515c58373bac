//! What holds for every plan, whatever the schema, the configuration and the prior state.

use std::collections::BTreeMap;
use std::fmt;

use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::lifecycle::check::{assert_apply_valid, assert_replan_compatible};
use crate::lifecycle::fixtures::{attribute, block, nested, schema};
use crate::lifecycle::generate::generate_config;
use crate::lifecycle::normalize::normalize;
use crate::lifecycle::proposed::proposed_new;
use crate::lifecycle::validate::validate_config;
use crate::model::{Attr, Timeouts, WriteOnly};
use crate::schema::{Attribute, Kind, Nesting, PlanModifier, Presence, SemanticEquality};
use crate::types::Type;

const WORDS: [&str; 4] = ["a", "A", "b", "c"];

/// A schema, and configurations of it; the last one is the second with other values for what is unknown in it.
#[derive(Clone)]
struct Case {
    schema: Schema,
    first: Value,
    second: Value,
    resolved: Value,
    seed: usize,
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "seed {}", self.seed)?;
        describe(f, &self.schema.attributes, 1)?;
        write!(
            f,
            "first {:?}\nsecond {:?}\nresolved {:?}",
            self.first, self.second, self.resolved
        )
    }
}

fn describe(f: &mut fmt::Formatter<'_>, attributes: &[Attribute], depth: usize) -> fmt::Result {
    for attribute in attributes.iter().filter(|attribute| attribute.name != TIMEOUTS) {
        let Attribute {
            name,
            presence,
            default,
            modifiers,
            write_only,
            ..
        } = attribute;
        let lenient = attribute.semantic_equality.is_some();
        write!(
            f,
            "{:1$}{name}: {presence:?} {default:?} {modifiers:?} lenient={lenient} write_only={write_only} ",
            "",
            depth * 2
        )?;
        match &attribute.kind {
            Kind::Type(of) => writeln!(f, "{of:?}")?,
            Kind::Nested(nesting, attributes) => {
                writeln!(f, "{nesting:?} block={}", attribute.block.is_some())?;
                describe(f, attributes, depth + 1)?;
            }
        }
    }
    Ok(())
}

fn cases() -> impl Strategy<Value = Case> {
    attributes(2, Place::default())
        .prop_map(|mut attributes| {
            attributes.push(attribute::<Timeouts>("timeouts"));
            schema(attributes)
        })
        .prop_flat_map(|schema| {
            let first = object(&schema.attributes, false);
            let second = object(&schema.attributes, true);
            (Just(schema), first, second, any::<usize>())
        })
        .prop_map(|(schema, first, second, seed)| {
            let resolved = fill(&schema.value_type(), &second, &mut Filling::Configured(seed));
            Case {
                schema,
                first,
                second,
                resolved,
                seed,
            }
        })
        // The core never plans a configuration that does not validate.
        .prop_filter("valid", |case| {
            [&case.first, &case.second, &case.resolved]
                .iter()
                .all(|config| validate_config(&case.schema, config, true).is_empty())
        })
}

/// What attributes are in: not everything can be everywhere.
#[derive(Clone, Copy, Default)]
struct Place {
    set: bool,
    expression: bool,
    uniform: bool,
}

fn attributes(depth: u32, place: Place) -> BoxedStrategy<Vec<Attribute>> {
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
            attributes.into_iter().enumerate().map(named).collect()
        })
        .boxed()
}

fn leaf(place: Place) -> impl Strategy<Value = Attribute> {
    let configured = (
        prop_oneof![Just(Presence::Required), Just(Presence::Optional)],
        any::<bool>(),
        any::<bool>(),
    )
        .prop_map(move |(presence, replace, lenient)| {
            let mut leaf = attribute::<String>("x");
            leaf.presence = presence;
            if replace && !place.set {
                leaf.modifiers.push(PlanModifier::Replace);
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
        ],
    )
        .prop_map(|(presence, modifiers)| Attribute {
            presence,
            modifiers,
            ..attribute::<Attr<String>>("x")
        });
    let default = select(&WORDS[..]).prop_map(|word| attribute::<String>("x").default_value(word));
    let collection = prop_oneof![
        Just(Type::List(Type::String.into())),
        Just(Type::Set(Type::String.into()))
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
            // In sets there are none, and the core would give all elements of a list or map one type, which is more than is
            // needed here.
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
    prop_oneof![4 => configured, 4 => computed, 2 => default, 1 => collection, 1 => write_only, 2 => dynamic]
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

/// A configuration of an object; with unknown values only if it may have any.
fn object(attributes: &[Attribute], unknown: bool) -> BoxedStrategy<Value> {
    let values: Vec<BoxedStrategy<(String, Value)>> = attributes
        .iter()
        .map(|attribute| {
            let name = attribute.name.clone();
            let value = configured(attribute, unknown);
            value.prop_map(move |value| (name.clone(), value)).boxed()
        })
        .collect();
    values.prop_map(Value::object).boxed()
}

fn configured(attribute: &Attribute, unknown: bool) -> BoxedStrategy<Value> {
    if !attribute.is_configurable() {
        return Just(Value::Null).boxed();
    }
    if attribute.name == TIMEOUTS {
        let limits = ["create", "read", "update", "delete"].map(|operation| (operation, Value::from("5m")));
        return prop_oneof![Just(Value::Null), Just(Value::object(limits))].boxed();
    }
    let null = u32::from(attribute.presence != Presence::Required) * 3;
    let known = known(&attribute.kind, unknown);
    prop_oneof![
        6 => known,
        null => without_value(&attribute.kind, Value::Null),
        u32::from(unknown) => without_value(&attribute.kind, Value::UNKNOWN),
    ]
    .boxed()
}

/// Null or unknown, of a type of its own where that is possible.
fn without_value(kind: &Kind, value: Value) -> BoxedStrategy<Value> {
    match kind {
        Kind::Type(Type::Dynamic) => {
            let typed = Value::Dynamic(Box::new((Type::String, value.clone())));
            prop_oneof![Just(value), Just(typed)].boxed()
        }
        Kind::Type(_) | Kind::Nested(..) => Just(value).boxed(),
    }
}

/// A value of a type of its own.
fn dynamic(unknown: bool) -> impl Strategy<Value = Value> {
    let list = Type::List(Type::String.into());
    let part = if unknown { Value::UNKNOWN } else { "a".into() };
    let typed = vec![
        (Type::String, "a".into()),
        (Type::Bool, true.into()),
        (list, Value::List(vec!["a".into(), part.clone()])),
        (
            Type::Tuple(vec![Type::Bool, Type::String]),
            Value::List(vec![true.into(), part]),
        ),
    ];
    select(typed).prop_map(|typed| Value::Dynamic(Box::new(typed)))
}

fn known(kind: &Kind, unknown: bool) -> BoxedStrategy<Value> {
    let word = || select(&WORDS[..]).prop_map(Value::from);
    let words = || proptest::collection::vec(word(), 0..3);
    match kind {
        Kind::Type(Type::List(_)) => words().prop_map(Value::List).boxed(),
        Kind::Type(Type::Set(_)) => words().prop_map(Value::set).boxed(),
        Kind::Type(Type::Bool) => any::<bool>().prop_map(Value::Bool).boxed(),
        Kind::Type(Type::Dynamic) => dynamic(unknown).boxed(),
        Kind::Type(_) => word().boxed(),
        Kind::Nested(nesting, attributes) => {
            let element = object(attributes, unknown);
            let elements = proptest::collection::vec(element.clone(), 0..4);
            match nesting {
                Nesting::Single => element,
                Nesting::List => elements.prop_map(Value::List).boxed(),
                Nesting::Set => elements.prop_map(Value::set).boxed(),
                Nesting::Map => proptest::collection::btree_map(select(&["k", "l", "m"][..]), element, 0..3)
                    .prop_map(|map| Value::Map(map.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()))
                    .boxed(),
            }
        }
    }
}

/// Stands in for the world, which makes unknown values known.
enum Filling {
    /// What a configuration turns out to have: words that it has elsewhere too.
    Configured(usize),
    /// What a provider decides: nothing, or a word of its own. Were it something that a configuration says, elements of a
    /// set could become one, and the state would never be what is configured.
    Provided(usize),
}

impl Filling {
    fn collection(&self, empty: Value) -> Value {
        match self {
            Filling::Configured(_) => empty,
            Filling::Provided(_) => Value::Null,
        }
    }

    fn word(&mut self) -> Value {
        match self {
            Filling::Configured(next) => {
                *next = next.wrapping_add(1);
                WORDS
                    .get(*next % WORDS.len())
                    .map_or(Value::Null, |word| Value::from(*word))
            }
            Filling::Provided(next) => {
                *next = next.wrapping_add(1);
                if next.is_multiple_of(7) {
                    Value::Null
                } else {
                    Value::from(format!("w{next}"))
                }
            }
        }
    }
}

fn fill(of: &Type, value: &Value, filling: &mut Filling) -> Value {
    match (of, value) {
        (Type::List(_), Value::Unknown(_)) => filling.collection(Value::List(Vec::new())),
        (Type::Set(_), Value::Unknown(_)) => filling.collection(Value::set([])),
        (Type::Map(_), Value::Unknown(_)) => filling.collection(Value::Map(BTreeMap::new())),
        (Type::Object(_), Value::Unknown(_)) => Value::Null,
        // Nothing that a provider decides here is of this type.
        (Type::Bool, Value::Unknown(_)) => true.into(),
        (Type::Dynamic, Value::Unknown(_)) => match filling.word() {
            Value::Null => Value::Null,
            word => Value::Dynamic(Box::new((Type::String, word))),
        },
        (Type::Dynamic, Value::Dynamic(typed)) => {
            Value::Dynamic(Box::new((typed.0.clone(), fill(&typed.0, &typed.1, filling))))
        }
        (_, Value::Unknown(_)) => filling.word(),
        (Type::List(of), Value::List(elements)) => {
            Value::List(elements.iter().map(|element| fill(of, element, filling)).collect())
        }
        (Type::Set(of), Value::Set(elements)) => Value::set(
            elements
                .iter()
                .map(|element| fill(of, element, filling))
                .collect::<Vec<_>>(),
        ),
        (Type::Tuple(types), Value::List(elements)) => {
            let elements = types.iter().zip(elements);
            Value::List(elements.map(|(of, element)| fill(of, element, filling)).collect())
        }
        (Type::Map(of), Value::Map(elements)) => Value::Map(
            elements
                .iter()
                .map(|(key, element)| (key.clone(), fill(of, element, filling)))
                .collect(),
        ),
        (Type::Object(types), Value::Object(attributes)) => Value::Object(
            types
                .iter()
                .zip(attributes)
                .map(|(of, (name, value))| (name.clone(), fill(of.1, value, filling)))
                .collect(),
        ),
        (_, value) => value.clone(),
    }
}

fn same_letter(one: &Value, other: &Value) -> bool {
    one.as_str().map(str::to_lowercase) == other.as_str().map(str::to_lowercase)
}

fn plan(schema: &Schema, prior: &Value, config: &Value) -> Result<Value, TestCaseError> {
    let proposed = proposed_new(schema, prior, config);
    Planning::new(schema, prior, &proposed, config)
        .and_then(Planning::finish)
        .map(|planned| planned.value)
        .map_err(|defects| TestCaseError::fail(format!("{defects}")))
}

/// What a well-behaved provider makes of a plan.
fn apply(schema: &Schema, planned: &Value, seed: usize) -> Result<Value, TestCaseError> {
    let new = fill(&schema.value_type(), planned, &mut Filling::Provided(seed));
    let new = normalize(schema, planned, new);
    let defects = assert_apply_valid(schema, planned, &new);
    prop_assert!(defects.is_empty(), "{defects}");
    Ok(new)
}

/// The same value, made from elements of sets in the other order.
fn reversed(value: &Value) -> Value {
    let parts =
        |parts: &BTreeMap<String, Value>| parts.iter().map(|(key, part)| (key.clone(), reversed(part))).collect();
    match value {
        Value::Set(elements) => Value::set(elements.iter().rev().map(reversed)),
        Value::List(elements) => Value::List(elements.iter().map(reversed).collect()),
        Value::Map(elements) => Value::Map(parts(elements)),
        Value::Object(attributes) => Value::Object(parts(attributes)),
        other => other.clone(),
    }
}

/// The state after creating an object by the first configuration of a case.
fn created(case: &Case) -> Result<Value, TestCaseError> {
    let planned = plan(&case.schema, &Value::Null, &case.first)?;
    apply(&case.schema, &planned, case.seed)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_schema_here_is_a_good_one(case in cases()) {
        prop_assert_eq!(case.schema.lint(), Vec::<String>::new());
    }

    #[test]
    fn an_applied_configuration_plans_no_change(case in cases()) {
        let state = created(&case)?;
        prop_assert_eq!(plan(&case.schema, &state, &case.first)?, state);
    }

    #[test]
    fn a_generated_configuration_plans_no_change(case in cases()) {
        let state = created(&case)?;
        let generated = generate_config(&case.schema, &state);
        let planned = plan(&case.schema, &state, &generated)?;
        prop_assert!(!differs_beyond_timeouts(&planned, &state), "{generated:?}\n{planned:?}\n{state:?}");
    }

    #[test]
    fn an_updated_object_plans_no_change(case in cases()) {
        let state = created(&case)?;
        let updated = apply(&case.schema, &plan(&case.schema, &state, &case.resolved)?, case.seed)?;
        prop_assert_eq!(plan(&case.schema, &updated, &case.resolved)?, updated);
    }

    #[test]
    fn the_order_in_which_elements_of_sets_arrive_does_not_matter(case in cases()) {
        let state = created(&case)?;
        let planned = plan(&case.schema, &state, &case.second)?;
        prop_assert_eq!(plan(&case.schema, &reversed(&state), &reversed(&case.second))?, planned);
    }

    #[test]
    fn the_plan_of_the_apply_keeps_what_the_first_plan_promised(case in cases()) {
        let state = created(&case)?;
        for prior in [&Value::Null, &state] {
            let first = plan(&case.schema, prior, &case.second)?;
            let second = plan(&case.schema, prior, &case.resolved)?;
            let defects = assert_replan_compatible(&case.schema, &first, &second);
            prop_assert!(defects.is_empty(), "{}\n{:?}\n{:?}", defects, first, second);
        }
    }

    #[test]
    fn the_plan_of_the_apply_replaces_only_what_the_first_plan_replaces(case in cases()) {
        let state = created(&case)?;
        let replaces = |config: &Value| {
            Planning::new(&case.schema, &state, config, config)
                .and_then(Planning::finish)
                .map(|planned| !planned.requires_replace.is_empty())
                .map_err(|defects| TestCaseError::fail(format!("{defects}")))
        };
        prop_assert!(replaces(&case.second)? || !replaces(&case.resolved)?);
    }
}
