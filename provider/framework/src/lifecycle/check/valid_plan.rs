//! A plan beside its configuration and the prior state: what the provider may decide, and what it may not.

use std::collections::BTreeMap;

use crate::lifecycle::check::{Defects, name};
use crate::lifecycle::{at_index, at_key, elements};
use crate::path::Path;
use crate::schema::{Attribute, Kind, Nesting};
use crate::value::Value;

/// The three states that are compared, at the same path.
#[derive(Clone, Copy)]
struct States<'v> {
    prior: &'v Value,
    config: &'v Value,
    planned: &'v Value,
}

/// Checks a plan whose shape is known to be right.
pub(super) fn check(defects: &mut Defects<'_>, prior: &Value, config: &Value, planned: &Value) {
    let states = States { prior, config, planned };
    match (config, planned) {
        (Value::Null, Value::Null) => {}
        (Value::Null, _) => defects.push(&Path::root(), "An object was planned where none is configured."),
        (_, Value::Null) => defects.push(&Path::root(), "No object was planned where one is configured."),
        _ => {
            let schema = defects.schema;
            check_object(defects, &Path::root(), &schema.attributes, states);
        }
    }
}

fn check_object(defects: &mut Defects<'_>, object: &Path, attributes: &[Attribute], states: States<'_>) {
    for attribute in attributes {
        let name = &attribute.name;
        let states = States {
            prior: states.prior.attribute_or_null(name),
            config: states.config.attribute_or_null(name),
            planned: states.planned.attribute_or_null(name),
        };
        check_attribute(defects, &object.clone().attribute(name), attribute, states);
    }
}

fn check_attribute(defects: &mut Defects<'_>, path: &Path, attribute: &Attribute, states: States<'_>) {
    let States { prior, config, planned } = states;
    if attribute.write_only {
        if !planned.is_null() {
            defects.push(path, format!("A value was planned for the write-only {}.", name(path)));
        }
        return;
    }
    // The plan of a nested attribute that is just like its configuration may still have write-only values in it.
    let has_parts = !planned.is_null() && !planned.is_unknown();
    let as_configured = same_promise(planned, config) && !(has_parts && holds_write_only(attribute));
    // Of blocks there are always as many as configured; what is in them may be as before.
    let as_before = same_promise(planned, prior) && !prior.is_null() && !config.is_null() && attribute.block.is_none();
    let left_to_provider = attribute.is_computed() && config.is_null() || !attribute.is_configurable();
    if as_configured || as_before || left_to_provider {
        return;
    }
    match &attribute.kind {
        Kind::Nested(nesting, attributes) if !config.is_null() => {
            let is_set_of_blocks = attribute.block.is_some() && *nesting == Nesting::Set;
            if is_set_of_blocks && elements(planned).iter().any(Value::is_unknown) {
                let text = format!(
                    "A block {} is planned unknown, which only attributes in it can be.",
                    name(path)
                );
                defects.push(path, text);
            }
            // The core does not count the blocks of a set: they cannot be told apart, and may turn out to be the same.
            if !(is_set_of_blocks && matches!((config, planned), (Value::Set(_), Value::Set(_)))) {
                check_nested(defects, path, (*nesting, attributes), states);
            }
        }
        Kind::Nested(..) | Kind::Type(_) => {
            let text = format!(
                "{} was planned for {}, but the configuration has {} and the prior state {}.",
                defects.show(path, planned),
                name(path),
                defects.show(path, config),
                defects.show(path, prior),
            );
            defects.push(path, text);
        }
    }
}

fn check_nested(defects: &mut Defects<'_>, path: &Path, nested: (Nesting, &[Attribute]), states: States<'_>) {
    let (nesting, attributes) = nested;
    let States { prior, config, planned } = states;
    match (nesting, config, planned) {
        (Nesting::Single, Value::Object(_), Value::Object(_)) => check_object(defects, path, attributes, states),
        (Nesting::List, Value::List(config), Value::List(planned)) if config.len() == planned.len() => {
            for (index, (config, planned)) in config.iter().zip(planned).enumerate() {
                let prior = at_index(prior, index);
                let states = States { prior, config, planned };
                check_element(defects, &path.clone().index(index), attributes, states);
            }
        }
        (Nesting::Map, Value::Map(config), Value::Map(planned)) if config.keys().eq(planned.keys()) => {
            for ((key, config), planned) in config.iter().zip(planned.values()) {
                let prior = at_key(prior, key);
                let states = States { prior, config, planned };
                check_element(defects, &path.clone().key(key), attributes, states);
            }
        }
        // Elements of sets cannot be told apart, so the core leaves it at their number.
        (Nesting::Set, Value::Set(_), Value::Set(_)) if sizes_agree(config, planned) => {}
        (_, Value::List(_) | Value::Set(_) | Value::Map(_), Value::List(_) | Value::Set(_) | Value::Map(_)) => {
            let text = format!("The planned elements of {} are not the configured ones.", name(path));
            defects.push(path, text);
        }
        _ => {
            let presence = |value: &Value| match value {
                Value::Null => "null",
                Value::Unknown(_) => "unknown",
                _ => "known",
            };
            let (planned, config) = (presence(planned), presence(config));
            let text = format!(
                "{} was planned to be {planned}, but is configured {config}.",
                name(path)
            );
            defects.push(path, text);
        }
    }
}

fn check_element(defects: &mut Defects<'_>, path: &Path, attributes: &[Attribute], states: States<'_>) {
    match (states.config, states.planned) {
        (Value::Object(_), Value::Object(_)) => check_object(defects, path, attributes, states),
        (config, planned) if same_promise(config, planned) => {}
        _ => defects.push(
            path,
            format!("The plan of {} is not the configured element.", name(path)),
        ),
    }
}

/// Whether two sets can have equally many elements, in case unknown elements turn out to be equal.
fn sizes_agree(config: &Value, planned: &Value) -> bool {
    let sizes = |set: &Value| {
        let most = elements(set).len();
        let least = if set.is_wholly_known() { most } else { most.min(1) };
        (least, most)
    };
    let (configured, planned) = (sizes(config), sizes(planned));
    configured.0 <= planned.1 && planned.0 <= configured.1
}

/// Whether two values are equal, whatever else is known about what is unknown in them.
fn same_promise(one: &Value, other: &Value) -> bool {
    one == other || (!one.is_wholly_known() && !other.is_wholly_known() && unrefined(one) == unrefined(other))
}

fn unrefined(value: &Value) -> Value {
    match value {
        Value::Unknown(_) => Value::UNKNOWN,
        Value::List(elements) => Value::List(elements.iter().map(unrefined).collect()),
        Value::Set(elements) => Value::set(elements.iter().map(unrefined)),
        Value::Map(elements) => Value::Map(unrefined_parts(elements)),
        Value::Object(attributes) => Value::Object(unrefined_parts(attributes)),
        Value::Dynamic(typed) => Value::Dynamic(Box::new((typed.0.clone(), unrefined(&typed.1)))),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

fn unrefined_parts(parts: &BTreeMap<String, Value>) -> BTreeMap<String, Value> {
    parts.iter().map(|(key, part)| (key.clone(), unrefined(part))).collect()
}

/// Whether a write-only attribute is nested in this one.
fn holds_write_only(attribute: &Attribute) -> bool {
    match &attribute.kind {
        Kind::Nested(_, attributes) => attributes
            .iter()
            .any(|attribute| attribute.write_only || holds_write_only(attribute)),
        Kind::Type(_) => false,
    }
}
