//! The calls that concern functions.

use std::collections::BTreeMap;

use tfplugin::tfplugin6 as proto;

use crate::diagnostics::Diagnostics;
use crate::function::erased::DynFunction;
use crate::function::{Argument, FunctionError};
use crate::operations;
use crate::provider::Provider;
use crate::server::keys;
use crate::server::rpc::ProviderService;
use crate::server::rpc::answer::Answer;
use crate::value::Value;
use crate::wire::{from_proto, to_proto};

impl<P: Provider> ProviderService<P> {
    /// All functions, as the core describes them.
    pub(super) fn function_declarations(&self) -> BTreeMap<String, proto::Function> {
        let functions = self.functions.iter();
        functions
            .map(|(name, function)| ((*name).to_owned(), to_proto::function(function.signature())))
            .collect()
    }

    /// Calls a function, be the provider configured or not.
    pub(super) fn call_function(&self, request: &proto::call_function::Request) -> proto::call_function::Response {
        match self.result_of(request) {
            Ok(result) => proto::call_function::Response {
                result: Some(result),
                error: None,
            },
            Err(error) => {
                let argument = error.argument().map(Argument::position);
                // What it says stays out of the log: it may quote arguments.
                tracing::error!(
                    { keys::FUNCTION_ERROR_ARGUMENT } = argument,
                    "the function has no result"
                );
                proto::call_function::Response {
                    result: None,
                    error: Some(to_proto::function_error(&error)),
                }
            }
        }
    }

    fn result_of(&self, request: &proto::call_function::Request) -> Result<proto::DynamicValue, FunctionError> {
        let function = self.functions.get(request.name.as_str()).ok_or_else(|| {
            let name = &request.name;
            FunctionError::bug(format!("The core called the unknown function {name}."))
        })?;
        let arguments = decoded(function.as_ref(), &request.arguments)?;
        let result = operations::function::call(function.as_ref(), arguments)?;
        Ok(to_proto::value(&result, &function.signature().output.value_type())?)
    }
}

/// The arguments as values; for OpenTofu, null is an argument with neither of the two encodings.
fn decoded(function: &dyn DynFunction, arguments: &[proto::DynamicValue]) -> Result<Vec<Value>, FunctionError> {
    let decode = |(position, argument)| match function.signature().parameter(position) {
        Some(parameter) => from_proto::value(Some(argument), &parameter.kind.value_type())
            .map_err(|failure| FunctionError::from(failure).at(Argument::new(position))),
        None => Err(FunctionError::bug(format!(
            "The core gave {} arguments to a function with fewer parameters.",
            arguments.len()
        ))),
    };
    arguments.iter().enumerate().map(decode).collect()
}

impl Answer for proto::call_function::Response {
    fn failed(diagnostics: Diagnostics) -> Self {
        proto::call_function::Response {
            result: None,
            error: Some(to_proto::function_error(&diagnostics.into())),
        }
    }

    /// None: a function that fails says so with an error of its own.
    fn diagnostics(&self) -> &[proto::Diagnostic] {
        &[]
    }
}
