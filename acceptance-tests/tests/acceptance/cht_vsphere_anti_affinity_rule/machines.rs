//! Machines that join their rule before they are powered on.

use super::rules;
use crate::vsphere::{Scene, Text};

/// Three machines that name a rule.
fn three_machines() -> String {
    let card = "[{ network = \"DC0_DVPG0\", addresses = [\"10.20.0.2${each.key}/24\"] }]";
    Text::new("server")
        .set("for_each", "toset([\"1\", \"2\", \"3\"])")
        .set("name", "\"server-${each.key}\"")
        .set("network_interfaces", card)
        .set("anti_affinity_rule", "\"cht-servers\"")
        .hcl()
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn complaint_12_machines_join_their_rule_before_they_are_powered_on() {
    let scene = Scene::new().await;
    let rule = "resource \"cht_vsphere_anti_affinity_rule\" \"test\" {\n  name = \"cht-servers\"\n  cluster = \"DC0_C0\"\n  mandatory = true\n  \
                virtual_machines = [for machine in cht_vsphere_virtual_machine.test : machine.moid]\n}\n";
    scene.write(&(three_machines() + rule));
    scene.apply().await;
    let asked = scene.vcenter.requests().await.expect("the vCenter answers");
    let powered_on: Vec<&str> = asked
        .iter()
        .filter(|request| request.method == "PowerOnVM_Task")
        .map(|request| request.object.as_str())
        .collect();
    assert_eq!(powered_on.len(), 3);
    for machine in &powered_on[1..] {
        let joined = asked.iter().position(|request| {
            request.method == "ReconfigureComputeResource_Task" && request.body.contains(&format!(">{machine}<"))
        });
        let on = asked
            .iter()
            .position(|request| request.method == "PowerOnVM_Task" && request.object == *machine);
        assert!(
            joined.is_some() && joined < on,
            "{machine} is in the rule when it is powered on"
        );
    }
    let made = rules(&scene).await;
    assert!(
        made.len() == 1 && made[0].mandatory && made[0].machines.len() == 3,
        "{made:?}"
    );
    scene.is_settled().await;
    scene.destroy().await;
    assert_eq!(rules(&scene).await, []);
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_rule_that_machines_have_made_goes_with_the_last_of_them() {
    let scene = Scene::new().await;
    scene.write(&three_machines());
    scene.apply().await;
    scene.is_settled().await;
    let made = rules(&scene).await;
    assert!(made.len() == 1 && made[0].enabled && !made[0].mandatory, "{made:?}");
    assert_eq!(made[0].machines.len(), 3);
    scene.destroy().await;
    assert_eq!(rules(&scene).await, []);
    assert_eq!(scene.machines().await, Vec::<String>::new());
}
