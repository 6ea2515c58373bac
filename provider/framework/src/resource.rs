//! Resources: what authors implement to manage remote objects.
//!
//! The traits of a provider are typed; `erased` hides the types behind one object-safe trait for the server.

use std::fmt;
use std::future::Future;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::context::Context;
use crate::diagnostics::Diagnostics;
use crate::identity::{IdentityOf, ImportBy};
use crate::lifecycle::plan::{Action, Planning};
use crate::model::{FromValue, Model, ToValue};
use crate::path::Path;
use crate::schema::Schema;

pub(crate) mod erased;
pub(crate) mod moves;
pub(crate) mod stored;
pub(crate) mod upgrade;

pub use moves::{Move, MoveSource, Moved};
pub use stored::{Stored, StoredObject};
pub use upgrade::Upgrade;

/// The draft of a resource's model: every attribute may be unknown or null.
pub type Draft<R> = <<R as Resource>::Model as Model>::Draft;

/// A kind of managed object.
///
/// The framework keeps the promises of the protocol, so that implementations need not: planned values come back
/// unchanged, unknown ones become known, write-only values are never stored, panics become diagnostics, and whatever
/// was saved with [`Context::checkpoint`] reaches the state however an operation ends.
///
/// # Guarantees
/// `create`, `update` and `delete` run on a task of their own: neither a dropped connection nor a panic cuts off the
/// answer. When the user interrupts, the deadline of the operation passes or the core is gone, the context is
/// cancelled; an operation that does not end then is ended after a grace time of 30 seconds, and its last checkpoint is
/// the answer. Operations of different objects run at the same time, on one thread: what computes for long or blocks
/// belongs on [`tokio::task::spawn_blocking`], or it holds up all of them, and their interruption too.
pub trait Resource: Sized + Send + Sync + 'static {
    /// Its attributes.
    type Model: Model;
    /// What the provider's configuration was turned into.
    type Clients: Send + Sync + 'static;
    /// What it keeps beside its state, invisible to the user; `()` if nothing.
    type Private: Serialize + DeserializeOwned + Default + Send + Sync + 'static;
    /// What names the object for good; [`NoIdentity`](crate::identity::NoIdentity) if nothing does.
    type Identity: IdentityOf<Self::Model>;

    /// Its type in configurations, such as `cht_instance`.
    const TYPE_NAME: &'static str;

    /// The schema; the model's own unless it is not enough.
    fn schema(&self) -> Schema {
        Self::Model::schema()
    }

    /// Checks what concerns more than one attribute.
    ///
    /// # Caveats
    /// Runs often and before the provider is configured: it must not do I/O, nor complain of what is unknown.
    fn validate(&self, config: &Draft<Self>, diagnostics: &mut Diagnostics) {
        let _ = (config, diagnostics);
    }

    /// Shapes and checks a plan beyond what the schema says, also that of a deletion.
    ///
    /// # Errors
    /// Fails if the plan must not be applied: nothing has been changed yet. With
    /// [`or_defer`](Diagnostics::or_defer) it says that it cannot plan yet; then the plan is that of the schema,
    /// whatever was shaped before.
    ///
    /// # Caveats
    /// The core plans again during apply and demands the same outcome, so values may depend on nothing but the plan's
    /// own inputs. What is looked up may only lead to errors and warnings.
    ///
    /// What it keeps with [`Context::set_private`] goes with the plan: to the planning of the creation that is the
    /// second half of a replacement, and to the apply.
    fn modify_plan(
        &self,
        cx: &Context<Self>,
        plan: &mut Plan<'_, '_, Self>,
    ) -> impl Future<Output = Result<(), Diagnostics>> + Send {
        let _ = (cx, plan);
        async { Ok(()) }
    }

    /// Makes the object. Must call [`Context::checkpoint`] as soon as something exists.
    ///
    /// # Guarantees
    /// What the user configured is known and as it was planned; attributes that the plan left unknown are unknown
    /// still, and have to be known in the answer.
    ///
    /// # Errors
    /// Fails if the object is not usable; the last checkpoint is kept and marked tainted.
    fn create(
        &self,
        cx: &Context<Self>,
        plan: Self::Model,
    ) -> impl Future<Output = Result<Self::Model, Diagnostics>> + Send;

    /// Reads what there is; none only if it is certain that the object is gone.
    ///
    /// # Errors
    /// Fails if that cannot be told, or cannot be told yet ([`or_defer`](Diagnostics::or_defer)); the state is kept.
    fn read(
        &self,
        cx: &Context<Self>,
        state: Self::Model,
    ) -> impl Future<Output = Result<Option<Self::Model>, Diagnostics>> + Send;

    /// Changes the object to what is planned, and finishes an unfinished creation. Not asked where nothing but
    /// `timeouts` changes.
    ///
    /// # Guarantees
    /// `prior` is the state that was planned from; `plan` is as in [`create`](Self::create). Write-only values are in
    /// `plan` only.
    ///
    /// # Errors
    /// Fails if it could not; the last checkpoint, or else the prior state, is kept.
    fn update(
        &self,
        cx: &Context<Self>,
        prior: Self::Model,
        plan: Self::Model,
    ) -> impl Future<Output = Result<Self::Model, Diagnostics>> + Send;

    /// Removes the object; that it is gone already is success.
    ///
    /// # Guarantees
    /// There is no configuration any more, and so no write-only value: `state` is all there is to go by.
    ///
    /// # Errors
    /// Fails if something is left; the last checkpoint, or else the prior state, is kept.
    fn delete(&self, cx: &Context<Self>, state: Self::Model) -> impl Future<Output = Result<(), Diagnostics>> + Send;

    /// Finds an object by what the user named it by; the core reads it next.
    ///
    /// # Errors
    /// Fails if the id has the wrong form (the message shows the right one), if there is no such object, or if that
    /// cannot be told yet ([`or_defer`](Diagnostics::or_defer)).
    fn import(
        &self,
        cx: &Context<Self>,
        by: ImportBy<Self::Identity>,
    ) -> impl Future<Output = Result<Self::Model, Diagnostics>> + Send;

    /// The ways from states that were stored under older versions of the schema: one for each of them.
    fn upgrades(&self) -> Vec<Upgrade<Self::Model>> {
        Vec::new()
    }

    /// The ways from identities that were stored under older versions of their schema: one for each of them.
    fn identity_upgrades(&self) -> Vec<Upgrade<Self::Identity>> {
        Vec::new()
    }

    /// The types of resources, of this or other providers, from which it takes over objects.
    fn moves(&self) -> Vec<Move<Self>> {
        Vec::new()
    }
}

/// A plan that [`Resource::modify_plan`] may still shape.
pub struct Plan<'p, 'v, R: Resource> {
    planning: &'p mut Planning<'v>,
    /// The configuration.
    pub config: Draft<R>,
    /// What there is; none when the object is to be created.
    pub prior: Option<R::Model>,
}

impl<'p, 'v, R: Resource> Plan<'p, 'v, R> {
    pub(crate) fn new(planning: &'p mut Planning<'v>) -> Result<Self, Diagnostics> {
        let prior = Option::<R::Model>::from_value(planning.prior())?;
        // The configuration of an object that is to be deleted is null.
        let config_source = if planning.config().is_null() {
            planning.prior()
        } else {
            planning.config()
        };
        let config = Draft::<R>::from_value(config_source)?;
        Ok(Plan {
            planning,
            config,
            prior,
        })
    }

    /// What the plan does as a whole.
    pub fn action(&self) -> Action {
        self.planning.action()
    }

    /// Whether the attribute at this path has another value than before.
    pub fn changed(&self, path: impl Into<Path>) -> bool {
        self.planning.changed(&path.into())
    }

    /// Plans a value for a computed attribute that the configuration leaves open.
    pub fn set(&mut self, path: impl Into<Path>, value: &impl ToValue) {
        self.planning.set(path, value.to_value());
    }

    /// Plans that a computed attribute gets a new value, which is known after apply.
    pub fn set_unknown(&mut self, path: impl Into<Path>) {
        self.planning.set_unknown(path);
    }

    /// Plans that the object is replaced because of this attribute.
    pub fn require_replace(&mut self, path: impl Into<Path>) {
        self.planning.require_replace(path);
    }

    /// The attributes whose planned changes can only be made by replacing the object.
    pub fn requires_replace(&self) -> Vec<Path> {
        self.planning.requires_replace()
    }

    /// What is planned so far; none when the object is to be deleted.
    pub fn planned(&self) -> Option<Draft<R>> {
        // What was set and fits no model is told when the plan is finished.
        Option::<Draft<R>>::from_value(self.planning.planned()).ok().flatten()
    }

    /// What is planned so far, as the model that the operation will get; none if the object is to be deleted, or as
    /// long as anything but computed attributes is unknown. Write-only values are not in it.
    pub fn planned_model(&self) -> Option<R::Model> {
        Option::<R::Model>::from_value(self.planning.planned()).ok().flatten()
    }
}

impl<R: Resource> fmt::Debug for Plan<'_, '_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plan")
            .field("resource", &R::TYPE_NAME)
            .field("action", &self.action())
            .finish_non_exhaustive()
    }
}
