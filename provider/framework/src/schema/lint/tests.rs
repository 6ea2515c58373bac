//! Each rule, by a schema that breaks it.

use super::*;
use crate::lifecycle::fixtures::block;
use crate::model::{Attr, AttributeType, Timeouts, WriteOnly};
use crate::schema::Block;
use crate::value::Value;

fn schema(attributes: Vec<Attribute>) -> Schema {
    Schema {
        description: "A thing.".to_owned(),
        attributes,
        ..Schema::default()
    }
}

fn attribute<T: AttributeType>(name: &str) -> Attribute {
    Attribute::new::<T>(name, "A part.")
}

fn nested(name: &str, nesting: Nesting, attributes: Vec<Attribute>) -> Attribute {
    Attribute {
        kind: Kind::Nested(nesting, attributes),
        ..attribute::<Option<String>>(name)
    }
}

fn dependent(name: &str, on: &str) -> Attribute {
    let path = on.split('.').fold(Path::root(), Path::attribute);
    attribute::<Attr<String>>(name).modifier(PlanModifier::DependsOn(vec![path]))
}

fn typed(name: &str, of: Type) -> Attribute {
    Attribute {
        kind: Kind::Type(of),
        ..attribute::<Option<String>>(name)
    }
}

#[test]
fn a_good_schema_passes() {
    let good = schema(vec![
        attribute::<String>("name").requires_replace(),
        attribute::<String>("version").default_value("1"),
        attribute::<Attr<String>>("id").keep(),
        attribute::<Attr<String>>("url").modifier(PlanModifier::DependsOn(vec!["name".into()])),
        attribute::<WriteOnly<String>>("password"),
        nested("rules", Nesting::Set, vec![attribute::<String>("port")]),
        block(
            "disk",
            Nesting::List,
            vec![
                nested("size", Nesting::Single, vec![attribute::<Attr<i64>>("used")]),
                block("label", Nesting::Set, vec![attribute::<String>("text")]),
                block(
                    "tag",
                    Nesting::Map,
                    vec![typed("any", Type::Dynamic).optional_computed()],
                ),
            ],
        )
        .block(Block {
            min_items: 1,
            max_items: Some(2),
            group: false,
        }),
        attribute::<Timeouts>("timeouts"),
    ]);
    assert_eq!(good.lint(), Vec::<String>::new());
}

#[test]
fn what_an_attribute_depends_on_shows_in_plans_and_is_not_itself() {
    let chain = |last: &str| {
        let password = nested(
            "login",
            Nesting::Single,
            vec![attribute::<WriteOnly<String>>("password")],
        );
        schema(vec![
            attribute::<WriteOnly<String>>("token"),
            password,
            dependent("hash", last),
            dependent("url", "hash"),
        ])
    };
    assert_eq!(chain("login").lint(), Vec::<String>::new());
    for write_only in ["token", "login.password"] {
        let problem =
            format!("`hash` depends on `{write_only}`, which is write-only, so no plan tells whether it changes.");
        assert_eq!(chain(write_only).lint(), [problem]);
    }
    let circle = ["hash", "url"].map(|name| format!("`{name}` depends on itself."));
    assert_eq!(chain("url").lint(), circle);
}

#[test]
fn each_rule_names_the_attribute_that_breaks_it() {
    let dynamic = |of: Type| typed("any", of);
    let inner = || vec![attribute::<Option<String>>("part")];
    let list = |limits: Block| block("disk", Nesting::List, inner()).block(limits);
    let with = |change: fn(&mut Attribute)| {
        let mut changed = attribute::<Option<String>>("part");
        change(&mut changed);
        changed
    };
    let cases = [
        (attribute::<String>("count"), "`count` has a reserved name."),
        (attribute::<String>("Name"), "`Name` is not in snake case."),
        (attribute::<String>("a__b"), "`a__b` is not in snake case."),
        (
            Attribute::new::<String>("name", "No dot"),
            "The description of `name` does not end with a dot.",
        ),
        (
            nested("outer", Nesting::List, vec![Attribute::new::<String>("inner", "")]),
            "The description of `outer.inner` does not end with a dot.",
        ),
        (
            with(|part| part.default = Some("x".into())),
            "`part` has a default, so it has to be optional and computed.",
        ),
        (
            attribute::<String>("part").default_value(5),
            "`part` has a default that is not a value of its type.",
        ),
        (
            attribute::<String>("part").default_value(Value::UNKNOWN),
            "`part` has a default that is not a value of its type.",
        ),
        (
            attribute::<i64>("part")
                .validator(crate::schema::Validator::between(1..=3))
                .default_value(5),
            "`part` has a default that it does not accept (It must be a whole number between 1 and 3, not 5).",
        ),
        (
            attribute::<WriteOnly<String>>("part").optional_computed(),
            "`part` is write-only and computed.",
        ),
        (
            nested("outer", Nesting::Set, vec![attribute::<WriteOnly<String>>("part")]),
            "`outer.part` is write-only inside a set.",
        ),
        (
            attribute::<String>("part").keep(),
            "`part` keeps a value, but is not computed.",
        ),
        (
            attribute::<Attr<String>>("part").modifier(PlanModifier::DependsOn(vec!["nmae".into()])),
            "`part` depends on `nmae`, which is no attribute beside it.",
        ),
        (
            dependent("part", "name.first"),
            "`part` depends on `name.first`, which is no attribute beside it.",
        ),
        (dependent("part", "part"), "`part` depends on itself."),
        (
            attribute::<Attr<String>>("part").requires_replace(),
            "`part` requires a replacement, but is computed.",
        ),
        (
            nested(
                "outer",
                Nesting::Set,
                vec![attribute::<String>("part").requires_replace()],
            ),
            "`outer.part` requires a replacement, but elements of a set do not change.",
        ),
        (
            dynamic(Type::List(Box::new(Type::Set(Box::new(Type::Dynamic))))),
            "`any` has a dynamic type inside a set.",
        ),
        (
            nested("outer", Nesting::Set, vec![dynamic(Type::Dynamic)]),
            "`outer.any` has a dynamic type inside a set.",
        ),
        (
            nested("outer", Nesting::Single, vec![attribute::<String>("part")]).optional_computed(),
            "`outer` is computed where it is not configured, but has required attributes in it.",
        ),
        (
            nested("outer", Nesting::List, vec![dynamic(Type::Dynamic).optional_computed()]),
            "`outer.any` has a dynamic type in elements of a list or map, which have one type, so it can only be as configured.",
        ),
        (
            block("outer", Nesting::Set, vec![dynamic(Type::Dynamic)]),
            "`outer.any` has a dynamic type inside a set.",
        ),
        (
            nested("outer", Nesting::Single, vec![block("disk", Nesting::Single, inner())]),
            "`outer.disk` is a block inside a nested attribute.",
        ),
        (
            attribute::<String>("disk").block(Block::default()),
            "`disk` is a block, but has no attributes in it.",
        ),
        (
            block("disk", Nesting::List, inner()).optional_computed(),
            "`disk` is a block, so it can be neither computed nor have a default.",
        ),
        (
            nested("disk", Nesting::List, inner()).block(Block::default()),
            "`disk` is a block that can be absent, but several blocks are empty then: it is no `Option`.",
        ),
        (
            Attribute {
                sensitive: true,
                ..block("disk", Nesting::List, inner())
            },
            "`disk` is a block, so only attributes in it can be sensitive.",
        ),
        (
            Attribute {
                write_only: true,
                ..block("disk", Nesting::List, inner())
            },
            "`disk` is a block, so only attributes in it can be write-only.",
        ),
        (
            list(Block {
                group: true,
                ..Block::default()
            }),
            "`disk` is a group of several blocks.",
        ),
        (
            block("disk", Nesting::Map, inner()).block(Block {
                min_items: 1,
                ..Block::default()
            }),
            "`disk` has limits that only a list or set of blocks can have.",
        ),
        (
            list(Block {
                min_items: 3,
                max_items: Some(2),
                group: false,
            }),
            "`disk` has a greatest number of blocks that is zero or less than the least.",
        ),
        (
            list(Block {
                max_items: Some(0),
                ..Block::default()
            }),
            "`disk` has a greatest number of blocks that is zero or less than the least.",
        ),
        (
            attribute::<Timeouts>("timeouts").optional_computed(),
            "`timeouts` is not optional.",
        ),
        (
            attribute::<Option<String>>("timeouts"),
            "`timeouts` has other attributes than optional limits for create, read, update and delete.",
        ),
    ];
    for (wrong, problem) in cases {
        let problems = schema(vec![wrong]).lint();
        assert!(problems.iter().any(|found| found == problem), "{problem}\n{problems:?}");
    }
}

#[test]
fn a_name_is_there_once() {
    let twice = schema(vec![attribute::<String>("name"), attribute::<String>("name")]);
    assert_eq!(twice.lint(), ["`name` is there twice."]);
}
