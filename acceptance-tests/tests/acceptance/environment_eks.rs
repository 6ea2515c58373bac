//! `examples/environments/eks`: a whole cloud in one apply, from nothing, upgraded, and gone without a trace.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use acceptance_tests::aws::available;
use acceptance_tests::cloud::Cloud;
use acceptance_tests::environment::Script;
use acceptance_tests::tofu::{Cli, Steps, Workspace, provider_binary};
use serde_json::{Map, Value, json};

const CLUSTER: &str = "cht_eks_cluster.this";

/// How many calls a plan without changes may make: performance.md has how many it makes.
const MOST_CALLS: usize = 80;

/// The example in a cloud.
struct Site {
    steps: Steps,
    script: Script,
    cloud: Cloud,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/environments/eks")
}

impl Site {
    /// None where AWS cannot be played.
    async fn new() -> Option<Self> {
        if !available() {
            return None;
        }
        let script = Script::read(&folder()).expect("the script can be read");
        let (name, domain) = (script.cloud.clone(), script.domain().map(str::to_owned));
        let cloud = Cloud::start(&name.expect("a cluster"), &domain.expect("a domain")).await;
        let cloud = cloud.expect("the cloud starts");
        let mut workspace = Workspace::new(
            Cli::tofu().expect("tofu is there"),
            &provider_binary().expect("the provider was built"),
        )
        .expect("a workspace");
        for (name, value) in cloud.account.environment() {
            workspace.set_environment(name, &value);
        }
        for entry in fs::read_dir(folder()).expect("the folder can be read") {
            let path = entry.expect("an entry").path();
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            let text = fs::read_to_string(&path).expect("the file can be read");
            workspace.write(&name, &text).expect("the file is written");
        }
        workspace.write("versions.tf", "").expect("the file is written");
        let site = Site {
            steps: Steps::of(workspace),
            script: script.in_cloud(&cloud).expect("the lab knows it"),
            cloud,
        };
        site.set(&site.script.first);
        Some(site)
    }

    fn set(&self, variables: &Map<String, Value>) {
        let text = Value::from(variables.clone()).to_string();
        let written = self.steps.workspace.write("test.auto.tfvars.json", &text);
        written.expect("the variables are written");
    }

    /// The calls of AWS that the provider has made, by what they do.
    fn calls(&self) -> BTreeMap<String, usize> {
        let user = self.cloud.account.user_arn();
        let mut calls = BTreeMap::new();
        for call in self.cloud.account.calls() {
            if call.principal == user {
                *calls.entry(call.action).or_default() += 1;
            }
        }
        calls
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_cloud_comes_in_one_apply_is_upgraded_and_leaves_nothing() {
    let Some(site) = Site::new().await else { return };
    let (steps, account) = (&site.steps, &site.cloud.account);
    let plan = steps.plan().await;
    assert!(plan.changes().count() >= 12, "all is planned from nothing");
    assert!(
        account.left().await.expect("AWS answers").len() == 1,
        "a plan makes nothing"
    );
    steps.apply().await;
    steps.is_settled().await;

    let counties = steps.workspace.output("urls").await.expect("an output");
    assert_eq!(
        counties,
        json!({"kisumu": "https://kisumu.health.example/", "siaya": "https://siaya.health.example/"})
    );
    let found = account.left().await.expect("AWS answers");
    assert_eq!(found["load_balancer"].len(), 1, "counties share it: {found:?}");
    assert_eq!(
        found["record"].len(),
        5,
        "two for each county, and one of the certificate: {found:?}"
    );

    // What a plan without changes costs: one look at each object, and lists where there is a list.
    account.forget_calls();
    steps.plan().await;
    let calls = site.calls();
    let all: usize = calls.values().sum();
    assert!(all <= MOST_CALLS, "{all} calls: {calls:#?}");
    let changing = calls.keys().filter(|action| {
        let operation = action.split_once(':').map_or("", |(_, operation)| operation);
        !["Describe", "Get", "List"]
            .iter()
            .any(|verb| operation.starts_with(verb))
    });
    assert_eq!(changing.count(), 0, "{calls:#?}");

    let before = steps.state(CLUSTER).await;
    let mut variables = site.script.first.clone();
    variables.extend(site.script.change.clone());
    site.set(&variables);
    let plan = steps.plan().await;
    assert_eq!(plan.actions(CLUSTER), ["update"]);
    let cluster = plan.change(CLUSTER).expect("a change");
    assert_eq!(cluster.after["endpoint"], before["endpoint"], "it stays known");
    steps.apply().await;
    steps.is_settled().await;
    assert_eq!(steps.state("cht_eks_node_group.this[0]").await["version"], "1.35");

    steps.destroy().await;
    site.cloud.is_empty().await.expect("nothing is left");
    assert!(site.cloud.load_balancers.take_problems().is_empty());
}
