//! Blocks on the wire and in states.

use super::*;
use crate::lifecycle::fixtures::{attribute, block, nested, object, schema};
use crate::schema::{Block, Presence};
use crate::wire::msgpack;

fn dynamic(of: Type, value: impl Into<Value>) -> Value {
    Value::Dynamic(Box::new((of, value.into())))
}

fn any(name: &str) -> Attribute {
    Attribute {
        kind: Kind::Type(Type::Dynamic),
        ..attribute::<Option<String>>(name)
    }
}

/// What comes back after it went over the wire.
fn sent(schema: &Schema, value: &Value) -> Value {
    let bytes = msgpack::encode(&schema.lower(value), &schema.wire_type()).unwrap();
    schema.lift(msgpack::decode(&bytes, &schema.wire_type()).unwrap())
}

/// A schema with blocks of each nesting, with an attribute of a dynamic type in all but the set.
fn blocks() -> Schema {
    let inner = || {
        vec![
            any("any"),
            block("part", Nesting::List, vec![any("any"), attribute::<String>("name")]),
        ]
    };
    schema(vec![
        block("one", Nesting::Single, inner()),
        block("many", Nesting::List, inner()),
        block("keyed", Nesting::Map, inner()),
        block("distinct", Nesting::Set, vec![attribute::<String>("name")]),
        block("group", Nesting::Single, inner()).block(Block {
            group: true,
            ..Block::default()
        }),
    ])
}

fn element(any: Value, parts: Vec<Value>) -> Value {
    let part = |any: Value| Value::object([("any", any), ("name", "n".into())]);
    let parts = parts.into_iter().map(part).collect();
    Value::object([("any", any), ("part", Value::List(parts))])
}

#[test]
fn blocks_of_different_types_come_back_as_they_were() {
    let schema = blocks();
    let text = || dynamic(Type::String, "x");
    let several = vec![
        element(text(), vec![text(), dynamic(Type::Number, 1)]),
        element(dynamic(Type::Bool, true), vec![]),
        element(Value::Null, vec![Value::UNKNOWN]),
        element(
            dynamic(Type::String, Value::Null),
            vec![dynamic(Type::String, Value::UNKNOWN)],
        ),
    ];
    let keyed = ["a", "b", "c", "d"].map(str::to_owned).into_iter().zip(several.clone());
    let state = object(
        &schema,
        [
            ("one", element(text(), vec![text()])),
            ("many", Value::List(several)),
            ("keyed", Value::Map(keyed.collect())),
        ],
    );
    assert_eq!(sent(&schema, &state), state);
    for name in ["many", "keyed"] {
        let unknown = object(&schema, [(name, Value::UNKNOWN)]);
        assert_eq!(sent(&schema, &unknown), unknown);
    }
}

#[test]
fn a_list_of_blocks_with_dynamic_types_is_a_tuple_on_the_wire_and_a_map_an_object() {
    let schema = schema(vec![
        block("many", Nesting::List, vec![any("any")]),
        block("keyed", Nesting::Map, vec![any("any")]),
    ]);
    let block = Value::object([("any", dynamic(Type::String, "x"))]);
    let state = object(
        &schema,
        [
            ("many", Value::List(vec![block.clone()])),
            ("keyed", Value::Map([("k".to_owned(), block)].into())),
        ],
    );
    let json = json::to_json(&schema.lower(&state), &schema.wire_type()).unwrap();
    assert_eq!(
        json,
        r#"{"keyed":{"value":{"k":{"any":"x"}},"type":["object",{"k":["object",{"any":"string"}]}]},"many":{"value":[{"any":"x"}],"type":["tuple",[["object",{"any":"string"}]]]}}"#
    );
    assert_eq!(stored_state(json.as_bytes(), &schema).unwrap(), state);
}

#[test]
fn trap_06_blocks_that_are_not_there_are_empty_and_attributes_null() {
    let inner = || vec![attribute::<String>("name")];
    let schema = schema(vec![
        block("list", Nesting::List, inner()),
        block("set", Nesting::Set, inner()),
        block("map", Nesting::Map, inner()),
        block("single", Nesting::Single, inner()),
        nested("attribute", Nesting::List, Presence::Optional, inner()),
        attribute::<Option<Vec<String>>>("names"),
    ]);
    let absent = object(&schema, []);
    let json = |value: &Value| json::to_json(&schema.lower(value), &schema.wire_type()).unwrap();
    assert_eq!(
        json(&absent),
        r#"{"attribute":null,"list":[],"map":{},"names":null,"set":[],"single":null}"#
    );
    assert_eq!(sent(&schema, &absent), absent);
    let empty = object(
        &schema,
        [("attribute", Value::List(vec![])), ("names", Value::List(vec![]))],
    );
    assert_eq!(sent(&schema, &empty), empty);
    assert_ne!(empty, absent);
}

#[test]
fn states_from_before_attributes_became_blocks_are_read() {
    let schema = schema(vec![
        block("list", Nesting::List, vec![attribute::<String>("name")]),
        block("set", Nesting::Set, vec![attribute::<String>("name")]),
        block(
            "single",
            Nesting::Single,
            vec![block("many", Nesting::List, vec![any("any")])],
        ),
        block("many", Nesting::List, vec![any("any")]),
    ]);
    let read = |json: &str| stored_state(json.as_bytes(), &schema).unwrap();
    for nothing in ["{}", r#"{"list":null,"set":null,"single":null,"many":null}"#] {
        assert_eq!(read(nothing), object(&schema, []));
    }
    let part = Value::object([("any", dynamic(Type::String, "x"))]);
    let single = Value::object([("many", Value::List(vec![]))]);
    let expected = object(
        &schema,
        [
            ("list", Value::List(vec![Value::object([("name", "a".into())])])),
            ("single", single),
            ("many", Value::List(vec![part])),
        ],
    );
    let before = r#"{"list":[{"name":"a"}],"single":{},"many":[{"any":{"type":"string","value":"x"}}]}"#;
    assert_eq!(read(before), expected);
    assert!(stored_state(br#"{"list":"a"}"#, &schema).is_err());
}

#[test]
fn a_schema_without_such_blocks_is_written_as_it_is() {
    let schema = schema(vec![block("distinct", Nesting::Set, vec![attribute::<String>("name")])]);
    assert_eq!(*schema.wire_type(), schema.value_type());
    assert!(matches!(schema.lower(&Value::Null), Cow::Borrowed(Value::Null)));
}

/// An object has exactly one entry for each attribute and block, at every depth, null ones included.
#[test]
fn trap_07_an_object_with_a_missing_or_an_extra_attribute_is_neither_written_nor_read() {
    let schema = schema(vec![
        attribute::<Option<String>>("name"),
        block(
            "many",
            Nesting::List,
            vec![attribute::<Option<String>>("name"), any("any")],
        ),
        nested(
            "one",
            Nesting::Single,
            Presence::Optional,
            vec![attribute::<Option<String>>("name")],
        ),
    ]);
    let one = |entries: &[&str]| Value::object(entries.iter().map(|name| (*name, Value::Null)));
    let state = |many: Value, one: Value| object(&schema, [("many", Value::List(vec![many])), ("one", one)]);
    let write = |value: &Value| msgpack::encode(&schema.lower(value), &schema.wire_type());
    let fine = state(one(&["any", "name"]), one(&["name"]));
    assert_eq!(sent(&schema, &fine), fine);
    for wrong in [
        state(one(&["any", "name", "x"]), Value::Null),
        state(one(&["any", "name"]), one(&[])),
        state(one(&["any", "name"]), one(&["name", "x"])),
        one(&["name", "one"]),
        one(&["many", "name", "one", "x"]),
    ] {
        assert!(write(&wrong).is_err() || sent(&schema, &wrong) != wrong, "{wrong:?}");
    }
    let of = |value: &Value, of: Type| msgpack::encode(value, &of).unwrap();
    let part = |names: &[&str]| Type::Object(names.iter().map(|name| ((*name).to_owned(), Type::String)).collect());
    let expected = part(&["a", "b"]);
    for names in [&["a"][..], &["a", "c"], &["a", "b", "c"]] {
        assert!(
            msgpack::decode(&of(&one(names), part(names)), &expected).is_err(),
            "{names:?}"
        );
    }
    assert!(msgpack::decode(&of(&one(&["a", "b"]), part(&["a", "b"])), &expected).is_ok());
}
