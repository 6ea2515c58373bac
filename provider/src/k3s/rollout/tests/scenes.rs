//! Scenes: what was seen, and the steps that follow, as a reader would write them down. What heals is in
//! [`healing`](super::healing), what stands in the way in [`refusals`](super::refusals).

use super::*;

/// A server that is well.
pub(in crate::k3s::rollout) fn well(running: &str) -> Server {
    Server {
        data: Some(DatastoreKind::Etcd),
        ca_sha256: Some("ca".to_owned()),
        unit: UnitPhase::Running,
        owner: Owner::Us,
        phase: Some(Phase::Joined),
        role: Some(Role::Server),
        member: Member::Voter,
        node: true,
        ready: true,
        healthy: true,
        running: Some(version(running)),
        ..Server::bare()
    }
}

pub(in crate::k3s::rollout) fn down(running: &str) -> Server {
    Server {
        healthy: false,
        ready: false,
        unit: UnitPhase::Stopped,
        ..well(running)
    }
}

pub(in crate::k3s::rollout) fn dead(running: &str) -> Server {
    Server {
        reachable: false,
        data: None,
        owner: Owner::Nobody,
        unit: UnitPhase::Absent,
        ..down(running)
    }
}

pub(in crate::k3s::rollout) const NOW: &str = "v1.36.3+k3s1";

pub(in crate::k3s::rollout) fn seen(servers: impl IntoIterator<Item = (&'static str, Server)>) -> Seen {
    Seen {
        servers: servers
            .into_iter()
            .map(|(name, server)| (name.to_owned(), server))
            .collect(),
        ..Seen::default()
    }
}

pub(in crate::k3s::rollout) fn three() -> Seen {
    seen(["a", "b", "c"].map(|name| (name, well(NOW))))
}

/// The steps, or what stands in the way.
pub(in crate::k3s::rollout) fn told(wanted: &Wanted, seen: &Seen) -> Vec<String> {
    let plan = plan(wanted, seen);
    let steps = plan.steps.iter().map(ToString::to_string);
    steps
        .chain(plan.refusals.iter().map(|refusal| format!("refused: {refusal}")))
        .collect()
}

pub(in crate::k3s::rollout) fn with(seen: Seen, name: &str, change: impl FnOnce(&mut Server)) -> Seen {
    let mut seen = seen;
    change(seen.servers.get_mut(name).expect("a server"));
    seen
}

#[test]
fn a_cluster_is_begun_once_and_then_joined_by_one_after_the_other() {
    let bare = seen(["a", "b", "c"].map(|name| (name, Server::bare())));
    assert_eq!(
        told(&wanted("c b a"), &bare),
        [
            "begin the cluster on a with v1.36.3+k3s1",
            "join b through a with v1.36.3+k3s1",
            "write the files of a",
            "join c through a with v1.36.3+k3s1",
        ]
    );
}

#[test]
fn who_runs_with_other_values_is_restarted_before_anybody_is_refused_for_it() {
    let changed = with(three(), "b", |server| server.other_values = true);
    assert_eq!(told(&wanted("a b c"), &changed), ["restart b"]);
    let joining = with(changed, "c", |server| *server = Server::bare());
    assert_eq!(
        told(&wanted("a b c"), &joining),
        ["restart b", "join c through a with v1.36.3+k3s1"]
    );
    let unwell = with(joining, "a", |server| {
        *server = Server {
            healthy: false,
            ..well(NOW)
        }
    });
    assert_eq!(
        told(&wanted("a b c"), &unwell),
        ["wait for a", "restart b", "join c through a with v1.36.3+k3s1"]
    );
}

#[test]
fn nothing_is_left_to_do_for_servers_that_are_well() {
    assert_eq!(plan(&wanted("a b c"), &three()), Plan::default());
}

#[test]
fn the_leader_is_upgraded_last_and_a_snapshot_is_taken_first() {
    let old = seen(["a", "b", "c"].map(|name| (name, well("v1.35.1+k3s1"))));
    let old = with(old, "a", |server| server.leader = true);
    let wanted = Wanted {
        snapshot: true,
        ..wanted("a b c")
    };
    assert_eq!(
        told(&wanted, &old),
        [
            "take a snapshot of etcd on a",
            "upgrade b to v1.36.3+k3s1",
            "upgrade c to v1.36.3+k3s1",
            "upgrade a to v1.36.3+k3s1",
        ]
    );
}

#[test]
fn all_servers_have_a_version_before_any_goes_to_the_next() {
    let old = seen([("a", well("v1.35.4+k3s1")), ("b", well("v1.34.1+k3s1"))]);
    let wanted = Wanted {
        steps: vec![version("v1.35.4+k3s1")],
        ..wanted("a b")
    };
    assert_eq!(
        told(&wanted, &old),
        [
            "upgrade b to v1.35.4+k3s1",
            "upgrade a to v1.36.3+k3s1",
            "upgrade b to v1.36.3+k3s1"
        ]
    );
}

#[test]
fn a_new_token_is_in_all_files_before_any_server_is_restarted() {
    let seen = Seen {
        old_token: true,
        ..three()
    };
    assert_eq!(
        told(&wanted("a b c"), &seen),
        [
            "change the token on a",
            "write the token of a",
            "write the token of b",
            "write the token of c",
            "restart a",
            "restart b",
            "restart c",
        ]
    );
}

#[test]
fn one_of_two_leaves_before_it_is_stopped() {
    let two = seen([("a", well(NOW)), ("b", well(NOW))]);
    let step = Step::Remove {
        server: "b".to_owned(),
        through: "a".to_owned(),
        member_first: true,
    };
    assert_eq!(plan(&wanted("a"), &two).steps, [step]);
    let Step::Remove { member_first, .. } = plan(&wanted("a b"), &three()).steps[0].clone() else {
        panic!("c is removed")
    };
    assert!(!member_first, "two of three can decide without the third");
}

#[test]
fn the_first_server_can_be_replaced_while_it_is_the_only_one() {
    let one = seen([("a", well(NOW)), ("b", Server::bare())]);
    assert_eq!(
        told(&wanted("b"), &with(one, "a", |server| server.init = true)),
        [
            "join b through a with v1.36.3+k3s1",
            "take a out of the cluster through b"
        ]
    );
}

#[test]
fn another_address_means_to_leave_and_join_again() {
    let moved = with(three(), "b", |server| server.stale_node = true);
    assert_eq!(
        told(&wanted("a b c"), &moved),
        [
            "take b out of the cluster through a, to register it anew",
            "join b through a with v1.36.3+k3s1"
        ]
    );
    let one = with(seen([("a", well(NOW))]), "a", |server| server.stale_node = true);
    assert!(told(&wanted("a"), &one)[0].starts_with("refused: the address and the id of a cannot change"));
}

#[test]
fn a_single_server_moves_from_sqlite_to_etcd_and_not_back() {
    let sqlite = Server {
        data: Some(DatastoreKind::Sqlite),
        member: Member::None,
        ..well(NOW)
    };
    let one = seen([("a", sqlite)]);
    let convert = "move the datastore of a from SQLite to etcd";
    assert_eq!(told(&wanted("a"), &one), [convert]);
    let mut two = one;
    two.servers.insert("b".to_owned(), Server::bare());
    let joined = told(&wanted("a b"), &two);
    assert_eq!(
        joined[..2],
        [convert, "join b through a with v1.36.3+k3s1"],
        "nobody joins SQLite"
    );
    let back = Wanted {
        datastore: WantedDatastore::Sqlite,
        ..wanted("a")
    };
    assert!(told(&back, &seen([("a", well(NOW))]))[0].starts_with("refused: a has its data in etcd"));
}

#[test]
fn servers_with_a_database_elsewhere_need_nobody_to_join() {
    let external = Wanted {
        datastore: WantedDatastore::External,
        ..wanted("a b")
    };
    let bare = seen(["a", "b"].map(|name| (name, Server::bare())));
    assert_eq!(
        told(&external, &bare),
        ["begin the cluster on a with v1.36.3+k3s1", "start b with v1.36.3+k3s1"]
    );
    let up = Server {
        data: None,
        member: Member::None,
        ..well(NOW)
    };
    let bootstrapped = Wanted {
        bootstrapped: true,
        ..external
    };
    let one_down = seen([
        ("a", up.clone()),
        (
            "b",
            Server {
                healthy: false,
                unit: UnitPhase::Stopped,
                ..up
            },
        ),
    ]);
    assert_eq!(told(&bootstrapped, &one_down), ["start b", "wait for b"]);
}

#[test]
fn when_the_cluster_goes_nobody_has_to_leave_it() {
    let seen = with(three(), "b", |server| *server = dead(NOW));
    let plan = teardown(&seen);
    let steps: Vec<String> = plan.steps.iter().map(ToString::to_string).collect();
    assert_eq!(steps, ["clean up a", "clean up c"]);
    assert_eq!(plan.warnings, [Warning::LeftBehind("b".to_owned())]);
}

#[test]
fn a_single_server_with_sqlite_moves_to_etcd_before_others_join() {
    let sqlite = Server {
        data: Some(DatastoreKind::Sqlite),
        member: Member::None,
        ..well(NOW)
    };
    let seen = seen([("a", sqlite), ("b", Server::bare())]);
    assert_eq!(
        told(&wanted("a b"), &seen),
        [
            "move the datastore of a from SQLite to etcd",
            "join b through a with v1.36.3+k3s1"
        ]
    );
}

#[test]
fn a_server_that_nobody_told_us_of_is_left_as_it_is() {
    let unknown = |healthy| Server {
        owner: Owner::Other,
        healthy,
        ..dead(NOW)
    };
    let mut four = three();
    four.servers.insert("d".to_owned(), unknown(true));
    let old = with(four, "a", |server| server.restart_pending = true);
    let planned = plan(&wanted("a b c"), &old);
    assert_eq!(
        planned.steps.len(),
        1,
        "it is well, so others may be restarted: {planned:?}"
    );
    assert_eq!(planned.warnings, [Warning::Unknown("d".to_owned())]);
    let gone = with(old, "d", |server| *server = unknown(false));
    assert_eq!(
        told(&wanted("a b c"), &gone),
        ["refused: a is not touched while d is not healthy: bring d back first, or remove it"]
    );
}

#[test]
fn a_host_with_somebody_elses_k3s_is_not_cleaned_up() {
    let seen = with(three(), "b", |server| server.owner = Owner::Other);
    let plan = teardown(&seen);
    assert_eq!(plan.steps.len(), 2);
    assert_eq!(plan.warnings, [Warning::NotOurs("b".to_owned())]);
}
