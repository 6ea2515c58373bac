//! A provider that is served as any other, by way of the whole framework, with operations that wait for each other.

use std::sync::Arc;

use tf_framework::context::Context;
use tf_framework::diagnostics::Diagnostics;
use tf_framework::model::Empty;
use tf_framework::provider::{Provider, ResourceEntry};
use tf_framework::resource::Resource;
use tf_framework::schema::Schema;
use tf_framework::types::Type;
use tf_framework::value::Value;
use tf_framework::wire::msgpack;
use tf_framework::{Attr, ImportBy, Model, NoIdentity};
use tfplugin::tfplugin6::DynamicValue;
use tokio::sync::Barrier;

/// All creations that are to be open at once, and the test.
pub(crate) struct Things {
    barrier: Arc<Barrier>,
    description: String,
}

impl Things {
    /// Creations meet at the barrier twice: when they have begun, and before they end.
    pub(crate) fn meeting_at(barrier: Arc<Barrier>) -> Self {
        let description = "Things.".to_owned();
        Things { barrier, description }
    }

    /// The schema has a description of that length.
    pub(crate) fn described_at(length: usize) -> Self {
        Things {
            barrier: Arc::new(Barrier::new(1)),
            description: "x".repeat(length),
        }
    }
}

impl Provider for Things {
    type Model = Empty;
    type Clients = ();

    const NAME: &'static str = "test";
    const ADDRESS: &'static str = "registry.terraform.io/medic/test";

    fn schema(&self) -> Schema {
        Schema {
            description: self.description.clone(),
            ..Empty::schema()
        }
    }

    async fn configure(&self, _: Empty) -> Result<(), Diagnostics> {
        Ok(())
    }

    fn resources(&self) -> Vec<ResourceEntry<()>> {
        vec![ResourceEntry::new(Thing {
            barrier: Arc::clone(&self.barrier),
        })]
    }
}

/// A thing.
#[derive(Model)]
pub(crate) struct ThingModel {
    /// What is in it.
    content: String,
    /// Its id.
    id: Attr<String>,
}

struct Thing {
    barrier: Arc<Barrier>,
}

impl Resource for Thing {
    type Model = ThingModel;
    type Clients = ();
    type Identity = NoIdentity;
    type Private = ();

    const TYPE_NAME: &'static str = "test_thing";

    async fn create(&self, _: &Context<Self>, mut plan: ThingModel) -> Result<ThingModel, Diagnostics> {
        self.barrier.wait().await;
        self.barrier.wait().await;
        plan.id = Attr::Known("thing".to_owned());
        Ok(plan)
    }

    async fn read(&self, _: &Context<Self>, state: ThingModel) -> Result<Option<ThingModel>, Diagnostics> {
        Ok(Some(state))
    }

    async fn update(&self, _: &Context<Self>, _: ThingModel, plan: ThingModel) -> Result<ThingModel, Diagnostics> {
        Ok(plan)
    }

    async fn delete(&self, _: &Context<Self>, _: ThingModel) -> Result<(), Diagnostics> {
        Ok(())
    }

    async fn import(&self, _: &Context<Self>, by: ImportBy<NoIdentity>) -> Result<ThingModel, Diagnostics> {
        let ImportBy::Id(id) = by;
        Ok(ThingModel {
            content: String::new(),
            id: Attr::Known(id),
        })
    }
}

/// A thing on the wire.
pub(crate) fn thing(content: &str, id: Value) -> Option<DynamicValue> {
    packed(&Value::object([("content", content.into()), ("id", id)]))
}

/// No thing on the wire.
pub(crate) fn nothing() -> Option<DynamicValue> {
    packed(&Value::Null)
}

/// The configuration of the provider on the wire.
pub(crate) fn configuration() -> Option<DynamicValue> {
    let msgpack = msgpack::encode(&Value::object::<String>([]), &Type::Object([].into())).unwrap();
    Some(DynamicValue {
        msgpack: msgpack.into(),
        ..Default::default()
    })
}

fn packed(value: &Value) -> Option<DynamicValue> {
    Some(DynamicValue {
        msgpack: msgpack::encode(value, &ThingModel::schema().value_type())
            .unwrap()
            .into(),
        ..Default::default()
    })
}
