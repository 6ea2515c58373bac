//! Tests of what is read of a host, from answers as the script gives them. [`script`](self::run) runs the script
//! itself.

use super::*;
use crate::k3s::config::Role;
use crate::k3s::marker::{Marker, Phase};
use proptest::prelude::*;

mod run;

const ANSWER: &str = r#"cht_probe=1
uid=0
time=1795271262
arch=x86_64
hostname=h1
machine_id=3d1219
cpus=4
memory_kib=8000000
cgroup=v2
cgroup_memory=yes
module.overlay=yes
module.br_netfilter=yes
default_route=yes
listens=22
listens=6443
active=firewalld
iptables=1.8.9
unit.server.LoadState=loaded
unit.server.ActiveState=activating
unit.server.SubState=auto-restart
unit.server.UnitFileState=enabled
unit.server.NRestarts=4
unit.server.Result=exit-code
unit.server.NeedDaemonReload=no
unit.server.DropInPaths=/etc/systemd/system/k3s.service.d/a.conf
unit.agent.LoadState=not-found
unit.agent.ActiveState=inactive
binary_sha256=aa
binary_version=v1.36.3+k3s1
file./etc/rancher/k3s/config.yaml=600 root cc
cluster_init=yes
marker={"version":1,"cluster":"c1","node":"h1","role":"server","phase":"joined","started":"ss"}
payload=/var/lib/rancher/k3s/data/bbb
payload_running=/var/lib/rancher/k3s/data/aaa/bin/k3s
datastore=sqlite
datastore=etcd
tombstone=yes
image.k3s.tar.zst=1024 1790000000
journal=level=fatal msg="K10aa::server:hunter2 was refused"
readyz_failed=Error from server: [-]etcd failed
end=cht_probe
"#;

const NODES: &str = r#"{"kind":"NodeList","items":[{"metadata":{"name":"h1","labels":{"node-role.kubernetes.io/etcd":"true","tier":"x"},
"annotations":{"k3s.io/node-args":"[\"server\",\"--cluster-init\",\"true\",\"--tls-san\",\"a\",\"--tls-san\",\"b\",\"--disable=traefik\",\"--debug\"]",
"cht.terraform.io/cordoned-by":"c1","flannel.alpha.coreos.com/backend-data":"null"}},
"spec":{"providerID":"vsphere://1","unschedulable":true,"taints":[{"key":"a","effect":"NoSchedule"}]},
"status":{"conditions":[{"type":"EtcdIsVoter","status":"True"},{"type":"Ready","status":"Unknown"}],
"addresses":[{"type":"InternalIP","address":"10.0.0.1"},{"type":"Hostname","address":"h1"}],
"nodeInfo":{"kubeletVersion":"v1.36.2+k3s1"}}},{"metadata":{"name":"bare"}}]}"#;

#[test]
fn an_answer_becomes_what_it_says() {
    let host = HostState::parse(ANSWER).unwrap();
    assert_eq!(host.machine.cpus, Some(4));
    assert_eq!(host.machine.cgroup, Some(Cgroup::V2));
    assert_eq!(host.machine.listens, [22, 6443]);
    assert_eq!(host.machine.firewalls, [Firewall::Firewalld]);
    assert_eq!(host.machine.modules, ["br_netfilter", "overlay"]);
    assert_eq!(host.phase(Role::Server), UnitPhase::Starting);
    assert_eq!(host.phase(Role::Agent), UnitPhase::Absent);
    let unit = host.unit(Role::Server).unwrap();
    assert_eq!((unit.restarts, unit.is_enabled(), unit.drop_ins.len()), (4, true, 1));
    assert_eq!(host.binary_version, Some("v1.36.3+k3s1".parse().unwrap()));
    assert_eq!(host.files["/etc/rancher/k3s/config.yaml"].mode, 0o600);
    assert_eq!(host.marker.as_ref().map(|marker| marker.phase), Some(Phase::Joined));
    assert_eq!(host.datastore, Some(DatastoreKind::Etcd), "SQLite may lie beside it");
    assert_eq!(host.payload.as_deref(), Some("bbb"));
    assert_eq!(host.payload_running.as_deref(), Some("aaa"));
    assert!(host.runs_other_payload() && host.cluster_init && host.tombstone && host.has_k3s());
    assert_eq!(host.images["k3s.tar.zst"], "1024 1790000000");
    assert!(!host.journal[0].contains("hunter2"), "{:?}", host.journal);
    assert_eq!(host.readyz, Some(Err("Error from server: [-]etcd failed".to_owned())));
}

#[test]
fn nodes_are_read_with_what_the_running_k3s_was_told() {
    let nodes = NODES.replace('\n', "");
    let host = HostState::parse(&format!("cht_probe=1\nreadyz=ok\nnodes={nodes}\nend=cht_probe")).unwrap();
    assert_eq!(host.readyz, Some(Ok(())));
    let nodes = host.nodes.unwrap();
    let node = &nodes[0];
    assert!(node.has_etcd() && node.is_server() && node.unschedulable && !node.ready);
    assert_eq!(node.voter, Some(true));
    assert_eq!(node.version, Some("v1.36.2+k3s1".parse().unwrap()));
    assert_eq!(node.cordoned_by(), Some("c1"));
    assert_eq!(node.internal_ips, ["10.0.0.1"]);
    assert_eq!(node.taints[0].to_string(), "a=:NoSchedule");
    assert_eq!(node.annotations.len(), 2, "those of others are left out");
    let config = node.running_config().unwrap();
    assert_eq!(config["tls-san"], ["a", "b"]);
    assert_eq!(config["disable"], ["traefik"]);
    assert_eq!(config["debug"], ["true"]);
    assert_eq!(
        (nodes[1].voter, nodes[1].ready, nodes[1].running_config()),
        (None, false, None)
    );
}

#[test]
fn a_greeting_and_other_lines_are_passed_over() {
    let host = HostState::parse(
        "Welcome to h1\r\nuid=7\r\ncht_probe=1\r\nuid=0\r\nsh: 1: nonsense\r\nx\r\nend=cht_probe\r\nbye",
    )
    .unwrap();
    assert_eq!(host.machine.uid, Some(0));
    assert_eq!(host, HostState::parse("cht_probe=1\nuid=0\nend=cht_probe\n").unwrap());
}

#[test]
fn what_cannot_be_read_is_left_out() {
    let host = HostState::parse(
        "cht_probe=1\nuid=\ncpus=many\nbinary_version=dev\nfile.x=rw root\nlistens=99999\nmarker={\nend=cht_probe\n",
    )
    .unwrap();
    assert!(host.has_foreign_marker);
    let expected = HostState {
        has_foreign_marker: true,
        ..HostState::default()
    };
    assert_eq!(host, expected);
    assert!(!host.has_k3s());
}

#[test]
fn every_answer_that_was_cut_off_is_refused() {
    let end = ANSWER.find("end=cht_probe").unwrap();
    for length in (0..end).filter(|length| ANSWER.is_char_boundary(*length)) {
        let error = HostState::parse(&ANSWER[..length]).expect_err("it is not whole");
        let begun = length >= "cht_probe=1".len();
        assert_eq!(
            matches!(error, ProbeError::Truncated { .. }),
            begun,
            "{length}: {error}"
        );
    }
}

#[test]
fn what_is_no_answer_is_shown() {
    let error = HostState::parse("sh: 1: Syntax error: token=hunter2")
        .expect_err("no answer")
        .to_string();
    assert!(error.contains("Syntax error") && !error.contains("hunter2"), "{error}");
    let error = HostState::parse("cht_probe=1\nnodes={\"items\":[{}]}\nend=cht_probe").expect_err("no name");
    assert!(matches!(error, ProbeError::Nodes { .. }));
}

#[test]
fn words_of_a_shell_stay_words() {
    assert_eq!(shell_quoted("/var/lib"), "'/var/lib'");
    assert_eq!(shell_quoted("a'b $(c)"), r"'a'\''b $(c)'");
}

proptest! {
    #[test]
    fn no_answer_is_too_strange(answer in "(?s).{0,400}") {
        let _ = HostState::parse(&answer);
        let _ = HostState::parse(&format!("cht_probe=1\n{answer}\nend=cht_probe\n"));
    }

    #[test]
    fn no_value_is_too_strange(key in prop::sample::select(vec![
        "uid", "unit.server.LoadState", "marker", "file./x", "payload", "nodes", "journal", "readyz_failed", "image.a",
    ]), value in "\\PC{0,60}") {
        let _ = HostState::parse(&format!("cht_probe=1\n{key}={value}\nend=cht_probe\n"));
    }
}

/// What the script prints for a marker is read back.
#[test]
fn a_marker_goes_through_the_script() {
    let marker = Marker::new("c1", "h1", Role::Agent, Phase::Leaving);
    let host = HostState::parse(&format!("cht_probe=1\nmarker={}\nend=cht_probe", marker.text())).unwrap();
    assert_eq!(host.marker, Some(marker));
}
