//! The rules for identities, whoever enforces them.
//!
//! Of an object there is one identity: it is wholly known as soon as the object is, and it never changes. What was not
//! known of it at first, such as what an import need not give, may still be filled in.

use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::identity::IdentitySchema;
use crate::value::Value;

/// The identity in a plan: that of the object if there is one already, or else the one that follows from the plan.
///
/// # Errors
/// Fails if the plan is to change the identity of an object that stays.
pub fn planned(before: Option<Value>, planned: Option<Value>, replaced: bool) -> Result<Option<Value>, Diagnostics> {
    let Some(before) = before else { return Ok(planned) };
    match planned {
        Some(planned) if !replaced => match changed(&before, &planned) {
            Some(name) => Err(Diagnostic::bug(format!(
                "The plan changes `{name}` of the identity, but keeps the object. What an identity is made of must replace \
                 the object when it changes."
            ))
            .into()),
            None => Ok(Some(planned)),
        },
        _ => Ok(Some(before)),
    }
}

/// The identity after something was done with an object, or after it was looked at, and what is wrong with it.
///
/// An identity that was there stays, whatever is wrong: the core would drop it from the state.
pub fn concluded(schema: &IdentitySchema, before: Option<Value>, now: Option<Value>) -> (Option<Value>, Diagnostics) {
    let defect = match (&before, &now) {
        (None, None) => Some("There is no identity, although the object is there.".to_owned()),
        (_, Some(now)) if !is_complete(schema, now) => {
            Some("The identity is not known, or not of the type in its schema.".to_owned())
        }
        (Some(before), Some(now)) => {
            changed(before, now).map(|name| format!("The identity of the object has changed: `{name}` is another."))
        }
        (_, None) | (None, Some(_)) => None,
    };
    match defect {
        Some(defect) => (before, Diagnostic::bug(defect).into()),
        None => (now.or(before), Diagnostics::new()),
    }
}

/// Whether a value can be an identity in a state: all of it is known, of its type, and has what an import requires.
pub fn is_complete(schema: &IdentitySchema, identity: &Value) -> bool {
    let is_object = matches!(identity, Value::Object(_));
    let required = schema
        .attributes
        .iter()
        .filter(|attribute| attribute.required_for_import);
    is_object
        && identity.is_wholly_known()
        && identity.conforms(&schema.value_type())
        && required
            .into_iter()
            .all(|attribute| !identity.attribute_or_null(&attribute.name).is_null())
}

/// The first attribute that is set and becomes another.
fn changed<'v>(before: &'v Value, now: &Value) -> Option<&'v str> {
    let Value::Object(attributes) = before else { return None };
    let mut set = attributes.iter().filter(|(_, value)| !value.is_null());
    set.find(|(name, value)| now.attribute_or_null(name) != *value)
        .map(|(name, _)| name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::IdentityAttribute;

    fn schema() -> IdentitySchema {
        IdentitySchema {
            version: 0,
            attributes: vec![
                IdentityAttribute::new::<String>("name", "Its name."),
                IdentityAttribute::new::<Option<String>>("zone", "Its zone."),
            ],
        }
    }

    fn identity(name: impl Into<Value>, zone: impl Into<Value>) -> Option<Value> {
        Some(Value::object([("name", name.into()), ("zone", zone.into())]))
    }

    #[test]
    fn what_is_there_stays_and_what_is_new_is_taken() {
        let a = || identity("a", Value::Null);
        let a_in_east = || identity("a", "east");
        for (before, now, after) in [
            (None, a(), a()),
            (a(), None, a()),
            (a(), a(), a()),
            // What was left open is filled in.
            (a(), a_in_east(), a_in_east()),
        ] {
            let concluded = concluded(&schema(), before.clone(), now.clone());
            assert_eq!(concluded, (after.clone(), Diagnostics::new()));
            assert_eq!(planned(before, now, false), Ok(after));
        }
        assert_eq!(planned(None, None, false), Ok(None));
    }

    #[test]
    fn a_change_is_a_defect_unless_the_object_is_replaced() {
        let changes = [
            (identity("a", "east"), identity("b", "east"), "`name`"),
            (identity("a", "east"), identity("a", Value::Null), "`zone`"),
        ];
        for (before, now, name) in changes {
            let (kept, defects) = concluded(&schema(), before.clone(), now.clone());
            assert_eq!(kept, before);
            assert!(defects.to_string().contains(name), "{defects}");
            assert!(
                planned(before.clone(), now.clone(), false)
                    .unwrap_err()
                    .to_string()
                    .contains(name)
            );
            assert_eq!(planned(before.clone(), now, true), Ok(before));
        }
    }

    #[test]
    fn an_identity_is_there_and_complete_as_soon_as_the_object_is() {
        for now in [
            None,
            Some(Value::UNKNOWN),
            Some(Value::Null),
            identity(Value::UNKNOWN, "east"),
            identity(Value::Null, "east"),
            identity(1, "east"),
            Some(Value::object([("name", Value::from("a"))])),
        ] {
            let (kept, defects) = concluded(&schema(), None, now);
            assert_eq!(kept, None);
            assert!(defects.has_errors());
        }
    }
}
