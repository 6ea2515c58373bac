//! The wire formats of values.
//!
//! [`msgpack`] is how values travel between the core and a provider, [`json`] how the core stores them in states.
//! Neither format describes itself: a value is read and written beside its [`Type`](crate::types::Type).
//! The module is public for fuzzing and for tests with real cores only.

use std::error::Error;
use std::fmt;

use crate::path::{Path, Step};
use crate::types::{Type, TypeError};
use crate::value::Value;

pub mod form;
pub(crate) mod from_proto;
pub mod json;
pub mod msgpack;
pub(crate) mod to_proto;

/// A value cannot be read or written, and where.
#[derive(Debug)]
pub struct CodecError {
    /// The part of the value that is to blame, from the root.
    pub path: Path,
    /// What is wrong with it; never with the value itself, which may be secret.
    pub problem: Problem,
}

/// What can be wrong with a value or its encoding.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// The value is of another kind than its type.
    #[error("{0} is required")]
    Required(&'static str),
    /// An object has more or fewer attributes than its type.
    #[error("an object with {required} attributes is required ({given} given)")]
    AttributeCount {
        /// How many attributes the type has.
        required: usize,
        /// How many attributes there are.
        given: usize,
    },
    /// An object has an attribute that its type does not have.
    #[error("unsupported attribute")]
    UnsupportedAttribute,
    /// An object lacks an attribute of its type.
    #[error("attribute is missing")]
    MissingAttribute,
    /// A tuple has more or fewer elements than its type.
    #[error("a tuple of length {required} is required ({given} given)")]
    TupleLength {
        /// How many elements the type has.
        required: usize,
        /// How many elements there are.
        given: usize,
    },
    /// The type that comes with a dynamic value is none.
    #[error("dynamic value has no valid type")]
    Type(#[source] TypeError),
    /// What is said about an unknown value is not said in the way that was agreed.
    #[error("refinements of the unknown value are malformed")]
    Refinements,
    /// The encoding has no form for unknown values.
    #[error("value is unknown, which cannot be represented")]
    Unknown,
    /// The encoding has no form for infinite numbers.
    #[error("number is infinite, which cannot be represented")]
    Infinite,
    /// A text is not UTF-8.
    #[error("text is not UTF-8")]
    Utf8,
    /// The encoding ends early or claims to be longer than it is.
    #[error("encoding is incomplete")]
    Truncated,
    /// The encoding goes on after the value.
    #[error("encoding has {0} bytes after its end")]
    TrailingBytes(usize),
    /// The encoding is no JSON.
    #[error("encoding is not JSON")]
    Json(#[source] serde_json::Error),
    /// A text or collection has a length that the encoding cannot express.
    #[error("value is too long")]
    TooLong,
    /// The value would take too much stack to work with.
    #[error("value is nested too deeply")]
    TooDeep,
}

impl CodecError {
    /// This error, one step further from the root.
    #[must_use]
    fn inside(mut self, step: Step) -> Self {
        let tail = std::mem::take(&mut self.path);
        self.path = tail.steps().iter().cloned().fold(Path::root().step(step), Path::step);
        self
    }
}

impl From<Problem> for CodecError {
    fn from(problem: Problem) -> Self {
        CodecError {
            path: Path::root(),
            problem,
        }
    }
}

impl fmt::Display for CodecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_root() {
            write!(f, "{}: ", self.path)?;
        }
        write!(f, "{}", self.problem)
    }
}

impl Error for CodecError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        // The problem itself is part of this error's text.
        self.problem.source()
    }
}

/// One level less to go.
fn deeper(depth: usize) -> Result<usize, Problem> {
    depth.checked_sub(1).ok_or(Problem::TooDeep)
}

/// The step from a list, set or tuple to one of its elements.
fn element_step(of: &Type, index: usize) -> Step {
    match of {
        // Paths on the wire end at the set, so it does not matter which element it is, and its content may be secret.
        Type::Set(_) => Step::Element(Value::Null),
        _ => Step::Index(index),
    }
}

/// What a type requires, as the core says it.
fn required(of: &Type) -> &'static str {
    match of {
        Type::Bool => "a bool",
        Type::Number => "a number",
        Type::String => "a string",
        Type::Dynamic => "a dynamic value with its type",
        Type::List(_) => "a list",
        Type::Set(_) => "a set",
        Type::Map(_) => "a map",
        Type::Object(_) => "an object",
        Type::Tuple(_) => "a tuple",
    }
}
