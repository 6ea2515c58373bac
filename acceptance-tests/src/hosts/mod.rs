//! Hosts with a real systemd and a real sshd, for what is installed over SSH: they can be rebooted, killed, cut off,
//! filled up.
//!
//! A host is a container of `systemd-nspawn` that may do what a machine may, on a file system of its own over one
//! shared tree ([`base`]). On two cores with other work on them, one is up in 2.3 s, four in 4.5 s, and a reboot takes
//! 2 s. Four take 70 MB of memory and 8 MB each for what they write: the disk is a tmpfs. Making the tree takes two
//! minutes, once.
//!
//! All hosts of a lab live in a process, a mount and a network namespace that end with the program ([`site`]), so there
//! is nothing to clean up but cgroups and a directory; the [lifeline](crate::lifeline) does that, also when the program
//! is killed, and the next lab ([`slot`]) if even that was. Labs are numbered, and any number of them run at once.
//!
//! A host is no jail: what runs on it is root on this machine's kernel, may change settings of it (`/proc/sys`), and
//! runs only what is trusted. Withheld is what no namespace keeps in: the clock and the kernel's modules ([`site`]).
//!
//! # Networks
//! The *outer* network is a bridge that also has a cable to this machine. So a provider under the real `tofu` reaches
//! hosts and the lab's API server on 127.0.0.1 alike, as any other program does; the alternative, to run everything
//! inside the lab's network namespace, would give each lab a loopback interface of its own. Hosts reach this machine at
//! [`Hosts::this_machine`]. The *inner* network is reached only through a host that is in both: a bastion. Nothing
//! leads from either to the outside.
//!
//! # cgroups
//! Hosts have cgroup v2, whatever this machine has: version 2 can always be mounted, if without controllers where
//! version 1 has them. A real kubelet needs those, and finds them with [`Cgroups::Legacy`] there.
//!
//! What goes wrong with a host: `disturbance.rs`. What makes a machine of an empty place: [`Seed`]. How the provider is
//! told of it: [`Host::ssh_attribute`]. Where hosts cannot run, tests are skipped: [`available`].

mod availability;
mod base;
mod configuration;
mod disturbance;
mod host;
mod process;
mod seed;
mod site;
mod slot;
mod ssh_log;

use std::fs;
use std::net::IpAddr;
use std::ops::Deref;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result};
use futures::future::try_join_all;

pub use availability::{available, missing};
pub use host::Host;
pub use seed::{Seed, SeedUser};
use site::Site;
pub use ssh_log::{Since, SshUse};

use crate::tools::cache_directory;

/// Running hosts. They end, with everything of theirs, when this is dropped and also when the program ends in any other
/// way.
#[derive(Debug)]
pub struct Hosts {
    // Hosts go before the site they are in.
    hosts: Vec<Host>,
    site: Arc<Site>,
}

/// Where a host has the [`shared_directory`].
pub const SHARED: &str = "/opt/cht-lab";

/// The length of the prefix that the addresses of a network have in common.
pub const PREFIX_LENGTH: u8 = 24;

/// How one host is.
#[derive(Clone, Copy, Debug, Default)]
pub struct HostOptions {
    /// Where it is plugged in.
    pub network: Network,
    /// What runs on it.
    pub init: Init,
    /// Whether it is an empty place: off, and with nobody who can log in, until [`Host::seed`] says what it is.
    pub is_empty: bool,
}

/// The networks of a host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Network {
    /// The one that this machine is in too.
    #[default]
    Outer,
    /// The one behind a bastion.
    Inner,
    /// Both, as a bastion is.
    Both,
}

/// The first process of a host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Init {
    /// systemd, which starts sshd.
    #[default]
    Systemd,
    /// sshd alone: a host on which nothing can be a service.
    Sshd,
}

/// The cgroups that hosts see.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cgroups {
    /// Version 2.
    #[default]
    Unified,
    /// What this machine has: version 1, unless it has only version 2.
    Legacy,
}

/// The users of a host, who can all be logged in to with [`Hosts::ssh_key`] and, but for root, with
/// [`Hosts::password`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum User {
    /// May everything.
    Root,
    /// May use `sudo`, and is not asked for a password.
    Admin,
    /// May use `sudo` with the password.
    Deputy,
    /// May not use `sudo`.
    Guest,
}

impl Hosts {
    /// Starts so many hosts, all in the outer network.
    ///
    /// # Errors
    /// If a host does not boot; see [`missing`] for what hosts need.
    pub async fn start(count: usize) -> Result<Self> {
        Self::with(Cgroups::default(), &vec![HostOptions::default(); count]).await
    }

    /// Starts a host for each of the options.
    ///
    /// # Errors
    /// If a host does not boot.
    pub async fn with(cgroups: Cgroups, hosts: &[HostOptions]) -> Result<Self> {
        let site = tokio::task::spawn_blocking(move || Site::start(cgroups)).await??;
        let mut this = Self {
            hosts: Vec::new(),
            site: Arc::new(site),
        };
        let starting = (1..)
            .zip(hosts)
            .map(|(number, options)| Host::start(this.site.clone(), number, *options));
        this.hosts = try_join_all(starting).await?;
        Ok(this)
    }

    /// Starts one more host.
    ///
    /// # Errors
    /// If it does not boot.
    pub async fn add(&mut self, options: HostOptions) -> Result<&Host> {
        let number = (self.hosts.len() + 1).try_into().context("too many hosts")?;
        self.hosts.push(Host::start(self.site.clone(), number, options).await?);
        self.hosts.last().context("a host was added")
    }

    /// The gateway of the outer network, which leads to nowhere.
    pub fn gateway(&self) -> IpAddr {
        self.site.gateway().into()
    }

    /// The file with the private key that every [`User`] of every host accepts.
    pub fn ssh_key(&self) -> PathBuf {
        self.site.key()
    }

    /// The password of the users that have one.
    pub fn password(&self) -> &str {
        &self.site.password
    }

    /// The address at which hosts of the outer network reach this machine, where it listens on it.
    pub fn this_machine(&self) -> IpAddr {
        self.site.this_machine().into()
    }
}

/// Makes what all hosts share, if it is not in the cache: else the first lab does.
///
/// # Errors
/// If it cannot be made.
pub fn prepare() -> Result<()> {
    base::tree().map(drop)
}

/// A directory of this machine that every host sees, to read, at [`SHARED`]: for programs that are too large to be
/// copied to each.
///
/// # Errors
/// If it cannot be made.
pub fn shared_directory() -> Result<PathBuf> {
    let directory = cache_directory()?.join("hosts-shared");
    fs::create_dir_all(&directory).with_context(|| format!("create {}", directory.display()))?;
    Ok(directory)
}

impl Deref for Hosts {
    type Target = [Host];

    fn deref(&self) -> &[Host] {
        &self.hosts
    }
}

impl User {
    /// All users.
    pub const ALL: [User; 4] = [User::Root, User::Admin, User::Deputy, User::Guest];

    /// What the user is called.
    pub fn name(self) -> &'static str {
        match self {
            User::Root => "root",
            User::Admin => "admin",
            User::Deputy => "deputy",
            User::Guest => "guest",
        }
    }
}

impl Init {
    fn name(self) -> &'static str {
        match self {
            Init::Systemd => "systemd",
            Init::Sshd => "sshd",
        }
    }
}

impl Cgroups {
    fn name(self) -> &'static str {
        match self {
            Cgroups::Unified => "unified",
            Cgroups::Legacy => "legacy",
        }
    }
}
