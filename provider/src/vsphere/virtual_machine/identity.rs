//! Which machine of the vCenter is the one of a configuration or a state.
//!
//! A machine gets an instance UUID that follows from the vCenter, its folder and its name. So a creation of which
//! nothing was saved is found again by the next, which asks its [`mark`] whether it may go on with it.

use aws_lc_rs::digest::{SHA256, digest};
use tf_framework::diagnostics::{Diagnostic, Diagnostics};

use super::super::diagnostics::explained;
use super::super::inventory::Kind;
use super::super::machine::config::{CloneSpec, ConfigSpec};
use super::super::machine::{Machine, Uuid};
use super::super::reference::Reference;
use super::super::vcenter::VCenter;
use super::mark::{self, Mark};
use super::model::VirtualMachineModel;
use super::steps::Work;
use super::tasks::Tasks;

const SUMMARY: &str = "Unable to create the virtual machine";

/// What the settings begin with that this provider notes at machines.
const NOTES: &str = "cht.";

/// The machine of a state; none if it is certain that it is gone.
pub(super) async fn find(vcenter: &VCenter, state: &VirtualMachineModel) -> Result<Option<Machine>, Diagnostics> {
    let explain = explained("Unable to read the virtual machine");
    let instance_uuid = state.instance_uuid.known().cloned().unwrap_or_default();
    if let Some(moid) = state.moid.known() {
        let object = Reference::new("VirtualMachine", moid);
        let machine = vcenter.machine(&object).await.map_err(&explain)?;
        // A vCenter that was set up anew gives the same ids to other machines.
        if let Some(machine) = machine.filter(|machine| machine.instance_uuid == instance_uuid) {
            return Ok(Some(machine));
        }
    }
    // A machine that was registered anew has another id.
    let object = vcenter
        .machine_by_uuid(None, Uuid::Instance(&instance_uuid))
        .await
        .map_err(&explain)?;
    match object {
        Some(object) => vcenter.machine(&object).await.map_err(&explain),
        None => Ok(None),
    }
}

/// The machine that an inventory path, an instance UUID or an id names.
pub(super) async fn named(vcenter: &VCenter, given: &str) -> Result<Reference, Diagnostics> {
    let explain = explained("Unable to import the virtual machine");
    if given.starts_with("vm-") {
        return Ok(Reference::new("VirtualMachine", given));
    }
    if given.contains('/') {
        let found = vcenter
            .find(Kind::VirtualMachine, None, given)
            .await
            .map_err(&explain)?;
        return Ok(found.object);
    }
    let found = vcenter
        .machine_by_uuid(None, Uuid::Instance(given))
        .await
        .map_err(&explain)?;
    found.ok_or_else(|| nothing_there(given))
}

/// Says how a machine is named.
pub(super) fn nothing_there(given: &str) -> Diagnostics {
    Diagnostics::error(
        "No virtual machine to import",
        format!(
            "The vCenter has no virtual machine `{given}`. Give its inventory path, such as `/Nairobi/vm/cht/node-1`, its instance UUID, or \
             its id, such as `vm-42`."
        ),
    )
}

impl Work<'_> {
    /// The machine that an earlier try has made, or a new one, which is off.
    pub(super) async fn find_or_clone(&self) -> Result<Machine, Diagnostics> {
        let vcenter = self.tasks.vcenter;
        let explain = explained(SUMMARY);
        let service = vcenter.service().await.map_err(&explain)?;
        let uuid = instance_uuid(&service.instance_uuid, &self.placement.folder, &self.model.name);
        let found = vcenter
            .machine_by_uuid(None, Uuid::Instance(&uuid))
            .await
            .map_err(&explain)?;
        if let Some(object) = found {
            let machine = self.tasks.look(&object).await?;
            let mark = machine.setting(mark::SETTING).and_then(Mark::read);
            if !mark.as_ref().is_some_and(|mark| mark.is_of(self.model)) {
                return Err(mark::taken(&self.model.name, mark.as_ref()));
            }
            self.tell_of_taking(&machine, mark.is_some_and(|mark| mark.is_finished));
            return Ok(machine);
        }
        self.clone_template(&uuid).await
    }

    async fn clone_template(&self, uuid: &str) -> Result<Machine, Diagnostics> {
        let vcenter = self.tasks.vcenter;
        let template = self.placement.template(vcenter, self.model).await?;
        let original = vcenter.machine(&template.object).await.map_err(explained(SUMMARY))?;
        // Notes of a machine that the template was once are not this one's.
        let notes = original.iter().flat_map(|original| original.extra.keys());
        let notes = notes
            .filter(|key| key.starts_with(NOTES))
            .map(|key| (key.clone(), String::new().into()));
        let mark = Mark::begun(self.model).to_string();
        let config = ConfigSpec {
            instance_uuid: Some(uuid.to_owned()),
            extra: notes.chain([(mark::SETTING.to_owned(), mark.into())]).collect(),
            without_vapp: true,
            ..ConfigSpec::default()
        };
        let spec = CloneSpec {
            template: &template.object,
            folder: &self.placement.folder,
            name: &self.model.name,
            datastore: self.placement.datastore.as_ref().map(|datastore| &datastore.object),
            pool: &self.placement.pool,
            config: &config,
        };
        let turn = vcenter.turn_to_clone().await.map_err(explained(SUMMARY))?;
        let what = format!("{} to be cloned from {}", self.model.name, template.name);
        let made = self.tasks.run(&what, || vcenter.clone_machine(&spec)).await?;
        drop(turn);
        let lost = || {
            Diagnostics::error(
                SUMMARY,
                "The vCenter does not say which machine it has made. Apply again.",
            )
        };
        self.tasks.look(&made.ok_or_else(lost)?).await
    }

    fn tell_of_taking(&self, machine: &Machine, is_finished: bool) {
        if !is_finished {
            tracing::info!(machine = machine.name, "going on with a creation that was not finished");
            return;
        }
        let detail = format!(
            "{} was made by an earlier apply of this configuration, of which nothing was saved, and is taken as it is.",
            machine.name
        );
        self.tasks
            .cx
            .warn(Diagnostic::warning("Virtual machine is there already", detail).at(VirtualMachineModel::NAME));
    }

    /// Notes that the creation is finished, if it was one.
    pub(super) async fn note_finished(&self, machine: &Machine) -> Result<(), Diagnostics> {
        match machine.setting(mark::SETTING).and_then(Mark::read) {
            Some(mark) => self.tasks.note(machine, &mark.finished().to_string()).await,
            None => Ok(()),
        }
    }
}

impl Tasks<'_> {
    /// Takes the note of the creation away, as a state has the machine now. Where that is not possible, as in a plan by
    /// somebody who may only read, the note stays for the next time.
    pub(super) async fn note_saved(self, machine: &Machine) {
        let mark = machine.setting(mark::SETTING).and_then(Mark::read);
        if mark.is_some_and(|mark| mark.is_finished)
            && let Err(error) = self.note(machine, "").await
        {
            tracing::info!(
                machine = machine.name,
                ?error,
                "it could not be noted that a creation was saved"
            );
        }
    }

    async fn note(self, machine: &Machine, note: &str) -> Result<(), Diagnostics> {
        let spec = ConfigSpec {
            extra: [(mark::SETTING.to_owned(), note.to_owned().into())].into(),
            ..ConfigSpec::default()
        };
        let what = format!("a note at {}", machine.name);
        self.run(&what, || self.vcenter.reconfigure(&machine.object, &spec))
            .await
            .map(|_| ())
    }
}

/// The instance UUID of a machine: the same at each try. It is of version 8, which leaves the bits to its maker.
fn instance_uuid(vcenter: &str, folder: &Reference, name: &str) -> String {
    let text = format!("terraform-provider-cht\n{vcenter}\n{}\n{name}", folder.id);
    let mut bytes = [0; 16];
    for (byte, hashed) in bytes.iter_mut().zip(digest(&SHA256, text.as_bytes()).as_ref()) {
        *byte = *hashed;
    }
    uuid::Builder::from_custom_bytes(bytes).into_uuid().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instance_uuid_is_the_same_at_each_try_and_differs_between_machines() {
        let folder = Reference::new("Folder", "group-v3");
        let uuid = instance_uuid("vc", &folder, "node-1");
        assert_eq!(uuid, instance_uuid("vc", &folder, "node-1"));
        assert_eq!(uuid.parse::<uuid::Uuid>().unwrap().get_version_num(), 8);
        assert_ne!(uuid, instance_uuid("vc", &folder, "node-2"));
        assert_ne!(uuid, instance_uuid("vc2", &folder, "node-1"));
    }
}
