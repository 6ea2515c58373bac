//! What the API server answers, as values.
//!
//! The trees of owned fields in `metadata.managedFields` are often longer than all the rest of an object, and are asked
//! for only where a field has changed. So they stay the text that they came as; [`managed_fields`] makes them trees
//! again.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Number, Value};

const FIELDS: &str = "fieldsV1";

/// Reads an object or a list of objects.
pub(super) fn parse(json: &[u8]) -> Result<Value, serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    let value = Answer.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(value)
}

/// The entries of an object's `metadata.managedFields`, each with the tree of the fields that it owns.
pub(super) fn managed_fields(live: &Value) -> Vec<Value> {
    let entries = live.pointer("/metadata/managedFields").and_then(Value::as_array);
    let mut entries = entries.cloned().unwrap_or_default();
    for fields in entries.iter_mut().filter_map(|entry| entry.get_mut(FIELDS)) {
        if let Some(tree) = fields.as_str().and_then(|text| serde_json::from_str(text).ok()) {
            *fields = tree;
        }
    }
    entries
}

/// Like [`Value`], but for the trees of owned fields.
struct Answer;

impl<'de> DeserializeSeed<'de> for Answer {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Answer {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(Self)? {
            list.push(item);
        }
        Ok(list.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            let value = if key == FIELDS {
                entries.next_value::<Box<RawValue>>()?.get().into()
            } else {
                entries.next_value_seed(Self)?
            };
            map.insert(key, value);
        }
        Ok(map.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_answer_is_read_as_it_is_but_for_the_owned_fields() {
        let text = r#"{"items": [{"n": -1, "big": 18446744073709551615, "f": 1.5, "t": "a\nb", "b": true, "z": null,
            "metadata": {"managedFields": [{"manager": "kubectl", "fieldsV1": {"f:spec": {"f:replicas": {}}}}]}}]}"#;
        let mut expected: Value = serde_json::from_str(text).unwrap();
        let fields = &mut expected["items"][0]["metadata"]["managedFields"][0]["fieldsV1"];
        assert_eq!(fields.take(), json!({"f:spec": {"f:replicas": {}}}));
        *fields = json!(r#"{"f:spec": {"f:replicas": {}}}"#);
        assert_eq!(parse(text.as_bytes()).unwrap(), expected);
    }

    #[test]
    fn owned_fields_are_a_tree_again_when_asked_for() {
        let entries = json!([{"manager": "kubectl", "fieldsV1": {"f:spec": {}}}, {"manager": "helm"}]);
        let object = json!({"metadata": {"managedFields": entries}}).to_string();
        assert_eq!(Value::from(managed_fields(&parse(object.as_bytes()).unwrap())), entries);
        assert!(managed_fields(&json!({"metadata": {}})).is_empty());
    }

    #[test]
    fn what_is_no_json_is_an_error() {
        for text in ["", "{", "{} {}", r#"{"fieldsV1": {"f:spec"}"#] {
            assert!(parse(text.as_bytes()).is_err(), "{text}");
        }
    }
}
