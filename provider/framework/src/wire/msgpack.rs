//! Values as MessagePack, the form in which the core and providers exchange them.
//!
//! The core's rules are in OpenTofu's `docs/plugin-protocol/object-wire-format.md`. Reading is as lenient as the core
//! itself is, for example any width of number and binary for text; writing yields the bytes that the core would write.

use crate::types::{MAX_DEPTH, Type};
use crate::value::Value;

use super::{CodecError, Problem};

mod decode;
mod encode;
mod reader;
mod refinements;
#[cfg(test)]
mod tests;

/// The extension type of an unknown value of which something is known; any other one means that nothing is.
const REFINED_UNKNOWN: i8 = 12;

/// The longest description of an unknown value that the core reads.
const MAX_REFINEMENTS: usize = 1024;

/// Reads a value of that type.
///
/// # Errors
/// Fails with the path of the part that is no value of its type, and if there are bytes after the value.
pub fn decode(bytes: &[u8], expected: &Type) -> Result<Value, CodecError> {
    let mut reader = reader::Reader::new(bytes);
    let value = reader.value(expected, MAX_DEPTH)?;
    match reader.remaining() {
        0 => Ok(value),
        rest => Err(Problem::TrailingBytes(rest).into()),
    }
}

/// Writes a value of that type.
///
/// # Errors
/// Fails with the path of the part that is no value of its type, which is a defect of the provider.
pub fn encode(value: &Value, expected: &Type) -> Result<Vec<u8>, CodecError> {
    let mut encoder = encode::Encoder::default();
    encoder.value(value, expected, MAX_DEPTH)?;
    Ok(encoder.into_bytes())
}
