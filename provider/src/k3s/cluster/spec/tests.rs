//! What servers are told by which attribute.

use serde_json::{Value as Json, json};

use super::*;
use crate::k3s::cluster::fixtures::{model, servers, with};
use crate::k3s::config::Join;

fn spec(changes: Json) -> Spec {
    model(&with(changes)).fleet_spec(Beside::of("c1")).expect("a version")
}

/// The file of the server `a`.
fn file(changes: Json) -> String {
    let spec = spec(changes);
    spec.settings.config(&spec.servers["a"], &Join::Init).text()
}

#[test]
fn what_is_usual_is_not_told() {
    let file = file(json!({}));
    for line in [
        "cluster-init: true",
        "token-file:",
        "agent-token-file:",
        "node-name: \"a\"",
        "tls-san:",
        "  - \"10.0.0.1\"",
    ] {
        assert!(file.contains(line), "{line} in {file}");
    }
    for key in [
        "cluster-domain",
        "flannel-backend",
        "https-listen-port",
        "write-kubeconfig-mode",
        "data-dir",
        "disable",
    ] {
        assert!(!file.contains(key), "{key} in {file}");
    }
}

#[test]
fn each_attribute_is_told() {
    let file = file(json!({
        "endpoint": "k3s.example", "tls_san": ["k3s.other"], "https_listen_port": 7443, "cluster_cidr": ["10.50.0.0/16"],
        "service_cidr": ["10.51.0.0/16"], "cluster_dns": ["10.51.0.10"], "cluster_domain": "k3s.local", "flannel_backend": "host-gw",
        "disable": ["traefik", "servicelb"], "cloud_provider": "external", "secrets_encryption": true, "embedded_registry": true,
        "system_default_registry": "registry.example:5000", "docker": true, "selinux": true, "kube_apiserver_args": ["a=1"],
        "kube_controller_manager_args": ["b=1"], "kube_scheduler_args": ["c=1"], "kubelet_args": ["d=1"], "kube_proxy_args": ["e=1"],
        "data_dir": "/srv/k3s", "kubeconfig_mode": "0640", "extra_config": "{\"debug\": true}",
        "snapshots": {
            "enabled": true, "schedule": "0 1 * * *", "retention": 7, "directory": "/srv/snapshots", "compress": true,
            "s3": { "bucket": "b", "region": "r", "skip_ssl_verify": false, "insecure": true },
        },
        "servers": { "a": {
            "host": "h1.example", "node_ip": ["10.0.0.1"], "node_external_ip": ["192.0.2.1"], "labels": { "tier": "x" },
            "taints": [{ "key": "k", "value": "v", "effect": "NoSchedule" }], "provider_id": "vsphere://1",
            "extra_config": "{\"node-internal-dns\": [\"n\"]}",
        } },
    }));
    for line in [
        "  - \"k3s.other\"\n  - \"k3s.example\"\n  - \"h1.example\"\n  - \"10.0.0.1\"\n  - \"192.0.2.1\"\n",
        "https-listen-port: 7443",
        "cluster-cidr:\n  - \"10.50.0.0/16\"",
        "service-cidr:\n  - \"10.51.0.0/16\"",
        "cluster-dns:\n  - \"10.51.0.10\"",
        "cluster-domain: \"k3s.local\"",
        "flannel-backend: \"host-gw\"",
        "disable:\n  - \"servicelb\"\n  - \"traefik\"",
        "disable-cloud-controller: true",
        "secrets-encryption: true",
        "embedded-registry: true",
        "system-default-registry: \"registry.example:5000\"",
        "docker: true",
        "selinux: true",
        "kube-apiserver-arg:\n  - \"a=1\"",
        "kube-controller-manager-arg:\n  - \"b=1\"",
        "kube-scheduler-arg:\n  - \"c=1\"",
        "  - \"d=1\"\n  - \"cloud-provider=external\"\n  - \"provider-id=vsphere://1\"",
        "kube-proxy-arg:\n  - \"e=1\"",
        "data-dir: \"/srv/k3s\"",
        "write-kubeconfig-mode: \"0640\"",
        "debug: true",
        "etcd-snapshot-schedule-cron: \"0 1 * * *\"",
        "etcd-snapshot-retention: 7",
        "etcd-snapshot-dir: \"/srv/snapshots\"",
        "etcd-snapshot-compress: true",
        "etcd-s3: true",
        "etcd-s3-bucket: \"b\"",
        "etcd-s3-insecure: true",
        "node-ip:\n  - \"10.0.0.1\"",
        "node-external-ip:\n  - \"192.0.2.1\"",
        "node-label:\n  - \"tier=x\"",
        "node-taint:\n  - \"k=v:NoSchedule\"",
        "node-internal-dns:\n  - \"n\"",
    ] {
        assert!(file.contains(line), "{line} in {file}");
    }
}

#[test]
fn a_new_server_restarts_none_of_the_others() {
    let one = spec(servers(json!({"a": {"host": "10.0.0.1"}})));
    let two = spec(servers(json!({"a": {"host": "10.0.0.1"}, "b": {"host": "10.0.0.2"}})));
    let hash = |spec: &Spec| spec.settings.config(&spec.servers["a"], &Join::Init).restart_hash();
    assert_eq!(hash(&one), hash(&two));
}

#[test]
fn servers_reach_each_other_by_their_inner_addresses() {
    let model = model(&with(servers(json!({
        "a": {"host": "a.example", "node_ip": ["10.0.0.1"]}, "b": {"host": "fd00::2"}
    }))));
    assert_eq!(model.addresses()["a"], "https://10.0.0.1:6443");
    assert_eq!(
        model.addresses_for_agents(),
        ["https://10.0.0.1:6443", "https://[fd00::2]:6443"]
    );
    assert_eq!(
        model.address_for_clients(None).as_deref(),
        Some("https://a.example:6443")
    );
}

#[test]
fn servers_that_go_are_still_reached_and_a_cluster_is_begun_once() {
    let mut prior = model(&with(servers(
        json!({"a": {"host": "10.0.0.1"}, "b": {"host": "10.0.0.2"}}),
    )));
    prior.ca_hash = tf_framework::Attr::Known("hash".to_owned());
    let beside = Beside {
        prior: Some(&prior),
        ..Beside::of("c1")
    };
    let spec = model(&with(json!({}))).fleet_spec(beside).unwrap();
    assert_eq!(spec.addresses.len(), 2);
    assert_eq!(spec.servers.len(), 1);
    assert!(spec.bootstrapped && spec.ca_sha256.as_deref() == Some("hash"));
}

#[test]
fn pods_are_moved_where_there_is_a_place_for_them() {
    let drains = |changes: Json| spec(changes).drain.map(|drain| drain.timeout.as_secs());
    let two = servers(json!({"a": {"host": "10.0.0.1"}, "b": {"host": "10.0.0.2"}}));
    assert_eq!(drains(json!({})), None);
    assert_eq!(drains(two.clone()), Some(300));
    assert_eq!(
        drains(json!({"upgrade": {"drain": true, "drain_timeout": "90s"}})),
        Some(90)
    );
    let all = |changes: Json| model(&with(changes)).on_destruction();
    assert!(all(two).drain.is_none());
    let given = all(json!({"on_destroy": {"drain": true, "keep_snapshots": true, "force": true}}));
    assert!(given.drain.is_some() && given.keep_snapshots && given.force);
}
