//! Ephemeral resources: values that no plan and no state ever holds, such as a token for an hour.
//!
//! An ephemeral resource implements [`EphemeralResource`](crate::ephemeral::EphemeralResource). The core opens it when
//! it needs the value, in a plan and again in an apply, renews it while it is in use, and closes it afterwards:
//!
//! ```
//! use std::time::{Duration, SystemTime};
//!
//! use secrecy::SecretString;
//! use serde::{Deserialize, Serialize};
//! use tf_framework::context::Scope;
//! use tf_framework::diagnostics::Diagnostics;
//! use tf_framework::ephemeral::{EphemeralResource, Opened, Renewed};
//! use tf_framework::provider::EphemeralResourceEntry;
//! use tf_framework::{Attr, Model};
//!
//! /// A pass to the library.
//! #[derive(Model)]
//! struct PassModel {
//!     /// Whose pass it is.
//!     reader: String,
//!     /// The pass.
//!     token: Attr<SecretString>,
//! }
//!
//! /// What is needed to renew and close a pass.
//! #[derive(Serialize, Deserialize)]
//! struct Session {
//!     id: String,
//! }
//!
//! struct Pass;
//!
//! impl EphemeralResource for Pass {
//!     type Model = PassModel;
//!     type Clients = ();
//!     type Private = Session;
//!
//!     const TYPE_NAME: &'static str = "library_pass";
//!
//!     async fn open(&self, _scope: &Scope<()>, mut config: PassModel) -> Result<Opened<Self>, Diagnostics> {
//!         let id = format!("session-of-{}", config.reader);
//!         config.token = Attr::Known(SecretString::from("let-me-in"));
//!         Ok(Opened {
//!             result: config,
//!             renew_at: Some(SystemTime::now() + Duration::from_secs(50 * 60)),
//!             private: Session { id },
//!         })
//!     }
//!
//!     async fn renew(&self, _scope: &Scope<()>, private: Session) -> Result<Renewed<Self>, Diagnostics> {
//!         // Ask the library for another hour of `private.id`.
//!         let renew_at = Some(SystemTime::now() + Duration::from_secs(50 * 60));
//!         Ok(Renewed { renew_at, private })
//!     }
//!
//!     async fn close(&self, _scope: &Scope<()>, private: Session) -> Result<(), Diagnostics> {
//!         // Tell the library to forget `private.id`; that it has done so already is success.
//!         drop(private);
//!         Ok(())
//!     }
//! }
//!
//! assert_eq!(EphemeralResourceEntry::new(Pass).type_name(), "library_pass");
//! ```
//!
//! It goes into [`ephemeral_resources`](crate::provider::Provider::ephemeral_resources) of the provider. `renew` and
//! `close` are optional: a value that ends by itself needs neither.
//!
//! What is opened in vain is closed by the framework: when the result is one that the core would refuse, or when nobody
//! waits for it any more.
//!
//! Users hand such a value to a provider block or to a write-only attribute: see [`secrets`](crate::guide::secrets).
