//! `provider::cht::values`: what a `values.yaml` of the official Helm charts says, as arguments of `cht_instance`.
//!
//! [`source`] reads the files as Helm does and knows which of their keys were asked for; [`chart`] holds what the
//! charts make of keys that are not there; [`arguments`] has the result, [`translate`] and [`storage`] lead to it.

mod arguments;
mod chart;
mod source;
mod storage;
#[cfg(test)]
mod tests;
mod translate;

use tf_framework::Parameters;
use tf_framework::function::{Function, FunctionError};

pub use self::arguments::Arguments;
use self::source::{Source, SourceError};

/// Translates the values of the official Helm chart, of CHT 4 or 5, to arguments of `cht_instance`.
///
/// The result is an object whose attributes are named, and nested, as the arguments are. What the values leave to the
/// chart is what the chart would have made of it, so that an instance of the chart is described as it is; what is null,
/// the chart does not decide, or as `cht_instance` has it anyway. `unused` lists keys that have no counterpart: read it
/// once, then decide for each of them.
///
/// The values hold the password of the administrator. Give the file to `sensitive(...)` to keep the result out of
/// sight.
#[derive(Parameters)]
pub struct ValuesFunction {
    /// Content of a `values.yaml`.
    yaml: String,
    /// Contents of further files. Each wins over those before it, as with several `-f` of `helm upgrade`.
    #[tf(variadic)]
    more: Vec<String>,
}

impl Function for ValuesFunction {
    type Output = Arguments;

    const NAME: &'static str = "values";

    fn call(self) -> Result<Arguments, FunctionError> {
        let files = std::iter::once(&self.yaml).chain(&self.more);
        let mut source = Source::read(files).map_err(|error| self.blame(&error))?;
        let arguments = translate::arguments(&mut source);
        let problems = source.problems();
        if problems.is_empty() {
            Ok(arguments)
        } else {
            let list: Vec<_> = problems.iter().map(|problem| format!("- {problem}")).collect();
            Err(FunctionError::new(format!(
                "These values do not describe an instance yet:\n{}",
                list.join("\n")
            ))
            .at(Self::YAML))
        }
    }
}

impl ValuesFunction {
    fn blame(&self, error: &SourceError) -> FunctionError {
        let failure = FunctionError::new(error.to_string());
        match error.file().checked_sub(1) {
            None => failure.at(Self::YAML),
            Some(position) => failure.at(Self::MORE.element(position)),
        }
    }
}
