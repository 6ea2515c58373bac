//! Reads the answer of the script.

use std::str::FromStr;

use super::host::{Cgroup, DatastoreKind, FileState, Firewall, HostState, Machine, UnitState};
use super::{ProbeError, Values, node};
use crate::k3s::journal;
use crate::k3s::marker::Marker;

/// What the first and the last line say.
const FIRST: &str = "cht_probe=1";
const LAST: &str = "end=cht_probe";

/// How much of an answer that is none is shown.
const SHOWN: usize = 200;

pub(super) fn host(answer: &str) -> Result<HostState, ProbeError> {
    let mut lines = answer.lines().map(str::trim_end).skip_while(|line| *line != FIRST);
    if lines.next().is_none() {
        let beginning = journal::mask(&answer.chars().take(SHOWN).collect::<String>());
        return Err(ProbeError::NotAnAnswer { beginning });
    }
    let mut values = Values::new();
    let mut count = 1;
    let mut is_whole = false;
    for line in lines {
        count += 1;
        if line == LAST {
            is_whole = true;
            break;
        }
        if let Some((key, value)) = line.split_once('=') {
            values.entry(key).or_default().push(value.trim());
        }
    }
    if !is_whole {
        return Err(ProbeError::Truncated { lines: count });
    }
    state(&values)
}

fn state(values: &Values<'_>) -> Result<HostState, ProbeError> {
    let nodes = one(values, "nodes").map(node::parse).transpose();
    let nodes = nodes.map_err(|source| ProbeError::Nodes { source })?;
    let marker = one(values, "marker").map(Marker::parse);
    let readyz = match (one(values, "readyz"), one(values, "readyz_failed")) {
        (Some(_), _) => Some(Ok(())),
        (None, Some(reason)) => Some(Err(journal::mask(reason))),
        (None, None) => None,
    };
    Ok(HostState {
        machine: machine(values),
        binary_sha256: text(values, "binary_sha256"),
        binary_version: parsed(values, "binary_version"),
        server_unit: unit(values, "server"),
        agent_unit: unit(values, "agent"),
        payload: one(values, "payload").and_then(payload),
        payload_running: one(values, "payload_running").and_then(payload),
        files: named(values, "file.")
            .filter_map(|(path, value)| Some((path, file(value)?)))
            .collect(),
        overrides: all(values, "override"),
        cluster_init: is_set(values, "cluster_init"),
        joins_through: text(values, "joins_through"),
        images: named(values, "image.")
            .map(|(name, value)| (name, value.to_owned()))
            .collect(),
        data_dir: text(values, "data_dir"),
        has_foreign_marker: matches!(marker, Some(Err(_))),
        marker: marker.and_then(Result::ok),
        datastore: datastore(values),
        etcd_name: text(values, "etcd_name"),
        leads: is_set(values, "etcd_leads"),
        reset_flag: is_set(values, "reset_flag"),
        tombstone: is_set(values, "tombstone"),
        removed: is_set(values, "removed"),
        agent_data: is_set(values, "agent_data"),
        ca_sha256: text(values, "ca_sha256"),
        cluster_token_sha256: text(values, "server_token_sha256"),
        journal: all(values, "journal").iter().map(|line| journal::mask(line)).collect(),
        refused: is_set(values, "refused"),
        readyz,
        nodes,
    })
}

fn machine(values: &Values<'_>) -> Machine {
    let active = all(values, "active");
    let is_active = |unit: &str| active.iter().any(|active| active == unit);
    let firewalls = [("ufw", Firewall::Ufw), ("firewalld", Firewall::Firewalld)];
    Machine {
        uid: parsed(values, "uid"),
        time: parsed(values, "time"),
        taken: parsed(values, "taken"),
        arch: text(values, "arch"),
        kernel: text(values, "kernel"),
        hostname: text(values, "hostname"),
        machine_id: text(values, "machine_id"),
        boot_id: text(values, "boot_id"),
        init: text(values, "init"),
        os_id: text(values, "os_id"),
        os_name: text(values, "os_name"),
        cpus: parsed(values, "cpus"),
        memory_kib: parsed(values, "memory_kib"),
        swap_kib: parsed(values, "swap_kib"),
        disk_free_kib: parsed(values, "disk_free_kib"),
        cgroup: match one(values, "cgroup") {
            Some("v1") => Some(Cgroup::V1),
            Some("v2") => Some(Cgroup::V2),
            _ => None,
        },
        cgroup_memory: is_set(values, "cgroup_memory"),
        modules: named(values, "module.").map(|(name, _)| name).collect(),
        default_route: is_set(values, "default_route"),
        listens: all(values, "listens")
            .iter()
            .filter_map(|port| port.parse().ok())
            .collect(),
        selinux_enforcing: one(values, "selinux") == Some("enforcing"),
        selinux_policy: is_set(values, "selinux_policy"),
        firewalls: firewalls
            .into_iter()
            .filter(|(unit, _)| is_active(unit))
            .map(|(_, firewall)| firewall)
            .collect(),
        nm_cloud_setup: is_active("nm-cloud-setup.timer"),
        docker: is_active("docker"),
        docker_snap: is_set(values, "docker_snap"),
        iptables: text(values, "iptables"),
    }
}

fn unit(values: &Values<'_>, role: &str) -> Option<UnitState> {
    let of = |name: &str| one(values, &format!("unit.{role}.{name}")).unwrap_or_default();
    // systemd answers for units that are not there, too.
    if of("LoadState").is_empty() || of("LoadState") == "not-found" {
        return None;
    }
    Some(UnitState {
        active: of("ActiveState").to_owned(),
        sub: of("SubState").to_owned(),
        file: of("UnitFileState").to_owned(),
        result: of("Result").to_owned(),
        restarts: of("NRestarts").parse().unwrap_or_default(),
        needs_reload: of("NeedDaemonReload") == "yes",
        drop_ins: of("DropInPaths").split_whitespace().map(str::to_owned).collect(),
    })
}

/// The part of a path that names an unpacked program: what follows `data/`.
fn payload(path: &str) -> Option<String> {
    let mut parts = path.rsplit('/').collect::<Vec<_>>();
    parts.reverse();
    let data = parts.iter().rposition(|part| *part == "data")?;
    parts.get(data + 1).map(|hash| (*hash).to_owned())
}

fn file(value: &str) -> Option<FileState> {
    let mut parts = value.split_whitespace();
    Some(FileState {
        mode: u32::from_str_radix(parts.next()?, 8).ok()?,
        owner: parts.next()?.to_owned(),
        sha256: parts.next()?.to_owned(),
    })
}

/// SQLite may still lie beside etcd, which it was changed to.
fn datastore(values: &Values<'_>) -> Option<DatastoreKind> {
    let kinds = all(values, "datastore");
    let has = |name: &str| kinds.iter().any(|kind| kind == name);
    match () {
        () if has("etcd") => Some(DatastoreKind::Etcd),
        () if has("sqlite") => Some(DatastoreKind::Sqlite),
        () => None,
    }
}

fn one<'a>(values: &Values<'a>, key: &str) -> Option<&'a str> {
    let value = *values.get(key)?.last()?;
    (!value.is_empty()).then_some(value)
}

fn text(values: &Values<'_>, key: &str) -> Option<String> {
    one(values, key).map(str::to_owned)
}

fn parsed<T: FromStr>(values: &Values<'_>, key: &str) -> Option<T> {
    one(values, key)?.parse().ok()
}

fn is_set(values: &Values<'_>, key: &str) -> bool {
    one(values, key) == Some("yes")
}

fn all(values: &Values<'_>, key: &str) -> Vec<String> {
    let values = values.get(key).into_iter().flatten();
    values.map(|value| (*value).to_owned()).collect()
}

/// The keys that begin so, without the beginning, with their last values.
fn named<'a>(values: &'a Values<'_>, prefix: &'a str) -> impl Iterator<Item = (String, &'a str)> {
    values.iter().filter_map(move |(key, values)| {
        let name = key.strip_prefix(prefix)?;
        Some((name.to_owned(), *values.last()?))
    })
}
