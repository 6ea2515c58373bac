//! Values of any type that are hidden; a secret text is a [`SecretString`](secrecy::SecretString).

use std::fmt;

use crate::model::{Attr, AttributeType, ConversionError, FromValue, ToValue};
use crate::schema::{Kind, Presence, SemanticEquality, Validator};
use crate::value::Value;

/// A value of any type that the core hides in its output, and that no `Debug` shows. It is stored like others.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sensitive<T>(T);

impl<T> Sensitive<T> {
    /// A value that is to be hidden.
    pub fn new(value: T) -> Self {
        Sensitive(value)
    }

    /// The value, in the open.
    pub fn expose(&self) -> &T {
        &self.0
    }

    /// The value, in the open.
    pub fn into_exposed(self) -> T {
        self.0
    }
}

impl<T> fmt::Debug for Sensitive<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sensitive").finish_non_exhaustive()
    }
}

impl<T: FromValue> FromValue for Sensitive<T> {
    fn from_value(value: &Value) -> Result<Self, ConversionError> {
        T::from_value(value).map(Sensitive)
    }
}

impl<T: ToValue> ToValue for Sensitive<T> {
    fn to_value(&self) -> Value {
        self.0.to_value()
    }
}

impl<T: AttributeType> AttributeType for Sensitive<T> {
    type Draft = Sensitive<T::Draft>;
    const PRESENCE: Presence = T::PRESENCE;
    const SENSITIVE: bool = true;
    const WRITE_ONLY: bool = T::WRITE_ONLY;

    fn from_draft(draft: &Self::Draft) -> Option<Self> {
        T::from_draft(&draft.0).map(Sensitive)
    }

    fn from_attribute_draft(draft: &Attr<Self::Draft>) -> Option<Self> {
        let value = match draft {
            Attr::Unknown => T::from_attribute_draft(&Attr::Unknown),
            Attr::Null => T::from_attribute_draft(&Attr::Null),
            Attr::Known(draft) => T::from_draft(&draft.0),
        };
        value.map(Sensitive)
    }

    fn kind() -> Kind {
        T::kind()
    }

    fn validators() -> Vec<Validator> {
        T::validators()
    }

    fn semantic_equality() -> Option<SemanticEquality> {
        T::semantic_equality()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::custom_types::{Json, Text};
    use crate::model::{Dynamic, WriteOnly};
    use crate::schema::Attribute;

    #[test]
    fn whatever_is_sensitive_is_hidden_and_otherwise_as_it_was() {
        let text = Text::<Json>::validators();
        for (attribute, presence) in [
            (Attribute::new::<Sensitive<i64>>("x", "X."), Presence::Required),
            (
                Attribute::new::<Option<Sensitive<Dynamic>>>("x", "X."),
                Presence::Optional,
            ),
            (Attribute::new::<Sensitive<Option<bool>>>("x", "X."), Presence::Optional),
            (
                Attribute::new::<WriteOnly<Sensitive<i64>>>("x", "X."),
                Presence::Optional,
            ),
            (
                Attribute::new::<Vec<Sensitive<Text<Json>>>>("x", "X."),
                Presence::Required,
            ),
        ] {
            assert!(attribute.sensitive, "{attribute:?}");
            assert_eq!(attribute.presence, presence);
        }
        let json = Attribute::new::<Sensitive<Text<Json>>>("x", "X.");
        assert_eq!(json.validators.len(), text.len());
        assert!(json.semantic_equality.is_some());
        let pin = Sensitive::<i64>::from_value(&1234.into()).unwrap();
        assert_eq!((*pin.expose(), pin.to_value()), (1234, 1234.into()));
        assert!(!format!("{pin:?}").contains("1234"));
        let known = Sensitive::<i64>::from_attribute_draft(&Attr::Known(pin));
        assert_eq!(known, Some(pin));
        let absent = Sensitive::<Option<i64>>::from_attribute_draft(&Attr::Null);
        assert_eq!(absent, Some(Sensitive::new(None)));
    }
}
