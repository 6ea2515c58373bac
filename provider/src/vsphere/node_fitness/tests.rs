//! Machines that are fit to be nodes, and what each shortcoming is told as.

use super::*;

fn judged(change: impl FnOnce(&mut Machine)) -> NodeFitness {
    let mut machine = Machine::fixture();
    change(&mut machine);
    NodeFitness::of(&machine, Some("node-1"))
}

#[test]
fn machine_as_the_provider_makes_it_is_fit() {
    assert_eq!(judged(|_| {}), NodeFitness::default());
    assert_eq!(
        judged(|machine| machine.guest.host_name = Some("node-1.health.example".to_owned())),
        NodeFitness::default(),
        "tools may tell the whole name"
    );
}

#[test]
fn each_shortcoming_is_one_problem_with_what_to_do() {
    type Change = fn(&mut Machine);
    let changes: [(Change, &str); 15] = [
        (|machine| machine.is_template = true, "template"),
        (|machine| machine.bios_uuid.clear(), "BIOS UUID"),
        (|machine| machine.hardware_version = 14, "version 14"),
        (|machine| machine.disk_uuid = false, "disk.EnableUUID"),
        (|machine| machine.devices.controllers.clear(), "PVSCSI"),
        (|machine| machine.guest_id = "windows9Server64Guest".to_owned(), "Linux"),
        (|machine| machine.guest_id = "otherLinuxGuest".to_owned(), "64 bits"),
        (|machine| machine.power = PowerState::Off, "It is off"),
        (|machine| machine.power = PowerState::Suspended, "suspended"),
        (
            |machine| machine.question = Some("Was it copied?".to_owned()),
            "Was it copied?",
        ),
        (|machine| machine.guest.tools_running = false, "open-vm-tools"),
        (|machine| machine.guest.network_cards.clear(), "no address"),
        (|machine| machine.guest.host_name = None, "does not tell its name"),
        (
            |machine| machine.guest.host_name = Some("localhost.localdomain".to_owned()),
            "names of their own",
        ),
        (
            |machine| machine.guest.host_name = Some("Node-1".to_owned()),
            "hostnamectl hostname node-1",
        ),
    ];
    for (change, part) in changes {
        let NodeFitness { problems, warnings } = judged(change);
        assert!(
            problems.len() == 1 && problems[0].contains(part) && warnings.is_empty(),
            "{part}: {problems:?} {warnings:?}"
        );
    }
}

#[test]
fn guest_of_another_name_than_the_node_is_a_problem() {
    let found = NodeFitness::of(&Machine::fixture(), Some("node-2"));
    assert!(found.problems.concat().contains("its node `node-2`"), "{found:?}");
    assert_eq!(NodeFitness::of(&Machine::fixture(), None), NodeFitness::default());
}

#[test]
fn small_machine_is_fit_with_warnings() {
    let found = judged(|machine| {
        machine.cpus = 1;
        machine.memory_mib = 2048;
    });
    assert_eq!(found.problems, Vec::<String>::new());
    assert_eq!(found.warnings.len(), 2, "{found:?}");
}
