//! Which vCenter a resource is in whose ids mean something there only.
//!
//! A vCenter that was set up anew gives the same ids to other roles, so its own id is kept beside the state.

use serde::{Deserialize, Serialize};
use tf_framework::context::Context;
use tf_framework::diagnostics::Diagnostics;
use tf_framework::resource::Resource;

use super::diagnostics::explained;
use super::vcenter::VCenter;
use crate::provider::Clients;

const SUMMARY: &str = "Unable to ask the vCenter who it is";

/// What is kept beside a state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InVCenter {
    /// The vCenter's own id; empty if nothing was kept.
    vcenter: String,
}

impl InVCenter {
    /// The one that is called.
    pub(super) async fn of(vcenter: &VCenter) -> Result<Self, Diagnostics> {
        let service = vcenter.service().await.map_err(explained(SUMMARY))?;
        Ok(InVCenter {
            vcenter: service.instance_uuid,
        })
    }

    /// Refuses to go on in another vCenter than the one that was kept.
    pub(super) async fn check(&self, vcenter: &VCenter) -> Result<(), Diagnostics> {
        let kept = &self.vcenter;
        let is = Self::of(vcenter).await?.vcenter;
        if kept.is_empty() || *kept == is {
            return Ok(());
        }
        Err(Diagnostics::error(
            "Another vCenter",
            format!(
                "The state is about the vCenter with the id {kept}, and {} has the id {is}: what has the same id there is something \
                 else.\n\nGive the right `vsphere.server` in the provider block. If the vCenter was set up anew, take the resource out of \
                 the state with `tofu state rm`, and import it or apply again.",
                vcenter.server()
            ),
        ))
    }
}

/// Keeps which vCenter it is.
pub(super) async fn keep<R>(cx: &Context<R>, vcenter: &VCenter) -> Result<(), Diagnostics>
where
    R: Resource<Clients = Clients, Private = InVCenter>,
{
    cx.set_private(&InVCenter::of(vcenter).await?)
}

/// Refuses to go on in another vCenter than the one that was kept.
pub(super) async fn check<R>(cx: &Context<R>, vcenter: &VCenter) -> Result<(), Diagnostics>
where
    R: Resource<Clients = Clients, Private = InVCenter>,
{
    cx.private()?.check(vcenter).await
}
