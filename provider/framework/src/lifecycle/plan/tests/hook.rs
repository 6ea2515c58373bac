//! What the hook of a resource can make of a plan, and what it cannot.

use super::*;
use crate::lifecycle::fixtures::object;
use crate::lifecycle::plan::tests::{deployed, server};

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
