//! The object-safe side of [`Resource`]: models become values, futures become boxes.

use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;

use crate::context::{Context, Scope};
use crate::diagnostics::Diagnostics;
use crate::lifecycle::plan::Planning;
use crate::lifecycle::validate::{draft, refuse_null_elements};
use crate::model::{FromValue, ToValue};
use crate::resource::{Draft, Plan, Resource};
use crate::schema::Schema;
use crate::value::Value;

/// What a resource is to do.
pub(crate) enum Operation {
    Create { planned: Value },
    Read { state: Value },
    Update { prior: Value, planned: Value },
    Delete { state: Value },
    Import { id: String },
}

/// A [`Resource`] whose types are hidden, except that of its clients.
pub(crate) trait DynResource<C>: Send + Sync {
    fn type_name(&self) -> &'static str;
    fn schema(&self) -> &Schema;
    /// Adds what the author finds wrong to what the schema has found.
    fn validate(&self, config: &Value, diagnostics: &mut Diagnostics);
    fn modify_plan<'a>(
        &'a self,
        scope: Scope<C>,
        planning: &'a mut Planning<'_>,
    ) -> BoxFuture<'a, Result<(), Diagnostics>>;
    /// Runs an operation; the future owns all it needs, so that it can run on a task of its own.
    fn run(&self, scope: Scope<C>, operation: Operation) -> BoxFuture<'static, Result<Value, Diagnostics>>;
    fn upgrade(&self, version: i64, state: serde_json::Value) -> Result<serde_json::Value, Diagnostics>;
}

/// A resource and its schema, which is made once.
pub(crate) struct Erased<R> {
    resource: Arc<R>,
    schema: Schema,
}

impl<R: Resource> Erased<R> {
    pub(crate) fn new(resource: R) -> Self {
        let schema = resource.schema();
        Erased {
            resource: Arc::new(resource),
            schema,
        }
    }
}

impl<R: Resource> DynResource<R::Clients> for Erased<R> {
    fn type_name(&self) -> &'static str {
        R::TYPE_NAME
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn validate(&self, config: &Value, diagnostics: &mut Diagnostics) {
        if let Some(draft) = draft::<Draft<R>>(config, diagnostics) {
            self.resource.validate(&draft, diagnostics);
            refuse_null_elements::<R::Model>(&self.schema, config, diagnostics);
        }
    }

    fn modify_plan<'a>(
        &'a self,
        scope: Scope<R::Clients>,
        planning: &'a mut Planning<'_>,
    ) -> BoxFuture<'a, Result<(), Diagnostics>> {
        async move {
            let context = Context::<R>::new(scope);
            let mut plan = Plan::new(planning)?;
            self.resource.modify_plan(&context, &mut plan).await
        }
        .boxed()
    }

    fn run(&self, scope: Scope<R::Clients>, operation: Operation) -> BoxFuture<'static, Result<Value, Diagnostics>> {
        let resource = Arc::clone(&self.resource);
        async move {
            let cx = Context::<R>::new(scope);
            match operation {
                Operation::Create { planned } => {
                    Ok(resource.create(&cx, R::Model::from_value(&planned)?).await?.to_value())
                }
                Operation::Read { state } => Ok(resource.read(&cx, R::Model::from_value(&state)?).await?.to_value()),
                Operation::Update { prior, planned } => {
                    let prior = R::Model::from_value(&prior)?;
                    Ok(resource
                        .update(&cx, prior, R::Model::from_value(&planned)?)
                        .await?
                        .to_value())
                }
                Operation::Delete { state } => {
                    resource.delete(&cx, R::Model::from_value(&state)?).await?;
                    Ok(Value::Null)
                }
                Operation::Import { id } => Ok(resource.import(&cx, &id).await?.to_value()),
            }
        }
        .boxed()
    }

    fn upgrade(&self, version: i64, state: serde_json::Value) -> Result<serde_json::Value, Diagnostics> {
        self.resource.upgrade(version, state)
    }
}
