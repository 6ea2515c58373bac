//! The environments on hosts: one plan and one apply from bare machines to a CHT that answers, then their change, and back to bare machines.

use std::fs;
use std::path::{Path, PathBuf};

use acceptance_tests::environment::Script;
use serde_json::{Map, Value};

use crate::support::{Scene, done};

/// The variables, in a file that the command line reads by itself.
const VARIABLES: &str = "test.auto.tfvars.json";

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../examples/environments")
        .join(name)
}

fn set(scene: &Scene, variables: &Map<String, Value>) {
    let text = serde_json::to_string(variables).expect("it is JSON");
    scene.workspace.write(VARIABLES, &text).expect("the file is written");
}

/// Goes through the script of an environment.
async fn works(name: &str) {
    let folder = folder(name);
    let script = Script::read(&folder).expect("a script");
    let hosts = u8::try_from(script.hosts).expect("some hosts");
    let Some(mut scene) = Scene::of_stand_in(hosts).await else {
        return;
    };
    scene.lab.play_cht().await.expect("CHT is played");
    let script = script.on_hosts(&scene.lab).expect("the lab knows it all");
    // The environment says itself what it requires.
    scene.workspace.write("versions.tf", "").expect("the file is written");
    for entry in fs::read_dir(&folder).expect("the folder can be read") {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|extension| extension == "tf") {
            let text = fs::read_to_string(&path).expect("the file can be read");
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            scene.workspace.write(&name, &text).expect("the file is written");
        }
    }
    let mut variables = script.first;
    set(&scene, &variables);
    scene.apply().await;
    scene.is_settled("applied").await;
    let url = done("output", scene.workspace.output("url").await);
    assert_eq!(url, "https://cht.health.example");
    variables.extend(script.change);
    set(&scene, &variables);
    scene.apply().await;
    scene.is_settled("changed").await;
    scene.destroy().await;
    for number in 1..=script.hosts {
        scene.is_clean(number).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_single_server_with_cht_on_it_works() {
    works("single-server").await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the lab: cargo xtask test"]
async fn three_servers_and_two_agents_with_cht_on_them_work() {
    works("k3s-ha").await;
}
