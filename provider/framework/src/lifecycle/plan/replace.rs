//! Which changes of a plan can only be made by replacing the object.

use crate::lifecycle::{NULL, objects};
use crate::path::Path;
use crate::schema::{Attribute, Kind, Nesting, PlanModifier, Presence};
use crate::value::Value;

/// The five states of an object under change, each a root that paths lead into.
pub(super) struct Change<'a> {
    /// As it was.
    pub(super) prior: &'a Value,
    /// As it is configured, without defaults.
    pub(super) config: &'a Value,
    /// As configuration and defaults want it, with everything else as it was.
    pub(super) settled: &'a Value,
    /// As the engine planned it: with unknown values.
    pub(super) marked: &'a Value,
    /// As it will be planned: with what the resource's hook made of it.
    pub(super) planned: &'a Value,
}

impl Change<'_> {
    /// The paths of the attributes whose change requires a replacement, those in sets excepted: elements of a set do
    /// not change, they come and go.
    pub(super) fn requires_replace(&self, attributes: &[Attribute]) -> Vec<Path> {
        let mut paths = Vec::new();
        self.visit_object(attributes, &Path::root(), &mut paths);
        paths
    }

    fn visit_object(&self, attributes: &[Attribute], object: &Path, paths: &mut Vec<Path>) {
        for attribute in attributes {
            let path = object.clone().attribute(&attribute.name);
            if self.attribute_requires(attribute, &path) {
                paths.push(path.clone());
            }
            if let Kind::Nested(nesting, attributes) = &attribute.kind {
                self.visit_nested(*nesting, attributes, &path, paths);
            }
        }
    }

    fn visit_nested(&self, nesting: Nesting, attributes: &[Attribute], path: &Path, paths: &mut Vec<Path>) {
        let (prior, planned) = (path.get_or_null(self.prior), path.get_or_null(self.planned));
        match (nesting, prior, planned) {
            // To appear or to disappear is a change of each attribute in it.
            (Nesting::Single, Value::Object(_), Value::Object(_) | Value::Null | Value::Unknown(_))
            | (Nesting::Single, Value::Null, Value::Object(_)) => self.visit_object(attributes, path, paths),
            (Nesting::Single, Value::Null, Value::Unknown(_)) => {
                let mut within = Vec::new();
                self.visit_object(attributes, path, &mut within);
                // The attributes within do not exist yet, but the core wants paths that do.
                paths.extend(within.first().map(|_| path.clone()));
            }
            // Elements that appear or disappear are a change of the list or map, not of an attribute in it.
            (Nesting::List | Nesting::Map, prior, planned) => {
                for (path, _) in objects(path, prior) {
                    if planned.is_unknown() || path.get(self.planned).is_some() {
                        self.visit_object(attributes, &path, paths);
                    }
                }
            }
            _ => {}
        }
    }

    fn attribute_requires(&self, attribute: &Attribute, path: &Path) -> bool {
        let (prior, planned) = (value_at(path, self.prior), value_at(path, self.planned));
        // A computed value that is unknown only because something else changes may well turn out to be the same.
        let decided = value_at(path, self.settled) != prior || planned != value_at(path, self.marked);
        planned != prior
            && decided
            && !self.is_import_gap(attribute, path)
            && attribute.modifiers.iter().any(|modifier| match modifier {
                PlanModifier::Replace => true,
                PlanModifier::ReplaceIf(condition) => condition(prior, planned),
                PlanModifier::ReplaceIfConfigured => !value_at(path, self.config).is_null(),
                PlanModifier::Keep
                | PlanModifier::KeepNonNull
                | PlanModifier::DependsOn(_)
                | PlanModifier::Custom(_) => false,
            })
    }

    /// Whether an attribute that always has a value has none in the prior state: an import could not find it out, or an
    /// older version of the provider did not know it, which is no reason to destroy the object.
    fn is_import_gap(&self, attribute: &Attribute, path: &Path) -> bool {
        let always_set = attribute.presence == Presence::Required || attribute.default.is_some();
        always_set && path.get(self.prior).is_some_and(Value::is_null)
    }
}

/// The value at a path: unknown if anything on the way to it is, null if the way ends before.
fn value_at<'v>(path: &Path, root: &'v Value) -> &'v Value {
    let mut way = Path::root();
    for step in path.steps() {
        way = way.step(step.clone());
        match way.get_or_null(root) {
            unknown @ Value::Unknown(_) => return unknown,
            Value::Null => return NULL,
            _ => {}
        }
    }
    way.get_or_null(root)
}
