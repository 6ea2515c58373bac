//! Where hosts are: a process, a mount and a network namespace that end together when the program does, however it
//! ends.
//!
//! The first process in them reads from a pipe of this program's, see `lab.sh`. A cable leads from the outer network to
//! this machine's own network namespace.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::Ipv4Addr;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail};

use super::Cgroups;
use super::slot::{END, Slot};
use super::{base, process};
use crate::lifeline::Lifeline;

/// Makes the namespaces and stays in them.
const SCRIPT: &str = include_str!("lab.sh");

/// The last part of the address of this machine in the outer network.
const THIS_MACHINE: u8 = 1;

/// The last part of the address of either bridge.
const BRIDGE: u8 = 254;

/// Arguments of `setpriv`: what runs in the lab may do everything but what no namespace keeps in, which is to set the
/// clock of this machine and to change its kernel.
pub(super) const WITHHELD: [&str; 3] = [
    "--bounding-set=-sys_time,-sys_module",
    "--inh-caps=-sys_time,-sys_module",
    "--",
];

/// The namespaces, and what all hosts in them share.
#[derive(Debug)]
pub(super) struct Site {
    pub(super) slot: Slot,
    pub(super) base: PathBuf,
    pub(super) password: String,
    /// Parent of the first process in the namespaces, which has the pipe.
    outside: Child,
    /// The first process in the namespaces.
    first: u32,
    lifeline: Option<Lifeline>,
}

impl Site {
    /// Makes the namespaces, two networks in them, a key and a password.
    pub(super) fn start(cgroups: Cgroups) -> Result<Self> {
        let base = base::tree()?;
        let slot = Slot::take()?;
        let lifeline = Lifeline::of(&slot.directory, END, slot.lock.try_clone()?.into())?;
        let password = uuid::Uuid::new_v4().to_string();
        fs::write(slot.directory.join("password"), &password)?;
        let mut outside = unshare(&slot, cgroups)?;
        lifeline.adopt(outside.id())?;
        let first = first_process(&mut outside, &slot)?;
        let site = Self {
            slot,
            base,
            password,
            outside,
            first,
            lifeline: Some(lifeline),
        };
        let key = site.key();
        run(Command::new("ssh-keygen")
            .args(["-q", "-t", "ed25519", "-N", "", "-C", "lab", "-f"])
            .arg(key))?;
        site.connect()?;
        Ok(site)
    }

    /// The file with the private key that all users accept.
    pub(super) fn key(&self) -> PathBuf {
        self.slot.directory.join("key")
    }

    /// An address in the outer network.
    pub(super) fn outer(&self, last: u8) -> Ipv4Addr {
        // The range that is set aside for tests of network equipment, which nobody routes.
        Ipv4Addr::new(198, 18, self.slot.number, last)
    }

    /// An address in the inner network.
    pub(super) fn inner(&self, last: u8) -> Ipv4Addr {
        Ipv4Addr::new(198, 19, self.slot.number, last)
    }

    /// The address of this machine in the outer network.
    pub(super) fn this_machine(&self) -> Ipv4Addr {
        self.outer(THIS_MACHINE)
    }

    /// The default route of the hosts in the outer network.
    pub(super) fn gateway(&self) -> Ipv4Addr {
        self.outer(BRIDGE)
    }

    /// A program that starts in the namespaces.
    pub(super) fn command(&self, program: &str) -> Command {
        let mut command = Command::new("setpriv");
        command
            .args(WITHHELD)
            .args(["nsenter", &format!("--target={}", self.first)])
            .args(["--mount", "--net", "--pid", "--wd=/", "--", program])
            .stdin(Stdio::null());
        command
    }

    /// Runs a shell script in the namespaces.
    pub(super) fn run(&self, script: &str) -> Result<String> {
        run(self.command("sh").args(["-ec", script]))
    }

    /// A file of the lab's directory as it is in the namespaces, where more is mounted.
    pub(super) fn path(&self, path: &str) -> PathBuf {
        let directory = self.slot.directory.display();
        Path::new(&format!("/proc/{}/root{directory}", self.first)).join(path)
    }

    /// Lays the cable between the outer network and this machine.
    fn connect(&self) -> Result<()> {
        let interface = self.slot.interface();
        let script = format!(
            "ip link add {interface} type veth peer name machine netns {}
            ip address add {}/24 dev {interface}
            ip link set {interface} up",
            self.first,
            self.this_machine()
        );
        run(Command::new("sh").args(["-ec", &script]))?;
        self.run("ip link set machine master outer up").map(drop)
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        // Its end is the end of every process in the namespaces.
        drop(self.lifeline.take());
        let _ = self.outside.wait();
    }
}

/// Runs a command and answers what it prints.
pub(super) fn run(command: &mut Command) -> Result<String> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("start {command:?}"))?;
    if !output.status.success() {
        bail!(
            "{command:?} failed ({})\n{}",
            output.status,
            String::from_utf8_lossy(&output.stderr).trim_end()
        );
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Starts the first process of new namespaces.
fn unshare(slot: &Slot, cgroups: Cgroups) -> Result<Child> {
    let number = slot.number;
    Command::new("setpriv")
        .args(WITHHELD)
        .args([
            "unshare",
            "--pid",
            "--fork",
            "--kill-child",
            "--mount",
            "--net",
            "--mount-proc",
        ])
        .args(["sh", "-c", SCRIPT, "lab"])
        .arg(&slot.directory)
        .arg(cgroups.name())
        .args([format!("198.18.{number}.{BRIDGE}"), format!("198.19.{number}.{BRIDGE}")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(fs::File::create(slot.directory.join("lab.log"))?)
        .process_group(0)
        .spawn()
        .context("start setpriv")
}

/// Waits until all is set up, and answers the process.
fn first_process(outside: &mut Child, slot: &Slot) -> Result<u32> {
    let mut line = String::new();
    let output = outside.stdout.take().context("the output is piped")?;
    BufReader::new(output).read_line(&mut line)?;
    if line.trim() != "ready" {
        let log = fs::read_to_string(slot.directory.join("lab.log")).unwrap_or_default();
        bail!("the namespaces of the lab's hosts cannot be made: {}", log.trim());
    }
    let children = process::children(outside.id());
    children.first().copied().context("unshare has a child")
}
