//! Testing: a resource through all phases of a core, in a unit test.
//!
//! With the feature `testing`, the module `testing` has a `Core`. It does with one resource what Terraform and OpenTofu
//! do, by way of the wire formats, and holds every answer against their rules. It is fast, needs no program, and time
//! can be paused.
//!
//! ```toml
//! [dev-dependencies]
//! tf-framework = { workspace = true, features = ["testing"] }
//! ```
//!
//! What it does that a test which calls `create` by hand would not:
//!
//! - each phase runs in a process of its own, as far as the provider can tell;
//! - the state in between is JSON, and is upgraded and refreshed before each use;
//! - a change is planned twice, and both plans have to agree;
//! - a plan or a result that a real core would refuse fails the test, with the attribute.
//!
//! ```
//! # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/guide/stand_in.rs"));
//! use serde_json::json;
//! use tf_framework::Attr;
//! use tf_framework::testing::{ChangeAction, UNKNOWN};
//!
//! /// A zone.
//! #[derive(Model)]
//! struct Zone {
//!     /// Its domain.
//!     #[tf(replace)]
//!     domain: String,
//!     /// How long answers are good for, in seconds.
//!     #[tf(default = 300)]
//!     ttl_seconds: i64,
//!     /// Its id.
//!     #[tf(keep)]
//!     id: Attr<String>,
//! }
//! #
//! # impl InState for Zone {
//! #     const TYPE_NAME: &'static str = "example_zone";
//! #     fn made(mut self) -> Self {
//! #         self.id = Attr::Known(format!("zone-of-{}", self.domain));
//! #         self
//! #     }
//! # }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Diagnostics> {
//! let mut core = core_for::<Zone>();
//!
//! // A plan, in which the domain is that of something else that has yet to be made.
//! let plan = core.plan(json!({ "domain": UNKNOWN })).await?;
//! assert_eq!(plan.action, ChangeAction::Create);
//! assert!(plan.planned.attribute_or_null("id").is_unknown());
//!
//! // An apply, after a plan that did not know the domain.
//! let state = core.apply_later_known(json!({ "domain": UNKNOWN }), json!({ "domain": "example.com" })).await?;
//! assert_eq!(state["id"], "zone-of-example.com");
//!
//! // After an apply there is nothing left to do: the test that finds most mistakes.
//! assert!(core.plan(json!({ "domain": "example.com" })).await?.is_empty());
//!
//! // What somebody else changed comes in by a refresh, and what changes by a plan.
//! assert_eq!(core.refresh().await?.unwrap()["ttl_seconds"], 300);
//! let plan = core.plan(json!({ "domain": "example.com", "ttl_seconds": 60 })).await?;
//! assert_eq!(plan.action, ChangeAction::Update);
//!
//! core.destroy().await?;
//! assert_eq!(core.state(), None);
//! # Ok(())
//! # }
//! ```
//!
//! # A list for every resource
//!
//! 1. Made, and the next plan is empty.
//! 2. Made, removed by somebody else, and the next plan makes it again.
//! 3. Changed in place; changed so that it is replaced.
//! 4. Imported, and the next plan is empty.
//! 5. Failed half-way: what was made is in the state, tainted, and can be destroyed.
//! 6. Destroyed twice: the second time is success, too.
//!
//! And once for the provider: its [`lint`](crate::provider::Provider::lint) is empty.
//!
//! Put the fake where the provider leaves the process, behind its client. Tests against real cores are few, and cover
//! what the simulator cannot: the program, its installation, and how a plan reads.
//!
//! `with_deferral` makes the core one that asks for deferrals, and `with_state` starts from what an older release
//! stored.
