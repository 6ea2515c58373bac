//! Tests of the wait: looks one after another, and what each tells.

use super::*;
use crate::k3s::journal::Cause;
use crate::k3s::probe::{DatastoreKind, UnitState};

fn version() -> K3sVersion {
    "v1.36.3+k3s1".parse().unwrap()
}

fn wait(role: Role) -> Wait {
    Wait::new(Awaited {
        node: "a".to_owned(),
        role,
        version: Some(version()),
        voter: role == Role::Server,
    })
}

fn node() -> NodeState {
    NodeState {
        name: "a".to_owned(),
        version: Some(version()),
        ready: true,
        voter: Some(true),
        ..NodeState::default()
    }
}

fn host(active: &str, restarts: u32, journal: &[&str]) -> HostState {
    let unit = UnitState {
        active: active.to_owned(),
        sub: "x".to_owned(),
        restarts,
        ..UnitState::default()
    };
    HostState {
        server_unit: Some(unit.clone()),
        agent_unit: Some(unit),
        journal: journal.iter().map(|line| (*line).to_owned()).collect(),
        ..HostState::default()
    }
}

#[test]
fn a_server_whose_member_was_removed_is_not_awaited_though_nobody_starts_it_anew() {
    let removed = |sub: &str| {
        let mut host = host(
            "activating",
            0,
            &["the member has been permanently removed from the cluster"],
        );
        host.server_unit.as_mut().unwrap().sub = sub.to_owned();
        host.datastore = Some(DatastoreKind::Etcd);
        host.removed = true;
        host
    };
    let Progress::Failed(failure) = wait(Role::Server).look(Some(&removed("start")), None) else {
        panic!("it never comes up")
    };
    assert_eq!(failure.cause(), Some(Cause::RemovedMember));
    let between = wait(Role::Server).look(Some(&removed("auto-restart")), None);
    assert!(matches!(between, Progress::NotYet(_)), "{between:?}");
}

fn server(change: impl FnOnce(&mut NodeState)) -> HostState {
    let mut node = node();
    change(&mut node);
    HostState {
        readyz: Some(Ok(())),
        nodes: Some(vec![node]),
        ..host("active", 0, &[])
    }
}

#[test]
fn a_server_that_nobody_has_restarted_is_awaited_in_whatever_version_it_runs() {
    let mut wait = Wait::new(Awaited {
        node: "a".to_owned(),
        role: Role::Server,
        version: None,
        voter: true,
    });
    let old = "v1.35.4+k3s1".parse().ok();
    // Another version was installed since, and waits for its restart.
    let before = HostState {
        binary_version: Some(version()),
        ..server(|node| node.version = old)
    };
    assert_eq!(wait.look(Some(&before), None), Progress::Up);
    let not_ready = server(|node| node.ready = false);
    assert_eq!(wait.look(Some(&not_ready), None), Progress::NotYet(Missing::Ready));
}

#[test]
fn a_server_is_up_only_when_all_is_right_at_once() {
    let mut wait = wait(Role::Server);
    let mut missing = |host: Option<&HostState>| match wait.look(host, None) {
        Progress::NotYet(missing) => missing,
        other => panic!("{other:?}"),
    };
    assert_eq!(missing(None), Missing::Answer);
    assert!(matches!(missing(Some(&HostState::default())), Missing::Unit { .. }));
    assert!(matches!(
        missing(Some(&host("activating", 0, &[]))),
        Missing::Unit { .. }
    ));
    assert!(matches!(missing(Some(&host("active", 0, &[]))), Missing::Api(_)));
    let no_quorum = HostState {
        readyz: Some(Err("[-]etcd failed".to_owned())),
        ..server(|_| {})
    };
    assert_eq!(missing(Some(&no_quorum)), Missing::Api("[-]etcd failed".to_owned()));
    assert_eq!(missing(Some(&server(|node| node.name = "b".to_owned()))), Missing::Node);
    let old = "v1.35.1+k3s1".parse().ok();
    assert_eq!(missing(Some(&server(|node| node.version = old))), Missing::Version(old));
    assert_eq!(missing(Some(&server(|node| node.ready = false))), Missing::Ready);
    assert_eq!(missing(Some(&server(|node| node.voter = Some(false)))), Missing::Vote);
    assert_eq!(wait.look(Some(&server(|_| {})), None), Progress::Up);
}

#[test]
fn an_agent_is_up_when_a_server_says_so() {
    let mut wait = wait(Role::Agent);
    let running = host("active", 0, &[]);
    assert_eq!(wait.look(Some(&running), None), Progress::NotYet(Missing::Node));
    assert_eq!(wait.look(Some(&running), Some(&[node()])), Progress::Up);
}

#[test]
fn a_cause_that_stays_ends_the_wait_at_the_first_new_start() {
    let mut wait = wait(Role::Server);
    let lines = ["level=fatal msg=\"token CA hash does not match\""];
    assert!(
        matches!(
            wait.look(Some(&host("activating", 7, &lines)), None),
            Progress::NotYet(_)
        ),
        "it may be old"
    );
    let Progress::Failed(failure) = wait.look(Some(&host("activating", 8, &lines)), None) else {
        panic!("it waits")
    };
    assert_eq!(
        failure.finding.as_ref().map(|finding| finding.cause),
        Some(Cause::OtherCluster)
    );
    assert_eq!(
        failure.to_string(),
        "k3s does not start: its token is that of another cluster"
    );
    assert_eq!(failure.restarts, 1);
}

#[test]
fn what_may_pass_is_waited_for_and_told() {
    let mut wait = wait(Role::Server);
    let lines = ["level=fatal msg=\"dial tcp 10.0.0.1:6443: connection refused\""];
    for restarts in 0..20 {
        let progress = wait.look(Some(&host("activating", restarts, &lines)), None);
        assert_eq!(
            progress.to_string(),
            "k3s is activating (x): the server that it should join does not answer"
        );
    }
}

#[test]
fn what_is_not_understood_is_tried_some_times() {
    let mut wait = wait(Role::Server);
    let told: Vec<bool> = (0..=MOST_RESTARTS)
        .map(|restarts| {
            matches!(
                wait.look(Some(&host("activating", restarts, &["level=fatal msg=odd"])), None),
                Progress::Failed(_)
            )
        })
        .collect();
    assert_eq!(told, [false, false, false, true]);
}

#[test]
fn starting_the_unit_again_sets_the_count_back() {
    let mut wait = wait(Role::Server);
    let fails = |wait: &mut Wait, restarts| {
        matches!(
            wait.look(Some(&host("activating", restarts, &["level=fatal msg=odd"])), None),
            Progress::Failed(_)
        )
    };
    assert!(!fails(&mut wait, 40));
    assert!(!fails(&mut wait, 0));
    assert!(!fails(&mut wait, 2));
    assert!(fails(&mut wait, 3));
}

#[test]
fn a_unit_that_ended_has_failed() {
    let progress = wait(Role::Agent).look(Some(&host("failed", 0, &["flag provided but not defined: -x"])), None);
    assert!(
        matches!(progress, Progress::Failed(Failure { finding: Some(_), .. })),
        "{progress:?}"
    );
}
