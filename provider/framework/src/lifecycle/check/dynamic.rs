//! The types that values of dynamic types turned out to have.

use crate::types::Type;
use crate::value::Value;

/// Whether the elements of each list and map in a value are of one type. The core demands that, be their type dynamic
/// or not.
pub(super) fn is_uniform(of: &Type, value: &Value) -> bool {
    if !of.holds_dynamic() {
        return true;
    }
    match (of, value) {
        (Type::List(of), Value::List(elements)) => are_uniform(of, elements.iter()),
        (Type::Map(of), Value::Map(elements)) => are_uniform(of, elements.values()),
        (Type::Tuple(types), Value::List(elements)) => types.iter().zip(elements).all(|(of, one)| is_uniform(of, one)),
        (Type::Object(types), Value::Object(attributes)) => {
            let mut parts = types.values().zip(attributes.values());
            parts.all(|(of, one)| is_uniform(of, one))
        }
        _ => true,
    }
}

/// Whether a type is what another one, parts of which may be open, has promised.
pub(super) fn keeps_type(planned: &Type, actual: &Type) -> bool {
    match (planned, actual) {
        (Type::Dynamic, _) => true,
        (Type::List(planned), Type::List(actual))
        | (Type::Set(planned), Type::Set(actual))
        | (Type::Map(planned), Type::Map(actual)) => keeps_type(planned, actual),
        (Type::Tuple(planned), Type::Tuple(actual)) => {
            planned.len() == actual.len() && planned.iter().zip(actual).all(|(one, other)| keeps_type(one, other))
        }
        (Type::Object(planned), Type::Object(actual)) => {
            let mut types = planned.values().zip(actual.values());
            planned.keys().eq(actual.keys()) && types.all(|(one, other)| keeps_type(one, other))
        }
        (planned, actual) => planned == actual,
    }
}

fn are_uniform<'v>(of: &Type, elements: impl Iterator<Item = &'v Value> + Clone) -> bool {
    let mut types = own_types(of, elements.clone());
    types.next().is_none_or(|first| types.all(|other| other == first)) && { elements }.all(|one| is_uniform(of, one))
}

/// The types of elements, except for those that are not known to have one.
fn own_types<'v>(of: &Type, elements: impl Iterator<Item = &'v Value>) -> impl Iterator<Item = Type> {
    elements
        .map(|element| own_type(of, element))
        .filter(|own| *own != Type::Dynamic)
}

fn own_type(of: &Type, value: &Value) -> Type {
    let of_elements = |of: &Type, first: Option<Type>| Box::new(first.unwrap_or_else(|| of.clone()));
    match (of, value) {
        (Type::Dynamic, Value::Dynamic(typed)) => typed.0.clone(),
        (Type::List(of), Value::List(elements)) => Type::List(of_elements(of, own_types(of, elements.iter()).next())),
        (Type::Map(of), Value::Map(elements)) => Type::Map(of_elements(of, own_types(of, elements.values()).next())),
        (Type::Tuple(types), Value::List(elements)) => {
            Type::Tuple(types.iter().zip(elements).map(|(of, one)| own_type(of, one)).collect())
        }
        (Type::Object(types), Value::Object(attributes)) => {
            let parts = types.iter().zip(attributes.values());
            Type::Object(
                parts
                    .map(|((name, of), one)| (name.clone(), own_type(of, one)))
                    .collect(),
            )
        }
        (of, _) => of.clone(),
    }
}
