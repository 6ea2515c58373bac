//! Plans attributes: configuration, defaults and prior state become the planned state, side by side.

use std::collections::BTreeMap;

use crate::lifecycle::correlate::correlate;
use crate::lifecycle::normalize::normalize_object;
use crate::lifecycle::{NULL, at_index, at_key, elements, same_meaning, wanted};
use crate::path::Path;
use crate::schema::{Attribute, Kind, Nesting, PlanModifier};
use crate::value::Value;

/// What becomes of a computed attribute that neither the configuration nor a default decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::lifecycle) enum Undecided {
    /// It stays as it was.
    Stays,
    /// It is unknown, unless a modifier knows better.
    Unknown,
}

/// Plans an object of the given attributes; `prior` is null where there was none.
pub(in crate::lifecycle) fn plan_object(
    attributes: &[Attribute],
    prior: &Value,
    config: &Value,
    undecided: Undecided,
) -> Value {
    if !matches!(config, Value::Object(_)) {
        return config.clone();
    }
    let planned = attributes
        .iter()
        .map(|attribute| {
            let name = &attribute.name;
            let (prior, config) = (prior.attribute_or_null(name), config.attribute_or_null(name));
            (name.clone(), plan_attribute(attribute, prior, config, undecided))
        })
        .collect();
    let planned = Value::Object(planned);
    match undecided {
        Undecided::Stays => planned,
        Undecided::Unknown => keep_independent(attributes, prior, config, planned),
    }
}

fn plan_attribute(attribute: &Attribute, prior: &Value, config: &Value, undecided: Undecided) -> Value {
    if attribute.write_only {
        return Value::Null;
    }
    let planned = match (wanted(attribute, config), &attribute.kind) {
        (null, _) if null.is_null() => plan_undecided(attribute, prior, null, undecided),
        (wanted, Kind::Nested(nesting, attributes)) => plan_nested(*nesting, attributes, prior, wanted, undecided),
        (wanted, Kind::Type(_)) if same_meaning(attribute, prior, wanted) => prior.clone(),
        (wanted, Kind::Type(_)) => wanted.clone(),
    };
    let modifiers = attribute.modifiers.iter();
    modifiers.fold(planned, |planned, modifier| match modifier {
        PlanModifier::Custom(modify) => modify(prior, config, planned),
        _ => planned,
    })
}

fn plan_undecided(attribute: &Attribute, prior: &Value, null: &Value, undecided: Undecided) -> Value {
    if !attribute.is_computed() {
        // As it is configured: a null of a dynamic type may have a type of its own.
        return null.clone();
    }
    match undecided {
        Undecided::Stays if was_configured(attribute, prior) => Value::Null,
        Undecided::Stays => prior.clone(),
        Undecided::Unknown if keeps_non_null(attribute) && !prior.is_null() => prior.clone(),
        Undecided::Unknown => Value::UNKNOWN,
    }
}

fn plan_nested(
    nesting: Nesting,
    attributes: &[Attribute],
    prior: &Value,
    wanted: &Value,
    undecided: Undecided,
) -> Value {
    match (nesting, wanted) {
        (Nesting::Single, wanted) => plan_object(attributes, prior, wanted, undecided),
        (Nesting::List, Value::List(wanted)) => Value::List(
            wanted
                .iter()
                .enumerate()
                .map(|(index, wanted)| plan_object(attributes, at_index(prior, index), wanted, undecided))
                .collect(),
        ),
        (Nesting::Map, Value::Map(wanted)) => Value::Map(
            wanted
                .iter()
                .map(|(key, wanted)| {
                    (
                        key.clone(),
                        plan_object(attributes, at_key(prior, key), wanted, undecided),
                    )
                })
                .collect(),
        ),
        (Nesting::Set, Value::Set(wanted)) => {
            let prior = elements(prior);
            let partners = correlate(attributes, prior, wanted);
            Value::set(wanted.iter().zip(partners).map(|(wanted, partner)| {
                let partner = partner.and_then(|index| prior.get(index)).unwrap_or(NULL);
                let prior = spelled_as_wanted(attributes, partner, wanted);
                plan_object(attributes, &prior, wanted, undecided)
            }))
        }
        // Unknown as a whole; what does not fit its type is the codec's and the checks' business.
        (Nesting::List | Nesting::Map | Nesting::Set, wanted) => wanted.clone(),
    }
}

/// A prior element of a set in the spelling that its configured element has.
///
/// Elsewhere the prior spelling is planned. But an element that is not paired while others are unknown is planned as it
/// is configured, and may be paired in the next plan, which has to say the same.
fn spelled_as_wanted(attributes: &[Attribute], prior: &Value, wanted: &Value) -> Value {
    let reference = plan_object(attributes, NULL, wanted, Undecided::Stays);
    normalize_object(attributes, &reference, prior.clone())
}

/// Gives back the prior value of unknown attributes of which nothing changes that they depend on.
///
/// One attribute may depend on another one of them, so this goes on until nothing is given back any more.
fn keep_independent(attributes: &[Attribute], prior: &Value, config: &Value, mut planned: Value) -> Value {
    // A new object has nothing to give back; of one that is there, null is as good a prior value as any other.
    if prior.is_null() {
        return planned;
    }
    let candidates: BTreeMap<&String, &[Path]> = attributes
        .iter()
        .filter(|attribute| !attribute.write_only && attribute.is_computed())
        .filter(|attribute| wanted(attribute, config.attribute_or_null(&attribute.name)).is_null())
        .filter_map(|attribute| Some((&attribute.name, dependencies(attribute)?)))
        .collect();
    loop {
        let independent: Vec<&String> = candidates
            .iter()
            .filter(|(name, _)| planned.attribute_or_null(name).is_unknown())
            .filter(|(_, paths)| paths.iter().all(|path| path.get(&planned) == path.get(prior)))
            .map(|(name, _)| *name)
            .collect();
        if independent.is_empty() {
            return planned;
        }
        for name in independent {
            Path::new(name).set(&mut planned, prior.attribute_or_null(name).clone());
        }
    }
}

fn dependencies(attribute: &Attribute) -> Option<&[Path]> {
    attribute.modifiers.iter().find_map(|modifier| match modifier {
        PlanModifier::DependsOn(paths) => Some(paths.as_slice()),
        // What depends on nothing is always given back.
        PlanModifier::Keep => Some(&[]),
        PlanModifier::KeepNonNull
        | PlanModifier::Replace
        | PlanModifier::ReplaceIf(_)
        | PlanModifier::ReplaceIfConfigured
        | PlanModifier::Custom(_) => None,
    })
}

fn keeps_non_null(attribute: &Attribute) -> bool {
    attribute
        .modifiers
        .iter()
        .any(|modifier| matches!(modifier, PlanModifier::KeepNonNull))
}

/// Whether a nested attribute that the configuration does not have any more was in it before: its prior value has
/// something that only a configuration can decide.
///
/// Where a modifier keeps the prior value, it stays all the same, so the removal changes nothing.
fn was_configured(attribute: &Attribute, prior: &Value) -> bool {
    attribute.is_configurable()
        && !keeps_non_null(attribute)
        && dependencies(attribute).is_none()
        && holds_configured(attribute, prior)
}

/// Whether a value of a nested attribute holds anything that only a configuration can decide.
pub(in crate::lifecycle) fn holds_configured(attribute: &Attribute, value: &Value) -> bool {
    let Kind::Nested(_, attributes) = &attribute.kind else {
        return false;
    };
    let in_object = |object: &Value| {
        attributes.iter().any(|attribute| {
            let value = object.attribute_or_null(&attribute.name);
            !value.is_null() && (!attribute.is_computed() || holds_configured(attribute, value))
        })
    };
    match value {
        Value::Object(_) => in_object(value),
        Value::List(elements) | Value::Set(elements) => elements.iter().any(in_object),
        Value::Map(elements) => elements.values().any(in_object),
        _ => false,
    }
}
