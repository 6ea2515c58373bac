//! Tests of the checks: a host that is right, and one change at a time.

use super::*;
use crate::k3s::marker::{Marker, Phase};
use crate::k3s::probe::{Cgroup, DatastoreKind, Machine, UnitState};

fn wanted(role: Role) -> WantedHost {
    WantedHost {
        role,
        cluster: "c1".to_owned(),
        version: "v1.36.3+k3s1".parse().unwrap(),
        binary_arch: Some("amd64".to_owned()),
        docker: false,
        selinux: false,
        allows_cgroup_v1: false,
        allows_swap: false,
        https_port: 6443,
        ca_sha256: None,
        adopt: false,
    }
}

/// A host on which all is right, with a name of its own.
fn right(name: &str) -> HostState {
    HostState {
        machine: Machine {
            uid: Some(0),
            time: Some(1000),
            arch: Some("x86_64".to_owned()),
            hostname: Some(name.to_owned()),
            machine_id: Some(format!("id of {name}")),
            init: Some("systemd".to_owned()),
            cpus: Some(16),
            memory_kib: Some(32 * 1024 * 1024),
            swap_kib: Some(0),
            disk_free_kib: Some(100 * 1024 * 1024),
            cgroup: Some(Cgroup::V2),
            cgroup_memory: true,
            modules: vec!["br_netfilter".to_owned(), "overlay".to_owned()],
            default_route: true,
            listens: vec![22],
            iptables: Some("1.8.9".to_owned()),
            ..Machine::default()
        },
        ..HostState::default()
    }
}

fn found(role: Role, change: impl FnOnce(&mut HostState, &mut WantedHost)) -> Preflight {
    let (mut state, mut wanted) = (right("a"), wanted(role));
    change(&mut state, &mut wanted);
    preflight(&BTreeMap::from([(
        "a".to_owned(),
        Subject {
            wanted: &wanted,
            state: &state,
            asked_at: 1000,
        },
    )]))
}

fn errors(change: impl FnOnce(&mut HostState, &mut WantedHost)) -> Vec<Problem> {
    let found = found(Role::Server, change);
    assert_eq!(found.warnings, []);
    found.errors.into_iter().map(|found| found.problem).collect()
}

fn warnings(role: Role, change: impl FnOnce(&mut HostState, &mut WantedHost)) -> Vec<Problem> {
    let found = found(role, change);
    assert_eq!(found.errors, []);
    found.warnings.into_iter().map(|found| found.problem).collect()
}

#[test]
fn a_host_on_which_all_is_right_passes() {
    for role in [Role::Server, Role::Agent] {
        assert_eq!(found(role, |_, _| {}), Preflight::default());
    }
}

#[test]
fn each_thing_that_stands_in_the_way_is_an_error() {
    let version: K3sVersion = "v1.36.3+k3s1".parse().unwrap();
    assert_eq!(errors(|host, _| host.machine.uid = Some(1000)), [Problem::NotRoot]);
    assert_eq!(
        errors(|host, _| host.machine.init = Some("openrc-init".to_owned())),
        [Problem::NoSystemd]
    );
    assert_eq!(
        errors(|host, _| host.machine.arch = Some("riscv64".to_owned())),
        [Problem::UnknownArch("riscv64".to_owned())]
    );
    assert!(matches!(
        errors(|host, _| host.machine.arch = Some("aarch64".to_owned())).as_slice(),
        [Problem::OtherArch { .. }]
    ));
    assert_eq!(
        errors(|host, _| host.machine.default_route = false),
        [Problem::NoDefaultRoute]
    );
    assert_eq!(
        errors(|host, _| host.machine.cgroup = Some(Cgroup::V1)),
        [Problem::CgroupV1(version)]
    );
    assert_eq!(
        errors(|host, _| host.machine.cgroup_memory = false),
        [Problem::NoMemoryCgroup]
    );
    assert_eq!(
        errors(|host, _| host.machine.modules.clear()),
        [Problem::NoModule("br_netfilter"), Problem::NoModule("overlay")]
    );
    assert_eq!(
        errors(|host, _| host.machine.listens.push(6443)),
        [Problem::PortTaken(6443)]
    );
    assert_eq!(errors(|_, wanted| wanted.docker = true), [Problem::NoDocker]);
    assert_eq!(
        errors(|host, wanted| (host.machine.docker_snap, wanted.docker) = (true, true)),
        [Problem::DockerSnap]
    );
    assert_eq!(
        errors(|host, _| host.machine.selinux_enforcing = true),
        [Problem::NoSelinuxPolicy]
    );
    assert_eq!(
        errors(|host, _| host.machine.nm_cloud_setup = true),
        [Problem::NmCloudSetup]
    );
    assert!(matches!(
        errors(|host, _| host.machine.memory_kib = Some(1024 * 1024)).as_slice(),
        [Problem::TooLittleMemory { mib: 1024, least: 2048 }]
    ));
    assert!(matches!(
        errors(|host, _| host.machine.disk_free_kib = Some(1024)).as_slice(),
        [Problem::TooLittleDisk { mib: 1, .. }]
    ));
}

#[test]
fn cgroup_v1_is_refused_only_by_versions_that_refuse_it() {
    let v1 = |host: &mut HostState| host.machine.cgroup = Some(Cgroup::V1);
    let older = |host: &mut HostState, wanted: &mut WantedHost| {
        v1(host);
        wanted.version = "v1.34.9+k3s1".parse().unwrap();
    };
    assert_eq!(errors(older), []);
    assert_eq!(
        errors(|host, wanted| {
            v1(host);
            wanted.allows_cgroup_v1 = true;
        }),
        []
    );
}

#[test]
fn a_host_of_somebody_else_is_not_touched() {
    let prepared = |host: &mut HostState| host.binary_sha256 = Some("aa".to_owned());
    let running = |host: &mut HostState| host.agent_data = true;
    let marked = |host: &mut HostState, cluster: &str| {
        running(host);
        host.datastore = Some(DatastoreKind::Etcd);
        host.server_unit = Some(UnitState::default());
        host.marker = Some(Marker::new(cluster, "a", Role::Server, Phase::Joined));
    };
    assert_eq!(
        errors(|host, _| prepared(host)),
        [],
        "a program without a unit runs nothing"
    );
    assert_eq!(errors(|host, _| running(host)), [Problem::Foreign]);
    assert_eq!(errors(|host, _| host.has_foreign_marker = true), [Problem::Foreign]);
    assert_eq!(errors(|host, _| marked(host, "c2")), [Problem::OtherCluster]);
    assert_eq!(errors(|host, _| marked(host, "c1")), []);
    assert_eq!(
        errors(|host, wanted| {
            running(host);
            wanted.adopt = true;
        }),
        []
    );
    assert_eq!(
        errors(|host, wanted| {
            marked(host, "c1");
            host.ca_sha256 = Some("other".to_owned());
            wanted.ca_sha256 = Some("ours".to_owned());
        }),
        [Problem::OtherCluster]
    );
    let agent = found(Role::Agent, |host, _| marked(host, "c1"));
    assert_eq!(agent.errors[0].problem, Problem::OtherRole(Role::Server));
    let server = errors(|host, _| {
        host.agent_unit = Some(UnitState::default());
        host.marker = Some(Marker::new("c1", "a", Role::Agent, Phase::Joined));
    });
    assert_eq!(server, [Problem::OtherRole(Role::Agent)]);
}

#[test]
fn where_k3s_runs_its_ports_and_its_disk_are_its_own() {
    let running = |host: &mut HostState, _: &mut WantedHost| {
        host.marker = Some(Marker::new("c1", "a", Role::Server, Phase::Joined));
        host.server_unit = Some(UnitState::default());
        host.machine.listens = vec![6443, 10250, 2379];
        host.machine.disk_free_kib = Some(1024);
    };
    assert_eq!(errors(running), []);
}

#[test]
fn what_can_be_lived_with_is_a_warning() {
    assert_eq!(
        warnings(Role::Server, |host, _| host.machine.swap_kib = Some(1)),
        [Problem::Swap]
    );
    assert_eq!(
        warnings(Role::Agent, |host, _| host.machine.firewalls = vec![Firewall::Ufw]),
        [Problem::Firewall(Firewall::Ufw)]
    );
    assert_eq!(
        warnings(Role::Agent, |host, _| host.machine.iptables = Some("1.8.4".to_owned())),
        [Problem::Iptables("1.8.4".to_owned())]
    );
    assert!(matches!(
        warnings(Role::Server, |host, _| host.machine.cpus = Some(1)).as_slice(),
        [Problem::TooFewCpus { .. }]
    ));
    let small = warnings(Role::Agent, |host, _| {
        host.machine.cpus = Some(4);
        host.machine.memory_kib = Some(8 * 1024 * 1024);
    });
    assert_eq!(
        small[0].to_string(),
        "less than what CHT asks of hosts that run CHT in production: 8192 MiB of memory, not 16384; 4 CPUs, not 8."
    );
}

#[test]
fn all_problems_of_all_hosts_are_told_at_once_and_the_same_once() {
    let wanted = wanted(Role::Server);
    let (mut one, mut two, mut three) = (right("a"), right("b"), right("c"));
    for host in [&mut one, &mut two] {
        host.machine.default_route = false;
        host.machine.hostname = Some("localhost".to_owned());
    }
    two.machine.time = Some(1100);
    three.machine.uid = Some(7);
    let subject = |state, asked_at| Subject {
        wanted: &wanted,
        state,
        asked_at,
    };
    let found = preflight(&BTreeMap::from([
        ("a".to_owned(), subject(&one, 1000)),
        ("b".to_owned(), subject(&two, 1000)),
        ("c".to_owned(), subject(&three, 999)),
    ]));
    let told: Vec<String> = found.errors.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "a, b: there is no default route, without which k3s does not start; a dummy one is enough.",
            "c: commands do not run as root: log in as root, or turn on `sudo`.",
            "a, b: these have the same host name, localhost: each needs one of its own.",
            "a, b: their clocks differ by 100 seconds, with which certificates and etcd fail: set them with NTP.",
        ]
    );
}
