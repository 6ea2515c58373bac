//! Validation of configurations by the schema alone, before anything is planned.
//!
//! It happens often, before the provider is configured, and with values that are not known yet: about those it is
//! silent, the core asks again when they are. All errors are reported, not just the first.

use crate::diagnostics::{Diagnostic, Diagnostics, Severity};
use crate::lifecycle::plan::attributes::{Undecided, plan_object};
use crate::lifecycle::relations::Related;
use crate::lifecycle::{NULL, elements, objects};
use crate::model::FromValue;
use crate::path::{Path, Step};
use crate::schema::{Attribute, Kind, Presence, Schema, Validator};
use crate::value::Value;

/// Validates a configuration; `write_only_allowed` is the capability of the same name of the core that asks.
pub fn validate_config(schema: &Schema, config: &Value, write_only_allowed: bool) -> Diagnostics {
    let mut validation = Validation {
        schema,
        config,
        write_only_allowed,
        diagnostics: Diagnostics::new(),
    };
    if let Some(deprecation) = schema.deprecation.as_ref().filter(|_| !config.is_null()) {
        validation
            .diagnostics
            .push(Diagnostic::warning("Deprecated resource", deprecation));
    }
    validation.object(&schema.attributes, &Path::root(), config);
    validation.diagnostics
}

/// The draft of a configuration that has been validated by its schema, for the rules of the author.
///
/// There is none if the configuration does not fit the model. The schema has said so already in most cases; otherwise
/// it is said here, and not as a defect of the provider: a fraction for a whole number is for the core a number like
/// others.
pub(crate) fn draft<D: FromValue>(config: &Value, diagnostics: &mut Diagnostics) -> Option<D> {
    match D::from_value(config) {
        Ok(draft) => Some(draft),
        Err(error) => {
            if !diagnostics.has_errors() {
                let detail = format!("Expected {}, found {}.", error.expected, error.found);
                diagnostics.push(Diagnostic::error("Invalid value", detail).at(error.path));
            }
            None
        }
    }
}

/// Refuses elements that are null where the model has no place for them: for the core, and for a schema, null is an
/// element like others.
pub(crate) fn refuse_null_elements<M: FromValue>(schema: &Schema, config: &Value, diagnostics: &mut Diagnostics) {
    if diagnostics.has_errors() || !config.is_wholly_known() {
        return;
    }
    let planned = plan_object(&schema.attributes, NULL, config, Undecided::Unknown);
    let Err(error) = M::from_value(&planned) else { return };
    let in_collection = error
        .path
        .steps()
        .last()
        .is_some_and(|step| !matches!(step, Step::Attribute(_)));
    if in_collection && error.path.get(&planned).is_some_and(Value::is_null) {
        let detail = "The element is null. Give it a value or leave it out, for example with a `for` expression.";
        diagnostics.push(Diagnostic::error("Null element", detail).at(error.path));
    }
}

struct Validation<'a> {
    schema: &'a Schema,
    config: &'a Value,
    write_only_allowed: bool,
    diagnostics: Diagnostics,
}

impl Validation<'_> {
    fn object(&mut self, attributes: &[Attribute], path: &Path, object: &Value) {
        if matches!(object, Value::Object(_)) {
            for attribute in attributes {
                let path = path.clone().attribute(&attribute.name);
                self.attribute(attribute, &path, object.attribute_or_null(&attribute.name));
            }
            let related = Related {
                root: self.config,
                object: path,
                write_only_allowed: self.write_only_allowed,
            };
            for attribute in attributes {
                for problem in related.problems(attribute) {
                    self.diagnostics.push(problem);
                }
            }
        }
    }

    fn attribute(&mut self, attribute: &Attribute, path: &Path, value: &Value) {
        if value.is_null() {
            if attribute.presence == Presence::Required {
                self.missing(attribute, path);
            }
            return;
        }
        if !attribute.is_configurable() {
            let detail = format!("`{path}` is decided by the provider. Remove it from the configuration.");
            self.error("Read-only attribute", detail, path);
            return;
        }
        if attribute.write_only && !self.write_only_allowed {
            let detail = format!(
                "`{path}` is write-only, which this version of Terraform or OpenTofu cannot do: it would store the value \
                 in its state. Use Terraform 1.11 or later or OpenTofu 1.11 or later, or leave the attribute out."
            );
            self.error("Write-only attribute not supported", detail, path);
        }
        if let Some(deprecation) = attribute.deprecation.as_ref().filter(|_| !value.is_unknown()) {
            self.diagnostics
                .push(Diagnostic::warning("Deprecated attribute", deprecation).at(path.clone()));
        }
        for validator in &attribute.validators {
            self.rule(validator, path, value);
        }
        if attribute.block.is_some() {
            self.block_count(attribute, path, value);
        }
        if let Kind::Nested(_, attributes) = &attribute.kind {
            for (path, object) in objects(path, value) {
                self.object(attributes, &path, object);
            }
            self.distinct_elements(attributes, path, value);
        }
    }

    fn missing(&mut self, attribute: &Attribute, path: &Path) {
        if attribute.block.is_some() {
            let detail = format!("The block `{path}` is required, but there is none.");
            self.error("Missing required block", detail, path);
        } else {
            let detail = format!("`{path}` is required, but no value was given.");
            self.error("Missing required attribute", detail, path);
        }
    }

    /// The core counts blocks by itself, but not those that a test or another way around it makes.
    fn block_count(&mut self, attribute: &Attribute, path: &Path, value: &Value) {
        let count = objects(path, value).len();
        let (least, most) = attribute.block_items();
        // What is not known yet may turn out to be several blocks, and elements of a set to be one.
        if count < least && value.is_wholly_known() {
            let detail = format!("There must be at least {least} blocks `{path}`, but there are {count}.");
            self.error("Too few blocks", detail, path);
        } else if most > 0 && count > most && value.is_wholly_known() {
            let detail = format!("There must be at most {most} blocks `{path}`, but there are {count}.");
            self.error("Too many blocks", detail, path);
        }
    }

    fn rule(&mut self, validator: &Validator, path: &Path, value: &Value) {
        for (path, problem) in validator.problems(path, value) {
            let detail = if self.schema.is_sensitive_at(&path) {
                // The message may quote the value.
                format!("The value, which is sensitive, must be {}.", validator.description())
            } else {
                problem
            };
            let diagnostic = match validator.severity() {
                Severity::Error => Diagnostic::error("Invalid value", detail),
                Severity::Warning => Diagnostic::warning("Questionable value", detail),
            };
            self.diagnostics.push(diagnostic.at(path));
        }
    }

    /// Elements of a set that become the same by their defaults would be fewer than configured, which the core refuses;
    /// or they would differ in nothing but what the provider decides, so that nobody could tell them apart.
    fn distinct_elements(&mut self, attributes: &[Attribute], path: &Path, value: &Value) {
        if let Value::Set(configured) = value {
            let with_defaults = Value::set(
                configured
                    .iter()
                    .map(|element| plan_object(attributes, NULL, element, Undecided::Stays)),
            );
            if elements(&with_defaults).len() < configured.len() {
                let detail =
                    format!("Elements of `{path}` are the same once defaults are filled in. Keep one of them.");
                self.error("Duplicate elements in a set", detail, path);
            }
        }
    }

    fn error(&mut self, summary: &str, detail: String, path: &Path) {
        self.diagnostics
            .push(Diagnostic::error(summary, detail).at(path.clone()));
    }
}

#[cfg(test)]
mod tests;
