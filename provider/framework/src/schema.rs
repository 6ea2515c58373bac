//! Schemas: what can be configured, what is computed, and how plans of it behave.
//!
//! A [`Schema`] is plain data that the derive macro [`Model`](derive@crate::Model) builds from a struct; it can be built by hand
//! as well. The plan engine, the codecs, the documentation and the wire read it; nothing else decides how an attribute
//! behaves.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use crate::model::AttributeType;
use crate::path::{Path, Step};
use crate::types::Type;
use crate::value::Value;

pub(crate) mod block;
pub(crate) mod lint;
mod relation;
mod validator;

pub use block::Block;
pub(crate) use lint::is_snake_case;
pub use relation::{Comparison, Relation};
pub use validator::Validator;

/// The name of the root attribute that says how long operations may take.
pub const TIMEOUTS: &str = "timeouts";

/// The schema of a provider, a resource or a data source.
#[derive(Clone, Debug, Default)]
pub struct Schema {
    /// Counts incompatible changes of stored state, from 0.
    pub version: i64,
    /// What it is, in Markdown.
    pub description: String,
    /// Why not to use it any more, and what instead.
    pub deprecation: Option<String>,
    /// The attributes, in the order of the model.
    pub attributes: Vec<Attribute>,
    /// How long operations may take, if the schema has an attribute `timeouts`.
    pub timeouts: TimeoutDefaults,
}

/// One attribute.
#[derive(Clone, Debug)]
pub struct Attribute {
    /// Its name, in snake case.
    pub name: String,
    /// What it holds.
    pub kind: Kind,
    /// Who decides its value.
    pub presence: Presence,
    /// What it means, in Markdown: sentences that end with a dot.
    pub description: String,
    /// Why not to use it any more, and what instead.
    pub deprecation: Option<String>,
    /// Whether it is hidden in the output of the core.
    pub sensitive: bool,
    /// Whether it exists in the configuration only, never in a plan or a state.
    pub write_only: bool,
    /// The value that it has when the configuration has none.
    pub default: Option<Value>,
    /// What values it accepts.
    pub validators: Vec<Validator>,
    /// How it goes together with other attributes.
    pub relations: Vec<Relation>,
    /// How a change of it is planned, in this order.
    pub modifiers: Vec<PlanModifier>,
    /// Tells whether two spellings mean the same, so that the spelling of the configuration or the prior state is kept.
    pub semantic_equality: Option<SemanticEquality>,
    /// Whether it is written as blocks, and how many there can be; only of nested attributes.
    pub block: Option<Block>,
}

/// What an attribute holds.
#[derive(Clone, Debug)]
pub enum Kind {
    /// A value of a type.
    Type(Type),
    /// Objects whose attributes have schemas of their own.
    Nested(Nesting, Vec<Attribute>),
}

/// How many objects a nested attribute holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nesting {
    /// One.
    Single,
    /// Several, in an order that matters.
    List,
    /// Several that differ.
    Set,
    /// Several by key.
    Map,
}

/// Who decides the value of an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// The configuration, always.
    Required,
    /// The configuration, if it wants.
    Optional,
    /// The configuration, or else the provider: by a default, or when it applies a plan.
    OptionalComputed,
    /// The provider.
    Computed,
}

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
    /// A change can only be made by replacing the object, unless the configuration has no value any more: then the provider
    /// decides, and may leave it as it is.
    ReplaceIfConfigured,
    /// The planned value is what the function makes of the prior value, the configured one and the one planned so far.
    ///
    /// It is asked for objects that are made as well, with null as prior value, and may be asked several times for one plan.
    /// The core accepts the configured or the prior value of what is configured, and any value of what is left to the provider.
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

/// How long operations may take where the configuration says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeoutDefaults {
    /// Limit of a creation.
    pub create: Duration,
    /// Limit of a refresh.
    pub read: Duration,
    /// Limit of an update.
    pub update: Duration,
    /// Limit of a deletion.
    pub delete: Duration,
}

impl Default for TimeoutDefaults {
    /// Twenty minutes for each operation: the field's convention.
    fn default() -> Self {
        let limit = Duration::from_secs(20 * 60);
        TimeoutDefaults {
            create: limit,
            read: limit,
            update: limit,
            delete: limit,
        }
    }
}

impl Schema {
    /// The type of the values of this schema.
    pub fn value_type(&self) -> Type {
        object_type(&self.attributes)
    }

    /// The root attribute of that name.
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|attribute| attribute.name == name)
    }

    /// The attribute at a path, which may lead through nested attributes and their elements, and on into its value.
    pub fn attribute_at(&self, path: &Path) -> Option<&Attribute> {
        self.attributes_on(path)?.pop()
    }

    /// Whether what is at a path is hidden in the output of the core: because of an attribute on the way to it, or of one
    /// below it.
    pub fn is_sensitive_at(&self, path: &Path) -> bool {
        self.attributes_on(path).is_none_or(|way| {
            way.iter().any(|attribute| attribute.sensitive) || way.last().is_some_and(|last| last.holds_sensitive())
        })
    }

    /// The attributes on the way along a path, from the root; none if one of them does not exist.
    fn attributes_on(&self, path: &Path) -> Option<Vec<&Attribute>> {
        let mut attributes = Some(&self.attributes);
        let mut way = Vec::new();
        for step in path.steps() {
            if let (Step::Attribute(name), Some(candidates)) = (step, attributes) {
                let attribute = candidates.iter().find(|attribute| attribute.name == *name)?;
                way.push(attribute);
                attributes = match &attribute.kind {
                    Kind::Nested(_, nested) => Some(nested),
                    Kind::Type(_) => None,
                };
            }
        }
        Some(way)
    }
}

impl Attribute {
    /// An attribute of the given Rust type: it decides what the attribute holds, who decides its value, and whether it is
    /// sensitive or write-only.
    pub fn new<T: AttributeType>(name: impl Into<String>, description: impl Into<String>) -> Self {
        Attribute {
            name: name.into(),
            kind: T::kind(),
            presence: T::PRESENCE,
            description: description.into(),
            deprecation: None,
            sensitive: T::SENSITIVE,
            write_only: T::WRITE_ONLY,
            default: None,
            validators: T::validators(),
            relations: Vec::new(),
            modifiers: Vec::new(),
            semantic_equality: T::semantic_equality(),
            block: None,
        }
    }

    /// Decided by the provider where the configuration has no value.
    #[must_use]
    pub fn optional_computed(mut self) -> Self {
        self.presence = Presence::OptionalComputed;
        self
    }

    /// Has this value where the configuration has none.
    #[must_use]
    pub fn default_value(mut self, default: impl Into<Value>) -> Self {
        self.default = Some(default.into());
        self.optional_computed()
    }

    /// Accepts only what the validator accepts.
    #[must_use]
    pub fn validator(mut self, validator: Validator) -> Self {
        self.validators.push(validator);
        self
    }

    /// Goes together with other attributes in this way.
    #[must_use]
    pub fn relation(mut self, relation: Relation) -> Self {
        self.relations.push(relation);
        self
    }

    /// Plans changes in this way.
    #[must_use]
    pub fn modifier(mut self, modifier: PlanModifier) -> Self {
        self.modifiers.push(modifier);
        self
    }

    /// Keeps its prior value: see [`PlanModifier::Keep`].
    #[must_use]
    pub fn keep(self) -> Self {
        self.modifier(PlanModifier::Keep)
    }

    /// Can only be changed by replacing the object: see [`PlanModifier::Replace`].
    #[must_use]
    pub fn requires_replace(self) -> Self {
        self.modifier(PlanModifier::Replace)
    }

    /// Should not be used any more, for this reason.
    #[must_use]
    pub fn deprecated(mut self, message: impl Into<String>) -> Self {
        self.deprecation = Some(message.into());
        self
    }

    /// The description as practitioners read it, with the default.
    pub fn documentation(&self) -> String {
        let default = match &self.default {
            Some(Value::Bool(default)) => default.to_string(),
            Some(Value::Number(default)) => default.to_string(),
            Some(Value::String(default)) if !default.is_empty() => default.clone(),
            _ => return self.description.clone(),
        };
        format!("{} Default: `{default}`.", self.description.trim_end())
    }

    /// The type of this attribute's values.
    pub fn value_type(&self) -> Type {
        self.kind.value_type()
    }

    /// Whether the provider may decide the value.
    pub fn is_computed(&self) -> bool {
        matches!(self.presence, Presence::Computed | Presence::OptionalComputed)
    }

    /// Whether this attribute or one nested in it is hidden in the output of the core.
    pub fn holds_sensitive(&self) -> bool {
        match &self.kind {
            Kind::Nested(_, attributes) if !self.sensitive => attributes.iter().any(Attribute::holds_sensitive),
            Kind::Nested(..) | Kind::Type(_) => self.sensitive,
        }
    }

    /// Whether the configuration may decide the value.
    pub fn is_configurable(&self) -> bool {
        self.presence != Presence::Computed
    }
}

impl Kind {
    /// The type of the values.
    pub fn value_type(&self) -> Type {
        match self {
            Kind::Type(value_type) => value_type.clone(),
            Kind::Nested(Nesting::Single, attributes) => object_type(attributes),
            Kind::Nested(Nesting::List, attributes) => Type::List(Box::new(object_type(attributes))),
            Kind::Nested(Nesting::Set, attributes) => Type::Set(Box::new(object_type(attributes))),
            Kind::Nested(Nesting::Map, attributes) => Type::Map(Box::new(object_type(attributes))),
        }
    }
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

/// The type of an object with the given attributes.
pub fn object_type(attributes: &[Attribute]) -> Type {
    Type::Object(
        attributes
            .iter()
            .map(|attribute| (attribute.name.clone(), attribute.value_type()))
            .collect::<BTreeMap<_, _>>(),
    )
}
