//! Encodings of go-cty 1.19, the core's own implementation, and further ones that it reads.

use super::*;

fn assert_vectors(vectors: impl IntoIterator<Item = (&'static str, Value, &'static str)>) {
    for (expected, value, bytes) in vectors {
        assert_eq!(hex(&encode(&value, &of(expected)).unwrap()), bytes, "{value:?}");
        let decoded = read(bytes, expected).unwrap();
        assert_eq!(decoded, value, "{bytes}");
        assert_eq!(hex(&encode(&decoded, &of(expected)).unwrap()), bytes, "{value:?}");
    }
}

#[test]
fn scalars_are_encoded_as_the_core_does() {
    assert_vectors([
        (STRING, Value::Null, "c0"),
        (STRING, "hi".into(), "a26869"),
        (STRING, "".into(), "a0"),
        (STRING, "e\u{301}".into(), "a2c3a9"),
        (NUMBER, 0.into(), "00"),
        (NUMBER, 127.into(), "7f"),
        (NUMBER, 128.into(), "cc80"),
        (NUMBER, 255.into(), "ccff"),
        (NUMBER, 256.into(), "cd0100"),
        (NUMBER, 65536.into(), "ce00010000"),
        (NUMBER, 4_294_967_295.into(), "ceffffffff"),
        (NUMBER, 4_294_967_296.into(), "cf0000000100000000"),
        (NUMBER, (-1).into(), "ff"),
        (NUMBER, (-32).into(), "e0"),
        (NUMBER, (-33).into(), "d0df"),
        (NUMBER, (-128).into(), "d080"),
        (NUMBER, (-129).into(), "d1ff7f"),
        (NUMBER, (-32769).into(), "d2ffff7fff"),
        (NUMBER, i64::MAX.into(), "cf7fffffffffffffff"),
        (
            NUMBER,
            number("9223372036854775808"),
            "b339323233333732303336383534373735383038",
        ),
        (NUMBER, number("0.5"), "cb3fe0000000000000"),
        (NUMBER, number("0.1"), "a3302e31"),
        (NUMBER, Number::Float(0.1).into(), "cb3fb999999999999a"),
        (NUMBER, number("3.14"), "a4332e3134"),
        (NUMBER, Number::Float(f64::INFINITY).into(), "cb7ff0000000000000"),
    ]);
}

#[test]
fn unknown_values_are_encoded_as_the_core_does() {
    let not_null = Refinements {
        not_null: true,
        ..Refinements::default()
    };
    assert_vectors([
        (STRING, Value::UNKNOWN, "d40000"),
        (DYNAMIC, Value::UNKNOWN, "d40000"),
        (STRING, Value::Unknown(not_null.clone()), "c7030c8101c2"),
        (
            STRING,
            Value::Unknown(Refinements {
                string_prefix: Some("ami-".to_owned()),
                ..not_null.clone()
            }),
            "c7090c8201c202a4616d692d",
        ),
        (
            r#"["list","string"]"#,
            Value::Unknown(Refinements {
                length_lower_bound: Some(1),
                length_upper_bound: Some(3),
                ..Refinements::default()
            }),
            "c7050c8205010603",
        ),
        (
            NUMBER,
            Value::Unknown(Refinements {
                number_lower_bound: Some((0.into(), true)),
                number_upper_bound: Some((10.into(), false)),
                ..Refinements::default()
            }),
            "c7090c82039200c304920ac2",
        ),
    ]);
}

#[test]
fn structures_are_encoded_as_the_core_does() {
    assert_vectors([
        (
            r#"["list","string"]"#,
            Value::List(vec!["a".into(), "b".into()]),
            "92a161a162",
        ),
        (r#"["list","string"]"#, Value::List(Vec::new()), "90"),
        (
            r#"["set","string"]"#,
            Value::set(["b".into(), "a".into(), "b".into()]),
            "92a161a162",
        ),
        (
            r#"["set","number"]"#,
            Value::set([10.into(), 9.into(), 2.into()]),
            "9302090a",
        ),
        (
            r#"["set","string"]"#,
            Value::set(["a".into(), Value::UNKNOWN]),
            "92a161d40000",
        ),
        (
            r#"["map","number"]"#,
            Value::Map([("b".to_owned(), 2.into()), ("a".to_owned(), 1.into())].into()),
            "82a16101a16202",
        ),
        (
            r#"["object",{"id":"string","n":"number","name":"string"}]"#,
            Value::object([("id", Value::UNKNOWN), ("n", Value::Null), ("name", "x".into())]),
            "83a26964d40000a16ec0a46e616d65a178",
        ),
        (
            r#"["tuple",["string","bool"]]"#,
            Value::List(vec!["x".into(), true.into()]),
            "92a178c3",
        ),
        (DYNAMIC, dynamic(STRING, "x".into()), "92c40822737472696e6722a178"),
        (DYNAMIC, dynamic(STRING, Value::Null), "92c40822737472696e6722c0"),
        (DYNAMIC, dynamic(STRING, Value::UNKNOWN), "92c40822737472696e6722d40000"),
        (
            DYNAMIC,
            dynamic(r#"["object",{"a":"number"}]"#, Value::object([("a", 1.into())])),
            "92c4195b226f626a656374222c7b2261223a226e756d626572227d5d81a16101",
        ),
    ]);
}

#[test]
fn other_encodings_of_a_value_are_read() {
    for (bytes, expected, value) in [
        ("c70000", STRING, Value::UNKNOWN),
        ("d40500", STRING, Value::UNKNOWN),
        ("d50c80a0", DYNAMIC, Value::UNKNOWN),
        ("d50c8000", STRING, Value::UNKNOWN),
        ("d60c8101c3ff", STRING, Value::Null),
        ("cd0005", NUMBER, 5.into()),
        ("d3ffffffffffffffff", NUMBER, (-1).into()),
        ("cfffffffffffffffff", NUMBER, number("18446744073709551615")),
        ("cb3ff0000000000000", NUMBER, 1.into()),
        ("ca3dcccccd", NUMBER, Number::Float(f64::from(0.1_f32)).into()),
        ("c40135", NUMBER, 5.into()),
        ("c40161", STRING, "a".into()),
        ("d90161", STRING, "a".into()),
        ("a365cc81", STRING, "\u{e9}".into()),
        ("dc000101", r#"["list","number"]"#, Value::List(vec![1.into()])),
        ("dd0000000101", r#"["list","number"]"#, Value::List(vec![1.into()])),
        (
            "93a162a161a162",
            r#"["set","string"]"#,
            Value::set(["a".into(), "b".into()]),
        ),
        (
            "de0001a365cc8101",
            r#"["map","number"]"#,
            Value::Map([("\u{e9}".to_owned(), 1.into())].into()),
        ),
        ("92c4092264796e616d696322c0", DYNAMIC, Value::Null),
        (
            "92c4092264796e616d69632292a822737472696e6722a178",
            DYNAMIC,
            dynamic(STRING, "x".into()),
        ),
    ] {
        assert_eq!(read(bytes, expected), Ok(value), "{bytes}");
    }
}
