//! `cht_k3s_cluster`: the servers of a k3s cluster.
//!
//! - [`model`] has the attributes, [`checks`] their rules.

use tf_framework::ImportBy;
use tf_framework::context::Context;
use tf_framework::diagnostics::Diagnostics;
use tf_framework::resource::{Draft, Plan, Resource};

use crate::k3s::cluster::model::{ClusterIdentity, ClusterModel};
use crate::provider::Clients;

mod checks;
mod decided_once;
#[cfg(test)]
mod fixtures;
mod model;
mod outputs;
mod plan;
mod spec;
mod validate;

/// Manages the servers of one k3s cluster.
#[derive(Debug)]
pub struct ClusterResource;

impl Resource for ClusterResource {
    type Model = ClusterModel;
    type Clients = Clients;
    type Private = ();
    type Identity = ClusterIdentity;

    const TYPE_NAME: &'static str = "cht_k3s_cluster";

    fn validate(&self, config: &Draft<Self>, diagnostics: &mut Diagnostics) {
        validate::validate(config, diagnostics);
    }

    async fn modify_plan(&self, cx: &Context<Self>, plan: &mut Plan<'_, '_, Self>) -> Result<(), Diagnostics> {
        plan::show_outcome(plan);
        plan::check(plan)?;
        plan::warn(cx, plan);
        Ok(())
    }

    async fn create(&self, _: &Context<Self>, _: ClusterModel) -> Result<ClusterModel, Diagnostics> {
        Err(Diagnostics::error(
            "Unable to make the k3s cluster",
            "It cannot be made yet.",
        ))
    }

    async fn read(&self, _: &Context<Self>, state: ClusterModel) -> Result<Option<ClusterModel>, Diagnostics> {
        Ok(Some(state))
    }

    async fn update(
        &self,
        _: &Context<Self>,
        prior: ClusterModel,
        _: ClusterModel,
    ) -> Result<ClusterModel, Diagnostics> {
        Ok(prior)
    }

    async fn delete(&self, _: &Context<Self>, _: ClusterModel) -> Result<(), Diagnostics> {
        Ok(())
    }

    async fn import(&self, _: &Context<Self>, _: ImportBy<ClusterIdentity>) -> Result<ClusterModel, Diagnostics> {
        Err(Diagnostics::error(
            "No k3s cluster to import",
            "It cannot be imported yet.",
        ))
    }
}
