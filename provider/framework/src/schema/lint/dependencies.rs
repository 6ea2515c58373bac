//! The rules for attributes that keep their value as long as others do not change.

use std::collections::BTreeSet;

use super::Lint;
use crate::path::{Path, Step};
use crate::schema::{Attribute, Kind, Nesting, PlanModifier};

impl Lint {
    /// Checks what an attribute depends on, among those of the object that it is in.
    pub(super) fn dependencies(&mut self, path: &Path, attribute: &Attribute, on: &[Path], siblings: &[Attribute]) {
        for dependency in on {
            match way(dependency, siblings) {
                None => self.problem(
                    path,
                    &format!("depends on `{dependency}`, which is no attribute beside it"),
                ),
                // It is null in every plan and in every state.
                Some(way) if way.iter().any(|attribute| attribute.write_only) => self.problem(
                    path,
                    &format!("depends on `{dependency}`, which is write-only, so no plan tells whether it changes"),
                ),
                Some(_) => {}
            }
        }
        let depends_on_itself = reached(attribute, siblings).contains(attribute.name.as_str());
        self.check(path, !depends_on_itself, "depends on itself");
    }
}

/// The attributes along a path, through single nested attributes only; none if one of them does not exist.
fn way<'a>(path: &Path, attributes: &'a [Attribute]) -> Option<Vec<&'a Attribute>> {
    let mut attributes = Some(attributes);
    let mut way = Vec::new();
    for step in path.steps() {
        let Step::Attribute(name) = step else { return None };
        let found = attributes?.iter().find(|attribute| attribute.name == *name)?;
        attributes = match &found.kind {
            Kind::Nested(Nesting::Single, nested) => Some(nested.as_slice()),
            Kind::Nested(..) | Kind::Type(_) => None,
        };
        way.push(found);
    }
    (!way.is_empty()).then_some(way)
}

/// The names of the attributes of this object on which an attribute depends, by way of others too.
fn reached<'a>(attribute: &'a Attribute, siblings: &'a [Attribute]) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut open = vec![attribute];
    while let Some(attribute) = open.pop() {
        let paths = attribute.modifiers.iter().filter_map(|modifier| match modifier {
            PlanModifier::DependsOn(paths) => Some(paths),
            _ => None,
        });
        for step in paths.flatten().filter_map(|path| path.steps().first()) {
            let Step::Attribute(name) = step else { continue };
            let next = siblings.iter().find(|sibling| sibling.name == *name);
            open.extend(next.filter(|next| reached.insert(next.name.as_str())));
        }
    }
    reached
}
