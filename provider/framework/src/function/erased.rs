//! The object-safe side of [`Function`]: arguments and results become values.

use std::marker::PhantomData;

use crate::function::{Function, FunctionError, Misfit, Signature};
use crate::model::ToValue;
use crate::value::Value;

/// A [`Function`] whose types are hidden.
pub(crate) trait DynFunction: Send + Sync {
    fn name(&self) -> &'static str;
    fn signature(&self) -> &Signature;
    /// Calls it with arguments that the signature accepts.
    fn call(&self, arguments: &[Value]) -> Result<Result<Value, FunctionError>, Misfit>;
}

/// A function and its signature, which is made once.
pub(crate) struct Erased<F> {
    signature: Signature,
    function: PhantomData<fn() -> F>,
}

impl<F: Function> Erased<F> {
    pub(crate) fn new() -> Self {
        Erased {
            signature: Signature::of::<F>(),
            function: PhantomData,
        }
    }
}

impl<F: Function> DynFunction for Erased<F> {
    fn name(&self) -> &'static str {
        F::NAME
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn call(&self, arguments: &[Value]) -> Result<Result<Value, FunctionError>, Misfit> {
        let function = F::from_arguments(arguments)?;
        Ok(function.call().map(|output| output.to_value()))
    }
}
