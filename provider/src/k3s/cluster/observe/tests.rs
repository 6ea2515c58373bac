//! What looks at hosts become.

use serde_json::json;

use super::*;
use crate::k3s::cluster::fixtures::{model, servers, with};
use crate::k3s::config::Role;
use crate::k3s::host::Probed;
use crate::k3s::join::ClusterJoin;
use crate::k3s::marker::{Marker, Phase};
use crate::k3s::probe::UnitState;
use crate::kubernetes::Kubernetes;

fn cluster() -> ClusterModel {
    let mut cluster = model(&with(servers(
        json!({"a": {"host": "10.0.0.1"}, "b": {"host": "10.0.0.2"}}),
    )));
    cluster.id = Attr::Known("c1".to_owned());
    cluster.ca_hash = Attr::Known("ca".to_owned());
    cluster
}

/// A host as a server of the cluster has it.
fn server(name: &str) -> HostState {
    HostState {
        marker: Some(Marker::new("c1", name, Role::Server, Phase::Joined)),
        server_unit: Some(UnitState::default()),
        ca_sha256: Some("ca".to_owned()),
        readyz: Some(Ok(())),
        ..HostState::default()
    }
}

fn looked(states: [HostState; 2]) -> Looked {
    let mut looked = Looked::default();
    for (name, state) in ["a", "b"].into_iter().zip(states) {
        looked.hosts.insert(name.to_owned(), Ok(Probed { state, asked_at: 0 }));
    }
    looked
}

#[test]
fn a_cluster_is_gone_only_if_every_host_says_so() {
    let bare = HostState::default;
    let unmarked = || HostState {
        marker: None,
        ..server("b")
    };
    let others = || HostState {
        ca_sha256: Some("other".to_owned()),
        ..unmarked()
    };
    for (case, states, gone) in [
        ("it is there", [server("a"), server("b")], false),
        ("one is there", [bare(), server("b")], false),
        ("nothing is there", [bare(), bare()], true),
        ("a mark was lost", [bare(), unmarked()], false),
        ("somebody else has it by now", [bare(), others()], true),
    ] {
        let looked = looked(states);
        assert_eq!(is_gone(&cluster(), &looked), gone, "{case}");
        assert_eq!(left(&cluster(), &looked).is_empty(), gone, "{case}");
    }
    let mut silent = looked([bare(), bare()]);
    silent.hosts.remove("b");
    assert!(!is_gone(&cluster(), &silent), "one does not answer");
}

#[test]
fn a_server_that_a_failed_change_has_begun_is_in_the_state() {
    let before = cluster();
    let after = model(&with(servers(json!({
        "a": {"host": "10.0.0.1"}, "c": {"host": "10.0.0.3"}, "d": {"host": "10.0.0.4"}
    }))));
    let mut looked = looked([server("a"), server("b")]);
    let (begun, bare) = (server("c"), HostState::default());
    looked.hosts.insert(
        "c".to_owned(),
        Ok(Probed {
            state: begun,
            asked_at: 0,
        }),
    );
    looked.hosts.insert(
        "d".to_owned(),
        Ok(Probed {
            state: bare,
            asked_at: 0,
        }),
    );
    let reached = with_begun(&before, &after.servers, &looked);
    assert_eq!(reached.servers.keys().collect::<Vec<_>>(), ["a", "b", "c"]);
}

#[test]
fn clients_are_given_another_server_when_theirs_is_down() {
    let way = |host: &str| Kubernetes {
        host: Some(host.to_owned()),
        ..Kubernetes::default()
    };
    let mut cluster = cluster();
    cluster.kubernetes = Attr::Known(way("https://10.0.0.1:6443"));
    cluster.join = Attr::Known(ClusterJoin {
        cluster_id: "c1".to_owned(),
        servers: Vec::new(),
        ca_hash: "ca".to_owned(),
        token: "t".into(),
        version: String::new(),
        external_cloud_provider: false,
        kubernetes: way("https://10.0.0.1:6443"),
        max_unavailable: 1,
    });
    let host = |cluster: &ClusterModel| cluster.kubernetes.known().and_then(|way| way.host.clone());
    refresh_way(&mut cluster, &looked([server("a"), server("b")]));
    assert_eq!(host(&cluster).as_deref(), Some("https://10.0.0.1:6443"));
    let down = HostState {
        readyz: None,
        ..server("a")
    };
    refresh_way(&mut cluster, &looked([down.clone(), server("b")]));
    assert_eq!(host(&cluster).as_deref(), Some("https://10.0.0.2:6443"));
    let join = cluster.join.known().and_then(|join| join.kubernetes.host.clone());
    assert_eq!(join, host(&cluster));
    let mut fixed = cluster.clone();
    fixed.endpoint = Some("k3s.example".to_owned());
    fixed.kubernetes = Attr::Known(way("https://k3s.example:6443"));
    refresh_way(&mut fixed, &looked([down, server("b")]));
    assert_eq!(
        host(&fixed).as_deref(),
        Some("https://k3s.example:6443"),
        "it is behind an endpoint"
    );
}

#[test]
fn of_a_server_that_does_not_answer_what_was_known_stays() {
    let mut cluster = cluster();
    let keys = [("a".to_owned(), "ssh-ed25519 AAAA".to_owned())].into();
    let mut state = server("a");
    state.binary_version = "v1.36.3+k3s1".parse().ok();
    store_seen(&mut cluster, &looked([state, HostState::default()]), &keys);
    let status = |cluster: &ClusterModel| cluster.status.known().and_then(|all| all.get("a")).cloned();
    let before = status(&cluster).expect("it was seen");
    assert_eq!(before.version.as_deref(), Some("v1.36.3+k3s1"));
    store_seen(&mut cluster, &Looked::default(), &BTreeMap::new());
    assert_eq!(status(&cluster), Some(ServerStatus { ready: false, ..before }));
}

#[test]
fn a_generated_token_that_was_changed_is_kept_with_the_old_one() {
    let mut cluster = cluster();
    cluster.server_token = Attr::Known("old".into());
    for (token, previous) in [("old", 0), ("new", 1), ("new", 1)] {
        remember_token(&mut cluster, &Token::parse(token).unwrap());
        assert_eq!(cluster.previous_tokens.known().map(Vec::len), Some(previous), "{token}");
        assert_eq!(
            cluster
                .server_token
                .known()
                .map(|token| token.expose_secret().to_owned())
                .as_deref(),
            Some(token)
        );
    }
}
