//! What is known about unknown values: a map from small integers to facts.

use crate::types::Type;
use crate::value::{Number, Refinements, Value};
use crate::wire::Problem;

use super::encode::Encoder;
use super::reader::Reader;

const NULLNESS: i64 = 1;
const STRING_PREFIX: i64 = 2;
const NUMBER_LOWER_BOUND: i64 = 3;
const NUMBER_UPPER_BOUND: i64 = 4;
const LENGTH_LOWER_BOUND: i64 = 5;
const LENGTH_UPPER_BOUND: i64 = 6;

/// Reads what is known about a value of that type.
///
/// Facts that make no sense for the type are ignored, and so are those that only later versions know of.
pub(super) fn decode(body: &[u8], of: &Type) -> Result<Value, Problem> {
    let mut reader = Reader::new(body);
    let mut known = Refinements::default();
    for _ in 0..reader.map_length("a map")? {
        match (reader.integer()?, of) {
            // A value that is known to be null is not unknown.
            (NULLNESS, _) if reader.boolean()? => return Ok(Value::Null),
            (NULLNESS, _) => known.not_null = true,
            (STRING_PREFIX, Type::String) => known.string_prefix = Some(reader.text("a string")?),
            (NUMBER_LOWER_BOUND, Type::Number) => known.number_lower_bound = Some(bound(&mut reader)?),
            (NUMBER_UPPER_BOUND, Type::Number) => known.number_upper_bound = Some(bound(&mut reader)?),
            (LENGTH_LOWER_BOUND, Type::List(_) | Type::Set(_) | Type::Map(_)) => {
                known.length_lower_bound = Some(reader.integer()?)
            }
            (LENGTH_UPPER_BOUND, Type::List(_) | Type::Set(_) | Type::Map(_)) => {
                known.length_upper_bound = Some(reader.integer()?)
            }
            _ => reader.skip()?,
        }
    }
    Ok(Value::Unknown(known))
}

/// Writes what is known about a value of that type; empty if nothing is.
///
/// The core refuses facts that make no sense for the type, so these are left out.
pub(super) fn encode(known: &Refinements, of: &Type) -> Result<Vec<u8>, Problem> {
    let mut facts = Encoder::default();
    let mut count = 0;
    if known.not_null && *of != Type::Dynamic {
        count += 1;
        facts.integer(NULLNESS);
        facts.boolean(false);
    }
    if let (Some(prefix), Type::String) = (&known.string_prefix, of) {
        count += 1;
        facts.integer(STRING_PREFIX);
        facts.text(prefix)?;
    }
    if *of == Type::Number {
        for (key, bound) in [
            (NUMBER_LOWER_BOUND, &known.number_lower_bound),
            (NUMBER_UPPER_BOUND, &known.number_upper_bound),
        ] {
            let Some((number, inclusive)) = bound else { continue };
            count += 1;
            facts.integer(key);
            facts.array_length(2)?;
            facts.number(number)?;
            facts.boolean(*inclusive);
        }
    }
    if matches!(of, Type::List(_) | Type::Set(_) | Type::Map(_)) {
        for (key, bound) in [
            (LENGTH_LOWER_BOUND, known.length_lower_bound),
            (LENGTH_UPPER_BOUND, known.length_upper_bound),
        ] {
            let Some(length) = bound else { continue };
            count += 1;
            facts.integer(key);
            facts.integer(length);
        }
    }
    if count == 0 {
        return Ok(Vec::new());
    }
    let mut body = Encoder::default();
    body.map_length(count)?;
    body.append(&facts.into_bytes());
    Ok(body.into_bytes())
}

fn bound(reader: &mut Reader<'_>) -> Result<(Number, bool), Problem> {
    if reader.array_length("a bound")? != 2 {
        return Err(Problem::Refinements);
    }
    Ok((reader.number()?, reader.boolean()?))
}
