//! `cht_vsphere_virtual_machine`: one machine, cloned from a template.
//!
//! - [`model`] has the attributes, [`plan`] what a plan refuses and shows, `trial` what the vCenter says to a new one,
//!   `privileges` what its user may not do.
//! - `claims` is what machines of one run take from each other.
//! - [`placement`] finds what is named, [`identity`] the machine that an earlier try has made,
//!   by its [`mark`].
//! - [`steps`] brings a machine to what is wanted, `apart` into its rule, `tags` has its tags, [`removal`] takes it
//!   away.
//! - Pure are [`shape`] (what needs the machine to be off), [`disks`] and [`cards`] (what is ours), and [`metadata`]
//!   (what the guest is told).
//!
//! The memory is in the vCenter: the instance UUID, which follows from name and folder, finds a machine again whose
//! creation was killed, and settings of the machine note which disks are ours.
//!
//! API: CloneVM_Task, ReconfigVM_Task, UpgradeVM_Task, PowerOnVM_Task, Destroy_Task; tagging/tag-association.
//! In place: nearly everything.
//! Replaced: template, cluster, datastore, host name, cloud-init.

mod address;
mod apart;
mod cards;
mod claims;
mod disks;
mod identity;
mod live;
mod mark;
mod metadata;
mod model;
mod placement;
mod plan;
mod privileges;
mod removal;
mod rules;
mod shape;
mod steps;
mod tags;
mod tasks;
#[cfg(test)]
mod tests;
mod trial;

use serde::{Deserialize, Serialize};
use tf_framework::ImportBy;
use tf_framework::context::Context;
use tf_framework::diagnostics::Diagnostics;
use tf_framework::resource::{Draft, Plan, Resource};

use self::model::{VirtualMachineIdentity, VirtualMachineModel};
use self::placement::{Meant, Placement};
use self::steps::Work;
use self::tasks::Tasks;
use super::diagnostics::explained;
use super::reference::Reference;
use super::which_vcenter::InVCenter;
use crate::provider::Clients;

pub(crate) use self::claims::Claims;

/// Manages one machine.
#[derive(Debug)]
pub struct VirtualMachineResource;

/// What is kept beside a state.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Private {
    #[serde(default)]
    in_vcenter: InVCenter,
    meant: Meant,
    /// The name that the guest has, whatever becomes of the machine's; none if it was imported.
    guest_name: Option<String>,
}

impl Resource for VirtualMachineResource {
    type Model = VirtualMachineModel;
    type Clients = Clients;
    type Private = Private;
    type Identity = VirtualMachineIdentity;

    const TYPE_NAME: &'static str = "cht_vsphere_virtual_machine";

    fn validate(&self, config: &Draft<Self>, diagnostics: &mut Diagnostics) {
        plan::validate(config, diagnostics);
    }

    async fn modify_plan(&self, cx: &Context<Self>, plan: &mut Plan<'_, '_, Self>) -> Result<(), Diagnostics> {
        plan::check(cx, plan)?;
        plan::show_outcome(plan)?;
        plan::warn(cx, plan);
        cx.clients().machines().of_plan(cx, plan)?;
        trial::try_in_vcenter(cx, plan).await
    }

    async fn create(&self, cx: &Context<Self>, plan: VirtualMachineModel) -> Result<VirtualMachineModel, Diagnostics> {
        let vcenter = Clients::vcenter(cx).await?;
        let placement = Placement::find(&vcenter, &plan).await?;
        let work = Work {
            tasks: Tasks { cx, vcenter: &vcenter },
            model: &plan,
            prior: None,
            placement: &placement,
        };
        let machine = work.find_or_clone().await?;
        cx.set_private(&Private {
            in_vcenter: InVCenter::of(&vcenter).await?,
            ..Private::default()
        })?;
        let begun = plan.clone().identified(&machine);
        cx.checkpoint(&begun);
        work.converge(&machine.object).await?;
        let machine = work.wait_for_address(&machine.object).await?;
        let made = begun.identified(&machine).observed(&machine);
        cx.set_private(&Private {
            in_vcenter: InVCenter::of(&vcenter).await?,
            meant: placement.meant(),
            guest_name: Some(plan.guest_name().to_owned()),
        })?;
        cx.checkpoint(&made);
        // Until a state is known to have it, the same creation may find it again.
        work.note_finished(&machine).await?;
        Ok(made)
    }

    async fn read(
        &self,
        cx: &Context<Self>,
        state: VirtualMachineModel,
    ) -> Result<Option<VirtualMachineModel>, Diagnostics> {
        let vcenter = Clients::vcenter(cx).await?;
        let private = cx.private()?;
        private.in_vcenter.check(&vcenter).await?;
        let Some(machine) = identity::find(&vcenter, &state).await? else {
            return Ok(None);
        };
        let tasks = Tasks { cx, vcenter: &vcenter };
        tasks.note_saved(&machine).await;
        cx.clients().machines().know(&machine.object);
        state.refreshed(&vcenter, &machine, &private.meant).await.map(Some)
    }

    async fn update(
        &self,
        cx: &Context<Self>,
        prior: VirtualMachineModel,
        plan: VirtualMachineModel,
    ) -> Result<VirtualMachineModel, Diagnostics> {
        let vcenter = Clients::vcenter(cx).await?;
        cx.private()?.in_vcenter.check(&vcenter).await?;
        let placement = Placement::find(&vcenter, &plan).await?;
        let work = Work {
            tasks: Tasks { cx, vcenter: &vcenter },
            model: &plan,
            prior: Some(&prior),
            placement: &placement,
        };
        let object = prior.object()?;
        work.converge(&object).await?;
        let machine = work.wait_for_address(&object).await?;
        cx.set_private(&Private {
            in_vcenter: InVCenter::of(&vcenter).await?,
            meant: placement.meant(),
            guest_name: Some(plan.guest_name().to_owned()),
        })?;
        work.note_finished(&machine).await?;
        work.tasks.note_saved(&work.tasks.look(&object).await?).await;
        Ok(plan.clone().identified(&machine).observed(&machine))
    }

    async fn delete(&self, cx: &Context<Self>, state: VirtualMachineModel) -> Result<(), Diagnostics> {
        let vcenter = Clients::vcenter(cx).await?;
        cx.private()?.in_vcenter.check(&vcenter).await?;
        let Some(machine) = identity::find(&vcenter, &state).await? else {
            return Ok(());
        };
        let tasks = Tasks { cx, vcenter: &vcenter };
        removal::remove(tasks, &state, &machine.object).await
    }

    async fn import(
        &self,
        cx: &Context<Self>,
        by: ImportBy<VirtualMachineIdentity>,
    ) -> Result<VirtualMachineModel, Diagnostics> {
        let vcenter = Clients::vcenter(cx).await?;
        let object: Reference = match by {
            ImportBy::Id(id) => identity::named(&vcenter, &id).await?,
            ImportBy::Identity(identity) => identity::named(&vcenter, &identity.instance_uuid).await?,
        };
        let machine = vcenter
            .machine(&object)
            .await
            .map_err(explained("Unable to import the virtual machine"))?;
        let machine = machine.ok_or_else(|| identity::nothing_there(&object.id))?;
        cx.clients().machines().know(&machine.object);
        cx.set_private(&Private {
            in_vcenter: InVCenter::of(&vcenter).await?,
            ..Private::default()
        })?;
        VirtualMachineModel::imported(&vcenter, &machine).await
    }
}
