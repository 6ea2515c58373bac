//! Failures: errors, checkpoints, waits, and interruptions.
//!
//! # Errors are for people
//!
//! An operation fails with [`Diagnostics`](crate::diagnostics::Diagnostics). The summary is a title without values. The
//! detail says what was attempted, why it failed, and what to do next. The path names the attribute to blame, if one
//! is. An error enum of a client becomes one in one place, so that `?` works everywhere else:
//!
//! ```
//! use tf_framework::diagnostics::{Diagnostic, Diagnostics, error_chain};
//!
//! #[derive(Debug, thiserror::Error)]
//! enum ClientError {
//!     #[error("unable to list books")]
//!     ListBooks(#[source] std::io::Error),
//! }
//!
//! impl From<ClientError> for Diagnostics {
//!     fn from(error: ClientError) -> Self {
//!         let detail = format!("{}.\n\nCheck that the library is open.", error_chain(&error));
//!         match error {
//!             ClientError::ListBooks(_) => Diagnostic::error("Unable to list books", detail).at("shelf").into(),
//!         }
//!     }
//! }
//!
//! let failure = Diagnostics::from(ClientError::ListBooks(std::io::Error::other("the door is locked")));
//! assert!(failure.to_string().contains("unable to list books: the door is locked"));
//! ```
//!
//! What went well all the same, but is worth knowing, is a warning: `cx.warn(...)`.
//!
//! # Nothing blocks
//!
//! All operations of a process share one thread, since a provider waits for others nearly all of the time. A call that
//! blocks it holds up all of them, and nobody can interrupt it. Such calls, and long computations, go to
//! [`tokio::task::spawn_blocking`].
//!
//! # Nothing is lost
//!
//! A creation is a list of steps, and each can fail. [`cx.checkpoint`](crate::context::Context::checkpoint) says how
//! far it is. Call it right after the call that makes something. If the operation fails, panics, is interrupted or runs
//! out of time, that state reaches the core, which marks the object as tainted:
//!
//! ```
//! # use serde_json::json;
//! # use tf_framework::context::{Backoff, Context, Progress};
//! # use tf_framework::diagnostics::Diagnostics;
//! # use tf_framework::model::{Empty, Timeouts};
//! # use tf_framework::provider::{Provider, ResourceEntry};
//! # use tf_framework::resource::Resource;
//! # use tf_framework::testing::Core;
//! # use tf_framework::{Attr, ImportBy, Model, NoIdentity};
//! #
//! /// A database.
//! #[derive(Model)]
//! #[tf(timeouts(create = "45m"))]
//! struct DatabaseModel {
//!     /// Its name.
//!     name: String,
//!     /// Its id.
//!     #[tf(keep)]
//!     id: Attr<String>,
//!     /// How long operations may take.
//!     timeouts: Timeouts,
//! }
//! #
//! # struct Database;
//! #
//! # /// A remote side on which a database takes three looks to start, unless it is called `stuck`.
//! # #[derive(Default)]
//! # struct Client {
//! #     looks: std::sync::atomic::AtomicU32,
//! # }
//! #
//! # impl Client {
//! #     async fn create(&self, name: &str) -> Result<String, Diagnostics> {
//! #         Ok(format!("db-{name}"))
//! #     }
//! #     async fn status(&self, id: &str) -> Result<String, Diagnostics> {
//! #         if id == "db-stuck" {
//! #             return Err(Diagnostics::error("Database failed to start", "It says: no space left."));
//! #         }
//! #         let looks = self.looks.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
//! #         Ok(if looks < 2 { "starting" } else { "ready" }.to_owned())
//! #     }
//! # }
//!
//! impl Resource for Database {
//! #     type Model = DatabaseModel;
//! #     type Clients = Client;
//! #     type Private = ();
//! #     type Identity = NoIdentity;
//! #     const TYPE_NAME: &'static str = "example_database";
//!     async fn create(&self, cx: &Context<Self>, mut plan: DatabaseModel) -> Result<DatabaseModel, Diagnostics> {
//!         let id = cx.clients().create(&plan.name).await?;
//!         plan.id = Attr::Known(id.clone());
//!         cx.checkpoint(&plan);
//!
//!         cx.wait("the database", Backoff::SLOW, || async {
//!             let status = cx.clients().status(&id).await?;
//!             Ok::<_, Diagnostics>(match status.as_str() {
//!                 "ready" => Progress::Ready(()),
//!                 _ => Progress::Pending(status),
//!             })
//!         })
//!         .await?;
//!         Ok(plan)
//!     }
//!     // ...
//! #     async fn read(&self, _: &Context<Self>, state: DatabaseModel) -> Result<Option<DatabaseModel>, Diagnostics> {
//! #         Ok(Some(state))
//! #     }
//! #     async fn update(&self, _: &Context<Self>, _: DatabaseModel, plan: DatabaseModel)
//! #     -> Result<DatabaseModel, Diagnostics> {
//! #         Ok(plan)
//! #     }
//! #     async fn delete(&self, _: &Context<Self>, _: DatabaseModel) -> Result<(), Diagnostics> {
//! #         Ok(())
//! #     }
//! #     async fn import(&self, _: &Context<Self>, _: ImportBy<NoIdentity>) -> Result<DatabaseModel, Diagnostics> {
//! #         Err(Diagnostics::error("Nothing to import", "There is no way to find a database."))
//! #     }
//! }
//! #
//! # struct Example;
//! #
//! # impl Provider for Example {
//! #     type Model = Empty;
//! #     type Clients = Client;
//! #     const NAME: &'static str = "example";
//! #     const ADDRESS: &'static str = "registry.opentofu.org/example/example";
//! #     async fn configure(&self, _: Empty) -> Result<Client, Diagnostics> {
//! #         Ok(Client::default())
//! #     }
//! #     fn resources(&self) -> Vec<ResourceEntry<Client>> {
//! #         vec![ResourceEntry::new(Database)]
//! #     }
//! # }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! # tokio::time::pause();
//! let mut core = Core::new(Example, "example_database");
//! let failure = core.apply(json!({ "name": "stuck" })).await.unwrap_err();
//! assert!(failure.to_string().contains("no space left"));
//! assert_eq!(core.state().unwrap()["id"], "db-stuck");
//! assert!(core.is_tainted());
//!
//! // The next apply removes it, and makes another one.
//! core.apply(json!({ "name": "main" })).await.unwrap();
//! assert!(!core.is_tainted());
//! # }
//! ```
//!
//! An update needs less care: when it fails, the last checkpoint or else the prior state is kept, and the next plan
//! shows what is still to be done. So write both as steps that can be repeated.
//!
//! # Waits
//!
//! [`cx.wait`](crate::context::Scope::wait) is the one place to pause. It asks again and again, ever more slowly. It
//! tells the log what it waits for. It ends when the user interrupts the run, and when the time of the operation is
//! over; then the error names what was awaited and its last status.
//!
//! The time is what `timeouts.create` says in the configuration, or else in the schema, or else 20 minutes. After it,
//! or after an interruption, the operation has 30 seconds to leave things in order.
//!
//! # Panics
//!
//! A panic in an operation becomes an error of that operation. The checkpoint is kept, and the process goes on.
