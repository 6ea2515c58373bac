//! One host: what it is called, how it is reached, and what is done to it as a whole.
//!
//! What goes wrong with parts of it is in `disturbance.rs`.

use std::fs::{self, File};
use std::net::{IpAddr, Ipv4Addr};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use nix::errno::Errno;
use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;
use tokio::process::Command;

use super::site::{Site, WITHHELD};
use super::{HostOptions, Init, Network, SHARED, User, process, shared_directory};
use crate::cluster::wait;
use crate::tools::build;

/// Boots a host, again and again.
const SCRIPT: &str = include_str!("host.sh");

/// How long a host may take to boot.
const BOOT_LIMIT: Duration = Duration::from_secs(90);

/// How long a command on a host may take.
const COMMAND_LIMIT: Duration = Duration::from_secs(120);

/// The first host has the address that ends with this number and its own; what is below is for others.
const FIRST_ADDRESS: u8 = 10;

/// The disk of a host: large enough for what CHT asks for. Only what is used takes memory.
pub(super) const DISK: &str = "20g";

/// A host of a [`Hosts`](super::Hosts).
#[derive(Debug)]
pub struct Host {
    pub(super) site: Arc<Site>,
    number: u8,
    options: HostOptions,
    launcher: Mutex<Option<Child>>,
}

impl Host {
    /// Puts a new host into the site and boots it.
    pub(super) async fn start(site: Arc<Site>, number: u8, options: HostOptions) -> Result<Self> {
        let host = Self {
            site,
            number,
            options,
            launcher: Mutex::default(),
        };
        let disk = host.directory("disk");
        host.site.run(&format!(
            "mkdir -p {disk}; mount -t tmpfs -o mode=755,size={DISK} disk {disk}"
        ))?;
        if !options.is_empty {
            host.power_on().await?;
        }
        Ok(host)
    }

    /// Its name, which is also its host name.
    pub fn name(&self) -> String {
        format!("h{}", self.number)
    }

    /// Its address: in the outer network, or in the inner one if it is in no other.
    pub fn ip(&self) -> IpAddr {
        self.outer().unwrap_or_else(|| self.in_inner()).into()
    }

    /// Its address in the inner network, if it is in that.
    pub fn inner_ip(&self) -> Option<IpAddr> {
        (self.options.network != Network::Outer).then(|| self.in_inner().into())
    }

    /// The public key by which the host is known, as a line of OpenSSH's. It stays through reboots, and can be read
    /// while the host is off.
    ///
    /// # Errors
    /// If there is none.
    pub fn host_key(&self) -> Result<String> {
        let path = format!("{}/disk/upper/etc/ssh/ssh_host_ed25519_key.pub", self.name());
        let path = self.site.path(&path);
        let line = fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
        Ok(line.trim().to_owned())
    }

    /// Runs a shell command as root, without a connection, and answers what it prints.
    ///
    /// # Errors
    /// If the host is off, or the command fails or takes too long.
    pub async fn exec(&self, command: &str) -> Result<String> {
        let mut program = Command::new("setpriv");
        program
            .args(WITHHELD)
            .arg("nsenter")
            .arg(format!("--target={}", self.first_process()?))
            .args([
                "--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup", "--root", "--wd", "--",
            ])
            .args(["/bin/sh", "-c", command])
            .env_clear()
            .env("HOME", "/root")
            .env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
        self.run(program, command).await
    }

    /// Runs a shell command through the real `ssh`, by key, and answers what it prints. The key of the host is checked.
    ///
    /// # Errors
    /// If the host is not reached, or the command fails or takes too long.
    pub async fn ssh(&self, user: User, command: &str) -> Result<String> {
        let known_hosts = self.site.slot.directory.join(format!("{}.known_hosts", self.name()));
        fs::write(&known_hosts, format!("{} {}\n", self.ip(), self.host_key()?))?;
        let mut program = Command::new("ssh");
        program
            .args([
                "-F",
                "none",
                "-n",
                "-o",
                "BatchMode=yes",
                "-o",
                "IdentitiesOnly=yes",
                "-o",
                "ConnectTimeout=5",
            ])
            .args(["-o", "StrictHostKeyChecking=yes", "-o", "LogLevel=ERROR", "-o"])
            .arg(format!("UserKnownHostsFile={}", known_hosts.display()))
            .arg("-i")
            .arg(self.site.key())
            .arg(format!("{}@{}", user.name(), self.ip()))
            .arg(command);
        self.run(program, command).await
    }

    /// Reboots in good order, and waits until the host is up again.
    ///
    /// # Errors
    /// If the host is off, or does not come back in time.
    pub async fn reboot(&self) -> Result<()> {
        let before = self.first_process()?;
        // The command may end together with the host.
        let _ = self.exec("systemctl reboot").await;
        let another = async || match self.first_process() {
            Ok(process) if process != before => Ok(()),
            Ok(_) => Err("still the same boot".to_owned()),
            Err(error) => Err(error.to_string()),
        };
        wait::until("the host to go down", BOOT_LIMIT, another).await?;
        self.is_up().await
    }

    /// Pulls the plug: nothing on the host gets a chance to end in good order. What was written stays.
    ///
    /// # Errors
    /// If the host cannot be killed.
    pub fn power_off(&self) -> Result<()> {
        if let Some(mut launcher) = self.launcher().take() {
            // The launcher's own namespace ends with its first process, and the launcher once all is gone that was in
            // it.
            match process::first_at_depth(launcher.id(), 2) {
                Some(first) => signal(kill(Pid::from_raw(first.try_into()?), Signal::SIGKILL))?,
                None => signal(killpg(Pid::from_raw(launcher.id().try_into()?), Signal::SIGKILL))?,
            }
            launcher.wait()?;
        }
        Ok(())
    }

    /// Boots the host, if it is off, and waits until it is up.
    ///
    /// # Errors
    /// If it is not up in time.
    pub async fn power_on(&self) -> Result<()> {
        self.launch()?;
        self.is_up().await
    }

    /// Whether the host is powered: no longer after `poweroff` on it either.
    pub fn is_powered(&self) -> bool {
        let mut launcher = self.launcher();
        launcher
            .as_mut()
            .is_some_and(|launcher| matches!(launcher.try_wait(), Ok(None)))
    }

    /// Puts a new machine in its place: the same name and address, an empty disk, another host key.
    ///
    /// # Errors
    /// If it is not up in time.
    pub async fn replace(&self) -> Result<()> {
        self.erase()?;
        self.power_on().await
    }

    /// Pulls the plug and empties the disk.
    ///
    /// # Errors
    /// If that fails.
    pub fn erase(&self) -> Result<()> {
        self.power_off()?;
        let disk = self.directory("disk");
        self.site.run(&format!("find {disk} -mindepth 1 -delete")).map(drop)
    }

    pub(super) fn number(&self) -> u8 {
        self.number
    }

    pub(super) fn network(&self) -> Network {
        self.options.network
    }

    /// A path in the host's directory as it is called in the lab's namespaces.
    pub(super) fn directory(&self, path: &str) -> String {
        format!("{}/{}/{path}", self.site.slot.directory.display(), self.name())
    }

    fn outer(&self) -> Option<Ipv4Addr> {
        (self.options.network != Network::Inner).then(|| self.site.outer(FIRST_ADDRESS + self.number))
    }

    fn in_inner(&self) -> Ipv4Addr {
        self.site.inner(FIRST_ADDRESS + self.number)
    }

    fn launch(&self) -> Result<()> {
        if self.is_powered() {
            return Ok(());
        }
        self.power_off()?;
        let address = |address: Option<String>| address.unwrap_or_else(|| "-".to_owned());
        let log = File::options().create(true).append(true).open(self.log())?;
        let launcher = self
            .site
            .command("unshare")
            .args(["--pid", "--fork", "--kill-child", "--mount", "--mount-proc"])
            .args(["sh", "-c", SCRIPT, "host"])
            .arg(&self.site.slot.directory)
            .arg(self.site.slot.cgroup())
            .arg(&self.site.base)
            .args([self.name(), self.number.to_string()])
            .arg(address(self.outer().map(|ip| ip.to_string())))
            .arg(address(self.inner_ip().map(|ip| ip.to_string())))
            .arg(self.options.init.name())
            .arg(format!("{}:{SHARED}", shared_directory()?.display()))
            .stdout(log.try_clone()?)
            .stderr(log)
            .process_group(0)
            .spawn()
            .context("start setpriv")?;
        *self.launcher() = Some(launcher);
        Ok(())
    }

    async fn is_up(&self) -> Result<()> {
        let probe = match self.options.init {
            Init::Systemd => "systemctl is-system-running",
            Init::Sshd => "ss -Htln sport = :22 | grep .",
        };
        let look = async || {
            if !self.is_powered() {
                return Ok(Err(anyhow::Error::msg("the host ended")));
            }
            self.exec(probe)
                .await
                .map(|_| Ok(()))
                .map_err(|error| format!("{error:#}"))
        };
        wait::until(&format!("{} to be up", self.name()), BOOT_LIMIT, look)
            .await
            .and_then(|up| up)
            .with_context(|| format!("The end of its log:\n{}", build::tail(&self.log(), 20)))
    }

    /// Where the host writes what it would write to its console.
    fn log(&self) -> PathBuf {
        self.site.slot.directory.join(format!("{}.log", self.name()))
    }

    /// The first process on the host, as this program calls it.
    pub(super) fn first_process(&self) -> Result<u32> {
        // Below the lab's namespace, and the launcher's in that.
        let launcher = self.launcher().as_ref().map(Child::id);
        let first = launcher.and_then(|launcher| process::first_at_depth(launcher, 3));
        first.with_context(|| format!("{} is off", self.name()))
    }

    fn launcher(&self) -> std::sync::MutexGuard<'_, Option<Child>> {
        self.launcher.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn run(&self, mut program: Command, command: &str) -> Result<String> {
        program.stdin(Stdio::null()).kill_on_drop(true);
        let output = tokio::time::timeout(COMMAND_LIMIT, program.output())
            .await
            .with_context(|| format!("{command} on {} takes too long", self.name()))??;
        let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
        if !output.status.success() {
            let stderr = String::from_utf8_lossy(&output.stderr);
            bail!(
                "{command} on {} failed ({})\n{stdout}{}",
                self.name(),
                output.status,
                stderr.trim_end()
            );
        }
        Ok(stdout)
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        let _ = self.power_off();
    }
}

/// A process that has ended already needs no signal.
fn signal(sent: nix::Result<()>) -> Result<()> {
    match sent {
        Ok(()) | Err(Errno::ESRCH) => Ok(()),
        Err(error) => Err(error).context("kill the host"),
    }
}
