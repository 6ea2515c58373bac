//! Plans that are refused, with the attribute that is to blame.

use acceptance_tests::tofu::Diagnostic;
use acceptance_tests::vcenter::{Options, Template};

use crate::vsphere::{ADDRESS, Scene, Text};

/// An expression that is wrong, where it stands, and what the error says.
type Case = (&'static str, &'static str, &'static str, &'static str);

const CONFIGURATIONS: [Case; 9] = [
    ("cpus", "0", "Invalid value", "cpus"),
    ("cores_per_socket", "3", "Invalid number of cores", "cores_per_socket"),
    ("memory_mib", "4095", "Invalid value", "memory_mib"),
    (
        "memory_reservation_mib",
        "4096",
        "Invalid reservation of memory",
        "memory_reservation_mib",
    ),
    ("name", "\"Node One\"", "Invalid name of a guest", "name"),
    (
        "extra_config",
        "{ \"guestinfo.userdata\" = \"x\" }",
        "Invalid value",
        "extra_config",
    ),
    (
        "network_interfaces",
        "[{ network = \"DC0_DVPG0\", addresses = [\"10.20.0.21/24\"], gateway = \"10.21.0.1\" }]",
        "Gateway out of reach",
        "network_interfaces",
    ),
    (
        "network_interfaces",
        "[{ network = \"DC0_DVPG0\", addresses = [\"10.20.0.21/24\", \"10.20.0.21/16\"] }]",
        "Address given twice",
        "network_interfaces",
    ),
    (
        "cloud_init",
        "{ user_data = join(\"\", [for n in range(1000) : \"0123456789012345678901234567890123456789012345678901234567890123456789\"]) }",
        "User data is too long",
        "cloud_init",
    ),
];

const NAMES: [Case; 6] = [
    (
        "template",
        "\"debian\"",
        "Unable to place the virtual machine",
        "there are: running, ubuntu",
    ),
    ("template", "\"running\"", "Unusable template", "shut it down"),
    (
        "cluster",
        "\"Nowhere\"",
        "Unable to place the virtual machine",
        "DC0_C0",
    ),
    (
        "datastore",
        "\"Nowhere\"",
        "Unable to place the virtual machine",
        "LocalDS_0",
    ),
    (
        "folder",
        "\"/DC0/vm/nowhere\"",
        "Unable to place the virtual machine",
        "is not there",
    ),
    ("system_disk_gib", "5", "Disk cannot shrink", "10 GiB"),
];

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn configurations_that_cannot_work_are_refused_at_the_attribute() {
    let scene = Scene::new().await;
    for (attribute, expression, summary, blamed) in CONFIGURATIONS {
        scene.write(&Text::new("node-1").set(attribute, expression).hcl());
        let error = scene.plan_fails().await;
        assert!(error.summary.contains(summary), "{attribute}: {error:?}");
        let code = error.snippet.map(|snippet| snippet.code).unwrap_or_default();
        assert!(code.contains(blamed), "{attribute}: {code}");
    }
    scene.write(&Text::new("node-1").set("resource_pool", "\"x\"").hcl());
    assert_eq!(scene.plan_fails().await.summary, "Conflicting attributes");
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn names_that_mean_nothing_are_refused_by_the_plan_which_says_what_there_is() {
    let machines = Options {
        templates: vec![
            Template::new("ubuntu"),
            Template {
                machine: true,
                ..Template::new("running")
            },
        ],
        ..Options::default()
    };
    let scene = Scene::with(&machines).await;
    scene.vcenter.power_on("running").await.expect("it is on");
    for (attribute, expression, summary, hint) in NAMES {
        scene.write(&Text::new("node-1").set(attribute, expression).hcl());
        let error = scene.plan_fails().await;
        assert_eq!(error.summary, summary, "{attribute}");
        assert!(error.detail.contains(hint), "{attribute}: {}", error.detail);
        let code = error.snippet.map(|snippet| snippet.code).unwrap_or_default();
        assert!(code.contains(attribute), "{attribute}: {code}");
    }
    assert_eq!(scene.machines().await, ["running"], "nothing was made");
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn complaint_04_what_would_lose_data_or_stop_the_machine_is_refused() {
    let scene = Scene::new().await;
    let text = Text::new("node-1")
        .set("system_disk_gib", "20")
        .set("hardware_version", "17")
        .set("data_disks", "{ a = { size_gib = 5, keep_on_destroy = false } }");
    let protected = text
        .clone()
        .set("deletion_protection", "true")
        .set("allow_power_cycle", "false");
    scene.write(&protected.hcl());
    scene.apply().await;
    for (changed, summary) in [
        (protected.clone().set("system_disk_gib", "15"), "Disk cannot shrink"),
        (
            protected
                .clone()
                .set("data_disks", "{ a = { size_gib = 4, keep_on_destroy = false } }"),
            "Disk cannot shrink",
        ),
        (
            protected.clone().set("hardware_version", "15"),
            "Older virtual hardware",
        ),
        (
            protected.clone().set("cpus", "1"),
            "Virtual machine must not be shut down",
        ),
        (
            protected.clone().set("template", "\"other\""),
            "Virtual machine is protected",
        ),
        (
            protected.clone().set("name", "\"node-2\""),
            "Virtual machine is protected",
        ),
        (
            protected.clone().set("cloud_init", "{ user_data = \"#cloud-config\" }"),
            "Virtual machine is protected",
        ),
    ] {
        scene.write(&changed.hcl());
        assert_eq!(scene.plan_fails().await.summary, summary);
    }
    scene.write("");
    assert_eq!(scene.plan_fails().await.summary, "Virtual machine is protected");

    let ignored = protected.set(
        "cloud_init",
        "{ user_data = \"#cloud-config\", on_change = \"ignore\" }",
    );
    scene.write(&ignored.hcl());
    assert_eq!(scene.plan().await.actions(ADDRESS), ["update"]);
    scene.write(&text.hcl());
    scene.apply().await;
    scene.destroy().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn what_no_host_can_run_is_refused_and_what_some_cannot_run_is_warned_of() {
    let scene = Scene::new().await;
    for (attribute, expression, summary, hint) in [
        ("cpus", "65", "Too many CPUs", "more than 64 CPUs"),
        ("hardware_version", "22", "Virtual hardware is too new", "up to 21"),
    ] {
        scene.write(&Text::new("node-1").set(attribute, expression).hcl());
        let error = scene.plan_fails().await;
        assert_eq!(error.summary, summary);
        assert!(error.detail.contains(hint), "{}", error.detail);
        let code = error.snippet.map(|snippet| snippet.code).unwrap_or_default();
        assert!(code.contains(attribute), "{attribute}: {code}");
    }
    let warned = async |text: Text, hint: &str| {
        scene.write(&text.hcl());
        let plan = scene.plan().await;
        let warnings: Vec<String> = plan.outcome.warnings().map(|warning| warning.detail.clone()).collect();
        assert!(warnings.iter().any(|detail| detail.contains(hint)), "{warnings:?}");
    };
    let large = Text::new("node-1").set("memory_mib", "1048576");
    warned(large, "more than 524288 MiB").await;

    // A host that takes no machines at the moment does not count.
    let lost = "it has the datastore until now";
    scene
        .vcenter
        .lose_datastore("DC0_C0_H0", "LocalDS_0")
        .await
        .expect(lost);
    warned(
        Text::new("node-1"),
        "DC0_C0_H0 of DC0_C0 reach the datastore LocalDS_0 not at all",
    )
    .await;
    for host in ["DC0_C0_H1", "DC0_C0_H2"] {
        scene
            .vcenter
            .put_in_maintenance(host)
            .await
            .expect("there is such a host");
    }
    scene.write(&Text::new("node-1").hcl());
    let error = scene.plan_fails().await;
    let unreached = |error: &Diagnostic, what: &str| {
        let detail = format!("No host of DC0_C0 reaches the {what}.");
        assert!(error.detail.starts_with(&detail), "{}", error.detail);
    };
    unreached(&error, "datastore LocalDS_0");

    scene.write(&Text::new("node-1").set("datastore", "\"LocalDS_1\"").hcl());
    scene.plan().await;
    let lost = scene.vcenter.lose_network("DC0_C0_H0", "DC0_DVPG0").await;
    lost.expect("it has the network until now");
    let error = scene.plan_fails().await;
    unreached(&error, "network DC0_DVPG0");
    assert!(scene.machines().await.is_empty(), "nothing was made");
}
