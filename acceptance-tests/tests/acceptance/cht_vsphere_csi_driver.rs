//! `cht_vsphere_csi_driver`: the six steps, what plans refuse, and nodes that wait for it. No image runs in the lab, so
//! the tests play the driver: they note it in the CSINode of a node.

mod waiting;

use acceptance_tests::vcenter::{Fault, Options, VCenter};
use serde_json::{Value, json};

use crate::support::{
    ATTACHMENT, CSI_NODE, DAEMON_SET, DEFINITION, DEPLOYMENT, NAMESPACE, NODE, SECRET, SNAPSHOT, SNAPSHOT_CLASS, Scene,
    blames, eventually, failure, kubernetes,
};
use crate::vsphere::{grants, provider_block};

const ADDRESS: &str = "cht_vsphere_csi_driver.test";
const DRIVER: &str = "csi.vsphere.vmware.com";
const PLACE: &str = "vmware-system-csi";
const USER: &str = "csi@vsphere.local";
const PASSWORD: &str = "low-privilege-7\"\\";

fn configuration(vcenter: &VCenter, way: &str, login: &str, rest: &str) -> String {
    let (server, port) = vcenter.address().rsplit_once(':').expect("a port");
    format!(
        "resource \"cht_vsphere_csi_driver\" \"test\" {{
           {way}
           vcenter = {{
             server         = {server:?}
             port           = {port}
             ca_certificate = {ca:?}
             user           = {USER:?}
             {login}
           }}
           {rest}
         }}",
        ca = vcenter.ca_pem(),
    )
}

async fn way() -> String {
    format!("kubernetes = {}", kubernetes().await)
}

fn login(password: &str, version: u32, datacenter: &str) -> String {
    format!("password_wo = {password:?}\npassword_wo_version = {version}\ndatacenters = [{datacenter:?}]")
}

/// The configuration that the driver is given.
async fn conf(scene: &Scene) -> String {
    let secret = scene
        .object(&SECRET, "vsphere-config-secret")
        .await
        .expect("it is there");
    let encoded = secret.data["data"]["csi-vsphere.conf"]
        .as_str()
        .expect("a text")
        .to_owned();
    let decoded = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, encoded).expect("base64");
    String::from_utf8(decoded).expect("a text")
}

// One test, as a cluster has one CSI driver of this kind.
#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn the_csi_driver_is_refused_made_changed_repaired_imported_and_destroyed() {
    let _turn = crate::support::turn_with_nodes().await;
    let scene = Scene::new(PLACE).await;
    let options = Options {
        machines: 1,
        ..Options::default()
    };
    let vcenter = VCenter::start(&options).await.expect("the vCenter starts");
    vcenter.add_user(USER, PASSWORD).await.expect("a user");
    // The controller runs beside the API server.
    is_control_plane(&scene, json!("true")).await;
    let folders = vcenter.folders().await.expect("folders");
    let datacenter = folders[0].split('/').nth(1).expect("a datacenter").to_owned();
    asks_what_the_user_may_do(&scene, &vcenter, &datacenter).await;
    refuses_what_cannot_work(&scene, &vcenter, &datacenter).await;
    waits_for_nodes(&scene, &vcenter, &datacenter).await;
    is_changed(&scene, &vcenter, &datacenter).await;
    password_is_rotated(&scene, &vcenter, &datacenter).await;
    is_repaired(&scene).await;
    is_imported_as_it_is(&scene, &vcenter, &datacenter).await;
    stays_while_volumes_are_attached(&scene).await;
    stays_while_there_are_snapshots(&scene, &vcenter, &datacenter).await;
    scene.destroy().await;
    assert!(scene.object(&DEFINITION, SNAPSHOTS).await.is_none());
    assert!(scene.object(&NAMESPACE, PLACE).await.is_none());
    scene.delete(&CSI_NODE, "csi-1").await;
    is_control_plane(&scene, Value::Null).await;
}

/// The kind of snapshots.
const SNAPSHOTS: &str = "volumesnapshots.snapshot.storage.k8s.io";

/// Without the kind, all snapshots would be gone.
async fn stays_while_there_are_snapshots(scene: &Scene, vcenter: &VCenter, datacenter: &str) {
    let snapshot = json!({
        "apiVersion": "snapshot.storage.k8s.io/v1", "kind": "VolumeSnapshot",
        "metadata": { "name": "before", "namespace": PLACE },
        "spec": { "volumeSnapshotClassName": "fast", "source": { "persistentVolumeClaimName": "data" } },
    });
    let of_two = json!({ "persistentVolumeClaimName": "data", "volumeSnapshotContentName": "content" });
    let mut wrong = snapshot.clone();
    wrong["spec"]["source"] = of_two;
    let api = scene.api(&SNAPSHOT);
    let make = async |json: Value| {
        let snapshot = serde_json::from_value(json).expect("an object");
        api.create(&Default::default(), &snapshot).await
    };
    assert!(make(wrong).await.is_err(), "a snapshot is of one thing");
    make(snapshot).await.expect("it is made");
    let refused = failure("destroy", scene.workspace.destroy().await);
    assert_eq!(refused.summary, "Snapshots are there");
    assert!(refused.detail.contains("before"), "{refused:#?}");
    let without = ALL
        .lines()
        .filter(|line| !line.contains("snapshots ="))
        .collect::<Vec<_>>()
        .join("\n");
    let configured = |rest: &str, way: &str| configuration(vcenter, way, &login("another", 2, datacenter), rest);
    scene.write(&configured(&without, &way().await));
    assert_eq!(scene.plan_fails().await.summary, "Snapshots are there");
    scene.delete(&SNAPSHOT, "before").await;
    scene.apply().await;
    scene.is_settled().await;
    assert!(scene.object(&DEFINITION, SNAPSHOTS).await.is_none());
    scene.write(&configured("snapshots = {}", &way().await));
    scene.apply().await;
    scene.is_settled().await;
    assert!(scene.object(&SNAPSHOT_CLASS, "vsphere").await.is_some());
}

/// Labels the lab's node as one of the control plane, or takes the label away.
async fn is_control_plane(scene: &Scene, label: Value) {
    let labels = json!({ "node-role.kubernetes.io/control-plane": label });
    scene
        .patch(&NODE, "lab-node-0", json!({ "metadata": { "labels": labels } }))
        .await;
}

/// Without its privileges the driver starts all the same, and claims wait for ever.
async fn asks_what_the_user_may_do(scene: &Scene, vcenter: &VCenter, datacenter: &str) {
    let mut machines = vcenter.machines().await.expect("machines").into_iter();
    let machine = machines.find(|one| !one.template).expect("a machine");
    scene.add_node("csi-1", &format!("vsphere://{}", machine.uuid)).await;
    scene.write(&configuration(
        vcenter,
        &way().await,
        &login(PASSWORD, 1, datacenter),
        "",
    ));
    let lines = [
        "- `System.Read` on /DC0, /DC0/host/DC0_C0/DC0_C0_H",
        &format!(", {} (preset `read-only`)", machine.path),
        "- `Cns.Searchable` and `StorageProfile.View` on the root (preset `cns-search-and-spbm`)",
        &format!(
            "- `VirtualMachine.Config.AddExistingDisk` and `VirtualMachine.Config.AddRemoveDevice` on {} (preset `cns-vm`)",
            machine.path
        ),
        "- `Datastore.FileManagement` on one at least of /DC0/datastore/LocalDS_0, /DC0/datastore/LocalDS_1 (preset \
         `cns-datastore`)",
    ];
    let lacking = scene.plan_warns("Missing privileges").await;
    for line in lines {
        blames(&lacking, "Missing privileges", line, "user");
    }

    let trust = format!("ca_certificate = {}", json!(vcenter.ca_pem()));
    let block = provider_block(vcenter, vcenter.user(), vcenter.password(), &trust);
    let administrator = scene.elsewhere().await;
    let give = async |roles: &[(&str, &str, &str)]| {
        administrator.write(&(block.clone() + &grants(USER, roles)));
        administrator.apply().await;
    };
    let roles = [
        ("read-only", "datacenter", "/DC0"),
        ("cns-search-and-spbm", "root", ""),
        ("cns-vm", "virtual_machine", machine.path.as_str()),
        ("cns-datastore", "datastore", "/DC0/datastore/LocalDS_1"),
    ];
    give(&roles[..3]).await;
    let lacking = scene.plan_warns("Missing privileges").await;
    blames(&lacking, "Missing privileges", lines[4], "user");
    assert!(!lacking.detail.contains("preset `cns-vm`"), "{lacking:#?}");

    let denied = Fault::thrown("NoPermission").with(json!({ "privilegeId": "System.View" }));
    vcenter
        .fault("HasPrivilegeOnEntities", denied)
        .await
        .expect("there is such a fault");
    let said = async || {
        let plan = scene.plan().await;
        let all = plan.outcome.warnings().map(|warning| warning.summary.clone());
        all.filter(|summary| summary.contains("rivileges")).collect::<Vec<_>>()
    };
    assert_eq!(said().await, ["Privileges were not checked"], "that is in nobody's way");
    give(&roles).await;
    assert_eq!(said().await, Vec::<String>::new());
    scene.delete(&NODE, "csi-1").await;
}

async fn refuses_what_cannot_work(scene: &Scene, vcenter: &VCenter, datacenter: &str) {
    let try_with = async |login: String, rest: &str| {
        scene.write(&configuration(vcenter, &way().await, &login, rest));
        scene.plan_fails().await
    };
    let refused = try_with(login("wrong", 1, datacenter), "").await;
    blames(
        &refused,
        "Unable to check the vCenter",
        "does not let csi@vsphere.local in",
        "user",
    );
    let refused = try_with(login(PASSWORD, 1, "Elsewhere"), "").await;
    blames(
        &refused,
        "Datacenter not found",
        &format!("there are: {datacenter}"),
        "datacenters",
    );
    let refused = try_with(login(PASSWORD, 1, datacenter), "cluster_id = \"domain-c8\"").await;
    blames(
        &refused,
        &refused.summary,
        "take away each other's volumes",
        "cluster_id",
    );
}

async fn waits_for_nodes(scene: &Scene, vcenter: &VCenter, datacenter: &str) {
    let node = json!({
        "apiVersion": "storage.k8s.io/v1", "kind": "CSINode", "metadata": { "name": "csi-1" }, "spec": { "drivers": [] },
    });
    let node = serde_json::from_value(node).expect("an object");
    scene
        .api(&CSI_NODE)
        .create(&Default::default(), &node)
        .await
        .expect("it is made");
    scene.write(&configuration(
        vcenter,
        &way().await,
        &login(PASSWORD, 1, datacenter),
        "",
    ));
    let driver = async {
        let rolled_out = async || match scene.object(&DAEMON_SET, "vsphere-csi-node").await {
            Some(set) if set.data["status"]["numberReady"].as_u64() >= Some(1) => Ok(()),
            other => Err(format!("{other:?}")),
        };
        eventually("the pods to run", rolled_out).await;
        let drivers = json!({ "spec": { "drivers": [{ "name": DRIVER, "nodeID": "csi-1" }] } });
        let patch = kube::api::Patch::Merge(drivers);
        let patched = scene.api(&CSI_NODE).patch("csi-1", &Default::default(), &patch).await;
        patched.expect("it is noted");
    };
    tokio::join!(scene.apply(), driver);
    let conf = conf(scene).await;
    assert!(conf.contains(r#"password = "low-privilege-7\"\\""#), "it is escaped");
    let identity = crate::support::lab().await.cluster.client().expect("a client");
    let system: kube::Api<k8s_openapi::api::core::v1::Namespace> = kube::Api::all(identity);
    let uid = system
        .get("kube-system")
        .await
        .expect("it is there")
        .metadata
        .uid
        .expect("a UID");
    assert!(
        conf.contains(&format!("cluster-id = \"{uid}\"")),
        "the default is of this cluster alone"
    );
    let state = std::fs::read_to_string(scene.workspace.directory().join("terraform.tfstate")).expect("a state");
    assert!(!state.contains("low-privilege"), "no password is in the state");
    scene.is_settled().await;
}

/// Everything that is set beside the login.
const ALL: &str = "image_registry = \"registry.example/k8s\"
               cluster_distribution = \"k3s\"
               topology_categories = [\"k8s-region\", \"k8s-zone\"]
               snapshots = { class = \"fast\", deletion_policy = \"Retain\", max_per_volume = 5 }
               cluster_id = \"nairobi\"";

async fn is_changed(scene: &Scene, vcenter: &VCenter, datacenter: &str) {
    scene.write(&configuration(
        vcenter,
        &way().await,
        &login(PASSWORD, 1, datacenter),
        ALL,
    ));
    assert_eq!(scene.plan().await.actions(ADDRESS), ["update"]);
    scene.apply().await;
    let deployment = scene
        .object(&DEPLOYMENT, "vsphere-csi-controller")
        .await
        .expect("it is there");
    let containers: &Value = &deployment.data["spec"]["template"]["spec"]["containers"];
    for container in containers.as_array().expect("containers") {
        let image = container["image"].as_str().expect("an image");
        assert!(image.starts_with("registry.example/k8s/"), "{image}");
    }
    assert!(
        conf(scene)
            .await
            .contains("topology-categories = \"k8s-region,k8s-zone\"")
    );
    let class = scene.object(&SNAPSHOT_CLASS, "fast").await.expect("it is there");
    assert_eq!(
        (&class.data["driver"], &class.data["deletionPolicy"]),
        (&json!(DRIVER), &json!("Retain"))
    );
    assert!(scene.object(&DEPLOYMENT, "snapshot-controller").await.is_some());
    assert!(
        conf(scene)
            .await
            .contains("global-max-snapshots-per-block-volume = \"5\"")
    );
    scene.is_settled().await;
}

async fn password_is_rotated(scene: &Scene, vcenter: &VCenter, datacenter: &str) {
    vcenter
        .add_user(USER, "another")
        .await
        .expect("its password is changed");
    scene.write(&configuration(
        vcenter,
        &way().await,
        &login("another", 2, datacenter),
        ALL,
    ));
    scene.apply().await;
    assert!(conf(scene).await.contains("password = \"another\""));
    scene.is_settled().await;
}

async fn is_repaired(scene: &Scene) {
    scene
        .patch(
            &DEPLOYMENT,
            "vsphere-csi-controller",
            json!({ "spec": { "replicas": 0 } }),
        )
        .await;
    scene.delete(&SECRET, "vsphere-config-secret").await;
    let plan = scene.plan().await;
    let drift = plan.change(ADDRESS).expect("a change").before["drift"].to_string();
    assert!(
        drift.contains("vsphere-config-secret is not there") && drift.contains("spec.replicas: 0"),
        "{drift}"
    );
    scene.apply().await;
    scene.is_settled().await;
}

async fn is_imported_as_it_is(scene: &Scene, vcenter: &VCenter, datacenter: &str) {
    let provider = format!("provider \"cht\" {{ {} }}\n", way().await);
    let without = configuration(vcenter, "", &format!("datacenters = [{datacenter:?}]"), ALL);
    for by in [
        format!("id = \"{DRIVER}\""),
        format!("identity = {{ name = \"{DRIVER}\" }}"),
    ] {
        let other = scene.elsewhere().await;
        let import = format!("import {{\n  to = {ADDRESS}\n  {by}\n}}\n");
        other.write(&[provider.as_str(), &import, &without].concat());
        assert_eq!(
            other.plan().await.actions(ADDRESS),
            ["no-op"],
            "it is imported as it is"
        );
    }
    let other = scene.elsewhere().await;
    other.write(&[provider, without].concat());
    let refused = failure("import", other.workspace.import(ADDRESS, "default").await);
    assert_eq!(refused.summary, "No vSphere CSI driver to import");
}

async fn stays_while_volumes_are_attached(scene: &Scene) {
    let attachment = json!({
        "apiVersion": "storage.k8s.io/v1", "kind": "VolumeAttachment", "metadata": { "name": "csi-attached" },
        "spec": { "attacher": DRIVER, "nodeName": "csi-1", "source": { "persistentVolumeName": "pv-1" } },
    });
    let attachment = serde_json::from_value(attachment).expect("an object");
    let api = scene.api(&ATTACHMENT);
    api.create(&Default::default(), &attachment).await.expect("it is made");
    let refused = failure("destroy", scene.workspace.destroy().await);
    assert_eq!(refused.summary, "Volumes are attached");
    assert!(refused.detail.contains("pv-1 on csi-1"), "{refused:#?}");
    scene.delete(&ATTACHMENT, "csi-attached").await;
}
