//! Configurations and states of a schema, made from bytes.
//!
//! They are not any values of its type: a configuration has nothing for what only the provider decides, and a state has
//! nothing unknown and nothing write-only. Values come from few words, so that some of them meet again.

use arbitrary::{Result, Unstructured};
use tf_framework::schema::{Attribute, Kind, Nesting, Presence, TIMEOUTS};
use tf_framework::types::Type;
use tf_framework::value::Value;

use crate::generate;

const WORDS: [&str; 5] = ["a", "A", "b", "tcp", "small"];

/// How many elements a collection has at most.
const LENGTH: usize = 3;

/// What is being made.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Made {
    Configuration,
    State,
}

/// A configuration of an object.
pub(crate) fn of(random: &mut Unstructured<'_>, attributes: &[Attribute]) -> Result<Value> {
    object(random, attributes, Made::Configuration)
}

/// A state of an object.
pub(crate) fn state(random: &mut Unstructured<'_>, attributes: &[Attribute]) -> Result<Value> {
    object(random, attributes, Made::State)
}

fn object(random: &mut Unstructured<'_>, attributes: &[Attribute], made: Made) -> Result<Value> {
    let values = attributes
        .iter()
        .map(|attribute| Ok((attribute.name.clone(), value(random, attribute, made)?)));
    Ok(Value::object(values.collect::<Result<Vec<_>>>()?))
}

fn value(random: &mut Unstructured<'_>, attribute: &Attribute, made: Made) -> Result<Value> {
    let absent = match made {
        Made::Configuration => !attribute.is_configurable(),
        Made::State => attribute.write_only,
    };
    let choice = random.int_in_range(0..=7)?;
    if absent || (choice == 0 && attribute.presence != Presence::Required) {
        return Ok(attribute.absent());
    }
    if choice == 1 && made == Made::Configuration {
        return Ok(Value::UNKNOWN);
    }
    match &attribute.kind {
        Kind::Type(of) => plain(random, of, made),
        Kind::Nested(..) if attribute.name == TIMEOUTS => {
            let limits = ["create", "read", "update", "delete"];
            Ok(Value::object(limits.map(|operation| (operation, Value::from("5m")))))
        }
        Kind::Nested(Nesting::Single, nested) => object(random, nested, made),
        Kind::Nested(Nesting::List, nested) => Ok(Value::List(objects(random, nested, made)?)),
        Kind::Nested(Nesting::Set, nested) => Ok(Value::set(objects(random, nested, made)?)),
        Kind::Nested(Nesting::Map, nested) => {
            let keys = ["k", "l", "m"].map(str::to_owned).into_iter();
            Ok(Value::Map(keys.zip(objects(random, nested, made)?).collect()))
        }
    }
}

fn objects(random: &mut Unstructured<'_>, attributes: &[Attribute], made: Made) -> Result<Vec<Value>> {
    let length = random.int_in_range(0..=LENGTH)?;
    (0..length).map(|_| object(random, attributes, made)).collect()
}

/// A value of that type: mostly one that is there elsewhere, too.
fn plain(random: &mut Unstructured<'_>, of: &Type, made: Made) -> Result<Value> {
    let value = match of {
        Type::String if random.ratio(7, 8)? => Value::from(*random.choose(&WORDS)?),
        Type::Number if random.ratio(7, 8)? => Value::from(random.int_in_range(0_i64..=3)?),
        of => generate::value(random, of)?,
    };
    Ok(match made {
        Made::Configuration => value,
        Made::State => known(value),
    })
}

/// The value with null for everything unknown.
fn known(value: Value) -> Value {
    match value {
        Value::Unknown(_) => Value::Null,
        Value::List(elements) => Value::List(elements.into_iter().map(known).collect()),
        Value::Set(elements) => Value::set(elements.into_iter().map(known)),
        Value::Map(elements) => Value::Map(elements.into_iter().map(|(key, value)| (key, known(value))).collect()),
        Value::Object(attributes) => Value::Object(
            attributes
                .into_iter()
                .map(|(name, value)| (name, known(value)))
                .collect(),
        ),
        Value::Dynamic(typed) => Value::Dynamic(Box::new((typed.0, known(typed.1)))),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value,
    }
}
