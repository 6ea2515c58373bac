//! Many machines: how few calls they need, and that none is made twice when the provider is killed.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::support::done;
use crate::vsphere::{Scene, Text};

/// How many machines are made while the provider is killed.
const MACHINES: usize = 5;
/// At how many moments it is killed.
const MOMENTS: usize = 20;

fn machines(count: usize) -> String {
    let mut text = String::new();
    for number in 0..count {
        let card = format!(
            "[{{ network = \"DC0_DVPG0\", addresses = [\"10.20.1.{}/24\"] }}]",
            number + 1
        );
        let machine = Text::new(&format!("node-{number}"))
            .called(&format!("n{number}"))
            .set("network_interfaces", &card);
        text.write_str(&machine.hcl()).expect("a string takes everything");
    }
    text
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_plan_without_changes_takes_less_than_a_fifth_of_a_call_for_each_machine() {
    const COUNT: usize = 60;
    let scene = Scene::new().await;
    scene.write(&machines(COUNT));
    scene.apply().await;
    // The first plan notes at each machine that a state has it.
    scene.is_settled().await;
    scene.vcenter.forget_requests().await.expect("the vCenter answers");
    scene.is_settled().await;
    let methods = scene.vcenter.methods().await.expect("the vCenter answers");
    assert!(
        methods.len() * 5 < COUNT,
        "{} calls for {COUNT} machines: {methods:?}",
        methods.len()
    );
    scene.destroy().await;
    assert_eq!(scene.machines().await, Vec::<String>::new());
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn five_machines_are_five_wherever_the_provider_was_killed() {
    let scene = Scene::new().await;
    scene.write(&machines(MACHINES));
    scene.vcenter.forget_requests().await.expect("the vCenter answers");
    scene.apply().await;
    let mut requests = scene.vcenter.requests().await.expect("the vCenter answers").len();
    scene.destroy().await;
    let mut killed = 0;
    while killed < MOMENTS {
        let calls = 1 + killed * requests / MOMENTS;
        if apply_until(&scene, calls).await {
            killed += 1;
        } else {
            // It ended before: reads that happen to share their calls make fewer.
            requests = requests * 9 / 10;
        }
        done("apply", scene.workspace.apply().await);
        let mut names = scene.machines().await;
        names.sort();
        let expected: Vec<String> = (0..MACHINES).map(|number| format!("node-{number}")).collect();
        assert_eq!(names, expected, "killed after {calls} calls");
        scene.is_settled().await;
        for name in names {
            let machine = scene.machine(&name).await;
            assert!(
                machine.power == "poweredOn" && !machine.extra_config.contains_key("cht.creation"),
                "{machine:?}"
            );
        }
        scene.destroy().await;
        assert_eq!(
            scene.machines().await,
            Vec::<String>::new(),
            "killed after {calls} calls"
        );
    }
}

/// What of the example is different in the lab: the names of things in the vCenter.
const IN_LAB: &str = "resource \"cht_vsphere_virtual_machine\" \"node\" {
  datacenter = \"DC0\"
  cluster    = \"DC0_C0\"
  datastore  = \"LocalDS_0\"
  template   = \"/DC0/vm/ubuntu\"
  network_interfaces = [{
    network     = \"DC0_DVPG0\"
    addresses   = [\"${each.value.address}/24\"]
    gateway     = \"10.20.0.1\"
    nameservers = [\"10.20.0.2\"]
  }]
  deletion_protection = false
}
";

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn the_example_makes_five_machines() {
    let scene = Scene::new().await;
    scene.write("");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/resources/cht_vsphere_virtual_machine");
    for name in ["resource.tf", "id_ed25519.pub"] {
        let text = fs::read_to_string(folder.join(name)).expect("the file can be read");
        scene.workspace.write(name, &text).expect("the file is written");
    }
    scene
        .workspace
        .write("override.tf", IN_LAB)
        .expect("the file is written");
    let mut tagger = scene.vcenter.tagger().await.expect("the vCenter answers");
    let made = tagger.add("environment", true, &["production"]).await;
    made.expect("there is no such category");
    scene.apply().await;
    scene.is_settled().await;
    let ids = done("output", scene.workspace.output("provider_ids").await);
    assert_eq!(ids.as_object().map(serde_json::Map::len), Some(5), "{ids}");
    let worker = scene.machine("worker-2").await;
    assert_eq!(ids["worker-2"], format!("vsphere://{}", worker.uuid));
    assert_eq!((worker.cpus, worker.guest.ip_address.as_str()), (16, "10.20.0.22"));
    let tags = tagger.tags_of("worker-2").await.expect("the vCenter answers");
    assert!(tags.contains("environment/production"), "{tags:?}");
    scene.destroy().await;
}

/// Applies, and kills the provider when so many calls were made; answers whether it was killed before it was done.
async fn apply_until(scene: &Scene, calls: usize) -> bool {
    scene.vcenter.forget_requests().await.expect("the vCenter answers");
    let mut running = scene.workspace.start_apply().expect("it starts");
    let reached = async {
        while scene.vcenter.requests().await.expect("the vCenter answers").len() < calls {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let is_reached = tokio::select! {
        () = reached => true,
        () = running.ends() => false,
    };
    if is_reached {
        running.kill_providers().expect("processes are listed");
    }
    let outcome = running.wait().await.expect("it ends");
    outcome.code != Some(0)
}
