//! Generated lives of many objects at once.

use std::collections::BTreeMap;
use std::path::Path as FilePath;

use acceptance_tests::everything::Everything;
use acceptance_tests::everything::gauge::Gauge;
use acceptance_tests::everything::rack::Rack;
use acceptance_tests::everything::thing::Thing;
use acceptance_tests::tofu::Cli;
use serde_json::Value as Json;
use tf_framework::diagnostics::Diagnostics;
use tf_framework::lifecycle::validate::validate_config;
use tf_framework::model::FromValue;
use tf_framework::path::Path;
use tf_framework::resource::{Draft, Resource};
use tf_framework::schema::Schema;
use tf_framework::testing::Core;
use tf_framework::types::Type;
use tf_framework::value::Value;

use super::{GAUGE, RACK, THING, planned_action, stored};
use crate::generate::{Generator, What};
use crate::run::{expression, workspace, write_config};
use crate::support::seed;

/// How many objects of each type.
const OBJECTS: usize = 30;
const STEPS: usize = 3;

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn generated_lives_are_the_same_in_the_simulator_and_in_the_cores() {
    let kinds = [Kind::new(THING, Thing), Kind::new(RACK, Rack), Kind::new(GAUGE, Gauge)];
    for cli in Cli::all().unwrap() {
        let mut generator = Generator::new(seed());
        let workspace = workspace(cli);
        let remote = tempfile::tempdir().unwrap();
        let mut lives: Vec<Life> = kinds.iter().flat_map(|kind| Life::all(kind, remote.path())).collect();
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        for _ in 0..STEPS {
            for life in &mut lives {
                life.go_on(&mut generator);
            }
            write_config(
                &workspace,
                lives
                    .iter()
                    .map(|life| (life.kind.type_name, life.name.as_str(), &life.kind.schema, &life.config)),
            );
            let plan = workspace.plan().await.unwrap();
            workspace
                .run(&["apply", "-json", "-input=false", "plan.bin"])
                .await
                .unwrap();
            let of_kind = |kind: &Kind| (kind.type_name, stored(&workspace, kind.type_name));
            let stored: BTreeMap<_, _> = kinds.iter().map(of_kind).collect();
            for life in &mut lives {
                let config = expression(&life.config);
                let action = life.core.plan(config.clone()).await.unwrap().action;
                let address = format!("{}.{}", life.kind.type_name, life.name);
                assert_eq!(planned_action(&plan, &address), action, "{config}");
                let state = life.core.apply(config.clone()).await.unwrap();
                let stored = &stored[life.kind.type_name][&life.name]["attributes"];
                let of = life.kind.schema.value_type();
                assert_eq!(in_order(&of, stored), in_order(&of, &state), "{config}");
                *seen.entry(format!("{action:?} {}", life.kind.type_name)).or_default() += 1;
            }
        }
        assert!(workspace.plan().await.unwrap().is_empty());
        assert_eq!(seen.len(), 12, "not all actions were seen: {seen:?}");
    }
}

/// The same with the elements of sets in the order of their texts: in a state they are in any.
fn in_order(of: &Type, value: &Json) -> Json {
    match (of, value) {
        (Type::Set(of), Json::Array(elements)) => {
            let mut elements: Vec<Json> = elements.iter().map(|element| in_order(of, element)).collect();
            elements.sort_by_key(Json::to_string);
            elements.into()
        }
        (Type::List(of), Json::Array(elements)) => elements.iter().map(|element| in_order(of, element)).collect(),
        (Type::Map(of), Json::Object(elements)) => {
            let elements = elements
                .iter()
                .map(|(key, element)| (key.clone(), in_order(of, element)));
            Json::Object(elements.collect())
        }
        (Type::Object(types), Json::Object(attributes)) => {
            let attributes = attributes.iter().map(|(name, value)| {
                let value = types.get(name).map_or(value.clone(), |of| in_order(of, value));
                (name.clone(), value)
            });
            Json::Object(attributes.collect())
        }
        _ => value.clone(),
    }
}

/// A type of resources.
struct Kind {
    type_name: &'static str,
    schema: Schema,
    accepts: Box<dyn Fn(&Value) -> bool>,
}

/// One object in the simulator, with a configuration that changes.
struct Life<'k> {
    kind: &'k Kind,
    name: String,
    core: Core<Everything>,
    config: Value,
}

impl Kind {
    fn new<R: Resource>(type_name: &'static str, resource: R) -> Self {
        let schema = resource.schema();
        let of_schema = schema.clone();
        let accepts = move |config: &Value| {
            let mut diagnostics = validate_config(&of_schema, config, true);
            match Draft::<R>::from_value(config) {
                Ok(draft) => resource.validate(&draft, &mut diagnostics),
                Err(error) => diagnostics.append(Diagnostics::from(error)),
            }
            !diagnostics.has_errors()
        };
        Kind {
            type_name,
            schema,
            accepts: Box::new(accepts),
        }
    }

    /// A configuration that can be planned: most that are generated break one rule or another.
    fn config(&self, name: &str, generator: &mut Generator) -> Value {
        for _ in 0..100_000 {
            let mut config = generator.object(&self.schema, name, What::Config { unknown: false });
            // Only things can be told to fail.
            Path::new("fail").set(&mut config, Value::Null);
            if (self.accepts)(&config) {
                return config;
            }
        }
        panic!("no configuration of {} is accepted", self.type_name);
    }
}

impl<'k> Life<'k> {
    fn all(kind: &'k Kind, remote: &FilePath) -> impl Iterator<Item = Life<'k>> {
        (0..OBJECTS).map(move |number| Life {
            kind,
            name: format!("{}{number}", kind.type_name.trim_start_matches("everything_")),
            core: Core::new(Everything::new(remote), kind.type_name),
            config: Value::Null,
        })
    }

    /// The next configuration; some stay as they are.
    fn go_on(&mut self, generator: &mut Generator) {
        if self.config.is_null() || !generator.once_in(5) {
            let suffix = if generator.once_in(6) { "-other" } else { "" };
            self.config = self.kind.config(&format!("{}{suffix}", self.name), generator);
        }
    }
}
