//! Parameters: what a function takes, and how arguments become the fields of its struct.

use crate::function::{Argument, VariadicArgument};
use crate::model::{AttributeType, ConversionError, FromValue};
use crate::schema::{Kind, Presence, Validator};
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
