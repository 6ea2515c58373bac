//! Generated lives of many objects at once.

use std::collections::BTreeMap;
use std::path::Path as FilePath;

use acceptance_tests::everything::Everything;
use acceptance_tests::everything::rack::RackModel;
use acceptance_tests::everything::thing::ThingModel;
use acceptance_tests::tofu::Cli;
use tf_framework::Model;
use tf_framework::path::Path;
use tf_framework::schema::Schema;
use tf_framework::testing::Core;
use tf_framework::value::Value;

use super::{RACK, THING, planned_action, stored};
use crate::generate::{Generator, What};
use crate::run::{expression, workspace, write_config};
use crate::support::seed;

/// How many objects of each type.
const OBJECTS: usize = 30;
const STEPS: usize = 3;

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn generated_lives_are_the_same_in_the_simulator_and_in_the_cores() {
    let schemas = [(THING, ThingModel::schema()), (RACK, RackModel::schema())];
    for cli in Cli::all().unwrap() {
        let mut generator = Generator::new(seed());
        let workspace = workspace(cli);
        let remote = tempfile::tempdir().unwrap();
        let mut lives: Vec<Life> = schemas.iter().flat_map(|of| Life::all(of, remote.path())).collect();
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        for _ in 0..STEPS {
            for life in &mut lives {
                life.go_on(&mut generator);
            }
            write_config(
                &workspace,
                lives
                    .iter()
                    .map(|life| (life.type_name, life.name.as_str(), life.schema, &life.config)),
            );
            let plan = workspace.plan().await.unwrap();
            workspace
                .run(&["apply", "-json", "-input=false", "plan.bin"])
                .await
                .unwrap();
            let of_type = |(type_name, _): &(&'static str, Schema)| (*type_name, stored(&workspace, type_name));
            let stored: BTreeMap<_, _> = schemas.iter().map(of_type).collect();
            for life in &mut lives {
                let config = expression(&life.config);
                let action = life.core.plan(config.clone()).await.unwrap().action;
                let address = format!("{}.{}", life.type_name, life.name);
                assert_eq!(planned_action(&plan, &address), action, "{config}");
                let state = life.core.apply(config.clone()).await.unwrap();
                assert_eq!(stored[life.type_name][&life.name]["attributes"], state, "{config}");
                *seen.entry(format!("{action:?} {}", life.type_name)).or_default() += 1;
            }
        }
        assert!(workspace.plan().await.unwrap().is_empty());
        assert_eq!(seen.len(), 8, "not all actions were seen: {seen:?}");
    }
}

/// One object in the simulator, with a configuration that changes.
struct Life<'s> {
    type_name: &'static str,
    name: String,
    schema: &'s Schema,
    core: Core<Everything>,
    config: Value,
}

impl<'s> Life<'s> {
    fn all((type_name, schema): &'s (&'static str, Schema), remote: &'s FilePath) -> impl Iterator<Item = Life<'s>> {
        (0..OBJECTS).map(move |number| Life {
            type_name,
            name: format!("{}{number}", type_name.trim_start_matches("everything_")),
            schema,
            core: Core::new(Everything::new(remote), type_name),
            config: Value::Null,
        })
    }

    /// The next configuration; some stay as they are.
    fn go_on(&mut self, generator: &mut Generator) {
        if self.config.is_null() || !generator.once_in(5) {
            let suffix = if generator.once_in(6) { "-other" } else { "" };
            let name = format!("{}{suffix}", self.name);
            self.config = generator.object(self.schema, &name, What::Config { unknown: false });
            // Only things can be told to fail.
            Path::new("fail").set(&mut self.config, Value::Null);
        }
    }
}
