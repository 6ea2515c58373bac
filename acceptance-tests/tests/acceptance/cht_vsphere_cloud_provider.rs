//! `cht_vsphere_cloud_provider`: the six steps, what plans refuse, and nodes that wait for it. No image runs in the
//! lab, so the tests play the controller: they take the taint from the nodes.

mod waiting;

use acceptance_tests::vcenter::{Machine, Options, VCenter};
use serde_json::{Value, json};

use crate::support::{CONFIG_MAP, DAEMON_SET, NODE, SECRET, Scene, blames, done, eventually, failure, kubernetes};
use crate::vsphere::{grants, provider_block};

const ADDRESS: &str = "cht_vsphere_cloud_provider.test";
const NAME: &str = "vsphere-cloud-controller-manager";
const USER: &str = "k8s@vsphere.local";
const PASSWORD: &str = "low-privilege-7\"\\";

/// A vCenter with a user of its own for the cluster.
async fn vcenter() -> VCenter {
    let options = Options {
        machines: 2,
        ..Options::default()
    };
    let vcenter = VCenter::start(&options).await.expect("the vCenter starts");
    vcenter.add_user(USER, PASSWORD).await.expect("a user");
    vcenter
}

fn configuration(vcenter: &VCenter, way: &str, login: &str, rest: &str) -> String {
    let (server, port) = vcenter.address().rsplit_once(':').expect("a port");
    format!(
        "resource \"cht_vsphere_cloud_provider\" \"test\" {{
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

/// What the controller does when it has seen a node.
async fn initialize(scene: &Scene, name: &str) {
    let taints = json!([{ "key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule" }]);
    let patch = kube::api::Patch::Merge(json!({ "spec": { "taints": taints } }));
    scene
        .api(&NODE)
        .patch(name, &Default::default(), &patch)
        .await
        .expect("the taint is taken");
}

async fn secret(scene: &Scene, server: &str) -> String {
    let secret = scene
        .object(&SECRET, "vsphere-cloud-secret")
        .await
        .expect("it is there");
    let encoded = secret.data["data"][format!("{server}.password")]
        .as_str()
        .expect("a password")
        .to_owned();
    let decoded = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, encoded).expect("base64");
    String::from_utf8(decoded).expect("a text")
}

// One test, as a cluster has one cloud provider.
#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn the_cloud_provider_is_refused_made_changed_repaired_imported_and_destroyed() {
    let _turn = crate::support::turn_with_nodes().await;
    let scene = Scene::new("kube-system").await;
    let vcenter = vcenter().await;
    let machine = vcenter
        .machines()
        .await
        .expect("machines")
        .into_iter()
        .find(|one| !one.template);
    let machine = machine.expect("a machine");
    let datacenter = machine.path.split('/').nth(1).expect("a datacenter").to_owned();
    asks_what_the_user_may_do(&scene, &vcenter, &machine, &datacenter).await;
    refuses_what_cannot_work(&scene, &vcenter, &machine, &datacenter).await;
    waits_for_nodes(&scene, &vcenter, &machine, &datacenter).await;
    is_changed(&scene, &vcenter, &datacenter).await;
    password_is_rotated(&scene, &vcenter, &datacenter).await;
    is_repaired(&scene, &vcenter).await;
    is_imported_as_it_is(&scene, &vcenter, &datacenter).await;
    scene.destroy().await;
    for (kind, name) in [
        (&DAEMON_SET, NAME),
        (&SECRET, "vsphere-cloud-secret"),
        (&CONFIG_MAP, "vsphere-cloud-config"),
    ] {
        assert!(scene.object(kind, name).await.is_none(), "{name}");
    }
    scene.delete(&NODE, "vsphere-1").await;
}

async fn asks_what_the_user_may_do(scene: &Scene, vcenter: &VCenter, machine: &Machine, datacenter: &str) {
    let provider_id = format!("vsphere://{}", machine.uuid);
    scene.add_node("vsphere-1", &provider_id).await;
    scene.write(&configuration(
        vcenter,
        &way().await,
        &login(PASSWORD, 1, datacenter),
        "",
    ));
    let lacking = scene.plan_warns("Missing privileges").await;
    for words in [
        "- `System.Read` on /DC0, /DC0/host/DC0_C0/DC0_C0_H",
        &format!(", {} (preset `read-only`)", machine.path),
    ] {
        blames(&lacking, "Missing privileges", words, "user");
    }
    let trust = format!("ca_certificate = {}", json!(vcenter.ca_pem()));
    let block = provider_block(vcenter, vcenter.user(), vcenter.password(), &trust);
    let administrator = scene.elsewhere().await;
    administrator.write(&(block + &grants(USER, &[("read-only", "datacenter", "/DC0")])));
    administrator.apply().await;
    assert_eq!(scene.plan().await.actions(ADDRESS), ["create"]);
    scene.delete(&NODE, "vsphere-1").await;
}

async fn refuses_what_cannot_work(scene: &Scene, vcenter: &VCenter, machine: &Machine, datacenter: &str) {
    let try_with = async |login: String| {
        scene.write(&configuration(vcenter, &way().await, &login, ""));
        scene.plan_fails().await
    };
    let refused = try_with(login("wrong", 1, datacenter)).await;
    blames(
        &refused,
        "Unable to check the vCenter",
        "does not let k8s@vsphere.local in",
        "user",
    );
    let refused = try_with(login(PASSWORD, 1, "Elsewhere")).await;
    blames(
        &refused,
        "Datacenter not found",
        &format!("there are: {datacenter}"),
        "datacenters",
    );
    let refused = try_with(format!("datacenters = [{datacenter:?}]")).await;
    blames(&refused, "User has no password", "password_wo", "vcenter");

    for (name, provider_id, words) in [
        ("k3s-1", "k3s://k3s-1".to_owned(), "another cloud provider"),
        (
            "instance-1",
            format!("vsphere://{}", machine.instance_uuid),
            machine.uuid.as_str(),
        ),
        (
            "nobody-1",
            "vsphere://00000000-0000-0000-0000-000000000000".to_owned(),
            "No machine",
        ),
    ] {
        scene.add_node(name, &provider_id).await;
        let refused = try_with(login(PASSWORD, 1, datacenter)).await;
        assert_eq!(refused.summary, "Wrong provider ID", "{refused:#?}");
        assert!(refused.detail.contains(words), "{refused:#?}");
        scene.delete(&NODE, name).await;
    }
}

async fn waits_for_nodes(scene: &Scene, vcenter: &VCenter, machine: &Machine, datacenter: &str) {
    let provider_id = format!("vsphere://{}", machine.uuid.to_lowercase());
    scene.add_node("vsphere-1", &provider_id).await;
    scene.write(&configuration(
        vcenter,
        &way().await,
        &login(PASSWORD, 1, datacenter),
        "",
    ));
    let apply = async { done("apply", scene.workspace.apply().await) };
    let controller = async {
        let rolled_out = async || match scene.object(&DAEMON_SET, NAME).await {
            Some(set) if set.data["status"]["numberReady"].as_u64() >= Some(1) => Ok(()),
            other => Err(format!("{other:?}")),
        };
        eventually("the pods to run", rolled_out).await;
        initialize(scene, "vsphere-1").await;
    };
    let (applied, ()) = tokio::join!(apply, controller);
    assert!(applied.errors().next().is_none());
    let server = vcenter.address().rsplit_once(':').expect("a port").0;
    assert_eq!(secret(scene, server).await, PASSWORD);
    let config = scene
        .object(&CONFIG_MAP, "vsphere-cloud-config")
        .await
        .expect("it is there");
    assert!(
        !config.data.to_string().contains("low-privilege"),
        "no credentials are in it"
    );
    let state = std::fs::read_to_string(scene.workspace.directory().join("terraform.tfstate")).expect("a state");
    assert!(!state.contains("low-privilege"), "nor in the state");
    scene.is_settled().await;
}

/// Everything that is set beside the login.
const ALL: &str = "image_registry = \"registry.example/k8s\"
               region_category = \"region\"
               zone_category = \"zone\"
               skip_node_deletion = true";

async fn is_changed(scene: &Scene, vcenter: &VCenter, datacenter: &str) {
    scene.write(&configuration(
        vcenter,
        &way().await,
        &login(PASSWORD, 1, datacenter),
        ALL,
    ));
    assert_eq!(scene.plan().await.actions(ADDRESS), ["update"]);
    scene.apply().await;
    let set = scene.object(&DAEMON_SET, NAME).await.expect("it is there");
    let container: &Value = &set.data["spec"]["template"]["spec"]["containers"][0];
    let image = container["image"].as_str().expect("an image");
    assert!(image.starts_with("registry.example/k8s/cloud-pv-vsphere/"), "{image}");
    scene.is_settled().await;
}

async fn password_is_rotated(scene: &Scene, vcenter: &VCenter, datacenter: &str) {
    // Another password is used only with another version.
    scene.write(&configuration(
        vcenter,
        &way().await,
        &login("another", 1, datacenter),
        ALL,
    ));
    assert!(scene.plan().await.is_empty());
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
    let server = vcenter.address().rsplit_once(':').expect("a port").0;
    assert_eq!(secret(scene, server).await, "another");
    scene.is_settled().await;
}

async fn is_repaired(scene: &Scene, vcenter: &VCenter) {
    let server = vcenter.address().rsplit_once(':').expect("a port").0;
    scene
        .patch(
            &SECRET,
            "vsphere-cloud-secret",
            json!({ "stringData": { format!("{server}.username"): "x" } }),
        )
        .await;
    scene.delete(&CONFIG_MAP, "vsphere-cloud-config").await;
    let plan = scene.plan().await;
    let drift = plan.change(ADDRESS).expect("a change").before["drift"].to_string();
    assert!(
        drift.contains("ConfigMap kube-system/vsphere-cloud-config is not there"),
        "{drift}"
    );
    assert!(drift.contains("(sensitive value)"), "{drift}");
    scene.apply().await;
    scene.is_settled().await;
}

async fn is_imported_as_it_is(scene: &Scene, vcenter: &VCenter, datacenter: &str) {
    let provider = format!("provider \"cht\" {{ {} }}\n", way().await);
    for by in [
        format!("id = \"{NAME}\""),
        format!("identity = {{ name = \"{NAME}\" }}"),
    ] {
        let other = scene.elsewhere().await;
        let import = format!("import {{\n  to = {ADDRESS}\n  {by}\n}}\n");
        let without = format!("datacenters = [{datacenter:?}]");
        other.write(&[provider.clone(), import, configuration(vcenter, "", &without, ALL)].join(""));
        assert_eq!(
            other.plan().await.actions(ADDRESS),
            ["no-op"],
            "it is imported as it is"
        );
    }
    let other = scene.elsewhere().await;
    other.write(
        &[
            provider,
            configuration(vcenter, "", &login("another", 2, datacenter), ALL),
        ]
        .join(""),
    );
    let refused = failure("import", other.workspace.import(ADDRESS, "default").await);
    assert_eq!(refused.summary, "No vSphere cloud provider to import");
}
