//! What is read anew, and what stays.

use super::*;
use crate::k3s::cluster::fixtures::{cluster, looked, server};
use crate::k3s::join::ClusterJoin;
use crate::k3s::probe::HostState;
use crate::kubernetes::Kubernetes;

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
    move_way(&mut cluster, &looked([server("a"), server("b")]));
    assert_eq!(host(&cluster).as_deref(), Some("https://10.0.0.1:6443"));
    let down = HostState {
        readyz: None,
        ..server("a")
    };
    move_way(&mut cluster, &looked([down.clone(), server("b")]));
    assert_eq!(host(&cluster).as_deref(), Some("https://10.0.0.2:6443"));
    let join = cluster.join.known().and_then(|join| join.kubernetes.host.clone());
    assert_eq!(join, host(&cluster));
    let mut fixed = cluster.clone();
    fixed.endpoint = Some("k3s.example".to_owned());
    fixed.kubernetes = Attr::Known(way("https://k3s.example:6443"));
    move_way(&mut fixed, &looked([down, server("b")]));
    assert_eq!(
        host(&fixed).as_deref(),
        Some("https://k3s.example:6443"),
        "it is behind an endpoint"
    );
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
