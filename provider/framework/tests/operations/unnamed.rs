//! A resource that nothing names but its own attributes: without an identity, and with a state that grew older.

use tf_framework::context::Context;
use tf_framework::diagnostics::Diagnostics;
use tf_framework::resource::{Resource, Upgrade};
use tf_framework::value::Number;
use tf_framework::{ImportBy, Model, NoIdentity};

use crate::thing::Clients;

/// What has a weight and no name.
#[derive(Model)]
#[tf(version = 1)]
pub(crate) struct UnnamedModel {
    /// Its weight.
    pub(crate) weight: Number,
}

/// What had a weight in another attribute.
#[derive(Model)]
struct UnnamedModelV0 {
    /// Its weight.
    mass: Number,
}

pub(crate) struct Unnamed;

impl Resource for Unnamed {
    type Model = UnnamedModel;
    type Clients = Clients;
    type Private = ();
    type Identity = NoIdentity;

    const TYPE_NAME: &'static str = "test_unnamed";

    async fn create(&self, _: &Context<Self>, plan: UnnamedModel) -> Result<UnnamedModel, Diagnostics> {
        Ok(plan)
    }

    async fn read(&self, _: &Context<Self>, state: UnnamedModel) -> Result<Option<UnnamedModel>, Diagnostics> {
        Ok(Some(state))
    }

    async fn update(
        &self,
        _: &Context<Self>,
        _: UnnamedModel,
        plan: UnnamedModel,
    ) -> Result<UnnamedModel, Diagnostics> {
        Ok(plan)
    }

    async fn delete(&self, _: &Context<Self>, _: UnnamedModel) -> Result<(), Diagnostics> {
        Ok(())
    }

    async fn import(&self, _: &Context<Self>, by: ImportBy<NoIdentity>) -> Result<UnnamedModel, Diagnostics> {
        let ImportBy::Id(id) = by;
        let weight = id
            .parse()
            .map_err(|_| Diagnostics::error("Not a weight", "The id is a number."))?;
        Ok(UnnamedModel { weight })
    }

    fn upgrades(&self) -> Vec<Upgrade<UnnamedModel>> {
        vec![Upgrade::new(|old: UnnamedModelV0| {
            Ok(UnnamedModel { weight: old.mass })
        })]
    }
}
