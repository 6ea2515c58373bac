//! One test for each rule of planning, and for each trap that has a rule against it.

use super::*;
use crate::lifecycle::fixtures::{attribute, nested, object, schema};
use crate::model::{Attr, Timeouts, WriteOnly};
use crate::schema::{Attribute, Nesting, PlanModifier, Presence};

/// A schema with one attribute of each kind that planning treats in its own way.
fn server() -> Schema {
    schema(vec![
        attribute::<String>("name").requires_replace(),
        attribute::<Option<String>>("label"),
        attribute::<String>("size").default_value("small"),
        attribute::<Attr<String>>("id").keep(),
        attribute::<Attr<String>>("url").modifier(PlanModifier::DependsOn(vec!["name".into()])),
        attribute::<Attr<String>>("status"),
        attribute::<WriteOnly<String>>("password"),
        attribute::<Timeouts>("timeouts"),
    ])
}

fn deployed(schema: &Schema) -> Value {
    object(
        schema,
        [
            ("name", "a".into()),
            ("size", "small".into()),
            ("id", "1".into()),
            ("url", "http://a".into()),
            ("status", "up".into()),
        ],
    )
}

fn plan(schema: &Schema, prior: &Value, config: &Value) -> Planned {
    Planning::new(schema, prior, config, config)
        .and_then(Planning::finish)
        .unwrap_or_else(|diagnostics| panic!("{diagnostics}"))
}

fn limits(create: &str) -> Value {
    Value::object([
        ("create", create.into()),
        ("read", Value::Null),
        ("update", Value::Null),
        ("delete", Value::Null),
    ])
}

#[test]
fn a_creation_plans_defaults_and_leaves_computed_attributes_unknown() {
    let schema = server();
    let config = object(&schema, [("name", "a".into()), ("password", "secret".into())]);
    let planned = plan(&schema, &Value::Null, &config);
    let expected = object(
        &schema,
        [
            ("name", "a".into()),
            ("size", "small".into()),
            ("id", Value::UNKNOWN),
            ("url", Value::UNKNOWN),
            ("status", Value::UNKNOWN),
        ],
    );
    assert_eq!(planned.value, expected);
    assert_eq!(planned.requires_replace, []);
}

#[test]
fn an_unchanged_configuration_plans_the_prior_state() {
    let schema = server();
    let prior = deployed(&schema);
    let config = object(&schema, [("name", "a".into()), ("password", "new secret".into())]);
    let planning = Planning::new(&schema, &prior, &config, &config).unwrap();
    assert_eq!(planning.action(), Action::NoChange);
    assert_eq!(planning.finish().unwrap().value, prior);
}

#[test]
fn a_change_makes_only_those_computed_attributes_unknown_that_may_change() {
    let schema = server();
    let prior = deployed(&schema);
    let config = object(&schema, [("name", "a".into()), ("label", "x".into())]);
    let planned = plan(&schema, &prior, &config).value;
    assert_eq!(planned.attribute("id"), Some(&"1".into()));
    assert_eq!(planned.attribute("url"), Some(&"http://a".into()));
    assert_eq!(planned.attribute("status"), Some(&Value::UNKNOWN));

    let renamed = object(&schema, [("name", "b".into())]);
    let planned = plan(&schema, &prior, &renamed).value;
    assert_eq!(planned.attribute("url"), Some(&Value::UNKNOWN));
}

#[test]
fn a_value_that_depends_on_a_dependent_one_follows_it() {
    let depends_on =
        |name: &str, on: &str| attribute::<Attr<String>>(name).modifier(PlanModifier::DependsOn(vec![on.into()]));
    let schema = schema(vec![
        depends_on("link", "url"),
        depends_on("url", "name"),
        attribute::<String>("name"),
        attribute::<Option<String>>("label"),
    ]);
    let prior = object(
        &schema,
        [("name", "a".into()), ("url", "u".into()), ("link", "l".into())],
    );
    let labeled = object(&schema, [("name", "a".into()), ("label", "x".into())]);
    assert_eq!(
        plan(&schema, &prior, &labeled).value.attribute("link"),
        Some(&"l".into())
    );
    let renamed = object(&schema, [("name", "b".into())]);
    assert_eq!(
        plan(&schema, &prior, &renamed).value.attribute("link"),
        Some(&Value::UNKNOWN)
    );
}

#[test]
fn timeouts_change_nothing_but_themselves() {
    let schema = server();
    let prior = deployed(&schema);
    let config = object(&schema, [("name", "a".into()), ("timeouts", limits("1h"))]);
    let planning = Planning::new(&schema, &prior, &config, &config).unwrap();
    assert!(!planning.changed(&Path::root()));
    assert!(planning.changed(&"timeouts".into()));
    assert_eq!(planning.action(), Action::Update);
    let planned = planning.finish().unwrap().value;
    assert_eq!(planned.attribute("timeouts"), Some(&limits("1h")));
    assert_eq!(planned.attribute("status"), Some(&"up".into()));
}

#[test]
fn a_spelling_that_means_the_same_is_no_change() {
    let schema = schema(vec![
        Attribute {
            semantic_equality: Some(|a, b| a.as_str().map(str::to_lowercase) == b.as_str().map(str::to_lowercase)),
            ..attribute::<String>("zone").requires_replace()
        },
        attribute::<Attr<String>>("status"),
    ]);
    let prior = object(&schema, [("zone", "AFRICA".into()), ("status", "up".into())]);
    let config = object(&schema, [("zone", "africa".into())]);
    assert_eq!(plan(&schema, &prior, &config).value, prior);
    let unknown = object(&schema, [("zone", Value::UNKNOWN)]);
    assert_eq!(
        plan(&schema, &prior, &unknown).value.attribute("zone"),
        Some(&Value::UNKNOWN)
    );
}

#[test]
fn a_deletion_plans_nothing_at_all() {
    let schema = server();
    let prior = deployed(&schema);
    let planning = Planning::new(&schema, &prior, &Value::Null, &Value::Null).unwrap();
    assert_eq!(planning.action(), Action::Delete);
    let planned = planning.finish().unwrap();
    assert_eq!((planned.value, planned.requires_replace), (Value::Null, Vec::new()));
}

#[test]
fn a_replacement_names_the_changed_attribute_only_if_there_is_an_object() {
    let schema = server();
    let prior = deployed(&schema);
    let config = object(&schema, [("name", "b".into()), ("label", "x".into())]);
    assert_eq!(plan(&schema, &prior, &config).requires_replace, ["name".into()]);
    assert_eq!(plan(&schema, &Value::Null, &config).requires_replace, []);
    let unknown = object(&schema, [("name", Value::UNKNOWN)]);
    assert_eq!(plan(&schema, &prior, &unknown).requires_replace, ["name".into()]);
}

#[test]
fn what_an_import_could_not_find_out_is_no_reason_to_replace() {
    let schema = schema(vec![
        attribute::<String>("name").requires_replace(),
        attribute::<String>("size").default_value("small").requires_replace(),
        attribute::<Option<String>>("zone").requires_replace(),
    ]);
    let imported = object(&schema, []);
    let config = object(&schema, [("name", "a".into())]);
    assert_eq!(plan(&schema, &imported, &config).requires_replace, []);
    // An optional attribute may have been absent, and adding it is a change.
    let with_zone = object(&schema, [("name", "a".into()), ("zone", "z".into())]);
    assert_eq!(plan(&schema, &imported, &with_zone).requires_replace, ["zone".into()]);
}

#[test]
fn a_replacement_can_depend_on_the_values() {
    fn shrinks(prior: &Value, planned: &Value) -> bool {
        matches!((prior, planned), (Value::Number(prior), Value::Number(planned)) if planned.as_i64() < prior.as_i64())
    }
    let schema = schema(vec![
        attribute::<i64>("disk").modifier(PlanModifier::ReplaceIf(shrinks)),
    ]);
    let prior = object(&schema, [("disk", 10.into())]);
    for (disk, replaced) in [(20, false), (10, false), (5, true)] {
        let config = object(&schema, [("disk", disk.into())]);
        assert_eq!(
            !plan(&schema, &prior, &config).requires_replace.is_empty(),
            replaced,
            "{disk}"
        );
    }
}

#[test]
fn a_computed_value_that_only_might_change_replaces_nothing() {
    let vpc = vec![attribute::<String>("cidr"), attribute::<Attr<String>>("arn")];
    let schema = schema(vec![
        nested("vpc", Nesting::Single, Presence::Required, vpc).requires_replace(),
        attribute::<Option<String>>("zone")
            .optional_computed()
            .requires_replace(),
        attribute::<Option<String>>("label"),
    ]);
    let vpc = |cidr: &str, arn: Value| Value::object([("cidr", cidr.into()), ("arn", arn)]);
    let prior = object(&schema, [("vpc", vpc("10", "arn".into())), ("zone", "z".into())]);
    let labeled = object(&schema, [("vpc", vpc("10", Value::Null)), ("label", "x".into())]);
    let planned = plan(&schema, &prior, &labeled);
    assert_eq!(planned.value.attribute("vpc"), Some(&vpc("10", Value::UNKNOWN)));
    assert_eq!(planned.requires_replace, []);
    let moved = object(&schema, [("vpc", vpc("11", Value::Null))]);
    assert_eq!(plan(&schema, &prior, &moved).requires_replace, ["vpc".into()]);
}

#[test]
fn replacements_name_elements_of_lists_and_maps_that_were_there_before() {
    let disk = || vec![attribute::<i64>("size").requires_replace()];
    let schema = schema(vec![
        nested("disks", Nesting::List, Presence::Optional, disk()),
        nested("volumes", Nesting::Map, Presence::Optional, disk()),
        nested("boot", Nesting::Single, Presence::Optional, disk()),
    ]);
    let disk = |size: i64| Value::object([("size", size.into())]);
    let state = |sizes: &[i64], volume: i64, boot: Value| {
        object(
            &schema,
            [
                ("disks", Value::List(sizes.iter().map(|size| disk(*size)).collect())),
                ("volumes", Value::Map([("a".to_owned(), disk(volume))].into())),
                ("boot", boot),
            ],
        )
    };
    let prior = state(&[1, 2], 1, Value::Null);
    let paths = |config: &Value| {
        let paths = plan(&schema, &prior, config).requires_replace;
        paths.iter().map(Path::to_string).collect::<Vec<_>>()
    };
    assert_eq!(paths(&state(&[1, 2, 3], 1, Value::Null)), [""; 0]);
    assert_eq!(paths(&state(&[1], 1, Value::Null)), [""; 0]);
    assert_eq!(
        paths(&state(&[1, 3], 2, Value::Null)),
        ["disks[1].size", r#"volumes["a"].size"#]
    );
    assert_eq!(paths(&state(&[1, 2], 1, disk(1))), ["boot.size"]);
}

#[test]
fn elements_keep_their_computed_values_by_index_and_key() {
    let port = || vec![attribute::<i64>("number"), attribute::<Attr<String>>("id").keep()];
    for (nesting, collect) in [
        (Nesting::List, Value::List as fn(Vec<Value>) -> Value),
        (Nesting::Map, |elements| {
            Value::Map(["a", "b"].iter().map(|key| (*key).to_owned()).zip(elements).collect())
        }),
    ] {
        let schema = schema(vec![nested("ports", nesting, Presence::Required, port())]);
        let port = |number: i64, id: Value| Value::object([("number", number.into()), ("id", id)]);
        let prior = object(&schema, [("ports", collect(vec![port(1, "x".into())]))]);
        let config = object(
            &schema,
            [("ports", collect(vec![port(9, Value::Null), port(2, Value::Null)]))],
        );
        let expected = collect(vec![port(9, "x".into()), port(2, Value::UNKNOWN)]);
        assert_eq!(plan(&schema, &prior, &config).value.attribute("ports"), Some(&expected));
    }
}

fn rules(attributes: Vec<Attribute>) -> Schema {
    schema(vec![nested("rules", Nesting::Set, Presence::Optional, attributes)])
}

fn rule<const N: usize>(attributes: [(&str, Value); N]) -> Value {
    Value::object(attributes)
}

#[test]
fn elements_of_a_set_keep_their_computed_values_when_others_come_and_go() {
    let schema = rules(vec![attribute::<i64>("port"), attribute::<Attr<String>>("id").keep()]);
    let element = |port: i64, id: Value| rule([("port", port.into()), ("id", id)]);
    let state = |elements: Vec<Value>| object(&schema, [("rules", Value::set(elements))]);
    let prior = state(vec![element(1, "x".into()), element(2, "y".into())]);
    let config = state(vec![element(2, Value::Null), element(3, Value::Null)]);
    let planned = plan(&schema, &prior, &config).value;
    assert_eq!(planned, state(vec![element(2, "y".into()), element(3, Value::UNKNOWN)]));
}

#[test]
fn defaults_are_applied_to_each_element_of_a_set() {
    let schema = rules(vec![
        attribute::<i64>("port"),
        attribute::<String>("protocol").default_value("tcp"),
    ]);
    let element = |port: i64, protocol: Value| rule([("port", port.into()), ("protocol", protocol)]);
    let state = |elements: Vec<Value>| object(&schema, [("rules", Value::set(elements))]);
    let config = state(vec![
        element(1, Value::Null),
        element(2, "udp".into()),
        element(3, Value::Null),
    ]);
    let planned = plan(&schema, &Value::Null, &config).value;
    assert_eq!(
        planned,
        state(vec![
            element(1, "tcp".into()),
            element(2, "udp".into()),
            element(3, "tcp".into())
        ])
    );
    assert_eq!(plan(&schema, &planned, &config).value, planned);
}

#[test]
fn no_element_of_a_set_takes_the_prior_element_of_another() {
    let schema = rules(vec![
        attribute::<i64>("port"),
        attribute::<Option<String>>("zone").optional_computed().keep(),
    ]);
    let element = |zone: Value| rule([("port", 1.into()), ("zone", zone)]);
    let state = |elements: Vec<Value>| object(&schema, [("rules", Value::set(elements))]);
    // The first element could be either prior one, the second only one of them.
    let config = state(vec![element(Value::Null), element("a".into())]);
    let prior = state(vec![element("a".into()), element("b".into())]);
    assert_eq!(plan(&schema, &prior, &config).value, prior);
    // There is one prior element, and the second is it exactly: the first must not become the same.
    let prior = state(vec![element("a".into())]);
    let expected = state(vec![element(Value::UNKNOWN), element("a".into())]);
    assert_eq!(plan(&schema, &prior, &config).value, expected);
}

#[test]
fn elements_of_a_set_are_planned_in_the_spelling_of_the_configuration() {
    let schema = rules(vec![Attribute {
        semantic_equality: Some(|a, b| a.as_str().map(str::to_lowercase) == b.as_str().map(str::to_lowercase)),
        ..attribute::<String>("host")
    }]);
    let state = |hosts: &[&str]| {
        let elements = hosts.iter().map(|host| rule([("host", (*host).into())]));
        object(&schema, [("rules", Value::set(elements))])
    };
    assert_eq!(plan(&schema, &state(&["a"]), &state(&["A"])).value, state(&["A"]));
    assert_eq!(
        plan(&schema, &state(&["a"]), &state(&["A", "a"])).value,
        state(&["A", "a"])
    );
}

#[test]
fn an_element_of_a_set_in_another_spelling_keeps_its_computed_values() {
    let host = Attribute {
        semantic_equality: Some(|a, b| a.as_str().map(str::to_lowercase) == b.as_str().map(str::to_lowercase)),
        ..attribute::<String>("host")
    };
    let schema = rules(vec![host, attribute::<Attr<String>>("id").keep()]);
    let element = |host: Value, id: Value| rule([("host", host), ("id", id)]);
    let state = |elements: Vec<Value>| object(&schema, [("rules", Value::set(elements))]);
    let both = state(vec![element("A".into(), "y".into()), element("a".into(), "x".into())]);
    let same = state(vec![element("A".into(), Value::Null), element("a".into(), Value::Null)]);
    assert_eq!(plan(&schema, &both, &same).value, both);
    let prior = state(vec![element("A".into(), "x".into())]);
    let config = |other: Value| state(vec![element("a".into(), Value::Null), element(other, Value::Null)]);
    let first = plan(&schema, &prior, &config(Value::UNKNOWN)).value;
    let second = plan(&schema, &prior, &config("b".into())).value;
    let expected = state(vec![
        element("a".into(), "x".into()),
        element("b".into(), Value::UNKNOWN),
    ]);
    assert_eq!(second, expected);
    let defects = crate::lifecycle::check::assert_replan_compatible(&schema, &first, &second);
    assert!(defects.is_empty(), "{defects}");
}

#[test]
fn an_unknown_element_of_a_set_leaves_what_it_may_turn_out_to_be_unclaimed() {
    let schema = rules(vec![
        attribute::<String>("host"),
        attribute::<Option<String>>("zone").optional_computed().keep(),
    ]);
    let element = |host: Value, zone: Value| rule([("host", host), ("zone", zone)]);
    let state = |elements: Vec<Value>| object(&schema, [("rules", Value::set(elements))]);
    let prior = state(vec![element("h".into(), "a".into()), element("g".into(), "b".into())]);
    let config = |unknown: Value| {
        state(vec![
            element(unknown, "a".into()),
            element("h".into(), Value::Null),
            element("g".into(), Value::Null),
        ])
    };
    let first = plan(&schema, &prior, &config(Value::UNKNOWN)).value;
    let expected = state(vec![
        element(Value::UNKNOWN, "a".into()),
        element("h".into(), Value::UNKNOWN),
        element("g".into(), "b".into()),
    ]);
    assert_eq!(first, expected);
    let second = plan(&schema, &prior, &config("h".into())).value;
    let defects = crate::lifecycle::check::assert_replan_compatible(&schema, &first, &second);
    assert!(defects.is_empty(), "{defects}");
}

#[test]
fn an_unknown_collection_is_planned_unknown_and_an_empty_one_is_not_null() {
    for nesting in [Nesting::Single, Nesting::List, Nesting::Set, Nesting::Map] {
        let schema = schema(vec![nested(
            "rules",
            nesting,
            Presence::Optional,
            vec![attribute::<String>("port").default_value("1")],
        )]);
        for rules in [Value::UNKNOWN, Value::Null] {
            let config = object(&schema, [("rules", rules)]);
            assert_eq!(plan(&schema, &Value::Null, &config).value, config);
        }
    }
    let schema = rules(vec![attribute::<i64>("port")]);
    let prior = object(&schema, []);
    let config = object(&schema, [("rules", Value::set([]))]);
    assert_eq!(plan(&schema, &prior, &config).value, config);
}

#[test]
fn removing_an_optional_computed_nested_attribute_is_a_change() {
    let inner = || {
        vec![
            attribute::<Option<String>>("class"),
            attribute::<Attr<String>>("address"),
        ]
    };
    let ingress = |class: Value, address: Value| Value::object([("class", class), ("address", address)]);
    let removed = |attribute: Attribute| {
        let schema = schema(vec![attribute]);
        let prior = object(&schema, [("ingress", ingress("nginx".into(), "10".into()))]);
        let config = object(&schema, []);
        plan(&schema, &prior, &config)
            .value
            .attribute_or_null("ingress")
            .clone()
    };
    let attribute = nested("ingress", Nesting::Single, Presence::OptionalComputed, inner());
    assert_eq!(removed(attribute.clone()), Value::UNKNOWN);
    assert_eq!(removed(attribute.keep()), ingress("nginx".into(), "10".into()));
}

#[test]
fn a_default_of_a_nested_attribute_is_planned_like_a_configuration() {
    let inner = vec![
        attribute::<String>("class").default_value("nginx"),
        attribute::<Attr<String>>("address"),
    ];
    let ingress = |class: Value, address: Value| Value::object([("class", class), ("address", address)]);
    let schema = schema(vec![
        nested("ingress", Nesting::Single, Presence::Optional, inner).default_value(ingress(Value::Null, Value::Null)),
    ]);
    let config = object(&schema, []);
    let planned = plan(&schema, &Value::Null, &config).value;
    assert_eq!(
        planned.attribute("ingress"),
        Some(&ingress("nginx".into(), Value::UNKNOWN))
    );
}

#[test]
fn write_only_attributes_are_planned_null_wherever_they_are() {
    let inner = vec![attribute::<String>("user"), attribute::<WriteOnly<String>>("password")];
    let schema = schema(vec![nested("logins", Nesting::List, Presence::Optional, inner)]);
    let login = |password: Value| {
        let login = Value::object([("user", "u".into()), ("password", password)]);
        object(&schema, [("logins", Value::List(vec![login]))])
    };
    let planned = plan(&schema, &Value::Null, &login("secret".into())).value;
    assert_eq!(planned, login(Value::Null));
    let unknown = plan(&schema, &planned, &login(Value::UNKNOWN)).value;
    assert_eq!(unknown, planned);
}

#[test]
fn a_hook_shapes_what_the_configuration_leaves_open() {
    let schema = server();
    let prior = deployed(&schema);
    let config = object(&schema, [("name", "a".into()), ("label", "x".into())]);
    let mut planning = Planning::new(&schema, &prior, &config, &config).unwrap();
    assert!(planning.changed(&"label".into()));
    assert!(!planning.changed(&"name".into()));
    planning.set("status", "up".into());
    planning.set_unknown("id");
    planning.require_replace("label");
    let planned = planning.finish().unwrap();
    assert_eq!(planned.value.attribute("status"), Some(&"up".into()));
    assert_eq!(planned.value.attribute("id"), Some(&Value::UNKNOWN));
    assert_eq!(planned.requires_replace, ["label".into()]);
}

#[test]
fn a_hook_that_contradicts_the_configuration_is_found_out() {
    let schema = server();
    let prior = deployed(&schema);
    let config = object(&schema, [("name", "a".into())]);
    let finish = |shape: fn(&mut Planning<'_>)| {
        let mut planning = Planning::new(&schema, &prior, &config, &config).unwrap();
        shape(&mut planning);
        let defects = planning.finish().unwrap_err();
        defects.iter().map(|defect| defect.path.clone()).collect::<Vec<_>>()
    };
    assert_eq!(
        finish(|planning| planning.set("name", "b".into())),
        [Some("name".into())]
    );
    assert_eq!(
        finish(|planning| planning.set("nmae", "b".into())),
        [Some("nmae".into())]
    );
    assert_eq!(
        finish(|planning| planning.require_replace("nmae")),
        [Some("nmae".into())]
    );
    assert_eq!(
        finish(|planning| planning.set("status", 5.into())),
        [Some("status".into())]
    );
}

#[test]
fn a_hook_that_sets_a_write_only_attribute_sets_nothing() {
    let schema = server();
    let prior = deployed(&schema);
    let config = object(&schema, [("name", "a".into()), ("password", "secret".into())]);
    let mut planning = Planning::new(&schema, &prior, &config, &config).unwrap();
    planning.set("password", "secret".into());
    assert_eq!(planning.finish().unwrap().value, prior);
}

#[test]
fn paths_into_sets_are_cut_before_the_set() {
    let schema = rules(vec![attribute::<i64>("port")]);
    let state = |port: i64| object(&schema, [("rules", Value::set([rule([("port", port.into())])]))]);
    let (prior, config) = (state(1), state(2));
    let mut planning = Planning::new(&schema, &prior, &config, &config).unwrap();
    let element = crate::path::Step::Element(rule([("port", 2.into())]));
    planning.require_replace(Path::new("rules").step(element).attribute("port"));
    planning.require_replace("rules");
    assert_eq!(planning.finish().unwrap().requires_replace, ["rules".into()]);
}

#[test]
fn what_may_turn_out_to_need_a_replacement_is_planned_as_one() {
    let disk = || vec![attribute::<i64>("size").requires_replace()];
    let schema = schema(vec![
        nested("disks", Nesting::List, Presence::Optional, disk()),
        nested("boot", Nesting::Single, Presence::Optional, disk()),
    ]);
    let disk = Value::object([("size", 1.into())]);
    let config = object(&schema, [("disks", Value::UNKNOWN), ("boot", Value::UNKNOWN)]);
    let replaced = |prior: &Value| {
        let paths = plan(&schema, prior, &config).requires_replace;
        paths.iter().map(Path::to_string).collect::<Vec<_>>()
    };
    let prior = object(&schema, [("disks", Value::List(vec![disk.clone()])), ("boot", disk)]);
    assert_eq!(replaced(&prior), ["boot.size", "disks[0].size"]);
    assert_eq!(replaced(&object(&schema, [])), ["boot"]);
}
