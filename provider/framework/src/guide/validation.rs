//! Validation: refusing a configuration that cannot work, before anything else is done with it.
//!
//! There are three places for rules. Take the first one that can say it.
//!
//! 1. The type of the field: `u16` is a port, `Text<Cidr>` a network.
//! 2. An option of the field or the struct: `validate(...)`, `conflicts_with(...)`, `exactly_one_of(...)`.
//! 3. The method `validate`, for whatever is left.
//!
//! ```
//! # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/guide/stand_in.rs"));
//! use serde_json::json;
//! use tf_framework::diagnostics::Diagnostic;
//! use tf_framework::schema::Validator;
//! use tf_framework::testing::UNKNOWN;
//!
//! /// A server.
//! #[derive(Model)]
//! #[tf(at_most_one_of(image, snapshot))]
//! struct Server {
//!     /// Its name.
//!     #[tf(validate(Validator::dns_label()))]
//!     name: String,
//!     /// The port that it listens on.
//!     #[tf(default = 443)]
//!     port: u16,
//!     /// The image that it starts from.
//!     image: Option<String>,
//!     /// The snapshot that it starts from.
//!     #[tf(validate(Validator::starts_with("snap-")))]
//!     snapshot: Option<String>,
//!     /// Least number of replicas.
//!     #[tf(default = 1, validate(Validator::at_least(1)))]
//!     least: i64,
//!     /// Greatest number of replicas.
//!     #[tf(default = 1)]
//!     most: i64,
//! }
//!
//! fn validate(config: &ServerDraft, diagnostics: &mut Diagnostics) {
//!     // What is not known yet is no reason to complain: it is validated again when it is known.
//!     if let (Some(least), Some(most)) = (config.least.known(), config.most.known())
//!         && least > most
//!     {
//!         let detail = format!("`most` is {most}, less than `least`, {least}. Raise one or lower the other.");
//!         diagnostics.push(Diagnostic::error("Contradictory limits", detail).at(Server::MOST));
//!     }
//! }
//! #
//! # impl InState for Server {
//! #     const TYPE_NAME: &'static str = "example_server";
//! #     fn made(self) -> Self {
//! #         self
//! #     }
//! #     fn validate(config: &ServerDraft, diagnostics: &mut Diagnostics) {
//! #         validate(config, diagnostics)
//! #     }
//! # }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let mut core = core_for::<Server>();
//! for (config, expected) in [
//!     (json!({ "name": "Web_1" }), "name"),
//!     (json!({ "name": "web", "port": 70000 }), "port"),
//!     (json!({ "name": "web", "image": "a", "snapshot": "snap-b" }), "snapshot"),
//!     (json!({ "name": "web", "least": 5, "most": 3 }), "Contradictory limits"),
//! ] {
//!     let failure = core.plan(config).await.unwrap_err();
//!     assert!(failure.to_string().contains(expected), "{failure}");
//! }
//! core.plan(json!({ "name": "web", "most": UNKNOWN })).await.unwrap();
//! # }
//! ```
//!
//! # How it runs
//!
//! Validation runs often, without a configured provider, and with unknowns. So it does no I/O, and rules are asked
//! about known values only. All that is wrong is told at once, each at its attribute.
//!
//! Providers, data sources and ephemeral resources are validated in the same way.
//!
//! # A rule of your own
//!
//! [`Validator::string`](crate::schema::Validator::string) and [`Validator::new`](crate::schema::Validator::new) make a
//! rule of a function. Its error is a sentence that says what is wrong and what to write instead:
//!
//! ```
//! use tf_framework::schema::Validator;
//!
//! fn even() -> Validator {
//!     Validator::number("an even number", |number| match number.as_i64() {
//!         Some(number) if number % 2 == 0 => Ok(()),
//!         _ => Err(format!("{number} is odd. Quorums need an even number of followers.")),
//!     })
//! }
//!
//! assert!(even().check(&4.into()).is_ok());
//! assert!(even().check(&5.into()).unwrap_err().contains("is odd"));
//! ```
//!
//! [`matches`](crate::schema::Validator::matches) takes a regular expression, with a phrase for people to read.
//! [`as_warning`](crate::schema::Validator::as_warning) makes a rule advice. Rules combine with
//! [`any_of`](crate::schema::Validator::any_of), [`all_of`](crate::schema::Validator::all_of) and
//! [`not`](crate::schema::Validator::not), and go into collections with [`each`](crate::schema::Validator::each).
