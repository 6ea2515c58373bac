//! The core's proposal for a plan: see `ProposedNew` there.
//!
//! The core computes it from the prior state and the configuration and sends it along with every request for a plan.
//! Simulations of the core need it; the plan engine ([`crate::lifecycle::plan`]) does not.

use std::collections::BTreeMap;

use crate::lifecycle::plan::attributes::holds_configured;
use crate::lifecycle::{NULL, at_index, at_key, elements};
use crate::schema::{Attribute, Kind, Nesting, Schema};
use crate::value::Value;

/// The configuration, with prior values where computed attributes have none in it.
#[must_use]
pub fn proposed_new(schema: &Schema, prior: &Value, config: &Value) -> Value {
    propose_object(&schema.attributes, prior, config)
}

fn propose_object(attributes: &[Attribute], prior: &Value, config: &Value) -> Value {
    if !matches!(config, Value::Object(_)) {
        return config.clone();
    }
    let proposed = attributes.iter().map(|attribute| {
        let name = &attribute.name;
        let proposed = propose_attribute(attribute, prior.attribute_or_null(name), config.attribute_or_null(name));
        (name.clone(), proposed)
    });
    Value::Object(proposed.collect::<BTreeMap<_, _>>())
}

fn propose_attribute(attribute: &Attribute, prior: &Value, config: &Value) -> Value {
    match &attribute.kind {
        _ if config.is_null() && attribute.is_computed() => {
            // What only a configuration can decide was in the configuration, and has been removed from it.
            if attribute.is_configurable() && holds_configured(attribute, prior) {
                Value::Null
            } else {
                prior.clone()
            }
        }
        Kind::Nested(nesting, attributes) => propose_nested(*nesting, attributes, prior, config),
        Kind::Type(_) => config.clone(),
    }
}

fn propose_nested(nesting: Nesting, attributes: &[Attribute], prior: &Value, config: &Value) -> Value {
    match (nesting, config) {
        (Nesting::Single, config) => propose_object(attributes, prior, config),
        (Nesting::List, Value::List(config)) => Value::List(
            config
                .iter()
                .enumerate()
                .map(|(index, config)| propose_object(attributes, at_index(prior, index), config))
                .collect(),
        ),
        (Nesting::Map, Value::Map(config)) => Value::Map(
            config
                .iter()
                .map(|(key, config)| (key.clone(), propose_object(attributes, at_key(prior, key), config)))
                .collect(),
        ),
        (Nesting::Set, Value::Set(config)) => {
            let mut free: Vec<&Value> = elements(prior).iter().collect();
            Value::set(config.iter().map(|config| {
                let prior = free
                    .iter()
                    .position(|prior| could_come_from(attributes, prior, config))
                    .map_or(NULL, |position| free.remove(position));
                propose_object(attributes, prior, config)
            }))
        }
        (Nesting::List | Nesting::Map | Nesting::Set, config) => config.clone(),
    }
}

/// Whether a prior element of a set could come from a configured one: nothing differs but what is computed and null in
/// the configuration. Sets within are compared as a whole.
fn could_come_from(attributes: &[Attribute], prior: &Value, config: &Value) -> bool {
    prior == config
        || matches!((prior, config), (Value::Object(_), Value::Object(_)))
            && attributes.iter().all(|attribute| {
                let prior = prior.attribute_or_null(&attribute.name);
                let config = config.attribute_or_null(&attribute.name);
                prior == config
                    || (attribute.is_computed() && config.is_null())
                    || nested_could_come_from(attribute, prior, config)
            })
}

fn nested_could_come_from(attribute: &Attribute, prior: &Value, config: &Value) -> bool {
    let Kind::Nested(_, attributes) = &attribute.kind else {
        return false;
    };
    match (prior, config) {
        (Value::Object(_), Value::Object(_)) => could_come_from(attributes, prior, config),
        (Value::List(prior), Value::List(config)) => {
            prior.len() == config.len()
                && prior
                    .iter()
                    .zip(config)
                    .all(|(prior, config)| could_come_from(attributes, prior, config))
        }
        (Value::Map(prior), Value::Map(config)) => {
            prior.keys().eq(config.keys())
                && prior
                    .values()
                    .zip(config.values())
                    .all(|(prior, config)| could_come_from(attributes, prior, config))
        }
        _ => false,
    }
}
