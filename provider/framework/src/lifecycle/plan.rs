//! Plans: what a resource will be, from what it is and what its configuration wants.
//!
//! A [`Planning`] is made from the core's request and then holds a complete plan; the hook of a resource may shape it
//! further; [`Planning::finish`] checks it by the core's own rules and answers. How attributes are planned is decided
//! by the schema alone, in `plan/attributes.rs`; which changes require a replacement, in `plan/replace.rs`.

use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::lifecycle::check::assert_plan_valid;
use crate::lifecycle::normalize::without_write_only;
use crate::lifecycle::plan::attributes::{Undecided, plan_object};
use crate::lifecycle::plan::replace::Change;
use crate::path::Path;
use crate::schema::{Schema, TIMEOUTS};
use crate::value::Value;

pub(super) mod attributes;
mod replace;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

/// What a plan does to an object; a replacement is an update here, see [`Planned::requires_replace`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// It comes into being.
    Create,
    /// It changes.
    Update,
    /// It ceases to be.
    Delete,
    /// It stays as it is.
    NoChange,
}

/// One plan in the making.
#[derive(Debug)]
pub struct Planning<'a> {
    schema: &'a Schema,
    prior: &'a Value,
    config: &'a Value,
    /// Configuration and defaults, and whatever they leave open as it was.
    settled: Value,
    /// The plan before anybody shaped it.
    marked: Value,
    planned: Value,
    replace: Vec<Path>,
    defects: Diagnostics,
}

/// A finished plan.
#[derive(Clone, Debug, PartialEq)]
pub struct Planned {
    /// The planned state.
    pub value: Value,
    /// The attributes whose changes can only be made by replacing the object, sorted; empty unless there is an object.
    pub requires_replace: Vec<Path>,
}

impl<'a> Planning<'a> {
    /// Plans by the schema: defaults, prior values of computed attributes or unknown ones, spellings of the prior state
    /// where the configuration means the same, and no value for what is write-only.
    ///
    /// Of the core's proposal only its absence counts, which asks for a deletion. Everything else in it follows from
    /// the prior state and the configuration, and is made again here because the core pairs elements of sets less
    /// exactly.
    ///
    /// # Errors
    /// Fails if the request has values that are neither objects nor null, or nothing to create an object from.
    pub fn new(schema: &'a Schema, prior: &'a Value, proposed: &Value, config: &'a Value) -> Result<Self, Diagnostics> {
        let mut planning = Planning {
            schema,
            prior,
            config,
            settled: Value::Null,
            marked: Value::Null,
            planned: Value::Null,
            replace: Vec::new(),
            defects: Diagnostics::new(),
        };
        let is_object = |value: &Value| matches!(value, Value::Object(_));
        if !(prior.is_null() || is_object(prior)) || !(proposed.is_null() || is_object(config)) {
            return Err(Diagnostic::bug("A plan was asked for with values that are no objects.").into());
        }
        if !proposed.is_null() {
            let attributes = &schema.attributes;
            planning.settled = plan_object(attributes, prior, config, Undecided::Stays);
            planning.marked = if prior.is_null() || differs_beyond_timeouts(&planning.settled, prior) {
                plan_object(attributes, prior, config, Undecided::Unknown)
            } else {
                planning.settled.clone()
            };
            planning.planned = planning.marked.clone();
        }
        Ok(planning)
    }

    /// What the plan does to the object.
    pub fn action(&self) -> Action {
        match (self.prior.is_null(), self.planned.is_null()) {
            (true, false) => Action::Create,
            (false, true) => Action::Delete,
            _ if self.planned == *self.prior => Action::NoChange,
            _ => Action::Update,
        }
    }

    /// Whether the plan changes, or may change, what is at a path. The root stands for everything but the timeouts.
    pub fn changed(&self, path: &Path) -> bool {
        if path.is_root() {
            differs_beyond_timeouts(&self.planned, self.prior)
        } else {
            path.get_or_null(&self.planned) != path.get_or_null(self.prior)
        }
    }

    /// The plan so far.
    pub fn planned(&self) -> &Value {
        &self.planned
    }

    /// The prior state, or null if there is no object.
    pub fn prior(&self) -> &Value {
        self.prior
    }

    /// The configuration, or null if the object is to be deleted.
    pub fn config(&self) -> &Value {
        self.config
    }

    /// Plans a value for a computed attribute that the configuration does not decide.
    ///
    /// A path that leads nowhere, or into a set, makes [`finish`](Self::finish) fail.
    pub fn set(&mut self, path: impl Into<Path>, value: Value) {
        let path = path.into();
        if path.is_root() || !path.set(&mut self.planned, value) {
            let detail = format!("The plan has no attribute `{path}` that could be set.");
            self.defects.push(Diagnostic::bug(detail).at(path));
        }
    }

    /// Plans that a computed attribute will be known when the plan has been applied.
    pub fn set_unknown(&mut self, path: impl Into<Path>) {
        self.set(path, Value::UNKNOWN);
    }

    /// Plans that the change at a path is made by replacing the object.
    pub fn require_replace(&mut self, path: impl Into<Path>) {
        self.replace.push(path.into());
    }

    /// The attributes whose changes, as planned so far, can only be made by replacing the object.
    pub fn requires_replace(&self) -> Vec<Path> {
        if self.prior.is_null() || self.planned.is_null() {
            Vec::new()
        } else {
            self.paths_to_replace(&self.planned)
        }
    }

    /// The finished plan.
    ///
    /// # Errors
    /// Fails where the core would refuse the plan: if a hook contradicted the configuration or named attributes that do
    /// not exist.
    pub fn finish(mut self) -> Result<Planned, Diagnostics> {
        let value = without_write_only(self.schema, std::mem::take(&mut self.planned));
        let requires_replace = if self.prior.is_null() || value.is_null() {
            Vec::new()
        } else {
            self.paths_to_replace(&value)
        };
        let mut defects = self.defects;
        defects.append(assert_plan_valid(
            self.schema,
            self.prior,
            self.config,
            &value,
            &requires_replace,
        ));
        defects.into_result(Planned {
            value,
            requires_replace,
        })
    }

    fn paths_to_replace(&self, planned: &Value) -> Vec<Path> {
        let change = Change {
            prior: self.prior,
            config: self.config,
            settled: &self.settled,
            marked: &self.marked,
            planned,
        };
        let mut paths = change.requires_replace(&self.schema.attributes);
        paths.extend(self.replace.iter().cloned().map(Path::truncated_at_set));
        paths.sort_by_cached_key(Path::to_string);
        paths.dedup();
        paths
    }
}

/// Whether anything but the timeouts differs: they belong to the operations, not to the object.
pub(crate) fn differs_beyond_timeouts(planned: &Value, prior: &Value) -> bool {
    match planned {
        Value::Object(attributes) if !prior.is_null() => attributes
            .iter()
            .filter(|(name, _)| *name != TIMEOUTS)
            .any(|(name, value)| value != prior.attribute_or_null(name)),
        _ => planned != prior,
    }
}
