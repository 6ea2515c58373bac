//! The order in which an instance is changed, so that it stays usable for as long as possible.
//!
//! Nothing is saved on the way: until all of it is done the prior state stays, and the record tells the next plan that
//! there is something to do. So each step looks whether it is done already.

use tf_framework::context::Context;
use tf_framework::diagnostics::Diagnostics;

use crate::cht::instance::apply::converge::{Goal, check_ingress, converge};
use crate::cht::instance::apply::rotation::{self, Rotation};
use crate::cht::instance::apply::teardown::Transition;
use crate::cht::instance::credentials::{Credentials, Known};
use crate::cht::instance::live::{self, drift, secrets, volumes, which_cluster};
use crate::cht::instance::model::InstanceModel;
use crate::cht::instance::patience::Patience;
use crate::cht::instance::record::{Creation, Record, Stage};
use crate::cht::instance::upgrade::{self, Installed, Preparation, VersionChange};
use crate::cht::instance::{InstanceResource, adoption, claim};
use crate::kubernetes::{Access, Apply, Found};

/// Changes an instance from its prior state to the planned one, and finishes an unfinished creation.
pub(in crate::cht::instance) async fn update(
    cx: &Context<InstanceResource>,
    access: &Access,
    prior: InstanceModel,
    planned: InstanceModel,
) -> Result<InstanceModel, Diagnostics> {
    let found = live::find(access, &planned.namespace, &[&prior, &planned]).await?;
    let live = secrets::credentials(&found, &planned.namespace);
    which_cluster::same_instance(&prior, &live)?;
    check_ingress(cx, access, &planned, Some(&prior)).await?;
    let change = VersionChange {
        model: &planned,
        prior: &prior,
        found: &found,
    };
    change.refuse_downgrade(cx, access).await?;
    let found = adoption::take_over(cx, access, &[&prior, &planned], found).await?;
    let credentials = rotation::wanted(&prior, &planned, &live).or_generate();
    let stage = stage(&planned, &found);
    if stage != Stage::Creating {
        volumes::check_claims(&prior, &found)?;
    }
    let creation = claim::carried_on(cx, &planned.namespace, &found)?;
    let update = Update {
        access,
        prior: &prior,
        credentials: &credentials,
        stage,
        creation: &creation,
        found,
    };
    update.run(cx, planned, &live).await
}

/// How far the instance is: an unfinished creation or adoption is finished first.
fn stage(planned: &InstanceModel, found: &Found) -> Stage {
    match Record::find(found, &planned.namespace) {
        Some(record) if record.stage.is_creation() => record.stage,
        Some(record) if record.stage == Stage::Adopting => Stage::Adopting,
        None if planned.is_adopted() => Stage::Adopting,
        _ => Stage::Updating,
    }
}

/// What the steps of an update share.
struct Update<'a> {
    access: &'a Access,
    prior: &'a InstanceModel,
    credentials: &'a Credentials,
    stage: Stage,
    creation: &'a Creation,
    found: Found,
}

impl<'a> Update<'a> {
    /// Prepares the change, makes it, and removes what is not needed after it.
    async fn run(
        mut self,
        cx: &Context<InstanceResource>,
        planned: InstanceModel,
        live: &Known,
    ) -> Result<InstanceModel, Diagnostics> {
        let Update {
            access,
            prior,
            credentials,
            ..
        } = self;
        let patience = self.prepare(cx, &planned, live).await?;
        let transition = Transition {
            prior,
            model: &planned,
            credentials,
        };
        transition.free_volumes(cx, access, &self.found).await?;
        let found = std::mem::take(&mut self.found);
        let made = converge(cx, access, self.goal(planned, found, patience), |_| ()).await?;
        let transition = Transition {
            prior,
            model: &made,
            credentials,
        };
        transition.remove_obsolete(cx, access).await?;
        upgrade::next_line::report(cx, access, (prior, &made), credentials).await;
        Ok(made)
    }

    /// Changes the password and stages the version, if that is to be done, and answers how long the instance may take
    /// to start after that.
    async fn prepare(
        &self,
        cx: &Context<InstanceResource>,
        planned: &InstanceModel,
        live: &Known,
    ) -> Result<Patience, Diagnostics> {
        let Update {
            access,
            prior,
            credentials,
            found,
            ..
        } = self;
        if self.stage.is_creation() {
            live.agree_with(&Known::from((*credentials).clone()))?;
            // The data of an earlier instance may have to be indexed.
            return Ok(Installed::Cold.patience(planned));
        }
        if let Some(rotation) = Rotation::needed(prior, &credentials.admin_password, live, found) {
            rotation.run(cx, access).await?;
            if let Some(before) = upgrade::before(prior, planned, found) {
                // The services are locked out, and one of them is to prepare the upgrade.
                let patience = Patience::of_start(&before);
                converge(cx, access, self.goal(before, found.clone(), patience), |_| ()).await?;
            }
        }
        let preparation = Preparation {
            access,
            prior,
            model: planned,
            credentials,
            found,
        };
        let installed = preparation.run(cx).await?;
        Ok(installed.patience(planned))
    }

    fn goal(&self, model: InstanceModel, found: Found, patience: Patience) -> Goal<'a> {
        // The plan showed what was changed from outside, so taking it back has been approved.
        let how = if drift::was_found(self.prior) {
            Apply::Repair
        } else {
            Apply::Careful
        };
        Goal {
            model,
            credentials: self.credentials,
            stage: self.stage,
            creation: self.creation,
            how,
            found,
            patience,
        }
    }
}
