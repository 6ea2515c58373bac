//! The core's own consistency checks, run on every answer before the core does.
//!
//! An answer that breaks a rule reaches users as "Provider produced invalid plan", with no hint whose fault it is;
//! found here, it names the attribute. The rules for a plan beside its configuration are in `check/valid_plan.rs`,
//! those for a result beside its plan in `check/compatible.rs`, those for any value beside its schema in
//! `check/conform.rs`.

use std::fmt;

use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::lifecycle::check::compatible::{Mismatch, Problem, mismatches};
use crate::path::Path;
use crate::schema::Schema;
use crate::value::Value;

pub(super) mod compatible;
mod conform;
mod dynamic;
mod valid_plan;

#[cfg(test)]
mod tests;

/// Checks a plan by the rules of the core: see `AssertPlanValid` there.
///
/// What the configuration decides has to be planned as it is, or in the prior state's spelling; the provider may decide
/// only what is computed. The paths in `requires_replace` have to exist before or after the change.
pub fn assert_plan_valid(
    schema: &Schema,
    prior: &Value,
    config: &Value,
    planned: &Value,
    requires_replace: &[Path],
) -> Diagnostics {
    let mut defects = Defects::new(schema);
    conform::check(&mut defects, planned);
    // A value of the wrong shape would only cause misleading messages.
    if defects.is_empty() {
        valid_plan::check(&mut defects, prior, config, planned);
        for path in requires_replace {
            if path.get(prior).is_none() && path.get(planned).is_none() {
                let text = format!(
                    "The plan requires a replacement because of {}, which does not exist.",
                    name(path)
                );
                defects.push(path, text);
            }
        }
    }
    defects.into_diagnostics()
}

/// Checks the plan that is made while a plan is applied: it must promise everything that the first one promised.
pub fn assert_replan_compatible(schema: &Schema, first_plan: &Value, second_plan: &Value) -> Diagnostics {
    let mut defects = Defects::new(schema);
    conform::check(&mut defects, second_plan);
    if defects.is_empty() {
        for mismatch in mismatches(first_plan, second_plan) {
            defects.push_mismatch(&mismatch, "the first plan", "the plan made while applying it");
        }
    }
    defects.into_diagnostics()
}

/// Checks the result of an applied plan by the rules of the core: see `AssertObjectCompatible` there.
///
/// Everything known in the plan has to come back equal, and nothing may stay unknown.
pub fn assert_apply_valid(schema: &Schema, planned: &Value, new: &Value) -> Diagnostics {
    let mut defects = Defects::new(schema);
    conform::check(&mut defects, new);
    conform::check_write_only(&mut defects, new);
    conform::check_known(&mut defects, new);
    if defects.is_empty() {
        for mismatch in mismatches(planned, new) {
            defects.push_mismatch(&mismatch, "the plan", "the new state");
        }
    }
    defects.into_diagnostics()
}

/// Checks that a value is one of the schema's type: every attribute there, none besides, each null or of its type.
pub fn assert_conforms(schema: &Schema, value: &Value) -> Diagnostics {
    let mut defects = Defects::new(schema);
    conform::check(&mut defects, value);
    defects.into_diagnostics()
}

/// Collects what is wrong with an answer, in words that keep secrets.
struct Defects<'a> {
    schema: &'a Schema,
    diagnostics: Diagnostics,
}

impl<'a> Defects<'a> {
    fn new(schema: &'a Schema) -> Self {
        Defects {
            schema,
            diagnostics: Diagnostics::new(),
        }
    }

    fn is_empty(&self) -> bool {
        self.diagnostics.is_empty()
    }

    fn into_diagnostics(self) -> Diagnostics {
        self.diagnostics
    }

    fn push(&mut self, path: &Path, text: impl fmt::Display) {
        let diagnostic = Diagnostic::bug(text);
        self.diagnostics.push(if path.is_root() {
            diagnostic
        } else {
            diagnostic.at(path.clone())
        });
    }

    fn push_mismatch(&mut self, mismatch: &Mismatch<'_>, before: &str, after: &str) {
        let path = &mismatch.path;
        let name = name(path);
        let text = match &mismatch.problem {
            Problem::Changed(was, is) => {
                let (was, is) = (self.show(path, was), self.show(path, is));
                format!("In {before}, {name} is {was}, but in {after} it is {is}.")
            }
            Problem::Refinement(is) => {
                let is = self.show(path, is);
                format!("In {after}, {name} is {is}, which {before} has excluded.")
            }
            Problem::Vanished => format!("In {before} there is {name}, but in {after} there is not."),
            Problem::Appeared => format!("In {after} there is {name}, but in {before} there is not."),
            Problem::ElementVanished => format!("An element of {name} in {before} has no counterpart in {after}."),
            Problem::ElementAppeared => format!("An element of {name} in {after} has no counterpart in {before}."),
            Problem::Grown(was, is) => {
                format!("In {before}, {name} has {was} elements, but in {after} it has {is}.")
            }
        };
        self.push(path, text);
    }

    /// A value for a message: nothing that is sensitive.
    fn show(&self, path: &Path, value: &Value) -> String {
        match value {
            // That there is no value is no secret, and most of what there is to say.
            Value::Null => "null".to_owned(),
            Value::Unknown(_) => "unknown".to_owned(),
            _ if self.schema.is_sensitive_at(path) => "(sensitive value)".to_owned(),
            shown => format!("{shown:?}"),
        }
    }
}

fn name(path: &Path) -> String {
    if path.is_root() {
        "the object".to_owned()
    } else {
        format!("`{path}`")
    }
}
