//! The schema rules that the core enforces when it loads schemas, and the conventions on top of them.
//!
//! A test of every provider runs this over its schemas; a schema that the core refuses makes all of the provider
//! unusable.

use std::collections::BTreeSet;

use crate::path::Path;
use crate::schema::{Attribute, Kind, Nesting, PlanModifier, Presence, Schema, TIMEOUTS};
use crate::types::Type;

mod blocks;
mod dependencies;
mod function;
mod relations;
#[cfg(test)]
mod tests;

/// Names that mean something else in a resource.
const RESERVED: [&str; 7] = [
    "connection",
    "count",
    "depends_on",
    "for_each",
    "lifecycle",
    "provider",
    "provisioner",
];

impl Schema {
    /// What is wrong with the schema of a resource or data source, one sentence for each thing; nothing if all is well.
    pub fn lint(&self) -> Vec<String> {
        let mut lint = Lint { problems: Vec::new() };
        lint.description("the schema", &self.description);
        for attribute in &self.attributes {
            if RESERVED.contains(&attribute.name.as_str()) {
                lint.problem(&Path::new(&attribute.name), "has a reserved name");
            }
        }
        lint.attributes(&Path::root(), &self.attributes, Place::default());
        relations::check(&mut Vec::new(), &self.attributes, &mut lint);
        if let Some(timeouts) = self.attribute(TIMEOUTS) {
            lint.timeouts(timeouts);
        }
        lint.problems
    }
}

struct Lint {
    problems: Vec<String>,
}

/// What attributes are in, at whatever depth.
#[derive(Clone, Copy, Default)]
struct Place {
    /// In elements of a set, which cannot be told apart.
    set: bool,
    /// In a nested attribute, which is an expression and has no room for blocks.
    expression: bool,
    /// In elements of a list or map that is no block: they are all of one type.
    uniform: bool,
}

impl Place {
    /// What the attributes are in that are nested in this one.
    fn inside(self, attribute: &Attribute, nesting: Nesting) -> Self {
        let is_block = attribute.block.is_some();
        Place {
            set: self.set || nesting == Nesting::Set,
            expression: self.expression || !is_block,
            uniform: self.uniform || (!is_block && matches!(nesting, Nesting::List | Nesting::Map)),
        }
    }
}

impl Lint {
    fn problem(&mut self, path: &Path, what: &str) {
        self.problems.push(format!("`{path}` {what}."));
    }

    fn check(&mut self, path: &Path, fine: bool, otherwise: &str) {
        if !fine {
            self.problem(path, otherwise);
        }
    }

    fn description(&mut self, of: &str, description: &str) {
        if !description.trim_end().ends_with('.') {
            self.problems
                .push(format!("The description of {of} does not end with a dot."));
        }
    }

    fn attributes(&mut self, object: &Path, attributes: &[Attribute], place: Place) {
        let mut names = BTreeSet::new();
        for attribute in attributes {
            let path = object.clone().attribute(&attribute.name);
            self.check(&path, is_snake_case(&attribute.name), "is not in snake case");
            self.check(&path, names.insert(&attribute.name), "is there twice");
            self.description(&format!("`{path}`"), &attribute.description);
            self.attribute_default(&path, attribute);
            self.write_only(&path, attribute, place.set);
            self.modifiers(&path, attribute, attributes, place.set);
            self.block(&path, attribute, place);
            self.kind(&path, attribute, place);
        }
    }

    fn attribute_default(&mut self, path: &Path, attribute: &Attribute) {
        let Some(default) = &attribute.default else {
            return;
        };
        let optional_computed = attribute.presence == Presence::OptionalComputed;
        let of_type = !default.is_null() && default.is_wholly_known() && default.conforms(&attribute.value_type());
        self.check(
            path,
            optional_computed,
            "has a default, so it has to be optional and computed",
        );
        self.check(path, of_type, "has a default that is not a value of its type");
        for validator in attribute.validators.iter().filter(|_| of_type) {
            if let Err(message) = validator.check(default) {
                self.problem(
                    path,
                    &format!(
                        "has a default that it does not accept ({})",
                        message.trim_end_matches('.')
                    ),
                );
            }
        }
    }

    fn write_only(&mut self, path: &Path, attribute: &Attribute, in_set: bool) {
        if attribute.write_only {
            self.check(path, !attribute.is_computed(), "is write-only and computed");
            self.check(path, !in_set, "is write-only inside a set");
            let bare = matches!(attribute.kind, Kind::Type(_)) || holds_only_write_only(attribute);
            self.check(
                path,
                bare,
                "is write-only, but attributes nested in it would get into the state",
            );
        }
    }

    fn modifiers(&mut self, path: &Path, attribute: &Attribute, siblings: &[Attribute], in_set: bool) {
        for modifier in &attribute.modifiers {
            match modifier {
                PlanModifier::Keep | PlanModifier::KeepNonNull => {
                    self.check(path, attribute.is_computed(), "keeps a value, but is not computed");
                }
                PlanModifier::Custom(_) => {
                    self.check(
                        path,
                        !attribute.write_only,
                        "has a modifier of its plan, but is write-only",
                    );
                }
                PlanModifier::DependsOn(paths) => {
                    self.check(
                        path,
                        attribute.is_computed(),
                        "depends on attributes, but is not computed",
                    );
                    self.dependencies(path, attribute, paths, siblings);
                }
                PlanModifier::Replace | PlanModifier::ReplaceIf(_) | PlanModifier::ReplaceIfConfigured => {
                    self.check(
                        path,
                        attribute.is_configurable(),
                        "requires a replacement, but is computed",
                    );
                    self.check(path, !attribute.write_only, "requires a replacement, but is write-only");
                    self.check(
                        path,
                        !in_set,
                        "requires a replacement, but elements of a set do not change",
                    );
                }
            }
        }
    }

    fn kind(&mut self, path: &Path, attribute: &Attribute, place: Place) {
        match &attribute.kind {
            Kind::Type(of) => {
                let dynamic = of.holds_dynamic() && place.set || dynamic_in_set(of);
                self.check(path, !dynamic, "has a dynamic type inside a set");
                let as_configured = !attribute.is_computed() && attribute.semantic_equality.is_none();
                self.check(
                    path,
                    !of.holds_dynamic() || !place.uniform || as_configured,
                    "has a dynamic type in elements of a list or map, which have one type, so it can only be as configured",
                );
            }
            Kind::Nested(nesting, attributes) => {
                // The prior state could not be told from one that a configuration has been removed from.
                let provider_may_fill = attribute.presence != Presence::OptionalComputed
                    || attribute.default.is_some()
                    || attribute.modifiers.iter().any(|modifier| {
                        matches!(
                            modifier,
                            PlanModifier::Keep | PlanModifier::KeepNonNull | PlanModifier::DependsOn(_)
                        )
                    })
                    || attributes
                        .iter()
                        .all(|attribute| attribute.presence != Presence::Required);
                self.check(
                    path,
                    provider_may_fill,
                    "is computed where it is not configured, but has required attributes in it",
                );
                self.check(path, !attributes.is_empty(), "has no attributes in it");
                self.attributes(path, attributes, place.inside(attribute, *nesting));
            }
        }
    }

    fn timeouts(&mut self, timeouts: &Attribute) {
        let path = Path::new(TIMEOUTS);
        self.check(&path, timeouts.presence == Presence::Optional, "is not optional");
        let operations = ["create", "read", "update", "delete"];
        let limits = match &timeouts.kind {
            Kind::Nested(Nesting::Single, attributes) => attributes.iter().all(|limit| {
                operations.contains(&limit.name.as_str())
                    && limit.presence == Presence::Optional
                    && limit.value_type() == Type::String
            }),
            Kind::Nested(..) | Kind::Type(_) => false,
        };
        self.check(
            &path,
            limits,
            "has other attributes than optional limits for create, read, update and delete",
        );
    }
}

/// Whether a name is one that the language can use, in the conventional spelling.
pub(crate) fn is_snake_case(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_lowercase())
        && !name.ends_with('_')
        && !name.contains("__")
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

fn holds_only_write_only(attribute: &Attribute) -> bool {
    match &attribute.kind {
        Kind::Nested(_, attributes) => attributes
            .iter()
            .all(|nested| nested.write_only && holds_only_write_only(nested)),
        Kind::Type(_) => true,
    }
}

fn dynamic_in_set(of: &Type) -> bool {
    match of {
        Type::Set(element) => element.holds_dynamic(),
        Type::List(element) | Type::Map(element) => dynamic_in_set(element),
        Type::Object(attributes) => attributes.values().any(dynamic_in_set),
        Type::Tuple(elements) => elements.iter().any(dynamic_in_set),
        Type::Bool | Type::Number | Type::String | Type::Dynamic => false,
    }
}
