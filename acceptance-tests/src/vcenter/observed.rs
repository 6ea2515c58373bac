//! What is in a vCenter, read from the simulator's own objects, and what was asked of it.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::json;

use super::VCenter;

/// A machine or a template.
#[derive(Clone, Debug, Deserialize, PartialEq)]
pub struct Machine {
    /// Its id, such as `vm-51`.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its inventory path, such as `/DC0/vm/node`.
    pub path: String,
    /// The inventory path of its resource pool; empty for a template.
    pub pool: String,
    /// Whether it is a template.
    pub template: bool,
    /// The BIOS UUID.
    pub uuid: String,
    /// The UUID that vCenter knows it by.
    pub instance_uuid: String,
    /// `poweredOn`, `poweredOff` or `suspended`.
    pub power: String,
    /// Such as `vmx-15`.
    pub hardware_version: String,
    /// Its notes.
    pub annotation: String,
    /// How many CPUs it has.
    pub cpus: u32,
    /// How many of them are in one socket.
    pub cores_per_socket: u32,
    /// Its memory.
    pub memory_mib: u32,
    /// Whether CPUs can be added while it is on.
    pub cpu_hot_add: bool,
    /// Whether memory can be added while it is on.
    pub memory_hot_add: bool,
    /// Whether the guest sees the UUIDs of disks, by the flag.
    pub disk_uuid: bool,
    /// Its extra configuration.
    pub extra_config: BTreeMap<String, String>,
    /// The classes of its SCSI controllers.
    pub controllers: Vec<String>,
    /// Its disks.
    pub disks: Vec<Disk>,
    /// Its network cards.
    pub nics: Vec<Nic>,
    /// What its guest shows.
    pub guest: GuestState,
}

/// A virtual disk.
#[derive(Clone, Debug, Deserialize, PartialEq)]
pub struct Disk {
    /// Its key among the devices.
    pub key: i32,
    /// Its file, such as `[LocalDS_0] node/node.vmdk`.
    pub path: String,
    /// Its size.
    pub size_kib: u64,
    /// Whether vCenter keeps it apart from machines.
    pub first_class: bool,
}

/// A network card.
#[derive(Clone, Debug, Deserialize, PartialEq)]
pub struct Nic {
    /// Its key among the devices.
    pub key: i32,
    /// Its class, such as `VirtualVmxnet3`.
    pub kind: String,
    /// Its MAC address.
    pub mac_address: String,
    /// The name of its network.
    pub network: String,
}

/// What a guest shows through its tools, and what it found in its metadata.
#[derive(Clone, Debug, Deserialize, PartialEq)]
pub struct GuestState {
    /// Its host name.
    pub host_name: String,
    /// Its first address.
    pub ip_address: String,
    /// The addresses of all cards.
    pub ip_addresses: Vec<String>,
    /// Whether its tools run.
    pub tools_running: bool,
    /// How often its machine was powered on.
    pub boots: u32,
    /// The metadata that it read when it booted, decoded.
    pub metadata: String,
    /// The user data that it read when it booted, decoded.
    pub userdata: String,
    /// Why it could read one of them not; empty if it could.
    pub error: String,
}

/// A rule of a cluster.
#[derive(Clone, Debug, Deserialize, PartialEq)]
pub struct Rule {
    /// The inventory path of the cluster.
    pub cluster: String,
    /// Its key.
    pub key: i32,
    /// Its name.
    pub name: String,
    /// Its class, such as `ClusterAntiAffinityRuleSpec`.
    pub kind: String,
    /// Whether it counts.
    pub enabled: bool,
    /// Whether it counts more than that machines run.
    pub mandatory: bool,
    /// The names of its machines.
    pub machines: Vec<String>,
}

/// Who has which role where.
#[derive(Clone, Debug, Deserialize, PartialEq)]
pub struct Permission {
    /// The inventory path; empty for the root folder.
    pub entity: String,
    /// The class of the entity.
    pub kind: String,
    /// The user or group.
    pub principal: String,
    /// Whether it is a group.
    pub group: bool,
    /// The name of the role.
    pub role: String,
    /// Whether it counts for what is in the entity.
    pub propagate: bool,
}

/// Somebody who is logged in.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Session {
    /// Who.
    pub user_name: String,
    /// With which program.
    pub user_agent: String,
}

/// A call.
#[derive(Clone, Debug, Deserialize, PartialEq)]
pub struct Request {
    /// The SOAP method, or the HTTP method and path.
    pub method: String,
    /// The class of the object that was called.
    pub object_type: String,
    /// Its id.
    pub object: String,
    /// Its name when it was called; empty if it has none.
    pub name: String,
    /// The header `SOAPAction`.
    pub soap_action: String,
    /// The header `User-Agent`.
    pub user_agent: String,
    /// The whole body.
    pub body: String,
    /// The session of REST.
    pub session: String,
    /// The class of the fault that was answered; empty if there was none.
    pub fault: String,
}

impl VCenter {
    /// All machines and templates, by path.
    ///
    /// # Errors
    /// If the simulator has ended.
    pub async fn machines(&self) -> Result<Vec<Machine>> {
        self.show("machines").await
    }

    /// One machine, by its name.
    ///
    /// # Errors
    /// If there is none.
    pub async fn machine(&self, name: &str) -> Result<Machine> {
        let mut machines = self.machines().await?.into_iter();
        machines
            .find(|machine| machine.name == name)
            .with_context(|| format!("there is no machine {name}"))
    }

    /// The inventory paths of all folders.
    ///
    /// # Errors
    /// If the simulator has ended.
    pub async fn folders(&self) -> Result<Vec<String>> {
        self.show("folders").await
    }

    /// The inventory paths of all resource pools.
    ///
    /// # Errors
    /// If the simulator has ended.
    pub async fn pools(&self) -> Result<Vec<String>> {
        self.show("pools").await
    }

    /// The rules of all clusters.
    ///
    /// # Errors
    /// If the simulator has ended.
    pub async fn rules(&self) -> Result<Vec<Rule>> {
        self.show("rules").await
    }

    /// The privileges of the roles that were made, by name. As on a real vCenter, each has `System.Anonymous`,
    /// `System.Read` and `System.View` besides.
    ///
    /// # Errors
    /// If the simulator has ended.
    pub async fn roles(&self) -> Result<BTreeMap<String, Vec<String>>> {
        self.show("roles").await
    }

    /// All permissions.
    ///
    /// # Errors
    /// If the simulator has ended.
    pub async fn permissions(&self) -> Result<Vec<Permission>> {
        self.show("permissions").await
    }

    /// The files in all datastores, such as `[LocalDS_0] node/node.vmdk`.
    ///
    /// # Errors
    /// If the simulator has ended.
    pub async fn files(&self) -> Result<Vec<String>> {
        self.show("files").await
    }

    /// The sessions that there are: none of a provider that has logged out.
    ///
    /// # Errors
    /// If the simulator has ended.
    pub async fn sessions(&self) -> Result<Vec<Session>> {
        self.show("sessions").await
    }

    /// What was asked, in order, since the start or [`VCenter::forget_requests`].
    ///
    /// # Errors
    /// If the simulator has ended.
    pub async fn requests(&self) -> Result<Vec<Request>> {
        self.show("requests").await
    }

    /// The methods that were called, in order, since the start or [`VCenter::forget_requests`].
    ///
    /// # Errors
    /// If the simulator has ended.
    pub async fn methods(&self) -> Result<Vec<String>> {
        Ok(self
            .requests()
            .await?
            .into_iter()
            .map(|request| request.method)
            .collect())
    }

    /// Forgets what was asked.
    ///
    /// # Errors
    /// If the simulator has ended.
    pub async fn forget_requests(&self) -> Result<()> {
        self.ask("forget_requests", &json!({})).await.map(drop)
    }
}
