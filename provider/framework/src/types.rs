//! Types of the Terraform language and their JSON form.
//!
//! The JSON form stands in schemas, in states and beside each value of type [`Type::Dynamic`]:
//! `"string"`, `["list","string"]`, `["object",{"name":"string"}]`.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value as Json;

use crate::value::normalized;

/// How deeply types and values may be nested.
///
/// `serde_json` stops at 128 levels, of which an object type takes two; a value could be deeper than its type only
/// through [`Type::Dynamic`].
pub(crate) const MAX_DEPTH: usize = 60;

/// The type of a value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Type {
    /// `bool`
    Bool,
    /// `number`
    Number,
    /// `string`
    String,
    /// Any type, decided by each value.
    Dynamic,
    /// `list(T)`
    List(Box<Type>),
    /// `set(T)`
    Set(Box<Type>),
    /// `map(T)`
    Map(Box<Type>),
    /// `object({...})`
    Object(BTreeMap<String, Type>),
    /// `tuple([...])`
    Tuple(Vec<Type>),
}

/// A text is not the JSON form of a type.
#[derive(Debug, thiserror::Error)]
pub enum TypeError {
    /// The text is no JSON at all.
    #[error("type is not JSON")]
    Syntax(#[source] serde_json::Error),
    /// The name is none of a type without arguments.
    #[error("there is no type {0:?}")]
    UnknownName(String),
    /// The name is none of a type with arguments.
    #[error("there is no type constructor {0:?}")]
    UnknownConstructor(String),
    /// A type is neither a name nor a constructor with its arguments.
    #[error("type is not of the form \"name\" or [\"constructor\", arguments]")]
    Malformed,
    /// The type would take too much stack to work with.
    #[error("type is nested too deeply")]
    TooDeep,
}

impl Type {
    /// The JSON form: without spaces, attributes in the order of their names.
    pub fn to_json(&self) -> String {
        self.to_string()
    }

    /// Whether the type, or one in it, is decided by each value.
    pub fn holds_dynamic(&self) -> bool {
        match self {
            Type::Dynamic => true,
            Type::Set(element) | Type::List(element) | Type::Map(element) => element.holds_dynamic(),
            Type::Object(attributes) => attributes.values().any(Type::holds_dynamic),
            Type::Tuple(elements) => elements.iter().any(Type::holds_dynamic),
            Type::Bool | Type::Number | Type::String => false,
        }
    }

    /// The type with that JSON form; which attributes of an object are optional is not kept.
    ///
    /// # Errors
    /// Fails if the text is no JSON, or JSON that is not the form of a type.
    pub fn from_json(json: &[u8]) -> Result<Type, TypeError> {
        let json = serde_json::from_slice(json).map_err(TypeError::Syntax)?;
        parse(&json, MAX_DEPTH)
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Type::Bool => f.write_str(r#""bool""#),
            Type::Number => f.write_str(r#""number""#),
            Type::String => f.write_str(r#""string""#),
            Type::Dynamic => f.write_str(r#""dynamic""#),
            Type::List(element) => write!(f, r#"["list",{element}]"#),
            Type::Set(element) => write!(f, r#"["set",{element}]"#),
            Type::Map(element) => write!(f, r#"["map",{element}]"#),
            Type::Object(attributes) => {
                f.write_str(r#"["object",{"#)?;
                for (position, (name, attribute)) in attributes.iter().enumerate() {
                    let comma = if position > 0 { "," } else { "" };
                    write!(f, "{comma}{}:{attribute}", Json::from(name.as_str()))?;
                }
                f.write_str("}]")
            }
            Type::Tuple(elements) => {
                f.write_str(r#"["tuple",["#)?;
                for (position, element) in elements.iter().enumerate() {
                    let comma = if position > 0 { "," } else { "" };
                    write!(f, "{comma}{element}")?;
                }
                f.write_str("]]")
            }
        }
    }
}

fn parse(json: &Json, depth: usize) -> Result<Type, TypeError> {
    let depth = depth.checked_sub(1).ok_or(TypeError::TooDeep)?;
    match json {
        Json::String(name) => primitive(name),
        Json::Array(parts) => match parts.as_slice() {
            [Json::String(constructor), argument] => construct(constructor, argument, depth),
            // The third part names the optional attributes, which matters to configurations only.
            [Json::String(constructor), attributes, Json::Array(optional)]
                if constructor == "object" && optional.iter().all(Json::is_string) =>
            {
                construct(constructor, attributes, depth)
            }
            _ => Err(TypeError::Malformed),
        },
        _ => Err(TypeError::Malformed),
    }
}

fn primitive(name: &str) -> Result<Type, TypeError> {
    match name {
        "bool" => Ok(Type::Bool),
        "number" => Ok(Type::Number),
        "string" => Ok(Type::String),
        "dynamic" => Ok(Type::Dynamic),
        _ => Err(TypeError::UnknownName(name.to_owned())),
    }
}

fn construct(constructor: &str, argument: &Json, depth: usize) -> Result<Type, TypeError> {
    match (constructor, argument) {
        ("list", element) => Ok(Type::List(Box::new(parse(element, depth)?))),
        ("set", element) => Ok(Type::Set(Box::new(parse(element, depth)?))),
        ("map", element) => Ok(Type::Map(Box::new(parse(element, depth)?))),
        ("object", Json::Object(attributes)) => attributes
            .iter()
            .map(|(name, attribute)| Ok((normalized(name), parse(attribute, depth)?)))
            .collect::<Result<_, _>>()
            .map(Type::Object),
        ("tuple", Json::Array(elements)) => elements
            .iter()
            .map(|element| parse(element, depth))
            .collect::<Result<_, _>>()
            .map(Type::Tuple),
        // How the core writes an empty tuple, depending on how it came by it.
        ("tuple", Json::Null) => Ok(Type::Tuple(Vec::new())),
        ("object" | "tuple", _) => Err(TypeError::Malformed),
        _ => Err(TypeError::UnknownConstructor(constructor.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::value::strategies::arbitrary_type;

    #[test]
    fn the_json_form_is_compact_and_sorted() {
        let json = r#"[ "object", {"b": ["list", "number"], "a": ["tuple", ["bool", "dynamic"]]} ]"#;
        let parsed = Type::from_json(json.as_bytes()).unwrap();
        assert_eq!(
            parsed.to_json(),
            r#"["object",{"a":["tuple",["bool","dynamic"]],"b":["list","number"]}]"#
        );
    }

    #[test]
    fn optional_attributes_are_accepted_and_not_sent() {
        let parsed = Type::from_json(br#"["object",{"a":"string","b":"number"},["b"]]"#).unwrap();
        assert_eq!(parsed.to_json(), r#"["object",{"a":"string","b":"number"}]"#);
    }

    #[test]
    fn an_empty_tuple_may_have_null_for_its_elements() {
        let parsed = Type::from_json(br#"["tuple",null]"#).unwrap();
        assert_eq!(parsed.to_json(), r#"["tuple",[]]"#);
    }

    #[test]
    fn attribute_names_are_escaped() {
        let object = Type::Object([("a\"\n".to_owned(), Type::Bool)].into());
        assert_eq!(object.to_json(), r#"["object",{"a\"\n":"bool"}]"#);
    }

    #[test]
    fn what_is_no_type_is_refused() {
        for (json, problem) in [
            ("", "type is not JSON"),
            ("\"string", "type is not JSON"),
            (r#""any""#, "there is no type \"any\""),
            (r#"["vec","string"]"#, "there is no type constructor \"vec\""),
            (
                "null",
                "type is not of the form \"name\" or [\"constructor\", arguments]",
            ),
            (
                r#"["list"]"#,
                "type is not of the form \"name\" or [\"constructor\", arguments]",
            ),
            (
                r#"["tuple","string"]"#,
                "type is not of the form \"name\" or [\"constructor\", arguments]",
            ),
            (
                r#"["object",{},[1]]"#,
                "type is not of the form \"name\" or [\"constructor\", arguments]",
            ),
        ] {
            assert_eq!(
                Type::from_json(json.as_bytes()).unwrap_err().to_string(),
                problem,
                "{json}"
            );
        }
    }

    #[test]
    fn depth_is_limited() {
        let nested = |levels: usize| format!("{}\"bool\"{}", r#"["list","#.repeat(levels), "]".repeat(levels));
        assert!(Type::from_json(nested(MAX_DEPTH - 1).as_bytes()).is_ok());
        assert!(matches!(
            Type::from_json(nested(MAX_DEPTH).as_bytes()),
            Err(TypeError::TooDeep)
        ));
        // Far beyond, the JSON parser itself refuses to go on.
        assert!(matches!(
            Type::from_json(nested(100_000).as_bytes()),
            Err(TypeError::Syntax(_))
        ));
    }

    proptest! {
        #[test]
        fn types_survive_their_json_form(original in arbitrary_type()) {
            let parsed = Type::from_json(original.to_json().as_bytes()).unwrap();
            prop_assert_eq!(parsed, original);
        }
    }
}
