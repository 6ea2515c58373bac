//! Attributes: what each holds, and who decides its value.

use std::collections::BTreeMap;

use crate::model::AttributeType;
use crate::schema::{Block, PlanModifier, Relation, SemanticEquality, Validator};
use crate::types::Type;
use crate::value::Value;

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

impl Attribute {
    /// An attribute of the given Rust type: it decides what the attribute holds, who decides its value, and whether it
    /// is sensitive or write-only.
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

    /// Always given by the configuration.
    #[must_use]
    pub fn required(mut self) -> Self {
        self.presence = Presence::Required;
        self
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

    /// The description as users read it, with the default.
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

/// The type of an object with the given attributes.
pub fn object_type(attributes: &[Attribute]) -> Type {
    Type::Object(
        attributes
            .iter()
            .map(|attribute| (attribute.name.clone(), attribute.value_type()))
            .collect::<BTreeMap<_, _>>(),
    )
}
