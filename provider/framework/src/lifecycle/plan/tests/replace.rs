//! What is replaced, and what is not.

use super::*;
use crate::lifecycle::fixtures::{attribute, nested, object, schema};
use crate::model::Attr;
use crate::schema::{Nesting, PlanModifier, Presence};

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
