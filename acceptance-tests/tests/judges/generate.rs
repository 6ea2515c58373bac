//! Configurations, states, plans and results of a schema, from few words, so that much of them is alike.
//!
//! [`later`] makes other values of them: those that a defect, or the time, could make.

use tf_framework::path::Path;
use tf_framework::schema::{Attribute, Kind, Nesting, Presence, Schema};
use tf_framework::types::Type;
use tf_framework::value::{Number, Value};

mod later;

const WORDS: [&str; 4] = ["a", "A", "b", "c"];
/// How many shapes values of any type have.
const SHAPES: usize = 5;
/// Texts with a meaning, each beside another spelling of it.
const TEXTS: [&str; 14] = [
    "10.0.0.0/16",
    "10.0.1.0/16",
    "2001:db8::1",
    "2001:0db8::1",
    "90m",
    "1h30m",
    "2026-01-31T12:00:00Z",
    "2026-01-31T13:00:00+01:00",
    "4Gi",
    "4096Mi",
    "{\"a\":1,\"b\":[]}",
    "{ \"b\": [], \"a\": 1 }",
    "arn:aws:iam::123456789012:role/reader",
    "arn:aws:iam::123456789012:role/writer",
];
const NUMBERS: [&str; 5] = ["0", "1", "2.5", "9007199254740993", "0.30000000000000004"];

/// What is generated.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum What {
    /// What people write: nothing that is computed.
    Config {
        /// Whether some of it is known after apply.
        unknown: bool,
    },
    /// What is stored: everything may have a value, but what is write-only.
    State,
}

/// A source of cases.
pub(crate) struct Generator {
    state: u64,
    /// The shape that all values of any type have for now.
    shape: Option<usize>,
}

impl Generator {
    pub(crate) fn new(seed: u64) -> Self {
        Generator {
            state: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
            shape: None,
        }
    }

    /// A number below `n`.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        usize::try_from(self.state >> 16).unwrap() % n
    }

    /// One time in `n`.
    pub(crate) fn once_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    /// An object of the schema with that name.
    pub(crate) fn object(&mut self, schema: &Schema, name: &str, what: What) -> Value {
        let mut object = self.attributes(&schema.attributes, what);
        assert!(Path::new("name").set(&mut object, name.into()));
        object
    }

    fn attributes(&mut self, attributes: &[Attribute], what: What) -> Value {
        Value::object(
            attributes
                .iter()
                .map(|attribute| (attribute.name.clone(), self.attribute(attribute, what))),
        )
    }

    fn attribute(&mut self, attribute: &Attribute, what: What) -> Value {
        let absent = match what {
            What::Config { .. } => attribute.presence == Presence::Computed,
            What::State => attribute.write_only,
        };
        if absent {
            return Value::Null;
        }
        // One block is one even if it is dynamic: only attributes in it are unknown then.
        let is_one_block = attribute.block.is_some() && matches!(attribute.kind, Kind::Nested(Nesting::Single, _));
        let may_be_absent = attribute.presence != Presence::Required || attribute.block.is_some();
        if may_be_absent && self.once_in(3) {
            return attribute.absent();
        }
        if self.may_be_unknown(what) && !is_one_block && self.once_in(10) {
            return Value::UNKNOWN;
        }
        match &attribute.kind {
            Kind::Type(Type::String) if !attribute.validators.is_empty() => {
                let texts = WORDS.iter().chain(&TEXTS);
                self.accepted(attribute, texts.map(|text| (*text).into()).collect())
            }
            Kind::Type(Type::Number) if !attribute.validators.is_empty() => {
                let numbers = NUMBERS.map(|number| Value::Number(number.parse().unwrap()));
                self.accepted(attribute, numbers.into())
            }
            Kind::Type(of) => self.value(of, what),
            Kind::Nested(Nesting::List, nested) if attribute.block.is_none() && holds_dynamic(nested) => {
                Value::List(self.alike(|this| this.attributes(nested, what)))
            }
            Kind::Nested(Nesting::Single, nested) => self.attributes(nested, what),
            Kind::Nested(Nesting::List, nested) => Value::List(self.several(|this| this.attributes(nested, what))),
            Kind::Nested(Nesting::Set, nested) => Value::set(self.several(|this| this.attributes(nested, what))),
            Kind::Nested(Nesting::Map, nested) => {
                let elements = self.several(|this| (this.word(), this.attributes(nested, what)));
                Value::Map(elements.into_iter().collect())
            }
        }
    }

    /// One of the values that the attribute accepts.
    fn accepted(&mut self, attribute: &Attribute, mut values: Vec<Value>) -> Value {
        values.retain(|value| attribute.validators.iter().all(|rule| rule.check(value).is_ok()));
        assert!(!values.is_empty(), "nothing suits `{}`", attribute.name);
        values.swap_remove(self.below(values.len()))
    }

    /// Elements whose values of any type are all of one: cores crash at others, unless they are blocks.
    fn alike<T>(&mut self, one: impl FnMut(&mut Self) -> T) -> Vec<T> {
        self.shape = Some(self.below(SHAPES));
        let elements = self.several(one);
        self.shape = None;
        elements
    }

    /// A value of any type, parts of which may be unknown.
    fn dynamic(&mut self, what: What) -> Value {
        let word = |this: &mut Self| {
            if this.may_be_unknown(what) && this.once_in(8) {
                (Type::Dynamic, Value::UNKNOWN)
            } else {
                (Type::String, this.word().into())
            }
        };
        let (of, value) = match self.shape.unwrap_or_else(|| self.below(SHAPES)) {
            0 => (Type::String, self.word().into()),
            1 => (Type::Number, Value::Number(self.number())),
            2 => (Type::Bool, self.once_in(2).into()),
            3 => {
                let (first, one) = word(self);
                (Type::Tuple(vec![first, Type::Number]), Value::List(vec![one, 1.into()]))
            }
            _ => {
                let (of, one) = word(self);
                let types = [("a".to_owned(), of), ("b".to_owned(), Type::Bool)];
                (
                    Type::Object(types.into()),
                    Value::object([("a", one), ("b", true.into())]),
                )
            }
        };
        Value::Dynamic(Box::new((of, value)))
    }

    /// A value of a type; not null.
    fn value(&mut self, of: &Type, what: What) -> Value {
        if self.may_be_unknown(what) && self.once_in(20) {
            return Value::UNKNOWN;
        }
        match of {
            Type::Bool => Value::Bool(self.once_in(2)),
            Type::Number => Value::Number(self.number()),
            Type::String => self.word().into(),
            Type::Dynamic => self.dynamic(what),
            Type::List(of) if of.holds_dynamic() => Value::List(self.alike(|this| this.value(of, what))),
            Type::List(of) => Value::List(self.several(|this| this.value(of, what))),
            Type::Set(of) => Value::set(self.several(|this| this.value(of, what))),
            Type::Map(of) => Value::Map(
                self.several(|this| (this.word(), this.value(of, what)))
                    .into_iter()
                    .collect(),
            ),
            Type::Object(attributes) => Value::object(attributes.iter().map(|(name, of)| {
                let absent = name == "write_only";
                (name.clone(), if absent { Value::Null } else { self.value(of, what) })
            })),
            Type::Tuple(types) => Value::List(types.iter().map(|of| self.value(of, what)).collect()),
        }
    }

    fn may_be_unknown(&self, what: What) -> bool {
        what == (What::Config { unknown: true }) && self.shape.is_none()
    }

    fn several<T>(&mut self, mut one: impl FnMut(&mut Self) -> T) -> Vec<T> {
        (0..self.below(4)).map(|_| one(self)).collect()
    }

    fn word(&mut self) -> String {
        WORDS[self.below(WORDS.len())].to_owned()
    }

    fn number(&mut self) -> Number {
        NUMBERS[self.below(NUMBERS.len())].parse().unwrap()
    }
}

/// A plan that promises what the configuration has, and decides nothing.
pub(crate) fn undecided(attributes: &[Attribute], proposed: &Value) -> Value {
    Value::object(attributes.iter().map(|attribute| {
        let name = &attribute.name;
        let value = proposed.attribute_or_null(name);
        let planned = match (&attribute.kind, value) {
            _ if attribute.write_only => Value::Null,
            (_, Value::Null) if attribute.is_computed() => Value::UNKNOWN,
            (Kind::Nested(_, nested), Value::Object(_)) => undecided(nested, value),
            (Kind::Nested(_, nested), Value::List(elements)) => Value::List(
                elements
                    .iter()
                    .map(|element| undecided_element(nested, element))
                    .collect(),
            ),
            (Kind::Nested(_, nested), Value::Set(elements)) => {
                Value::set(elements.iter().map(|element| undecided_element(nested, element)))
            }
            (Kind::Nested(_, nested), Value::Map(elements)) => {
                let elements = elements.iter();
                Value::Map(
                    elements
                        .map(|(key, element)| (key.clone(), undecided_element(nested, element)))
                        .collect(),
                )
            }
            (_, value) => value.clone(),
        };
        (name.clone(), planned)
    }))
}

fn undecided_element(attributes: &[Attribute], element: &Value) -> Value {
    match element {
        Value::Object(_) => undecided(attributes, element),
        other => other.clone(),
    }
}

fn holds_dynamic(attributes: &[Attribute]) -> bool {
    attributes
        .iter()
        .any(|attribute| attribute.value_type().holds_dynamic())
}
