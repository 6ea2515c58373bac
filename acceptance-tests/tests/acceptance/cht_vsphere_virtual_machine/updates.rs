//! What plans ask the hosts and datastores about machines that change: about what changes, and about nothing else.

use acceptance_tests::vcenter::Options;

use crate::vsphere::{ADDRESS, Scene, Text};

const OTHER_NETWORK: &str = "[{ network = \"DC0_DVPG1\", addresses = [\"10.20.0.21/24\"] }]";
const POOL: &str = "\"/DC0/host/DC0_C0/Resources\"";
/// A pool of the same hosts.
const NEAR: &str = "\"/DC0/host/DC0_C0/Resources/DC0_C0_RP1\"";
/// A pool of other hosts.
const FAR: &str = "\"/DC0/host/DC0_C1/Resources/DC0_C1_RP1\"";

/// A scene with a machine that can be moved, and its text.
async fn begin() -> (Scene, Text) {
    let two_clusters = Options {
        clusters: 2,
        hosts: 2,
        pools: 1,
        portgroups: 2,
        ..Options::default()
    };
    let scene = Scene::with(&two_clusters).await;
    let text = Text::new("node-1").without("cluster").set("resource_pool", POOL);
    scene.write(&text.hcl());
    scene.apply().await;
    // The first plan notes that a state has it.
    scene.is_settled().await;
    (scene, text)
}

/// The plan of a change is refused, at this attribute.
async fn is_refused(scene: &Scene, text: Text, attribute: &str, (summary, hint): (&str, &str)) {
    scene.write(&text.hcl());
    let error = scene.plan_fails().await;
    assert_eq!(error.summary, summary, "{attribute}: {error:?}");
    assert!(error.detail.contains(hint), "{attribute}: {}", error.detail);
    let code = error.snippet.map(|snippet| snippet.code).unwrap_or_default();
    assert!(code.contains(attribute), "{attribute}: {code}");
}

/// A change is planned in place; what the plan warns of.
async fn warnings(scene: &Scene, text: Text) -> Vec<String> {
    scene.write(&text.hcl());
    let plan = scene.plan().await;
    assert_eq!(plan.actions(ADDRESS), ["update"]);
    plan.outcome.warnings().map(|warning| warning.detail.clone()).collect()
}

pub(super) fn says(warnings: &[String], hint: &str) -> bool {
    warnings.iter().any(|warning| warning.contains(hint))
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_machine_gets_no_more_than_a_host_of_its_place_has() {
    let (scene, text) = begin().await;
    let too_many = text.clone().set("cpus", "65");
    is_refused(&scene, too_many, "cpus", ("Too many CPUs", "more than 64 CPUs")).await;
    let too_new = text.clone().set("hardware_version", "22");
    let refused = (
        "Virtual hardware is too new",
        "The hosts of DC0_C0 offer versions up to 21",
    );
    is_refused(&scene, too_new, "hardware_version", refused).await;
    let large = warnings(&scene, text.clone().set("memory_mib", "1048576")).await;
    assert!(says(&large, "more than 524288 MiB"), "{large:?}");

    let grown = text.clone().set("cpus", "4").set("memory_mib", "4096");
    let grown = grown
        .set("hardware_version", "19")
        .set("network_interfaces", OTHER_NETWORK);
    scene.write(&grown.hcl());
    scene.apply().await;
    scene.is_settled().await;
    let machine = scene.machine("node-1").await;
    assert_eq!(
        (machine.cpus, machine.memory_mib, machine.hardware_version.as_str()),
        (4, 4096, "vmx-19")
    );
    scene.destroy().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn hosts_are_asked_for_another_network_and_not_for_the_one_that_a_machine_has() {
    let (scene, text) = begin().await;
    let lose = async |host: &str, network: &str| {
        let lost = scene.vcenter.lose_network(host, network).await;
        lost.expect("it has the network until now");
    };
    lose("DC0_C0_H1", "DC0_DVPG1").await;
    let other = text.clone().set("network_interfaces", OTHER_NETWORK);
    let some = warnings(&scene, other.clone()).await;
    assert!(
        says(&some, "DC0_C0_H1 of DC0_C0 reach the network DC0_DVPG1 not at all"),
        "{some:?}"
    );
    lose("DC0_C0_H0", "DC0_DVPG1").await;
    let refused = (
        "Out of reach of the hosts",
        "No host of DC0_C0 reaches the network DC0_DVPG1.",
    );
    is_refused(&scene, other, "network_interfaces", refused).await;

    lose("DC0_C0_H1", "DC0_DVPG0").await;
    let same = warnings(&scene, text.clone().set("cpus", "4")).await;
    assert!(!says(&same, "DC0_DVPG0"), "the network is the same: {same:?}");

    scene.vcenter.forget_requests().await.expect("the vCenter answers");
    warnings(&scene, text.clone().set("annotation", "\"A node\"")).await;
    let methods = scene.vcenter.methods().await.expect("the vCenter answers");
    assert!(
        !methods
            .iter()
            .any(|method| method.starts_with("Find") || method == "CreateContainerView"),
        "nothing of it concerns a place: {methods:?}"
    );
    scene.write(&text.hcl());
    scene.vcenter.forget_requests().await.expect("the vCenter answers");
    scene.is_settled().await;
    let methods = scene.vcenter.methods().await.expect("the vCenter answers");
    let once = ["RetrieveServiceContent", "Login", "RetrievePropertiesEx", "Logout"];
    assert_eq!(methods, once, "what does not change is looked at, and no more");
    scene.destroy().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_machine_is_not_moved_to_hosts_that_cannot_run_it() {
    let (scene, text) = begin().await;
    let raised = text.clone().set("hardware_version", "19");
    scene.write(&raised.hcl());
    scene.apply().await;
    let far = raised.clone().set("resource_pool", FAR);
    let unworried = warnings(&scene, far.clone()).await;
    assert!(!says(&unworried, "DC0_C1"), "{unworried:?}");

    scene
        .vcenter
        .offer_hardware("DC0_C1", 17)
        .await
        .expect("it is a cluster");
    let refused = (
        "Virtual hardware is too new",
        "The hosts of DC0_C1 offer versions up to 17",
    );
    // It is what the machine has, whatever is configured.
    is_refused(
        &scene,
        far.clone().without("hardware_version"),
        "resource_pool",
        refused,
    )
    .await;

    for (host, is_last) in [("DC0_C1_H0", false), ("DC0_C1_H1", true)] {
        let lost = scene.vcenter.lose_datastore(host, "LocalDS_0").await;
        lost.expect("it has the datastore until now");
        let near = warnings(&scene, raised.clone().set("resource_pool", NEAR)).await;
        assert!(!says(&near, "LocalDS_0"), "its hosts are others: {near:?}");
        if is_last {
            scene.write(&far.hcl());
            let error = scene.plan_fails().await;
            assert_eq!(error.summary, "Out of reach of the hosts", "{error:?}");
            assert!(
                error
                    .detail
                    .contains("No host of DC0_C1 reaches the datastore LocalDS_0.")
            );
        }
    }
    let nowhere = raised.clone().set("resource_pool", "\"Nowhere\"");
    let refused = ("Unable to place the virtual machine", "DC0_C0_RP1");
    is_refused(&scene, nowhere, "resource_pool", refused).await;

    scene.write(&raised.set("resource_pool", NEAR).hcl());
    scene.apply().await;
    scene.is_settled().await;
    scene.destroy().await;
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn disks_grow_and_are_added_only_where_their_datastore_has_room() {
    let (scene, text) = begin().await;
    let disks = |text: &Text, disks: &str| text.clone().set("data_disks", &format!("{{ {disks} }}"));
    let disk = |name: &str, gib: u64, thin: bool| {
        format!("{name} = {{ size_gib = {gib}, thin = {thin}, keep_on_destroy = false }}")
    };
    let both = |thick: u64, thin: u64| disk("thick", thick, false) + ", " + &disk("thin", thin, true);
    scene.write(&disks(&text, &both(2, 2)).hcl());
    scene.apply().await;
    scene
        .vcenter
        .fill_datastore("LocalDS_0", 5)
        .await
        .expect("there is such a datastore");
    let too_full = "LocalDS_0 has 5 GiB left, and disks that take their space at once need 6 GiB";
    let refused = ("Datastore is too full", too_full);
    is_refused(&scene, disks(&text, &both(8, 2)), "data_disks", refused).await;
    let added = both(2, 2) + ", " + &disk("new", 6, false);
    is_refused(&scene, disks(&text, &added), "data_disks", refused).await;
    let another = disks(&Text::new("node-2").called("other"), &disk("new", 6, false));
    is_refused(&scene, another, "data_disks", refused).await;

    let may = warnings(&scene, disks(&text, &both(2, 8))).await;
    assert!(
        says(&may, "LocalDS_0 has 5 GiB left, and the disks may take 6 GiB more"),
        "{may:?}"
    );
    let fits = warnings(&scene, disks(&text, &both(4, 4)).set("annotation", "\"A node\"")).await;
    assert!(!says(&fits, "LocalDS_0"), "{fits:?}");
    scene.apply().await;
    scene.is_settled().await;
    scene.destroy().await;
}
