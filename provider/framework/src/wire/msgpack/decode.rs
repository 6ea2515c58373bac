//! Reading values.

use std::collections::BTreeMap;

use bigdecimal::BigDecimal;
use rmp::Marker;
use rmp::decode::{RmpRead, read_int, read_marker};

use crate::path::Step;
use crate::types::Type;
use crate::value::{Number, Value, normalized};
use crate::wire::{CodecError, Problem, deeper};

use super::{MAX_REFINEMENTS, REFINED_UNKNOWN, refinements};

/// The part of an encoding that is still to be read.
pub(super) struct Decoder<'b> {
    rest: &'b [u8],
}

impl<'b> Decoder<'b> {
    pub(super) fn new(bytes: &'b [u8]) -> Self {
        Decoder { rest: bytes }
    }

    /// How many bytes are still to be read.
    pub(super) fn remaining(&self) -> usize {
        self.rest.len()
    }

    pub(super) fn value(&mut self, expected: &Type, depth: usize) -> Result<Value, CodecError> {
        let depth = deeper(depth)?;
        match self.peek()? {
            Marker::Null => {
                self.marker()?;
                return Ok(Value::Null);
            }
            Marker::FixExt1
            | Marker::FixExt2
            | Marker::FixExt4
            | Marker::FixExt8
            | Marker::FixExt16
            | Marker::Ext8
            | Marker::Ext16
            | Marker::Ext32 => return Ok(self.unknown(expected)?),
            _ => {}
        }
        match expected {
            Type::Bool => Ok(Value::Bool(self.boolean()?)),
            Type::Number => Ok(Value::Number(self.number()?)),
            Type::String => Ok(Value::String(self.text("a string")?)),
            Type::Dynamic => self.dynamic(depth),
            Type::List(element) => self.elements("a list", element, depth).map(Value::List),
            Type::Set(element) => self.elements("a set", element, depth).map(Value::set),
            Type::Map(element) => self.map(element, depth),
            Type::Object(attributes) => self.object(attributes, depth),
            Type::Tuple(elements) => self.tuple(elements, depth),
        }
    }

    pub(super) fn boolean(&mut self) -> Result<bool, Problem> {
        match self.marker()? {
            Marker::True => Ok(true),
            Marker::False => Ok(false),
            _ => Err(Problem::Required("a bool")),
        }
    }

    pub(super) fn number(&mut self) -> Result<Number, Problem> {
        const REQUIRED: Problem = Problem::Required("a number");
        match self.peek()? {
            Marker::U64 => {
                self.marker()?;
                let integer = self.rest.read_data_u64().map_err(truncated)?;
                Ok(BigDecimal::from(integer).into())
            }
            Marker::FixPos(_)
            | Marker::FixNeg(_)
            | Marker::U8
            | Marker::U16
            | Marker::U32
            | Marker::I8
            | Marker::I16
            | Marker::I32
            | Marker::I64 => self.integer().map(Number::Integer),
            marker @ (Marker::F32 | Marker::F64) => {
                self.marker()?;
                let float = match marker {
                    Marker::F32 => self.rest.read_data_f32().map(f64::from),
                    _ => self.rest.read_data_f64(),
                };
                let number = Number::Float(float.map_err(truncated)?);
                if number.is_nan() { Err(REQUIRED) } else { Ok(number) }
            }
            _ => self.text("a number")?.parse().map_err(|_| REQUIRED),
        }
    }

    pub(super) fn integer(&mut self) -> Result<i64, Problem> {
        use rmp::decode::NumValueReadError as Read;
        read_int(&mut self.rest).map_err(|error| match error {
            Read::InvalidMarkerRead(_) | Read::InvalidDataRead(_) => Problem::Truncated,
            Read::TypeMismatch(_) | Read::OutOfRange => Problem::Required("an integer"),
        })
    }

    /// Text in normal form; the core takes binary for text too.
    pub(super) fn text(&mut self, required: &'static str) -> Result<String, Problem> {
        let bytes = self.bytes(required)?;
        std::str::from_utf8(bytes).map(normalized).map_err(|_| Problem::Utf8)
    }

    pub(super) fn array_length(&mut self, required: &'static str) -> Result<usize, Problem> {
        let length = match self.marker()? {
            Marker::FixArray(length) => usize::from(length),
            Marker::Array16 => usize::from(self.length16()?),
            Marker::Array32 => self.length32()?,
            _ => return Err(Problem::Required(required)),
        };
        self.plausible(length)
    }

    pub(super) fn map_length(&mut self, required: &'static str) -> Result<usize, Problem> {
        let length = match self.marker()? {
            Marker::FixMap(length) => usize::from(length),
            Marker::Map16 => usize::from(self.length16()?),
            Marker::Map32 => self.length32()?,
            _ => return Err(Problem::Required(required)),
        };
        self.plausible(length)
    }

    /// Leaves out a whole value of any form, however deep.
    pub(super) fn skip(&mut self) -> Result<(), Problem> {
        let mut values: usize = 1;
        while values > 0 {
            values -= 1;
            match self.peek()? {
                Marker::FixArray(_) | Marker::Array16 | Marker::Array32 => {
                    values = values.saturating_add(self.array_length("an array")?);
                }
                Marker::FixMap(_) | Marker::Map16 | Marker::Map32 => {
                    let entries = self.map_length("a map")?;
                    values = values.saturating_add(entries.saturating_mul(2));
                }
                Marker::FixPos(_) | Marker::FixNeg(_) | Marker::Null | Marker::True | Marker::False => {
                    self.take(1).map(drop)?;
                }
                Marker::U8 | Marker::I8 => self.take(2).map(drop)?,
                Marker::U16 | Marker::I16 => self.take(3).map(drop)?,
                Marker::U32 | Marker::I32 | Marker::F32 => self.take(5).map(drop)?,
                Marker::U64 | Marker::I64 | Marker::F64 => self.take(9).map(drop)?,
                Marker::FixStr(_) | Marker::Str8 | Marker::Str16 | Marker::Str32 => self.bytes("text").map(drop)?,
                Marker::Bin8 | Marker::Bin16 | Marker::Bin32 => self.bytes("binary").map(drop)?,
                _ => self.extension().map(drop)?,
            }
        }
        Ok(())
    }

    fn unknown(&mut self, expected: &Type) -> Result<Value, Problem> {
        let (code, body) = self.extension()?;
        // Of a value without a type nothing can be known.
        if code != REFINED_UNKNOWN || body.len() <= 1 || *expected == Type::Dynamic {
            Ok(Value::UNKNOWN)
        } else if body.len() > MAX_REFINEMENTS {
            Err(Problem::Refinements)
        } else {
            refinements::decode(body, expected).map_err(|_| Problem::Refinements)
        }
    }

    /// The code and the body of an extension, which is what every unknown value is.
    fn extension(&mut self) -> Result<(i8, &'b [u8]), Problem> {
        let length = match self.marker()? {
            Marker::FixExt1 => 1,
            Marker::FixExt2 => 2,
            Marker::FixExt4 => 4,
            Marker::FixExt8 => 8,
            Marker::FixExt16 => 16,
            Marker::Ext8 => usize::from(self.length8()?),
            Marker::Ext16 => usize::from(self.length16()?),
            Marker::Ext32 => self.length32()?,
            _ => return Err(Problem::Required("an unknown value")),
        };
        let code = self.rest.read_data_i8().map_err(truncated)?;
        Ok((code, self.take(length)?))
    }

    fn dynamic(&mut self, depth: usize) -> Result<Value, CodecError> {
        const REQUIRED: &str = "a dynamic value with its type";
        if self.array_length(REQUIRED)? != 2 {
            return Err(Problem::Required(REQUIRED).into());
        }
        let own = Type::from_json(self.bytes(REQUIRED)?).map_err(Problem::Type)?;
        let value = self.value(&own, depth)?;
        Ok(match own {
            // The value has said its type already.
            Type::Dynamic => value,
            own => Value::Dynamic(Box::new((own, value))),
        })
    }

    fn elements(&mut self, required: &'static str, element: &Type, depth: usize) -> Result<Vec<Value>, CodecError> {
        (0..self.array_length(required)?)
            .map(|index| {
                self.value(element, depth)
                    .map_err(|error| error.inside(Step::Index(index)))
            })
            .collect()
    }

    fn tuple(&mut self, types: &[Type], depth: usize) -> Result<Value, CodecError> {
        let (required, given) = (types.len(), self.array_length("a tuple")?);
        if required != given {
            return Err(Problem::TupleLength { required, given }.into());
        }
        let element = |(index, of)| self.value(of, depth).map_err(|error| error.inside(Step::Index(index)));
        types
            .iter()
            .enumerate()
            .map(element)
            .collect::<Result<_, _>>()
            .map(Value::List)
    }

    fn map(&mut self, element: &Type, depth: usize) -> Result<Value, CodecError> {
        let mut elements = BTreeMap::new();
        for _ in 0..self.map_length("a map")? {
            let key = self.text("a string key")?;
            let value = self
                .value(element, depth)
                .map_err(|error| error.inside(Step::Key(key.clone())))?;
            elements.insert(key, value);
        }
        Ok(Value::Map(elements))
    }

    fn object(&mut self, types: &BTreeMap<String, Type>, depth: usize) -> Result<Value, CodecError> {
        let (required, given) = (types.len(), self.map_length("an object")?);
        if required != given {
            return Err(Problem::AttributeCount { required, given }.into());
        }
        let mut attributes = BTreeMap::new();
        for _ in 0..given {
            let name = self.text("a string key")?;
            let inside = |error: CodecError| error.inside(Step::Attribute(name.clone()));
            let of = types
                .get(&name)
                .ok_or_else(|| inside(Problem::UnsupportedAttribute.into()))?;
            let value = self.value(of, depth).map_err(inside)?;
            attributes.insert(name, value);
        }
        // The count was right, so an attribute can only be missing if another one came twice.
        match types.keys().find(|name| !attributes.contains_key(*name)) {
            None => Ok(Value::Object(attributes)),
            Some(name) => Err(CodecError::from(Problem::MissingAttribute).inside(Step::Attribute(name.clone()))),
        }
    }

    fn bytes(&mut self, required: &'static str) -> Result<&'b [u8], Problem> {
        let length = match self.marker()? {
            Marker::FixStr(length) => usize::from(length),
            Marker::Str8 | Marker::Bin8 => usize::from(self.length8()?),
            Marker::Str16 | Marker::Bin16 => usize::from(self.length16()?),
            Marker::Str32 | Marker::Bin32 => self.length32()?,
            _ => return Err(Problem::Required(required)),
        };
        self.take(length)
    }

    fn peek(&self) -> Result<Marker, Problem> {
        self.rest
            .first()
            .copied()
            .map(Marker::from_u8)
            .ok_or(Problem::Truncated)
    }

    fn marker(&mut self) -> Result<Marker, Problem> {
        read_marker(&mut self.rest).map_err(|_| Problem::Truncated)
    }

    fn length8(&mut self) -> Result<u8, Problem> {
        self.rest.read_data_u8().map_err(truncated)
    }

    fn length16(&mut self) -> Result<u16, Problem> {
        self.rest.read_data_u16().map_err(truncated)
    }

    fn length32(&mut self) -> Result<usize, Problem> {
        let length = self.rest.read_data_u32().map_err(truncated)?;
        usize::try_from(length).map_err(|_| Problem::TooLong)
    }

    /// A number of elements that the rest can hold: each takes a byte at least.
    fn plausible(&self, length: usize) -> Result<usize, Problem> {
        if length <= self.rest.len() {
            Ok(length)
        } else {
            Err(Problem::Truncated)
        }
    }

    fn take(&mut self, length: usize) -> Result<&'b [u8], Problem> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(Problem::Truncated)?;
        self.rest = rest;
        Ok(taken)
    }
}

fn truncated<E>(_: E) -> Problem {
    Problem::Truncated
}
