//! What the JSON codec promises.

use proptest::prelude::*;

use super::*;
use crate::value::Number;
use crate::value::strategies::{arbitrary_type, arbitrary_typed_known_value};

fn of(json: &str) -> Type {
    Type::from_json(json.as_bytes()).unwrap()
}

fn read_state(json: &str, expected: &str) -> Result<Value, String> {
    decode_state(json.as_bytes(), &of(expected)).map_err(|error| error.to_string())
}

#[test]
fn values_have_the_json_form_of_the_core() {
    let dynamic = |own: &str, value: Value| Value::Dynamic(Box::new((of(own), value)));
    for (expected, value, json) in [
        (r#""string""#, Value::Null, "null"),
        (r#""string""#, "hi".into(), r#""hi""#),
        (r#""string""#, "".into(), r#""""#),
        (r#""string""#, Value::String("e\u{301}".into()), "\"\u{e9}\""),
        (r#""number""#, Number::Float(0.5).into(), "0.5"),
        (r#""number""#, "0.1".parse::<Number>().unwrap().into(), "0.1"),
        (r#""number""#, Number::Float(0.1).into(), "0.1"),
        (r#""number""#, "3.14".parse::<Number>().unwrap().into(), "3.14"),
        (
            r#"["set","string"]"#,
            Value::set(["b".into(), "a".into(), "b".into()]),
            r#"["a","b"]"#,
        ),
        (
            r#"["set","number"]"#,
            Value::set([10.into(), 9.into(), 2.into()]),
            "[2,9,10]",
        ),
        (
            r#""dynamic""#,
            dynamic(r#""string""#, "x".into()),
            r#"{"value":"x","type":"string"}"#,
        ),
        (
            r#"["object",{"a":["map","bool"],"b":["tuple",["number"]]}]"#,
            Value::object([
                ("b", Value::List(vec![1.into()])),
                ("a", Value::Map([("k".to_owned(), true.into())].into())),
            ]),
            r#"{"a":{"k":true},"b":[1]}"#,
        ),
    ] {
        let expected = of(expected);
        assert_eq!(to_json(&value, &expected).unwrap(), json);
        assert_eq!(
            to_json(&decode(json.as_bytes(), &expected).unwrap(), &expected).unwrap(),
            json
        );
    }
}

#[test]
fn what_json_cannot_represent_is_an_error() {
    let expected = of(r#"["object",{"a":["list","number"]}]"#);
    for (element, problem) in [
        (Value::UNKNOWN, "a[0]: value is unknown, which cannot be represented"),
        (
            Number::Float(f64::INFINITY).into(),
            "a[0]: number is infinite, which cannot be represented",
        ),
        (Number::Float(f64::NAN).into(), "a[0]: a number is required"),
        ("x".into(), "a[0]: a number is required"),
    ] {
        let value = Value::object([("a", Value::List(vec![element]))]);
        assert_eq!(to_json(&value, &expected).unwrap_err().to_string(), problem);
    }
}

#[test]
fn states_of_other_versions_are_read() {
    let expected = r#"["object",{"name":"string","size":"number"}]"#;
    let read = read_state(r#"{"old":[{"deep":1}],"name":"x"}"#, expected);
    assert_eq!(read, Ok(Value::object([("name", "x".into()), ("size", Value::Null)])));
}

#[test]
fn requests_have_no_undefined_attributes() {
    let expected = of(r#"["object",{"a":["object",{"b":"string"}]}]"#);
    let error = decode(br#"{"a":{"c":1}}"#, &expected).unwrap_err();
    assert_eq!(error.to_string(), "a.c: unsupported attribute");
    assert_eq!(error.path, crate::path::Path::new("a").attribute("c"));
}

#[test]
fn trap_08_numbers_in_states_are_exact() {
    for text in [
        "9007199254740993",
        "9223372036854775808",
        "-0.1",
        "0.30000000000000004",
        "123456789012345678901234567890.12345678901234567890",
    ] {
        assert_eq!(
            read_state(text, r#""number""#),
            Ok(text.parse::<Number>().unwrap().into())
        );
    }
}

#[test]
fn scalars_are_converted_as_the_core_does() {
    for (json, expected, value) in [
        (r#""12.50""#, "number", Value::Number(Number::Float(12.5))),
        (r#""\u0031""#, "number", 1.into()),
        (r#""true""#, "bool", true.into()),
        (r#""1""#, "bool", true.into()),
        (r#""false""#, "bool", false.into()),
        (r#""0""#, "bool", false.into()),
        ("12.50", "string", "12.50".into()),
        ("1e3", "string", "1e3".into()),
        ("true", "string", "true".into()),
    ] {
        assert_eq!(read_state(json, &format!("{expected:?}")), Ok(value), "{json}");
    }
}

#[test]
fn the_last_of_several_entries_counts() {
    assert_eq!(
        read_state(r#"{"a":"x","b":1,"a":"y"}"#, r#"["object",{"a":"string"}]"#),
        Ok(Value::object([("a", "y".into())]))
    );
}

#[test]
fn what_does_not_fit_is_refused_without_quoting_it() {
    for (json, expected, problem) in [
        ("", r#""string""#, "encoding is not JSON"),
        ("\"a\" 1", r#""string""#, "encoding is not JSON"),
        ("\"\u{0}\"", r#""string""#, "encoding is not JSON"),
        (r#""\ud800""#, r#""string""#, "encoding is not JSON"),
        ("1", r#""bool""#, "a bool is required"),
        (r#""TRUE""#, r#""bool""#, "a bool is required"),
        ("true", r#""number""#, "a number is required"),
        (r#""secret""#, r#""number""#, "a number is required"),
        ("1e1000000000", r#""number""#, "a number is required"),
        ("[]", r#""string""#, "a string is required"),
        (r#""secret""#, r#"["list","string"]"#, "a list is required"),
        ("{}", r#"["set","string"]"#, "a set is required"),
        (
            r#"{"a":"secret"}"#,
            r#"["map",["map","string"]]"#,
            "[\"a\"]: a map is required",
        ),
        (r#"["secret"]"#, r#"["object",{"a":"string"}]"#, "an object is required"),
        ("[1]", r#"["tuple",[]]"#, "a tuple of length 0 is required (1 given)"),
        (
            r#"{"a":[1,{}]}"#,
            r#"["object",{"a":["list","number"]}]"#,
            "a[1]: a number is required",
        ),
        (
            r#""secret""#,
            r#""dynamic""#,
            "a dynamic value with its type is required",
        ),
        (
            r#"{"value":1}"#,
            r#""dynamic""#,
            "a dynamic value with its type is required",
        ),
        (
            r#"{"value":1,"type":"any"}"#,
            r#""dynamic""#,
            "dynamic value has no valid type",
        ),
    ] {
        assert_eq!(read_state(json, expected), Err(problem.to_owned()), "{json}");
    }
}

#[test]
fn depth_is_limited() {
    let nested = |levels| {
        format!(
            "{}null{}",
            r#"{"type":"dynamic","value":"#.repeat(levels),
            "}".repeat(levels)
        )
    };
    assert_eq!(read_state(&nested(50), r#""dynamic""#), Ok(Value::Null));
    assert_eq!(
        read_state(&nested(10_000), r#""dynamic""#),
        Err("value is nested too deeply".to_owned())
    );
    // What the type does not ask for may be as deep as it likes.
    let ignored = format!(r#"{{"old":{}{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
    assert!(read_state(&ignored, r#"["object",{}]"#).is_ok());
}

proptest! {
    #[test]
    fn known_values_survive((expected, value) in arbitrary_typed_known_value()) {
        let json = to_json(&value, &expected).unwrap();
        prop_assert_eq!(&decode(json.as_bytes(), &expected).unwrap(), &value);
        prop_assert_eq!(&decode_state(json.as_bytes(), &expected).unwrap(), &value);
    }

    #[test]
    fn any_text_is_read_or_refused(
        (expected, value) in arbitrary_typed_known_value(),
        other in arbitrary_type(),
        cut in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let mut json = to_json(&value, &expected).unwrap().into_bytes();
        let _ = decode_state(&json, &other);
        let position = cut.index(json.len());
        let _ = decode(&json[..position], &expected);
        json[position] = byte;
        if let Ok(read) = decode(&json, &expected) {
            prop_assert!(read.conforms(&expected));
        }
    }
}
