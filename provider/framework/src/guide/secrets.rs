//! Secrets: what must not show up in a log, a plan, or a state.
//!
//! | field | in the output of the core | in the state |
//! | --- | --- | --- |
//! | `SecretString` | hidden | stored |
//! | `Attr<SecretString>` | hidden | stored |
//! | `Sensitive<T>` | hidden | stored |
//! | `WriteOnly<SecretString>` | hidden | never |
//!
//! `SecretString` makes an attribute sensitive, and its `Debug` is redacted. [`Sensitive`](crate::model::Sensitive)
//! does both for a value of any other type. But a state still holds it. A [`WriteOnly`](crate::WriteOnly) value is in
//! the configuration alone: it reaches `create` and `update`, and nothing else. It may be left out, unless the option
//! `required` says that it must not.
//!
//! As it is not in the state, nobody can see that it changed. So give it a companion that says when to use it again:
//!
//! ```
//! use secrecy::{ExposeSecret, SecretString};
//! # use serde_json::json;
//! # use tf_framework::context::Context;
//! # use tf_framework::diagnostics::Diagnostics;
//! # use tf_framework::model::Empty;
//! # use tf_framework::provider::{Provider, ResourceEntry};
//! # use tf_framework::resource::Resource;
//! # use tf_framework::testing::Core;
//! # use tf_framework::{ImportBy, NoIdentity};
//! use tf_framework::{Model, WriteOnly};
//!
//! /// An account.
//! #[derive(Model)]
//! struct AccountModel {
//!     /// Its name.
//!     #[tf(replace)]
//!     name: String,
//!     /// The password. Change `password_version` with it.
//!     #[tf(requires(password_version))]
//!     password: WriteOnly<SecretString>,
//!     /// Another version means that the password is to be set again.
//!     password_version: Option<i64>,
//! }
//! #
//! # /// The passwords that were set.
//! # type Vault = std::sync::Arc<std::sync::Mutex<Vec<String>>>;
//! #
//! # async fn set_password(vault: &Vault, password: &str) -> Result<(), Diagnostics> {
//! #     vault.lock().unwrap().push(password.to_owned());
//! #     Ok(())
//! # }
//!
//! struct Account;
//!
//! impl Resource for Account {
//! #     type Model = AccountModel;
//! #     type Clients = Vault;
//! #     type Private = ();
//! #     type Identity = NoIdentity;
//! #     const TYPE_NAME: &'static str = "example_account";
//!     async fn create(&self, cx: &Context<Self>, plan: AccountModel) -> Result<AccountModel, Diagnostics> {
//!         if let Some(password) = plan.password.get() {
//!             set_password(cx.clients(), password.expose_secret()).await?;
//!         }
//!         Ok(plan)
//!     }
//!
//!     async fn update(
//!         &self,
//!         cx: &Context<Self>,
//!         prior: AccountModel,
//!         plan: AccountModel,
//!     ) -> Result<AccountModel, Diagnostics> {
//!         if let Some(password) = plan.password.get()
//!             && plan.password_version != prior.password_version
//!         {
//!             set_password(cx.clients(), password.expose_secret()).await?;
//!         }
//!         Ok(plan)
//!     }
//!     // ...
//! #     async fn read(&self, _: &Context<Self>, state: AccountModel) -> Result<Option<AccountModel>, Diagnostics> {
//! #         Ok(Some(state))
//! #     }
//! #     async fn delete(&self, _: &Context<Self>, _: AccountModel) -> Result<(), Diagnostics> {
//! #         Ok(())
//! #     }
//! #     async fn import(&self, _: &Context<Self>, _: ImportBy<NoIdentity>) -> Result<AccountModel, Diagnostics> {
//! #         Err(Diagnostics::error("Nothing to import", "An account is in the state alone."))
//! #     }
//! }
//! #
//! # struct Example(Vault);
//! #
//! # impl Provider for Example {
//! #     type Model = Empty;
//! #     type Clients = Vault;
//! #     const NAME: &'static str = "example";
//! #     const ADDRESS: &'static str = "registry.opentofu.org/example/example";
//! #     async fn configure(&self, _: Empty) -> Result<Vault, Diagnostics> {
//! #         Ok(self.0.clone())
//! #     }
//! #     fn resources(&self) -> Vec<ResourceEntry<Vault>> {
//! #         vec![ResourceEntry::new(Account)]
//! #     }
//! # }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Diagnostics> {
//! # let vault = Vault::default();
//! let mut core = Core::new(Example(vault.clone()), "example_account");
//! let state = core.apply(json!({ "name": "ada", "password": "one", "password_version": 1 })).await?;
//! assert!(state["password"].is_null());
//!
//! core.apply(json!({ "name": "ada", "password": "two", "password_version": 2 })).await?;
//! assert_eq!(*vault.lock().unwrap(), ["one", "two"]);
//!
//! // Whoever changes the password and not its version changes nothing.
//! assert!(core.plan(json!({ "name": "ada", "password": "three", "password_version": 2 })).await?.is_empty());
//! # Ok(())
//! # }
//! ```
//!
//! # What else leaks
//!
//! - *Errors*: do not quote secrets. The framework never quotes values in its own, nor the words of parsers that might.
//! - *Panics*: the text of a panic that quotes one is the author's own doing. Values of the framework do not show up in
//!   it.
//! - *Logs*: log names and ids as fields, never a model. Details of diagnostics do not go into the log.
//! - *Imports*: a record that is kept beside remote objects holds no secrets, see [`record`](crate::record).
