//! Tests of `config.yaml` and `registries.yaml`: whole files against golden ones, and the rules one by one.

use std::collections::BTreeMap;

use secrecy::ExposeSecret as _;

use super::keys::check::{Level, check_extra};
use super::registries::{Mirror, Registries, RegistryHost};
use super::*;
use crate::k3s::testing::assert_golden;

fn node(name: &str) -> NodeSettings {
    NodeSettings {
        name: name.to_owned(),
        ..NodeSettings::default()
    }
}

fn through() -> Join {
    Join::Through("https://10.20.0.11:6443".to_owned())
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn everything() -> ClusterSettings {
    ClusterSettings {
        data_dir: Some("/data/k3s".to_owned()),
        tls_san: texts(&["k3s.health.example", "10.20.0.5"]),
        https_port: Some(6444),
        kubeconfig_mode: Some("0640".to_owned()),
        cluster_cidr: texts(&["10.52.0.0/16", "fd00:52::/56"]),
        service_cidr: texts(&["10.53.0.0/16", "fd00:53::/112"]),
        cluster_dns: texts(&["10.53.0.10"]),
        cluster_domain: Some("k3s.local".to_owned()),
        flannel_backend: Some("wireguard-native".to_owned()),
        disable: texts(&["traefik", "servicelb"]),
        external_cloud_provider: true,
        datastore: Datastore::Etcd,
        snapshots: Some(Snapshots {
            enabled: true,
            schedule: Some("0 */6 * * *".to_owned()),
            retention: Some(12),
            directory: Some("/backup/etcd".to_owned()),
            compress: true,
            s3: Some(S3 {
                endpoint: Some("s3.health.example".to_owned()),
                endpoint_ca: Some("/etc/ssl/s3.pem".to_owned()),
                skip_ssl_verify: false,
                insecure: false,
                bucket: "etcd".to_owned(),
                region: Some("nairobi".to_owned()),
                folder: Some("production".to_owned()),
                access_key: Some("id".into()),
                secret_key: Some("hunter2".into()),
            }),
        }),
        secrets_encryption: true,
        embedded_registry: true,
        system_default_registry: Some("registry.health.example".to_owned()),
        has_agent_token: true,
        docker: true,
        selinux: true,
        kube_apiserver_args: texts(&["audit-log-maxage=30"]),
        kube_controller_manager_args: texts(&["terminated-pod-gc-threshold=10"]),
        kube_scheduler_args: texts(&["v=2"]),
        kubelet_args: texts(&["max-pods=200"]),
        kube_proxy_args: texts(&["proxy-mode=ipvs"]),
        extra: BTreeMap::from([
            (
                "etcd-arg".to_owned(),
                ConfigValue::list(["quota-backend-bytes=8589934592"]),
            ),
            ("supervisor-metrics".to_owned(), ConfigValue::Flag(true)),
            ("v".to_owned(), ConfigValue::Number(2)),
        ]),
    }
}

#[test]
fn server_with_nothing_chosen_has_the_golden_file() {
    let config = ClusterSettings::default().config(&node("server-1"), &Join::Init);
    assert_golden("config_minimal.yaml", &config.text());
}

#[test]
fn server_with_everything_chosen_has_the_golden_file() {
    let node = NodeSettings {
        name: "server-2".to_owned(),
        node_ip: texts(&["10.20.0.12"]),
        node_external_ip: texts(&["203.0.113.12"]),
        labels: BTreeMap::from([
            ("tier".to_owned(), "control".to_owned()),
            ("node-role.kubernetes.io/infra".to_owned(), "true".to_owned()),
        ]),
        taints: vec![Taint {
            key: "node-role.kubernetes.io/control-plane".to_owned(),
            value: String::new(),
            effect: "NoSchedule".to_owned(),
        }],
        provider_id: Some("vsphere://4237".to_owned()),
        extra: BTreeMap::from([("flannel-iface".to_owned(), ConfigValue::Text("ens192".to_owned()))]),
    };
    let text = everything().config(&node, &through()).text();
    assert!(
        !text.contains("hunter2") && !text.contains("node-role.kubernetes.io/infra"),
        "{text}"
    );
    assert_golden("config_everything.yaml", &text);
}

#[test]
fn agent_has_the_golden_file() {
    let settings = AgentSettings {
        external_cloud_provider: true,
        kubelet_args: texts(&["max-pods=200"]),
        ..AgentSettings::default()
    };
    let node = NodeSettings {
        provider_id: Some("vsphere://4238".to_owned()),
        labels: BTreeMap::from([("zone".to_owned(), "a".to_owned())]),
        ..node("worker-1")
    };
    assert_golden(
        "config_agent.yaml",
        &settings.config(&node, "https://10.20.0.11:6443").text(),
    );
}

#[test]
fn every_key_that_is_written_is_one_that_its_role_has() {
    let version = "v1.36.3+k3s1".parse().unwrap();
    let server = everything().config(&node("a"), &through());
    let agent = AgentSettings {
        data_dir: Some("/data".to_owned()),
        docker: true,
        selinux: true,
        ..AgentSettings::default()
    };
    let agent = agent.config(&node("b"), "https://10.0.0.1:6443");
    for (role, config) in [(Role::Server, server), (Role::Agent, agent)] {
        assert_eq!(config.in_order().count(), config.entries.len());
        for (key, value) in config.in_order() {
            assert!(
                key.is_for(role) && key.is_in(&version) && value.fits(key.kind),
                "{}",
                key.name
            );
        }
    }
}

#[test]
fn no_attribute_can_be_given_twice() {
    let version = "v1.36.3+k3s1".parse().unwrap();
    let given = everything();
    let bare = ClusterSettings {
        extra: BTreeMap::new(),
        ..everything()
    };
    let written = bare.config(&node("a"), &through()).entries;
    assert_eq!(check_extra(Level::Cluster, &version, &written).len(), written.len());
    assert_eq!(check_extra(Level::Cluster, &version, &given.extra), []);
}

#[test]
fn how_a_host_joins_is_no_reason_to_restart_it() {
    let cluster = everything();
    let init = cluster.config(&node("a"), &Join::Init);
    let later = cluster.config(&node("a"), &through());
    assert_ne!(init.text(), later.text());
    assert_eq!(init.restart_hash(), later.restart_hash());
    let mut labeled = node("a");
    labeled.labels.insert("tier".to_owned(), "x".to_owned());
    assert_eq!(
        cluster.config(&labeled, &Join::Init).restart_hash(),
        init.restart_hash()
    );
    let renamed = cluster.config(&node("b"), &Join::Init);
    assert_ne!(renamed.restart_hash(), init.restart_hash());
}

#[test]
fn what_only_the_whole_cluster_could_change_is_named() {
    let before = everything().config(&node("a"), &Join::Init);
    let changed = ClusterSettings {
        cluster_cidr: texts(&["10.62.0.0/16"]),
        cluster_domain: None,
        disable: Vec::new(),
        ..everything()
    };
    let after = changed.config(&node("a"), &through());
    let names: Vec<&str> = after.immutable_changes(&before).iter().map(|key| key.name).collect();
    assert_eq!(names, ["cluster-cidr", "cluster-domain"]);
}

#[test]
fn registries_have_the_golden_file() {
    let registries = Registries {
        mirrors: BTreeMap::from([
            ("*".to_owned(), Mirror::default()),
            (
                "docker.io".to_owned(),
                Mirror {
                    endpoints: texts(&["https://registry.health.example:5000", "https://mirror.gcr.io"]),
                    rewrites: BTreeMap::from([("^rancher/(.*)".to_owned(), "k3s/$1".to_owned())]),
                },
            ),
        ]),
        hosts: BTreeMap::from([
            (
                "registry.health.example:5000".to_owned(),
                RegistryHost {
                    username: Some("cht".to_owned()),
                    password: Some("pa\"ss: #1".into()),
                    ca_file: Some("/etc/ssl/registry.pem".to_owned()),
                    ..RegistryHost::default()
                },
            ),
            (
                "ghcr.io".to_owned(),
                RegistryHost {
                    identity_token: Some("t0ken".into()),
                    insecure_skip_verify: true,
                    ..RegistryHost::default()
                },
            ),
            ("quay.io".to_owned(), RegistryHost::default()),
        ]),
    };
    let text = registries.text();
    assert_golden("registries.yaml", text.expose_secret());
    let read: serde_json::Value = serde_saphyr::from_str(text.expose_secret()).expect("YAML");
    assert_eq!(
        read["configs"]["registry.health.example:5000"]["auth"]["password"],
        serde_json::json!("pa\"ss: #1")
    );
    assert!(Registries::default().is_empty() && !format!("{registries:?}").contains("t0ken"));
}
