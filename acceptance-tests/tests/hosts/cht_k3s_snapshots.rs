//! `data.cht_k3s_snapshots`, through the real command line: what k3s lists, what is found where it does not answer, and
//! hosts that have none.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::support::{Configuration, Scene, done};

/// The data source in the example.
const IT: &str = "data.cht_k3s_snapshots.server";

/// The warning of a list that k3s has not made.
const UNASKED: &str = "k3s was not asked for its snapshots";

/// The example, with a host of the lab and further lines.
fn example(host: &str, lines: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/data-sources/cht_k3s_snapshots/data-source.tf");
    let text = fs::read_to_string(path).expect("the example is there");
    let (before, rest) = text.split_once("  ssh = {\n").expect("it says how to log in");
    let (_, after) = rest.split_once("\n  }\n").expect("that ends");
    format!("{before}{lines}{after}").replace("10.20.0.11", host)
}

/// What there is to say of each snapshot whoever lists it, the newest first.
async fn listed(scene: &Scene) -> Vec<(Value, Value, Value)> {
    let found = scene.state(IT).await;
    let snapshots = found["snapshots"].as_array().cloned().unwrap_or_default();
    assert_eq!(found["latest"], snapshots.first().cloned().unwrap_or_default());
    let told = |one: Value| (one["snapshot"].clone(), one["node"].clone(), one["size_bytes"].clone());
    snapshots.into_iter().map(told).collect()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the lab: cargo xtask test"]
async fn snapshots_are_listed_by_k3s_and_where_it_does_not_answer_by_their_files() {
    let Some(scene) = Scene::of_stand_in(2).await else {
        return;
    };
    let cluster = Configuration::new([1]);
    let write = |host: usize, lines: &str| {
        let host = scene.host(host).ip().to_string();
        scene.write(&format!("{}{}", cluster.hcl(&scene.lab), example(&host, lines)));
    };
    scene.configure(&cluster);
    scene.apply().await;
    write(1, "");
    scene.apply().await;
    assert!(listed(&scene).await.is_empty(), "there is none yet");
    scene.is_settled_after("listed").await;

    let save = "/usr/local/bin/k3s etcd-snapshot save --name";
    scene.run(1, &format!("{save} first; sleep 2; {save} second")).await;
    scene.apply().await;
    let by_k3s = listed(&scene).await;
    let paths: Vec<&str> = by_k3s.iter().filter_map(|one| one.0.as_str()).collect();
    for (path, name) in paths.iter().zip(["second", "first"]) {
        assert!(path.contains(&format!("/snapshots/{name}-h1-")), "{paths:?}");
        scene.run(1, &format!("test -f {path}")).await;
    }
    assert!(
        by_k3s.iter().all(|one| one.1 == "h1" && one.2.as_i64() > Some(0)),
        "{by_k3s:?}"
    );
    let newest = done("output", scene.workspace.output("newest_snapshot").await);
    assert_eq!((paths.len(), newest.as_str()), (2, Some(paths[0])));

    scene
        .run(
            1,
            "mkdir -p /etc/cht-lab && echo command-fails=etcd-snapshot > /etc/cht-lab/faults",
        )
        .await;
    let warning = scene.plan_warns(UNASKED).await;
    assert!(
        warning.detail.contains("Unable to list the snapshots on"),
        "{warning:?}"
    );
    scene.apply().await;
    assert_eq!(listed(&scene).await, by_k3s, "the files are the same");
    scene.run(1, "rm /etc/cht-lab/faults; systemctl stop k3s").await;
    let warning = scene.plan_warns(UNASKED).await;
    assert!(warning.detail.contains("does not run"), "{warning:?}");
    scene.run(1, "systemctl start k3s").await;

    has_none(&scene, write).await;
    scene.configure(&cluster);
    scene.destroy().await;
    scene.is_clean(1).await;
}

/// Asks hosts that cannot have snapshots.
async fn has_none(scene: &Scene, write: impl Fn(usize, &str)) {
    write(2, "");
    let refused = scene.plan_fails().await;
    assert_eq!(refused.summary, "No snapshots of etcd");
    assert!(refused.detail.contains("No server of k3s is set up"), "{refused:#?}");
    let database = "/var/lib/rancher/k3s/server/db";
    scene
        .run(2, &format!("mkdir -p {database} && touch {database}/state.db"))
        .await;
    let refused = scene.plan_fails().await;
    assert!(refused.detail.contains("SQLite"), "{refused:#?}");
    scene.run(2, &format!("rm -r {database}")).await;
    write(2, "  ssh = { port = 1 }\n");
    let refused = scene.plan_fails().await;
    assert_eq!(refused.summary, "Unable to look at the host", "{refused:#?}");
}
