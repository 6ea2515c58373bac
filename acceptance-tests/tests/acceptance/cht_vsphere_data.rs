//! The data sources of vSphere: what they tell of a vCenter, and how they judge machines.

use acceptance_tests::vcenter::{Options, Template};
use serde_json::{Value, json};

use crate::support::blames;
use crate::vsphere::{Scene, Text};

/// A data source with these lines.
fn data(kind: &str, lines: &str) -> String {
    format!("data \"cht_vsphere_{kind}\" \"test\" {{\n  {lines}\n}}\n")
}

async fn found(scene: &Scene, kind: &str) -> Value {
    scene.state(&format!("data.cht_vsphere_{kind}.test")).await
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn what_is_in_a_vcenter_is_found_by_name_and_by_path() {
    let scene = Scene::with(&Options {
        pools: 1,
        ..Options::default()
    })
    .await;
    let by_name = [
        data("datacenter", ""),
        data("cluster", "name = \"DC0_C0\""),
        data("datastore", "name = \"LocalDS_0\""),
        data("network", "name = \"DC0_DVPG0\"\n  datacenter = \"DC0\""),
        data("resource_pool", "name = \"/DC0/host/DC0_C0/Resources/DC0_C0_RP1\""),
        data("template", "name = \"/DC0/vm/ubuntu\""),
    ];
    scene.write(&by_name.concat());
    scene.apply().await;
    let datacenter = found(&scene, "datacenter").await;
    assert_eq!(
        (&datacenter["name"], &datacenter["path"]),
        (&json!("DC0"), &json!("/DC0"))
    );
    assert_eq!(datacenter["clusters"], json!(["DC0_C0"]));
    assert_eq!(datacenter["datastores"], json!(["LocalDS_0", "LocalDS_1"]));
    let cluster = found(&scene, "cluster").await;
    assert_eq!(cluster["path"], "/DC0/host/DC0_C0");
    assert_eq!(cluster["hosts"].as_array().map(Vec::len), Some(3));
    assert_eq!(cluster["drs_enabled"], true, "the simulator's clusters have it");
    let datastore = found(&scene, "datastore").await;
    assert_eq!(datastore["accessible"], true);
    assert!(datastore["free_gib"].as_u64() <= datastore["capacity_gib"].as_u64());
    assert!(
        datastore["url"].is_string() && datastore["type"].is_string(),
        "{datastore}"
    );
    let network = found(&scene, "network").await;
    assert_eq!(
        (&network["type"], &network["switch"]),
        (&json!("distributed"), &json!("DVS0"))
    );
    let pool = found(&scene, "resource_pool").await;
    assert_eq!(pool["cluster"], "DC0_C0");
    let template = found(&scene, "template").await;
    let expected = json!({"is_template": true, "cpus": 2, "memory_mib": 2048, "disk_gib": 10, "hardware_version": 15});
    for (attribute, value) in expected.as_object().expect("an object") {
        assert_eq!(&template[attribute], value, "{attribute}");
    }
    scene.is_settled().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn what_is_not_there_is_refused_with_what_is() {
    let scene = Scene::new().await;
    for (kind, there) in [
        ("datacenter", "there are: DC0"),
        ("cluster", "there are: DC0_C0"),
        ("datastore", "there are: LocalDS_0, LocalDS_1"),
        ("template", "there are: ubuntu"),
    ] {
        scene.write(&data(kind, "name = \"none\""));
        let refused = scene.plan_fails().await;
        blames(&refused, &refused.summary, there, "name");
    }
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_machine_as_the_provider_makes_it_is_ready_for_k3s() {
    let scene = Scene::new().await;
    let machine = Text::new("node-1").set("memory_mib", "4096").hcl();
    let lines = "uuid = cht_vsphere_virtual_machine.test.provider_id\n  node_name = \"node-1\"";
    scene.write(&format!("{machine}{}", data("virtual_machine", lines)));
    scene.apply().await;
    let (found, made) = (found(&scene, "virtual_machine").await, scene.machine("node-1").await);
    assert_eq!((&found["problems"], &found["warnings"]), (&json!([]), &json!([])));
    assert_eq!(found["k3s_ready"], true);
    assert_eq!(found["provider_id"], format!("vsphere://{}", made.uuid));
    assert_eq!(
        (&found["path"], &found["folder"]),
        (&json!("/DC0/vm/node-1"), &json!("/DC0/vm"))
    );
    assert_eq!(
        (&found["hostname"], &found["power_state"]),
        (&json!("node-1"), &json!("on"))
    );
    assert_eq!(found["ip_addresses"], json!(["10.20.0.21"]));
    assert!(
        found["host"].as_str().is_some_and(|host| host.starts_with("DC0_C0_H")),
        "{found}"
    );

    let by_instance = format!("uuid = {:?}", made.instance_uuid);
    scene.write(&format!("{machine}{}", data("virtual_machine", &by_instance)));
    let refused = scene.plan_fails().await;
    blames(
        &refused,
        "Instance UUID in place of a BIOS UUID",
        &format!("Its BIOS UUID is `{}`", made.uuid),
        "uuid",
    );
    let renamed = "name = \"node-1\"\n  node_name = \"node-2\"";
    scene.write(&format!("{machine}{}", data("virtual_machine", renamed)));
    scene.apply().await;
    let problems = self::found(&scene, "virtual_machine").await["problems"].to_string();
    assert!(problems.contains("its node `node-2`"), "{problems}");
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_machine_that_was_made_by_hand_is_told_what_it_lacks() {
    let old = Template {
        hardware_version: "vmx-13".to_owned(),
        machine: true,
        ..Template::new("old")
    };
    let scene = Scene::with(&Options {
        templates: vec![old],
        ..Options::default()
    })
    .await;
    scene.write(&data("virtual_machine", "name = \"old\""));
    scene.apply().await;
    let found = found(&scene, "virtual_machine").await;
    assert_eq!(
        (&found["k3s_ready"], &found["hardware_version"]),
        (&json!(false), &json!(13))
    );
    let problems = found["problems"].to_string();
    for part in ["version 13", "disk.EnableUUID", "It is off"] {
        assert!(problems.contains(part), "{part}: {problems}");
    }
    assert_eq!(found["problems"].as_array().map(Vec::len), Some(3), "{problems}");

    scene
        .vcenter
        .set_extra_config("old", "disk.enableUUID", "1")
        .await
        .expect("it is set");
    scene.write(&data(
        "virtual_machine",
        "uuid = \"00000000-0000-4000-8000-000000000000\"",
    ));
    let refused = scene.plan_fails().await;
    blames(&refused, "Virtual machine is not there", "product_serial", "uuid");
    scene.write(&data("virtual_machine", "name = \"old\"\n  datacenter = \"DC0\""));
    scene.apply().await;
    let problems = self::found(&scene, "virtual_machine").await["problems"].to_string();
    assert!(
        !problems.contains("EnableUUID"),
        "an older way to say the same: {problems}"
    );
}
