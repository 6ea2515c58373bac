//! Arguments and results of functions beside their signatures.
//!
//! The core has converted the arguments to the types of the parameters, and refuses null and unknown arguments where
//! they are not allowed; what it says then does not tell what to do. No message here quotes an argument: whether it is
//! sensitive is known to the core alone.

use crate::function::{Argument, FunctionError, Misfit, Parameter, Signature};
use crate::lifecycle::defaults::value_with_defaults;
use crate::lifecycle::objects;
use crate::path::{Path, Step};
use crate::schema::{Attribute, Kind, Presence, Validator};
use crate::value::Value;

/// The arguments as the function gets them: accepted by its parameters, and with the defaults of nested attributes.
///
/// # Errors
/// Fails with the first argument that is not accepted.
pub(crate) fn accept(signature: &Signature, arguments: Vec<Value>) -> Result<Vec<Value>, FunctionError> {
    let (given, expected) = (arguments.len(), signature.parameters.len());
    if given < expected {
        let text = format!("The core gave {given} arguments to a function with {expected} parameters.");
        return Err(FunctionError::bug(text));
    }
    let accepted = arguments.into_iter().enumerate().map(|(position, argument)| {
        let parameter = signature.parameter(position).ok_or_else(|| {
            FunctionError::bug(format!(
                "The core gave {given} arguments to a function with {expected} parameters."
            ))
        })?;
        match problem(parameter, &argument) {
            Some(text) => Err(FunctionError::new(text).at(Argument::new(position))),
            None => Ok(value_with_defaults(&parameter.kind, argument)),
        }
    });
    accepted.collect()
}

/// What comes of an argument that does not fit the field of its parameter: an unknown result if it is only that the
/// field has no place for what is not known yet.
///
/// # Errors
/// Fails if the argument cannot be used, known or not.
pub(crate) fn misfit(signature: &Signature, arguments: &[Value], misfit: Misfit) -> Result<Value, FunctionError> {
    let Misfit { argument, error } = misfit;
    let position = argument.position();
    let culprit = arguments.get(position).and_then(|argument| error.path.get(argument));
    if culprit.is_some_and(Value::is_unknown) {
        return Ok(Value::UNKNOWN);
    }
    let name = signature.parameter(position).map_or("", |parameter| &parameter.name);
    let path = error.path.steps().iter().cloned().fold(Path::new(name), Path::step);
    let text = format!("`{path}` must be {}, but it is {}.", error.expected, error.found);
    Err(FunctionError::new(text).at(argument))
}

/// Checks that a result is one that the function has promised.
///
/// # Errors
/// Fails if it is of another type, or partly unknown although all arguments are known.
pub(crate) fn check_result(signature: &Signature, arguments: &[Value], result: &Value) -> Result<(), FunctionError> {
    if !result.conforms(&signature.output.value_type()) {
        return Err(FunctionError::bug("The result of the function is not of its type."));
    }
    if !result.is_wholly_known() && arguments.iter().all(Value::is_wholly_known) {
        let text = "The result of the function is partly unknown although all arguments are known.";
        return Err(FunctionError::bug(text));
    }
    Ok(())
}

/// Why a parameter does not accept an argument, if it does not.
fn problem(parameter: &Parameter, argument: &Value) -> Option<String> {
    let path = Path::new(&parameter.name);
    if argument.is_null() {
        return (!parameter.allows_null).then(|| format!("`{path}` must not be null."));
    }
    if !parameter.allows_unknown && !argument.is_wholly_known() {
        return Some(format!("`{path}` is not known yet, and the function needs it."));
    }
    refused(&parameter.validators, &path, argument).or_else(|| nested_problem(&parameter.kind, &path, argument))
}

fn nested_problem(kind: &Kind, path: &Path, value: &Value) -> Option<String> {
    let Kind::Nested(_, attributes) = kind else {
        return None;
    };
    objects(path, value).into_iter().find_map(|(path, object)| {
        attributes.iter().find_map(|attribute| {
            let value = object.attribute_or_null(&attribute.name);
            let path = path.clone().step(Step::Attribute(attribute.name.clone()));
            attribute_problem(attribute, &path, value)
        })
    })
}

fn attribute_problem(attribute: &Attribute, path: &Path, value: &Value) -> Option<String> {
    if value.is_null() {
        return (attribute.presence == Presence::Required).then(|| format!("`{path}` must not be null."));
    }
    refused(&attribute.validators, path, value).or_else(|| nested_problem(&attribute.kind, path, value))
}

fn refused(validators: &[Validator], path: &Path, value: &Value) -> Option<String> {
    let known = value.is_wholly_known();
    let refusing = validators
        .iter()
        .filter(|_| known)
        .find(|one| one.check(value).is_err());
    refusing.map(|validator| format!("`{path}` must be {}.", validator.description()))
}
