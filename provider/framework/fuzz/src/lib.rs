//! Fuzz targets for what the framework reads: values, types, states, small texts, and the environment; and for the
//! plans that it makes.
//!
//! Each module is one target: a function that takes any bytes and panics if a promise is broken. `cargo fuzz` calls it
//! through the program of the same name in `targets/`; `tests/seeds.rs` calls it with everything in `seeds/`, which has
//! the examples to start from and whatever once broke a promise. `cargo xtask test fuzz` does both, for seconds; a
//! change of what is read, or of plans, has each of them run for 30 minutes (`-- -max_total_time=1800`).

#![forbid(unsafe_code)]
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a target panics where a promise is broken"
)]

mod configuration;
mod generate;
pub mod handshake;
mod machine;
pub mod msgpack;
pub mod plan;
pub mod state;
pub mod texts;
pub mod types;
pub mod values;

use tf_framework::types::Type;
use tf_framework::value::{Number, Value};

/// A target.
pub type Target = fn(&[u8]);

/// All targets, by name.
pub const TARGETS: [(&str, Target); 7] = [
    ("handshake", handshake::run),
    ("msgpack", msgpack::run),
    ("plan", plan::run),
    ("state", state::run),
    ("texts", texts::run),
    ("types", types::run),
    ("values", values::run),
];

/// A type, which is the first line as JSON, and what follows that line.
fn typed(data: &[u8]) -> Option<(Type, &[u8])> {
    let end = data.iter().position(|byte| *byte == b'\n')?;
    let (line, rest) = data.split_at(end);
    Some((Type::from_json(line).ok()?, rest.split_first()?.1))
}

/// Whether a number in the value is infinite, which JSON cannot say.
fn has_infinity(value: &Value) -> bool {
    match value {
        Value::Null | Value::Unknown(_) | Value::Bool(_) | Value::String(_) => false,
        Value::Number(number) => matches!(number, Number::Float(float) if float.is_infinite()),
        Value::List(elements) | Value::Set(elements) => elements.iter().any(has_infinity),
        Value::Map(elements) | Value::Object(elements) => elements.values().any(has_infinity),
        Value::Dynamic(typed) => has_infinity(&typed.1),
    }
}
