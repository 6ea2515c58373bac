//! What the MessagePack codec promises beyond the [`vectors`].

use proptest::prelude::*;

use super::*;
use crate::value::strategies::{arbitrary_type, arbitrary_typed_value, arbitrary_value};
use crate::value::{Number, Refinements, normalized};

mod vectors;

const STRING: &str = r#""string""#;
const NUMBER: &str = r#""number""#;
const DYNAMIC: &str = r#""dynamic""#;

fn of(json: &str) -> Type {
    Type::from_json(json.as_bytes()).unwrap()
}

fn number(text: &str) -> Value {
    Value::Number(text.parse().unwrap())
}

fn dynamic(own: &str, value: Value) -> Value {
    Value::Dynamic(Box::new((of(own), value)))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(hex: &str) -> Vec<u8> {
    (0..hex.len())
        .step_by(2)
        .map(|start| u8::from_str_radix(&hex[start..start + 2], 16).unwrap())
        .collect()
}

fn read(bytes: &str, expected: &str) -> Result<Value, String> {
    decode(&unhex(bytes), &of(expected)).map_err(|error| error.to_string())
}

#[test]
fn trap_08_numbers_in_messages_are_exact() {
    for text in [
        "9007199254740993",
        "-9223372036854775809",
        "18446744073709551616",
        "123456789012345678901234567890.125",
        "0.1",
        "0.30000000000000004",
        "0.3",
    ] {
        let encoded = encode(&number(text), &Type::Number).unwrap();
        let Value::Number(read) = decode(&encoded, &Type::Number).unwrap() else {
            panic!("{text} is no number any more");
        };
        assert_eq!(read.to_string(), text);
    }
}

#[test]
fn facts_of_later_versions_are_ignored() {
    let not_null = Value::Unknown(Refinements {
        not_null: true,
        ..Refinements::default()
    });
    for fact in [
        "c0",
        "05",
        "e0",
        "cc80",
        "cd0100",
        "ce00010000",
        "cf0000000100000000",
        "cb3fe0000000000000",
        "ca3dcccccd",
        "a161",
        "d90161",
        "c40161",
        "dc000101",
        "81a1619101",
        "de000191c0c3",
        "d40500",
        "c7030501c2c3",
    ] {
        // A later fact, then: not null.
        let body = format!("8209{fact}01c2");
        let refined = format!("c7{:02x}0c{body}", body.len() / 2);
        assert_eq!(read(&refined, STRING), Ok(not_null.clone()), "{fact}");
    }
    // The prefix of a string, said of a number.
    assert_eq!(read("c7060c8201c202a161", NUMBER), Ok(not_null));
}

#[test]
fn what_is_no_value_of_its_type_is_refused() {
    let object = r#"["object",{"a":"string","b":"string"}]"#;
    for (bytes, expected, problem) in [
        ("", STRING, "encoding is incomplete"),
        ("a2", STRING, "encoding is incomplete"),
        ("cd00", NUMBER, "encoding is incomplete"),
        ("dbffffffff", STRING, "encoding is incomplete"),
        ("ddffffffff00", r#"["list","number"]"#, "encoding is incomplete"),
        ("dfffffffff00", r#"["map","number"]"#, "encoding is incomplete"),
        ("c9ffffffff0c", STRING, "encoding is incomplete"),
        ("c000", STRING, "encoding has 1 bytes after its end"),
        ("a1ff", STRING, "text is not UTF-8"),
        ("01", STRING, "a string is required"),
        ("01", r#""bool""#, "a bool is required"),
        ("a161", NUMBER, "a number is required"),
        ("c40161", NUMBER, "a number is required"),
        ("d90161", NUMBER, "a number is required"),
        ("c3", NUMBER, "a number is required"),
        ("cb7ff8000000000000", NUMBER, "a number is required"),
        ("80", r#"["list","string"]"#, "a list is required"),
        ("80", r#"["set","string"]"#, "a set is required"),
        ("90", r#"["map","string"]"#, "a map is required"),
        ("90", object, "an object is required"),
        ("80", r#"["tuple",[]]"#, "a tuple is required"),
        (
            "90",
            r#"["tuple",["bool"]]"#,
            "a tuple of length 1 is required (0 given)",
        ),
        ("8101c0", r#"["map","string"]"#, "a string key is required"),
        ("81a161c0", object, "an object with 2 attributes is required (1 given)"),
        ("82a161c0a163c0", object, "c: unsupported attribute"),
        ("82a161c0a161c0", object, "b: attribute is missing"),
        ("82a161c0a16201", object, "b: a string is required"),
        ("91c0", DYNAMIC, "a dynamic value with its type is required"),
        ("92c40122c0", DYNAMIC, "dynamic value has no valid type"),
        ("c7030c8101a0", STRING, "refinements of the unknown value are malformed"),
        ("c7030c9101c2", STRING, "refinements of the unknown value are malformed"),
    ] {
        assert_eq!(read(bytes, expected), Err(problem.to_owned()), "{bytes}");
    }
}

#[test]
fn errors_name_the_part_to_blame() {
    let expected = of(r#"["object",{"servers":["map",["list",["object",{"port":"number"}]]]}]"#);
    let server = |port: Value| Value::List(vec![Value::object([("port", port)])]);
    let servers = |server: Value| Value::object([("servers", Value::Map([("a".to_owned(), server)].into()))]);
    for (value, problem) in [
        (
            servers(server("x".into())),
            r#"servers["a"][0].port: a number is required"#,
        ),
        (
            servers(server(Number::Float(f64::NAN).into())),
            r#"servers["a"][0].port: a number is required"#,
        ),
        (
            servers(Value::List(vec![Value::object::<&str>([])])),
            r#"servers["a"][0].port: attribute is missing"#,
        ),
        (
            servers(Value::List(vec![Value::object([("port", 1.into()), ("x", 1.into())])])),
            r#"servers["a"][0].x: unsupported attribute"#,
        ),
        (servers(Value::set([])), r#"servers["a"]: a list is required"#),
        ("x".into(), "an object is required"),
    ] {
        assert_eq!(encode(&value, &expected).unwrap_err().to_string(), problem);
    }
    let tuple = encode(&Value::List(Vec::new()), &of(r#"["tuple",["bool"]]"#)).unwrap_err();
    assert_eq!(tuple.to_string(), "a tuple of length 1 is required (0 given)");
    let untyped = encode(&"x".into(), &Type::Dynamic).unwrap_err();
    assert_eq!(untyped.to_string(), "a dynamic value with its type is required");
}

#[test]
fn paths_into_sets_can_be_cut_off_at_the_set() {
    let expected = of(r#"["object",{"ports":["set",["object",{"port":"number"}]]}]"#);
    let value = Value::object([("ports", Value::set([Value::object([("port", "x".into())])]))]);
    let written = encode(&value, &expected).unwrap_err();
    let read = decode(&unhex("81a5706f7274739181a4706f7274c3"), &expected).unwrap_err();
    for error in [written, read] {
        assert_eq!(error.to_string(), "ports[...].port: a number is required");
        assert_eq!(error.path.truncated_at_set(), crate::path::Path::new("ports"));
    }
}

#[test]
fn facts_that_the_core_would_refuse_are_left_out() {
    let prefix = |text: &str| {
        Value::Unknown(Refinements {
            string_prefix: Some(text.to_owned()),
            ..Refinements::default()
        })
    };
    let unrefined = "d40000";
    assert_eq!(hex(&encode(&prefix("a"), &Type::Number).unwrap()), unrefined);
    assert_eq!(hex(&encode(&prefix("a"), &Type::Dynamic).unwrap()), unrefined);
    assert_eq!(
        hex(&encode(&prefix(&"a".repeat(1100)), &Type::String).unwrap()),
        unrefined
    );
    let oversize = format!("c804020c8102da03fe{}", "61".repeat(1021));
    assert_eq!(
        read(&oversize, STRING),
        Err("refinements of the unknown value are malformed".to_owned())
    );
}

#[test]
fn depth_is_limited() {
    let nested = |levels: usize| format!("{}c0", "92c4092264796e616d696322".repeat(levels));
    assert_eq!(read(&nested(50), DYNAMIC), Ok(Value::Null));
    assert_eq!(
        read(&nested(10_000), DYNAMIC),
        Err("value is nested too deeply".to_owned())
    );
    let mut value = Value::Null;
    for _ in 0..100 {
        value = dynamic(DYNAMIC, value);
    }
    assert_eq!(
        encode(&value, &Type::Dynamic).unwrap_err().to_string(),
        "value is nested too deeply"
    );
}

proptest! {
    #[test]
    fn values_survive((expected, value) in arbitrary_typed_value()) {
        prop_assert!(value.conforms(&expected));
        let bytes = encode(&value, &expected).unwrap();
        prop_assert_eq!(decode(&bytes, &expected).unwrap(), value);
    }

    #[test]
    fn text_is_sent_in_normal_form(text in "[a-zA-Z\u{300}-\u{304}\u{1100}-\u{11ff}\u{212b}]{0,20}", key in "e\u{301}?") {
        let of = of(r#"["map","string"]"#);
        let value = |key: String, text: String| Value::Map([(key, Value::String(text))].into());
        let normal = value(normalized(&key), normalized(&text));
        let bytes = encode(&value(key, text), &of).unwrap();
        prop_assert_eq!(&bytes, &encode(&normal, &of).unwrap());
        prop_assert_eq!(decode(&bytes, &of).unwrap(), normal);
    }

    #[test]
    fn trap_09_sets_mean_the_same_in_any_order(
        (element, elements) in arbitrary_type().prop_flat_map(|of| {
            (Just(of.clone()), prop::collection::vec(arbitrary_value(&of), 0..4))
        }),
    ) {
        let (list, set) = (Type::List(Box::new(element.clone())), Type::Set(Box::new(element)));
        let reversed = elements.iter().rev().cloned().collect();
        let bytes = encode(&Value::List(elements.clone()), &list).unwrap();
        let reversed = encode(&Value::List(reversed), &list).unwrap();
        let read = decode(&bytes, &set).unwrap();
        if read.is_wholly_known() {
            prop_assert_eq!(&decode(&reversed, &set).unwrap(), &read);
        }
        prop_assert_eq!(decode(&encode(&read, &set).unwrap(), &set).unwrap(), read);
    }

    #[test]
    fn a_part_of_an_encoding_is_refused(
        (expected, value) in arbitrary_typed_value(),
        cut in any::<prop::sample::Index>(),
    ) {
        let bytes = encode(&value, &expected).unwrap();
        prop_assert!(decode(&bytes[..cut.index(bytes.len())], &expected).is_err());
    }

    #[test]
    fn any_bytes_are_read_or_refused(
        (expected, value) in arbitrary_typed_value(),
        other in arbitrary_type(),
        position in any::<prop::sample::Index>(),
        byte in any::<u8>(),
        noise in prop::collection::vec(any::<u8>(), 0..64),
    ) {
        let mut bytes = encode(&value, &expected).unwrap();
        let position = position.index(bytes.len());
        bytes[position] = byte;
        for (bytes, expected) in [(&bytes, &expected), (&bytes, &other), (&noise, &other)] {
            if let Ok(read) = decode(bytes, expected) {
                prop_assert!(read.conforms(expected));
                // Whatever is read can be sent back, and means the same then.
                let again = encode(&read, expected).unwrap();
                prop_assert_eq!(decode(&again, expected).unwrap(), read);
            }
        }
    }
}
