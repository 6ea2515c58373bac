//! What becomes of unknown values when there is something to know.

use std::collections::BTreeMap;

use crate::lifecycle::plan::properties::WORDS;
use crate::types::Type;
use crate::value::Value;

/// Stands in for the world, which makes unknown values known.
pub(super) enum Filling {
    /// What a configuration turns out to have: words that it has elsewhere too.
    Configured(usize),
    /// What a provider decides: nothing, or a word of its own. Were it something that a configuration says, elements of
    /// a set could become one, and the state would never be what is configured.
    Provided(usize),
}

impl Filling {
    fn collection(&self, empty: Value) -> Value {
        match self {
            Filling::Configured(_) => empty,
            Filling::Provided(_) => Value::Null,
        }
    }

    fn word(&mut self) -> Value {
        match self {
            Filling::Configured(next) => {
                *next = next.wrapping_add(1);
                WORDS
                    .get(*next % WORDS.len())
                    .map_or(Value::Null, |word| Value::from(*word))
            }
            Filling::Provided(next) => {
                *next = next.wrapping_add(1);
                if next.is_multiple_of(7) {
                    Value::Null
                } else {
                    Value::from(format!("w{next}"))
                }
            }
        }
    }
}

pub(super) fn fill(of: &Type, value: &Value, filling: &mut Filling) -> Value {
    match (of, value) {
        (Type::List(_), Value::Unknown(_)) => filling.collection(Value::List(Vec::new())),
        (Type::Set(_), Value::Unknown(_)) => filling.collection(Value::set([])),
        (Type::Map(_), Value::Unknown(_)) => filling.collection(Value::Map(BTreeMap::new())),
        (Type::Object(_), Value::Unknown(_)) => Value::Null,
        // Nothing that a provider decides here is of these types.
        (Type::Bool, Value::Unknown(_)) => true.into(),
        (Type::Number, Value::Unknown(_)) => 1.into(),
        (Type::Dynamic, Value::Unknown(_)) => match filling.word() {
            Value::Null => Value::Null,
            word => Value::Dynamic(Box::new((Type::String, word))),
        },
        (Type::Dynamic, Value::Dynamic(typed)) => {
            Value::Dynamic(Box::new((typed.0.clone(), fill(&typed.0, &typed.1, filling))))
        }
        (_, Value::Unknown(_)) => filling.word(),
        (Type::List(of), Value::List(elements)) => {
            Value::List(elements.iter().map(|element| fill(of, element, filling)).collect())
        }
        (Type::Set(of), Value::Set(elements)) => Value::set(
            elements
                .iter()
                .map(|element| fill(of, element, filling))
                .collect::<Vec<_>>(),
        ),
        (Type::Tuple(types), Value::List(elements)) => {
            let elements = types.iter().zip(elements);
            Value::List(elements.map(|(of, element)| fill(of, element, filling)).collect())
        }
        (Type::Map(of), Value::Map(elements)) => Value::Map(
            elements
                .iter()
                .map(|(key, element)| (key.clone(), fill(of, element, filling)))
                .collect(),
        ),
        (Type::Object(types), Value::Object(attributes)) => Value::Object(
            types
                .iter()
                .zip(attributes)
                .map(|(of, (name, value))| (name.clone(), fill(of.1, value, filling)))
                .collect(),
        ),
        (_, value) => value.clone(),
    }
}
