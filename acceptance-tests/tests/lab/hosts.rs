//! Hosts: that they boot and are reached, what can be done to them, and what is left of them when they end.

use std::fs;
use std::io::{BufRead, BufReader};
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use acceptance_tests::cluster::wait;
use acceptance_tests::hosts::{Cgroups, Host, HostOptions, Hosts, Init, Network, User, available};
use tokio::sync::{RwLock, RwLockReadGuard};

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn hosts_boot_and_every_user_has_the_rights_of_its_kind() {
    let Some(hosts) = hosts(3).await else { return };
    for host in hosts.iter() {
        assert_eq!(host.ssh(User::Root, "hostname").await.unwrap().trim(), host.name());
    }
    let host = &hosts[0];
    let sudo = |user| host.ssh(user, "sudo -n id -u");
    assert_eq!(sudo(User::Admin).await.unwrap(), "0\n");
    let asked = sudo(User::Deputy).await.unwrap_err().to_string();
    assert!(asked.contains("a password is required"), "{asked}");
    let given = format!("echo '{}' | sudo -S id -u", hosts.password());
    assert_eq!(host.ssh(User::Deputy, &given).await.unwrap(), "0\n");
    let refused = host.ssh(User::Guest, &given).await.unwrap_err().to_string();
    assert!(refused.contains("not in the sudoers file"), "{refused}");

    let keys: Vec<_> = hosts.iter().map(|host| host.host_key().unwrap()).collect();
    assert!(keys.iter().all(|key| key.starts_with("ssh-ed25519 ")), "{keys:?}");
    assert!(keys[0] != keys[1] && keys[1] != keys[2], "{keys:?}");
    let ids = [&hosts[0], &hosts[1]].map(|host| host.exec("cat /etc/machine-id"));
    let [one, other] = futures::future::try_join_all(ids).await.unwrap().try_into().unwrap();
    assert_ne!(one, other);
    let ping = format!("bash -c 'exec 3<>/dev/tcp/{}/22'", hosts[1].ip());
    host.exec(&ping).await.expect("hosts reach each other");
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn reboot_keeps_files_and_forgets_packet_filters() {
    let Some(hosts) = hosts(1).await else { return };
    let host = &hosts[0];
    let (key, boot) = (host.host_key().unwrap(), boot_id(host).await);
    host.exec("echo kept > /root/file; touch /run/forgotten; iptables -A INPUT -p icmp -j DROP")
        .await
        .unwrap();
    host.reboot().await.unwrap();
    assert_ne!(boot_id(host).await, boot);
    assert_eq!(host.ssh(User::Root, "cat /root/file").await.unwrap(), "kept\n");
    host.exec("test ! -e /run/forgotten").await.unwrap();
    assert!(!host.exec("iptables -S").await.unwrap().contains("DROP"));
    assert_eq!(host.host_key().unwrap(), key);
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn host_without_power_is_silent_and_keeps_what_was_written() {
    let Some(hosts) = hosts(1).await else { return };
    let host = &hosts[0];
    host.exec("echo kept > /root/file").await.unwrap();
    host.power_off().unwrap();
    assert!(!host.is_powered());
    assert!(host.exec("true").await.is_err());
    assert!(!answers(host).await);
    host.host_key().expect("the key of a host can be read while it is off");
    host.power_on().await.unwrap();
    assert_eq!(host.ssh(User::Root, "cat /root/file").await.unwrap(), "kept\n");

    // In good order, from inside.
    let _ = host.exec("systemctl poweroff").await;
    let off = async || {
        if host.is_powered() {
            Err("it is on".to_owned())
        } else {
            Ok(())
        }
    };
    wait::until("the host to end", LIMIT, off).await.unwrap();
    host.power_on().await.unwrap();

    let key = host.host_key().unwrap();
    host.replace().await.unwrap();
    assert_ne!(host.host_key().unwrap(), key);
    host.exec("test ! -e /root/file").await.unwrap();
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn link_can_be_cut_and_slow() {
    let Some(hosts) = hosts(2).await else { return };
    let host = &hosts[0];
    host.disconnect().unwrap();
    assert!(!answers(host).await);
    assert!(answers(&hosts[1]).await);
    host.reboot().await.unwrap();
    assert!(!answers(host).await, "a cut cable stays cut");
    host.connect().unwrap();
    assert!(answers(host).await);

    let transfer = async || {
        let start = SystemTime::now();
        host.ssh(User::Root, "head -c 200000 /dev/urandom | base64")
            .await
            .unwrap();
        start.elapsed().unwrap()
    };
    host.slow_link(500).await.unwrap();
    // 270 kB at 500 kbit/s.
    assert!(transfer().await > Duration::from_secs(3));
    host.normal_link().await.unwrap();
    assert!(transfer().await < Duration::from_secs(3));
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn disk_can_be_full_and_wiped() {
    let Some(hosts) = hosts(1).await else { return };
    let host = &hosts[0];
    host.exec("mkdir -p /var/lib/rancher/k3s/server; echo data > /var/lib/rancher/k3s/server/db")
        .await
        .unwrap();
    host.fill_disk().unwrap();
    for directory in ["/root", "/var/lib/rancher"] {
        let full = host
            .exec(&format!("head -c 100000 /dev/zero > {directory}/more"))
            .await
            .unwrap_err()
            .to_string();
        assert!(full.contains("No space left on device"), "{full}");
    }
    host.free_disk().unwrap();
    host.exec("head -c 100000 /dev/zero > /root/more").await.unwrap();
    host.wipe("/var/lib/rancher").await.unwrap();
    assert_eq!(host.exec("ls /var/lib/rancher").await.unwrap(), "");
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn clock_is_off_for_what_runs_over_ssh_until_the_host_reboots() {
    let Some(hosts) = hosts(1).await else { return };
    let host = &hosts[0];
    host.set_clock(-7200).await.unwrap();
    for (user, command) in [
        (User::Root, "date +%s"),
        (User::Guest, "date +%s"),
        (User::Admin, "sudo date +%s"),
    ] {
        let offset = offset(&host.ssh(user, command).await.unwrap());
        assert!((-7205..=-7195).contains(&offset), "{command} of {user:?}: {offset}");
    }
    host.exec("systemd-run --wait --quiet sh -c 'date +%s > /root/service'")
        .await
        .unwrap();
    assert!(offset(&host.exec("cat /root/service").await.unwrap()) < -7000);
    host.reboot().await.unwrap();
    let offset = offset(&host.ssh(User::Root, "date +%s").await.unwrap());
    assert!((-5..=5).contains(&offset), "{offset}");
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn no_host_may_set_the_clock_of_this_machine_or_change_its_kernel() {
    let Some(hosts) = hosts(1).await else { return };
    // Looked up and not tried out: what should be refused would harm everything else that runs here.
    let look = "sed -n 's/^CapBnd:\\s*//p; s/^CapEff:\\s*//p' /proc/self/status /proc/1/status";
    let found = [
        hosts[0].exec(look).await.unwrap(),
        hosts[0].ssh(User::Root, look).await.unwrap(),
    ];
    let sets: Vec<u64> = found
        .iter()
        .flat_map(|found| found.lines())
        .map(|set| u64::from_str_radix(set, 16).unwrap())
        .collect();
    assert_eq!(sets.len(), 8);
    let (module, time) = (1 << 16, 1 << 25);
    assert!(sets.iter().all(|set| set & (module | time) == 0), "{found:?}");
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn port_can_be_taken() {
    let Some(hosts) = hosts(1).await else { return };
    let host = &hosts[0];
    host.take_port(6443).await.unwrap();
    let connect = || tokio::net::TcpStream::connect((host.ip(), 6443));
    connect().await.unwrap();
    host.free_port(6443).await.unwrap();
    connect().await.unwrap_err();
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn inner_network_is_reached_only_through_the_bastion() {
    let in_network = |network| HostOptions {
        network,
        ..HostOptions::default()
    };
    let options = [Network::Both, Network::Inner, Network::Outer].map(in_network);
    let Some(hosts) = hosts_with(Cgroups::default(), &options).await else {
        return;
    };
    let [bastion, inner, outer] = &hosts[..] else {
        panic!("three hosts were asked for")
    };
    assert!(!answers(inner).await);
    let knock = format!("timeout 3 bash -c 'exec 3<>/dev/tcp/{}/22; head -c 4 <&3'", inner.ip());
    assert_eq!(bastion.exec(&knock).await.unwrap(), "SSH-");
    outer.exec(&knock).await.unwrap_err();
    let attribute = inner.ssh_attribute(User::Deputy, Some(bastion)).unwrap();
    for part in [
        hosts.password(),
        &inner.host_key().unwrap(),
        &bastion.host_key().unwrap(),
        &bastion.ip().to_string(),
    ] {
        assert!(attribute.contains(&format!("\"{part}\"")), "{attribute}");
    }
    assert_eq!(inner.inner_ip(), Some(inner.ip()));
    assert_ne!(bastion.inner_ip(), Some(bastion.ip()));
    // This machine is in the outer network, and nothing beyond it is.
    let listener = tokio::net::TcpListener::bind((hosts.this_machine(), 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let knock = |address: &str| format!("timeout 3 bash -c 'exec 3<>/dev/tcp/{address}/{port}'");
    outer.exec(&knock(&hosts.this_machine().to_string())).await.unwrap();
    inner.exec(&knock(&hosts.this_machine().to_string())).await.unwrap_err();
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn host_can_do_without_systemd() {
    let options = HostOptions {
        init: Init::Sshd,
        ..HostOptions::default()
    };
    let Some(mut hosts) = hosts(1).await else { return };
    let host = hosts.hosts.add(options).await.unwrap();
    host.ssh(User::Root, "test ! -e /run/systemd/system").await.unwrap();
    let error = host
        .ssh(User::Root, "systemctl start anything")
        .await
        .unwrap_err()
        .to_string();
    assert!(error.contains("System has not been booted with systemd"), "{error}");
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn hosts_have_the_cgroups_that_were_asked_for() {
    let file_system = async |cgroups| {
        let hosts = hosts_with(cgroups, &[HostOptions::default()]).await?;
        let file_system = hosts[0]
            .exec("stat --file-system --format=%T /sys/fs/cgroup")
            .await
            .unwrap();
        // It can make groups of its own, as every service has one.
        hosts[0].exec("systemd-run --wait --quiet true").await.unwrap();
        hosts[0].reboot().await.unwrap();
        Some(file_system.trim().to_owned())
    };
    let Some(unified) = file_system(Cgroups::Unified).await else {
        return;
    };
    assert_eq!(unified, "cgroup2fs");
    let own = Command::new("stat")
        .args(["--file-system", "--format=%T", "/sys/fs/cgroup"])
        .output()
        .unwrap();
    let legacy = file_system(Cgroups::Legacy).await.unwrap();
    assert_eq!(legacy, String::from_utf8(own.stdout).unwrap().trim());
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn two_labs_at_once_do_not_meet_and_leave_nothing_behind() {
    if !available() {
        return;
    }
    let _alone = LABS.write().await;
    let (one, other) = tokio::try_join!(Hosts::start(1), Hosts::start(1)).unwrap();
    assert_ne!(one[0].ip(), other[0].ip());
    let knock = format!("timeout 2 bash -c 'exec 3<>/dev/tcp/{}/22'", other[0].ip());
    one[0].exec(&knock).await.unwrap_err();
    let directories = [&one, &other].map(directory);
    assert_ne!(traces(&directories[0]), Vec::<String>::new());
    drop(one);
    assert_eq!(traces(&directories[0]), Vec::<String>::new());
    assert!(answers(&other[0]).await, "the end of one lab is not the end of another");
    drop(other);
    assert_eq!(traces(&directories[1]), Vec::<String>::new());
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn killed_program_leaves_no_hosts_behind() {
    if !available() {
        return;
    }
    let _alone = LABS.write().await;
    let (mut xtask, directory) = hosts_up();
    assert_ne!(traces(&directory), Vec::<String>::new());
    xtask.kill();
    let gone = async || match traces(&directory) {
        traces if traces.is_empty() => Ok(()),
        traces => Err(traces.join(", ")),
    };
    wait::until("the hosts to be gone", LIMIT, gone).await.unwrap();
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn next_lab_removes_what_one_has_left_that_was_killed_with_its_lifeline() {
    if !available() {
        return;
    }
    let _alone = LABS.write().await;
    let (mut xtask, left) = hosts_up();
    // Each thread has children of its own.
    let threads = fs::read_dir(format!("/proc/{}/task", xtask.0.id())).unwrap();
    let children = threads.map(|thread| fs::read_to_string(thread.unwrap().path().join("children")).unwrap());
    let children = children.collect::<Vec<_>>().join(" ");
    let lifeline = children.split_whitespace().find(|id| {
        let arguments = fs::read_to_string(format!("/proc/{id}/cmdline")).unwrap();
        arguments.contains("\0lifeline\0")
    });
    let kill = Command::new("kill").args(["-KILL", lifeline.unwrap()]).status();
    assert!(kill.unwrap().success());
    xtask.kill();
    let ended = async || match processes(&left) {
        processes if processes.is_empty() => Ok(()),
        processes => Err(processes.join(", ")),
    };
    wait::until("the hosts to end without anybody's help", LIMIT, ended)
        .await
        .unwrap();
    assert_ne!(traces(&left), Vec::<String>::new());
    let hosts = Hosts::start(0).await.unwrap();
    let own = directory(&hosts);
    assert!(own == left || traces(&left).is_empty());
    drop(hosts);
    assert_eq!(traces(&left), Vec::<String>::new());
}

/// How long the lab may take.
const LIMIT: Duration = Duration::from_secs(30);

/// Tests that look at what is left of a lab have the numbers of labs to themselves.
static LABS: RwLock<()> = RwLock::const_new(());

/// Hosts beside those of other tests.
struct Shared {
    hosts: Hosts,
    _beside: RwLockReadGuard<'static, ()>,
}

impl Deref for Shared {
    type Target = Hosts;

    fn deref(&self) -> &Hosts {
        &self.hosts
    }
}

/// So many hosts; none if the test is skipped.
async fn hosts(count: usize) -> Option<Shared> {
    hosts_with(Cgroups::default(), &vec![HostOptions::default(); count]).await
}

/// Hosts with options; none if the test is skipped.
async fn hosts_with(cgroups: Cgroups, options: &[HostOptions]) -> Option<Shared> {
    if !available() {
        return None;
    }
    let beside = LABS.read().await;
    Some(Shared {
        hosts: Hosts::with(cgroups, options).await.unwrap(),
        _beside: beside,
    })
}

fn directory(hosts: &Hosts) -> PathBuf {
    hosts.ssh_key().parent().unwrap().to_owned()
}

async fn boot_id(host: &Host) -> String {
    host.exec("cat /proc/sys/kernel/random/boot_id").await.unwrap()
}

/// Whether sshd on the host says who it is.
async fn answers(host: &Host) -> bool {
    let hello = async {
        let stream = tokio::net::TcpStream::connect((host.ip(), 22)).await?;
        stream.readable().await?;
        let mut hello = [0; 4];
        stream.try_read(&mut hello)?;
        std::io::Result::Ok(hello == *b"SSH-")
    };
    // A packet to a host that was cut off may be sent again only after a second or two.
    matches!(tokio::time::timeout(Duration::from_secs(4), hello).await, Ok(Ok(true)))
}

/// How far a time in seconds is from now.
fn offset(seconds: &str) -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    seconds.trim().parse::<i64>().unwrap() - i64::try_from(now).unwrap()
}

/// A program that has a host. It is killed in any case.
struct Xtask(Child);

impl Xtask {
    fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Xtask {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A program that has a host, and the directory of its lab.
fn hosts_up() -> (Xtask, PathBuf) {
    let mut xtask = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(["hosts", "up", "1"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(xtask.stdout.take().unwrap()).lines().map(Result::unwrap);
    let said: Vec<String> = lines.take_while(|line| !line.contains("Ctrl-C")).collect();
    let key = said
        .iter()
        .find_map(|line| line.trim().strip_prefix("ssh -i "))
        .unwrap();
    let key = key.split(' ').next().unwrap();
    (Xtask(xtask), Path::new(key).parent().unwrap().to_owned())
}

/// Everything on this machine that belongs to the lab in the directory.
fn traces(directory: &Path) -> Vec<String> {
    let number = directory.file_name().unwrap().to_str().unwrap();
    let script = format!(
        "ls -d {0} 2> /dev/null
        grep {0}/ /proc/self/mounts
        ip -brief link show dev cht-hosts{number} 2> /dev/null
        ip netns list | grep '^h[0-9]'
        find /sys/fs/cgroup -name cht-hosts-{number}",
        directory.display()
    );
    let output = Command::new("sh").args(["-c", &script]).output().unwrap();
    let output = String::from_utf8(output.stdout).unwrap();
    output.lines().map(str::to_owned).chain(processes(directory)).collect()
}

/// The processes that name the directory.
fn processes(directory: &Path) -> Vec<String> {
    let directory = directory.to_str().unwrap();
    let lines = fs::read_dir("/proc").unwrap().filter_map(|entry| {
        let line = fs::read(entry.unwrap().path().join("cmdline")).ok()?;
        Some(String::from_utf8_lossy(&line).replace('\0', " "))
    });
    lines
        .filter(|line| line.contains(&format!("{directory} ")) || line.contains(&format!("{directory}/")))
        .collect()
}
