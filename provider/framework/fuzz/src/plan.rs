//! Plans of a resource with an attribute of every kind: a prior state and a configuration that are made up, within its
//! schema.

use arbitrary::{Result, Unstructured};
use tf_framework::lifecycle::check::{assert_conforms, assert_plan_valid};
use tf_framework::lifecycle::plan::{Planned, Planning};
use tf_framework::lifecycle::proposed::proposed_new;
use tf_framework::lifecycle::validate::validate_config;
use tf_framework::model::Model;
use tf_framework::schema::Schema;
use tf_framework::value::Value;

use crate::configuration;
use crate::machine::Machine;

/// Every configuration that validates has a plan that the core accepts, and always the same one.
pub fn run(data: &[u8]) {
    let schema = Machine::schema();
    let Ok((prior, config)) = request(&mut Unstructured::new(data), &schema) else {
        return;
    };
    assert!(assert_conforms(&schema, &prior).is_empty(), "a state of another type");
    // The core never plans what does not validate.
    if validate_config(&schema, &config, true).has_errors() {
        return;
    }
    let proposed = proposed_new(&schema, &prior, &config);
    let planned = plan(&schema, &prior, &proposed, &config);
    assert!(
        assert_conforms(&schema, &planned.value).is_empty(),
        "a plan of another type"
    );
    let defects = assert_plan_valid(&schema, &prior, &config, &planned.value, &planned.requires_replace);
    assert!(defects.is_empty(), "{defects}");
    assert!(
        planned.requires_replace.is_empty() || !prior.is_null(),
        "there is nothing to replace"
    );
    assert_eq!(plan(&schema, &prior, &proposed, &config), planned);

    let deleted = plan(&schema, &prior, &Value::Null, &Value::Null);
    assert!(deleted.value.is_null() && deleted.requires_replace.is_empty());
}

/// What there is, if there is anything, and what is wanted.
fn request(random: &mut Unstructured<'_>, schema: &Schema) -> Result<(Value, Value)> {
    let prior = if random.arbitrary()? {
        configuration::state(random, &schema.attributes)?
    } else {
        Value::Null
    };
    Ok((prior, configuration::of(random, &schema.attributes)?))
}

fn plan(schema: &Schema, prior: &Value, proposed: &Value, config: &Value) -> Planned {
    Planning::new(schema, prior, proposed, config)
        .and_then(Planning::finish)
        .unwrap_or_else(|defects| panic!("{defects}"))
}
