//! Validation of configurations by the schema alone, before anything is planned.
//!
//! It happens often, before the provider is configured, and with values that are not known yet: about those it is silent,
//! the core asks again when they are. All errors are reported, not just the first.

use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::lifecycle::plan::attributes::{Undecided, plan_object};
use crate::lifecycle::{NULL, elements, objects};
use crate::path::Path;
use crate::schema::{Attribute, Kind, Presence, Schema, Validator};
use crate::value::Value;

/// Validates a configuration; `write_only_allowed` is the capability of the same name of the core that asks.
pub fn validate_config(schema: &Schema, config: &Value, write_only_allowed: bool) -> Diagnostics {
    let mut validation = Validation {
        schema,
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

struct Validation<'a> {
    schema: &'a Schema,
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
        }
    }

    fn attribute(&mut self, attribute: &Attribute, path: &Path, value: &Value) {
        if value.is_null() {
            if attribute.presence == Presence::Required {
                let detail = format!("`{path}` is required, but no value was given.");
                self.error("Missing required attribute", detail, path);
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
        if value.is_wholly_known() {
            for validator in &attribute.validators {
                self.rule(validator, path, value);
            }
        }
        if let Kind::Nested(_, attributes) = &attribute.kind {
            for (path, object) in objects(path, value) {
                self.object(attributes, &path, object);
            }
            self.distinct_elements(attributes, path, value);
        }
    }

    fn rule(&mut self, validator: &Validator, path: &Path, value: &Value) {
        if let Err(message) = validator.check(value) {
            let detail = if self.schema.is_sensitive_at(path) {
                // The message may quote the value.
                format!("The value, which is sensitive, must be {}.", validator.description())
            } else {
                message
            };
            self.error("Invalid value", detail, path);
        }
    }

    /// Elements of a set that become the same by their defaults would be fewer than configured, which the core refuses.
    fn distinct_elements(&mut self, attributes: &[Attribute], path: &Path, value: &Value) {
        if let Value::Set(configured) = value {
            let with_defaults = Value::set(
                configured
                    .iter()
                    .map(|element| plan_object(attributes, NULL, element, Undecided::Unknown)),
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
