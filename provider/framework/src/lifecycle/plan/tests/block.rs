//! How blocks are planned, and what the checks say of plans and results that break their rules.

use super::*;
use crate::lifecycle::check::{assert_apply_valid, assert_conforms};
use crate::lifecycle::fixtures::{attribute, block, nested, object, schema};
use crate::lifecycle::normalize::normalize;
use crate::model::Attr;
use crate::schema::{Attribute, Block, Nesting, Presence, SemanticEquality};

const SEVERAL: [Nesting; 3] = [Nesting::List, Nesting::Set, Nesting::Map];

fn disk() -> Vec<Attribute> {
    vec![
        attribute::<i64>("size"),
        attribute::<String>("kind").default_value("ssd"),
        attribute::<Attr<String>>("id").keep(),
        block(
            "label",
            Nesting::List,
            vec![attribute::<String>("text"), attribute::<Attr<i64>>("rank")],
        ),
        nested(
            "cache",
            Nesting::Single,
            Presence::Optional,
            vec![attribute::<Attr<i64>>("used")],
        ),
    ]
}

fn disks(nesting: Nesting) -> Schema {
    schema(vec![
        attribute::<Option<String>>("name"),
        block("disk", nesting, disk()),
    ])
}

fn configured(size: i64, labels: &[&str]) -> Value {
    let labels = labels
        .iter()
        .map(|text| Value::object([("text", (*text).into()), ("rank", Value::Null)]));
    with_disk(size, Value::Null, Value::Null, labels.collect())
}

fn with_disk(size: i64, kind: Value, id: Value, labels: Vec<Value>) -> Value {
    Value::object([
        ("size", size.into()),
        ("kind", kind),
        ("id", id),
        ("label", Value::List(labels)),
        ("cache", Value::Null),
    ])
}

fn label(text: &str, rank: Value) -> Value {
    Value::object([("text", text.into()), ("rank", rank)])
}

fn collect(nesting: Nesting, blocks: Vec<Value>) -> Value {
    match nesting {
        Nesting::Single => blocks.into_iter().next().unwrap_or_default(),
        Nesting::List => Value::List(blocks),
        Nesting::Set => Value::set(blocks),
        Nesting::Map => Value::Map(["a", "b", "c"].map(str::to_owned).into_iter().zip(blocks).collect()),
    }
}

fn state(schema: &Schema, nesting: Nesting, blocks: Vec<Value>) -> Value {
    object(schema, [("name", "n".into()), ("disk", collect(nesting, blocks))])
}

fn blamed(defects: &Diagnostics) -> Vec<String> {
    let paths = defects.iter().map(|defect| defect.path.as_ref().map(Path::to_string));
    paths.map(Option::unwrap_or_default).collect()
}

#[test]
fn attributes_in_blocks_are_planned_like_those_in_nested_attributes() {
    for nesting in [Nesting::Single, Nesting::List, Nesting::Set, Nesting::Map] {
        let schema = disks(nesting);
        let config = state(&schema, nesting, vec![configured(10, &["a"])]);
        let planned = |id: Value, rank: Value| {
            let disk = with_disk(10, "ssd".into(), id, vec![label("a", rank)]);
            state(&schema, nesting, vec![disk])
        };
        let created = plan(&schema, &Value::Null, &config).value;
        assert_eq!(created, planned(Value::UNKNOWN, Value::UNKNOWN));
        let prior = planned("1".into(), 7.into());
        assert_eq!(plan(&schema, &prior, &config).value, prior);
        let mut other = config.clone();
        assert!(Path::new("name").set(&mut other, "other".into()));
        let changed = plan(&schema, &prior, &other).value;
        assert_eq!(
            changed.attribute("disk"),
            planned("1".into(), Value::UNKNOWN).attribute("disk")
        );
    }
}

#[test]
fn a_plan_has_as_many_blocks_as_are_configured() {
    for nesting in SEVERAL {
        let schema = disks(nesting);
        let block = |size: i64| with_disk(size, "ssd".into(), "1".into(), vec![]);
        let prior = state(&schema, nesting, vec![block(1), block(2)]);
        for sizes in [&[][..], &[1], &[1, 2, 3]] {
            let configured = sizes.iter().map(|size| configured(*size, &[])).collect();
            let config = state(&schema, nesting, configured);
            let planned = plan(&schema, &prior, &config).value;
            let count = crate::lifecycle::objects(&Path::root(), planned.attribute_or_null("disk")).len();
            assert_eq!(count, sizes.len(), "{nesting:?}");
        }
        let without = object(&schema, []);
        assert_eq!(plan(&schema, &Value::Null, &without).value, without);
        assert!(!without.attribute_or_null("disk").is_null());
    }
}

#[test]
fn a_dynamic_block_that_is_not_known_yet_is_planned_as_it_is() {
    for nesting in [Nesting::Single, Nesting::List, Nesting::Set, Nesting::Map] {
        let schema = disks(nesting);
        let config = object(&schema, [("disk", Value::UNKNOWN)]);
        let prior = state(&schema, nesting, vec![with_disk(1, "ssd".into(), "1".into(), vec![])]);
        for prior in [Value::Null, prior] {
            let planned = plan(&schema, &prior, &config).value;
            assert_eq!(planned.attribute("disk"), Some(&Value::UNKNOWN));
        }
        let grown = state(&schema, nesting, vec![with_disk(1, "ssd".into(), "1".into(), vec![])]);
        let planned = object(&schema, [("name", "n".into()), ("disk", Value::UNKNOWN)]);
        assert!(assert_apply_valid(&schema, &planned, &grown).is_empty());
    }
}

#[test]
fn a_plan_that_breaks_the_rules_for_blocks_is_found_out() {
    for nesting in SEVERAL {
        let schema = disks(nesting);
        let block = |size: i64| with_disk(size, "ssd".into(), "1".into(), vec![]);
        let config = state(&schema, nesting, vec![configured(1, &[])]);
        let prior = state(&schema, nesting, vec![block(1), block(2)]);
        let check = |disks: Value| {
            let planned = object(&schema, [("name", "n".into()), ("disk", disks)]);
            blamed(&assert_plan_valid(&schema, &prior, &config, &planned, &[]))
        };
        let element = match nesting {
            Nesting::List => "disk[0]",
            Nesting::Map => r#"disk["a"]"#,
            Nesting::Set | Nesting::Single => "disk",
        };
        // Those of a set cannot be told apart, and may turn out to be the same.
        let miscounted = if nesting == Nesting::Set { &[][..] } else { &["disk"] };
        assert_eq!(check(collect(nesting, vec![block(1)])), [""; 0]);
        assert_eq!(check(collect(nesting, vec![])), miscounted);
        assert_eq!(check(Value::UNKNOWN), ["disk"]);
        assert_eq!(check(Value::Null), ["disk"]);
        assert_eq!(check(collect(nesting, vec![Value::UNKNOWN])), [element]);
        // As before, which is no excuse where it is blocks.
        assert_eq!(check(collect(nesting, vec![block(1), block(2)])), miscounted);
        let unknown = object(&schema, [("name", "n".into()), ("disk", Value::UNKNOWN)]);
        let planned = state(&schema, nesting, vec![block(1)]);
        assert_eq!(
            blamed(&assert_plan_valid(&schema, &prior, &unknown, &planned, &[])),
            ["disk"]
        );
    }
}

#[test]
fn blocks_inside_blocks_are_counted_too_and_their_attributes_named() {
    let schema = disks(Nesting::List);
    let plan_of = |labels: Vec<Value>| {
        let disk = with_disk(1, "ssd".into(), "1".into(), labels);
        state(&schema, Nesting::List, vec![disk])
    };
    let config = state(&schema, Nesting::List, vec![configured(1, &["a"])]);
    let check = |planned: Value| blamed(&assert_plan_valid(&schema, &Value::Null, &config, &planned, &[]));
    assert_eq!(check(plan_of(vec![])), ["disk[0].label"]);
    assert_eq!(check(plan_of(vec![label("b", Value::Null)])), ["disk[0].label[0].text"]);
    let mut without = plan_of(vec![]);
    let labels = Path::new("disk").index(0).attribute("label");
    assert!(labels.set(&mut without, Value::Null));
    assert_eq!(check(without), ["disk[0].label"]);
}

#[test]
fn null_is_no_value_for_several_blocks_or_a_group_in_any_answer() {
    let group = Block {
        group: true,
        ..Block::default()
    };
    for (block, fine) in [
        (block("disk", Nesting::List, disk()), false),
        (block("disk", Nesting::Set, disk()), false),
        (block("disk", Nesting::Map, disk()), false),
        (block("disk", Nesting::Single, disk()).block(group), false),
        (block("disk", Nesting::Single, disk()), true),
    ] {
        let schema = schema(vec![block]);
        let null = Value::object([("disk", Value::Null)]);
        assert_eq!(assert_conforms(&schema, &null).is_empty(), fine);
        let absent = object(&schema, []);
        assert!(assert_conforms(&schema, &absent).is_empty());
        let planned = plan(&schema, &Value::Null, &absent).value;
        assert_eq!(planned.attribute("disk").is_some_and(Value::is_null), fine);
    }
}

#[test]
fn elements_of_blocks_keep_the_spelling_of_the_plan() {
    let zone = Attribute {
        semantic_equality: Some(SemanticEquality::Values(|a, b| {
            a.as_str().map(str::to_lowercase) == b.as_str().map(str::to_lowercase)
        })),
        ..attribute::<String>("zone")
    };
    for nesting in SEVERAL {
        let schema = schema(vec![block("disk", nesting, vec![zone.clone()])]);
        let state = |zone: &str| {
            let disk = Value::object([("zone", zone.into())]);
            object(&schema, [("disk", collect(nesting, vec![disk]))])
        };
        assert_eq!(normalize(&schema, &state("Africa"), state("AFRICA")), state("Africa"));
        assert_eq!(normalize(&schema, &state("Africa"), state("asia")), state("asia"));
    }
}

#[test]
fn a_replacement_is_required_by_an_attribute_in_a_block_and_by_the_blocks_themselves() {
    let inner = vec![attribute::<i64>("size").requires_replace()];
    let schema = schema(vec![block("disk", Nesting::List, inner)]);
    let state = |sizes: &[i64]| {
        let disks = sizes.iter().map(|size| Value::object([("size", (*size).into())]));
        object(&schema, [("disk", Value::List(disks.collect()))])
    };
    let replaced = |prior: &[i64], config: &[i64]| plan(&schema, &state(prior), &state(config)).requires_replace;
    assert_eq!(
        replaced(&[1, 2], &[1, 3]),
        [Path::new("disk").index(1).attribute("size")]
    );
    assert_eq!(replaced(&[1, 2], &[1]), []);
    assert_eq!(replaced(&[1], &[1]), []);
}
