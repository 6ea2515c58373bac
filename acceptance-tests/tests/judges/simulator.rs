//! The simulator of a core, held against the cores: the same provider and the same configurations end in the same states.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use acceptance_tests::everything::Everything;
use acceptance_tests::everything::thing::ThingModel;
use acceptance_tests::tofu::{Cli, Plan, Workspace};
use serde_json::{Value as Json, json};
use tf_framework::Model;
use tf_framework::path::Path;
use tf_framework::schema::Schema;
use tf_framework::testing::{Action, Core};
use tf_framework::value::Value;

use crate::generate::{Generator, What};
use crate::run::{expression, outcome, workspace, write_config};
use crate::support::seed;

const THING: &str = "everything_thing";
const THINGS: usize = 30;
const STEPS: usize = 3;

/// The simulation of one resource, and the real one.
struct Pair {
    workspace: Workspace,
    core: Core<Everything>,
    remotes: [PathBuf; 2],
    _directory: tempfile::TempDir,
}

impl Pair {
    fn new(cli: Cli) -> Self {
        let workspace = workspace(cli);
        let directory = tempfile::tempdir().unwrap();
        Pair {
            remotes: [workspace.directory().join(".remote"), directory.path().to_owned()],
            workspace,
            core: Core::new(Everything::new(directory.path()), THING),
            _directory: directory,
        }
    }

    fn configure(&self, config: &Json) {
        let config = json!({ "resource": { THING: { "it": config } } });
        self.workspace.write("main.tf.json", &config.to_string()).unwrap();
    }

    /// Plans and applies on both sides; actions, errors and states have to agree.
    async fn apply(&mut self, config: &Json, action: Action, error: Option<&str>) {
        self.configure(config);
        let plan = self.workspace.plan().await.unwrap();
        assert_eq!(planned_action(&plan, "everything_thing.it"), action, "{config}");
        assert_eq!(self.core.plan(config.clone()).await.unwrap().action, action, "{config}");
        let real = outcome(
            self.workspace
                .run(&["apply", "-json", "-input=false", "plan.bin"])
                .await,
        );
        let simulated = self.core.apply(config.clone()).await;
        let summaries: Vec<&str> = real.errors().map(|error| error.summary.as_str()).collect();
        assert_eq!(summaries, Vec::from_iter(error), "{config}");
        let failure = simulated.err().unwrap_or_default();
        let summaries: Vec<&str> = failure.iter().map(|error| error.summary.as_str()).collect();
        assert_eq!(summaries, Vec::from_iter(error), "{config}");
        self.assert_same_state();
    }

    fn assert_same_state(&self) {
        let stored = stored(&self.workspace);
        let real = stored.get("it");
        assert_eq!(real.map(|it| &it["attributes"]), self.core.state());
        let tainted = real.is_some_and(|it| it["status"] == "tainted");
        assert_eq!(tainted, self.core.is_tainted());
    }

    /// Changes the remote object behind the cores' backs.
    fn drift(&self, text: &str) {
        for remote in &self.remotes {
            let path = remote.join("a-id.json");
            let mut object: Json = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
            object["text"] = text.into();
            fs::write(path, object.to_string()).unwrap();
        }
    }

    fn remove_remote(&self) {
        for remote in &self.remotes {
            fs::remove_file(remote.join("a-id.json")).unwrap();
        }
    }
}

/// The instances in the state file, by the name of their resource.
fn stored(workspace: &Workspace) -> BTreeMap<String, Json> {
    let path = workspace.directory().join("terraform.tfstate");
    let state: Json = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    let resources = state["resources"].as_array().unwrap().iter();
    resources
        .filter(|resource| resource["type"] == THING)
        .map(|resource| {
            (
                resource["name"].as_str().unwrap().to_owned(),
                resource["instances"][0].clone(),
            )
        })
        .collect()
}

fn planned_action(plan: &Plan, address: &str) -> Action {
    match plan.actions(address)[..] {
        ["no-op"] | [] => Action::NoChange,
        ["create"] => Action::Create,
        ["update"] => Action::Update,
        ["delete", "create"] => Action::Replace,
        ref other => panic!("{address}: {other:?}"),
    }
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_life_is_the_same_in_the_simulator_and_in_the_cores() {
    for cli in Cli::all().unwrap() {
        let mut pair = Pair::new(cli);
        let first =
            json!({ "name": "a", "text": "one", "zone": "North", "password": "secret", "parts": [{ "size": 1 }] });
        pair.apply(&first, Action::Create, None).await;
        pair.apply(&first, Action::NoChange, None).await;
        let second = json!({ "name": "a", "text": "two", "zone": "NORTH", "parts": [{ "size": 1 }, { "size": 2 }] });
        pair.apply(&second, Action::Update, None).await;
        pair.drift("changed");
        pair.apply(&second, Action::Update, None).await;
        pair.remove_remote();
        pair.apply(&second, Action::Create, None).await;
        let failing = json!({ "name": "a", "text": "three", "fail": "update" });
        pair.apply(&failing, Action::Update, Some("Unable to update thing"))
            .await;
        let renamed = json!({ "name": "b", "capacity": 5, "fail": "create" });
        pair.apply(&renamed, Action::Replace, Some("Unable to create thing"))
            .await;
        let mended = json!({ "name": "b", "capacity": 5 });
        pair.apply(&mended, Action::Replace, None).await;
        pair.apply(&json!({ "name": "b", "capacity": 9 }), Action::Update, None)
            .await;
        let shrunk = json!({ "name": "b", "capacity": 2 });
        pair.apply(&shrunk, Action::Replace, None).await;
        pair.apply(&json!({ "name": "b", "fail": "delete" }), Action::Update, None)
            .await;
        let stuck = outcome(pair.workspace.destroy().await);
        let summaries: Vec<&str> = stuck.errors().map(|error| error.summary.as_str()).collect();
        let failure = pair.core.destroy().await.unwrap_err();
        assert_eq!(
            summaries,
            failure.iter().map(|error| error.summary.as_str()).collect::<Vec<_>>()
        );
        pair.assert_same_state();
        pair.apply(&shrunk, Action::Update, None).await;
        pair.workspace.state_rm("everything_thing.it").await.unwrap();
        pair.workspace.import("everything_thing.it", "b-id").await.unwrap();
        import_again(&mut pair).await;
        pair.assert_same_state();
        pair.workspace.destroy().await.unwrap();
        pair.core.destroy().await.unwrap();
        assert_eq!((stored(&pair.workspace).len(), pair.core.state()), (0, None));
    }
}

/// The simulator has no command that forgets; another one has never known.
async fn import_again(pair: &mut Pair) {
    pair.core = Core::new(Everything::new(&pair.remotes[1]), THING);
    pair.core.import("b-id").await.unwrap();
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn states_of_older_versions_are_the_same_in_the_simulator_and_in_the_cores() {
    for cli in Cli::all().unwrap() {
        let address = cli.provider_address("medic/everything");
        let mut pair = Pair::new(cli);
        let config = json!({ "name": "a", "text": "one" });
        pair.apply(&config, Action::Create, None).await;
        let mut old = pair.core.state().unwrap().clone();
        let text = old.as_object_mut().unwrap().remove("text");
        old["message"] = text.unwrap();
        old["long_gone"] = 1.into();
        let instance = json!({ "schema_version": 1, "attributes": old });
        let resource = json!({
            "mode": "managed", "type": THING, "name": "it", "provider": format!("provider[\"{address}\"]"),
            "instances": [instance],
        });
        let state = json!({
            "version": 4, "terraform_version": "1.11.0", "serial": 9, "outputs": {},
            "lineage": "9b7f5b0e-4a0e-4c39-8c2d-1f0d3b5a7c11", "resources": [resource],
        });
        pair.workspace.write("terraform.tfstate", &state.to_string()).unwrap();
        pair.core = Core::new(Everything::new(&pair.remotes[1]), THING).with_state(1, old);
        pair.apply(&config, Action::NoChange, None).await;
        pair.apply(&json!({ "name": "a", "text": "two" }), Action::Update, None)
            .await;
    }
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn generated_lives_are_the_same_in_the_simulator_and_in_the_cores() {
    let schema = ThingModel::schema();
    for cli in Cli::all().unwrap() {
        let mut generator = Generator::new(seed());
        let workspace = workspace(cli);
        let directory = tempfile::tempdir().unwrap();
        let names: Vec<String> = (0..THINGS).map(|number| format!("t{number}")).collect();
        let new = |_: &String| Core::new(Everything::new(directory.path()), THING);
        let mut cores: Vec<Core<Everything>> = names.iter().map(new).collect();
        let mut configs: Vec<Value> = Vec::new();
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        for _ in 0..STEPS {
            configs = next_configs(&mut generator, &schema, &names, &configs);
            write_config(&workspace, (THING, &schema), names.iter().map(String::as_str).zip(&configs));
            let plan = workspace.plan().await.unwrap();
            workspace
                .run(&["apply", "-json", "-input=false", "plan.bin"])
                .await
                .unwrap();
            let stored = stored(&workspace);
            for ((name, core), config) in names.iter().zip(&mut cores).zip(&configs) {
                let config = expression(config);
                let action = core.plan(config.clone()).await.unwrap().action;
                assert_eq!(planned_action(&plan, &format!("{THING}.{name}")), action, "{config}");
                let state = core.apply(config.clone()).await.unwrap();
                assert_eq!(stored[name]["attributes"], state, "{config}");
                *seen.entry(format!("{action:?}")).or_default() += 1;
            }
        }
        assert_eq!(seen.len(), 4, "not all actions were seen: {seen:?}");
    }
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn trap_8_numbers_stay_exact_on_their_way_through_the_cores() {
    let numbers = [
        "9007199254740993",
        "-9223372036854775809",
        "18446744073709551616",
        "123456789012345678901234567890.125",
        "0.1",
        "0.30000000000000004",
        "0.3",
    ];
    for cli in Cli::all().unwrap() {
        let workspace = workspace(cli);
        // As text: no parser on the way may round them.
        let things = numbers.iter().enumerate().map(|(index, number)| {
            format!("resource \"{THING}\" \"t{index}\" {{\n  name = \"t{index}\"\n  amount = {number}\n}}\n")
        });
        workspace.write("main.tf", &things.collect::<String>()).unwrap();
        workspace.apply().await.unwrap();
        let state = fs::read_to_string(workspace.directory().join("terraform.tfstate")).unwrap();
        for number in numbers {
            assert!(state.contains(&format!("\"amount\": {number},")), "{number}: {state}");
        }
        assert!(workspace.plan().await.unwrap().is_empty());
    }
}

/// The next configuration of each thing; some stay as they are.
fn next_configs(generator: &mut Generator, schema: &Schema, names: &[String], before: &[Value]) -> Vec<Value> {
    let next = names.iter().enumerate().map(|(index, name)| match before.get(index) {
        Some(before) if generator.once_in(5) => before.clone(),
        _ => {
            let suffix = if generator.once_in(6) { "-other" } else { "" };
            generator.object(schema, &format!("{name}{suffix}"), What::Config { unknown: false })
        }
    });
    next.map(without_failures).collect()
}

fn without_failures(mut config: Value) -> Value {
    assert!(Path::new("fail").set(&mut config, Value::Null));
    config
}
