//! Configurations of tests: JSON, with a word for what is not known yet.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::diagnostics::{Diagnostic, Diagnostics, error_chain};
use crate::model::Dynamic;
use crate::types::Type;
use crate::value::Value;
use crate::wire::json;

/// The value of an attribute that is not known before the apply, in a configuration to be planned.
pub const UNKNOWN: &str = "(known after apply)";

/// The value of a configuration; attributes that it does not have are null.
///
/// # Errors
/// Fails if it is not of that type, as a core would.
pub(super) fn value_of(config: &Json, of: &Type) -> Result<Value, Diagnostics> {
    match (config, of) {
        (Json::String(text), _) if text == UNKNOWN => Ok(Value::UNKNOWN),
        // The type of an expression is that of what it looks like.
        (known, Type::Dynamic) => Ok(Dynamic::from_json(known).map_or(Value::Null, Value::from)),
        (Json::Array(elements), Type::List(element)) => values_of(elements, element).map(Value::List),
        (Json::Array(elements), Type::Set(element)) => values_of(elements, element).map(Value::set),
        (Json::Object(entries), Type::Map(element)) => {
            let entries = entries
                .iter()
                .map(|(key, value)| Ok((key.clone(), value_of(value, element)?)));
            entries.collect::<Result<_, Diagnostics>>().map(Value::Map)
        }
        (Json::Object(entries), Type::Object(attributes)) => {
            if let Some(name) = entries.keys().find(|name| !attributes.contains_key(*name)) {
                let detail = format!("An attribute named \"{name}\" is not expected here.");
                return Err(Diagnostics::error("Unsupported argument", detail));
            }
            let attributes = attributes.iter().map(|(name, of)| {
                let value = entries.get(name).map_or(Ok(Value::Null), |value| value_of(value, of))?;
                Ok((name.clone(), value))
            });
            attributes
                .collect::<Result<BTreeMap<_, _>, Diagnostics>>()
                .map(Value::Object)
        }
        _ => json::decode(config.to_string().as_bytes(), of).map_err(|error| {
            let detail = format!("Inappropriate value: {}.", error_chain(&error));
            Diagnostic::error("Incorrect attribute value type", detail).into()
        }),
    }
}

fn values_of(elements: &[Json], of: &Type) -> Result<Vec<Value>, Diagnostics> {
    elements.iter().map(|element| value_of(element, of)).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn thing() -> Type {
        let tags = Type::Map(Box::new(Type::Number));
        let hosts = Type::Set(Box::new(Type::String));
        Type::Object([("tags".to_owned(), tags), ("hosts".to_owned(), hosts)].into())
    }

    #[test]
    fn what_is_absent_is_null_and_what_is_not_known_can_be_anywhere() {
        let config = value_of(&json!({ "tags": { "a": UNKNOWN, "b": 1 } }), &thing()).unwrap();
        let tags = Value::Map([("a".to_owned(), Value::UNKNOWN), ("b".to_owned(), 1.into())].into());
        assert_eq!(config, Value::object([("tags", tags), ("hosts", Value::Null)]));
    }

    #[test]
    fn a_wrong_attribute_or_value_is_refused() {
        for wrong in [
            json!({ "tag": {} }),
            json!({ "hosts": "a" }),
            json!({ "tags": { "a": [] } }),
        ] {
            assert!(value_of(&wrong, &thing()).is_err(), "{wrong}");
        }
    }
}
