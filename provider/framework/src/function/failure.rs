//! Why a function has no result, and which argument is to blame.

use std::fmt;

use crate::diagnostics::Diagnostics;

/// Why a function has no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionError {
    text: String,
    argument: Option<Argument>,
}

/// An argument by its position; the derive macro [`Parameters`](derive@crate::Parameters) makes a constant for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Argument(usize);

/// The arguments that a variadic parameter takes: all from its own position on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VariadicArgument(usize);

impl FunctionError {
    /// An error in sentences for users, without values that may be secret.
    pub fn new(text: impl Into<String>) -> Self {
        FunctionError {
            text: text.into(),
            argument: None,
        }
    }

    /// An error that only a defect of the provider can cause.
    pub(crate) fn bug(detail: impl fmt::Display) -> Self {
        FunctionError::new(format!(
            "{detail} This is a bug in the provider; please report it to its developers."
        ))
    }

    /// This error, blaming an argument.
    #[must_use]
    pub fn at(mut self, argument: Argument) -> Self {
        self.argument = Some(argument);
        self
    }

    /// What is wrong.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The argument to blame, if it is one.
    pub fn argument(&self) -> Option<Argument> {
        self.argument
    }
}

impl Argument {
    /// The argument at a position, from 0.
    pub const fn new(position: usize) -> Self {
        Argument(position)
    }

    /// Its position, from 0.
    pub const fn position(self) -> usize {
        self.0
    }
}

impl VariadicArgument {
    /// The arguments of a variadic parameter at a position, from 0.
    pub const fn new(position: usize) -> Self {
        VariadicArgument(position)
    }

    /// One of them by its index in the field of the parameter.
    pub const fn element(self, index: usize) -> Argument {
        Argument(self.0 + index)
    }
}

impl From<Diagnostics> for FunctionError {
    /// All messages in one, as there is no place for more.
    fn from(diagnostics: Diagnostics) -> Self {
        FunctionError::new(diagnostics.to_string())
    }
}

impl fmt::Display for FunctionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for FunctionError {}
