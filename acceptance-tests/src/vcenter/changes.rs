//! What others do to machines meanwhile, how guests behave, and who else may log in.

use anyhow::Result;
use serde::Serialize;
use serde_json::{Value, json};

use super::{Machine, VCenter};

/// How the guest of a machine behaves.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Guest {
    /// It boots at once, reads its metadata as cloud-init does, writes into the extra configuration what cloud-init
    /// writes there, shows its addresses, and shuts down when it is asked to.
    Answers,
    /// Its tools never run: it shows nothing and cannot be asked to shut down.
    Silent,
    /// It boots, and does not shut down when it is asked to.
    Deaf,
    /// It is played elsewhere: it reads its metadata, and answers from when [`VCenter::guest_is_up`] has been told so.
    Hosted,
}

/// A disk that is not the machine's own.
#[derive(Clone, Copy, Debug)]
pub struct ForeignDisk<'a> {
    /// Its path in the datastore of the machine, such as `fcd/volume.vmdk`.
    pub path: &'a str,
    /// Its size.
    pub size_mib: u64,
    /// Whether vCenter keeps it apart from machines, as it does with the disks of volumes.
    pub first_class: bool,
}

impl VCenter {
    /// Gives a machine another name.
    ///
    /// # Errors
    /// If there is no such machine, or the name is taken.
    pub async fn rename(&self, machine: &str, name: &str) -> Result<()> {
        self.change(machine, "rename", json!({"name": name})).await
    }

    /// Gives a machine another number of CPUs, whether or not it is on.
    ///
    /// # Errors
    /// If there is no such machine.
    pub async fn set_cpus(&self, machine: &str, cpus: u32) -> Result<()> {
        self.change(machine, "cpus", json!({"number": cpus})).await
    }

    /// Gives a machine more or less memory, whether or not it is on.
    ///
    /// # Errors
    /// If there is no such machine.
    pub async fn set_memory(&self, machine: &str, memory_mib: u64) -> Result<()> {
        self.change(machine, "memory", json!({"number": memory_mib})).await
    }

    /// Sets an element of the extra configuration of a machine; an empty value takes it away.
    ///
    /// # Errors
    /// If there is no such machine.
    pub async fn set_extra_config(&self, machine: &str, key: &str, value: &str) -> Result<()> {
        self.change(machine, "extra_config", json!({"name": key, "value": value}))
            .await
    }

    /// Powers a machine on.
    ///
    /// # Errors
    /// If there is no such machine, or it is on.
    pub async fn power_on(&self, machine: &str) -> Result<()> {
        self.change(machine, "power_on", json!({})).await
    }

    /// Powers a machine off.
    ///
    /// # Errors
    /// If there is no such machine, or it is off.
    pub async fn power_off(&self, machine: &str) -> Result<()> {
        self.change(machine, "power_off", json!({})).await
    }

    /// Suspends a machine.
    ///
    /// # Errors
    /// If there is no such machine, or it is not on.
    pub async fn suspend(&self, machine: &str) -> Result<()> {
        self.change(machine, "suspend", json!({})).await
    }

    /// Destroys a machine and its disks.
    ///
    /// # Errors
    /// If there is no such machine, or it is on.
    pub async fn destroy(&self, machine: &str) -> Result<()> {
        self.change(machine, "destroy", json!({})).await
    }

    /// Makes a disk that is not the machine's own, and attaches it, as the driver of volumes does.
    ///
    /// # Errors
    /// If there is no such machine, or the path is taken.
    pub async fn attach_disk(&self, machine: &str, disk: ForeignDisk<'_>) -> Result<()> {
        let asked = json!({"name": disk.path, "number": disk.size_mib, "first_class": disk.first_class});
        self.change(machine, "attach", asked).await
    }

    /// From now on the guests of all machines behave so that have no behavior of their own, also those that are up.
    ///
    /// # Errors
    /// If the simulator has ended.
    pub async fn guests(&self, behavior: Guest) -> Result<()> {
        self.guest("*", behavior).await
    }

    /// From now on the guest of one machine behaves so, also if the machine is made later.
    ///
    /// # Errors
    /// If the simulator has ended.
    pub async fn guest(&self, machine: &str, behavior: Guest) -> Result<()> {
        let asked = json!({"machine": machine, "mood": behavior});
        self.ask("guest", &asked).await.map(drop)
    }

    /// Says of a guest that is played elsewhere that it is up after the boot at which the machine was looked at.
    ///
    /// # Errors
    /// If the simulator has ended.
    pub async fn guest_is_up(&self, machine: &Machine) -> Result<()> {
        let asked = json!({"machine": machine.id, "boot": machine.guest.boots});
        self.ask("guest_up", &asked).await.map(drop)
    }

    /// Lets another user log in, who has no permissions. Methods are refused for lack of them only by
    /// [`Fault`](super::Fault).
    ///
    /// # Errors
    /// If the simulator has ended.
    pub async fn add_user(&self, name: &str, password: &str) -> Result<()> {
        self.ask("user", &json!({"name": name, "password": password}))
            .await
            .map(drop)
    }

    async fn change(&self, machine: &str, action: &str, mut asked: Value) -> Result<()> {
        if let Some(asked) = asked.as_object_mut() {
            asked.insert("machine".to_owned(), json!(machine));
            asked.insert("action".to_owned(), json!(action));
        }
        self.ask("change", &asked).await.map(drop)
    }
}
