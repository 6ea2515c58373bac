//! Compares the fields that we own with the live objects.
//!
//! Desired objects hold exactly what we apply, so only what is present in them is compared: defaults by the server,
//! status, and fields that others added are not ours. The one exception are list items that others added inside a list
//! of ours, such as an environment variable in a container: they change what our workload does, so they are drift.
//!
//! - `compare` walks both sides; lists of maps are matched by Kubernetes' own merge keys (`path`).
//! - [`quantity`](super::quantity) compares amounts by value, since the server keeps `1024Mi` as it was written.
//! - `managers` reads from `metadata.managedFields` who changed a field; `removals` what goes when a tool's fields
//!   become ours.

mod compare;
mod managers;
mod path;
mod removals;

use std::fmt;

use serde_json::{Value, json};

use self::compare::Difference;
use super::apply::ObjectSet;
use super::object::{Object, ObjectKey};
use super::read::Found;

pub use self::path::{FieldPath, Segment};
pub use self::removals::removals;

/// What is shown instead of a Secret's value.
const SENSITIVE: &str = "(sensitive value)";

/// One way in which a cluster differs from a set.
#[derive(Clone, Debug, PartialEq)]
pub enum Drift {
    /// The object is not there.
    Missing(ObjectKey),
    /// The object is on its way out, so that no apply keeps it: it must be gone before it can be made anew.
    BeingDeleted(ObjectKey),
    /// A field is not as it was applied.
    Field(FieldDrift),
}

/// A field that is not as it was applied.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldDrift {
    /// The object.
    pub object: ObjectKey,
    /// The field: `spec.template.spec.containers[name=cht-api].image`.
    pub path: FieldPath,
    /// What was applied; `None` if others added the item. A Secret's value is never in here.
    pub desired: Option<Value>,
    /// What is there; `None` if it was removed. A Secret's value is never in here.
    pub live: Option<Value>,
    /// Who changed the field, as far as the server knows.
    pub manager: Option<String>,
}

impl fmt::Display for Drift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let drift = match self {
            Self::Missing(object) => return write!(f, "{object} is not there"),
            Self::BeingDeleted(object) => return write!(f, "{object} is being deleted"),
            Self::Field(drift) => drift,
        };
        write!(f, "{} {}: ", drift.object, drift.path)?;
        match (&drift.desired, &drift.live) {
            (None, _) => write!(f, "was added")?,
            (Some(_), None) => write!(f, "was removed")?,
            (Some(desired), Some(live)) => write!(f, "{live} instead of {desired}")?,
        }
        match &drift.manager {
            Some(manager) => write!(f, " by \"{manager}\""),
            None => Ok(()),
        }
    }
}

/// Compares a set with what was found of it, object by object in the set's order.
pub fn drift(set: &ObjectSet, found: &Found) -> Vec<Drift> {
    set.objects()
        .flat_map(|object| match found.get(object.key()) {
            Some(live) if live.is_being_deleted() => vec![Drift::BeingDeleted(object.key().clone())],
            Some(live) => object_drift(object, live.json()),
            None => vec![Drift::Missing(object.key().clone())],
        })
        .collect()
}

fn object_drift(object: &Object, live: &Value) -> Vec<Drift> {
    let secret = object.key().kind.kind == "Secret";
    let redact = |path: &FieldPath, value: Option<Value>| {
        let hidden = secret && path.starts_with_field("data");
        value.map(|value| if hidden { Value::from(SENSITIVE) } else { value })
    };
    differences(object.json(), live)
        .into_iter()
        .map(|(difference, manager)| {
            Drift::Field(FieldDrift {
                object: object.key().clone(),
                desired: redact(&difference.path, difference.desired),
                live: redact(&difference.path, difference.live),
                path: difference.path,
                manager,
            })
        })
        .collect()
}

/// The JSON patch that removes the list items which others added, last item first so that the positions of the rest
/// stay true; `None` if there are none.
pub(super) fn removal_patch(desired: &Value, live: &Value) -> Option<Value> {
    let extras: Vec<_> = differences(desired, live)
        .into_iter()
        .filter(|(d, _)| d.desired.is_none())
        .collect();
    let steps: Vec<_> = extras
        .iter()
        .rev()
        .flat_map(|(extra, _)| {
            [
                json!({"op": "test", "path": extra.pointer, "value": extra.live}),
                json!({"op": "remove", "path": extra.pointer}),
            ]
        })
        .collect();
    (!steps.is_empty()).then_some(Value::Array(steps))
}

/// The differences with who made them. An added item counts only if another manager owns it: what admission adds on our
/// own behalf would come back with every apply.
fn differences(desired: &Value, live: &Value) -> Vec<(Difference, Option<String>)> {
    compare::compare(desired, live)
        .into_iter()
        .map(|difference| {
            let manager = managers::manager_of(live, &difference.path);
            (difference, manager)
        })
        .filter(|(difference, manager)| difference.desired.is_some() || manager.is_some())
        .collect()
}

#[cfg(test)]
mod tests;
