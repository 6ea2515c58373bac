//! Finds the few elements of a set that another one can belong to, without a look at all of them.

use std::collections::BTreeMap;

use crate::lifecycle::wanted;
use crate::schema::{Attribute, Kind};
use crate::value::{Canonical, Value};

/// The elements of a set by those of their attributes that are the same in any two that belong together.
///
/// Such an attribute has one spelling, and its value is never left to the provider.
pub(in crate::lifecycle) struct Index<'v> {
    attributes: Vec<&'v Attribute>,
    by_key: BTreeMap<Vec<Canonical<'v>>, Vec<usize>>,
    /// Elements that may turn out to have any key.
    open: Vec<usize>,
    size: usize,
}

impl<'v> Index<'v> {
    pub(in crate::lifecycle) fn new(attributes: &'v [Attribute], elements: &'v [Value]) -> Self {
        let mut index = Index {
            attributes: attributes.iter().filter(|attribute| is_decided(attribute)).collect(),
            by_key: BTreeMap::new(),
            open: Vec::new(),
            size: elements.len(),
        };
        for (position, element) in elements.iter().enumerate() {
            match index.key(element) {
                Some(key) => index.by_key.entry(key).or_default().push(position),
                None => index.open.push(position),
            }
        }
        index
    }

    /// The positions of all elements that the given one can belong to, and of others maybe.
    pub(in crate::lifecycle) fn near<'e>(&'e self, element: &'e Value) -> Vec<usize> {
        match self.key(element) {
            Some(key) => {
                let same = self.by_key.get(&key).into_iter().flatten();
                same.chain(&self.open).copied().collect()
            }
            None => (0..self.size).collect(),
        }
    }

    /// The key of an element, if all of it is known.
    fn key<'e>(&self, element: &'e Value) -> Option<Vec<Canonical<'e>>>
    where
        'v: 'e,
    {
        let Value::Object(values) = element else { return None };
        let mut key = Vec::new();
        for attribute in &self.attributes {
            let value = wanted(attribute, values.get(&attribute.name)?);
            if !value.is_wholly_known() {
                return None;
            }
            key.push(Canonical(value));
        }
        Some(key)
    }
}

fn is_decided(attribute: &Attribute) -> bool {
    let by_configuration = !attribute.is_computed() || attribute.default.is_some();
    let one_spelling = attribute.semantic_equality.is_none() && matches!(attribute.kind, Kind::Type(_));
    by_configuration && one_spelling && !attribute.write_only
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lifecycle::fixtures::attribute;
    use crate::model::Attr;

    #[test]
    fn only_elements_that_say_the_same_are_near() {
        let attributes = [
            attribute::<String>("name"),
            attribute::<i64>("port").default_value(80),
            attribute::<Attr<String>>("id"),
        ];
        let part =
            |name: Value, port: Value, id: &str| Value::object([("name", name), ("port", port), ("id", id.into())]);
        let elements = [
            part("a".into(), 80.into(), "1"),
            part("b".into(), 80.into(), "2"),
            part("a".into(), 443.into(), "3"),
            part("a".into(), 80.into(), "4"),
            part(Value::UNKNOWN, 80.into(), "5"),
        ];
        let index = Index::new(&attributes, &elements);
        assert_eq!(index.near(&part("a".into(), Value::Null, "")), [0, 3, 4]);
        assert_eq!(index.near(&part("c".into(), 80.into(), "")), [4]);
        assert_eq!(index.near(&part(Value::UNKNOWN, 80.into(), "")), [0, 1, 2, 3, 4]);
        assert_eq!(index.near(&Value::Null), [0, 1, 2, 3, 4]);
    }
}
