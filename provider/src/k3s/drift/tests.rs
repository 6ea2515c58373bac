//! Tests of the differences, one at a time, from a host that is as it should be.

use std::collections::BTreeMap;

use super::*;
use crate::k3s::config::registries::Registries;
use crate::k3s::config::{ClusterSettings, Join, Taint};
use crate::k3s::files::ServerFiles;
use crate::k3s::probe::{FileState, UnitState};
use crate::k3s::unit::Proxy;

fn version(text: &str) -> K3sVersion {
    text.parse().unwrap()
}

fn settings() -> NodeSettings {
    NodeSettings {
        name: "a".to_owned(),
        node_ip: vec!["10.0.0.1".to_owned()],
        labels: BTreeMap::from([("tier".to_owned(), "x".to_owned())]),
        taints: vec![Taint {
            key: "k".to_owned(),
            value: String::new(),
            effect: "NoSchedule".to_owned(),
        }],
        provider_id: Some("vsphere://1".to_owned()),
        ..NodeSettings::default()
    }
}

fn files() -> HostFiles {
    HostFiles::of_server(&ServerFiles {
        cluster: &ClusterSettings::default(),
        node: &settings(),
        join: &Join::Init,
        token: &"secret".into(),
        agent_token: None,
        registries: &Registries::default(),
        proxy: &Proxy::default(),
    })
}

/// A host, and its Node, as they should be.
fn right() -> (HostState, NodeState) {
    let state = |file: &crate::k3s::files::HostFile| FileState {
        mode: file.mode,
        owner: "root".to_owned(),
        sha256: file.sha256(),
    };
    let host = HostState {
        binary_sha256: Some("aa".to_owned()),
        binary_version: Some(version("v1.36.3+k3s1")),
        server_unit: Some(UnitState {
            active: "active".to_owned(),
            sub: "running".to_owned(),
            file: "enabled".to_owned(),
            ..UnitState::default()
        }),
        files: files()
            .files
            .iter()
            .map(|file| (file.path.to_owned(), state(file)))
            .collect(),
        readyz: Some(Ok(())),
        ..HostState::default()
    };
    let node = NodeState {
        name: "a".to_owned(),
        labels: settings().labels,
        taints: settings().taints,
        provider_id: settings().provider_id,
        internal_ips: settings().node_ip,
        version: Some(version("v1.36.3+k3s1")),
        ready: true,
        voter: Some(true),
        ..NodeState::default()
    };
    (host, node)
}

fn told(change: impl FnOnce(&mut HostState, &mut NodeState)) -> Vec<String> {
    let (mut host, mut node) = right();
    change(&mut host, &mut node);
    let expected = Expected {
        role: Role::Server,
        version: &version("v1.36.3+k3s1"),
        binary_sha256: Some("aa"),
        files: &files(),
        node: &settings(),
        voter: true,
    };
    let drift = drift(&expected, Some(&host), Some(&[node]));
    drift.iter().map(ToString::to_string).collect()
}

#[test]
fn a_host_that_is_as_it_should_be_has_no_drift() {
    assert_eq!(told(|_, _| {}), Vec::<String>::new());
}

#[test]
fn each_difference_is_one_line() {
    let unit = |host: &mut HostState, change: fn(&mut UnitState)| change(host.server_unit.as_mut().unwrap());
    for (lines, expected) in [
        (told(|host, _| host.binary_sha256 = None), "k3s is not installed"),
        (
            told(|host, _| host.binary_sha256 = Some("bb".to_owned())),
            "/usr/local/bin/k3s is another program than the wanted one",
        ),
        (
            told(|host, _| host.binary_version = Some(version("v1.36.4+k3s1"))),
            "v1.36.3+k3s1 runs, and v1.36.4+k3s1 is installed",
        ),
        (
            told(|host, _| {
                host.payload = Some("x".to_owned());
                host.payload_running = Some("y".to_owned());
            }),
            "v1.36.3+k3s1 runs, and v1.36.3+k3s1 is installed",
        ),
        (
            told(|host, _| {
                host.files.remove(paths::TOKEN);
            }),
            "/etc/rancher/k3s/token is missing",
        ),
        (
            told(|host, _| host.files.get_mut(paths::CONFIG).unwrap().sha256 = "other".to_owned()),
            "/etc/rancher/k3s/config.yaml was changed",
        ),
        (
            told(|host, _| host.files.get_mut(paths::CONFIG).unwrap().mode = 0o644),
            "/etc/rancher/k3s/config.yaml has another mode or owner",
        ),
        (
            told(|host, _| host.overrides.push("/etc/rancher/k3s/config.yaml.d/x.yaml".to_owned())),
            "/etc/rancher/k3s/config.yaml.d/x.yaml overrides what is configured",
        ),
        (told(|host, _| host.server_unit = None), "k3s is not a service"),
        (
            told(|host, _| unit(host, |unit| unit.file = "disabled".to_owned())),
            "k3s is not started with the host",
        ),
        (
            told(|host, _| unit(host, |unit| unit.active = "failed".to_owned())),
            "k3s does not run: failed (running)",
        ),
        (
            told(|host, _| host.readyz = Some(Err("[-]etcd failed".to_owned()))),
            "the API is not ready: [-]etcd failed",
        ),
        (told(|_, node| node.name = "b".to_owned()), "has no node in the cluster"),
        (told(|_, node| node.ready = false), "its node is not ready"),
        (
            told(|_, node| node.voter = Some(false)),
            "its member of etcd does not vote",
        ),
        (
            told(|_, node| node.internal_ips = vec!["10.0.0.9".to_owned()]),
            "its node has another address or provider id",
        ),
        (
            told(|_, node| node.provider_id = None),
            "its node has another address or provider id",
        ),
        (told(|_, node| node.labels.clear()), "its label tier is missing: \"x\""),
        (
            told(|_, node| node.labels.insert("tier".to_owned(), "y".to_owned()).map_or((), drop)),
            "its label tier is \"y\", not \"x\"",
        ),
        (
            told(|_, node| node.taints.clear()),
            "its taint k=:NoSchedule is missing",
        ),
    ] {
        assert_eq!(lines, [expected]);
    }
}

#[test]
fn archives_of_images_are_compared_by_names_that_have_their_hash() {
    let image = Image {
        path: "/tmp/images.tar".into(),
        sha256: "0123456789abcdef0123".to_owned(),
    };
    let files = files().with_images(std::slice::from_ref(&image));
    let lines = |names: &[&str]| {
        let (mut state, _) = right();
        state.images = names
            .iter()
            .map(|name| ((*name).to_owned(), "1 2".to_owned()))
            .collect();
        let drift = of_files(&files, &state);
        drift.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(lines(&["theirs.tar", "cht-0123456789abcdef-images.tar"]), [""; 0]);
    assert_eq!(
        lines(&["cht-fedcba9876543210-images.tar"]),
        [
            "the archive of images cht-0123456789abcdef-images.tar is missing",
            "the archive of images cht-fedcba9876543210-images.tar is not wanted any more",
        ]
    );
}

#[test]
fn an_address_is_the_same_however_it_is_written() {
    let stale = |wanted: &[&str], is: &[&str]| {
        let wanted = NodeSettings {
            node_ip: wanted.iter().map(|ip| (*ip).to_owned()).collect(),
            ..NodeSettings::default()
        };
        let node = NodeState {
            internal_ips: is.iter().map(|ip| (*ip).to_owned()).collect(),
            ..NodeState::default()
        };
        is_stale(&wanted, &node)
    };
    assert!(!stale(&["10.0.0.1", "FD00:0:0::1"], &["10.0.0.1", "fd00::1"]));
    assert!(stale(&["10.0.0.1", "fd00::2"], &["10.0.0.1", "fd00::1"]));
    assert!(!stale(&["10.0.0.1"], &[]) && !stale(&[], &["10.0.0.1"]));
}

#[test]
fn a_plan_promises_only_what_an_apply_can_put_right() {
    assert!(Drift::NoUnit.is_mended() && Drift::UnitDisabled.is_mended());
    assert!(!Drift::Unreachable.is_mended() && !Drift::Override("/x".to_owned()).is_mended());
}

#[test]
fn another_version_is_told_beside_what_is_installed() {
    let lines = told(|host, node| {
        host.binary_version = Some(version("v1.35.1+k3s1"));
        node.version = Some(version("v1.35.1+k3s1"));
    });
    assert_eq!(lines, ["runs v1.35.1+k3s1, not v1.36.3+k3s1"]);
}

#[test]
fn of_a_host_that_does_not_answer_its_node_still_tells() {
    let (_, mut node) = right();
    node.ready = false;
    let expected = Expected {
        role: Role::Server,
        version: &version("v1.36.3+k3s1"),
        binary_sha256: None,
        files: &files(),
        node: &settings(),
        voter: true,
    };
    assert_eq!(
        drift(&expected, None, Some(&[node])),
        [Drift::Unreachable, Drift::NodeNotReady]
    );
    assert_eq!(drift(&expected, None, None), [Drift::Unreachable]);
}

#[test]
fn a_server_that_runs_with_other_critical_values_than_its_files_have_is_seen() {
    let of = |arguments: &str, change: fn(&mut HostState)| {
        let (mut host, mut node) = right();
        node.annotations = BTreeMap::from([("k3s.io/node-args".to_owned(), arguments.to_owned())]);
        change(&mut host);
        other_values(&host, &files(), &node)
    };
    let same = |_: &mut HostState| {};
    assert_eq!(
        of(r#"["server","--tls-san","x","--cluster-init","true"]"#, same),
        [""; 0]
    );
    assert_eq!(of(r#"["server","--secrets-encryption","false"]"#, same), [""; 0]);
    assert_eq!(
        of(r#"["server","--cluster-domain=x","--disable","traefik"]"#, same),
        ["cluster-domain", "disable"]
    );
    let overridden = |host: &mut HostState| host.overrides = vec!["/etc/rancher/k3s/config.yaml.d/x.yaml".to_owned()];
    assert_eq!(of(r#"["server","--disable","traefik"]"#, overridden), [""; 0]);
    let (host, node) = right();
    assert_eq!(other_values(&host, &files(), &node), [""; 0], "it does not say");

    let lines = told(|_, node| {
        let arguments = r#"["server","--cluster-domain","x"]"#;
        node.annotations = BTreeMap::from([("k3s.io/node-args".to_owned(), arguments.to_owned())]);
    });
    assert_eq!(lines, ["k3s runs with another value of cluster-domain"]);
}
