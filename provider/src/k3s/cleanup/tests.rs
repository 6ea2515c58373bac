//! Runs the script on a host that is a folder: with real processes and, as root, real mounts.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use super::*;

const DATA_DIR: &str = "/var/lib/rancher/k3s";

struct Host(tempfile::TempDir);

impl Host {
    /// A server with containers, volumes and snapshots.
    fn new() -> Self {
        let host = Self(tempfile::tempdir().unwrap());
        for path in [
            "/etc/systemd/system/k3s.service",
            "/etc/systemd/system/k3s.service.env",
            "/etc/systemd/system/other.service",
            "/etc/rancher/k3s/config.yaml",
            "/etc/rancher/k3s/config.yaml.d/x.yaml",
            "/etc/rancher/k3s/cht.json",
            "/etc/rancher/node/password",
            "/usr/local/bin/k3s",
            "/usr/local/bin/.k3s.cht-next",
            "/usr/local/bin/k3s-killall.sh",
            "/usr/local/bin/other",
            "/var/lib/rancher/k3s/server/db/etcd/member/snap/db",
            "/var/lib/rancher/k3s/server/db/snapshots/etcd-snapshot-1",
            "/var/lib/rancher/k3s/agent/images/a b.tar",
            "/var/lib/kubelet/pods/p1/volumes/v1/file",
            "/var/lib/other/file",
            "/run/k3s/containerd/x",
        ] {
            host.file(path, "");
        }
        symlink("k3s", host.path("/usr/local/bin/kubectl")).unwrap();
        symlink("/opt/ctr", host.path("/usr/local/bin/ctr")).unwrap();
        fs::create_dir_all(host.path("/proc")).unwrap();
        symlink("/proc/self", host.path("/proc/self")).unwrap();
        // What commands are told is kept in a file.
        let log = host.path("/log");
        for (name, then) in [
            ("systemctl", "[ \"$1\" = is-active ] && echo inactive"),
            (
                "ip",
                "[ \"$2\" = show ] && [ -z \"$3\" ] && echo '5: veth1@if2: <UP> mtu 1450 master cni0 state UP'",
            ),
            (
                "iptables-save",
                "printf -- '-A INPUT -j ACCEPT\\n-A KUBE-SVC -j X\\n-A flannel -j Y\\n'",
            ),
            ("iptables-restore", "sed 's/^/restored /' >> \"$log\""),
            ("ip6tables-save", "exit 1"),
            ("ip6tables-restore", "exit 1"),
        ] {
            host.command(
                name,
                &format!("log='{}'\necho \"{name} $*\" >> \"$log\"\n{then}\ntrue", log.display()),
            );
        }
        host
    }

    fn path(&self, path: &str) -> PathBuf {
        self.0.path().join(path.trim_start_matches('/'))
    }

    fn has(&self, path: &str) -> bool {
        self.path(path).symlink_metadata().is_ok()
    }

    fn file(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn command(&self, name: &str, script: &str) {
        let path = format!("/bin/{name}");
        self.file(&path, &format!("#!/bin/sh\n{script}\n"));
        fs::set_permissions(self.path(&path), fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn log(&self) -> String {
        fs::read_to_string(self.path("/log")).unwrap_or_default()
    }

    fn run(&self, keep_snapshots: bool) -> Output {
        self.run_with(&["sh", "-s"], "", keep_snapshots)
    }

    fn kill_pods(&self) -> Output {
        self.run_cleanup(
            &["sh", "-s"],
            "",
            &Cleanup {
                pods_only: true,
                ..cleanup(false)
            },
        )
    }

    /// Runs the script behind other lines.
    fn run_with(&self, shell: &[&str], before: &str, keep_snapshots: bool) -> Output {
        self.run_cleanup(shell, before, &cleanup(keep_snapshots))
    }

    fn run_cleanup(&self, shell: &[&str], before: &str, cleanup: &Cleanup<'_>) -> Output {
        let script = script_below(self.0.path().to_str().unwrap(), cleanup).unwrap();
        let path = format!("{}:/usr/bin:/bin:/usr/sbin:/sbin", self.path("/bin").display());
        let mut child = Command::new(shell[0])
            .args(&shell[1..])
            .env("PATH", path)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(format!("{before}\n{script}").as_bytes())
            .unwrap();
        child.wait_with_output().unwrap()
    }
}

fn cleanup(keep_snapshots: bool) -> Cleanup<'static> {
    Cleanup {
        data_dir: DATA_DIR,
        keep_snapshots,
        pods_only: false,
    }
}

fn said(output: &Output) -> Result<Cleaned, CleanupError> {
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "the script complains");
    Cleaned::parse(std::str::from_utf8(&output.stdout).unwrap())
}

#[test]
fn all_of_k3s_goes_and_nothing_else() {
    let host = Host::new();
    assert_eq!(said(&host.run(false)), Ok(Cleaned::default()));
    for path in [
        "/etc/systemd/system/k3s.service",
        "/etc/systemd/system/k3s.service.env",
        "/etc/rancher",
        "/usr/local/bin/k3s",
        "/usr/local/bin/.k3s.cht-next",
        "/usr/local/bin/kubectl",
        "/usr/local/bin/k3s-killall.sh",
        DATA_DIR,
        "/var/lib/kubelet",
        "/run/k3s",
    ] {
        assert!(!host.has(path), "{path} is left");
    }
    for path in [
        "/etc/systemd/system/other.service",
        "/usr/local/bin/other",
        "/usr/local/bin/ctr",
        "/var/lib/other/file",
    ] {
        assert!(host.has(path), "{path} is gone");
    }
    let log = host.log();
    assert!(
        log.contains("systemctl disable --now k3s.service") && log.contains("ip link delete veth1"),
        "{log}"
    );
    assert!(
        log.contains("restored -A INPUT -j ACCEPT") && !log.contains("restored -A KUBE"),
        "{log}"
    );
    assert_eq!(said(&host.run(false)), Ok(Cleaned::default()), "it can be repeated");
}

#[test]
fn snapshots_stay_if_asked_for() {
    let host = Host::new();
    let cleaned = said(&host.run(true)).unwrap();
    assert_eq!(cleaned.kept, ["/var/lib/rancher/k3s/server/db/snapshots"]);
    assert!(host.has("/var/lib/rancher/k3s/server/db/snapshots/etcd-snapshot-1"));
    assert!(!host.has("/var/lib/rancher/k3s/server/db/etcd") && !host.has("/var/lib/rancher/k3s/agent"));
}

#[test]
fn a_unit_that_does_not_stop_ends_it_before_anything_is_removed() {
    let host = Host::new();
    host.command("systemctl", "[ \"$1\" = is-active ] && echo active; true");
    let step = "stopping k3s.service".to_owned();
    assert_eq!(said(&host.run(false)), Err(CleanupError::Step { step }));
    assert!(host.has("/etc/systemd/system/k3s.service") && host.has("/var/lib/kubelet/pods/p1/volumes/v1/file"));
}

#[test]
fn processes_of_containers_are_killed_and_others_are_not() {
    let host = Host::new();
    let mut processes: Vec<_> = (0..3)
        .map(|_| Command::new("sleep").arg("600").spawn().unwrap())
        .collect();
    let shim = format!(
        "{}{DATA_DIR}/data/aaa/bin/containerd-shim-runc-v2",
        host.0.path().display()
    );
    for (process, (exe, cgroup)) in processes.iter().zip([
        (shim.as_str(), "0::/system.slice/k3s.service"),
        ("/bin/app", "0::/kubepods/besteffort/pod1/x"),
        ("/bin/sleep", "0::/user.slice"),
    ]) {
        host.file(&format!("/proc/{}/cgroup", process.id()), cgroup);
        symlink(exe, host.path(&format!("/proc/{}/exe", process.id()))).unwrap();
    }
    said(&host.kill_pods()).unwrap();
    assert!(
        host.has("/etc/rancher/k3s/config.yaml") && host.has("/usr/local/bin/k3s"),
        "nothing else is done"
    );
    let ended: Vec<bool> = processes[..2]
        .iter_mut()
        .map(|process| !process.wait().unwrap().success())
        .collect();
    assert_eq!(ended, [true, true]);
    assert_eq!(processes[2].try_wait().unwrap(), None, "it lives on");
    processes[2].kill().unwrap();
    processes[2].wait().unwrap();
}

/// Lines that mount a volume with a file in it below the folder of pods.
fn mounting(host: &Host) -> String {
    let volume = host.path("/var/lib/kubelet/pods/p1/volumes/v 2");
    let disk = host.path("/disk");
    fs::create_dir_all(&volume).unwrap();
    fs::create_dir_all(&disk).unwrap();
    fs::write(disk.join("patients"), "data").unwrap();
    format!("mount --bind '{}' '{}' || exit 77", disk.display(), volume.display())
}

/// The mounts of a test are in a namespace of its own, and end with it. Nothing where that is not allowed.
fn run_with_mount(host: &Host, before: &str) -> Option<Output> {
    let before = format!("{}\n{before}", mounting(host));
    let output = host.run_with(&["unshare", "--mount", "sh", "-s"], &before, false);
    let allowed = output.status.code() != Some(77) && !String::from_utf8_lossy(&output.stderr).contains("unshare");
    allowed.then_some(output)
}

#[test]
fn a_volume_is_unmounted_and_keeps_its_data() {
    let host = Host::new();
    let Some(output) = run_with_mount(&host, "") else {
        return;
    };
    assert_eq!(said(&output), Ok(Cleaned::default()));
    assert_eq!(fs::read_to_string(host.path("/disk/patients")).unwrap(), "data");
    assert!(!host.has("/var/lib/kubelet"));
}

#[test]
fn as_long_as_a_volume_is_mounted_nothing_is_removed() {
    let host = Host::new();
    host.command("umount", "exit 1");
    let Some(output) = run_with_mount(&host, "") else {
        return;
    };
    let volume = host.path("/var/lib/kubelet/pods/p1/volumes/v 2").display().to_string();
    let error = said(&output).expect_err("it is still mounted");
    assert_eq!(error, CleanupError::StillMounted { paths: vec![volume] });
    assert_eq!(fs::read_to_string(host.path("/disk/patients")).unwrap(), "data");
    for path in [
        "/var/lib/kubelet/pods/p1/volumes/v1/file",
        "/usr/local/bin/k3s",
        "/etc/rancher/k3s/cht.json",
        DATA_DIR,
    ] {
        assert!(host.has(path), "{path} is gone");
    }
}

#[test]
fn a_data_folder_on_a_disk_of_its_own_is_emptied() {
    let host = Host::new();
    let data = host.path(DATA_DIR);
    let before = format!("mount --bind '{0}' '{0}' || exit 77", data.display());
    let Some(output) = run_with_mount(&host, &before) else {
        return;
    };
    assert_eq!(said(&output), Ok(Cleaned::default()));
    assert_eq!(fs::read_dir(&data).unwrap().count(), 0);
}

#[test]
fn a_volume_below_a_folder_that_is_a_link_keeps_its_data() {
    let host = Host::new();
    let (kubelet, disk) = (host.path("/var/lib/kubelet"), host.path("/disk2/kubelet"));
    fs::create_dir_all(disk.parent().unwrap()).unwrap();
    fs::rename(&kubelet, &disk).unwrap();
    symlink(&disk, &kubelet).unwrap();
    let Some(output) = run_with_mount(&host, "") else {
        return;
    };
    assert_eq!(said(&output), Ok(Cleaned::default()));
    assert_eq!(fs::read_to_string(host.path("/disk/patients")).unwrap(), "data");
    assert!(!host.path("/disk2/kubelet/pods").exists());
}

#[test]
fn where_it_cannot_be_told_what_is_mounted_nothing_is_removed() {
    let host = Host::new();
    fs::remove_file(host.path("/proc/self")).unwrap();
    let step = "looking at what is mounted".to_owned();
    assert_eq!(said(&host.run(false)), Err(CleanupError::Step { step }));
    assert!(host.has("/var/lib/kubelet/pods/p1/volumes/v1/file") && host.has("/etc/rancher/k3s/cht.json"));
}

#[test]
fn what_cannot_be_removed_is_told_and_the_marker_stays() {
    let host = Host::new();
    host.command(
        "find",
        "case \"$*\" in *-delete*) ;; *) exec /usr/bin/find \"$@\" ;; esac",
    );
    let error = said(&host.run(false)).expect_err("files are left");
    assert!(
        matches!(&error, CleanupError::Step { step } if step.starts_with("removing /")),
        "{error}"
    );
    assert!(host.has("/etc/rancher/k3s/cht.json"));
}

#[test]
fn snapshots_stay_in_the_folder_that_was_configured() {
    let host = Host::new();
    host.file(
        "/etc/rancher/k3s/config.yaml",
        "etcd-snapshot-dir: \"/var/lib/rancher/k3s/backups\"\n",
    );
    host.file("/var/lib/rancher/k3s/backups/etcd-1", "");
    let cleaned = said(&host.run(true)).unwrap();
    assert_eq!(cleaned.kept, ["/var/lib/rancher/k3s/backups"]);
    assert!(host.has("/var/lib/rancher/k3s/backups/etcd-1") && !host.has("/var/lib/rancher/k3s/server"));
}

#[test]
fn folders_of_the_system_are_never_emptied() {
    for path in [
        "",
        "/",
        "/var",
        "//",
        "/var/",
        "var/lib/k3s",
        "/var/../etc",
        "/var/./lib",
        "/var//lib",
        "/data/k3s [1]",
        "/data/k3s*",
    ] {
        let cleanup = Cleanup {
            data_dir: path,
            keep_snapshots: false,
            pods_only: false,
        };
        assert!(matches!(script(&cleanup), Err(CleanupError::DataDir { .. })), "{path}");
    }
    assert!(Path::new(DATA_DIR).is_absolute());
}

#[test]
fn an_answer_that_was_cut_off_is_no_success() {
    assert_eq!(Cleaned::parse("killed=7\nkept=/x\n"), Err(CleanupError::Truncated));
    let cleaned = Cleaned::parse("greeting\nkept=/x\nleft=iptables\nend=cht_cleanup\n").unwrap();
    assert_eq!(
        (cleaned.kept, cleaned.left),
        (vec!["/x".to_owned()], vec!["iptables".to_owned()])
    );
}
