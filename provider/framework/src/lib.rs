//! A framework for providers of Terraform and OpenTofu.
//!
//! A *core* (Terraform or OpenTofu) keeps a *configuration*, what people want, and a *state*, what there is. It starts
//! a *provider* as a child process and asks it to validate configurations, to plan changes, to apply plans, and to
//! refresh states. An author of a provider writes, for each kind of object, a [`Model`](macro@Model) that lists its
//! attributes, and a [`Resource`](resource::Resource) that makes, reads, changes and removes it. Look-ups are
//! [data sources](data_source), values that are never stored are [ephemeral resources](ephemeral), and what only
//! computes is a [function]. Everything else is the framework's:
//!
//! - *plans*: they follow from the schema ([`lifecycle`]); an author shapes them only where it does not say enough;
//! - *promises*: what the core would refuse with "Provider produced an invalid plan" or "inconsistent result" is found
//!   here before it is sent, and named with its attribute;
//! - *nothing is lost*: whatever an operation saved with [`Context::checkpoint`](context::Context::checkpoint) reaches
//!   the state, be it that the operation fails, panics, is interrupted, or runs out of time;
//! - *secrets*: write-only values reach the operation and no state; logs and panics never quote values;
//! - *the protocol*: version 6, with mutual TLS, over a local socket ([`server`]).
//!
//! # The smallest provider
//!
//! ```no_run
//! use tf_framework::context::Context;
//! use tf_framework::diagnostics::Diagnostics;
//! use tf_framework::model::Empty;
//! use tf_framework::provider::{Provider, ResourceEntry};
//! use tf_framework::resource::Resource;
//! use tf_framework::{Attr, ImportBy, Model, NoIdentity};
//!
//! /// A greeting.
//! #[derive(Model)]
//! struct GreetingModel {
//!     /// Who is greeted.
//!     #[tf(replace)]
//!     name: String,
//!     /// The greeting.
//!     #[tf(keep)]
//!     text: Attr<String>,
//! }
//!
//! /// It is only in the state, so there is nothing to read, change or remove anywhere else.
//! struct Greeting;
//!
//! impl Resource for Greeting {
//!     type Model = GreetingModel;
//!     type Clients = ();
//!     type Private = ();
//!     type Identity = NoIdentity;
//!
//!     const TYPE_NAME: &'static str = "example_greeting";
//!
//!     async fn create(&self, cx: &Context<Self>, mut plan: GreetingModel) -> Result<GreetingModel, Diagnostics> {
//!         plan.text = Attr::Known(format!("Hello, {}!", plan.name));
//!         cx.checkpoint(&plan);
//!         Ok(plan)
//!     }
//!
//!     async fn read(&self, _: &Context<Self>, state: GreetingModel) -> Result<Option<GreetingModel>, Diagnostics> {
//!         Ok(Some(state))
//!     }
//!
//!     async fn update(
//!         &self,
//!         _: &Context<Self>,
//!         _prior: GreetingModel,
//!         plan: GreetingModel,
//!     ) -> Result<GreetingModel, Diagnostics> {
//!         Ok(plan)
//!     }
//!
//!     async fn delete(&self, _: &Context<Self>, _state: GreetingModel) -> Result<(), Diagnostics> {
//!         Ok(())
//!     }
//!
//!     async fn import(&self, _: &Context<Self>, by: ImportBy<NoIdentity>) -> Result<GreetingModel, Diagnostics> {
//!         let ImportBy::Id(name) = by;
//!         let text = Attr::Known(format!("Hello, {name}!"));
//!         Ok(GreetingModel { name, text })
//!     }
//! }
//!
//! struct Example;
//!
//! impl Provider for Example {
//!     type Model = Empty;
//!     type Clients = ();
//!
//!     const NAME: &'static str = "example";
//!     const ADDRESS: &'static str = "registry.opentofu.org/example/example";
//!
//!     async fn configure(&self, _: Empty) -> Result<(), Diagnostics> {
//!         Ok(())
//!     }
//!
//!     fn resources(&self) -> Vec<ResourceEntry<()>> {
//!         vec![ResourceEntry::new(Greeting)]
//!     }
//! }
//!
//! fn main() -> std::process::ExitCode {
//!     tf_framework::serve(Example, &[])
//! }
//! ```
//!
//! # Blocks and values of any type
//!
//! A model as the type of a field is a nested attribute, written `disks = [{ ... }]`; with the option `block` it is
//! written as blocks, `disk { ... }`, and everything else stays the same ([`schema::Block`]). A field of type
//! [`Dynamic`](model::Dynamic) takes values of any type; each comes with its own.
//!
//! # Deferrals
//!
//! A plan may come too early: the cluster that a resource needs is made in the same run. Some cores ask to *defer* such
//! a resource, and plan it again in a later run. An operation that only looks says so with the error that it would be
//! otherwise, and [`or_defer`](diagnostics::Diagnostics::or_defer). For a core that asked, it becomes a deferral with a
//! plan from the schema alone; any other core gets the error. No deferral ever reaches a core that did not ask for it.
//! Where it is the *provider's* configuration that is not known, a plan goes on without the author's hook instead of
//! failing.
//!
//! # Tests
//!
//! With the feature `testing`, the module `testing` has a core for tests of resources: it runs all phases of a plan and
//! an apply, each in a process of its own as far as the provider can tell, and holds every answer against the core's
//! rules. And every provider tests that [`Provider::lint`](provider::Provider::lint) finds nothing.
//!
//! # Where to read on
//!
//! To learn it: the [`guide`], chapter by chapter.
//!
//! For authors: [`provider`], [`resource`], [`data_source`], [`ephemeral`] and [`function`] are what to implement,
//! [`model`], [`custom_types`] and [`schema`] how to describe attributes, [`identity`] what names an object for good,
//! [`context`] what operations can do besides, [`diagnostics`] how to tell what is wrong.
//!
//! Below that: [`value`], [`types`] and [`path`] are the language's values; [`lifecycle`] has the rules for them, as
//! pure functions; `operations` runs the author's code between a request and its answer; `wire` and [`server`] alone
//! know the protocol.

#![deny(missing_docs)]
#![cfg_attr(test, allow(clippy::too_many_lines, reason = "a test may be a long table of cases"))]

// The derive macro names this crate from the outside, here as well.
extern crate self as tf_framework;

pub mod guide;

pub mod provider;
pub mod resource;

pub mod data_source;
pub mod ephemeral;
pub mod function;
pub mod identity;

pub mod custom_types;
pub mod model;
pub mod schema;

pub mod context;
pub mod diagnostics;
pub mod record;

pub mod path;
pub mod types;
pub mod value;

pub mod lifecycle;
mod operations;
pub mod panic;
pub mod server;
#[cfg(feature = "testing")]
pub mod testing;
#[doc(hidden)]
pub mod wire;

pub use identity::{Identity, ImportBy, NoIdentity};
pub use model::{Attr, AttributeType, FromValue, Model, Timeouts, ToValue, WriteOnly};
pub use server::serve;
pub use tf_framework_derive::{Identity, Model, Parameters};

#[cfg(test)]
mod tests {
    use crate::Model;

    /// A model of this crate.
    #[derive(Model)]
    struct Inner {
        /// Its name.
        name: String,
    }

    #[test]
    fn models_can_be_derived_inside_the_framework() {
        assert_eq!(Inner::attributes().len(), 1);
        assert_eq!(Inner::NAME, "name");
    }
}
