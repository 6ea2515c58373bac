//! Identities: what names a remote object for good, beside its state.
//!
//! The core stores an identity with each state and can import an object by it, which says more than an id made of one
//! text. An author writes a struct that derives [`Identity`](macro@crate::Identity), and one function from the model to
//! it, [`IdentityOf::of`]. The framework calls that wherever an answer has a state, and sees to it that an identity
//! never changes as long as the object lives. The rules for values are in
//! [`lifecycle::identity`](crate::lifecycle::identity).

use crate::diagnostics::Diagnostics;
use crate::model::{ConversionError, FromValue, ToValue};
use crate::resource::Stored;
use crate::types::Type;
use crate::value::{Number, Value};

mod lint;

/// The attributes of an identity.
#[derive(Clone, Debug, PartialEq)]
pub struct IdentitySchema {
    /// Counts incompatible changes of stored identities, from 0.
    pub version: i64,
    /// The attributes, in the order of the struct.
    pub attributes: Vec<IdentityAttribute>,
}

/// One attribute of an identity.
#[derive(Clone, Debug, PartialEq)]
pub struct IdentityAttribute {
    /// Its name, in snake case.
    pub name: String,
    /// What it holds: a text, a number, a truth value, or a list of such.
    pub value_type: Type,
    /// What it means, in Markdown: sentences that end with a dot.
    pub description: String,
    /// Whether an import by identity has to give it; otherwise it may.
    pub required_for_import: bool,
}

/// A struct whose fields are the attributes of an identity; implemented by the derive macro.
pub trait Identity: Stored + Send + Sync + 'static {
    /// The attributes; none where there is no identity.
    fn schema() -> Option<IdentitySchema>;
}

/// How the identity of an object follows from its model.
pub trait IdentityOf<M>: Identity {
    /// The identity; none as long as what it is made of is not known.
    ///
    /// # Guarantees
    /// Every model that a resource answers with goes through this function, planned ones as well.
    ///
    /// # Caveats
    /// It has to be the same for as long as the object lives. An attribute that it is made of replaces the object when
    /// it changes, or never changes.
    fn of(model: &M) -> Option<Self>;
}

/// The identity of a resource that has none. There is no value of this type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoIdentity {}

/// What a user names an object by that is to be imported.
///
/// A resource that has no identity takes it apart with `let ImportBy::Id(id) = by;`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImportBy<I> {
    /// A text, of whatever form the resource has chosen.
    Id(String),
    /// An identity.
    Identity(I),
}

/// A type that an attribute of an identity can have.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be in an identity",
    note = "an identity has texts, numbers, truth values and lists of such, each of which may be in an `Option`"
)]
pub trait IdentityType: FromValue + ToValue {
    /// Whether an import has to give it.
    const REQUIRED: bool = true;

    /// What it holds.
    fn value_type() -> Type;
}

/// A type without parts.
#[diagnostic::on_unimplemented(message = "`{Self}` cannot be in a list of an identity")]
pub trait IdentityElement: IdentityType {}

impl IdentitySchema {
    /// The type of the identities.
    pub fn value_type(&self) -> Type {
        let attributes = self.attributes.iter();
        Type::Object(
            attributes
                .map(|attribute| (attribute.name.clone(), attribute.value_type.clone()))
                .collect(),
        )
    }
}

impl IdentityAttribute {
    /// An attribute of the given Rust type.
    pub fn new<T: IdentityType>(name: impl Into<String>, description: impl Into<String>) -> Self {
        IdentityAttribute {
            name: name.into(),
            value_type: T::value_type(),
            description: description.into(),
            required_for_import: T::REQUIRED,
        }
    }
}

impl<I: Identity> ImportBy<I> {
    /// The identity, for resources that are imported by nothing else.
    ///
    /// # Errors
    /// Fails if an id was given; the message shows what to give instead.
    pub fn into_identity(self) -> Result<I, Diagnostics> {
        match self {
            ImportBy::Identity(identity) => Ok(identity),
            ImportBy::Id(_) => Err(Diagnostics::error(
                "Import needs an identity",
                format!(
                    "The resource is imported by its identity, not by an id: give `{}` in an `import` block.",
                    example(I::schema().as_ref())
                ),
            )),
        }
    }
}

/// How an identity is written in an `import` block.
pub(crate) fn example(schema: Option<&IdentitySchema>) -> String {
    let attributes = schema.map_or(&[][..], |schema| &schema.attributes);
    let required = attributes.iter().filter(|attribute| attribute.required_for_import);
    let required: Vec<String> = required.map(|attribute| format!("{} = ...", attribute.name)).collect();
    format!("identity = {{ {} }}", required.join(", "))
}

impl Identity for NoIdentity {
    fn schema() -> Option<IdentitySchema> {
        None
    }
}

impl<M> IdentityOf<M> for NoIdentity {
    fn of(_: &M) -> Option<Self> {
        None
    }
}

impl Stored for NoIdentity {
    fn version() -> i64 {
        0
    }

    fn value_type() -> Type {
        Type::Object(Default::default())
    }
}

impl FromValue for NoIdentity {
    fn from_value(value: &Value) -> Result<Self, ConversionError> {
        Err(ConversionError::new("no identity", value))
    }
}

impl ToValue for NoIdentity {
    fn to_value(&self) -> Value {
        match *self {}
    }
}

macro_rules! elements {
    ($($rust:ty => $value_type:ident),+) => {
        $(impl IdentityType for $rust {
            fn value_type() -> Type {
                Type::$value_type
            }
        }

        impl IdentityElement for $rust {})+
    };
}

elements!(String => String, bool => Bool, i64 => Number, f64 => Number, Number => Number);

impl<T: IdentityElement> IdentityType for Vec<T> {
    fn value_type() -> Type {
        Type::List(Box::new(T::value_type()))
    }
}

impl<T: IdentityType> IdentityType for Option<T> {
    const REQUIRED: bool = false;

    fn value_type() -> Type {
        T::value_type()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What names a site.
    #[derive(crate::Identity, Debug, PartialEq)]
    #[tf(version = 3)]
    struct SiteIdentity {
        /// Its name.
        name: String,
        /// Its zones,
        /// in order.
        zones: Option<Vec<i64>>,
    }

    #[test]
    fn the_type_of_a_field_says_whether_an_import_needs_it() {
        let schema = SiteIdentity::schema().unwrap();
        let of_schema: Vec<_> = schema
            .attributes
            .iter()
            .map(|one| (one.name.as_str(), one.required_for_import, one.description.as_str()))
            .collect();
        assert_eq!(schema.version, 3);
        assert_eq!(
            of_schema,
            [("name", true, "Its name."), ("zones", false, "Its zones, in order.")]
        );
        assert_eq!(schema.value_type(), SiteIdentity::value_type());
        assert_eq!(schema.lint(), Vec::<String>::new());
    }

    #[test]
    fn an_identity_becomes_a_value_and_comes_back() {
        for zones in [None, Some(vec![1, 2])] {
            let name = "kisumu".to_owned();
            let identity = SiteIdentity { name, zones };
            let value = identity.to_value();
            assert!(value.conforms(&SiteIdentity::value_type()));
            assert_eq!(SiteIdentity::from_value(&value), Ok(identity));
        }
        assert!(NoIdentity::from_value(&Value::Null).is_err());
    }

    #[test]
    fn who_gives_an_id_where_only_an_identity_helps_is_shown_one() {
        let by = ImportBy::<SiteIdentity>::Id("kisumu".to_owned());
        let failure = by.into_identity().unwrap_err().to_string();
        assert!(failure.contains("`identity = { name = ... }`"), "{failure}");
        let ImportBy::Id(id) = ImportBy::<NoIdentity>::Id("kisumu".to_owned());
        assert_eq!(id, "kisumu");
    }
}
