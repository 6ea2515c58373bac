//! Call: computes the result of a function.

use crate::function::FunctionError;
use crate::function::erased::DynFunction;
use crate::lifecycle::arguments;
use crate::value::Value;

/// Calls a function.
///
/// It runs where the request is served: a function has nothing to wait for, and nothing to leave in order.
pub(crate) fn call(function: &dyn DynFunction, given: Vec<Value>) -> Result<Value, FunctionError> {
    let signature = function.signature();
    let accepted = arguments::accept(signature, given)?;
    let result = match function.call(&accepted) {
        Ok(outcome) => outcome?,
        Err(misfit) => arguments::misfit(signature, &accepted, misfit)?,
    };
    arguments::check_result(signature, &accepted, &result)?;
    Ok(result)
}
