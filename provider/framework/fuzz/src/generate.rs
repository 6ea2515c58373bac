//! Types and values made from bytes.

use arbitrary::{Arbitrary, Result, Unstructured};
use tf_framework::types::Type;
use tf_framework::value::{Number, Refinements, Value, normalized};

/// How deeply types are nested.
const DEPTH: usize = 4;

/// How many elements a collection has at most.
const LENGTH: usize = 4;

/// A type and a value of it.
pub(crate) fn typed_value(random: &mut Unstructured<'_>) -> Result<(Type, Value)> {
    let of = any_type(random, DEPTH, true)?;
    let value = value(random, &of)?;
    Ok((of, value))
}

/// A value of that type: known, null or unknown, as a whole and in its parts.
pub(crate) fn value(random: &mut Unstructured<'_>, of: &Type) -> Result<Value> {
    Ok(match (random.int_in_range(0..=9)?, of) {
        (0, _) => Value::Null,
        (1, of) => Value::Unknown(refinements(random, of)?),
        (_, Type::Bool) => Value::Bool(random.arbitrary()?),
        (_, Type::Number) => Value::Number(number(random)?),
        (_, Type::String) => Value::String(text(random)?),
        (_, Type::Dynamic) => {
            let own = any_type(random, 2, false)?;
            let inner = value(random, &own)?;
            Value::Dynamic(Box::new((own, inner)))
        }
        (_, Type::List(element)) => Value::List(some(random, |random| value(random, element))?),
        (_, Type::Set(element)) => Value::set(some(random, |random| value(random, element))?),
        (_, Type::Map(element)) => {
            let entries = some(random, |random| Ok((text(random)?, value(random, element)?)))?;
            Value::Map(entries.into_iter().collect())
        }
        (_, Type::Object(attributes)) => {
            let attributes = attributes
                .iter()
                .map(|(name, of)| Ok((name.clone(), value(random, of)?)));
            Value::object(attributes.collect::<Result<Vec<_>>>()?)
        }
        (_, Type::Tuple(elements)) => Value::List(elements.iter().map(|of| value(random, of)).collect::<Result<_>>()?),
    })
}

/// Any type; the type of a dynamic value is never dynamic itself.
fn any_type(random: &mut Unstructured<'_>, depth: usize, dynamic: bool) -> Result<Type> {
    let kinds = if depth == 0 { 3 } else { 8 };
    Ok(match random.int_in_range(0..=kinds)? {
        0 => Type::Bool,
        1 => Type::Number,
        2 => Type::String,
        3 if dynamic => Type::Dynamic,
        3 => Type::String,
        4 => Type::List(Box::new(any_type(random, depth - 1, dynamic)?)),
        5 => Type::Set(Box::new(any_type(random, depth - 1, dynamic)?)),
        6 => Type::Map(Box::new(any_type(random, depth - 1, dynamic)?)),
        7 => {
            let attributes = some(random, |random| {
                Ok((text(random)?, any_type(random, depth - 1, dynamic)?))
            })?;
            Type::Object(attributes.into_iter().collect())
        }
        _ => Type::Tuple(some(random, |random| any_type(random, depth - 1, dynamic))?),
    })
}

fn some<T>(random: &mut Unstructured<'_>, mut one: impl FnMut(&mut Unstructured<'_>) -> Result<T>) -> Result<Vec<T>> {
    let length = random.int_in_range(0..=LENGTH)?;
    (0..length).map(|_| one(random)).collect()
}

fn text(random: &mut Unstructured<'_>) -> Result<String> {
    Ok(normalized(random.arbitrary()?))
}

fn number(random: &mut Unstructured<'_>) -> Result<Number> {
    let number = match random.int_in_range(0..=2)? {
        0 => Number::Integer(random.arbitrary()?),
        1 => Number::Float(random.arbitrary()?),
        _ => {
            let (digits, scale) = (u128::arbitrary(random)?, i8::arbitrary(random)?);
            format!("{digits}e{scale}")
                .parse()
                .map_err(|_| arbitrary::Error::IncorrectFormat)?
        }
    };
    if matches!(number, Number::Float(float) if float.is_nan()) {
        return Err(arbitrary::Error::IncorrectFormat);
    }
    Ok(number)
}

/// What can be known about an unknown value of that type.
fn refinements(random: &mut Unstructured<'_>, of: &Type) -> Result<Refinements> {
    let mut known = Refinements::default();
    match of {
        Type::Dynamic => return Ok(known),
        Type::String if random.arbitrary()? => known.string_prefix = Some(prefix(random)?),
        Type::Number => {
            known.number_lower_bound = bound(random)?;
            known.number_upper_bound = bound(random)?;
        }
        Type::List(_) | Type::Set(_) | Type::Map(_) => {
            known.length_lower_bound = random.arbitrary()?;
            known.length_upper_bound = random.arbitrary()?;
        }
        Type::Bool | Type::String | Type::Object(_) | Type::Tuple(_) => {}
    }
    known.not_null = random.arbitrary()?;
    Ok(known)
}

/// Short enough to be sent.
fn prefix(random: &mut Unstructured<'_>) -> Result<String> {
    let mut prefix = text(random)?;
    prefix.truncate(prefix.floor_char_boundary(256));
    Ok(normalized(&prefix))
}

fn bound(random: &mut Unstructured<'_>) -> Result<Option<(Number, bool)>> {
    Ok(if random.arbitrary()? {
        Some((number(random)?, random.arbitrary()?))
    } else {
        None
    })
}
