//! Parameters: what a function takes, and how arguments become the fields of its struct.

use crate::function::{Argument, VariadicArgument};
use crate::model::{AttributeType, ConversionError, FromValue};
use crate::schema::{Attribute, Kind, Presence, Validator};
use crate::value::Value;

/// A struct whose fields are the parameters of a function, in order; implemented by the derive macro.
pub trait Parameters: Sized + Send + 'static {
    /// What the function does, in Markdown; the first paragraph is its summary.
    const DESCRIPTION: &'static str;
    /// Why not to use it any more, and what instead.
    const DEPRECATION: Option<&'static str>;

    /// The parameters, without the variadic one.
    fn parameters() -> Vec<Parameter>;

    /// The parameter that takes all further arguments.
    fn variadic() -> Option<Parameter>;

    /// Turns arguments into fields.
    ///
    /// # Errors
    /// Fails if an argument is not of the type of its field.
    fn from_arguments(arguments: &[Value]) -> Result<Self, Misfit>;
}

/// What a function takes at one position.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// Its name, in snake case; callers do not write it.
    pub name: String,
    /// What it takes.
    pub kind: Kind,
    /// Whether null is an argument like others.
    pub allows_null: bool,
    /// Whether the function is called even if the argument, or a part of it, is not known yet.
    pub allows_unknown: bool,
    /// What it means, in Markdown: sentences that end with a dot.
    pub description: String,
    /// What arguments it accepts.
    pub validators: Vec<Validator>,
}

/// An argument does not fit the field of its parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct Misfit {
    /// The argument.
    pub argument: Argument,
    /// What about it does not fit.
    pub error: ConversionError,
}

/// The type of a field that takes all further arguments: a `Vec`.
#[diagnostic::on_unimplemented(
    message = "a variadic parameter is a `Vec<T>`",
    label = "not a `Vec`",
    note = "`#[tf(variadic)]` takes any number of arguments, so its field is a list of them"
)]
pub trait Variadic {
    /// What each argument is.
    type Element: AttributeType;
}

impl<T: AttributeType> Variadic for Vec<T> {
    type Element = T;
}

impl Parameter {
    /// A parameter of the given Rust type, which decides what it takes and whether that may be null or unknown.
    pub fn new<T: AttributeType>(name: impl Into<String>, description: impl Into<String>) -> Self {
        Parameter {
            name: name.into(),
            kind: T::kind(),
            allows_null: T::PRESENCE != Presence::Required,
            allows_unknown: T::PRESENCE == Presence::Computed,
            description: description.into(),
            validators: T::validators(),
        }
    }

    /// Accepts only what the validator accepts.
    #[must_use]
    pub fn validator(mut self, validator: Validator) -> Self {
        self.validators.push(validator);
        self
    }

    /// The description as users read it: with the attributes of an object, for which signatures have no place.
    pub fn documentation(&self) -> String {
        let mut text = self.description.clone();
        if let Kind::Nested(_, attributes) = &self.kind {
            text.push('\n');
            list_attributes(&mut text, attributes, "");
        }
        text
    }
}

/// The field of one argument; one that is not there counts as null.
///
/// # Errors
/// Fails if the argument is not of the field's type.
pub fn argument<T: FromValue>(arguments: &[Value], at: Argument) -> Result<T, Misfit> {
    let value = arguments.get(at.position()).unwrap_or(&Value::Null);
    T::from_value(value).map_err(|error| Misfit { argument: at, error })
}

/// The field of all further arguments.
///
/// # Errors
/// Fails if one of them is not of the type of the field's elements.
pub fn remaining_arguments<T: FromValue>(arguments: &[Value], from: VariadicArgument) -> Result<Vec<T>, Misfit> {
    let first = from.element(0).position();
    (first..arguments.len())
        .map(|position| argument(arguments, Argument::new(position)))
        .collect()
}

/// Lists attributes in Markdown, each with those nested in it.
fn list_attributes(text: &mut String, attributes: &[Attribute], indent: &str) {
    for attribute in attributes {
        let optional = match attribute.presence {
            Presence::Required => "",
            Presence::Optional | Presence::OptionalComputed | Presence::Computed => " (optional)",
        };
        let (name, description) = (&attribute.name, attribute.documentation());
        text.push_str(&format!("\n{indent}- `{name}`{optional}: {description}"));
        if let Kind::Nested(_, nested) = &attribute.kind {
            list_attributes(text, nested, &format!("{indent}  "));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Model;

    /// A part.
    #[derive(Model)]
    struct Part {
        /// Its size.
        size: i64,
    }

    /// A thing.
    #[derive(Model)]
    struct Thing {
        /// Its name.
        #[tf(default = "none")]
        name: String,
        /// Its parts.
        parts: Vec<Part>,
    }

    #[test]
    fn the_attributes_of_an_object_are_documented_with_its_parameter() {
        assert_eq!(Parameter::new::<String>("name", "A name.").documentation(), "A name.");
        assert_eq!(
            Parameter::new::<Thing>("thing", "A thing.").documentation(),
            "A thing.\n\n- `name` (optional): Its name. Default: `none`.\n- `parts`: Its parts.\n  - `size`: Its size."
        );
    }
}
