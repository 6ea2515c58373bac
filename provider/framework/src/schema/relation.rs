//! Relations: which attributes go together, and which do not.

use std::fmt;
use std::sync::Arc;

use crate::path::PathExpression;
use crate::value::Value;

/// A rule about several attributes, declared at one of them.
///
/// It is about what the configuration says, defaults aside. It never complains about what is unknown: an unknown value
/// may turn out to be null. If the object that it is declared in is not there, neither is the rule.
#[derive(Clone, Debug)]
pub enum Relation {
    /// If the attribute is given, none of these is.
    ConflictsWith(Vec<PathExpression>),
    /// If the attribute is given, all of these are.
    Requires(Vec<PathExpression>),
    /// At most one of these is given.
    AtMostOneOf(Vec<PathExpression>),
    /// At least one of these is given.
    AtLeastOneOf(Vec<PathExpression>),
    /// One of these is given, and only one.
    ExactlyOneOf(Vec<PathExpression>),
    /// All of these are given, or none.
    RequiredTogether(Vec<PathExpression>),
    /// Instead of the attribute, this write-only one should be used where the core knows what that is: a warning.
    PreferWriteOnly(PathExpression),
    /// The attribute fits others, as a function says.
    Compare(Comparison),
}

/// A function that compares an attribute with others.
#[derive(Clone)]
pub struct Comparison {
    /// What the attribute is compared with.
    pub others: Vec<PathExpression>,
    check: Compare,
}

type Compare = Arc<dyn Fn(&Value, &[&Value]) -> Result<(), String> + Send + Sync>;

impl Relation {
    /// Compares the attribute with those of the others that are given, such as a limit with what it limits. The error
    /// of the function is a sentence, which does not quote sensitive values.
    ///
    /// The function is asked when the attribute is given and all values are wholly known.
    pub fn compare<P: Into<PathExpression>>(
        others: impl IntoIterator<Item = P>,
        check: impl Fn(&Value, &[&Value]) -> Result<(), String> + Send + Sync + 'static,
    ) -> Self {
        Relation::Compare(Comparison {
            others: others.into_iter().map(P::into).collect(),
            check: Arc::new(check),
        })
    }

    /// The attributes that it names.
    pub fn paths(&self) -> &[PathExpression] {
        match self {
            Relation::ConflictsWith(paths)
            | Relation::Requires(paths)
            | Relation::AtMostOneOf(paths)
            | Relation::AtLeastOneOf(paths)
            | Relation::ExactlyOneOf(paths)
            | Relation::RequiredTogether(paths) => paths,
            Relation::PreferWriteOnly(path) => std::slice::from_ref(path),
            Relation::Compare(comparison) => &comparison.others,
        }
    }
}

impl Comparison {
    /// Asks about known values.
    pub(crate) fn check(&self, value: &Value, others: &[&Value]) -> Result<(), String> {
        (self.check)(value, others)
    }
}

impl fmt::Debug for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Comparison").field(&self.others).finish()
    }
}
