//! Adoption: objects and states that this release of the provider did not make.
//!
//! # Import, and identities
//!
//! `import` finds an object by a text of the resource's own form, the id. An *identity* is better where one text is not
//! enough: a struct of what names the object for good. The core stores it beside the state, and users import by it.
//!
//! # Upgrades
//!
//! A change of the model that old states do not fit needs a new `version`, and a way from each older one. A frozen copy
//! of the old model is all it takes to read what that release wrote. New attributes that may be null or have a default,
//! and attributes that are gone, need no new version; a new required attribute does. Older states get the default, and
//! the next refresh what is true.
//!
//! # Moves
//!
//! With a `moved` block, users ask a resource to take over the state of another type, mostly that of another provider.
//!
//! ```
//! # use serde_json::json;
//! # use tf_framework::context::Context;
//! # use tf_framework::diagnostics::Diagnostics;
//! # use tf_framework::model::Empty;
//! # use tf_framework::provider::{Provider, ResourceEntry};
//! use tf_framework::identity::{IdentityOf, ImportBy};
//! use tf_framework::resource::{Move, Resource, Upgrade};
//! # use tf_framework::testing::{Core, Source};
//! use tf_framework::{Attr, Identity, Model};
//!
//! /// A bucket.
//! #[derive(Model)]
//! #[tf(version = 1)]
//! struct BucketModel {
//!     /// Its name.
//!     #[tf(replace)]
//!     name: String,
//!     /// Its size in MiB.
//!     size_mib: i64,
//!     /// The region that it is in.
//!     #[tf(keep)]
//!     region: Attr<String>,
//! }
//!
//! /// A bucket, as the first release knew it. Frozen.
//! #[derive(Model)]
//! struct BucketModelV0 {
//!     /// Its name.
//!     name: String,
//!     /// Its size in KiB.
//!     size_kib: i64,
//! }
//!
//! /// What another provider calls a container. Only what is of interest.
//! #[derive(Model)]
//! struct ContainerModel {
//!     /// Its title.
//!     title: String,
//! }
//!
//! /// What names a bucket.
//! #[derive(Identity)]
//! struct BucketIdentity {
//!     /// Its name.
//!     name: String,
//!     /// The region that it is in.
//!     region: Option<String>,
//! }
//!
//! impl IdentityOf<BucketModel> for BucketIdentity {
//!     fn of(bucket: &BucketModel) -> Option<Self> {
//!         let region = Some(bucket.region.known()?.clone());
//!         let name = bucket.name.clone();
//!         Some(BucketIdentity { name, region })
//!     }
//! }
//!
//! struct Bucket;
//!
//! impl Resource for Bucket {
//!     type Model = BucketModel;
//!     type Identity = BucketIdentity;
//! #     type Clients = ();
//! #     type Private = ();
//! #     const TYPE_NAME: &'static str = "example_bucket";
//!     // ...
//! #     async fn create(&self, _: &Context<Self>, mut plan: BucketModel) -> Result<BucketModel, Diagnostics> {
//! #         plan.region = Attr::Known("north".to_owned());
//! #         Ok(plan)
//! #     }
//! #     async fn read(&self, _: &Context<Self>, mut state: BucketModel) -> Result<Option<BucketModel>, Diagnostics> {
//! #         state.region = Attr::Known("north".to_owned());
//! #         Ok(Some(state))
//! #     }
//! #     async fn update(&self, _: &Context<Self>, _: BucketModel, plan: BucketModel)
//! #     -> Result<BucketModel, Diagnostics> {
//! #         Ok(plan)
//! #     }
//! #     async fn delete(&self, _: &Context<Self>, _: BucketModel) -> Result<(), Diagnostics> {
//! #         Ok(())
//! #     }
//!
//!     async fn import(&self, _: &Context<Self>, by: ImportBy<BucketIdentity>) -> Result<BucketModel, Diagnostics> {
//!         let name = match by {
//!             ImportBy::Id(name) => name,
//!             ImportBy::Identity(identity) => identity.name,
//!         };
//!         // The core reads the bucket next, which finds out the rest.
//!         Ok(BucketModel { name, size_mib: 0, region: Attr::Null })
//!     }
//!
//!     fn upgrades(&self) -> Vec<Upgrade<BucketModel>> {
//!         vec![Upgrade::new(|old: BucketModelV0| {
//!             Ok(BucketModel {
//!                 name: old.name,
//!                 size_mib: old.size_kib / 1024,
//!                 region: Attr::Null,
//!             })
//!         })]
//!     }
//!
//!     fn moves(&self) -> Vec<Move<Self>> {
//!         vec![Move::new("example/containers", "containers_container", |old: ContainerModel| {
//!             Ok(BucketModel { name: old.title, size_mib: 0, region: Attr::Null })
//!         })]
//!     }
//! }
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
//! #         vec![ResourceEntry::new(Bucket)]
//! #     }
//! # }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Diagnostics> {
//! let new_core = || Core::new(Example, "example_bucket");
//!
//! let mut core = new_core();
//! core.import_by_identity(json!({ "name": "logs" })).await?;
//! assert_eq!(core.identity(), Some(&json!({ "name": "logs", "region": "north" })));
//!
//! let mut core = new_core().with_state(0, json!({ "name": "logs", "size_kib": 4096 }));
//! assert!(core.plan(json!({ "name": "logs", "size_mib": 4 })).await?.is_empty());
//!
//! let mut core = new_core();
//! let state = core
//!     .move_state(Source {
//!         provider_address: "registry.terraform.io/example/containers".to_owned(),
//!         type_name: "containers_container".to_owned(),
//!         state: json!({ "title": "logs", "colour": "blue" }),
//!         ..Source::default()
//!     })
//!     .await?;
//! assert_eq!(state["name"], "logs");
//! # Ok(())
//! # }
//! ```
//!
//! The lint of the provider tells when there is no way from one of the older versions. Where there cannot be any,
//! [`Upgrade::refused`](crate::resource::Upgrade::refused) says why, and what to do.
