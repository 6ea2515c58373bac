//! What is left of hosts when they end, in whatever way.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use acceptance_tests::cluster::wait;
use acceptance_tests::hosts::{Hosts, available};

use super::{LABS, LIMIT, answers};

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

fn directory(hosts: &Hosts) -> PathBuf {
    hosts.ssh_key().parent().unwrap().to_owned()
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
