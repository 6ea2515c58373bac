//! Reading values.

use std::collections::BTreeMap;

use rmp::Marker;

use crate::path::Step;
use crate::types::Type;
use crate::value::Value;
use crate::wire::{CodecError, Problem, deeper, element_step};

use super::reader::Reader;
use super::{MAX_REFINEMENTS, REFINED_UNKNOWN, refinements};

impl Reader<'_> {
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
            Type::List(element) => self.elements("a list", expected, element, depth).map(Value::List),
            Type::Set(element) => self.elements("a set", expected, element, depth).map(Value::set),
            Type::Map(element) => self.map(element, depth),
            Type::Object(attributes) => self.object(attributes, depth),
            Type::Tuple(elements) => self.tuple(elements, depth),
        }
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

    fn elements(
        &mut self,
        required: &'static str,
        collection: &Type,
        element: &Type,
        depth: usize,
    ) -> Result<Vec<Value>, CodecError> {
        (0..self.array_length(required)?)
            .map(|index| {
                self.value(element, depth)
                    .map_err(|error| error.inside(element_step(collection, index)))
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
}
