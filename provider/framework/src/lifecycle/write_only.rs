//! Puts the write-only values of a configuration into a plan, for the one moment in which they can be used.

use crate::lifecycle::{NULL, at_index, at_key};
use crate::schema::{Attribute, Kind, Schema};
use crate::value::Value;

/// The plan, with the values that only the configuration has.
pub(crate) fn overlay_write_only(schema: &Schema, planned: &Value, config: &Value) -> Value {
    object(&schema.attributes, planned, config)
}

fn object(attributes: &[Attribute], planned: &Value, config: &Value) -> Value {
    let Value::Object(values) = planned else {
        return planned.clone();
    };
    let mut values = values.clone();
    for attribute in attributes {
        let Some(value) = values.get_mut(&attribute.name) else {
            continue;
        };
        let configured = config.attribute_or_null(&attribute.name);
        if attribute.write_only {
            *value = configured.clone();
        } else if let Kind::Nested(_, nested) = &attribute.kind {
            *value = objects(nested, value, configured);
        }
    }
    Value::Object(values)
}

fn objects(attributes: &[Attribute], planned: &Value, config: &Value) -> Value {
    match planned {
        Value::List(elements) => Value::List(
            elements
                .iter()
                .enumerate()
                .map(|(index, element)| object(attributes, element, at_index(config, index)))
                .collect(),
        ),
        Value::Map(elements) => Value::Map(
            elements
                .iter()
                .map(|(key, element)| (key.clone(), object(attributes, element, at_key(config, key))))
                .collect(),
        ),
        // Nothing in a set can be write-only: its elements could not be told apart without it.
        Value::Set(_) => planned.clone(),
        other => object(attributes, other, if config.is_null() { NULL } else { config }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lifecycle::fixtures::{attribute, nested, object as whole, schema};
    use crate::lifecycle::normalize::without_write_only;
    use crate::model::WriteOnly;
    use crate::schema::{Nesting, Presence};

    /// A configuration of logins, each with a user and a password, in the given nesting.
    fn logins(nesting: Nesting) -> (Schema, Value) {
        let inner = vec![attribute::<String>("user"), attribute::<WriteOnly<String>>("password")];
        let schema = schema(vec![
            attribute::<WriteOnly<String>>("token"),
            nested("logins", nesting, Presence::Optional, inner),
        ]);
        let login = |user: &str| Value::object([("user", user.into()), ("password", format!("of {user}").into())]);
        let logins = match nesting {
            Nesting::Single => login("a"),
            Nesting::List | Nesting::Set => Value::List(vec![login("a"), login("b")]),
            Nesting::Map => Value::Map(["a", "b"].map(|user| (user.to_owned(), login(user))).into()),
        };
        let config = whole(&schema, [("token", "t".into()), ("logins", logins)]);
        (schema, config)
    }

    #[test]
    fn an_operation_gets_all_write_only_values_of_the_configuration() {
        for nesting in [Nesting::Single, Nesting::List, Nesting::Map] {
            let (schema, config) = logins(nesting);
            let planned = without_write_only(&schema, config.clone());
            assert_ne!(planned, config);
            assert_eq!(overlay_write_only(&schema, &planned, &config), config);
        }
    }

    #[test]
    fn nothing_else_is_taken_from_the_configuration() {
        let (schema, config) = logins(Nesting::List);
        let planned = whole(&schema, [("logins", Value::List(vec![Value::Null]))]);
        let desired = overlay_write_only(&schema, &planned, &config);
        assert_eq!(
            desired,
            whole(
                &schema,
                [("token", "t".into()), ("logins", Value::List(vec![Value::Null]))]
            )
        );
        assert_eq!(overlay_write_only(&schema, &planned, &Value::Null), planned);
        assert_eq!(overlay_write_only(&schema, &Value::Null, &config), Value::Null);
    }
}
