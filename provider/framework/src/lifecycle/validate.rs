//! Validation of configurations by the schema alone, before anything is planned.
//!
//! It happens often, before the provider is configured, and with values that are not known yet: about those it is silent,
//! the core asks again when they are. All errors are reported, not just the first.

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
/// There is none if the configuration does not fit the model. The schema has said so already in most cases; otherwise it
/// is said here, and not as a defect of the provider: a fraction for a whole number is for the core a number like others.
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
mod tests {
    use super::*;
    use crate::lifecycle::fixtures::{attribute, block, nested, object, schema};
    use crate::model::{Attr, WriteOnly};
    use crate::schema::{Block, Nesting};

    /// Summary and path of each message.
    fn messages(schema: &Schema, config: &Value, write_only_allowed: bool) -> Vec<(String, String)> {
        let diagnostics = validate_config(schema, config, write_only_allowed);
        let place = |diagnostic: &Diagnostic| diagnostic.path.as_ref().map(Path::to_string).unwrap_or_default();
        diagnostics
            .iter()
            .map(|diagnostic| (diagnostic.summary.clone(), place(diagnostic)))
            .collect()
    }

    fn message(summary: &str, path: &str) -> (String, String) {
        (summary.to_owned(), path.to_owned())
    }

    #[test]
    fn validators_see_known_values_only() {
        let schema = schema(vec![
            attribute::<Option<Vec<String>>>("names").validator(Validator::length(2..=3)),
        ]);
        let config = |names: Value| object(&schema, [("names", names)]);
        let partly = Value::List(vec![Value::UNKNOWN]);
        for silent in [
            Value::Null,
            Value::UNKNOWN,
            partly,
            Value::List(vec!["a".into(), "b".into()]),
        ] {
            assert_eq!(messages(&schema, &config(silent), true), []);
        }
        let short = config(Value::List(vec!["a".into()]));
        assert_eq!(messages(&schema, &short, true), [message("Invalid value", "names")]);
        let detail = validate_config(&schema, &short, true)
            .iter()
            .next()
            .unwrap()
            .detail
            .clone();
        assert_eq!(detail, "Its length must be 2 to 3, but it is 1.");
    }

    #[test]
    fn all_errors_are_reported_with_the_way_to_them() {
        for nesting in [Nesting::Single, Nesting::List, Nesting::Set, Nesting::Map] {
            let inner = vec![
                attribute::<String>("name"),
                attribute::<Option<i64>>("port").validator(Validator::between(1..=9)),
                attribute::<Attr<String>>("id"),
            ];
            let schema = schema(vec![nested("part", nesting, Presence::Optional, inner)]);
            let element = Value::object([("name", Value::Null), ("port", 10.into()), ("id", "x".into())]);
            let (part, at) = match nesting {
                Nesting::Single => (element, "part"),
                Nesting::List => (Value::List(vec![element]), "part[0]"),
                Nesting::Set => (Value::set([element]), "part[...]"),
                Nesting::Map => (Value::Map([("a".to_owned(), element)].into()), r#"part["a"]"#),
            };
            let expected = [
                message("Missing required attribute", &format!("{at}.name")),
                message("Invalid value", &format!("{at}.port")),
                message("Read-only attribute", &format!("{at}.id")),
            ];
            assert_eq!(messages(&schema, &object(&schema, [("part", part)]), true), expected);
        }
    }

    #[test]
    fn a_sensitive_value_is_not_quoted() {
        let schema = schema(vec![
            attribute::<secrecy::SecretString>("mode").validator(Validator::one_of(["a", "b"])),
        ]);
        let config = object(&schema, [("mode", "hunter2".into())]);
        let text = validate_config(&schema, &config, true).to_string();
        assert!(text.contains("one of `a`, `b`") && !text.contains("hunter2"), "{text}");
    }

    #[test]
    fn write_only_needs_a_core_that_knows_it() {
        let schema = schema(vec![attribute::<WriteOnly<String>>("password")]);
        let set = object(&schema, [("password", "secret".into())]);
        assert_eq!(messages(&schema, &set, true), []);
        let expected = [message("Write-only attribute not supported", "password")];
        assert_eq!(messages(&schema, &set, false), expected);
        assert_eq!(messages(&schema, &object(&schema, []), false), []);
    }

    #[test]
    fn deprecations_are_warnings() {
        let mut schema = schema(vec![attribute::<Option<String>>("old").deprecated("Use `new`.")]);
        schema.deprecation = Some("Use another one.".to_owned());
        let diagnostics = validate_config(&schema, &object(&schema, [("old", "x".into())]), true);
        assert!(!diagnostics.has_errors());
        assert_eq!(diagnostics.iter().count(), 2);
        let silent = validate_config(&schema, &object(&schema, [("old", Value::UNKNOWN)]), true);
        assert_eq!(silent.iter().count(), 1);
    }

    #[test]
    fn null_elements_are_refused_where_the_model_has_no_place_for_them() {
        use crate::Model;
        /// Hosts.
        #[derive(Model)]
        struct Hosts {
            /// All there are.
            names: Vec<String>,
            /// Those that may be missing.
            #[tf(default = "none")]
            kind: String,
            /// Its id.
            id: crate::Attr<String>,
            /// Weights, where there are any.
            weights: Option<Vec<Option<i64>>>,
        }
        let schema = Hosts::schema();
        let check = |names: Vec<Value>| {
            let weights = Value::List(vec![Value::Null]);
            let config = object(&schema, [("names", Value::List(names)), ("weights", weights)]);
            let mut diagnostics = Diagnostics::new();
            refuse_null_elements::<Hosts>(&schema, &config, &mut diagnostics);
            diagnostics
                .into_iter()
                .map(|one| (one.summary, one.path))
                .collect::<Vec<_>>()
        };
        assert_eq!(check(vec!["a".into()]), []);
        assert_eq!(check(vec![Value::UNKNOWN, Value::Null]), []);
        let path = Path::new("names").index(1);
        assert_eq!(
            check(vec!["a".into(), Value::Null]),
            [("Null element".to_owned(), Some(path))]
        );
    }

    #[test]
    fn blocks_are_counted_when_they_are_known() {
        let limits = Block {
            min_items: 1,
            max_items: Some(2),
            group: false,
        };
        let inner = || vec![attribute::<i64>("size")];
        let required = Attribute {
            presence: Presence::Required,
            ..block("one", Nesting::Single, inner())
        };
        let schema = schema(vec![block("disk", Nesting::List, inner()).block(limits), required]);
        let disk = |size: Value| Value::object([("size", size)]);
        let config = |disks: Value, one: Value| object(&schema, [("disk", disks), ("one", one)]);
        let disks = |count: i64| Value::List((0..count).map(|size| disk(size.into())).collect());
        for (count, expected) in [
            (0, vec![message("Too few blocks", "disk")]),
            (1, vec![]),
            (2, vec![]),
            (3, vec![message("Too many blocks", "disk")]),
        ] {
            assert_eq!(messages(&schema, &config(disks(count), disk(1.into())), true), expected);
        }
        let unknown = config(Value::UNKNOWN, Value::UNKNOWN);
        assert_eq!(messages(&schema, &unknown, true), []);
        let missing = [message("Missing required block", "one")];
        assert_eq!(messages(&schema, &config(disks(1), Value::Null), true), missing);
        let within = config(Value::List(vec![disk(Value::Null)]), disk(1.into()));
        let missing = [message("Missing required attribute", "disk[0].size")];
        assert_eq!(messages(&schema, &within, true), missing);
    }

    #[test]
    fn elements_of_a_set_that_defaults_make_equal_are_refused() {
        let inner = vec![
            attribute::<i64>("port"),
            attribute::<String>("protocol").default_value("tcp"),
            attribute::<Attr<String>>("id"),
        ];
        let schema = schema(vec![nested("rules", Nesting::Set, Presence::Optional, inner)]);
        let rule = |protocol: Value| Value::object([("port", 1.into()), ("protocol", protocol), ("id", Value::Null)]);
        let config = |rules: [Value; 2]| object(&schema, [("rules", Value::set(rules))]);
        let same = config([rule(Value::Null), rule("tcp".into())]);
        assert_eq!(
            messages(&schema, &same, true),
            [message("Duplicate elements in a set", "rules")]
        );
        assert_eq!(
            messages(&schema, &config([rule(Value::Null), rule("udp".into())]), true),
            []
        );
        assert_eq!(
            messages(&schema, &config([rule(Value::Null), rule(Value::UNKNOWN)]), true),
            []
        );
    }
}
