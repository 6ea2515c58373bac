//! The object-safe side of [`Resource`]: models become values, futures become boxes.

use std::sync::{Arc, OnceLock};

use futures::FutureExt;
use futures::future::BoxFuture;

use crate::context::{Context, Scope, stored_private};
use crate::diagnostics::Diagnostics;
use crate::identity::{Identity, IdentityOf, IdentitySchema, ImportBy};
use crate::lifecycle::plan::Planning;
use crate::lifecycle::validate::{draft, refuse_null_elements};
use crate::model::{FromValue, ToValue};
use crate::resource::moves::{self, Move, MoveSource};
use crate::resource::upgrade::{self, Upgrade};
use crate::resource::{Draft, Plan, Resource};
use crate::schema::Schema;
use crate::value::Value;

/// What a resource is to do.
pub(crate) enum Operation {
    Create { planned: Value },
    Read { state: Value },
    Update { prior: Value, planned: Value },
    Delete { state: Value },
    Import { by: ImportBy<Value> },
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
    /// The state that one of an older version becomes.
    fn upgrade(&self, version: i64, stored: &[u8]) -> Result<Value, Diagnostics>;
    /// The attributes of the identity; none if the resource has no identity.
    fn identity_schema(&self) -> Option<&IdentitySchema>;
    /// The identity of an object in this state, as far as it is known.
    fn identity(&self, state: &Value) -> Option<Value>;
    /// The identity that one of an older version becomes.
    fn upgrade_identity(&self, version: i64, stored: &[u8]) -> Result<Value, Diagnostics>;
    /// The state that one of another type becomes, and what is kept beside it.
    fn move_state(&self, source: &MoveSource<'_>) -> Result<(Value, Vec<u8>), Diagnostics>;
    /// What is wrong with the identity, the upgrades and the moves.
    fn lint(&self) -> Vec<String>;
}

/// A resource, with what it says of itself. Its schema is made when it is asked for: most runs use few types.
pub(crate) struct Erased<R: Resource> {
    resource: Arc<R>,
    schema: OnceLock<Schema>,
    upgrades: Vec<Upgrade<R::Model>>,
    identity: Option<IdentitySchema>,
    identity_upgrades: Vec<Upgrade<R::Identity>>,
    moves: Vec<Move<R>>,
}

impl<R: Resource> Erased<R> {
    pub(crate) fn new(resource: R) -> Self {
        Erased {
            schema: OnceLock::new(),
            upgrades: resource.upgrades(),
            identity: R::Identity::schema(),
            identity_upgrades: resource.identity_upgrades(),
            moves: resource.moves(),
            resource: Arc::new(resource),
        }
    }
}

impl<R: Resource> DynResource<R::Clients> for Erased<R> {
    fn type_name(&self) -> &'static str {
        R::TYPE_NAME
    }

    fn schema(&self) -> &Schema {
        self.schema.get_or_init(|| self.resource.schema())
    }

    fn validate(&self, config: &Value, diagnostics: &mut Diagnostics) {
        if let Some(draft) = draft::<Draft<R>>(config, diagnostics) {
            self.resource.validate(&draft, diagnostics);
            refuse_null_elements::<R::Model>(self.schema(), config, diagnostics);
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
                Operation::Import { by } => {
                    let by = match by {
                        ImportBy::Id(id) => ImportBy::Id(id),
                        ImportBy::Identity(identity) => ImportBy::Identity(R::Identity::from_value(&identity)?),
                    };
                    Ok(resource.import(&cx, by).await?.to_value())
                }
            }
        }
        .boxed()
    }

    fn upgrade(&self, version: i64, stored: &[u8]) -> Result<Value, Diagnostics> {
        let what = format!("state of this {}", R::TYPE_NAME);
        upgrade::upgrade(&self.upgrades, version, stored, &what).map(|model| model.to_value())
    }

    fn identity_schema(&self) -> Option<&IdentitySchema> {
        self.identity.as_ref()
    }

    fn identity(&self, state: &Value) -> Option<Value> {
        // A state of which too little is known to be a model has no identity yet.
        let model = R::Model::from_value(state).ok()?;
        R::Identity::of(&model).map(|identity| identity.to_value())
    }

    fn upgrade_identity(&self, version: i64, stored: &[u8]) -> Result<Value, Diagnostics> {
        let what = format!("identity of this {}", R::TYPE_NAME);
        upgrade::upgrade(&self.identity_upgrades, version, stored, &what).map(|identity| identity.to_value())
    }

    fn move_state(&self, source: &MoveSource<'_>) -> Result<(Value, Vec<u8>), Diagnostics> {
        let moved = moves::move_state(&self.moves, source)?;
        let private = moved.private.as_ref().map(stored_private::<R>).transpose()?;
        Ok((moved.model.to_value(), private.unwrap_or_default()))
    }

    fn lint(&self) -> Vec<String> {
        let mut problems = upgrade::lint(&self.upgrades, self.schema().version, "state");
        problems.extend(self.identity.as_ref().map(IdentitySchema::lint).unwrap_or_default());
        let version = self.identity.as_ref().map_or(0, |schema| schema.version);
        problems.extend(upgrade::lint(&self.identity_upgrades, version, "identity"));
        problems.extend(moves::lint(&self.moves));
        problems
    }
}
