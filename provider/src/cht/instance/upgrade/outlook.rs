//! What the running application says to an upgrade that is planned, if it could be asked in the last refresh.

use tf_framework::context::Context;
use tf_framework::diagnostics::{Diagnostics, Severity};

use super::rivals;
use super::space::shortage;
use super::target::Target;
use crate::cht::instance::InstanceResource;
use crate::cht::instance::credentials::Known;
use crate::cht::instance::live::{self, application, secrets};
use crate::cht::instance::model::InstanceModel;
use crate::cht::upgrade::path::{Path, path};
use crate::kubernetes::Access;

/// Judges the room for an upgrade in a plan, and whether somebody has begun another one.
pub(in crate::cht::instance) async fn check(
    cx: &Context<InstanceResource>,
    access: &Access,
    model: &InstanceModel,
    prior: Option<&InstanceModel>,
) -> Result<(), Diagnostics> {
    let running = prior.and_then(|prior| prior.live_version.known()?.parse().ok());
    let target = Target::of(model).map(|target| target.version);
    let (Some(prior), Some(running), Some(target)) = (prior, running, target) else {
        return Ok(());
    };
    if path(&running, &target) == Path::None {
        return Ok(());
    }
    let found = live::find(access, &prior.namespace, &[prior]).await?;
    let live = secrets::credentials(&found, &prior.namespace);
    let credentials = live.or(Known::of(&prior.couchdb)).complete();
    let client = application::client(cx, access, model, credentials.as_ref())?;
    rivals::check(cx, &client, model, &target).await?;
    match shortage(access, &client, model, &target).await? {
        Some(error) if error.severity == Severity::Error => Err(error.into()),
        Some(warning) => {
            cx.warn(warning);
            Ok(())
        }
        None => Ok(()),
    }
}
