//! The simulator of a core, held against the cores: the same provider and the same configurations end in the same
//! states.
//!
//! Here are lives that are told step by step; [`generated`] has many at once.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use acceptance_tests::everything::Everything;
use acceptance_tests::tofu::{Cli, Plan, Workspace};
use serde_json::{Value as Json, json};
use tf_framework::testing::{ChangeAction, Core};

use crate::run::{outcome, workspace};

mod generated;

const GAUGE: &str = "everything_gauge";
const THING: &str = "everything_thing";
const RACK: &str = "everything_rack";

/// The simulation of one resource, and the real one.
struct Pair {
    type_name: &'static str,
    workspace: Workspace,
    core: Core<Everything>,
    remotes: [PathBuf; 2],
    _directory: tempfile::TempDir,
}

impl Pair {
    fn new(cli: Cli, type_name: &'static str) -> Self {
        let workspace = workspace(cli);
        let directory = tempfile::tempdir().unwrap();
        Pair {
            type_name,
            remotes: [workspace.directory().join(".remote"), directory.path().to_owned()],
            workspace,
            core: Core::new(Everything::new(directory.path()), type_name),
            _directory: directory,
        }
    }

    fn configure(&self, config: &Json) {
        let config = json!({ "resource": { self.type_name: { "it": config } } });
        self.workspace.write("main.tf.json", &config.to_string()).unwrap();
    }

    /// Plans and applies on both sides; actions, errors and states have to agree.
    async fn apply(&mut self, config: &Json, action: ChangeAction, error: Option<&str>) {
        self.configure(config);
        let plan = self.workspace.plan().await.unwrap();
        assert_eq!(
            planned_action(&plan, &format!("{}.it", self.type_name)),
            action,
            "{config}"
        );
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
        let stored = stored(&self.workspace, self.type_name);
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

/// The instances of a type in the state file, by the name of their resource.
fn stored(workspace: &Workspace, type_name: &str) -> BTreeMap<String, Json> {
    let path = workspace.directory().join("terraform.tfstate");
    let state: Json = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    let resources = state["resources"].as_array().unwrap().iter();
    resources
        .filter(|resource| resource["type"] == type_name)
        .map(|resource| {
            (
                resource["name"].as_str().unwrap().to_owned(),
                resource["instances"][0].clone(),
            )
        })
        .collect()
}

fn planned_action(plan: &Plan, address: &str) -> ChangeAction {
    match plan.actions(address)[..] {
        ["no-op"] | [] => ChangeAction::NoChange,
        ["create"] => ChangeAction::Create,
        ["update"] => ChangeAction::Update,
        ["delete", "create"] => ChangeAction::Replace,
        ref other => panic!("{address}: {other:?}"),
    }
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_life_is_the_same_in_the_simulator_and_in_the_cores() {
    for cli in Cli::all().unwrap() {
        let mut pair = Pair::new(cli, THING);
        let first =
            json!({ "name": "a", "text": "one", "zone": "North", "password": "secret", "parts": [{ "size": 1 }] });
        pair.apply(&first, ChangeAction::Create, None).await;
        pair.apply(&first, ChangeAction::NoChange, None).await;
        let second = json!({ "name": "a", "text": "two", "zone": "NORTH", "parts": [{ "size": 1 }, { "size": 2 }] });
        pair.apply(&second, ChangeAction::Update, None).await;
        pair.drift("changed");
        pair.apply(&second, ChangeAction::Update, None).await;
        pair.remove_remote();
        pair.apply(&second, ChangeAction::Create, None).await;
        let failing = json!({ "name": "a", "text": "three", "fail": "update" });
        pair.apply(&failing, ChangeAction::Update, Some("Unable to update thing"))
            .await;
        let renamed = json!({ "name": "b", "capacity": 5, "fail": "create" });
        pair.apply(&renamed, ChangeAction::Replace, Some("Unable to create thing"))
            .await;
        let mended = json!({ "name": "b", "capacity": 5 });
        pair.apply(&mended, ChangeAction::Replace, None).await;
        pair.apply(&json!({ "name": "b", "capacity": 9 }), ChangeAction::Update, None)
            .await;
        let shrunk = json!({ "name": "b", "capacity": 2 });
        pair.apply(&shrunk, ChangeAction::Replace, None).await;
        pair.apply(&json!({ "name": "b", "fail": "delete" }), ChangeAction::Update, None)
            .await;
        let stuck = outcome(pair.workspace.destroy().await);
        let summaries: Vec<&str> = stuck.errors().map(|error| error.summary.as_str()).collect();
        let failure = pair.core.destroy().await.unwrap_err();
        assert_eq!(
            summaries,
            failure.iter().map(|error| error.summary.as_str()).collect::<Vec<_>>()
        );
        pair.assert_same_state();
        pair.apply(&shrunk, ChangeAction::Update, None).await;
        pair.workspace.state_rm("everything_thing.it").await.unwrap();
        pair.workspace.import("everything_thing.it", "b-id").await.unwrap();
        import_again(&mut pair).await;
        pair.assert_same_state();
        pair.workspace.destroy().await.unwrap();
        pair.core.destroy().await.unwrap();
        assert_eq!((stored(&pair.workspace, THING).len(), pair.core.state()), (0, None));
    }
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_life_with_blocks_and_values_of_any_type_is_the_same_in_the_simulator_and_in_the_cores() {
    for cli in Cli::all().unwrap() {
        let mut pair = Pair::new(cli, RACK);
        let first = json!({
            "name": "a", "text": "one", "place": "North", "marks": ["X", "y"], "password": "secret", "about": [1, "x", true],
            "network": { "address": "10.0.0.1", "route": [{ "to": "a" }, { "to": "b", "cost": 2.5 }] },
            "disk": [{ "size": 1, "label": "x", "mount": [{ "path": "/" }] }, { "size": 2, "label": { "y": [1] } }],
            "rule": [{ "key": "k" }, { "key": "k", "mode": "a" }, { "key": "l" }],
        });
        pair.apply(&first, ChangeAction::Create, None).await;
        pair.apply(&first, ChangeAction::NoChange, None).await;
        let mut spelled = first.clone();
        spelled["place"] = "NORTH".into();
        spelled["marks"] = json!(["x", "Y"]);
        pair.apply(&spelled, ChangeAction::NoChange, None).await;
        let mut second = first.clone();
        second["about"] = json!({ "now": "an object" });
        second["disk"][0]["label"] = json!(false);
        second["disk"][1]["mount"] = json!([{ "path": "/a" }, { "path": "/b", "mode": "read-only" }]);
        second["rule"] = json!([{ "key": "l" }, { "key": "m", "mode": "b" }]);
        pair.apply(&second, ChangeAction::Update, None).await;
        pair.drift("changed");
        pair.apply(&second, ChangeAction::Update, None).await;
        let mut third = second.clone();
        for none in ["network", "about", "rule"] {
            third.as_object_mut().unwrap().remove(none);
        }
        third["disk"] = json!([{ "size": 2 }]);
        third["purpose"] = json!(["mine"]);
        pair.apply(&third, ChangeAction::Update, None).await;
        third["name"] = "b".into();
        pair.apply(&third, ChangeAction::Replace, None).await;
        pair.workspace.destroy().await.unwrap();
        pair.core.destroy().await.unwrap();
        assert_eq!((stored(&pair.workspace, RACK).len(), pair.core.state()), (0, None));
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
        let mut pair = Pair::new(cli, THING);
        let config = json!({ "name": "a", "text": "one" });
        pair.apply(&config, ChangeAction::Create, None).await;
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
        pair.apply(&config, ChangeAction::NoChange, None).await;
        pair.apply(&json!({ "name": "a", "text": "two" }), ChangeAction::Update, None)
            .await;
    }
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn trap_08_numbers_stay_exact_on_their_way_through_the_cores() {
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
