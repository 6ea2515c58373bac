//! Cases: a schema with configurations of it, and how a failed one is told.

use std::fmt;

use proptest::prelude::*;

use crate::lifecycle::fixtures::{attribute, schema};
use crate::lifecycle::plan::properties::configurations::object;
use crate::lifecycle::plan::properties::fill::{Filling, fill};
use crate::lifecycle::plan::properties::schemas::{Place, attributes};
use crate::lifecycle::validate::validate_config;
use crate::model::Timeouts;
use crate::schema::{Attribute, Kind, Schema, TIMEOUTS};
use crate::value::Value;

/// A schema, and configurations of it; the last one is the second with other values for what is unknown in it.
#[derive(Clone)]
pub(super) struct Case {
    pub(super) schema: Schema,
    pub(super) first: Value,
    pub(super) second: Value,
    pub(super) resolved: Value,
    pub(super) seed: usize,
}

pub(super) fn cases() -> impl Strategy<Value = Case> {
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
