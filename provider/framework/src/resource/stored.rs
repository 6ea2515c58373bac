//! Stored values: states and identities as the core keeps them, written by this release, an older one, or another
//! provider.

use std::error::Error;
use std::fmt;

use crate::diagnostics::{Diagnostics, error_chain};
use crate::lifecycle::defaults::state_with_defaults;
use crate::model::{AttributeType, FromValue, Model, ToValue, from_attribute};
use crate::schema::Schema;
use crate::types::Type;
use crate::value::Value;
use crate::wire::{CodecError, form, json};

/// What the core stores: every model, and every identity.
///
/// Both derive macros implement it, so a frozen copy of an old struct is all it takes to read what that struct has
/// written.
pub trait Stored: FromValue + ToValue + Sized {
    /// The version of the schema.
    fn version() -> i64;

    /// The type of the values.
    fn value_type() -> Type;

    /// The value of what the core has stored.
    ///
    /// # Errors
    /// Fails if it is nothing of that kind.
    #[doc(hidden)]
    fn stored_value(stored: &[u8]) -> Result<Value, CodecError> {
        json::decode_state(stored, &Self::value_type())
    }
}

impl<M: Model> Stored for M {
    fn version() -> i64 {
        M::schema().version
    }

    fn value_type() -> Type {
        M::schema().value_type()
    }

    fn stored_value(stored: &[u8]) -> Result<Value, CodecError> {
        stored_state(stored, &M::schema())
    }
}

/// A stored object that has not been read yet.
///
/// It is read as leniently as the core does it: attributes that are not asked for are ignored, absent ones are null,
/// and numbers keep all their digits. All of it read at once has the defaults of its schema where it has no value.
#[derive(Clone, Copy)]
pub struct StoredObject<'a> {
    json: &'a [u8],
}

impl<'a> StoredObject<'a> {
    pub(crate) fn new(json: &'a [u8]) -> Self {
        StoredObject { json }
    }

    /// All of it.
    ///
    /// # Errors
    /// Fails if it is nothing of that kind.
    pub fn read<T: Stored>(&self) -> Result<T, Diagnostics> {
        let value = T::stored_value(self.json).map_err(|error| unreadable(&error))?;
        T::from_value(&value).map_err(|error| unreadable(&error))
    }

    /// One of its attributes.
    ///
    /// # Errors
    /// Fails if that attribute is nothing of that kind.
    pub fn attribute<T: AttributeType>(&self, name: &str) -> Result<T, Diagnostics> {
        let of = Type::Object([(name.to_owned(), T::kind().value_type())].into());
        from_attribute(&self.value(&of)?, name).map_err(|error| unreadable(&error))
    }

    /// The text that the core has stored.
    pub fn json(&self) -> &'a [u8] {
        self.json
    }

    /// The state that it is, if it is one of that schema, or of one from before its blocks were blocks.
    pub(crate) fn state(&self, schema: &Schema) -> Result<Value, Diagnostics> {
        stored_state(self.json, schema).map_err(|error| unreadable(&error))
    }

    /// The value that it is, if it is one of that type.
    pub(crate) fn value(&self, of: &Type) -> Result<Value, Diagnostics> {
        json::decode_state(self.json, of).map_err(|error| unreadable(&error))
    }
}

impl fmt::Debug for StoredObject<'_> {
    /// Tells nothing: it may hold secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredObject").finish_non_exhaustive()
    }
}

/// A state may be older than an attribute with a default, which no model holds without a value.
fn stored_state(stored: &[u8], schema: &Schema) -> Result<Value, CodecError> {
    form::stored_state(stored, schema).map(|state| state_with_defaults(schema, state))
}

fn unreadable(error: &dyn Error) -> Diagnostics {
    Diagnostics::error(
        "Unable to read stored state",
        format!(
            "What is stored of this resource does not fit its schema: {}.\n\nIf the state was edited by hand, restore it from a \
             backup; otherwise please report this to the developers of the provider.",
            error_chain(error)
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Number;

    const JSON: &[u8] = br#"{"size": 123456789012345678901234567890.1, "name": "hunter2", "more": []}"#;

    #[test]
    fn an_attribute_of_a_stored_object_keeps_all_its_digits() {
        let stored = StoredObject::new(JSON);
        let size: Number = stored.attribute("size").unwrap();
        assert_eq!(size.to_string(), "123456789012345678901234567890.1");
        assert_eq!(stored.attribute::<Option<i64>>("absent"), Ok(None));
        assert_eq!(stored.json(), JSON);
    }

    #[test]
    fn what_cannot_be_read_is_not_quoted() {
        let stored = StoredObject::new(JSON);
        let failure = stored.attribute::<bool>("name").unwrap_err().to_string();
        assert!(failure.contains("name") && !failure.contains("hunter2"), "{failure}");
        assert!(!format!("{stored:?}").contains("hunter2"));
        assert!(StoredObject::new(b"{").attribute::<String>("name").is_err());
    }
}
