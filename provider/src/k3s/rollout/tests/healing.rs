//! Scenes in which servers are down, have lost their data, or are gone.

use super::scenes::{NOW, dead, down, seen, three, told, well, with};
use super::*;

#[test]
fn a_server_that_loses_its_disk_is_forgotten_before_it_joins_again() {
    let lost = with(three(), "a", |server| {
        *server = Server {
            member: Member::Voter,
            node: true,
            running: server.running,
            ..Server::bare()
        };
    });
    assert_eq!(
        told(&wanted("a b c"), &lost),
        ["delete the node a through b", "join a through b with v1.36.3+k3s1"]
    );
}

#[test]
fn what_seems_to_be_gone_while_its_node_is_ready_is_waited_for() {
    let elsewhere = |server: &mut Server| {
        *server = Server {
            member: Member::Voter,
            node: true,
            ready: true,
            running: server.running,
            ..Server::bare()
        };
    };
    let cut_off = |server: &mut Server| {
        *server = Server {
            ready: true,
            ..dead(NOW)
        }
    };
    let closed = |server: &mut Server| {
        *server = Server {
            closed: true,
            ..dead(NOW)
        }
    };
    let forced = |servers: &str| Wanted {
        force: true,
        ..wanted(servers)
    };
    let first = |wanted: &Wanted, seen: &Seen| told(wanted, seen).into_iter().next().unwrap_or_default();
    for (case, servers, change) in [
        ("another host has its name", "a b c", elsewhere as fn(&mut Server)),
        ("we alone do not reach it", "a b", cut_off),
        ("it does not let us in", "a b", closed),
    ] {
        let seen = with(three(), "c", change);
        assert_eq!(
            told(&wanted(servers), &seen).get(..2),
            Some(
                &[
                    "wait until c answers or is missed".to_owned(),
                    "delete the node c through a".to_owned()
                ][..]
            ),
            "{case}"
        );
        assert!(is_in_doubt(&wanted(servers), &seen, "c"), "{case}");
        assert_eq!(first(&forced(servers), &seen), "delete the node c through a", "{case}");
    }
    // One that is wanted may come back, whatever its Node says.
    assert_eq!(told(&wanted("a b c"), &with(three(), "c", cut_off)), [""; 0]);
}

#[test]
fn without_a_datastore_of_its_own_a_dead_server_leaves_only_its_node() {
    let wanted = Wanted {
        datastore: WantedDatastore::External,
        ..wanted("a")
    };
    let external = |server: Server| Server {
        data: None,
        member: Member::None,
        ..server
    };
    let all = |b: Server| seen([("a", external(well(NOW))), ("b", external(b))]);
    assert_eq!(told(&wanted, &all(dead(NOW))), ["delete the node b through a"]);
    let made_anew = Server {
        node: true,
        ..Server::bare()
    };
    assert_eq!(told(&wanted, &all(made_anew)), ["delete the node b through a"]);
}

#[test]
fn a_learner_that_does_not_answer_is_not_waited_for() {
    let learner = |server: &mut Server| {
        *server = Server {
            member: Member::Learner,
            ..dead(NOW)
        };
    };
    let gone = with(with(three(), "c", learner), "b", |server| *server = Server::bare());
    assert_eq!(told(&wanted("a b c"), &gone), ["join b through a with v1.36.3+k3s1"]);
    assert_eq!(
        told(&wanted("a b"), &gone),
        ["delete the node c through a", "join b through a with v1.36.3+k3s1"]
    );
}

#[test]
fn a_server_whose_node_does_not_tell_yet_whether_it_votes_is_waited_for_and_counts() {
    let untold = |server: &mut Server| server.untold = true;
    assert_eq!(told(&wanted("a b c"), &with(three(), "c", untold)), ["wait for c"]);
    let alone = with(seen([("a", well(NOW))]), "a", untold);
    assert_eq!(told(&wanted("a"), &alone), ["wait for a"], "it has its quorum");
}

#[test]
fn data_is_wiped_only_where_etcd_says_that_the_member_was_removed() {
    let removed = with(three(), "b", |server| {
        *server = down(NOW);
        server.unit = UnitPhase::Starting;
        server.member = Member::None;
        server.node = false;
        server.running = None;
    });
    assert_eq!(told(&wanted("a b c"), &removed), ["wait for b"]);
    let removed = with(removed, "b", |server| server.cause = Some(Cause::RemovedMember));
    assert_eq!(
        told(&wanted("a b c"), &removed),
        [
            "empty the database of b, which was removed from the cluster",
            "join b through a with v1.36.3+k3s1"
        ]
    );
}

#[test]
fn a_server_that_a_run_has_stopped_and_taken_out_is_not_started_with_its_old_database() {
    let left = with(three(), "b", |server| {
        *server = down(NOW);
        server.phase = Some(Phase::Leaving);
        server.member = Member::None;
        server.node = false;
        server.running = None;
    });
    let anew = [
        "empty the database of b, which was removed from the cluster",
        "join b through a with v1.36.3+k3s1",
    ];
    assert_eq!(told(&wanted("a b c"), &left), anew);
    let no_unit = with(left.clone(), "b", |server| server.unit = UnitPhase::Absent);
    assert_eq!(told(&wanted("a b c"), &no_unit), anew);
    // It may be a part of the cluster still.
    for change in [
        (|server| server.node = true) as fn(&mut Server),
        |server| server.member = Member::Voter,
        |server| server.phase = Some(Phase::Joined),
    ] {
        let told = told(&wanted("a b c"), &with(left.clone(), "b", change));
        assert_eq!(told[0], "start b", "{told:?}");
    }
    let nobody_tells = with(with(left, "a", |server| server.healthy = false), "c", |server| {
        server.healthy = false;
    });
    assert_eq!(told(&wanted("a b c"), &nobody_tells)[0], "start b");
}

#[test]
fn nothing_is_wiped_or_deleted_while_nobody_can_tell_who_votes() {
    let removed = |server: &mut Server| {
        *server = Server {
            unit: UnitPhase::Starting,
            cause: Some(Cause::RemovedMember),
            member: Member::None,
            node: false,
            running: None,
            ..down(NOW)
        };
    };
    let seen = with(with(with(three(), "a", removed), "b", removed), "c", removed);
    let told = told(&wanted("a b c"), &seen);
    assert!(
        told.len() == 1 && told[0].starts_with("refused: 0 of 3 servers are healthy"),
        "{told:?}"
    );
}

#[test]
fn a_removed_member_whose_node_is_left_is_forgotten_first() {
    let removed = with(three(), "b", |server| {
        *server = down(NOW);
        server.unit = UnitPhase::Starting;
        server.cause = Some(Cause::RemovedMember);
    });
    assert_eq!(
        told(&wanted("a b c"), &removed),
        [
            "delete the node b through a",
            "empty the database of b, which was removed from the cluster",
            "join b through a with v1.36.3+k3s1"
        ]
    );
}

#[test]
fn a_server_that_fails_does_not_keep_others_from_being_started() {
    let failing = with(three(), "a", |server| {
        *server = down(NOW);
        server.unit = UnitPhase::Starting;
        server.cause = Some(Cause::DiskFull);
    });
    let seen = with(failing, "b", |server| *server = down(NOW));
    let told = told(&wanted("a b c"), &seen);
    assert_eq!(told[0], "start b");
    assert!(
        told[1].starts_with("refused: k3s on a does not start: its disk is full"),
        "{told:?}"
    );
}

#[test]
fn a_server_with_stale_credentials_is_healed() {
    let stale = with(three(), "c", |server| {
        *server = down(NOW);
        server.unit = UnitPhase::Starting;
        server.cause = Some(Cause::StaleCredentials);
    });
    assert_eq!(
        told(&wanted("a b c"), &stale),
        ["remove stale credentials of c, and start it", "wait for c"]
    );
}

#[test]
fn two_of_three_that_are_down_are_started_without_a_quorum() {
    let seen = with(with(three(), "a", |server| *server = down(NOW)), "b", |server| {
        *server = down(NOW)
    });
    assert_eq!(
        told(&wanted("a b c"), &seen),
        ["start a", "start b", "wait for a", "wait for b"]
    );
}

#[test]
fn a_dead_server_is_removed_before_its_replacement_joins() {
    let mut dead_one = with(three(), "b", |server| *server = dead(NOW));
    dead_one.servers.insert("d".to_owned(), Server::bare());
    let plan = plan(&wanted("a c d"), &dead_one);
    let steps: Vec<String> = plan.steps.iter().map(ToString::to_string).collect();
    assert_eq!(
        steps,
        ["delete the node b through a", "join d through a with v1.36.3+k3s1"]
    );
    assert_eq!(plan.warnings, [Warning::LeftBehind("b".to_owned())]);
}

#[test]
fn the_node_of_a_dead_server_goes_also_where_the_datastore_is_elsewhere() {
    let external = Wanted {
        datastore: WantedDatastore::External,
        bootstrapped: true,
        ..wanted("a")
    };
    let member = |server| Server {
        data: None,
        member: Member::None,
        ..server
    };
    let seen = seen([("a", member(well(NOW))), ("b", member(dead(NOW)))]);
    assert_eq!(told(&external, &seen), ["delete the node b through a"]);
}

#[test]
fn a_server_whose_node_was_deleted_is_restarted_to_register_again() {
    let forgotten = Server {
        data: Some(DatastoreKind::Sqlite),
        member: Member::None,
        node: false,
        healthy: false,
        unregistered: true,
        ..well(NOW)
    };
    let sqlite = Wanted {
        datastore: WantedDatastore::Sqlite,
        ..wanted("a")
    };
    assert_eq!(told(&sqlite, &seen([("a", forgotten)])), ["restart a"]);
}
