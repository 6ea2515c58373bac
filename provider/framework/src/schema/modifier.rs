//! Plan modifiers: how a change of an attribute is planned, and when it is none.

use std::fmt;

use crate::path::Path;
use crate::value::Value;

/// How a change is planned.
#[derive(Clone)]
pub enum PlanModifier {
    /// A computed attribute keeps its prior value, be it null: what is decided once and never changes by itself.
    Keep,
    /// A computed attribute keeps its prior value unless that is null, which stands for not decided yet.
    KeepNonNull,
    /// A computed attribute keeps its prior value as long as none of these attributes changes.
    ///
    /// The paths start at the object that the attribute is in, so that they mean the same wherever a model is nested.
    DependsOn(Vec<Path>),
    /// A change can only be made by replacing the object.
    ///
    /// In lists and maps, elements that appear or disappear do not count: they change the list or map, not an attribute
    /// of an element.
    Replace,
    /// A change can only be made by replacing the object if the function says so of the prior and the planned value,
    /// which may be null or unknown.
    ReplaceIf(fn(&Value, &Value) -> bool),
    /// A change can only be made by replacing the object, unless the configuration has no value any more: then the
    /// provider decides, and may leave it as it is.
    ReplaceIfConfigured,
    /// The planned value is what the function makes of the prior value, the configured one and the one planned so far.
    ///
    /// It is asked for objects that are made as well, with null as prior value, and may be asked several times for one
    /// plan. The core accepts the configured or the prior value of what is configured, and any value of what is left to
    /// the provider.
    Custom(fn(&Value, &Value, Value) -> Value),
}

/// Tells whether two values mean the same.
#[derive(Clone, Debug)]
pub enum SemanticEquality {
    /// What the function says of two values that are wholly known and not null.
    Values(fn(&Value, &Value) -> bool),
    /// Lists, sets and maps whose elements mean the same.
    Elements(Box<SemanticEquality>),
}

impl fmt::Debug for PlanModifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PlanModifier::Keep => f.write_str("Keep"),
            PlanModifier::KeepNonNull => f.write_str("KeepNonNull"),
            PlanModifier::DependsOn(paths) => f.debug_tuple("DependsOn").field(paths).finish(),
            PlanModifier::Replace => f.write_str("Replace"),
            PlanModifier::ReplaceIf(_) => f.write_str("ReplaceIf"),
            PlanModifier::ReplaceIfConfigured => f.write_str("ReplaceIfConfigured"),
            PlanModifier::Custom(_) => f.write_str("Custom"),
        }
    }
}
