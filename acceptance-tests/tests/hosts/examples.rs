//! The environments on hosts, and the guides that lead through them: one plan and one apply from bare machines to a CHT
//! that answers, then what comes later, and back to bare machines.

use std::fs;
use std::path::{Path, PathBuf};

use acceptance_tests::environment::Script;
use serde_json::{Map, Value, json};

use crate::guide::{follow, follow_section, follow_up_to};
use crate::support::{Scene, done};

/// The variables, in a file that the command line reads by itself.
const VARIABLES: &str = "test.auto.tfvars.json";

/// The guide for machines that die.
const DEATHS: &str = "when-a-server-dies";

/// Its part about a cluster that cannot agree on anything any more.
const MOST: &str = "Most of the servers are gone";

/// An environment, applied to hosts.
struct Applied {
    scene: Scene,
    variables: Map<String, Value>,
    change: Map<String, Value>,
}

impl Applied {
    /// Applies an environment, with so many hosts more than it asks for; nothing if the test is skipped.
    async fn new(name: &str, more: usize) -> Option<Self> {
        let folder = folder(name);
        let script = Script::read(&folder).expect("a script");
        let hosts = u8::try_from(script.hosts + more).expect("some hosts");
        let mut scene = Scene::of_stand_in(hosts).await?;
        scene.lab.play_cht().await.expect("CHT is played");
        let script = script.on_hosts(&scene.lab).expect("the lab knows it all");
        copy(&folder, &scene);
        let applied = Applied {
            scene,
            variables: Map::new(),
            change: script.change,
        }
        .set(script.first);
        applied.scene.apply().await;
        applied.scene.is_settled_after("applied").await;
        let url = done("output", applied.scene.workspace.output("url").await);
        assert_eq!(url, "https://cht.health.example/");
        Some(applied)
    }

    /// Sets variables; others stay as they are.
    fn set(mut self, variables: Map<String, Value>) -> Self {
        self.variables.extend(variables);
        set(&self.scene, &self.variables);
        self
    }

    /// Sets those that the script changes.
    fn changed(mut self) -> Self {
        let change = std::mem::take(&mut self.change);
        self.set(change)
    }
}

/// The folder of an environment.
pub(crate) fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../examples/environments")
        .join(name)
}

/// Puts the configuration of an environment into the workspace of a scene.
pub(crate) fn copy(folder: &Path, scene: &Scene) {
    // The environment says itself what it requires.
    scene.workspace.write("versions.tf", "").expect("the file is written");
    for entry in fs::read_dir(folder).expect("the folder can be read") {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|extension| extension == "tf") {
            let text = fs::read_to_string(&path).expect("the file can be read");
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            scene.workspace.write(&name, &text).expect("the file is written");
        }
    }
}

/// Sets all variables of an environment.
pub(crate) fn set(scene: &Scene, variables: &Map<String, Value>) {
    let text = serde_json::to_string(variables).expect("it is JSON");
    let written = scene.workspace.write(VARIABLES, &text);
    written.expect("the file is written");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the lab: cargo xtask test"]
async fn one_server_with_cht_is_what_its_guide_says() {
    let Some(applied) = Applied::new("single-server", 1).await else {
        return;
    };
    follow(&applied.scene, "one-server").await;
    let applied = applied.changed();
    follow(&applied.scene, "upgrading-k3s").await;
    applied.scene.is_settled_after("changed").await;

    // The machine is gone for good, and another one is there.
    applied.scene.host(1).power_off().expect("it is dead");
    let other = applied.scene.host(2);
    let key = other.host_key().expect("it has a key");
    let machine = [("host", json!(other.ip())), ("host_key", json!(key))];
    let machine = machine.map(|(name, value)| (name.to_owned(), value));
    let applied = applied.set(Map::from_iter(machine));
    follow_section(&applied.scene, DEATHS, "The only server is gone").await;
    applied.scene.is_settled_after("on another machine").await;
    applied.scene.destroy().await;
    applied.scene.is_clean(2).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the lab: cargo xtask test"]
async fn three_servers_and_two_agents_with_cht_are_what_their_guides_say() {
    let Some(applied) = Applied::new("k3s-ha", 1).await else {
        return;
    };
    follow(&applied.scene, "three-machines").await;

    // A server dies, and another machine takes its place under another name.
    let mut servers = applied.variables["servers"].clone();
    let names = servers.as_object_mut().expect("servers by name");
    names.remove("cht-2").expect("it is there");
    let other = applied.scene.host(6);
    let key = other.host_key().expect("it has a key");
    names.insert("cht-6".to_owned(), json!({"host": other.ip(), "host_key": key}));
    applied.scene.host(2).power_off().expect("it is dead");
    let applied = applied.set(Map::from_iter([("servers".to_owned(), servers)]));
    follow_up_to(&applied.scene, DEATHS, MOST).await;
    applied.scene.is_settled_after("another server").await;

    let applied = applied.changed();
    applied.scene.apply().await;
    applied.scene.is_settled_after("changed").await;

    let applied = without_a_quorum(applied).await;
    applied.scene.destroy().await;
    for number in [1, 3, 4, 5, 6] {
        if applied.scene.host(number).is_powered() {
            applied.scene.is_clean(number).await;
        }
    }
}

/// Two of three servers die, and the third is taken back to a snapshot.
async fn without_a_quorum(applied: Applied) -> Applied {
    let scene = &applied.scene;
    scene.run(1, "/usr/local/bin/k3s etcd-snapshot save").await;
    let snapshots = "/var/lib/rancher/k3s/server/db/snapshots";
    let snapshot = scene.run(1, &format!("ls -t {snapshots}/* | head -n 1")).await;
    for number in [3, 6] {
        scene.host(number).power_off().expect("it is dead");
    }
    let mut servers = applied.variables["servers"].clone();
    let names = servers.as_object_mut().expect("servers by name");
    names.retain(|name, _| name == "cht-1");
    let restore = json!({"snapshot": snapshot, "server": "cht-1"});
    let changed = [("servers", servers), ("restore_from", restore)];
    let applied = applied.set(
        changed
            .map(|(name, value)| (name.to_owned(), value))
            .into_iter()
            .collect(),
    );
    follow_section(&applied.scene, DEATHS, MOST).await;
    applied.scene.is_settled_after("taken back").await;
    let url = done("output", applied.scene.workspace.output("url").await);
    assert_eq!(url, "https://cht.health.example/");
    applied.set(Map::from_iter([("restore_from".to_owned(), Value::Null)]))
}
