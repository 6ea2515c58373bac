//! Writing values.

use std::collections::BTreeMap;

use rmp::encode::{self, ByteBuf};

use crate::path::Step;
use crate::types::Type;
use crate::value::{Number, Refinements, Value, normalized};
use crate::wire::{CodecError, Problem, deeper, element_step, required};

use super::{MAX_REFINEMENTS, REFINED_UNKNOWN, refinements};

/// An encoding that grows.
#[derive(Default)]
pub(super) struct Encoder {
    bytes: ByteBuf,
}

impl Encoder {
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes.into_vec()
    }

    pub(super) fn value(&mut self, value: &Value, expected: &Type, depth: usize) -> Result<(), CodecError> {
        let depth = deeper(depth)?;
        match (value, expected) {
            (Value::Null, _) => {
                let Ok(()) = encode::write_nil(&mut self.bytes);
                Ok(())
            }
            (Value::Unknown(known), of) => Ok(self.unknown(known, of)?),
            (Value::Bool(value), Type::Bool) => {
                self.boolean(*value);
                Ok(())
            }
            (Value::Number(value), Type::Number) => Ok(self.number(value)?),
            (Value::String(value), Type::String) => Ok(self.text(value)?),
            (Value::List(elements), Type::List(element)) | (Value::Set(elements), Type::Set(element)) => {
                self.array_length(elements.len())?;
                self.elements(elements.iter().map(|value| (value, &**element)), expected, depth)
            }
            (Value::List(elements), Type::Tuple(types)) => {
                let (required, given) = (types.len(), elements.len());
                if required != given {
                    return Err(Problem::TupleLength { required, given }.into());
                }
                self.array_length(given)?;
                self.elements(elements.iter().zip(types), expected, depth)
            }
            (Value::Map(elements), Type::Map(element)) => self.map(elements, element, depth),
            (Value::Object(attributes), Type::Object(types)) => self.object(attributes, types, depth),
            (Value::Dynamic(typed), Type::Dynamic) => self.dynamic(&typed.0, &typed.1, depth),
            (_, of) => Err(Problem::Required(required(of)).into()),
        }
    }

    pub(super) fn boolean(&mut self, value: bool) {
        let Ok(()) = encode::write_bool(&mut self.bytes, value);
    }

    pub(super) fn integer(&mut self, value: i64) {
        let Ok(_) = encode::write_sint(&mut self.bytes, value);
    }

    /// An integer if it fits, a float if that is exact, else text: the receiver must not see a rounded number.
    pub(super) fn number(&mut self, value: &Number) -> Result<(), Problem> {
        if value.is_nan() {
            return Err(Problem::Required("a number"));
        }
        if let Some(integer) = value.as_i64() {
            self.integer(integer);
        } else if let Some(float) = value.as_exact_fraction() {
            let Ok(()) = encode::write_f64(&mut self.bytes, float);
        } else {
            self.text(&value.to_string())?;
        }
        Ok(())
    }

    pub(super) fn text(&mut self, text: &str) -> Result<(), Problem> {
        let text = normalized(text);
        length(text.len())?;
        let Ok(()) = encode::write_str(&mut self.bytes, &text);
        Ok(())
    }

    pub(super) fn array_length(&mut self, elements: usize) -> Result<(), Problem> {
        let Ok(_) = encode::write_array_len(&mut self.bytes, length(elements)?);
        Ok(())
    }

    pub(super) fn map_length(&mut self, elements: usize) -> Result<(), Problem> {
        let Ok(_) = encode::write_map_len(&mut self.bytes, length(elements)?);
        Ok(())
    }

    pub(super) fn append(&mut self, bytes: &[u8]) {
        self.bytes.as_mut_vec().extend_from_slice(bytes);
    }

    fn unknown(&mut self, known: &Refinements, of: &Type) -> Result<(), Problem> {
        let body = refinements::encode(known, of)?;
        match u32::try_from(body.len()) {
            Ok(length) if length > 0 && body.len() <= MAX_REFINEMENTS => {
                let Ok(_) = encode::write_ext_meta(&mut self.bytes, length, REFINED_UNKNOWN);
                self.append(&body);
            }
            // Less may be said about an unknown value than is known.
            _ => {
                let Ok(_) = encode::write_ext_meta(&mut self.bytes, 1, 0);
                self.append(&[0]);
            }
        }
        Ok(())
    }

    fn dynamic(&mut self, own: &Type, value: &Value, depth: usize) -> Result<(), CodecError> {
        if *own == Type::Dynamic {
            // The value says its type itself.
            return self.value(value, own, depth);
        }
        self.array_length(2)?;
        let json = own.to_json();
        length(json.len())?;
        let Ok(()) = encode::write_bin(&mut self.bytes, json.as_bytes());
        self.value(value, own, depth)
    }

    fn elements<'v>(
        &mut self,
        elements: impl Iterator<Item = (&'v Value, &'v Type)>,
        sequence: &Type,
        depth: usize,
    ) -> Result<(), CodecError> {
        for (index, (value, of)) in elements.enumerate() {
            self.value(value, of, depth)
                .map_err(|error| error.inside(element_step(sequence, index)))?;
        }
        Ok(())
    }

    fn map(&mut self, elements: &BTreeMap<String, Value>, element: &Type, depth: usize) -> Result<(), CodecError> {
        self.map_length(elements.len())?;
        for (key, value) in elements {
            self.text(key)?;
            self.value(value, element, depth)
                .map_err(|error| error.inside(Step::Key(key.clone())))?;
        }
        Ok(())
    }

    fn object(
        &mut self,
        attributes: &BTreeMap<String, Value>,
        types: &BTreeMap<String, Type>,
        depth: usize,
    ) -> Result<(), CodecError> {
        let at = |problem: Problem, name: &str| CodecError::from(problem).inside(Step::Attribute(name.to_owned()));
        if let Some(name) = attributes.keys().find(|name| !types.contains_key(*name)) {
            return Err(at(Problem::UnsupportedAttribute, name));
        }
        self.map_length(types.len())?;
        for (name, of) in types {
            let value = attributes
                .get(name)
                .ok_or_else(|| at(Problem::MissingAttribute, name))?;
            self.text(name)?;
            self.value(value, of, depth)
                .map_err(|error| error.inside(Step::Attribute(name.clone())))?;
        }
        Ok(())
    }
}

fn length(length: usize) -> Result<u32, Problem> {
    u32::try_from(length).map_err(|_| Problem::TooLong)
}
