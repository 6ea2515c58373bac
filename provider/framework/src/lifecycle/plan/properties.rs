//! What holds for every plan, whatever the schema, the configuration and the prior state.
//!
//! The cases are made in `cases.rs`, from `schemas.rs` and `configurations.rs`; `fill.rs` plays the world that makes
//! unknown values known.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::lifecycle::check::{assert_apply_valid, assert_replan_compatible};
use crate::lifecycle::generate::generate_config;
use crate::lifecycle::normalize::normalize;
use crate::lifecycle::plan::properties::cases::{Case, cases};
use crate::lifecycle::plan::properties::fill::{Filling, fill};
use crate::lifecycle::proposed::proposed_new;
use crate::schema::{Attribute, Kind};

mod cases;
mod configurations;
mod fill;
mod schemas;

/// The values of which configurations are made: few, so that some are alike.
const WORDS: [&str; 4] = ["a", "A", "b", "c"];

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

/// The same value with two words exchanged, so that elements of sets come in another order: that of a set is made
/// canonical as soon as there is one.
fn exchanged(value: &Value) -> Value {
    let parts =
        |parts: &BTreeMap<String, Value>| parts.iter().map(|(key, part)| (key.clone(), exchanged(part))).collect();
    match value {
        Value::String(word) if word == "b" => "c".into(),
        Value::String(word) if word == "c" => "b".into(),
        Value::Set(elements) => Value::set(elements.iter().map(exchanged)),
        Value::List(elements) => Value::List(elements.iter().map(exchanged).collect()),
        Value::Map(elements) => Value::Map(parts(elements)),
        Value::Object(attributes) => Value::Object(parts(attributes)),
        other => other.clone(),
    }
}

/// The same schema with the words exchanged in its defaults.
fn with_exchanged_defaults(schema: &Schema) -> Schema {
    fn exchange(attributes: &mut [Attribute]) {
        for attribute in attributes {
            attribute.default = attribute.default.as_ref().map(exchanged);
            if let Kind::Nested(_, nested) = &mut attribute.kind {
                exchange(nested);
            }
        }
    }
    let mut schema = schema.clone();
    exchange(&mut schema.attributes);
    schema
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
    fn the_order_of_elements_of_sets_does_not_matter(case in cases()) {
        let state = created(&case)?;
        let planned = plan(&case.schema, &state, &case.second)?;
        let other = plan(&with_exchanged_defaults(&case.schema), &exchanged(&state), &exchanged(&case.second))?;
        prop_assert_eq!(other, exchanged(&planned));
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
