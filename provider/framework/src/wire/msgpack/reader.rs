//! Reading what MessagePack is made of: markers, lengths, and everything that does not contain values.

use bigdecimal::BigDecimal;
use rmp::Marker;
use rmp::decode::{RmpRead, read_int, read_marker};

use crate::value::{Number, normalized};
use crate::wire::Problem;

/// The part of an encoding that is still to be read.
pub(super) struct Reader<'b> {
    rest: &'b [u8],
}

impl<'b> Reader<'b> {
    pub(super) fn new(bytes: &'b [u8]) -> Self {
        Reader { rest: bytes }
    }

    /// How many bytes are still to be read.
    pub(super) fn remaining(&self) -> usize {
        self.rest.len()
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

    /// The code and the body of an extension, which is what every unknown value is.
    pub(super) fn extension(&mut self) -> Result<(i8, &'b [u8]), Problem> {
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

    pub(super) fn bytes(&mut self, required: &'static str) -> Result<&'b [u8], Problem> {
        let length = match self.marker()? {
            Marker::FixStr(length) => usize::from(length),
            Marker::Str8 | Marker::Bin8 => usize::from(self.length8()?),
            Marker::Str16 | Marker::Bin16 => usize::from(self.length16()?),
            Marker::Str32 | Marker::Bin32 => self.length32()?,
            _ => return Err(Problem::Required(required)),
        };
        self.take(length)
    }

    pub(super) fn peek(&self) -> Result<Marker, Problem> {
        self.rest
            .first()
            .copied()
            .map(Marker::from_u8)
            .ok_or(Problem::Truncated)
    }

    pub(super) fn marker(&mut self) -> Result<Marker, Problem> {
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
