//! What becomes of a value: another one in one of its places, or one of which more is known.

use tf_framework::path::{Path, Step};
use tf_framework::types::Type;
use tf_framework::value::Value;

use super::{Generator, What};

impl Generator {
    /// The value with one part of it replaced by another one of its type, by null, or by an unknown.
    pub(crate) fn mutated(&mut self, value: &Value, of: &Type) -> Value {
        let mut places = Vec::new();
        collect_places(value, of, &Path::root(), &mut places);
        let (path, of) = places.swap_remove(self.below(places.len()));
        let replacement = match self.below(4) {
            // OpenTofu crashes when there is no object where an element has to be one, and takes what is write-only in
            // an unknown one for a value.
            0 if !is_element(&path, &of) && !is_keyed_any(&path) => Value::Null,
            1 if !(is_element(&path, &of) && holds_write_only(&of)) => Value::UNKNOWN,
            _ => self.value(&of, What::State),
        };
        let mut mutated = value.clone();
        assert!(path.set(&mut mutated, replacement), "{path}");
        mutated
    }

    /// The value, in which some or all unknown parts have become known.
    pub(crate) fn resolved(&mut self, value: &Value, of: &Type) -> Value {
        match (value, of) {
            (Value::Unknown(_), _) if self.once_in(6) => Value::Null,
            (Value::Unknown(_), of) => self.value(of, What::State),
            (Value::List(elements), Type::List(of)) => {
                Value::List(elements.iter().map(|element| self.resolved(element, of)).collect())
            }
            (Value::Set(elements), Type::Set(of)) => {
                let elements: Vec<Value> = elements.iter().map(|element| self.resolved(element, of)).collect();
                Value::set(elements)
            }
            (Value::Map(elements), Type::Map(of)) => {
                let elements = elements
                    .iter()
                    .map(|(key, element)| (key.clone(), self.resolved(element, of)));
                Value::Map(elements.collect())
            }
            (Value::Object(attributes), Type::Object(types)) => Value::object(
                attributes
                    .iter()
                    .zip(types.values())
                    .map(|((name, value), of)| (name.clone(), self.resolved(value, of))),
            ),
            (Value::Dynamic(typed), Type::Dynamic) => self.dynamic_resolved(&typed.0, &typed.1),
            (value, _) => value.clone(),
        }
    }

    /// A value of any type whose unknown parts have become texts.
    fn dynamic_resolved(&mut self, of: &Type, value: &Value) -> Value {
        let mut part = |of: &Type, value: &Value| match value {
            Value::Unknown(_) => (Type::String, self.word().into()),
            known => (of.clone(), known.clone()),
        };
        let (of, value) = match (of, value) {
            (Type::Tuple(types), Value::List(elements)) => {
                let (types, elements) = types.iter().zip(elements).map(|(of, one)| part(of, one)).unzip();
                (Type::Tuple(types), Value::List(elements))
            }
            (Type::Object(types), Value::Object(attributes)) => {
                let parts = types.iter().zip(attributes.values()).map(|((name, of), one)| {
                    let (of, one) = part(of, one);
                    ((name.clone(), of), (name.clone(), one))
                });
                let (types, attributes) = parts.unzip();
                (Type::Object(types), Value::Object(attributes))
            }
            (of, value) => (of.clone(), value.clone()),
        };
        Value::Dynamic(Box::new((of, value)))
    }
}

/// Whether there is an object at that path, as an element of a list or map.
fn is_element(path: &Path, of: &Type) -> bool {
    matches!(of, Type::Object(_)) && !matches!(path.steps().last(), Some(Step::Attribute(_)))
}

/// Whether there are blocks by key at that path that hold values of any type. OpenTofu crashes where they are null.
fn is_keyed_any(path: &Path) -> bool {
    matches!(path.steps(), [Step::Attribute(name)] if name == "keyed_any_block")
}

fn holds_write_only(of: &Type) -> bool {
    matches!(of, Type::Object(attributes) if attributes.contains_key("write_only"))
}

/// All places in a value but those
///
/// - in sets, which are not places;
/// - of the name, which tells cases apart;
/// - of what is write-only: OpenTofu does not tell of which resource such a value was;
/// - in lists of values of any type, which are all of one.
fn collect_places(value: &Value, of: &Type, path: &Path, places: &mut Vec<(Path, Type)>) {
    if !path.is_root() {
        places.push((path.clone(), of.clone()));
    }
    match (value, of) {
        (Value::Object(attributes), Type::Object(types)) => {
            for ((name, value), of) in attributes.iter().zip(types.values()) {
                if path.is_root() && name.starts_with("any_list") {
                    places.push((path.clone().attribute(name), of.clone()));
                } else if !(path.is_root() && name == "name" || name == "write_only") {
                    collect_places(value, of, &path.clone().step(Step::Attribute(name.clone())), places);
                }
            }
        }
        (Value::List(elements), Type::List(of)) => {
            for (index, value) in elements.iter().enumerate() {
                collect_places(value, of, &path.clone().index(index), places);
            }
        }
        (Value::Map(elements), Type::Map(of)) => {
            for (key, value) in elements {
                collect_places(value, of, &path.clone().key(key), places);
            }
        }
        _ => {}
    }
}
