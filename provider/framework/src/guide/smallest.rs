//! The smallest provider: a configuration, and the clients that it becomes.
//!
//! A provider implements [`Provider`](crate::provider::Provider). This one can be configured, and offers nothing yet:
//!
//! ```
//! use secrecy::SecretString;
//! use tf_framework::Model;
//! use tf_framework::diagnostics::{Diagnostic, Diagnostics};
//! use tf_framework::provider::{Provider, ResourceEntry};
//!
//! /// Keeps books in a library.
//! #[derive(Model)]
//! struct LibraryModel {
//!     /// Where the library answers. Default: `https://library.example`.
//!     endpoint: Option<String>,
//!     /// What lets us in.
//!     token: SecretString,
//! }
//!
//! /// What every resource works with.
//! struct Client {
//!     endpoint: String,
//!     token: Option<SecretString>,
//! }
//!
//! struct Library;
//!
//! impl Provider for Library {
//!     type Model = LibraryModel;
//!     type Clients = Client;
//!
//!     const NAME: &'static str = "library";
//!     const ADDRESS: &'static str = "registry.opentofu.org/example/library";
//!
//!     fn validate(&self, config: &LibraryModelDraft, diagnostics: &mut Diagnostics) {
//!         if config.endpoint.known().is_some_and(|endpoint| endpoint.starts_with("http:")) {
//!             let error = Diagnostic::error("Insecure endpoint", "The token would travel in the clear. Use `https`.");
//!             diagnostics.push(error.at(LibraryModel::ENDPOINT));
//!         }
//!     }
//!
//!     async fn configure(&self, config: LibraryModelDraft) -> Result<Client, Diagnostics> {
//!         let endpoint = config.endpoint.into_known();
//!         Ok(Client {
//!             endpoint: endpoint.unwrap_or_else(|| "https://library.example".to_owned()),
//!             token: config.token.into_known(),
//!         })
//!     }
//!
//!     fn resources(&self) -> Vec<ResourceEntry<Client>> {
//!         Vec::new()
//!     }
//! }
//!
//! assert_eq!(Library.lint(), Vec::<String>::new());
//! ```
//!
//! # The model
//!
//! The struct that derives [`Model`](macro@crate::Model) *is* the schema. A field is an attribute, its type says what
//! can happen to it, and its doc comment is its description:
//!
//! - `token: SecretString` has to be given, and is hidden in all output;
//! - `endpoint: Option<String>` may be given, or be null.
//!
//! The macro adds a constant for each attribute, such as `LibraryModel::ENDPOINT`, so that an error names an attribute
//! that there is. And it adds `LibraryModelDraft`, the same struct with every field an [`Attr`](crate::Attr): unknown,
//! null, or known.
//!
//! # Unknowns
//!
//! `configure` gets a draft because it runs before plans, too. At that time, the endpoint may come from a resource that
//! has yet to be made. So `configure` checks little and connects to nothing; a client connects when it is first used.
//! See [`plans`](crate::guide::plans) for what to do where a plan needs what is not known yet.
//!
//! # The lint
//!
//! [`lint`](crate::provider::Provider::lint) says what a core would refuse in the schemas: a missing description, a
//! name in capitals, an entry that is there twice. Every provider has the test of the last line.
//!
//! # The program
//!
//! One line of `main` does all the rest, from TLS to the exit code:
//!
//! ```no_run
//! # use tf_framework::diagnostics::Diagnostics;
//! # use tf_framework::model::Empty;
//! # use tf_framework::provider::{Provider, ResourceEntry};
//! # struct Library;
//! # impl Provider for Library {
//! #     type Model = Empty;
//! #     type Clients = ();
//! #     const NAME: &'static str = "library";
//! #     const ADDRESS: &'static str = "registry.opentofu.org/example/library";
//! #     async fn configure(&self, _: Empty) -> Result<(), Diagnostics> {
//! #         Ok(())
//! #     }
//! #     fn resources(&self) -> Vec<ResourceEntry<()>> {
//! #         Vec::new()
//! #     }
//! # }
//! fn main() -> std::process::ExitCode {
//!     tf_framework::serve(Library, &["library"])
//! }
//! ```
//!
//! The second argument names the crates whose log lines are the provider's own: see [`serving`](crate::guide::serving).
