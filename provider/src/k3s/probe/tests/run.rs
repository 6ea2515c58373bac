//! Runs the script with the shells that are here, on a host that is a folder, with commands that are scripts.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::{Command, Stdio};

use super::*;
use crate::k3s::{digest, paths};

const DATA_DIR: &str = "/var/lib/rancher/k3s";

/// A host below a folder.
struct Host(tempfile::TempDir);

impl Host {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn root(&self) -> &Path {
        self.0.path()
    }

    fn file(&self, path: &str, text: &str, mode: u32) {
        let path = self.root().join(path.trim_start_matches('/'));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    }

    fn command(&self, name: &str, script: &str) {
        self.file(&format!("/bin/{name}"), &format!("#!/bin/sh\n{script}\n"), 0o755);
    }

    /// All paths with their times and what they hold, by which changes are seen.
    fn snapshot(&self) -> Vec<String> {
        let output = Command::new("find")
            .arg(self.root())
            .args(["-printf", "%p %T@ %s %l\n"])
            .output()
            .unwrap();
        let mut lines: Vec<String> = String::from_utf8(output.stdout)
            .unwrap()
            .lines()
            .map(str::to_owned)
            .collect();
        lines.sort();
        lines
    }

    /// What the script says with a shell.
    fn answer(&self, shell: &[&str]) -> String {
        self.answer_in(shell, DATA_DIR)
    }

    /// The same where it is told that k3s has its data in a folder, or is told nothing.
    fn answer_in(&self, shell: &[&str], data_dir: &str) -> String {
        let path = format!("{}:/usr/bin:/bin", self.root().join("bin").display());
        let mut child = Command::new(shell[0])
            .args(&shell[1..])
            .arg("-s")
            .env("PATH", path)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let script = script_below(self.root().to_str().unwrap(), data_dir);
        child.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "the script complains");
        String::from_utf8(output.stdout).unwrap()
    }
}

/// The shells that are here: `sh` always, others where they are installed.
fn shells() -> Vec<Vec<&'static str>> {
    let others = [vec!["dash"], vec!["bash", "--posix"], vec!["busybox", "sh"]];
    let is_here = |shell: &Vec<&str>| {
        Command::new(shell[0])
            .args(&shell[1..])
            .args(["-c", ":"])
            .output()
            .is_ok()
    };
    let mut shells = vec![vec!["sh"]];
    shells.extend(others.into_iter().filter(is_here));
    shells
}

/// A server that runs.
fn server() -> Host {
    let host = Host::new();
    host.file(
        "/etc/os-release",
        "ID=ubuntu\nVERSION_ID=\"24.04\"\nPRETTY_NAME=\"Ubuntu 24.04 LTS\"\n",
        0o644,
    );
    host.file("/etc/machine-id", "abc\n", 0o444);
    host.file("/etc/ufw/ufw.conf", "ENABLED=yes\n", 0o644);
    host.file("/proc/sys/kernel/hostname", "h1\n", 0o444);
    host.file("/proc/cpuinfo", "processor\t: 0\nmodel\t: x\nprocessor\t: 1\n", 0o444);
    host.file(
        "/proc/meminfo",
        "MemTotal:        8000000 kB\nSwapTotal:       100 kB\n",
        0o444,
    );
    host.file(
        "/proc/net/route",
        "Iface\tDestination\tGateway\neth0\t0000000A\t00000000\neth0\t00000000\t0101000A\n",
        0o444,
    );
    let tcp = "  sl  local_address rem_address   st\n   0: 00000000:192B 00000000:0000 0A 0\n   1: 0100007F:0016 0100007F:1F90 01 0\n";
    host.file("/proc/net/tcp", tcp, 0o444);
    host.file("/sys/fs/cgroup/cgroup.controllers", "cpu memory pids\n", 0o444);
    fs::create_dir_all(host.root().join("sys/module/overlay")).unwrap();
    // Built into the kernel.
    fs::create_dir_all(host.root().join("proc/sys/net/bridge")).unwrap();
    host.file(
        paths::BINARY,
        "#!/bin/sh\necho 'k3s version v1.36.3+k3s1 (abc)'\n",
        0o755,
    );
    host.file(
        paths::CONFIG,
        "cluster-init: true\nserver: \"https://10.0.0.2:6443\"\n",
        0o600,
    );
    host.file("/etc/rancher/k3s/config.yaml.d/50-x.yaml", "debug: true\n", 0o644);
    host.file(paths::KUBECONFIG, "kind: Config\n", 0o600);
    let marker = Marker::new("c1", "h1", Role::Server, Phase::Joined);
    host.file(paths::MARKER, &marker.text(), 0o600);
    let data = |path: &str| format!("{DATA_DIR}/{path}");
    host.file(&data("server/tls/server-ca.crt"), "ca", 0o644);
    host.file(&data("server/db/etcd/name"), "h1-1234", 0o600);
    host.file(&data("server/db/etcd/member/snap/db"), "", 0o600);
    host.file(&data("agent/images/k3s airgap.tar"), "1234", 0o644);
    let kubectl = "case \"$*\" in *readyz) echo ok ;; */nodes) printf '{\"items\":[{\"metadata\":\\n{\"name\":\"h1\"}}]}' ;; esac";
    host.file(&data("data/bbb/bin/kubectl"), &format!("#!/bin/sh\n{kubectl}\n"), 0o755);
    let unpacked = host.root().join("var/lib/rancher/k3s/data");
    symlink(unpacked.join("bbb"), unpacked.join("current")).unwrap();
    host.file("/proc/77/comm", "k3s-server\n", 0o444);
    symlink(format!("{DATA_DIR}/data/aaa/bin/k3s"), host.root().join("proc/77/exe")).unwrap();
    host.command(
        "systemctl",
        "case \"$*\" in
           'is-active docker') echo active ;;
           'is-active '*) echo inactive; exit 3 ;;
           'show k3s.service --property MainPID') echo MainPID=77 ;;
           'show k3s.service '*) printf 'LoadState=loaded\\nActiveState=active\\nNRestarts=0\\nUnitFileState=enabled\\n' ;;
           'show '*MainPID) echo MainPID=0 ;;
           'show '*) printf 'LoadState=not-found\\nActiveState=inactive\\n' ;;
         esac",
    );
    host.command(
        "journalctl",
        "printf 'level=info msg=a\\nlevel=fatal msg=\"token: hunter2\"\\n'",
    );
    host.command("iptables", "echo 'iptables v1.8.4 (nf_tables)'");
    host
}

#[test]
fn a_running_server_is_seen_with_every_shell_and_nothing_on_it_changes() {
    let host = server();
    let before = host.snapshot();
    for shell in shells() {
        let answer = host.answer(&shell);
        let state = HostState::parse(&answer).unwrap_or_else(|error| panic!("{shell:?}: {error}\n{answer}"));
        let machine = &state.machine;
        assert_eq!(machine.os_name.as_deref(), Some("Ubuntu 24.04 LTS"));
        assert_eq!(
            (machine.cpus, machine.memory_kib, machine.swap_kib),
            (Some(2), Some(8_000_000), Some(100))
        );
        assert!(machine.default_route && machine.docker && machine.cgroup_memory && machine.disk_free_kib.is_some());
        assert_eq!(machine.listens, [6443]);
        assert_eq!(machine.firewalls, [Firewall::Ufw]);
        assert_eq!(machine.iptables.as_deref(), Some("1.8.4"));
        assert_eq!(machine.modules, ["br_netfilter", "overlay"]);
        assert_eq!(state.phase(Role::Server), UnitPhase::Running);
        assert_eq!(state.phase(Role::Agent), UnitPhase::Absent);
        assert_eq!(state.binary_version, Some("v1.36.3+k3s1".parse().unwrap()));
        assert_eq!(state.files[paths::CONFIG].mode, 0o600);
        assert_eq!(state.overrides, ["/etc/rancher/k3s/config.yaml.d/50-x.yaml"]);
        assert!(state.cluster_init && state.runs_other_payload() && !state.tombstone);
        assert_eq!(state.joins_through.as_deref(), Some("https://10.0.0.2:6443"));
        assert_eq!(state.marker.as_ref().map(|marker| marker.cluster.as_str()), Some("c1"));
        assert_eq!(state.datastore, Some(DatastoreKind::Etcd));
        assert_eq!(state.ca_sha256, Some(digest::sha256(b"ca")));
        assert!(state.images["k3s airgap.tar"].starts_with("4 "));
        assert_eq!(state.journal.len(), 1);
        assert!(!state.journal[0].contains("hunter2"));
        assert_eq!(state.readyz, Some(Ok(())));
        assert_eq!(state.nodes.as_ref().map(|nodes| nodes[0].name.as_str()), Some("h1"));
    }
    assert_eq!(host.snapshot(), before);
}

#[test]
fn a_bare_host_without_systemd_or_k3s_is_seen() {
    let host = Host::new();
    for shell in shells() {
        let state = HostState::parse(&host.answer(&shell)).unwrap();
        assert!(!state.has_k3s() && state.marker.is_none() && state.files.is_empty() && state.nodes.is_none());
        assert!(state.machine.arch.is_some() && state.machine.time.is_some());
        assert_eq!((state.machine.cgroup, state.machine.default_route), (None, false));
    }
}

#[test]
fn what_earlier_tries_said_is_not_told_again() {
    let host = server();
    let tries = ["one", "two", "three"].map(|said| {
        format!("Scheduled restart job\\nStarting k3s.service - k3s server...\\nlevel=fatal msg={said}\\n")
    });
    host.command("journalctl", &format!("printf '{}'", tries.concat()));
    for shell in shells() {
        let state = HostState::parse(&host.answer(&shell)).unwrap();
        assert_eq!(state.journal, ["level=fatal msg=two", "level=fatal msg=three"]);
    }
}

#[test]
fn only_a_password_that_is_refused_since_the_last_start_is_refused_now() {
    const REFUSED: &str =
        "level=info msg=\"Waiting to retrieve agent configuration: Node password rejected, duplicate hostname\"";
    let host = server();
    for (tries, expected) in [
        ([REFUSED, "level=info msg=a"], false),
        (["level=info msg=a", REFUSED], true),
    ] {
        let said = tries.map(|said| format!("Starting k3s-agent.service - k3s agent...\\n{said}\\n"));
        host.command("journalctl", &format!("printf '{}'", said.concat()));
        for shell in shells() {
            let state = HostState::parse(&host.answer(&shell)).unwrap();
            assert_eq!(state.refused, expected, "{shell:?}: {tries:?}");
            assert_eq!(state.journal, [REFUSED]);
        }
    }
}

#[test]
fn a_member_that_was_removed_is_told_of_for_as_long_as_k3s_waits_for_it() {
    let host = server();
    let said = |line: &str| {
        // Of the last minutes, the journal has nothing.
        let script = format!("case $1 in _SYSTEMD_INVOCATION_ID=i2) echo '{line}' ;; esac");
        host.command("journalctl", &script);
    };
    let runs = |active: &str| {
        let script = format!(
            "case \"$*\" in
               'show k3s.service --property ActiveState,InvocationID') printf 'ActiveState={active}\\nInvocationID=i2\\n' ;;
               'show k3s.service '*) printf 'LoadState=loaded\\nActiveState={active}\\nSubState=start\\n' ;;
             esac"
        );
        host.command("systemctl", &script);
    };
    let removed = r#"{"level":"warn","error":"the member has been permanently removed from the cluster"}"#;
    for (active, line, expected) in [
        ("activating", removed, true),
        ("activating", "level=info msg=a", false),
        ("active", removed, false),
    ] {
        said(line);
        runs(active);
        for shell in shells() {
            let state = HostState::parse(&host.answer(&shell)).unwrap();
            assert_eq!(state.removed, expected, "{shell:?}: {active}, {line}");
            assert_eq!(state.waits_in_vain(), expected);
        }
    }
}

#[test]
fn the_folder_of_the_data_is_found_where_nobody_knows_it() {
    const UNIT: &str = "/etc/systemd/system/k3s.service";
    let found = |host: &Host| {
        let folders = shells().into_iter().map(|shell| {
            let state = HostState::parse(&host.answer_in(&shell, "")).unwrap();
            state.data_dir.unwrap()
        });
        let mut folders: Vec<String> = folders.collect();
        folders.dedup();
        folders.join(" ")
    };
    assert_eq!(found(&Host::new()), DATA_DIR);

    // Nobody is asked for Nodes.
    let host = server();
    fs::remove_file(host.root().join(paths::KUBECONFIG.trim_start_matches('/'))).unwrap();
    host.file(paths::CONFIG, "data-dir: \"/data/elsewhere\"\n", 0o600);
    assert_eq!(found(&host), DATA_DIR, "that is where it runs");
    let exe = host.root().join("proc/77/exe");
    fs::remove_file(&exe).unwrap();
    symlink("/data/k3s/data/aaa/bin/k3s", &exe).unwrap();
    host.file("/data/k3s/server/tls/server-ca.crt", "ca", 0o644);
    assert_eq!(found(&host), "/data/k3s");
    let state = HostState::parse(&host.answer_in(&["sh"], "")).unwrap();
    assert_eq!(state.ca_sha256, Some(digest::sha256(b"ca")));

    // The usual folder is a link to one of another disk.
    fs::remove_file(&exe).unwrap();
    let usual = host.root().join(DATA_DIR.trim_start_matches('/'));
    let moved = host.root().canonicalize().unwrap().join("moved");
    fs::rename(&usual, &moved).unwrap();
    symlink(&moved, &usual).unwrap();
    symlink(moved.join("data/aaa/bin/k3s"), &exe).unwrap();
    assert_eq!(found(&host), DATA_DIR);

    // It does not run.
    fs::remove_file(&exe).unwrap();
    for (unit, folder) in [
        (
            "ExecStart=/usr/local/bin/k3s \\\n    server \\\n\t'--data-dir=/srv/k3s' \\\n\t'--debug' \\\n\n",
            "/srv/k3s",
        ),
        (
            "ExecStart=/usr/local/bin/k3s \\\n    server \\\n\t'--data-dir' \\\n\t'/srv/other' \\\n",
            "/srv/other",
        ),
        ("ExecStart=/usr/local/bin/k3s server -d /srv/short\n", "/srv/short"),
        ("ExecStart=/usr/local/bin/k3s server -d /srv/slash/\n", "/srv/slash"),
        ("ExecStart=/usr/local/bin/k3s server\n", "/data/elsewhere"),
    ] {
        host.file(
            UNIT,
            &format!("[Service]\nExecStartPre=-/sbin/modprobe overlay\n{unit}"),
            0o644,
        );
        assert_eq!(found(&host), folder, "{unit}");
    }
    // The first of the files ends without an end of line.
    host.file(paths::CONFIG, "debug: true", 0o600);
    host.file(
        "/etc/rancher/k3s/config.yaml.d/50-x.yaml",
        "data-dir: /data/last/ # on the large disk\n",
        0o644,
    );
    assert_eq!(found(&host), "/data/last");
}

#[test]
fn who_leads_etcd_is_told_by_what_etcd_measures() {
    let host = server();
    for (measured, expected) in [
        ("etcd_server_has_leader 1\\netcd_server_is_leader 1\\n", true),
        ("etcd_server_has_leader 1\\netcd_server_is_leader 0\\n", false),
        ("", false),
    ] {
        // What is asked for over the network is what runs under this name.
        let script = format!("shift; case $1 in bash) printf '{measured}' ;; *) exec \"$@\" ;; esac");
        host.command("timeout", &script);
        for shell in shells() {
            let state = HostState::parse(&host.answer(&shell)).unwrap();
            assert_eq!(state.leads, expected, "{shell:?}: {measured}");
        }
    }
}

#[test]
fn a_cluster_is_known_by_its_root_where_that_has_signed_its_authority() {
    let host = server();
    let chain = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n\
                 -----BEGIN CERTIFICATE-----\ncm9v\ndA==\n-----END CERTIFICATE-----\n";
    host.file(&format!("{DATA_DIR}/server/tls/server-ca.crt"), chain, 0o644);
    for shell in shells() {
        let state = HostState::parse(&host.answer(&shell)).unwrap();
        assert_eq!(state.ca_sha256, Some(digest::sha256(b"root")));
    }
}

#[test]
fn a_host_that_was_only_prepared_has_no_k3s() {
    let host = Host::new();
    host.file(paths::BINARY, "#!/bin/sh\n", 0o755);
    host.file(&format!("{DATA_DIR}/agent/images/x.tar"), "", 0o644);
    assert!(!HostState::parse(&host.answer(&["sh"])).unwrap().has_k3s());
    host.file(&format!("{DATA_DIR}/agent/client-ca.crt"), "", 0o644);
    assert!(HostState::parse(&host.answer(&["sh"])).unwrap().has_k3s());
}

#[test]
fn a_server_without_a_quorum_tells_what_the_api_says() {
    let host = server();
    let kubectl = "echo 'Error from server (InternalError): [+]ping ok\n[-]etcd failed: reason withheld' >&2; exit 1";
    host.file(
        &format!("{DATA_DIR}/data/bbb/bin/kubectl"),
        &format!("#!/bin/sh\n{kubectl}\n"),
        0o755,
    );
    let state = HostState::parse(&host.answer(&["sh"])).unwrap();
    let said = state.readyz.expect("an answer").expect_err("it fails");
    assert!(said.contains("[-]etcd failed"), "{said}");
    assert_eq!(state.nodes, None);
}
