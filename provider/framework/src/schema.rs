//! Schemas: what can be configured, what is computed, and how plans of it behave.
//!
//! A [`Schema`] is plain data that the derive macro [`Model`](derive@crate::Model) builds from a struct; it can be
//! built by hand as well. The plan engine, the codecs, the documentation and the wire read it; nothing else decides how
//! an attribute behaves.
//!
//! What an attribute is, is in `attribute.rs`, how changes of it are planned in `modifier.rs`.

use std::time::Duration;

use crate::model::parse_duration;
use crate::path::{Path, Step};
use crate::types::Type;

mod attribute;
pub(crate) mod block;
pub(crate) mod lint;
mod modifier;
mod relation;
mod validator;

pub use attribute::{Attribute, Kind, Nesting, Presence, object_type};
pub use block::Block;
pub(crate) use lint::is_snake_case;
pub use modifier::{PlanModifier, SemanticEquality};
pub use relation::{Comparison, Relation};
pub use validator::Validator;

/// The name of the root attribute that says how long operations may take.
pub const TIMEOUTS: &str = "timeouts";

/// The schema of a provider, a resource or a data source.
#[derive(Clone, Debug, Default)]
pub struct Schema {
    /// Counts incompatible changes of stored state, from 0.
    pub version: i64,
    /// What it is, in Markdown.
    pub description: String,
    /// Why not to use it any more, and what instead.
    pub deprecation: Option<String>,
    /// The attributes, in the order of the model.
    pub attributes: Vec<Attribute>,
    /// How long operations may take, if the schema has an attribute `timeouts`.
    pub timeouts: TimeoutDefaults,
}

/// How long operations may take where the configuration says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeoutDefaults {
    /// Limit of a creation.
    pub create: Duration,
    /// Limit of a refresh.
    pub read: Duration,
    /// Limit of an update.
    pub update: Duration,
    /// Limit of a deletion.
    pub delete: Duration,
}

impl TimeoutDefaults {
    /// A limit as people write it, such as `1h30m`, for constants.
    ///
    /// # Panics
    /// If it is no limit of up to a year. The compiler refuses a constant that would.
    pub const fn limit(text: &str) -> Duration {
        let limit = parse_duration(text);
        assert!(
            limit.is_some(),
            "not a limit of up to a year: write numbers with units, such as `90s` or `1h30m`"
        );
        match limit {
            Some(limit) => limit,
            None => Duration::ZERO,
        }
    }
}

impl Default for TimeoutDefaults {
    /// Twenty minutes for each operation: the field's convention.
    fn default() -> Self {
        let limit = Duration::from_secs(20 * 60);
        TimeoutDefaults {
            create: limit,
            read: limit,
            update: limit,
            delete: limit,
        }
    }
}

impl Schema {
    /// The type of the values of this schema.
    pub fn value_type(&self) -> Type {
        object_type(&self.attributes)
    }

    /// This schema for what is only read: of the limits in `timeouts`, that of a read alone means anything.
    pub(crate) fn for_reading(mut self) -> Self {
        let timeouts = self.attributes.iter_mut().find(|attribute| attribute.name == TIMEOUTS);
        if let Some(Kind::Nested(_, limits)) = timeouts.map(|timeouts| &mut timeouts.kind) {
            limits.retain(|limit| limit.name == "read");
        }
        self
    }

    /// The root attribute of that name.
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|attribute| attribute.name == name)
    }

    /// The attribute at a path, which may lead through nested attributes and their elements, and on into its value.
    pub fn attribute_at(&self, path: &Path) -> Option<&Attribute> {
        self.attributes_on(path)?.pop()
    }

    /// Whether what is at a path is hidden in the output of the core: because of an attribute on the way to it, or of
    /// one below it.
    pub fn is_sensitive_at(&self, path: &Path) -> bool {
        self.attributes_on(path).is_none_or(|way| {
            way.iter().any(|attribute| attribute.sensitive) || way.last().is_some_and(|last| last.holds_sensitive())
        })
    }

    /// The attributes on the way along a path, from the root; none if one of them does not exist.
    fn attributes_on(&self, path: &Path) -> Option<Vec<&Attribute>> {
        let mut attributes = Some(&self.attributes);
        let mut way = Vec::new();
        for step in path.steps() {
            if let (Step::Attribute(name), Some(candidates)) = (step, attributes) {
                let attribute = candidates.iter().find(|attribute| attribute.name == *name)?;
                way.push(attribute);
                attributes = match &attribute.kind {
                    Kind::Nested(_, nested) => Some(nested),
                    Kind::Type(_) => None,
                };
            }
        }
        Some(way)
    }
}
