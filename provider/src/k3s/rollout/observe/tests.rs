//! Tests of the observation: what hosts answered, and what the planner sees in it.

use std::collections::BTreeMap;

use super::*;
use crate::k3s::config::registries::Registries;
use crate::k3s::config::{ClusterSettings, Join};
use crate::k3s::files::ServerFiles;
use crate::k3s::marker::Marker;
use crate::k3s::probe::{DatastoreKind, FileState, UnitState};
use crate::k3s::rollout::{Plan, Wanted, WantedDatastore, plan};
use crate::k3s::unit::Proxy;

const NOW: &str = "v1.36.3+k3s1";

fn known() -> Known<'static> {
    Known {
        cluster: "c1",
        ..Known::default()
    }
}

fn settings(name: &str) -> NodeSettings {
    NodeSettings {
        name: name.to_owned(),
        ..NodeSettings::default()
    }
}

fn files(name: &str) -> HostFiles {
    HostFiles::of_server(&ServerFiles {
        cluster: &ClusterSettings::default(),
        node: &settings(name),
        join: &Join::Through("https://10.0.0.2:6443".to_owned()),
        token: &"secret".into(),
        agent_token: None,
        registries: &Registries::default(),
        proxy: &Proxy::default(),
    })
}

fn node(name: &str) -> NodeState {
    NodeState {
        name: name.to_owned(),
        labels: BTreeMap::from([("node-role.kubernetes.io/etcd".to_owned(), "true".to_owned())]),
        version: NOW.parse().ok(),
        ready: true,
        voter: Some(true),
        ..NodeState::default()
    }
}

/// A server that is as it should be.
fn host(name: &str) -> HostState {
    let files = files(name);
    let state = |file: &crate::k3s::files::HostFile| FileState {
        mode: file.mode,
        owner: "root".to_owned(),
        sha256: file.sha256(),
    };
    let mut marker = Marker::new("c1", name, Role::Server, Phase::Joined);
    marker.started = Some(files.restart_hash());
    HostState {
        binary_sha256: Some("aa".to_owned()),
        server_unit: Some(UnitState {
            active: "active".to_owned(),
            file: "enabled".to_owned(),
            ..UnitState::default()
        }),
        files: files
            .files
            .iter()
            .map(|file| (file.path.to_owned(), state(file)))
            .collect(),
        marker: Some(marker),
        datastore: Some(DatastoreKind::Etcd),
        readyz: Some(Ok(())),
        nodes: Some(vec![node("a"), node("b")]),
        ..HostState::default()
    }
}

/// A host of which nothing is wanted.
fn unwanted(state: Option<&HostState>) -> Observed<'_> {
    Observed {
        state,
        closed: false,
        files: None,
        node: None,
        binary_sha256: None,
    }
}

/// What is seen of server `a`, which is wanted, beside `b`, which is as it should be.
fn seen(known: &Known<'_>, change: impl FnOnce(&mut HostState)) -> Server {
    let (mut a, b) = (host("a"), host("b"));
    change(&mut a);
    let (files, settings) = (files("a"), settings("a"));
    let hosts = BTreeMap::from([
        (
            "a".to_owned(),
            Observed {
                state: Some(&a),
                closed: false,
                files: Some(&files),
                node: Some(&settings),
                binary_sha256: Some("aa"),
            },
        ),
        ("b".to_owned(), unwanted(Some(&b))),
    ]);
    observe(known, &hosts).servers["a"].clone()
}

fn well() -> Server {
    Server {
        data: Some(DatastoreKind::Etcd),
        unit: UnitPhase::Running,
        owner: Owner::Us,
        phase: Some(Phase::Joined),
        role: Some(Role::Server),
        member: Member::Voter,
        node: true,
        ready: true,
        healthy: true,
        running: NOW.parse().ok(),
        ..Server::bare()
    }
}

#[test]
fn a_host_tells_of_itself_that_its_member_leads() {
    assert!(!seen(&known(), |_| {}).leader);
    assert!(seen(&known(), |state| state.leads = true).leader);
    let of_others = |state: &mut HostState| {
        state.leads = true;
        state.marker = Some(Marker::new("c2", "a", Role::Server, Phase::Joined));
    };
    assert!(!seen(&known(), of_others).leader, "it leads another cluster");
}

#[test]
fn a_server_that_is_as_it_should_be_is_well() {
    assert_eq!(seen(&known(), |_| {}), well());
}

#[test]
fn what_is_wrong_with_a_host_is_seen() {
    let with = |change: fn(&mut Server)| {
        let mut server = well();
        change(&mut server);
        server
    };
    let config = |host: &mut HostState| host.files.get_mut(paths::CONFIG).unwrap().sha256 = "x".to_owned();
    assert_eq!(seen(&known(), config), with(|server| server.files_differ = true));
    let token = |host: &mut HostState| host.files.get_mut(paths::TOKEN).unwrap().sha256 = "x".to_owned();
    assert_eq!(seen(&known(), token), with(|server| server.old_token_file = true));
    let started = |host: &mut HostState| host.marker.as_mut().unwrap().started = Some("x".to_owned());
    assert_eq!(seen(&known(), started), with(|server| server.restart_pending = true));
    let binary = |host: &mut HostState| host.binary_sha256 = Some("bb".to_owned());
    assert_eq!(seen(&known(), binary), with(|server| server.restart_pending = true));
    let replaced = |host: &mut HostState| host.binary_version = "v1.35.4+k3s1".parse().ok();
    assert_eq!(seen(&known(), replaced), with(|server| server.restart_pending = true));
    let args = |host: &mut HostState| {
        let nodes = host.nodes.as_mut().unwrap();
        let arguments = r#"["server","--disable","traefik"]"#;
        nodes[0].annotations = BTreeMap::from([("k3s.io/node-args".to_owned(), arguments.to_owned())]);
    };
    assert_eq!(seen(&known(), args), with(|server| server.other_values = true));
    let no_quorum = |host: &mut HostState| host.readyz = Some(Err("etcd".to_owned()));
    assert_eq!(seen(&known(), no_quorum), with(|server| server.healthy = false));
    let tombstone = |host: &mut HostState| {
        host.tombstone = true;
        host.readyz = None;
    };
    let removed = with(|server| {
        server.healthy = false;
        server.cause = Some(journal::Cause::RemovedMember);
    });
    assert_eq!(seen(&known(), tombstone), removed);
    let anew = |host: &mut HostState| {
        host.server_unit = Some(UnitState {
            active: "activating".to_owned(),
            file: "enabled".to_owned(),
            restarts: 1,
            ..UnitState::default()
        });
        host.readyz = None;
        host.journal = vec!["the member has been permanently removed from the cluster".to_owned()];
    };
    assert_eq!(seen(&known(), anew).cause, None, "k3s has begun anew by itself");
    let in_vain = |sub: &str| {
        let removed = |host: &mut HostState| {
            anew(host);
            let unit = host.server_unit.as_mut().unwrap();
            (unit.restarts, unit.sub) = (0, sub.to_owned());
            (host.removed, host.journal) = (true, Vec::new());
        };
        seen(&known(), removed).cause
    };
    assert_eq!(
        in_vain("start"),
        Some(journal::Cause::RemovedMember),
        "nobody tries anew"
    );
    assert_eq!(in_vain("auto-restart"), None, "k3s may yet begin anew by itself");
    let leaving = |host: &mut HostState| host.marker.as_mut().unwrap().phase = Phase::Leaving;
    assert_eq!(seen(&known(), leaving).phase, Some(Phase::Leaving));
}

#[test]
fn a_program_that_is_missing_is_put_back_also_where_none_is_pinned() {
    let missing = HostState {
        binary_sha256: None,
        ..host("a")
    };
    assert!(other_program(&missing, NOW.parse().ok()));
    assert!(
        !other_program(&host("a"), NOW.parse().ok()),
        "it does not say what it is"
    );
}

#[test]
fn what_runs_for_another_cluster_is_no_healthy_server_of_this_one() {
    let others = seen(&known(), |host| host.marker.as_mut().unwrap().cluster = "c2".to_owned());
    assert_eq!(
        (others.owner, others.healthy, others.unregistered),
        (Owner::Other, false, false)
    );
}

#[test]
fn a_journal_counts_once_a_start_has_failed() {
    let noisy = |host: &mut HostState| host.journal = vec!["token CA hash does not match".to_owned()];
    assert_eq!(seen(&known(), noisy), well());
    for (active, restarts, counts) in [
        ("activating", 0, false),
        ("activating", 1, true),
        ("inactive", 2, false),
        ("active", 2, false),
        ("failed", 0, true),
    ] {
        let server = seen(&known(), |host| {
            noisy(host);
            host.readyz = None;
            let unit = host.server_unit.as_mut().unwrap();
            (unit.active, unit.restarts) = (active.to_owned(), restarts);
        });
        assert_eq!(server.cause.is_some(), counts, "{active}, {restarts}");
    }
}

#[test]
fn a_server_that_does_not_start_with_its_host_is_seen() {
    let disabled = |host: &mut HostState| host.server_unit.as_mut().unwrap().file = "disabled".to_owned();
    assert!(seen(&known(), disabled).files_differ);
}

#[test]
fn a_server_that_is_being_restored_is_seen_and_nothing_else_is_done() {
    let restoring = |host: &mut HostState| host.marker.as_mut().unwrap().restoring = true;
    assert!(seen(&known(), restoring).restoring && !seen(&known(), |_| {}).restoring);
}

#[test]
fn a_host_that_was_set_up_under_another_name_is_seen() {
    let renamed = |host: &mut HostState| host.marker.as_mut().unwrap().node = "old".to_owned();
    assert_eq!(seen(&known(), renamed).other_name.as_deref(), Some("old"));
}

#[test]
fn a_server_whose_api_knows_no_node_of_it_is_seen() {
    let forgotten = seen(&known(), |host| host.nodes = Some(vec![node("b")]));
    assert!(forgotten.unregistered && !forgotten.healthy && !forgotten.node);
    assert!(
        !seen(&known(), |host| host.nodes = None).unregistered,
        "another server lists it"
    );
}

#[test]
fn a_server_whose_node_does_not_tell_yet_whether_it_votes_is_seen() {
    let anew = |state: &mut HostState| state.nodes.as_mut().unwrap()[0].voter = None;
    let server = seen(&known(), anew);
    assert!(server.untold && server.member == Member::Voter, "{server:?}");
    let down = |state: &mut HostState| {
        anew(state);
        state.readyz = None;
    };
    assert!(!seen(&known(), down).untold, "it is down, and tells nothing");
}

#[test]
fn what_hosts_of_other_clusters_list_is_not_taken_for_ours() {
    let stranger = |host: &mut HostState| {
        host.marker.as_mut().unwrap().cluster = "c2".to_owned();
        host.nodes = Some(vec![node("x")]);
    };
    let server = seen(&known(), stranger);
    assert_eq!((server.owner, server.node), (Owner::Other, true));
}

#[test]
fn a_host_is_ours_by_its_marker_or_when_it_is_taken_over() {
    let owner = |known: &Known<'_>, change: fn(&mut HostState)| seen(known, change).owner;
    let adopting = Known { adopt: true, ..known() };
    let unmarked = |host: &mut HostState| host.marker = None;
    let other = |host: &mut HostState| host.marker.as_mut().unwrap().cluster = "c2".to_owned();
    let bare = |host: &mut HostState| *host = HostState::default();
    let unreadable = |host: &mut HostState| {
        host.marker = None;
        host.has_foreign_marker = true;
    };
    assert_eq!(owner(&known(), unmarked), Owner::Other);
    assert_eq!(owner(&adopting, unmarked), Owner::Us);
    let begun = Known {
        ca_sha256: Some("ca"),
        ..known()
    };
    let lost = |host: &mut HostState| {
        host.marker = None;
        host.ca_sha256 = Some("ca".to_owned());
    };
    assert_eq!(owner(&begun, lost), Owner::Us, "its marker was lost");
    assert_eq!(owner(&begun, unmarked), Owner::Other);
    assert_eq!(owner(&adopting, other), Owner::Other);
    assert_eq!(owner(&adopting, unreadable), Owner::Other);
    assert_eq!(owner(&known(), bare), Owner::Nobody);
}

#[test]
fn a_file_that_names_the_host_itself_or_nobody_is_seen() {
    let addresses = BTreeMap::from([
        ("https://10.0.0.1:6443".to_owned(), "a".to_owned()),
        ("https://10.0.0.2:6443".to_owned(), "b".to_owned()),
    ]);
    let known = Known {
        addresses: Some(&addresses),
        ..known()
    };
    for (address, joins_nobody) in [("10.0.0.1", true), ("10.0.0.2", false), ("10.0.0.9", true)] {
        let server = seen(&known, |host| {
            host.joins_through = Some(format!("https://{address}:6443"))
        });
        assert_eq!(server.joins_nobody, joins_nobody, "{address}");
    }
}

#[test]
fn what_others_know_of_a_dead_server_is_kept() {
    let b = host("b");
    let hosts = BTreeMap::from([("a".to_owned(), unwanted(None)), ("b".to_owned(), unwanted(Some(&b)))]);
    let seen = observe(&known(), &hosts);
    let dead = &seen.servers["a"];
    assert!(!dead.reachable && !dead.healthy && dead.data.is_none());
    assert_eq!((dead.member, dead.running), (Member::Voter, NOW.parse().ok()));
}

#[test]
fn a_server_that_nobody_asked_for_is_known_from_the_nodes() {
    let mut a = host("a");
    let mut worker = node("w");
    worker.labels.clear();
    a.nodes = Some(vec![node("a"), node("ghost"), worker]);
    let hosts = BTreeMap::from([("a".to_owned(), unwanted(Some(&a)))]);
    let seen = observe(&known(), &hosts);
    assert_eq!(seen.servers.keys().collect::<Vec<_>>(), ["a", "ghost"]);
    assert_eq!(seen.agents.keys().collect::<Vec<_>>(), ["w"]);
    let ghost = &seen.servers["ghost"];
    assert!(!ghost.reachable && ghost.healthy);
    assert_eq!(ghost.owner, Owner::Other);
}

#[test]
fn a_host_that_does_not_answer_is_told_from_one_that_does_not_let_us_in_and_its_node_is_known() {
    let a = HostState {
        nodes: Some(vec![node("a"), node("b")]),
        ..host("a")
    };
    let silent = |closed: bool| {
        let b = Observed {
            closed,
            ..unwanted(None)
        };
        let hosts = BTreeMap::from([("a".to_owned(), unwanted(Some(&a))), ("b".to_owned(), b)]);
        observe(&known(), &hosts).servers["b"].clone()
    };
    for closed in [false, true] {
        let b = silent(closed);
        assert!(!b.reachable && !b.healthy && b.ready, "{b:?}");
        assert_eq!(b.closed, closed);
    }
}

#[test]
fn bare_hosts_and_the_planner_agree_that_a_cluster_is_begun() {
    let bare = HostState::default();
    let (files, settings) = (files("a"), settings("a"));
    let hosts = BTreeMap::from([(
        "a".to_owned(),
        Observed {
            state: Some(&bare),
            closed: false,
            files: Some(&files),
            node: Some(&settings),
            binary_sha256: Some("aa"),
        },
    )]);
    let wanted = Wanted {
        servers: vec!["a".to_owned()],
        version: NOW.parse().unwrap(),
        steps: Vec::new(),
        datastore: WantedDatastore::Etcd,
        bootstrapped: false,
        ca_sha256: None,
        snapshot: true,
        drain: true,
        force: false,
    };
    let Plan { steps, refusals, .. } = plan(&wanted, &observe(&known(), &hosts));
    let steps: Vec<String> = steps.iter().map(ToString::to_string).collect();
    assert_eq!(
        (steps, refusals),
        (vec!["begin the cluster on a with v1.36.3+k3s1".to_owned()], Vec::new())
    );
}

#[test]
fn an_agent_is_seen_beside_its_node() {
    let mut host = host("w");
    host.agent_unit = host.server_unit.take();
    host.datastore = None;
    host.nodes = None;
    let files = files("w");
    let settings = settings("w");
    let observed = Observed {
        state: Some(&host),
        closed: false,
        files: Some(&files),
        node: Some(&settings),
        binary_sha256: Some("aa"),
    };
    let agent = agent(&known(), &observed, Some(&node("w"))).expect("it answered");
    assert!(agent.node && agent.ready && agent.installed && !agent.is_server);
    assert!(!agent.restart_pending && !agent.files_differ && !agent.stale_node && !agent.labels_differ);
    assert_eq!((agent.owner, agent.unit), (Owner::Us, UnitPhase::Running));
}
