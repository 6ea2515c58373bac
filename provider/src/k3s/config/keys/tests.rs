//! Tests of the keys, and of the rules for those that users give.

use std::collections::{BTreeMap, BTreeSet};

use super::check::{Level, check_extra};
use super::*;
use crate::k3s::config::value::ConfigValue;

fn version(text: &str) -> K3sVersion {
    text.parse().unwrap()
}

fn told(level: Level, version: &str, key: &str, value: ConfigValue) -> Vec<String> {
    let extra = BTreeMap::from([(key.to_owned(), value)]);
    check_extra(level, &version.parse().unwrap(), &extra)
        .iter()
        .map(ToString::to_string)
        .collect()
}

#[test]
fn each_key_stands_once_and_is_spelled_as_a_flag() {
    let names: BTreeSet<&str> = Key::all().map(|key| key.name).collect();
    assert_eq!(names.len(), Key::all().count());
    for key in Key::all() {
        let is_flag = key
            .name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        assert!(is_flag && key.since.is_ascending(), "{}", key.name);
        assert!(
            key.is_for(Role::Server) || !key.critical,
            "{} is critical for agents",
            key.name
        );
    }
}

#[test]
fn a_release_has_as_many_keys_as_its_help_lists_flags() {
    // What `k3s server --help` and `k3s agent --help` of 1.34.1 list.
    let release = version("v1.34.1+k3s1");
    let count = |role| Key::all().filter(|key| key.is_for(role) && key.is_in(&release)).count();
    assert_eq!((count(Role::Server), count(Role::Agent)), (113, 45));
}

#[test]
fn a_misspelled_key_is_told_its_likely_name() {
    for (wrong, right) in [
        ("tls-sans", "tls-san"),
        ("flannel-beckend", "flannel-backend"),
        ("kubelet-args", "kubelet-arg"),
        ("write-kubeconfig-mod", "write-kubeconfig-mode"),
    ] {
        let near = near_misses(wrong, Role::Server, &version("v1.36.3+k3s1"));
        assert_eq!(near.first(), Some(&right), "{wrong}");
        assert!(near.len() <= 3);
    }
    assert_eq!(
        told(Level::Cluster, "v1.36.3+k3s1", "pause-imag", ConfigValue::Flag(true)),
        ["`pause-imag` is not an option of k3s: did you mean `pause-image`?"]
    );
    assert_eq!(
        told(
            Level::Cluster,
            "v1.36.3+k3s1",
            "quite-another-thing",
            ConfigValue::Flag(true)
        ),
        ["`quite-another-thing` is not an option of k3s: see `k3s server --help`."]
    );
}

#[test]
fn an_agent_is_not_told_the_keys_of_servers() {
    assert!(near_misses("tls-sans", Role::Agent, &version("v1.36.3+k3s1")).is_empty());
}

#[test]
fn each_reason_to_refuse_a_key_is_told_with_what_to_do() {
    let text = |text: &str| ConfigValue::Text(text.to_owned());
    for (level, version, key, value, told_is) in [
        (
            Level::Cluster,
            "v1.36.3+k3s1",
            "t",
            text("x"),
            "`t` is a short name: the option is `token`.",
        ),
        (
            Level::Cluster,
            "v1.36.3+k3s1",
            "kubelet-arg+",
            text("x"),
            "`kubelet-arg+` would append to a list of another file, and there is none: write the key without `+`.",
        ),
        (
            Level::Agent,
            "v1.36.3+k3s1",
            "etcd-arg",
            text("x"),
            "`etcd-arg` is an option of servers; agents do not start with it.",
        ),
        (
            Level::Server,
            "v1.36.3+k3s1",
            "disable-apiserver-lb",
            ConfigValue::Flag(true),
            "`disable-apiserver-lb` is an option of agents, which servers do not have.",
        ),
        (
            Level::Cluster,
            "v1.36.3+k3s1",
            "write-kubeconfig-name",
            text("x"),
            "`write-kubeconfig-name` is not an option of k3s v1.36.3+k3s1: k3s has it since 1.37.0.",
        ),
        (
            Level::Cluster,
            "v1.36.3+k3s1",
            "tls-san",
            text("x"),
            "`tls-san` has an attribute of its own: use `tls_san`.",
        ),
        (
            Level::Agent,
            "v1.36.3+k3s1",
            "server",
            text("https://10.0.0.1:6443"),
            "`server` cannot be given: which servers a host joins is decided when it joins, and changes as servers come and \
             go.",
        ),
        (
            Level::Server,
            "v1.36.3+k3s1",
            "egress-selector-mode",
            text("pod"),
            "`egress-selector-mode` must be the same on all servers, or they cannot be one cluster: give it for the cluster.",
        ),
        (
            Level::Agent,
            "v1.36.3+k3s1",
            "enable-pprof",
            text("yes"),
            "`enable-pprof` has to be `true` or `false`.",
        ),
    ] {
        assert_eq!(told(level, version, key, value), [told_is]);
    }
}

#[test]
fn what_k3s_accepts_is_accepted() {
    let list = ConfigValue::List(vec!["quota-backend-bytes=1".to_owned()]);
    assert!(told(Level::Cluster, "v1.36.3+k3s1", "etcd-arg", list).is_empty());
    let one = ConfigValue::Text("quota-backend-bytes=1".to_owned());
    assert!(
        told(Level::Server, "v1.36.3+k3s1", "etcd-arg", one).is_empty(),
        "a list of one can be a text"
    );
    assert!(
        told(
            Level::Agent,
            "v1.36.3+k3s1",
            "lb-server-port",
            ConfigValue::Number(6444)
        )
        .is_empty()
    );
    assert!(
        told(
            Level::Cluster,
            "v1.36.3+k3s1",
            "egress-selector-mode",
            ConfigValue::Text("pod".to_owned())
        )
        .is_empty()
    );
}

#[test]
fn the_critical_keys_are_those_that_k3s_compares() {
    let critical: Vec<&str> = Key::all().filter(|key| key.critical).map(|key| key.name).collect();
    for name in [
        "cluster-dns",
        "cluster-cidr",
        "cluster-domain",
        "disable-cloud-controller",
        "disable-helm-controller",
        "disable-network-policy",
        "secrets-encryption",
        "secrets-encryption-provider",
        "embedded-registry",
        "flannel-backend",
        "flannel-ipv6-masq",
        "flannel-external-ip",
        "egress-selector-mode",
        "service-cidr",
        "supervisor-metrics",
    ] {
        assert!(critical.contains(&name), "{name}");
    }
    assert_eq!(
        critical.len(),
        15,
        "`disable=servicelb` is the other: it is one of several values of a key"
    );
}
