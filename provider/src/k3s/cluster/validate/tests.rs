//! Each rule, with the attribute that it is told at.

use serde_json::{Value as Json, json};
use tf_framework::diagnostics::{Diagnostics, Severity};

use super::*;
use crate::k3s::cluster::fixtures::{draft, servers, with};

fn found(changes: Json, severity: Severity) -> Vec<String> {
    let mut diagnostics = Diagnostics::new();
    validate(&draft(&with(changes)), &mut diagnostics);
    let of_kind = diagnostics.iter().filter(|one| one.severity == severity);
    of_kind
        .map(|one| one.path.as_ref().expect("a path").to_string())
        .collect()
}

#[track_caller]
fn check(changes: Json, expected: &[&str]) {
    assert_eq!(found(changes.clone(), Severity::Error), expected, "{changes}");
}

#[track_caller]
fn check_warnings(changes: Json, expected: &[&str]) {
    assert_eq!(found(changes.clone(), Severity::Warning), expected, "{changes}");
}

#[test]
fn a_small_configuration_is_valid() {
    check(json!({}), &[]);
    check_warnings(json!({}), &[]);
}

#[test]
fn each_server_is_a_host_of_its_own() {
    check(
        servers(json!({"a": {"host": "10.0.0.1"}, "b": {"host": "10.0.0.1"}})),
        &["servers[\"b\"].host"],
    );
    check(
        servers(json!({"a": {"host": "10.0.0.1"}, "b": {"host": "10.0.0.1", "ssh": {"port": 2222}}})),
        &[],
    );
    check(
        servers(json!({
            "a": {"host": "10.0.0.1", "provider_id": "vsphere://1"}, "b": {"host": "10.0.0.2", "provider_id": "vsphere://1"}
        })),
        &["servers[\"b\"].provider_id"],
    );
}

#[test]
fn options_are_those_of_the_role_and_the_version() {
    check(json!({"extra_config": r#"{"etcd-expose-metrics": true}"#}), &[]);
    check(json!({"extra_config": r#"{"tls-san": ["a"]}"#}), &["extra_config"]);
    check(
        json!({"extra_config": r#"{"disable-apiserver-lb": true}"#}),
        &["extra_config"],
    );
    check(
        servers(json!({"a": {"host": "10.0.0.1", "extra_config": r#"{"disable-network-policy": true}"#}})),
        &["servers[\"a\"].extra_config"],
    );
    let old = json!({"version": "v1.25.3+k3s1", "embedded_registry": true, "registries": {"mirrors": {"*": {}}}});
    check(old, &["embedded_registry"]);
}

#[test]
fn a_step_is_not_newer_than_the_version() {
    check(
        json!({"upgrade_path": ["v1.35.4+k3s1", "v1.37.0+k3s1"]}),
        &["upgrade_path[1]"],
    );
}

#[test]
fn a_hash_is_that_of_one_program() {
    let hash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let binary = |steps: Json| json!({"binary": {"path": "/k3s", "sha256": hash}, "upgrade_path": steps});
    check(binary(json!([])), &[]);
    check(binary(json!(["v1.35.4+k3s1"])), &["binary.sha256"]);
}

#[test]
fn a_token_is_one_that_a_cluster_can_have() {
    check(json!({"token": "correct-horse"}), &[]);
    check(json!({"token": "abcdef.0123456789abcdef"}), &["token"]);
    check(json!({"token": "K10abc::server:x"}), &["token"]);
}

#[test]
fn a_datastore_has_what_its_kind_needs() {
    let two = json!({"a": {"host": "10.0.0.1"}, "b": {"host": "10.0.0.2"}});
    check(json!({"datastore": {"type": "external"}}), &["datastore.endpoint"]);
    check(
        json!({"datastore": {"type": "external", "endpoint": "postgres://db.example/k3s"}}),
        &[],
    );
    check(
        json!({"datastore": {"type": "etcd", "ca_file": "/a"}}),
        &["datastore.ca_file"],
    );
    let mut sqlite = servers(two);
    sqlite["datastore"] = json!({"type": "sqlite"});
    check(sqlite, &["datastore.type"]);
    check(
        json!({"datastore": {"type": "sqlite"}, "snapshots": {"enabled": true, "compress": false}}),
        &["snapshots"],
    );
}

#[test]
fn a_snapshot_is_restored_on_a_server_with_etcd() {
    check(json!({"restore_from": {"snapshot": "/s", "server": "a"}}), &[]);
    check(
        json!({"restore_from": {"snapshot": "/s", "server": "x"}}),
        &["restore_from.server"],
    );
    check(
        json!({"restore_from": {"snapshot": "/s"}, "datastore": {"type": "sqlite"}}),
        &["restore_from"],
    );
}

#[test]
fn keys_are_changed_where_k3s_can_do_so() {
    let keys =
        |version: &str| json!({"version": version, "secrets_encryption": true, "secrets_encryption_key_version": 2});
    check(keys("v1.36.3+k3s1"), &[]);
    check(keys("v1.29.3+k3s1"), &["secrets_encryption_key_version"]);
}

#[test]
fn networks_are_of_the_same_kinds_and_apart() {
    let networks = |pods: Json, services: Json| json!({"cluster_cidr": pods, "service_cidr": services});
    check(
        networks(
            json!(["10.1.0.0/16", "fd00:1::/56"]),
            json!(["10.2.0.0/16", "fd00:2::/112"]),
        ),
        &[],
    );
    check(
        networks(json!(["10.1.0.0/16", "10.3.0.0/16"]), json!(["10.2.0.0/16"])),
        &["cluster_cidr", "service_cidr"],
    );
    check(
        networks(json!(["fd00:1::/56"]), json!(["10.2.0.0/16"])),
        &["service_cidr"],
    );
    check(
        networks(json!(["10.0.0.0/9"]), json!(["10.2.0.0/16"])),
        &["servers[\"a\"].host", "service_cidr"],
    );
    check(json!({"cluster_dns": ["10.44.0.10"]}), &["cluster_dns[0]"]);
    check(json!({"cluster_dns": ["10.43.0.10"]}), &[]);
    check(
        servers(json!({"a": {"host": "h1.example", "node_ip": ["10.42.3.4"]}})),
        &["servers[\"a\"].node_ip"],
    );
}

#[test]
fn what_is_unsafe_or_without_effect_is_warned_of() {
    check_warnings(json!({"embedded_registry": true}), &["embedded_registry"]);
    check_warnings(
        json!({"registries": {"configs": {"r.example": {"tls": {"insecure_skip_verify": true}}}}}),
        &["registries.configs[\"r.example\"].tls"],
    );
    let s3 = json!({"bucket": "b", "insecure": true, "skip_ssl_verify": false});
    check_warnings(
        json!({"snapshots": {"enabled": true, "compress": false, "s3": s3}}),
        &["snapshots.s3.insecure"],
    );
}
