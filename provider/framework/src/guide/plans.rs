//! Plans: what a change will do, as far as that can be said before.
//!
//! The framework makes plans from the schema. Most resources have no plan code; they say at each attribute how it
//! behaves.
//!
//! # Who decides a value
//!
//! | field | decided by | in a plan |
//! | --- | --- | --- |
//! | `T` | the configuration | as configured, maybe unknown |
//! | `T` with `default = ...` | the configuration, or else the default | as configured, or the default |
//! | `Option<T>` | the configuration | as configured, maybe null |
//! | `Attr<T>` | the provider | unknown, unless an option below says more |
//! | `Attr<T>` with `optional` | the configuration, or else the provider | both of these |
//!
//! *Unknown* means "known after apply". The user sees it in the plan, and so does every resource that refers to it. So
//! say as much as is certain:
//!
//! ```
//! # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/guide/stand_in.rs"));
//! use serde_json::json;
//! use tf_framework::Attr;
//! use tf_framework::custom_types::{Quantity, Text};
//! use tf_framework::testing::ChangeAction;
//!
//! /// A volume.
//! #[derive(Model)]
//! struct Volume {
//!     /// Its name. Another name is another volume.
//!     #[tf(replace)]
//!     name: String,
//!     /// Its size, such as `10Gi`.
//!     size: Text<Quantity>,
//!     /// What it is for.
//!     purpose: Option<String>,
//!     /// Its id: decided once.
//!     #[tf(keep)]
//!     id: Attr<String>,
//!     /// Where it is mounted: follows from the name.
//!     #[tf(depends_on(name))]
//!     path: Attr<String>,
//!     /// Counts changes.
//!     revision: Attr<i64>,
//! }
//! #
//! # impl InState for Volume {
//! #     const TYPE_NAME: &'static str = "example_volume";
//! #     fn made(mut self) -> Self {
//! #         self.id = Attr::Known("v-1".to_owned());
//! #         self.path = Attr::Known(format!("/mnt/{}", self.name));
//! #         self.revision = Attr::Known(1);
//! #         self
//! #     }
//! # }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Diagnostics> {
//! let mut core = core_for::<Volume>();
//! core.apply(json!({ "name": "a", "size": "1Gi" })).await?;
//!
//! // What follows from nothing that changes stays known; the revision might change.
//! let plan = core.plan(json!({ "name": "a", "size": "2Gi" })).await?;
//! assert_eq!(plan.action, ChangeAction::Update);
//! assert_eq!(plan.planned.attribute_or_null("id"), &"v-1".into());
//! assert_eq!(plan.planned.attribute_or_null("path"), &"/mnt/a".into());
//! assert!(plan.planned.attribute_or_null("revision").is_unknown());
//!
//! // Another spelling of the same size is no change.
//! assert!(core.plan(json!({ "name": "a", "size": "1024Mi" })).await?.is_empty());
//!
//! // Another name is another volume, and nothing of the old one is kept.
//! let plan = core.plan(json!({ "name": "b", "size": "1Gi" })).await?;
//! assert_eq!(plan.action, ChangeAction::Replace);
//! assert!(plan.planned.attribute_or_null("id").is_unknown());
//! # Ok(())
//! # }
//! ```
//!
//! # The options
//!
//! - `keep`: decided once. `keep_non_null`: the same, but null means "not decided yet".
//! - `depends_on(a, b.c)`: as before, unless one of these attributes changes.
//! - `replace`: a change makes a new object. `replace_if = function` asks a function, `replace_if_configured` leaves
//!   the object alone when the attribute is dropped from the configuration.
//! - `equal = function`: two values mean the same, so the spelling that is in the state stays. A
//!   [`Text`](crate::custom_types::Text) knows that by itself: durations, quantities, addresses, JSON, times.
//! - `modify = function`: makes the planned value from the prior, the configured and the planned one.
//!
//! All options are listed at [`Model`](macro@crate::Model).
//!
//! # Where the schema is not enough
//!
//! [`modify_plan`](crate::resource::Resource::modify_plan) can still shape a plan, refuse it, or warn. It runs for
//! deletions, too:
//!
//! ```
//! use tf_framework::context::Context;
//! use tf_framework::diagnostics::{Diagnostic, Diagnostics};
//! use tf_framework::resource::{Plan, Resource};
//! # use tf_framework::{Attr, ImportBy, Model, NoIdentity};
//! #
//! # /// A volume.
//! # #[derive(Model)]
//! # struct VolumeModel {
//! #     /// Its size in GiB.
//! #     size_gib: i64,
//! #     /// What it costs in a month, in cents.
//! #     monthly_cost_cents: Attr<i64>,
//! # }
//! #
//! # struct Volume;
//!
//! impl Resource for Volume {
//! #     type Model = VolumeModel;
//! #     type Clients = ();
//! #     type Private = ();
//! #     type Identity = NoIdentity;
//! #     const TYPE_NAME: &'static str = "example_volume";
//!     async fn modify_plan(&self, cx: &Context<Self>, plan: &mut Plan<'_, '_, Self>) -> Result<(), Diagnostics> {
//!         let before = plan.prior.as_ref().map(|prior| prior.size_gib);
//!         let Some(size_gib) = plan.planned().and_then(|planned| planned.size_gib.into_known()) else {
//!             return Ok(());
//!         };
//!         if before.is_some_and(|before| size_gib < before) {
//!             // A volume can only grow.
//!             plan.require_replace("size_gib");
//!             cx.warn(Diagnostic::warning("Data will be lost", "A smaller one is a new one.").at("size_gib"));
//!         }
//!         plan.set("monthly_cost_cents", &(size_gib * 12));
//!         Ok(())
//!     }
//!     // ... and create, read, update, delete, import.
//! #     async fn create(&self, _: &Context<Self>, plan: VolumeModel) -> Result<VolumeModel, Diagnostics> {
//! #         Ok(plan)
//! #     }
//! #     async fn read(&self, _: &Context<Self>, state: VolumeModel) -> Result<Option<VolumeModel>, Diagnostics> {
//! #         Ok(Some(state))
//! #     }
//! #     async fn update(&self, _: &Context<Self>, _: VolumeModel, plan: VolumeModel)
//! #     -> Result<VolumeModel, Diagnostics> {
//! #         Ok(plan)
//! #     }
//! #     async fn delete(&self, _: &Context<Self>, _: VolumeModel) -> Result<(), Diagnostics> {
//! #         Ok(())
//! #     }
//! #     async fn import(&self, _: &Context<Self>, _: ImportBy<NoIdentity>) -> Result<VolumeModel, Diagnostics> {
//! #         Err(Diagnostics::error("Nothing to import", "A volume is in the state alone."))
//! #     }
//! }
//! #
//! # use serde_json::json;
//! # use tf_framework::model::Empty;
//! # use tf_framework::provider::{Provider, ResourceEntry};
//! # use tf_framework::testing::{ChangeAction, Core};
//! #
//! # struct Example;
//! #
//! # impl Provider for Example {
//! #     type Model = Empty;
//! #     type Clients = ();
//! #     const NAME: &'static str = "example";
//! #     const ADDRESS: &'static str = "registry.opentofu.org/example/example";
//! #     async fn configure(&self, _: Empty) -> Result<(), Diagnostics> {
//! #         Ok(())
//! #     }
//! #     fn resources(&self) -> Vec<ResourceEntry<()>> {
//! #         vec![ResourceEntry::new(Volume)]
//! #     }
//! # }
//! #
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Diagnostics> {
//! # let mut core = Core::new(Example, "example_volume");
//! # core.apply(json!({ "size_gib": 10 })).await?;
//! # let plan = core.plan(json!({ "size_gib": 20 })).await?;
//! # assert_eq!(plan.action, ChangeAction::Update);
//! # assert_eq!(plan.planned.attribute_or_null("monthly_cost_cents"), &240.into());
//! # let plan = core.plan(json!({ "size_gib": 5 })).await?;
//! # assert_eq!(plan.action, ChangeAction::Replace);
//! # assert_eq!(core.take_warnings().iter().count(), 1);
//! # Ok(())
//! # }
//! ```
//!
//! The core plans a change again when it is applied, in another process, and demands the same outcome. So planned
//! values may follow from nothing but the plan's own inputs. What the hook looks up elsewhere may only lead to errors
//! and warnings.
//!
//! # Where it is too early
//!
//! A plan may need what the same run has yet to make. Say that with the error that it would be otherwise, and
//! [`or_defer`](crate::diagnostics::Diagnostics::or_defer):
//!
//! ```
//! use tf_framework::diagnostics::{Deferral, Diagnostics};
//!
//! fn cluster(id: Option<&str>) -> Result<&str, Diagnostics> {
//!     id.ok_or_else(|| {
//!         Diagnostics::error("Cluster does not exist yet", "Apply the cluster first, with `-target`.")
//!             .or_defer(Deferral::AbsentPrerequisite)
//!     })
//! }
//! # assert!(cluster(None).is_err());
//! ```
//!
//! A core that asked for deferrals plans the rest, and comes back to this resource in a later run. Any other core shows
//! the error. It works in `modify_plan`, `read` and `import`, in data sources and ephemeral resources, and in
//! `configure` of the provider.
