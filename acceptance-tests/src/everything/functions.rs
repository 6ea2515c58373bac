//! The functions: one for each way in which values go in and come out.

use tf_framework::function::{Function, FunctionError};
use tf_framework::model::Dynamic;
use tf_framework::provider::FunctionEntry;
use tf_framework::schema::Validator;
use tf_framework::value::Number;
use tf_framework::{Attr, Model, Parameters};

/// All of them.
pub(super) fn all() -> Vec<FunctionEntry> {
    vec![
        FunctionEntry::new::<Describe>(),
        FunctionEntry::new::<Join>(),
        FunctionEntry::new::<TypeOf>(),
    ]
}

/// Describes a package.
#[derive(Parameters)]
struct Describe {
    /// The package.
    package: PackageModel,
    /// Its color; none if it is null.
    color: Option<String>,
}

/// A package.
#[derive(Model)]
struct PackageModel {
    /// Its label.
    #[tf(validate(Validator::length(1..=8)))]
    label: String,
    /// Its sizes.
    sizes: Vec<Number>,
}

/// A description.
#[derive(Model)]
struct DescriptionModel {
    /// In a few words.
    title: String,
    /// Its sizes.
    sizes: Vec<Number>,
    /// Its color.
    color: Option<String>,
}

impl Function for Describe {
    type Output = DescriptionModel;

    const NAME: &'static str = "describe";

    fn call(self) -> Result<DescriptionModel, FunctionError> {
        Ok(DescriptionModel {
            title: format!("{} with {} sizes", self.package.label, self.package.sizes.len()),
            sizes: self.package.sizes,
            color: self.color,
        })
    }
}

/// Joins words.
#[derive(Parameters)]
struct Join {
    /// What stands between two words.
    separator: String,
    /// The words.
    #[tf(variadic)]
    words: Vec<String>,
}

impl Function for Join {
    type Output = String;

    const NAME: &'static str = "join";

    fn call(self) -> Result<String, FunctionError> {
        if let Some(position) = self.words.iter().position(|word| word.contains(' ')) {
            return Err(FunctionError::new("A word has no spaces.").at(Self::WORDS.element(position)));
        }
        Ok(self.words.join(&self.separator))
    }
}

/// Tells the type of a value.
#[derive(Parameters)]
struct TypeOf {
    /// The value, known or not.
    value: Attr<Dynamic>,
}

impl Function for TypeOf {
    type Output = Attr<String>;

    const NAME: &'static str = "type_of";

    fn call(self) -> Result<Attr<String>, FunctionError> {
        Ok(match self.value {
            Attr::Known(value) => Attr::Known(value.value_type().to_json()),
            Attr::Null => Attr::Null,
            Attr::Unknown => Attr::Unknown,
        })
    }
}
