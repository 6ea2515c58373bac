//! What a planned machine would take from others: their names, their addresses, and room on a datastore.

use acceptance_tests::vcenter::{Options, Template};

use super::updates::says;
use crate::support::{blames, done};
use crate::vsphere::{ADDRESS, Scene, Text};

const ANOTHER: &str = "cht_vsphere_virtual_machine.other";

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_name_that_is_given_twice_is_refused_and_one_that_is_taken_is_warned_of() {
    let by_hand = Options {
        templates: vec![
            Template::new("ubuntu"),
            Template {
                machine: true,
                ..Template::new("by-hand")
            },
        ],
        ..Options::default()
    };
    let scene = Scene::with(&by_hand).await;
    let taken = "The folder has `by-hand` already";
    let warned = async |text: &Text| {
        scene.write(&text.hcl());
        let plan = scene.plan().await;
        let warned: Vec<String> = plan.outcome.warnings().map(|one| one.detail.clone()).collect();
        assert!(says(&warned, taken), "{warned:?}");
    };
    warned(&Text::new("by-hand")).await;

    let one = Text::new("node-1").set("hostname", "\"node-1\"");
    let twin = Text::new("node-1").called("other").set("network_interfaces", CARD);
    let twins = one.hcl() + &twin.hcl();
    scene.write(&twins);
    blames(&scene.plan_fails().await, "Name given twice", "the same folder", "name");

    scene.write(&one.hcl());
    scene.apply().await;
    warned(&one.clone().set("name", "\"by-hand\"")).await;
    // One that does not change has its name all the same.
    scene.write(&twins);
    blames(&scene.plan_fails().await, "Name given twice", "the same folder", "name");

    // What this run has is in nobody's way: the machine is made anew under its name, or another resource gets it.
    scene.write(&one.clone().set("hostname", "\"node-2\"").hcl());
    assert_eq!(scene.plan().await.actions(ADDRESS), ["delete", "create"]);
    scene.write(&one.clone().called("other").hcl());
    assert_eq!(scene.plan().await.actions(ANOTHER), ["create"]);
    scene.write(&one.hcl());
    done("taint", scene.workspace.run(&["taint", ADDRESS]).await);
    assert_eq!(scene.plan().await.actions(ADDRESS), ["delete", "create"]);
    scene.apply().await;
    scene.is_settled().await;
    scene.destroy().await;
}

/// Another address than machines have where nothing is said.
const CARD: &str = "[{ network = \"DC0_DVPG0\", addresses = [\"10.20.0.99/24\"] }]";

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn an_address_that_is_given_twice_or_that_another_guest_has_is_warned_of() {
    let mut scene = Scene::new().await;
    let one = Text::new("node-1").set("network_interfaces", CARD);
    let other = Text::new("node-2").called("other");
    let warnings = async |resources: &str| -> Vec<String> {
        scene.write(resources);
        let plan = scene.plan().await;
        plan.outcome.warnings().map(|one| one.detail.clone()).collect()
    };
    let same = one.hcl() + &other.clone().set("network_interfaces", CARD).hcl();
    let twice = "of the same run has 10.20.0.99 in a network of the same name";
    let warned = warnings(&same).await;
    assert!(says(&warned, twice), "{warned:?}");
    let elsewhere = CARD.replace("DC0_DVPG0", "VM Network");
    let elsewhere = other.clone().set("network_interfaces", &elsewhere);
    let warned = warnings(&(one.hcl() + &elsewhere.hcl())).await;
    assert!(!says(&warned, "10.20.0.99"), "{warned:?}");

    scene.write(&(one.hcl() + &other.hcl()));
    scene.apply().await;
    // One that does not change has its address all the same.
    let warned = warnings(&same).await;
    assert!(says(&warned, twice), "{warned:?}");

    scene.write(&(one.hcl() + &other.hcl()));
    let first = scene.exchange(None);
    scene.write(&Text::new("node-3").set("network_interfaces", CARD).hcl());
    let plan = scene.plan().await;
    let warned: Vec<String> = plan.outcome.warnings().map(|one| one.detail.clone()).collect();
    assert!(
        says(&warned, "The guest of the machine node-1 says that it has 10.20.0.99"),
        "{warned:?}"
    );
    scene.exchange(Some(first));
    scene.destroy().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn machines_of_one_plan_share_the_room_of_a_datastore() {
    let scene = Scene::new().await;
    scene
        .vcenter
        .fill_datastore("LocalDS_0", 30)
        .await
        .expect("there is such a datastore");
    let disks = |text: Text, gib: u64, thin: bool| {
        let disk = format!("{{ a = {{ size_gib = {gib}, thin = {thin}, keep_on_destroy = false }} }}");
        text.set("data_disks", &disk).hcl()
    };
    let both =
        |gib, thin| disks(Text::new("node-1"), gib, thin) + &disks(Text::new("node-2").called("other"), gib, thin);
    scene.write(&disks(Text::new("node-1"), 16, false));
    scene.plan().await;
    scene.write(&both(16, false));
    let plan = scene.plan().await;
    let warned: Vec<String> = plan.outcome.warnings().map(|one| one.detail.clone()).collect();
    assert!(
        says(&warned, "of which other machines of the same run take"),
        "{warned:?}"
    );
    scene.write(&disks(Text::new("node-1"), 31, false));
    blames(
        &scene.plan_fails().await,
        "Datastore is too full",
        "30 GiB left",
        "data_disks",
    );
    // Without a datastore it is that of the template.
    scene.write(&disks(Text::new("node-1").without("datastore"), 31, false));
    blames(
        &scene.plan_fails().await,
        "Datastore is too full",
        "LocalDS_0 has 30 GiB left",
        "data_disks",
    );
    scene.write(&both(14, false));
    scene.apply().await;
    scene.is_settled().await;
    scene.destroy().await;
}
