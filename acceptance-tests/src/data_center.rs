//! A data center: a vCenter whose machines are the hosts of a lab, so that what one platform says is what the next one
//! needs.
//!
//! A machine that is powered on brings up the host at the address that its metadata gives it, with the name, the users
//! and the keys that are said there and in the user data, and with an empty disk if it is a new machine. Its guest
//! tells the vCenter an address only when the host is up. A machine that is powered off has its plug pulled, one that
//! is destroyed leaves nothing. Nobody can log in but who was named.
//!
//! - `machines` has the hosts follow the vCenter, [`cloud_init`] reads what a guest is told.
//! - `programs` plays what runs in a cluster there: the cloud provider and the CSI driver of vSphere, once their pods
//!   run, with the login that they were given.
//! - k3s on the hosts, and CHT in it, are played by the [`K3sLab`] whose [`places`] it takes.
//!
//! What is not there: disks of hosts know nothing of those of machines, volumes are directories of no host, and every
//! address is one that the lab's network has ([`DataCenter::place`]).

pub mod cloud_init;
mod machines;
mod programs;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use tokio_util::task::AbortOnDropHandle;

use self::machines::Troubles;
use crate::cluster::wait;
use crate::hosts::{HostOptions, Hosts, PREFIX_LENGTH};
use crate::k3s::lab::K3sLab;
use crate::vcenter::{Guest, Options, VCenter};

/// How long hosts may take to follow their machines.
const LIMIT: Duration = Duration::from_secs(30);

/// The user of programs in a cluster, who has no permissions from the start.
pub const CLUSTER_USER: &str = "cht-k8s@vsphere.local";

/// A vCenter over a lab's hosts. It ends when this is dropped.
pub struct DataCenter {
    /// What makes the machines.
    pub vcenter: Arc<VCenter>,
    /// The password of [`CLUSTER_USER`].
    pub cluster_password: String,
    hosts: Arc<Hosts>,
    troubles: Arc<Troubles>,
    _playing: AbortOnDropHandle<()>,
}

/// So many places for machines, of which a [`K3sLab`] is made.
pub fn places(count: usize) -> Vec<HostOptions> {
    let empty = HostOptions {
        is_empty: true,
        ..HostOptions::default()
    };
    vec![empty; count]
}

impl DataCenter {
    /// Starts a vCenter that makes machines in the places of a lab.
    ///
    /// # Errors
    /// If the vCenter does not start.
    pub async fn start(lab: &K3sLab) -> Result<Self> {
        let vcenter = Arc::new(VCenter::start(&Options::default()).await?);
        vcenter.guests(Guest::Hosted).await?;
        let cluster_password = uuid::Uuid::new_v4().simple().to_string();
        vcenter.add_user(CLUSTER_USER, &cluster_password).await?;
        let (hosts, troubles) = (lab.shared_hosts(), Arc::<Troubles>::default());
        let playing = {
            let (vcenter, hosts, troubles) = (Arc::clone(&vcenter), Arc::clone(&hosts), Arc::clone(&troubles));
            let login = programs::Login::new(CLUSTER_USER, &cluster_password);
            async move {
                tokio::join!(
                    machines::play(&vcenter, &hosts, &troubles),
                    programs::play(&vcenter, &hosts, &login)
                );
            }
        };
        Ok(Self {
            vcenter,
            cluster_password,
            hosts,
            troubles,
            _playing: AbortOnDropHandle::new(tokio::spawn(playing)),
        })
    }

    /// The address of the place with this number, from 1, with the length of the network's prefix.
    ///
    /// # Errors
    /// If there are not so many.
    pub fn place(&self, number: usize) -> Result<String> {
        let host = self.hosts.get(number.wrapping_sub(1));
        let host = host.with_context(|| format!("there is no place {number}"))?;
        Ok(format!("{}/{PREFIX_LENGTH}", host.ip()))
    }

    /// The gateway of that network.
    pub fn gateway(&self) -> IpAddr {
        self.hosts.gateway()
    }

    /// Waits until nothing is left of what was made: no machine, rule, role or permission, and no host that is up.
    ///
    /// # Errors
    /// If anything stays.
    pub async fn is_empty(&self) -> Result<()> {
        let look = async || match self.left().await {
            Ok(left) if left.is_empty() => Ok(()),
            Ok(left) => Err(left.join(", ")),
            Err(error) => Err(format!("{error:#}")),
        };
        wait::until("nothing to be left in the data center", LIMIT, look).await
    }

    async fn left(&self) -> Result<Vec<String>> {
        let machines = self.vcenter.machines().await?.into_iter();
        let machines = machines.filter(|machine| !machine.template).map(|machine| machine.path);
        let user = CLUSTER_USER.split('@').next().unwrap_or(CLUSTER_USER);
        let permissions = self.vcenter.permissions().await?.into_iter();
        let permissions = permissions
            .filter(|permission| permission.principal.contains(user))
            .map(|permission| format!("a permission of {user} on {}", permission.entity));
        let roles = self
            .vcenter
            .roles()
            .await?
            .into_keys()
            .map(|role| format!("the role {role}"));
        let rules = self
            .vcenter
            .rules()
            .await?
            .into_iter()
            .map(|rule| format!("the rule {}", rule.name));
        let hosts = self.hosts.iter().filter(|host| host.is_powered());
        let hosts = hosts.map(|host| format!("the host {}", host.name()));
        Ok(machines
            .chain(permissions)
            .chain(roles)
            .chain(rules)
            .chain(hosts)
            .collect())
    }

    /// Why machines have not become hosts, where that went wrong.
    pub fn troubles(&self) -> Vec<String> {
        self.troubles.all()
    }
}
