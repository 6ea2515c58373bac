//! A whole data center in one configuration: machines of a vCenter, a cluster of k3s on them, what the cluster needs of
//! vSphere, and a CHT for each of two counties. What one platform says is what the next one is told, from the first
//! plan on, and the guide leads through it.

use acceptance_tests::data_center::DataCenter;
use acceptance_tests::environment::Script;
use acceptance_tests::tofu::Plan;
use k8s_openapi::api::core::v1::{Node, PersistentVolume};
use kube::api::ListParams;
use kube::{Api, ResourceExt};
use serde_json::{Map, Value, json};

use crate::examples::{copy, folder, set};
use crate::guide::{follow, follow_section};
use crate::support::{Scene, condition, done, eventually};

/// The guide.
const GUIDE: &str = "data-center";

/// A data center that is about to be made.
struct Site {
    scene: Scene,
    center: DataCenter,
    variables: Map<String, Value>,
    change: Map<String, Value>,
}

impl Site {
    /// An empty data center, and the configuration for it; nothing if the test is skipped.
    async fn new() -> Option<Self> {
        let folder = folder("datacenter");
        let script = Script::read(&folder).expect("a script");
        // One more, for a server that takes the place of another.
        let machines = u8::try_from(script.machines + 1).expect("some machines");
        let (scene, center) = Scene::in_data_center(machines).await?;
        let script = script
            .in_data_center(&center, &scene.lab)
            .expect("the lab knows it all");
        copy(&folder, &scene);
        set(&scene, &script.first);
        Some(Self {
            scene,
            center,
            variables: script.first,
            change: script.change,
        })
    }

    /// Sets variables; others stay as they are.
    fn set(&mut self, variables: Map<String, Value>) {
        self.variables.extend(variables);
        set(&self.scene, &self.variables);
    }

    /// Applies.
    async fn apply(&self, when: &str) {
        if let Err(error) = self.scene.workspace.apply().await {
            panic!("{when}: {error:#?}\n{:?}", self.center.troubles());
        }
    }

    /// Checks that nothing is left to do, as soon as it is noted that every CHT is back that was away with its machine.
    async fn settles(&self, when: &str) {
        let look = async || {
            let plan = self.scene.plan().await;
            assert!(plan.is_empty(), "{when}: {:?}", changed(&plan));
            if plan.drift().is_empty() {
                return Ok(());
            }
            self.apply(when).await;
            Err(format!("the refresh finds {:?}", plan.drift().keys()))
        };
        eventually(when, look).await;
    }

    /// Checks that each node is its machine: by id, by name, by address, and let in by the cloud provider.
    async fn nodes_are_machines(&self, names: &[&str]) {
        let nodes = Api::<Node>::all(self.scene.client(1).await);
        let nodes = nodes
            .list(&ListParams::default())
            .await
            .expect("the API server answers");
        let mut found: Vec<String> = nodes.iter().map(ResourceExt::name_any).collect();
        found.sort();
        assert_eq!(found, names);
        for node in nodes {
            let name = node.name_any();
            let machine = self.center.vcenter.machine(&name).await.expect("there is a machine");
            let spec = node.spec.clone().unwrap_or_default();
            assert_eq!(spec.provider_id, Some(format!("vsphere://{}", machine.uuid)), "{name}");
            let taints: Vec<String> = spec.taints.into_iter().flatten().map(|taint| taint.key).collect();
            assert!(
                !taints.iter().any(|taint| taint.contains("uninitialized")),
                "{name}: {taints:?}"
            );
            assert_eq!(condition(&node, "Ready").as_deref(), Some("True"), "{name}");
            let addresses = node.status.and_then(|status| status.addresses).unwrap_or_default();
            let address = addresses.iter().find(|address| address.type_ == "InternalIP");
            let address = address.map(|address| address.address.clone());
            assert_eq!(address, Some(machine.guest.ip_address), "{name}");
        }
    }

    /// Checks that the data of each county is in a volume of vSphere.
    async fn volumes_are_of_vsphere(&self) {
        let volumes = Api::<PersistentVolume>::all(self.scene.client(1).await);
        let volumes = volumes
            .list(&ListParams::default())
            .await
            .expect("the API server answers");
        assert!(volumes.items.len() >= 2, "{volumes:#?}");
        for volume in volumes {
            let class = volume.spec.and_then(|spec| spec.storage_class_name);
            assert_eq!(class.as_deref(), Some("vsphere"));
        }
    }
}

/// The addresses of what a plan does something to.
fn changed(plan: &Plan) -> Vec<String> {
    let all = plan.changes();
    let changed = all.filter(|(_, change)| {
        !change
            .actions
            .iter()
            .all(|action| action == "no-op" || action == "read")
    });
    changed.map(|(address, _)| address.to_owned()).collect()
}

fn machine(name: &str) -> String {
    format!("cht_vsphere_virtual_machine.this[{name:?}]")
}

fn agent(name: &str) -> String {
    format!("cht_k3s_agent.this[{name:?}]")
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_data_center_is_planned_made_repaired_and_destroyed_as_one() {
    let Some(mut site) = Site::new().await else { return };
    let plan = site.scene.plan().await;
    let created = plan
        .changes()
        .filter(|(_, change)| change.actions == ["create"])
        .count();
    assert_eq!(created, changed(&plan).len(), "nothing is there before the first apply");
    assert_eq!(plan.actions("cht_instance.county[\"kisumu\"]"), ["create"]);
    follow(&site.scene, GUIDE).await;
    site.scene.is_settled_after("made").await;
    site.nodes_are_machines(&["agent-1", "agent-2", "server-1", "server-2", "server-3"])
        .await;
    site.volumes_are_of_vsphere().await;
    let urls = done("output", site.scene.workspace.output("urls").await);
    let expected = json!({"kisumu": "https://kisumu.health.example/", "siaya": "https://siaya.health.example/"});
    assert_eq!(urls, expected);

    one_more_agent(&mut site).await;
    a_machine_without_power(&site).await;
    a_machine_that_is_gone(&site).await;
    another_server(&mut site).await;

    site.scene.destroy().await;
    site.center.is_empty().await.expect("nothing is left");
    let state = done("show", site.scene.workspace.show().await);
    assert_eq!(
        state.pointer("/values/root_module/resources"),
        None,
        "nothing is left in the state"
    );
}

async fn one_more_agent(site: &mut Site) {
    let change = std::mem::take(&mut site.change);
    site.set(change);
    let plan = site.scene.plan().await;
    assert_eq!(changed(&plan), [agent("agent-3"), machine("agent-3")]);
    site.apply("one more agent").await;
    site.settles("one more agent").await;
    let uninitialized = async || {
        let node = site.scene.node(1, "agent-3").await.ok_or("there is no node")?;
        let taints = node.spec.and_then(|spec| spec.taints).unwrap_or_default();
        match taints.is_empty() {
            true => Ok(()),
            false => Err(format!("{taints:?}")),
        }
    };
    eventually("the cloud provider to let the node in", uninitialized).await;
}

/// Somebody cuts the power of an agent, and takes CPUs from it.
async fn a_machine_without_power(site: &Site) {
    site.center.vcenter.power_off("agent-2").await.expect("it is on");
    site.center.vcenter.set_cpus("agent-2", 1).await.expect("it is there");
    let plan = site.scene.plan().await;
    assert_eq!(changed(&plan), [machine("agent-2")]);
    let change = plan.change(&machine("agent-2")).expect("it is planned");
    assert_eq!(
        (&change.before["power_state"], &change.after["power_state"]),
        (&json!("off"), &json!("on"))
    );
    site.apply("power is back").await;
    let ready = async || match site.scene.node(1, "agent-2").await {
        Some(node) if condition(&node, "Ready").as_deref() == Some("True") => Ok(()),
        other => Err(format!("{other:?}")),
    };
    eventually("the node to be ready again", ready).await;
    site.settles("power is back").await;
}

/// Somebody destroys the machine of an agent, and another one takes its place.
async fn a_machine_that_is_gone(site: &Site) {
    let before = site.scene.state(&agent("agent-1")).await;
    site.center.vcenter.power_off("agent-1").await.expect("it is on");
    site.center.vcenter.destroy("agent-1").await.expect("it is off");
    let plan = site.scene.plan().await;
    assert_eq!(plan.actions(&machine("agent-1")), ["create"]);
    assert_eq!(plan.actions(&agent("agent-1")), ["delete", "create"]);
    follow_section(&site.scene, GUIDE, "A machine is gone").await;
    site.settles("another machine").await;
    site.nodes_are_machines(&["agent-1", "agent-2", "agent-3", "server-1", "server-2", "server-3"])
        .await;
    let after = site.scene.state(&agent("agent-1")).await;
    assert_ne!(before["host_key"], after["host_key"], "it is another machine");
}

/// Somebody destroys the machine of a server, and another one under another name takes its place.
async fn another_server(site: &mut Site) {
    site.center.vcenter.power_off("server-3").await.expect("it is on");
    site.center.vcenter.destroy("server-3").await.expect("it is off");
    let mut servers = site.variables["servers"].clone();
    let names = servers.as_object_mut().expect("servers by name");
    let mut server = names.remove("server-3").expect("it is there");
    server["address"] = json!(site.center.place(7).expect("there is room"));
    names.insert("server-4".to_owned(), server);
    site.set(Map::from_iter([("servers".to_owned(), servers)]));
    let plan = site.scene.plan().await;
    // Agents are told of the servers; nothing in the cluster is touched.
    let agents = ["agent-1", "agent-2", "agent-3"].map(agent);
    let (cluster, rule) = ("cht_k3s_cluster.this", "cht_vsphere_anti_affinity_rule.servers");
    let expected = [&agents[..], &[cluster.to_owned(), rule.to_owned(), machine("server-4")]].concat();
    assert_eq!(changed(&plan), expected);
    site.apply("another server").await;
    site.settles("another server").await;
    site.nodes_are_machines(&["agent-1", "agent-2", "agent-3", "server-1", "server-2", "server-4"])
        .await;
    assert_eq!(site.scene.members(1).await.len(), 3, "the dead server has no vote");
}
