//! The configuration in a model as JSON, to be kept beside remote objects, and back: what an import cannot find out
//! otherwise.
//!
//! Secrets are never part of it, nor is what the provider computes. So every secret of such a model is an `Option` or
//! `WriteOnly`: a required one could not be read back.

use crate::diagnostics::{Diagnostic, Diagnostics, error_chain};
use crate::lifecycle::defaults::state_with_defaults;
use crate::model::Model;
use crate::path::Path;
use crate::schema::block::without_null_blocks;
use crate::schema::{Attribute, Kind, Presence};
use crate::value::Value;
use crate::wire::json;

/// The configured attributes of a model that are no secrets.
///
/// # Errors
/// Fails if the model does not fit its own schema, or has a secret that is required.
pub fn to_record<M: Model>(model: &M) -> Result<String, Diagnostics> {
    let schema = M::schema();
    if let Some(path) = required_secret(&Path::root(), &schema.attributes) {
        let detail = format!("`{path}` is a secret that is required, so no record can be read without it.");
        return Err(Diagnostic::bug(detail).at(path).into());
    }
    let open = object(&schema.attributes, model.to_value());
    json::to_json(&open, &schema.value_type())
        .map(|record| record.to_string())
        .map_err(|error| Diagnostic::bug(format!("A model does not fit its schema: {}.", error_chain(&error))).into())
}

/// The model of a record: secrets and computed attributes are null in it. What is newer than the record has its
/// default.
///
/// # Errors
/// Fails if the record is not one of this kind of model.
pub fn from_record<M: Model>(record: &str) -> Result<M, Diagnostics> {
    let value = json::decode_state(record.as_bytes(), &M::schema().value_type()).map_err(|error| {
        Diagnostics::error(
            "Unreadable record",
            format!(
                "The record that was kept beside the object cannot be read: {}.",
                error_chain(&error)
            ),
        )
    })?;
    let schema = M::schema();
    let value = state_with_defaults(&schema, without_null_blocks(&schema.attributes, value));
    Ok(M::from_value(&value)?)
}

/// The first secret that a model cannot be without.
fn required_secret(object: &Path, attributes: &[Attribute]) -> Option<Path> {
    attributes.iter().find_map(|attribute| {
        let path = object.clone().attribute(&attribute.name);
        match &attribute.kind {
            _ if attribute.sensitive => {
                let is_required = attribute.presence == Presence::Required && !attribute.write_only;
                is_required.then_some(path)
            }
            Kind::Nested(_, nested) if !attribute.write_only => required_secret(&path, nested),
            Kind::Nested(..) | Kind::Type(_) => None,
        }
    })
}

fn object(attributes: &[Attribute], value: Value) -> Value {
    let Value::Object(mut values) = value else { return value };
    for attribute in attributes {
        if let Some(value) = values.get_mut(&attribute.name) {
            *value = recorded(attribute, std::mem::take(value));
        }
    }
    Value::Object(values)
}

fn recorded(attribute: &Attribute, value: Value) -> Value {
    if attribute.sensitive || attribute.write_only || attribute.presence == Presence::Computed || value.is_unknown() {
        return Value::Null;
    }
    let Kind::Nested(_, nested) = &attribute.kind else {
        return value;
    };
    match value {
        Value::List(elements) => Value::List(elements.into_iter().map(|element| object(nested, element)).collect()),
        Value::Set(elements) => Value::set(elements.into_iter().map(|element| object(nested, element))),
        Value::Map(elements) => Value::Map(
            elements
                .into_iter()
                .map(|(key, element)| (key, object(nested, element)))
                .collect(),
        ),
        other => object(nested, other),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use secrecy::SecretString;

    use super::*;
    use crate::{Attr, Model, WriteOnly};

    /// A database.
    #[derive(Model, Debug)]
    struct Database {
        /// Its size.
        size: String,
        /// Its password.
        password: Option<SecretString>,
        /// Its address.
        address: Attr<String>,
    }

    /// A site.
    #[derive(Model, Debug)]
    struct Site {
        /// Its name.
        name: String,
        /// Its password.
        password: WriteOnly<SecretString>,
        /// Its databases.
        databases: BTreeMap<String, Database>,
        /// The main one.
        main: Option<Database>,
        /// What was decided once.
        #[tf(optional, keep)]
        zone: Attr<String>,
        /// What is not known yet.
        #[tf(optional)]
        region: Attr<String>,
    }

    fn database(size: &str) -> Database {
        Database {
            size: size.to_owned(),
            password: Some("hunter2".into()),
            address: Attr::Known("10.0.0.1".to_owned()),
        }
    }

    #[test]
    fn a_record_has_the_configuration_and_no_secrets() {
        let site = Site {
            name: "kisumu".to_owned(),
            password: WriteOnly::new(Some("hunter2".into())),
            databases: [("a".to_owned(), database("1Gi"))].into(),
            main: Some(database("2Gi")),
            zone: Attr::Known("east".to_owned()),
            region: Attr::Unknown,
        };
        let record = to_record(&site).unwrap();
        assert!(!record.contains("hunter2") && !record.contains("10.0.0.1"), "{record}");
        let read: Site = from_record(&record).unwrap();
        assert_eq!(read.name, "kisumu");
        assert_eq!(read.databases["a"].size, "1Gi");
        assert_eq!(read.main.as_ref().unwrap().size, "2Gi");
        assert!(read.main.unwrap().password.is_none() && read.password.get().is_none());
        assert_eq!((read.zone, read.region), (Attr::Known("east".to_owned()), Attr::Null));
    }

    #[test]
    fn a_record_from_before_there_were_blocks_has_none_of_them() {
        /// A disk.
        #[derive(Model, Debug)]
        struct Disk {
            /// Its size.
            size: String,
            /// Its parts.
            #[tf(block)]
            part: Vec<Database>,
        }
        let read: Disk = from_record(r#"{"size": "1Gi"}"#).unwrap();
        assert_eq!((read.size.as_str(), read.part.len()), ("1Gi", 0));
        assert_eq!(to_record(&read).unwrap(), r#"{"part":[],"size":"1Gi"}"#);
    }

    #[test]
    fn a_model_whose_record_could_not_be_read_has_none() {
        /// A login.
        #[derive(Model, Debug)]
        struct Login {
            /// Its password.
            password: SecretString,
        }
        /// A server.
        #[derive(Model, Debug)]
        struct Server {
            /// Its logins.
            logins: Vec<Login>,
        }
        let failure = to_record(&Server { logins: Vec::new() }).unwrap_err().to_string();
        assert!(failure.contains("`logins.password`"), "{failure}");
    }

    #[test]
    fn a_record_from_before_an_attribute_has_its_default() {
        /// A volume.
        #[derive(Model, Debug)]
        struct Volume {
            /// Its size.
            size: String,
            /// Its kind.
            #[tf(default = "plain")]
            kind: String,
        }
        let read: Volume = from_record(r#"{"size": "1Gi"}"#).unwrap();
        assert_eq!((read.size.as_str(), read.kind.as_str()), ("1Gi", "plain"));
    }

    #[test]
    fn a_record_of_something_else_is_refused_without_quoting_it() {
        for wrong in ["", "hunter2", r#"{"name": ["hunter2"]}"#, r#"{"databases": {}}"#] {
            let failure = from_record::<Site>(wrong).unwrap_err().to_string();
            assert!(!failure.contains("hunter2"), "{failure}");
        }
    }
}
