//! Brings a machine to what is wanted, whatever it is now: the same for a creation, for one that was interrupted, and
//! for a change.

use std::collections::BTreeMap;

use secrecy::SecretString;
use tf_framework::context::{Backoff, Progress};
use tf_framework::diagnostics::{Diagnostic, Diagnostics};

use super::super::machine::config::ConfigSpec;
use super::super::machine::{Machine, PowerState};
use super::super::reference::Reference;
use super::cards;
use super::disks::{DiskChanges, Disks};
use super::mark;
use super::metadata;
use super::model::{DataDisk, VirtualMachineModel};
use super::placement::Placement;
use super::removal;
use super::shape::Shape;
use super::tags;
use super::tasks::Tasks;

/// The setting that says what the guest was told last.
const TOLD: &str = "cht.told";

/// What a guest is still to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Telling {
    Nothing,
    /// What it knows from somebody else, of which only is noted that it does.
    Known,
    New,
}

/// Work on one machine.
pub(super) struct Work<'a> {
    pub(super) tasks: Tasks<'a>,
    /// What is wanted.
    pub(super) model: &'a VirtualMachineModel,
    /// What there was; none while it is created.
    pub(super) prior: Option<&'a VirtualMachineModel>,
    pub(super) placement: &'a Placement,
}

impl Work<'_> {
    /// Brings the machine to what is wanted, and answers what it is then.
    pub(super) async fn converge(&self, object: &Reference) -> Result<Machine, Diagnostics> {
        let machine = self.tasks.look(object).await?;
        self.check_question(&machine)?;
        let machine = self.resume(machine).await?;
        self.move_to_place(&machine).await?;
        let reasons = self.reasons(&machine);
        if machine.power == PowerState::On && !reasons.is_empty() {
            self.may_power_off(&reasons)?;
            self.tasks.power_off(&machine, self.model.shutdown_limit()).await?;
        }
        let machine = self.tasks.look(object).await?;
        let disks = self.disks(&machine);
        removal::warn_of_kept(self.tasks, &machine, &disks.kept);
        let spec = self.spec(&machine, disks);
        if !spec.is_empty() {
            let what = format!("the settings of {}", machine.name);
            self.tasks
                .run(&what, || self.tasks.vcenter.reconfigure(object, &spec))
                .await?;
        }
        let machine = self.tasks.look(object).await?;
        self.tell_guest(&machine).await?;
        let before = self.prior.and_then(|prior| prior.tags.as_ref());
        tags::converge(self.tasks, (before, self.model.tags.as_ref()), &machine).await?;
        if machine.power == PowerState::On {
            return Ok(machine);
        }
        let shape = Shape::of_machine(&machine, &BTreeMap::new());
        if let Some(version) = shape.wanted_hardware(&Shape::of_model(self.model)) {
            let what = format!("the virtual hardware of {} to have version {version}", machine.name);
            self.tasks
                .run(&what, || self.tasks.vcenter.upgrade_hardware(object, version))
                .await?;
        }
        self.join_rule(&machine).await?;
        let what = format!("{} to be powered on", machine.name);
        self.tasks.run(&what, || self.tasks.vcenter.power_on(object)).await?;
        self.tasks.look(object).await
    }

    /// Waits until the guest has an address, if that is wanted.
    pub(super) async fn wait_for_address(&self, object: &Reference) -> Result<Machine, Diagnostics> {
        let what = format!("the guest of {} to tell its address", self.model.name);
        let configured = self.model.first_address();
        self.tasks
            .cx
            .wait(&what, Backoff::QUICK, || async {
                let machine = self.tasks.look(object).await?;
                self.check_question(&machine)?;
                let addresses = machine.guest.addresses(&machine.macs());
                let is_there = match configured {
                    Some(address) => addresses.contains(&address),
                    None => !addresses.is_empty(),
                };
                if is_there || !self.model.wait_for_address {
                    return Ok(Progress::Ready(machine));
                }
                Ok::<_, Diagnostics>(Progress::Pending(format!(
                    "{}. Guests tell nothing without open-vm-tools, and have no address where cloud-init does not heed what VMware \
                     tells it. {}",
                    machine.guest.describe(),
                    cards::connection(&machine.devices)
                )))
            })
            .await
    }

    /// Lets a machine go on that is suspended: as long as it is, a vCenter takes no change of it, and its guest cannot
    /// be shut down.
    async fn resume(&self, machine: Machine) -> Result<Machine, Diagnostics> {
        if machine.power != PowerState::Suspended {
            return Ok(machine);
        }
        let what = format!("{} to go on", machine.name);
        let object = &machine.object;
        self.tasks.run(&what, || self.tasks.vcenter.power_on(object)).await?;
        self.tasks.look(object).await
    }

    /// Why the machine has to be off for what is wanted.
    fn reasons(&self, machine: &Machine) -> Vec<String> {
        let wanted = Shape::of_model(self.model);
        let is = Shape::of_machine(machine, &self.managed_settings());
        let mut reasons = is.reasons_to_power_off(&wanted);
        if machine.setting(TOLD).is_some() && self.to_be_told(machine) == Telling::New {
            reasons.push(cards::RESTART.to_owned());
        }
        reasons
    }

    fn may_power_off(&self, reasons: &[String]) -> Result<(), Diagnostics> {
        if self.model.allow_power_cycle {
            return Ok(());
        }
        Err(refused_power_cycle(reasons))
    }

    /// What differs of its disks.
    fn disks(&self, machine: &Machine) -> DiskChanges {
        let nothing = BTreeMap::<String, DataDisk>::new();
        let before = self.prior.and_then(|prior| prior.data_disks.as_ref());
        Disks::of(machine).changes(machine, self.model, before.unwrap_or(&nothing))
    }

    /// What differs from what is wanted, as one change of the settings.
    fn spec(&self, machine: &Machine, disks: DiskChanges) -> ConfigSpec {
        let wanted = self.model;
        let differing = |is: &str, wanted: &str| (is != wanted).then(|| wanted.to_owned());
        let mut devices = disks.devices;
        let counted = self.prior.map_or(usize::MAX, |prior| prior.network_interfaces.len());
        devices.extend(cards::changes(
            &machine.devices,
            wanted,
            &self.placement.networks,
            counted,
        ));
        let mut extra: BTreeMap<String, SecretString> = BTreeMap::new();
        extra.extend(disks.notes.into_iter().map(|(key, value)| (key, value.into())));
        for (key, value) in self.managed_settings() {
            if machine.setting(&key).unwrap_or_default() != value {
                extra.insert(key, value.into());
            }
        }
        ConfigSpec {
            name: differing(&machine.name, &wanted.name),
            annotation: differing(&machine.annotation, &wanted.annotation),
            disk_uuid: (machine.disk_uuid != wanted.disk_uuid).then_some(wanted.disk_uuid),
            cpus: (machine.cpus != wanted.cpus).then_some(wanted.cpus),
            cores_per_socket: (machine.cores_per_socket != wanted.cores_per_socket).then_some(wanted.cores_per_socket),
            memory_mib: (machine.memory_mib != wanted.memory_mib).then_some(wanted.memory_mib),
            memory_hot_add: (machine.memory_hot_add != wanted.memory_hot_add).then_some(wanted.memory_hot_add),
            cpu_hot_add: (machine.cpu_hot_add != wanted.cpu_hot_add).then_some(wanted.cpu_hot_add),
            devices,
            memory_reservation_mib: (machine.memory_reservation_mib != wanted.memory_reservation_mib)
                .then_some(wanted.memory_reservation_mib),
            extra,
            ..ConfigSpec::default()
        }
    }

    /// The settings that are wanted; those that are wanted no more have an empty text, which removes them.
    fn managed_settings(&self) -> BTreeMap<String, String> {
        let before = self.prior.and_then(|prior| prior.extra_config.as_ref());
        let mut settings: BTreeMap<String, String> = before
            .into_iter()
            .flat_map(BTreeMap::keys)
            .map(|key| (key.clone(), String::new()))
            .collect();
        settings.extend(self.model.extra_config.clone().unwrap_or_default());
        settings
    }

    /// Tells cloud-init in the guest what it does not know yet. It reads it when it starts.
    async fn tell_guest(&self, machine: &Machine) -> Result<(), Diagnostics> {
        let mut extra = match self.to_be_told(machine) {
            Telling::Nothing => return Ok(()),
            Telling::Known => BTreeMap::new(),
            Telling::New => metadata::settings(self.model, &machine.instance_uuid, &machine.macs()),
        };
        extra.insert(TOLD.to_owned(), self.telling(machine).into());
        let spec = ConfigSpec {
            extra,
            ..ConfigSpec::default()
        };
        let what = format!("the guest of {} to be told its network", machine.name);
        let told = self
            .tasks
            .run(&what, || self.tasks.vcenter.reconfigure(&machine.object, &spec));
        told.await.map(|_| ())
    }

    /// What is still to be told. The guest of a machine that was imported has its network already: to tell it the same
    /// in other words would make it start as if it were a new one.
    fn to_be_told(&self, machine: &Machine) -> Telling {
        match machine.setting(TOLD) {
            Some(told) if told == self.telling(machine) => Telling::Nothing,
            None if self.prior.is_some_and(VirtualMachineModel::is_imported) => Telling::Known,
            Some(_) | None => Telling::New,
        }
    }

    /// What the guest is told, in short.
    fn telling(&self, machine: &Machine) -> String {
        mark::short(&metadata::metadata(self.model, &machine.instance_uuid, &machine.macs()).to_string())
    }

    /// Moves the machine into its folder and its resource pool.
    async fn move_to_place(&self, machine: &Machine) -> Result<(), Diagnostics> {
        let object = &machine.object;
        if machine
            .folder
            .as_ref()
            .is_some_and(|folder| *folder != self.placement.folder)
        {
            let what = format!("{} to be in its folder", machine.name);
            self.tasks
                .run(&what, || self.tasks.vcenter.move_into(&self.placement.folder, object))
                .await?;
        }
        let is_elsewhere = machine.pool.as_ref().is_some_and(|pool| *pool != self.placement.pool);
        // A vCenter with DRS moves machines between pools of a cluster only when somebody asks it to.
        if is_elsewhere && self.model.resource_pool.is_some() {
            let what = format!("{} to be in its resource pool", machine.name);
            self.tasks
                .run(&what, || self.tasks.vcenter.move_to_pool(object, &self.placement.pool))
                .await?;
        }
        Ok(())
    }

    fn check_question(&self, machine: &Machine) -> Result<(), Diagnostics> {
        match &machine.question {
            None => Ok(()),
            Some(question) => Err(Diagnostics::error(
                "Virtual machine waits for an answer",
                format!(
                    "The vCenter asks of {}: {question}\n\nAnswer it there, and apply again.",
                    machine.name
                ),
            )),
        }
    }
}

/// Refuses a change that would shut the machine down.
pub(super) fn refused_power_cycle(reasons: &[String]) -> Diagnostics {
    let detail = format!(
        "The machine would be shut down, as {}.\n\nSet `allow_power_cycle = true` when it may be, or leave out the change.",
        reasons.join(", and as ")
    );
    Diagnostic::error("Virtual machine must not be shut down", detail)
        .at(VirtualMachineModel::ALLOW_POWER_CYCLE)
        .into()
}
