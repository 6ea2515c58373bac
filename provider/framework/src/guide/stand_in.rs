// What examples of the guide share that are about attributes: a provider whose objects are in the state and nowhere
// else. It is no module of the crate; the examples include it.

use std::marker::PhantomData;

use tf_framework::context::Context;
use tf_framework::diagnostics::Diagnostics;
use tf_framework::model::Empty;
use tf_framework::provider::{Provider, ResourceEntry};
use tf_framework::resource::Resource;
use tf_framework::testing::Core;
use tf_framework::{ImportBy, Model, NoIdentity};

/// A model whose objects are in the state alone.
pub trait InState: Model {
    const TYPE_NAME: &'static str;

    /// The object with what creating it decides.
    fn made(self) -> Self;

    fn validate(_config: &Self::Draft, _diagnostics: &mut Diagnostics) {}
}

/// A core with one resource of that model.
pub fn core_for<M: InState>() -> Core<Example<M>> {
    Core::new(Example(PhantomData), M::TYPE_NAME)
}

pub struct Example<M>(PhantomData<fn() -> M>);

impl<M: InState> Provider for Example<M> {
    type Model = Empty;
    type Clients = ();

    const NAME: &'static str = "example";
    const ADDRESS: &'static str = "registry.opentofu.org/example/example";

    async fn configure(&self, _: Empty) -> Result<(), Diagnostics> {
        Ok(())
    }

    fn resources(&self) -> Vec<ResourceEntry<()>> {
        vec![ResourceEntry::new(Only::<M>(PhantomData))]
    }
}

struct Only<M>(PhantomData<fn() -> M>);

impl<M: InState> Resource for Only<M> {
    type Model = M;
    type Clients = ();
    type Private = ();
    type Identity = NoIdentity;

    const TYPE_NAME: &'static str = M::TYPE_NAME;

    fn validate(&self, config: &M::Draft, diagnostics: &mut Diagnostics) {
        M::validate(config, diagnostics);
    }

    async fn create(&self, _: &Context<Self>, plan: M) -> Result<M, Diagnostics> {
        Ok(plan.made())
    }

    async fn read(&self, _: &Context<Self>, state: M) -> Result<Option<M>, Diagnostics> {
        Ok(Some(state))
    }

    async fn update(&self, _: &Context<Self>, _: M, plan: M) -> Result<M, Diagnostics> {
        Ok(plan.made())
    }

    async fn delete(&self, _: &Context<Self>, _: M) -> Result<(), Diagnostics> {
        Ok(())
    }

    async fn import(&self, _: &Context<Self>, _: ImportBy<NoIdentity>) -> Result<M, Diagnostics> {
        Err(Diagnostics::error("Nothing to import", "The object is in the state alone."))
    }
}
