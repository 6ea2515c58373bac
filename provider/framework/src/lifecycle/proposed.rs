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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lifecycle::fixtures::{attribute, nested, object, schema};
    use crate::model::Attr;
    use crate::schema::Presence;

    fn port(number: i64, id: Value) -> Value {
        Value::object([("number", number.into()), ("id", id)])
    }

    fn ports(nesting: Nesting, presence: Presence) -> Schema {
        let port = vec![attribute::<Option<i64>>("number"), attribute::<Attr<String>>("id")];
        schema(vec![nested("ports", nesting, presence, port)])
    }

    fn propose(schema: &Schema, prior: Value, config: Value) -> Value {
        let (prior, config) = (object(schema, [("ports", prior)]), object(schema, [("ports", config)]));
        proposed_new(schema, &prior, &config).attribute_or_null("ports").clone()
    }

    #[test]
    fn computed_attributes_without_configuration_keep_their_prior_value() {
        let schema = schema(vec![
            attribute::<Option<String>>("label"),
            attribute::<Option<String>>("zone").optional_computed(),
            attribute::<Attr<String>>("id"),
        ]);
        let prior = object(
            &schema,
            [("label", "l".into()), ("zone", "z".into()), ("id", "i".into())],
        );
        let config = object(&schema, []);
        let expected = object(&schema, [("zone", "z".into()), ("id", "i".into())]);
        assert_eq!(proposed_new(&schema, &prior, &config), expected);
        assert_eq!(proposed_new(&schema, &Value::Null, &config), config);
        assert_eq!(proposed_new(&schema, &prior, &Value::Null), Value::Null);
        let unknown = object(&schema, [("label", Value::UNKNOWN), ("zone", "y".into())]);
        let expected = object(
            &schema,
            [("label", Value::UNKNOWN), ("zone", "y".into()), ("id", "i".into())],
        );
        assert_eq!(proposed_new(&schema, &prior, &unknown), expected);
    }

    #[test]
    fn elements_are_paired_by_index_key_and_likeness() {
        let prior = || vec![port(1, "x".into()), port(2, "y".into())];
        let config = || vec![port(2, Value::Null), port(3, Value::Null)];
        let keyed =
            |elements: Vec<Value>| Value::Map(["a", "b"].map(str::to_owned).into_iter().zip(elements).collect());
        let by_position = || vec![port(2, "x".into()), port(3, "y".into())];
        let by_likeness = || vec![port(2, "y".into()), port(3, Value::Null)];
        for (nesting, prior, config, expected) in [
            (
                Nesting::List,
                Value::List(prior()),
                Value::List(config()),
                Value::List(by_position()),
            ),
            (Nesting::Map, keyed(prior()), keyed(config()), keyed(by_position())),
            (
                Nesting::Set,
                Value::set(prior()),
                Value::set(config()),
                Value::set(by_likeness()),
            ),
        ] {
            assert_eq!(propose(&ports(nesting, Presence::Optional), prior, config), expected);
        }
    }

    #[test]
    fn a_prior_element_of_a_set_is_used_once() {
        let inner = vec![
            attribute::<Attr<i64>>("id"),
            attribute::<Option<bool>>("open").optional_computed(),
        ];
        let schema = schema(vec![nested("ports", Nesting::Set, Presence::Optional, inner)]);
        let port = |id: Value, open: Value| Value::object([("id", id), ("open", open)]);
        let config = Value::set([port(Value::Null, Value::Null), port(Value::Null, true.into())]);
        let prior = Value::set([port(1.into(), true.into())]);
        // Both elements could come from the one that there was; the first one takes it.
        let expected = Value::set([port(1.into(), true.into()), port(Value::Null, Value::Null)]);
        assert_eq!(propose(&schema, prior, config), expected);
    }

    #[test]
    fn a_nested_attribute_that_was_configured_and_is_not_any_more_is_proposed_null() {
        let schema = ports(Nesting::Single, Presence::OptionalComputed);
        assert_eq!(propose(&schema, port(1, "x".into()), Value::Null), Value::Null);
        let decided_by_provider = Value::object([("number", Value::Null), ("id", "x".into())]);
        assert_eq!(
            propose(&schema, decided_by_provider.clone(), Value::Null),
            decided_by_provider
        );
    }

    #[test]
    fn blocks_are_proposed_as_configured_with_what_was_computed_in_them() {
        use crate::lifecycle::fixtures::block;
        for nesting in [Nesting::Single, Nesting::List, Nesting::Set, Nesting::Map] {
            let inner = vec![attribute::<Option<i64>>("number"), attribute::<Attr<String>>("id")];
            let schema = schema(vec![block("ports", nesting, inner)]);
            let of = |ports: Vec<Value>| match nesting {
                Nesting::Single => ports.into_iter().next().unwrap_or_default(),
                Nesting::List => Value::List(ports),
                Nesting::Set => Value::set(ports),
                Nesting::Map => Value::Map(["a", "b"].map(str::to_owned).into_iter().zip(ports).collect()),
            };
            let prior = || of(vec![port(1, "x".into())]);
            let config = of(vec![port(1, Value::Null), port(2, Value::Null)]);
            let expected = of(vec![port(1, "x".into()), port(2, Value::Null)]);
            assert_eq!(propose(&schema, prior(), config), expected);
            assert_eq!(propose(&schema, prior(), of(vec![])), of(vec![]));
            assert_eq!(propose(&schema, prior(), Value::UNKNOWN), Value::UNKNOWN);
        }
    }
}
