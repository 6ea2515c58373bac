//! Signatures: functions as data, for the wire, the documentation and the checks.

use crate::function::{Function, Parameter};
use crate::model::AttributeType;
use crate::schema::Kind;

/// What a function takes, what it results in, and what it is good for.
#[derive(Clone, Debug)]
pub struct Signature {
    /// What it does, in one sentence of Markdown.
    pub summary: String,
    /// What it does, in Markdown, with the summary as its first paragraph.
    pub description: String,
    /// Why not to use it any more, and what instead.
    pub deprecation: Option<String>,
    /// The parameters, in order.
    pub parameters: Vec<Parameter>,
    /// The parameter that takes all further arguments.
    pub variadic: Option<Parameter>,
    /// What it results in.
    pub output: Kind,
}

impl Signature {
    /// The signature of a function.
    pub fn of<F: Function>() -> Self {
        let description = F::DESCRIPTION.trim();
        Signature {
            summary: description.split("\n\n").next().unwrap_or_default().to_owned(),
            description: description.to_owned(),
            deprecation: F::DEPRECATION.map(str::to_owned),
            parameters: F::parameters(),
            variadic: F::variadic(),
            output: F::Output::kind(),
        }
    }

    /// The parameter that takes the argument at a position, from 0.
    pub fn parameter(&self, position: usize) -> Option<&Parameter> {
        self.parameters.get(position).or(self.variadic.as_ref())
    }
}
