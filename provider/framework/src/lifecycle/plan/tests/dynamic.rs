//! How values of dynamic types are planned, and what may become of them.

use super::*;
use crate::lifecycle::check::{assert_apply_valid, assert_conforms};
use crate::lifecycle::fixtures::{attribute, block, nested, object, schema};
use crate::lifecycle::normalize::normalize;
use crate::model::{Attr, Dynamic};
use crate::schema::{Attribute, Nesting, Presence, SemanticEquality};
use crate::types::Type;

fn typed(of: Type, value: impl Into<Value>) -> Value {
    Value::Dynamic(Box::new((of, value.into())))
}

fn text(value: &str) -> Value {
    typed(Type::String, value)
}

/// An attribute of each kind of presence.
fn any() -> Schema {
    schema(vec![
        attribute::<Option<Dynamic>>("given"),
        attribute::<Dynamic>("filled").default_value(Dynamic::from("x")),
        attribute::<Attr<Dynamic>>("decided"),
    ])
}

fn state(given: Value, filled: Value, decided: Value) -> Value {
    Value::object([("given", given), ("filled", filled), ("decided", decided)])
}

#[test]
fn dynamic_values_are_planned_with_their_types() {
    let schema = any();
    assert_eq!(schema.lint(), Vec::<String>::new());
    let tuple = typed(
        Type::Tuple(vec![Type::Number, Type::Bool]),
        Value::List(vec![1.into(), true.into()]),
    );
    for given in [text("1"), typed(Type::Number, 1), tuple] {
        let config = state(given.clone(), Value::Null, Value::Null);
        let planned = plan(&schema, &Value::Null, &config).value;
        assert_eq!(planned, state(given.clone(), text("x"), Value::UNKNOWN));
        let prior = state(given.clone(), text("x"), typed(Type::Bool, true));
        assert_eq!(plan(&schema, &prior, &config).value, prior);
    }
}

#[test]
fn another_type_is_a_change_and_makes_undecided_values_unknown() {
    let schema = any();
    let prior = state(text("1"), text("x"), typed(Type::Bool, true));
    let config = state(typed(Type::Number, 1), Value::Null, Value::Null);
    let planned = plan(&schema, &prior, &config).value;
    assert_eq!(planned, state(typed(Type::Number, 1), text("x"), Value::UNKNOWN));
}

#[test]
fn nulls_and_unknown_values_keep_the_types_that_they_are_configured_with() {
    let schema = any();
    let prior = state(text("1"), text("x"), typed(Type::Bool, true));
    for given in [
        Value::Null,
        typed(Type::String, Value::Null),
        Value::UNKNOWN,
        typed(Type::String, Value::UNKNOWN),
    ] {
        let config = state(given.clone(), Value::Null, Value::Null);
        for prior in [&Value::Null, &prior] {
            let planned = plan(&schema, prior, &config).value;
            assert_eq!(planned, state(given.clone(), text("x"), Value::UNKNOWN));
        }
    }
    let null = || state(typed(Type::String, Value::Null), text("x"), text("y"));
    // A model has no type for what is not there.
    let made = state(Value::Null, text("x"), text("y"));
    assert_eq!(normalize(&schema, &null(), made), null());
    assert_eq!(
        plan(
            &schema,
            &null(),
            &state(typed(Type::String, Value::Null), Value::Null, Value::Null)
        )
        .value,
        null()
    );
}

#[test]
fn another_spelling_of_a_dynamic_value_is_no_change() {
    let lenient = Attribute {
        semantic_equality: Some(SemanticEquality::Values(|one, other| {
            format!("{one:?}").to_lowercase() == format!("{other:?}").to_lowercase()
        })),
        ..attribute::<Dynamic>("any")
    };
    let schema = schema(vec![lenient, attribute::<Attr<String>>("id")]);
    let prior = object(&schema, [("any", text("A")), ("id", "1".into())]);
    assert_eq!(
        plan(&schema, &prior, &object(&schema, [("any", text("a"))])).value,
        prior
    );
    let answered = object(&schema, [("any", text("a")), ("id", "1".into())]);
    assert_eq!(normalize(&schema, &prior, answered), prior);
}

#[test]
fn an_unknown_value_may_become_one_of_any_type_and_a_type_that_is_known_stays() {
    let schema = any();
    let check = |planned: &Value, new: Value| {
        let planned = state(planned.clone(), text("x"), Value::Null);
        assert_apply_valid(&schema, &planned, &state(new, text("x"), Value::Null)).is_empty()
    };
    let list = |of: Type, element: Value| typed(Type::List(Box::new(of)), Value::List(vec![element]));
    for new in [
        text("a"),
        typed(Type::Number, 1),
        Value::Null,
        list(Type::Bool, true.into()),
    ] {
        assert!(check(&Value::UNKNOWN, new));
    }
    let unknown = typed(Type::String, Value::UNKNOWN);
    assert!(check(&unknown, text("a")));
    assert!(!check(&unknown, typed(Type::Number, 1)));
    let part = typed(Type::Tuple(vec![Type::Dynamic]), Value::List(vec![Value::UNKNOWN]));
    assert!(check(
        &part,
        typed(Type::Tuple(vec![Type::Bool]), Value::List(vec![true.into()]))
    ));
    assert!(!check(&part, list(Type::Bool, true.into())));
    assert!(check(&text("1"), text("1")));
    assert!(!check(&text("1"), typed(Type::Number, 1)));
    assert!(!check(&text("1"), Value::UNKNOWN));
}

#[test]
fn elements_of_a_list_or_map_are_of_one_type_and_blocks_need_not_be() {
    let any = || vec![attribute::<Option<Dynamic>>("any")];
    let part = |any: Value| Value::object([("any", any)]);
    let mixed = || vec![part(text("a")), part(typed(Type::Bool, true))];
    let fine = |attribute: Attribute, parts: Value| {
        let schema = schema(vec![attribute]);
        assert_conforms(&schema, &object(&schema, [("parts", parts)])).is_empty()
    };
    let list = || nested("parts", Nesting::List, Presence::Optional, any());
    assert!(!fine(list(), Value::List(mixed())));
    assert!(fine(list(), Value::List(vec![part(text("a")), part(text("b"))])));
    assert!(fine(block("parts", Nesting::List, any()), Value::List(mixed())));
    let keyed = |parts: Vec<Value>| Value::Map(["a", "b"].map(str::to_owned).into_iter().zip(parts).collect());
    assert!(!fine(
        nested("parts", Nesting::Map, Presence::Optional, any()),
        keyed(mixed())
    ));
    assert!(fine(block("parts", Nesting::Map, any()), keyed(mixed())));
    let within = || attribute::<Option<Vec<Dynamic>>>("parts");
    assert!(!fine(within(), Value::List(vec![text("a"), typed(Type::Bool, true)])));
    assert!(fine(within(), Value::List(vec![text("a"), Value::UNKNOWN, text("b")])));
}
