//! Functions: what authors implement to compute something from values, as in `provider::cht::kubeconfig(...)`.
//!
//! A function is the struct of its parameters, and calling it consumes that struct. There is nothing else that it could
//! depend on: the core calls it in any phase, before anything is configured, and expects the same result for the same
//! arguments from plan to apply.
//!
//! ```
//! use tf_framework::Parameters;
//! use tf_framework::function::{Function, FunctionError, Parameters as _};
//!
//! /// Joins the parts of a name.
//! ///
//! /// Parts that are empty are left out.
//! #[derive(Parameters)]
//! struct JoinName {
//!     /// What stands between two parts; nothing if it is null.
//!     separator: Option<String>,
//!     /// The parts.
//!     #[tf(variadic)]
//!     parts: Vec<String>,
//! }
//!
//! impl Function for JoinName {
//!     type Output = String;
//!
//!     const NAME: &'static str = "join_name";
//!
//!     fn call(self) -> Result<String, FunctionError> {
//!         if let Some(position) = self.parts.iter().position(|part| part.contains(' ')) {
//!             return Err(FunctionError::new("A part of a name has no spaces.").at(Self::PARTS.element(position)));
//!         }
//!         let parts: Vec<_> = self.parts.into_iter().filter(|part| !part.is_empty()).collect();
//!         Ok(parts.join(&self.separator.unwrap_or_default()))
//!     }
//! }
//!
//! assert_eq!(JoinName::parameters()[0].name, "separator");
//! assert_eq!(JoinName::DESCRIPTION, "Joins the parts of a name.\n\nParts that are empty are left out.");
//! ```
//!
//! The type of a field says which arguments can arrive: any value for `T`, also null for `Option<T>`, also null and
//! unknown values for [`Attr<T>`](crate::model::Attr). Types are those of attributes, and models are objects: their
//! attributes that are not required may be left out by the caller.

mod failure;
mod parameter;
mod signature;

pub(crate) mod erased;

pub use failure::{Argument, FunctionError, VariadicArgument};
pub use parameter::{Misfit, Parameter, Parameters, Variadic, argument, remaining_arguments};
pub use signature::Signature;

use crate::model::AttributeType;

/// A function, which is what its parameters are turned into.
///
/// # Guarantees
/// A call has as many arguments as there are parameters, none of them null or unknown where the type of its field has
/// no place for that, and all of them accepted by their validators. A panic becomes an error, and so does a result that
/// is partly unknown although all arguments were known. Where an argument is partly unknown and its field has no place
/// for that, the result is unknown without a call.
pub trait Function: Parameters {
    /// What it results in; a model is an object.
    type Output: AttributeType;

    /// Its name, after `provider::<name of the provider>::`.
    const NAME: &'static str;

    /// Computes the result.
    ///
    /// # Errors
    /// Fails if there is no result for these arguments. Values that are sensitive for the core arrive like all others,
    /// so an error must not quote them.
    ///
    /// # Caveats
    /// The core compares results between its phases: they may depend on the arguments alone, so on no clock, file,
    /// environment or network.
    fn call(self) -> Result<Self::Output, FunctionError>;
}
