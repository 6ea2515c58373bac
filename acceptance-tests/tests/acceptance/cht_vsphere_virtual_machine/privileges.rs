//! What the user of the provider may not do, said by plans.

use acceptance_tests::tofu::Plan;
use acceptance_tests::vcenter::Options;

use crate::support::done;
use crate::vsphere::{Scene, Text};

const USER: &str = "cht@vsphere.local";

/// A role for the user on an object, made by an administrator.
fn grant(name: &str, role: &str, entity_type: &str, path: &str) -> String {
    format!(
        "resource \"cht_vsphere_role\" {name:?} {{\n  name = {name:?}\n  {role}\n}}\n\
         resource \"cht_vsphere_permission\" {name:?} {{\n  principal = {USER:?}\n  role = cht_vsphere_role.{name}.name\n  \
         entity_type = {entity_type:?}\n  entity_path = {path:?}\n  propagate = true\n}}\n"
    )
}

fn warnings(plan: &Plan) -> Vec<String> {
    let missing = plan
        .diagnostics()
        .iter()
        .filter(|one| one.summary == "Missing privileges");
    missing
        .map(|warning| warning.detail.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect()
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn complaint_14_missing_privileges_are_named_with_their_objects_by_the_plan() {
    let mut scene = Scene::new().await;
    scene.write(&Text::new("node-1").hcl());
    assert_eq!(
        warnings(&scene.plan().await),
        Vec::<String>::new(),
        "an administrator may do all"
    );
    scene.vcenter.add_user(USER, "secret").await.expect("it is added");
    let mine = scene.exchange(None);
    scene.write(&grant(
        "storage",
        "privileges = [\"Network.Assign\"]",
        "datastore",
        "/DC0/datastore/LocalDS_0",
    ));
    scene.apply().await;
    let theirs = scene.exchange(Some(mine));

    scene.write_as(USER, "secret", &Text::new("node-1").hcl());
    scene.vcenter.forget_requests().await.expect("the vCenter answers");
    let said = warnings(&scene.plan().await);
    assert_eq!(said.len(), 1, "{said:?}");
    for lacking in [
        "`VirtualMachine.Provisioning.DeployTemplate` on /DC0/vm/ubuntu",
        "`VirtualMachine.Inventory.CreateFromExisting` on /DC0/vm",
        "`Resource.AssignVMToPool` on /DC0/host/DC0_C0/Resources",
        "`Datastore.AllocateSpace` on /DC0/datastore/LocalDS_0",
        "`Network.Assign` on /DC0/network/DC0_DVPG0",
        "`VirtualMachine.Interact.PowerOn` on /DC0/vm or /DC0/host/DC0_C0/Resources",
    ] {
        assert!(said[0].contains(lacking), "{lacking}: {}", said[0]);
    }
    let methods = scene.vcenter.methods().await.expect("the vCenter answers");
    let asked = methods.iter().filter(|method| *method == "HasPrivilegeOnEntities");
    assert_eq!(asked.count(), 1, "one call for all objects");

    let mine = scene.exchange(Some(theirs));
    let all = grant("all", "preset = \"provisioner\"", "datacenter", "/DC0");
    scene.write(&all);
    scene.apply().await;
    scene.exchange(Some(mine));
    scene.write_as(USER, "secret", &Text::new("node-1").hcl());
    assert_eq!(warnings(&scene.plan().await), Vec::<String>::new());
    done("apply", scene.workspace.apply().await);
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_change_names_the_privileges_that_it_takes_and_no_others() {
    let mut scene = Scene::new().await;
    scene.write(&Text::new("node-1").hcl());
    scene.apply().await;
    scene.vcenter.add_user(USER, "secret").await.expect("it is added");
    let mine = scene.exchange(None);
    scene.write(&grant(
        "some",
        "privileges = [\"VirtualMachine.Config.Memory\"]",
        "datacenter",
        "/DC0",
    ));
    scene.apply().await;
    scene.exchange(Some(mine));
    let changed = Text::new("node-1").set("cpus", "4").set("memory_mib", "4096");
    scene.write_as(USER, "secret", &changed.hcl());
    let said = warnings(&scene.plan().await);
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(
        said[0].contains("this takes: `VirtualMachine.Config.CPUCount` on /DC0/vm/node-1."),
        "{}",
        said[0]
    );
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_move_names_the_privileges_that_it_takes_on_the_target() {
    let options = Options {
        pools: 1,
        portgroups: 2,
        ..Options::default()
    };
    let mut scene = Scene::with(&options).await;
    let pool = |name: &str| format!("\"/DC0/host/DC0_C0/Resources{name}\"");
    let text = Text::new("node-1").without("cluster").set("resource_pool", &pool(""));
    scene.write(&text.hcl());
    scene.apply().await;
    scene.vcenter.add_user(USER, "secret").await.expect("it is added");
    let mine = scene.exchange(None);
    // All of it on machines, and nothing on what they could get.
    let machines = grant("machines", "preset = \"provisioner\"", "folder", "/DC0/vm");
    scene.write(&machines);
    scene.apply().await;
    let theirs = scene.exchange(Some(mine));

    let network = "[{ network = \"DC0_DVPG1\", addresses = [\"10.20.0.21/24\"] }]";
    let moved = text
        .set("resource_pool", &pool("/DC0_C0_RP1"))
        .set("network_interfaces", network);
    scene.write_as(USER, "secret", &moved.hcl());
    let said = warnings(&scene.plan().await);
    assert_eq!(said.len(), 1, "{said:?}");
    let lacking = "this takes: `Resource.AssignVMToPool` on /DC0/host/DC0_C0/Resources/DC0_C0_RP1, `Network.Assign` on \
                   /DC0/network/DC0_DVPG1.";
    assert!(said[0].contains(lacking), "{}", said[0]);

    let mine = scene.exchange(Some(theirs));
    let all = grant("all", "preset = \"provisioner\"", "datacenter", "/DC0");
    scene.write(&(machines + &all));
    scene.apply().await;
    scene.exchange(Some(mine));
    scene.write_as(USER, "secret", &moved.hcl());
    assert_eq!(warnings(&scene.plan().await), Vec::<String>::new());
}
