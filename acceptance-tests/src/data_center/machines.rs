//! Machines of a vCenter as hosts: each place of the lab looks for the machine that has its address, and follows it.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use futures::future::join_all;
use tokio::sync::watch;
use tokio::time;

use super::cloud_init;
use crate::hosts::{Host, Hosts};
use crate::vcenter::{Machine, VCenter};

/// Between two looks at the vCenter.
const LOOK: Duration = Duration::from_millis(200);

/// What went wrong at which place, until it goes well.
#[derive(Debug, Default)]
pub(super) struct Troubles(Mutex<BTreeMap<String, String>>);

/// The machine that a host is.
struct Occupant {
    id: String,
    boot: u32,
}

/// Has the hosts follow the machines, for ever.
pub(super) async fn play(vcenter: &VCenter, hosts: &Hosts, troubles: &Troubles) {
    let (sender, machines) = watch::channel(Vec::new());
    let look = async {
        loop {
            // A vCenter that has ended says so itself.
            if let Ok(found) = vcenter.machines().await {
                sender.send_replace(found);
            }
            time::sleep(LOOK).await;
        }
    };
    let places = hosts
        .iter()
        .map(|host| occupy(vcenter, host, machines.clone(), troubles));
    tokio::join!(look, join_all(places));
}

/// Has one host follow the machine that has its address.
async fn occupy(vcenter: &VCenter, host: &Host, mut machines: watch::Receiver<Vec<Machine>>, troubles: &Troubles) {
    let mut occupant = None;
    while machines.changed().await.is_ok() {
        let found = machines
            .borrow_and_update()
            .iter()
            .find(|machine| is_at(machine, host))
            .cloned();
        let done = match found {
            Some(machine) => follow(vcenter, host, &mut occupant, &machine).await,
            None if occupant.take().is_some() => host.erase(),
            None => Ok(()),
        };
        troubles.note(host, done);
    }
}

/// Whether a machine has been told the address of a place.
fn is_at(machine: &Machine, host: &Host) -> bool {
    let told = cloud_init::read(&machine.guest.metadata, "");
    !machine.template && told.is_ok_and(|told| told.addresses.contains(&host.ip()))
}

/// Brings the host to what its machine is.
async fn follow(vcenter: &VCenter, host: &Host, occupant: &mut Option<Occupant>, machine: &Machine) -> Result<()> {
    if occupant.as_ref().is_none_or(|occupant| occupant.id != machine.id) {
        host.erase()?;
        let told = cloud_init::read(&machine.guest.metadata, &machine.guest.userdata)?;
        host.seed(&told.seed)?;
        *occupant = Some(Occupant {
            id: machine.id.clone(),
            boot: 0,
        });
    }
    let Some(occupant) = occupant else { return Ok(()) };
    if machine.power != "poweredOn" {
        return host.power_off();
    }
    if occupant.boot == machine.guest.boots {
        return Ok(());
    }
    host.power_off()?;
    host.power_on()
        .await
        .with_context(|| format!("boot {}", machine.name))?;
    vcenter.guest_is_up(machine).await?;
    occupant.boot = machine.guest.boots;
    Ok(())
}

impl Troubles {
    /// What has gone wrong and not well since.
    pub(super) fn all(&self) -> Vec<String> {
        let troubles = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        troubles
            .iter()
            .map(|(host, trouble)| format!("{host}: {trouble}"))
            .collect()
    }

    fn note(&self, host: &Host, done: Result<()>) {
        let mut troubles = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match done {
            Ok(()) => troubles.remove(&host.name()),
            Err(error) => troubles.insert(host.name(), format!("{error:#}")),
        };
    }
}
