//! The functions that the tests call.

use secrecy::SecretString;
use tf_framework::function::{Function, FunctionError};
use tf_framework::provider::FunctionEntry;
use tf_framework::schema::Validator;
use tf_framework::{Attr, Model, Parameters};

/// The functions of the test's provider.
pub(crate) fn all() -> Vec<FunctionEntry> {
    vec![
        FunctionEntry::new::<Describe>(),
        FunctionEntry::new::<Join>(),
        FunctionEntry::new::<Misbehave>(),
        FunctionEntry::new::<OrElse>(),
    ]
}

/// Joins texts.
///
/// Those that are null count as empty.
#[derive(Parameters)]
#[tf(deprecated = "Use `join`.")]
pub(super) struct Join {
    /// What stands between two of them.
    #[tf(validate(Validator::length(1..=3)))]
    separator: String,
    /// How many there may be.
    most: Option<i64>,
    /// The texts.
    #[tf(variadic, validate(Validator::length(0..=5)))]
    parts: Vec<Option<String>>,
}

impl Function for Join {
    type Output = String;

    const NAME: &'static str = "join";

    fn call(self) -> Result<String, FunctionError> {
        let most = self
            .most
            .map_or(usize::MAX, |most| usize::try_from(most).unwrap_or_default());
        if self.parts.len() > most {
            return Err(FunctionError::new("There are too many texts.").at(Self::PARTS.element(most)));
        }
        if most == 0 {
            return Err(FunctionError::new("Nothing is nothing.").at(Self::MOST));
        }
        let parts: Vec<_> = self.parts.into_iter().map(Option::unwrap_or_default).collect();
        Ok(parts.join(&self.separator))
    }
}

/// The address of a host.
#[derive(Model)]
pub(super) struct Host {
    /// Its name.
    #[tf(validate(Validator::length(1..=10)))]
    name: String,
    /// Its port.
    #[tf(default = 22)]
    port: i64,
    /// What gives access to it.
    key: Option<SecretString>,
}

/// Describes a host.
#[derive(Parameters)]
pub(super) struct Describe {
    /// The host.
    host: Host,
}

/// A description.
#[derive(Model)]
pub(super) struct Description {
    /// Name and port.
    address: String,
    /// Whether there is a key.
    has_key: bool,
}

impl Function for Describe {
    type Output = Description;

    const NAME: &'static str = "describe";

    fn call(self) -> Result<Description, FunctionError> {
        let Host { name, port, key } = self.host;
        Ok(Description {
            address: format!("{name}:{port}"),
            has_key: key.is_some(),
        })
    }
}

/// The first text, unless there is none.
#[derive(Parameters)]
pub(super) struct OrElse {
    /// The first text.
    first: Attr<String>,
    /// The others.
    others: Attr<Vec<String>>,
}

impl Function for OrElse {
    type Output = Attr<String>;

    const NAME: &'static str = "or_else";

    fn call(self) -> Result<Attr<String>, FunctionError> {
        Ok(match (self.first, self.others) {
            (Attr::Known(first), _) => Attr::Known(first),
            (Attr::Null, Attr::Known(others)) => others.into_iter().next().into(),
            (Attr::Null, Attr::Null) => Attr::Null,
            (Attr::Unknown, _) | (_, Attr::Unknown) => Attr::Unknown,
        })
    }
}

/// Does what no function should do.
#[derive(Parameters)]
pub(super) struct Misbehave {
    /// How.
    how: Attr<String>,
}

impl Function for Misbehave {
    type Output = Attr<String>;

    const NAME: &'static str = "misbehave";

    fn call(self) -> Result<Attr<String>, FunctionError> {
        match self.how.known().map(String::as_str) {
            Some("panic") => panic!("a defect"),
            Some("panic telling secrets") => panic!("a defect with {}", self.how.known().unwrap()),
            _ => Ok(Attr::Unknown),
        }
    }
}
